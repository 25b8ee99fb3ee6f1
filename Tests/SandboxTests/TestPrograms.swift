import Foundation
import TestSupport
import Testing

/// Small C programs that the tests compile and run: only they can make calls that no library makes.
enum TestPrograms {
    /// What became of a program.
    struct Outcome {
        let status: Int32
        let isSignal: Bool
        let output: String

        /// The answers of the attack program by case.
        var answers: [String: String] {
            Dictionary(
                output.split(separator: "\n").compactMap { line in
                    let words = line.split(separator: " ", maxSplits: 1)
                    return words.count == 2 ? (String(words[0]), String(words[1])) : nil
                },
                uniquingKeysWith: { _, last in last }
            )
        }
    }

    /// The checkout that the tests were built from.
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// Compiles the attack program into `directory`, statically, and returns its path.
    ///
    /// `confining` adds CLinux, so that it can put single layers on itself.
    static func attack(in directory: String, confining: Bool = false) throws -> String {
        let sources = confining ? try clinuxSources { $0.hasPrefix("clinux_harden_") } : []
        return try compile(
            ["\(root)/Tests/Attack/attack.c"] + sources,
            flags: confining ? ["-DCONFINE"] : [],
            into: "\(directory)/attack"
        )
    }

    /// Compiles `code` with the sources of CLinux that make and read the layers, and libcap.
    ///
    /// The source `excluded` is left out.
    static func layers(_ code: String, in directory: String, without excluded: String = "") throws -> String {
        let source = "\(directory)/program.c"
        try code.write(toFile: source, atomically: true, encoding: .utf8)
        let sources = try clinuxSources { name in
            ["clinux_harden_", "clinux_cgroup", "clinux_spawn"].contains { name.hasPrefix($0) } && name != excluded
        }
        return try compile([source] + sources, flags: [], into: "\(directory)/program", libraries: ["-lcap"])
    }

    /// Runs `words` to its end; as uid 65534 with `unprivileged`, which needs root.
    static func run(
        _ words: [String],
        environment: [String: String] = [:],
        unprivileged: Bool = false
    ) throws -> Outcome {
        let prefix = unprivileged ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"] : []
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = prefix + words
        process.environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"]
            .merging(environment) { _, new in new }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus,
            isSignal: process.terminationReason == .uncaughtSignal,
            output: String(decoding: output, as: UTF8.self)
        )
    }

    private static func clinuxSources(_ wanted: (String) -> Bool) throws -> [String] {
        let folder = "\(root)/Sources/CLinux"
        return try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            .filter { wanted($0) && $0.hasSuffix(".c") }.map { "\(folder)/\($0)" }
    }

    private static func compile(
        _ sources: [String],
        flags: [String],
        into program: String,
        libraries: [String] = []
    ) throws -> String {
        let includes = ["-I\(root)/Sources/CLinux/include", "-I\(root)/Sources/CLinux", "-I\(root)/Sources/CCap"]
        let outcome = try run(
            ["gcc", "-Wall", "-O1", "-static"] + includes + flags + sources + libraries + ["-o", program]
        )
        guard outcome.status == 0 else { throw CompileError(output: outcome.output) }
        // Programs also run as another uid, which must reach them.
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755],
            ofItemAtPath: URL(filePath: program).deletingLastPathComponent().path
        )
        return program
    }

    struct CompileError: Error, CustomStringConvertible {
        let output: String
        var description: String { "gcc: \(output)" }
    }
}

/// Who the tests of a layer run as: both, where the tests run as root.
enum Privilege: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case own, unprivileged

    static var possible: [Privilege] { geteuid() == 0 ? [.own, .unprivileged] : [.own] }
    var testDescription: String { self == .own ? "as uid \(geteuid())" : "as uid 65534" }
}
