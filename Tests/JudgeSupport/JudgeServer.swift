import CLinux
import ChannelNetwork
package import Core
import Foundation
import LinuxIO
import Synchronization
import TestSupport

/// A server of `Tests/Judges/channels` that plays a platform on loopback, and its control plane.
///
/// It ends with this object, with ``stop()``, or with the test process: it watches its standard input. The port is its
/// own, so any number of them run side by side.
package final class JudgeServer: Sendable {
    /// A judge by the name that `setup.sh` knows.
    package enum Name: String, Sendable, CaseIterable {
        case telegram, discord, slack, matrix, mail
    }

    /// The port on 127.0.0.1.
    package let port: Int
    /// The line that the server printed when it was ready, word by word, without `ready`.
    package let announcement: [String]
    /// `http://127.0.0.1:<port>`.
    package var base: String { "http://127.0.0.1:\(port)" }

    private let process: JudgeProcess
    private let http: HTTPPool

    private init(process: JudgeProcess, announcement: [String], port: Int) throws {
        self.process = process
        self.announcement = announcement
        self.port = port
        http = try HTTPPool()
    }

    deinit { process.stop() }

    /// Starts a judge and returns once it is ready; its Python environment is made first if it is missing.
    ///
    /// `script` is the program in `Tests/Judges/channels`, `<name>_server.py` without one.
    package static func start(
        _ name: Name,
        script: String? = nil,
        arguments: [String] = []
    ) async throws -> JudgeServer {
        let folder = Judge.directory.appending(path: "channels")
        let python = Judge.directory.deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: ".build-judges/channels/\(name.rawValue)/bin/python").path
        _ = try await Judge.run(folder.appending(path: "setup.sh").path, [name.rawValue])
        let program = folder.appending(path: script ?? "\(name.rawValue)_server.py").path
        let process = try JudgeProcess(python, [program, "--port", "0", "--watch-stdin"] + arguments)
        let line = try await offPool { try process.start() }
        let words = line.split(separator: " ").map(String.init)
        guard words.first == "ready", words.count >= 2, let port = Int(words[1]) else {
            process.stop()
            throw Judge.Failure(description: "\(program) did not say \"ready PORT\" but: \(line)")
        }
        return try JudgeServer(process: process, announcement: Array(words.dropFirst()), port: port)
    }

    /// Runs the body with a judge that ends with it.
    package static func with<Result>(
        _ name: Name,
        script: String? = nil,
        arguments: [String] = [],
        _ body: (JudgeServer) async throws -> Result
    ) async throws -> Result {
        let server = try await start(name, script: script, arguments: arguments)
        defer { server.stop() }
        return try await body(server)
    }

    /// Asks the control plane: `POST /_ctl/<verb>`; throws with the judge's words when it refuses.
    @discardableResult
    package func control(_ verb: String, _ body: JSONValue = [:]) async throws -> JSONValue {
        // A `wait` takes as long as it says, and the judge answers it.
        let call = HTTPCall(.post, "\(base)/_ctl/\(verb)", body: .json(try body.text()), deadline: .seconds(60))
        let reply = try await http.request(call)
        guard reply.isSuccess else {
            throw Judge.Failure(description: "the judge refuses \(verb) \(try body.text()): \(reply.text)")
        }
        return try reply.json()
    }

    /// Ends the server; a second call does nothing.
    package func stop() { process.stop() }
}

/// The process of a judge.
///
/// `@unchecked`: `process` is started once, before anybody else sees it, and then only told to stop; its pipe is behind
/// the lock.
private final class JudgeProcess: @unchecked Sendable {
    private let process = Process()
    private let input: ClosingPipe
    private let isStopped = Mutex(false)

    init(_ program: String, _ arguments: [String]) throws {
        input = try ClosingPipe()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.standardInput = input.reading
    }

    /// Starts it and returns its first line; blocks.
    func start() throws -> String {
        let output = try ClosingPipe()
        process.standardOutput = output.writing
        try process.run()
        try output.writing.close()
        try input.reading.close()
        var line: [UInt8] = []
        while let byte = try output.reading.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") {
            line.append(byte)
        }
        return String(decoding: line, as: UTF8.self)
    }

    func stop() {
        let isFirst = isStopped.withLock { isStopped in
            defer { isStopped = true }
            return !isStopped
        }
        guard isFirst else { return }
        // The end of its input tells it to end; the signal is for one that is still starting.
        try? input.writing.close()
        if process.isRunning { process.terminate() }
    }
}

/// A pipe that no other program inherits, whoever starts one meanwhile: Foundation's own would keep a judge alive.
private struct ClosingPipe: Sendable {
    let reading: FileHandle
    let writing: FileHandle

    init() throws {
        var ends: [Int32] = [-1, -1]
        try Errno.check(clinux_pipe_cloexec(&ends), "pipe2")
        reading = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
        writing = FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
    }
}
