import Foundation
import Glibc
import LinuxIO

extension DiskRecord {
    /// Runs a program of the build folder with the recorder in it, on the empty directory `root` below `path`, and reads
    /// what it did there.
    package init(of program: String, _ arguments: [String], in path: String) throws {
        let source = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "PowerRecorder/recorder.c").path
        try Self.run("/usr/bin/env", ["cc", "-shared", "-fPIC", "-O1", "-o", "\(path)/recorder.so", source], [:])
        mkdir("\(path)/root", 0o700)
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        try Self.run(
            URL(filePath: own).deletingLastPathComponent().appending(path: program).path,
            arguments,
            [
                "LD_PRELOAD": "\(path)/recorder.so", "POWER_ROOT": "\(path)/root",
                "POWER_LOG": "\(path)/log",
            ]
        )
        try self.init(try Directory(path: path).contents("log", limit: 1 << 28))
    }

    private static func run(_ program: String, _ arguments: [String], _ environment: [String: String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: "\(program) \(arguments.first ?? "") ended with \(process.terminationStatus)")
        }
    }
}
