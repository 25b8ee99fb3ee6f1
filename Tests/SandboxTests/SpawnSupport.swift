import Core
import Foundation
import Glibc
import LinuxIO
import TestSupport
import Testing

@testable import Sandbox

/// How a test's sandboxes are built.
enum SpawnMode: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case root
    case rootless

    var testDescription: String { rawValue }

    /// Those that this user can test: as root both, else one.
    static var available: [SpawnMode] { geteuid() == 0 ? [.root, .rootless] : [.rootless] }

    /// Who owns the home.
    var owner: UInt32 { geteuid() != 0 ? geteuid() : self == .root ? 10_001 : 65_534 }

    var wrapper: [String] {
        guard self == .rootless, geteuid() == 0 else { return [] }
        return ["/usr/bin/setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--"]
    }
}

/// Where the inner binaries are.
enum Distribution {
    static var binaries: String {
        if let path = getenv("NANOCLAW_DIST").map({ String(cString: $0) }) { return path }
        return "\(package)/.build-dist"
    }

    static var package: String {
        // <package>/Tests/SandboxTests/SpawnSupport.swift
        "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    }
}

/// A home with a running spawner.
struct SpawnFixture: Sendable {
    let home: String
    let mode: SpawnMode
    let spawner: SandboxSpawner

    /// A spawner over a fresh home, ended with all its sandboxes when the body returns.
    static func with<Result: Sendable>(
        _ mode: SpawnMode,
        binaries: String = Distribution.binaries,
        maximumSandboxes: Int = 32,
        writeRate: Int = 0,
        mounts: [SandboxMount] = [],
        environment: [String] = [],
        wrapper: [String] = [],
        requiredLayers: Set<String> = [],
        _ body: @escaping @Sendable (SpawnFixture) async throws -> Result
    ) async throws -> Result {
        try await withTemporaryDirectory { home in
            for folder in ["data", "data/sessions", "data/sessions/scratch", "data/composed", "groups", "groups/demo"] {
                mkdir("\(home)/\(folder)", 0o700)
                chown("\(home)/\(folder)", mode.owner, mode.owner)
            }
            chown(home, mode.owner, mode.owner)
            let spawner = SandboxSpawner(
                SandboxConfiguration(
                    home: home,
                    binaries: binaries,
                    maximumSandboxes: maximumSandboxes,
                    writeRate: writeRate,
                    mounts: mounts,
                    requiredLayers: requiredLayers
                ),
                environment: environment,
                wrapper: wrapper + mode.wrapper
            )
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await spawner.run() }
                let result: Result
                do {
                    result = try await body(SpawnFixture(home: home, mode: mode, spawner: spawner))
                } catch {
                    group.cancelAll()
                    throw error
                }
                group.cancelAll()
                try await group.waitForAll()
                return result
            }
        }
    }

    /// What a command wrote and how it ended.
    struct Outcome: Sendable {
        let exit: SandboxExit
        let output: String
        let errorOutput: String
        let report: IsolationReport
    }

    /// Runs a shell command in a tier of a scratch session.
    func shell(_ tier: SandboxRequest.Tier, _ command: String) async throws -> Outcome {
        try await run(tier, ["/bin/sh", "-c", command])
    }

    func run(_ tier: SandboxRequest.Tier, _ argv: [String]) async throws -> Outcome {
        try await ScratchSession.with(home: home) { scratch in
            let process = try await spawner.spawn(
                scratch.request(.command(tier: tier, argv: argv), groupFolder: "demo")
            )
            return try await outcome(of: process)
        }
    }

    func outcome(of process: SandboxProcess) async throws -> Outcome {
        async let output = text(process.output)
        async let errorOutput = text(process.errorOutput)
        let exit = await process.waitForExit()
        return Outcome(
            exit: exit,
            output: try await output,
            errorOutput: try await errorOutput,
            report: process.report
        )
    }
}

/// All of a pipe, as it comes.
func text(_ descriptor: Descriptor) async throws -> String {
    var bytes: [UInt8] = []
    try descriptor.setNonBlocking()
    while true {
        try await Readiness.shared.readable(descriptor)
        let part = try descriptor.read(upTo: 64 << 10)
        if part.isEmpty { return String(decoding: bytes, as: UTF8.self) }
        bytes += part
    }
}

/// The mount with the directory that stands at the path now.
func checkedMount(_ name: String, _ path: String) throws -> SandboxRequest.ExtraMount {
    let status = try Directory(path: path).descriptor.status()
    return SandboxRequest.ExtraMount(name: name, device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
}
