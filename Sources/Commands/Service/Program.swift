import Foundation
import Glibc

/// A program of the machine's, run to its end.
enum Program {
    /// What it answered.
    struct Answer: Sendable {
        let status: Int32
        let output: String
    }

    /// Runs a program of a fixed path with both streams read; throws when it cannot be started.
    static func run(_ path: String, _ arguments: [String]) throws -> Answer {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let bytes = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return Answer(status: process.terminationStatus, output: text)
    }

    /// The same; throws with what the program said when it fails.
    static func must(_ path: String, _ arguments: [String]) throws {
        let answer = try run(path, arguments)
        guard answer.status == 0 else {
            let words = ([path] + arguments).joined(separator: " ")
            throw CommandFailure(.failed, "\(words) ended with \(answer.status): \(SafeText.oneLine(answer.output))")
        }
    }

    /// The first of these that is there.
    static func path(_ name: String) -> String? {
        ["/usr/bin", "/usr/sbin", "/bin", "/sbin"].map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }
}
