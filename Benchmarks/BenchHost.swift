import Commands
import ControlProtocol
import Core
import Foundation

/// A home of its own below /tmp that others may pass through, as the service's user must.
struct BenchHome {
    let path: String

    init() throws {
        path = "/tmp/nanoclaw-bench-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        chmod(path, 0o755)
    }

    /// Removes it with all that is in it; by `rm`, which takes a tenth of what FileManager does.
    func remove() {
        guard let process = try? Process.run(URL(filePath: "/bin/rm"), arguments: ["-rf", path]) else { return }
        process.waitUntilExit()
    }

    /// Writes `config.yaml`, before the first start.
    func configure(_ text: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path + "/config.yaml"))
    }
}

/// A host that serves a home.
final class BenchHost {
    let pid: Int32
    /// From before its exec to `READY=1`, in milliseconds.
    let startup: Double
    private let process = Process()

    /// Starts it and waits until it says that it is ready.
    init(_ options: Options, home: String) throws {
        let notices = try NotificationSocket(home + "/.ready")
        process.executableURL = URL(filePath: options.binaries + "/nanoclaw")
        process.arguments = ["up", "--home", home]
        process.environment = ProcessInfo.processInfo.environment.merging(["NOTIFY_SOCKET": notices.path]) { $1 }
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        let start = ContinuousClock.now
        try process.run()
        pid = process.processIdentifier
        guard notices.wait(for: "READY=1", seconds: 60) else {
            process.terminate()
            throw Options.Usage("the host did not get ready within 60 s: see \(home)/data/logs")
        }
        startup = (ContinuousClock.now - start).inMilliseconds
    }

    /// Ends it gracefully; nothing when it has ended.
    func stop() {
        guard process.isRunning else { return }
        process.terminate()
        process.waitUntilExit()
    }
}

/// Runs a host on this home until the body is over.
func withHost<Result>(
    _ options: Options,
    _ home: BenchHome,
    _ body: (BenchHost) async throws -> Result
) async throws -> Result {
    let host = try BenchHost(options, home: home.path)
    defer { host.stop() }
    return try await body(host)
}

/// Runs a host on a home of its own until the body is over.
func withBenchHost<Result>(_ options: Options, _ body: (_ home: String) async throws -> Result) async throws -> Result {
    let home = try BenchHome()
    defer { home.remove() }
    return try await withHost(options, home) { _ in try await body(home.path) }
}

/// What a service manager listens on.
private final class NotificationSocket {
    let path: String
    private let number: Int32

    init(_ path: String) throws {
        self.path = path
        unlink(path)
        number = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard number >= 0, code == 0 else { throw Options.Usage("cannot listen on \(path): errno \(errno)") }
    }

    deinit {
        close(number)
        unlink(path)
    }

    func wait(for word: String, seconds: Int) -> Bool {
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var buffer = [UInt8](repeating: 0, count: 1024)
        while true {
            let count = recv(number, &buffer, buffer.count, 0)
            guard count > 0 else { return false }
            if String(decoding: buffer[..<count], as: UTF8.self).contains(word) { return true }
        }
    }
}

extension Duration {
    var inMilliseconds: Double { Double(components.seconds) * 1e3 + Double(components.attoseconds) / 1e15 }
}
