import Foundation

/// The release binaries under test: `NANOCLAW_DIST`, else `.build-dist/` of this checkout.
enum Release {
    static let checkout = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static var directory: URL {
        ProcessInfo.processInfo.environment["NANOCLAW_DIST"].map { URL(filePath: $0) }
            ?? checkout.appending(path: ".build-dist")
    }

    static var nanoclaw: URL { directory.appending(path: "nanoclaw") }
}

/// What a finished command left behind.
struct Finished: Sendable, CustomStringConvertible {
    let status: Int32
    let output: String
    let errors: String

    var description: String { "status \(status)\nstdout: \(output)\nstderr: \(errors)" }
}

/// A running child process whose streams are collected.
final class Command: Sendable {
    private let process: Process
    private let output: Task<Data, Never>
    private let errors: Task<Data, Never>
    private let exit: Task<Int32, Never>

    /// Starts a program; with `user`, as that uid and gid through `setpriv`.
    init(
        _ program: URL,
        _ arguments: [String],
        environment: [String: String] = [:],
        user: UInt32? = nil,
        input: String? = nil
    ) throws {
        let process = Process()
        if let user {
            process.executableURL = URL(filePath: "/usr/bin/setpriv")
            process.arguments =
                ["--reuid", "\(user)", "--regid", "\(user)", "--clear-groups", program.path] + arguments
        } else {
            process.executableURL = program
            process.arguments = arguments
        }
        process.environment = ["PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LANG": "C.UTF-8"]
            .merging(environment) { _, new in new }
        process.currentDirectoryURL = URL(filePath: "/")
        let (out, error, into) = (Pipe(), Pipe(), Pipe())
        process.standardOutput = out
        process.standardError = error
        process.standardInput = into
        let (exits, exited) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = { finished in
            exited.yield(finished.terminationReason == .exit ? finished.terminationStatus : -finished.terminationStatus)
            exited.finish()
        }
        try process.run()
        if let input { try into.fileHandleForWriting.write(contentsOf: Data(input.utf8)) }
        try into.fileHandleForWriting.close()
        self.process = process
        output = Self.collect(out.fileHandleForReading)
        errors = Self.collect(error.fileHandleForReading)
        exit = Task { await exits.first { _ in true } ?? -1 }
    }

    private static func collect(_ handle: FileHandle) -> Task<Data, Never> {
        let (parts, sink) = AsyncStream.makeStream(of: Data.self)
        handle.readabilityHandler = { handle in
            let part = handle.availableData
            if part.isEmpty {
                handle.readabilityHandler = nil
                sink.finish()
            } else {
                sink.yield(part)
            }
        }
        return Task { await parts.reduce(into: Data()) { $0 += $1 } }
    }

    var pid: Int32 { process.processIdentifier }

    func signal(_ number: Int32) { kill(pid, number) }

    func finished() async -> Finished {
        let status = await exit.value
        return Finished(
            status: status,
            output: String(decoding: await output.value, as: UTF8.self),
            errors: String(decoding: await errors.value, as: UTF8.self)
        )
    }
}

/// Runs a program to its end.
func run(
    _ program: String,
    _ arguments: [String],
    environment: [String: String] = [:],
    user: UInt32? = nil,
    input: String? = nil
) async throws -> Finished {
    try await Command(URL(filePath: program), arguments, environment: environment, user: user, input: input).finished()
}
