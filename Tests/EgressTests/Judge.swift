import Foundation
import TestSupport

extension Judge {
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
