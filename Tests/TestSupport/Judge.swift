import Dispatch
package import Foundation

/// The Python programs of `Tests/Judges`, and whether they are asked.
///
/// They need packages from PyPI: `NANOCLAW_JUDGES=1` runs them; without it their tests are skipped.
package enum Judge {
    /// True when the judges are to be asked.
    package static let isOn =
        ProcessInfo.processInfo.environment["NANOCLAW_JUDGES"].map { !$0.isEmpty && $0 != "0" } ?? false

    private static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    /// The folder with their programs.
    package static let directory = tests.appending(path: "Judges")
    /// The interpreter that has what they import.
    package static let python = tests.deletingLastPathComponent().appending(path: ".build-judges/venv/bin/python").path

    /// What a judge that failed has printed.
    package struct Failure: Error, CustomStringConvertible {
        package var description: String

        package init(description: String) { self.description = description }
    }

    /// Makes the Python environment; quick when it is there.
    package static func prepare() async throws {
        _ = try await run(directory.appending(path: "setup.sh").path, [])
    }

    /// Runs a program to its end and returns what it printed; throws with its errors when it fails.
    package static func run(_ program: String, _ arguments: [String]) async throws -> String {
        try await offPool {
            let process = Process()
            process.executableURL = URL(filePath: program)
            process.arguments = arguments
            let out = Pipe()
            process.standardOutput = out
            process.standardError = out
            process.standardInput = FileHandle.nullDevice
            try process.run()
            let text = String(decoding: try out.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            guard process.terminationStatus == 0 else { throw Failure(description: "\(program) failed:\n\(text)") }
            return text
        }
    }

    /// Runs a server that prints its port and ends when its input closes, while the body runs.
    package static func withServer<Result>(
        _ program: String,
        _ arguments: [String] = [],
        _ body: (_ port: Int) async throws -> Result
    ) async throws -> Result {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        let input = Pipe()
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let handle = output.fileHandleForReading
        let line = try await offPool { String(decoding: handle.availableData, as: UTF8.self) }
        defer {
            try? input.fileHandleForWriting.close()
            process.waitUntilExit()
        }
        guard let port = Int(line.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw Failure(description: "\(program) printed no port but \"\(line)\"")
        }
        return try await body(port)
    }
}

/// Runs blocking calls beside the cooperative threads.
package func offPool<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Swift.Result(catching: body)) }
    }
}
