import Foundation

/// The programs of Benchmarks/Floor.
extension Options {
    /// The samples that a mode of floor.c prints; DIR and SCHEMAS are given by the caller.
    func floorSamples(_ arguments: [String]) throws -> [Double] {
        let process = Process()
        process.executableURL = URL(filePath: floor + "/floor")
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Usage("floor \(arguments.joined(separator: " ")) ended with \(process.terminationStatus)")
        }
        return text.split(separator: "\n").compactMap { Double($0) }
    }

    /// Runs the body with an empty folder on the file system of the homes.
    func withFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
        let place = try BenchHome()
        defer { place.remove() }
        return try await body(place.path)
    }
}

/// A program that says something when it has started and then waits for the end of its input.
final class WaitingProgram {
    let firstLine: String
    let pid: Int32
    private let process = Process()
    private let input = Pipe()

    init(_ path: String, _ arguments: [String]) throws {
        let output = Pipe()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        pid = process.processIdentifier
        var line = Data()
        while let part = try output.fileHandleForReading.read(upToCount: 1), part != Data("\n".utf8) {
            guard !part.isEmpty else { break }
            line += part
        }
        firstLine = String(decoding: line, as: UTF8.self)
        guard !firstLine.isEmpty else { throw Options.Usage("\(path) did not start") }
    }

    func end() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}
