import ChannelNetwork
import Core
import Foundation
import Glibc
import LinuxIO
import Synchronization
import TestSupport

/// Runs the web server of `Tests/Judges`, over TLS when it is given certificates.
func withWebServer<Result>(
    _ certificates: TestCertificates? = nil,
    _ body: (_ port: Int) async throws -> Result
) async throws -> Result {
    try await withPython("web_server.py", certificates, body)
}

/// Runs a server of `Tests/Judges` with the machine's Python.
func withPython<Result>(
    _ name: String,
    _ certificates: TestCertificates? = nil,
    interpreter: String = "python3",
    _ body: (_ port: Int) async throws -> Result
) async throws -> Result {
    let script = Judge.directory.appending(path: name).path
    let tls = certificates.map { ["--cert", $0.certificate, "--key", $0.key] } ?? []
    return try await Judge.withServer("/usr/bin/env", [interpreter, script] + tls, body)
}

/// The bytes that the web server sends.
func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8($0 % 251) } }

/// Opens a new file below the folder and fills it.
func makeFile(_ folder: String, _ name: String, _ bytes: [UInt8] = []) throws -> Descriptor {
    let number = open("\(folder)/\(name)", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard number >= 0 else { throw Errno.last("open") }
    let file = Descriptor(owning: number)
    try file.write(bytes)
    return file
}

/// A resolver that answers from a table and counts what it is asked.
final class TableResolver: HostResolver {
    private let table: [String: [String]]
    private let asked = Mutex<[String]>([])

    var questions: [String] { asked.withLock { $0 } }

    init(_ table: [String: [String]]) { self.table = table }

    func addresses(of host: String) async throws -> [IPAddress] {
        asked.withLock { $0.append(host) }
        return (table[host] ?? []).compactMap { IPAddress($0) }
    }
}

/// The error that the body throws; nil when it throws none or another.
func networkError<Result>(_ body: () async throws -> Result) async -> NetworkError? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error as? NetworkError
    }
}

/// Runs the body with a port of loopback that is taken, and where nobody listens.
func withClosedPort<Result>(_ body: (_ port: Int) async throws -> Result) async throws -> Result {
    let taken = Descriptor(owning: socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
            bind(taken.number, pointer, length) == 0 ? getsockname(taken.number, pointer, &length) : -1
        }
    }
    guard code == 0 else { throw Errno.last("bind") }
    defer { withExtendedLifetime(taken) {} }
    return try await body(Int(UInt16(bigEndian: address.sin_port)))
}
