import Foundation

/// The Python programs of `Tests/Judges`, and whether they are asked.
///
/// They need packages from PyPI: `NANOCLAW_JUDGES=1` runs them; without it their tests are skipped.
enum Judge {
    static let isOn = ProcessInfo.processInfo.environment["NANOCLAW_JUDGES"].map { !$0.isEmpty && $0 != "0" } ?? false

    private static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    static let directory = tests.appending(path: "Judges")
    static let python = tests.deletingLastPathComponent().appending(path: ".build-judges/venv/bin/python").path

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// Makes the Python environment; quick when it is there.
    static func prepare() async throws {
        _ = try await run(directory.appending(path: "setup.sh").path, [])
    }

    /// Runs a program to its end and returns what it printed; throws with its errors when it fails.
    static func run(_ program: String, _ arguments: [String]) async throws -> String {
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
    static func withServer<Result>(
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

    /// Runs the model server that behaves as told.
    static func withFakeModel<Result>(
        recordingTo directory: String? = nil,
        _ body: (_ port: Int) async throws -> Result
    ) async throws -> Result {
        let script = Self.directory.appending(path: "fake_model.py").path
        let arguments = [script] + (directory.map { ["--record", $0] } ?? [])
        return try await withServer("/usr/bin/env", ["python3"] + arguments, body)
    }
}
