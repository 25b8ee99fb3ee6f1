package import ArgumentParser
import CLinux
import Core
import Foundation
import Glibc
import HostConfiguration
import LinuxIO
import Sandbox

/// Looks into the sandbox from a terminal; needs no running host.
package struct SandboxCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "sandbox",
        abstract: "Run a command in a sandbox, or show what isolates it.",
        subcommands: [SandboxExecCommand.self, SandboxProbeCommand.self, SandboxAppArmorCommand.self]
    )

    package init() {}
}

/// Which tier a command is for.
enum SandboxTier: String, ExpressibleByArgument, CaseIterable {
    case runner
    case tool
}

/// `sandbox exec`.
struct SandboxExecCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec",
        abstract: "Run a command in one tier of a fresh scratch session; its streams and exit status are passed on."
    )

    @OptionGroup var home: HomeOptions

    @Option(help: "The agent group whose folder the tools see (default: an empty one).")
    var group: String?

    @Option(help: "The tier: runner or tool.")
    var tier: SandboxTier = .tool

    #if FAULTS
    @Option(help: "A layer of the sandbox to leave out (test builds only; may be given more than once).")
    var without: [String] = []
    #endif

    @Argument(parsing: .postTerminator, help: "The command and its arguments, after --.")
    var command: [String] = []

    /// Variables of the launcher.
    private var environment: [String] {
        get throws {
            #if FAULTS
            let layers = without.joined(separator: ",")
            guard clinux_without_arm(layers) == 0 else {
                throw CommandFailure(
                    .usage,
                    "--without \(layers): there is no such layer; Tests/Attack/layers.txt lists them"
                )
            }
            return layers.isEmpty ? [] : ["NANOCLAW_WITHOUT=\(layers)"]
            #else
            return []
            #endif
        }
    }

    func run() async throws {
        guard !command.isEmpty else { throw CommandFailure(.usage, "no command: write it after --") }
        let home = try home.resolved()
        if let group {
            guard PathSegment.isGroupFolder(group), access("\(home)/groups/\(group)", F_OK) == 0 else {
                throw CommandFailure(.failed, "there is no folder groups/\(group) in \(home)")
            }
        }
        let status = try await SandboxScratch.with(home: home, environment: try environment) { spawner, scratch in
            var request = scratch.request(
                .command(tier: tier == .runner ? .runner : .tool, argv: command),
                groupFolder: group ?? ""
            )
            let (input, feed) = try SandboxScratch.standardInput()
            request.input = input
            let process = try await spawner.spawn(request)
            feed()
            async let output = SandboxScratch.pass(process.output, to: STDOUT_FILENO, of: process)
            async let errors = SandboxScratch.pass(process.errorOutput, to: STDERR_FILENO, of: process)
            let exit = await process.waitForExit()
            let isRead = try await (output, errors)
            // As a program ends that writes to a closed pipe.
            guard isRead.0, isRead.1 else { return 128 + SIGPIPE }
            if let breach = process.breach { Console.error(breach) }
            return switch exit {
            case .code(let code): code
            case .signal(let signal): 128 + signal
            }
        }
        if status != 0 { throw ExitCode(status) }
    }
}

/// `sandbox probe`.
struct SandboxProbeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe",
        abstract: "Build a sandbox and show what the kernel says of it."
    )

    @OptionGroup var home: HomeOptions

    @Flag(help: "Print the report as JSON.")
    var json = false

    func run() async throws {
        let home = try home.resolved()
        let report = try await SandboxScratch.with(home: home) { spawner, _ in try await spawner.probe() }
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            Console.out(String(decoding: try encoder.encode(report), as: UTF8.self))
        } else {
            Console.out(SandboxProbeText.text(report))
        }
    }
}

/// `sandbox apparmor`.
struct SandboxAppArmorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apparmor",
        abstract: "Print an AppArmor profile that lets nanoclaw-sandbox, and nothing else, make user namespaces."
    )

    @OptionGroup var home: HomeOptions

    func run() async throws {
        guard let binaries = HomeLocation.binaries else {
            throw CommandFailure(.failed, "/proc/self/exe cannot be read: where is nanoclaw-sandbox?")
        }
        Console.out(AppArmorProfile.text(program: "\(binaries)/nanoclaw-sandbox"))
    }
}

/// The report in lines.
enum SandboxProbeText {
    static func text(_ report: IsolationReport) -> String {
        var lines = [IsolationText.line(report), ""]
        for process in report.processes {
            lines.append("\(process.role): uid \(process.uid) (\(process.uidMap)), pid \(process.pid) of its namespace")
            lines.append(
                "  seccomp mode \(process.seccomp) with \(process.seccompFilters) filters, no_new_privs "
                    + "\(process.noNewPrivileges ? "on" : "off"), Landlock "
                    + (process.landlock == 0 ? "none" : "ABI \(process.landlock)")
            )
            lines.append("  capabilities \(process.capabilities.joined(separator: " ")) (inh prm eff bnd amb)")
            let namespaces = process.namespaces.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
            lines.append("  namespaces \(namespaces.joined(separator: ", "))")
            lines.append(
                "  \(process.mounts) mounts, root \(process.rootReadOnly ? "read-only" : "writable"), "
                    + "\(process.dumpable ? "dumpable" : "not dumpable"), cgroup \(process.cgroup)"
            )
        }
        return lines.joined(separator: "\n")
    }
}

/// A spawner and a scratch session for one command.
enum SandboxScratch {
    static func with<Result: Sendable>(
        home: String,
        settings given: HostConfiguration? = nil,
        environment: [String] = [],
        _ body: @escaping @Sendable (SandboxSpawner, ScratchSession) async throws -> Result
    ) async throws -> Result {
        guard let binaries = HomeLocation.binaries else {
            throw CommandFailure(.failed, "/proc/self/exe cannot be read: where are the inner binaries?")
        }
        let settings = try given ?? HostConfiguration.load(home: home)
        #if FAULTS
        guard environment.isEmpty || settings.sandbox.broker == nil else {
            throw CommandFailure(.usage, "a root broker makes whole sandboxes only: leave --without away")
        }
        #endif
        let spawner = SandboxSpawner(
            SandboxConfiguration(
                home: home,
                binaries: binaries,
                uidRange: settings.sandbox.uidRange,
                maximumSandboxes: SandboxConfiguration.sandboxes(forRunners: settings.maxRunners),
                totalMemory: settings.sandbox.totalMemory,
                writeRate: settings.sandbox.writeRate,
                broker: settings.sandbox.broker
            ).forScratch(),
            environment: environment
        )
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                try await spawner.run()
                return nil
            }
            group.addTask {
                try await ScratchSession.with(home: home) { try await body(spawner, $0) }
            }
            var result: Result?
            while result == nil, let next = try await group.next() { result = next }
            group.cancelAll()
            // The spawner ends every sandbox before it returns.
            while try await group.next() != nil {}
            guard let result else { throw CommandFailure(.failed, "the spawner ended") }
            return result
        }
    }

    /// A pipe for the command's standard input, and what begins to fill it from ours: the terminal or file itself
    /// never enters a sandbox.
    static func standardInput() throws -> (Descriptor, @Sendable () -> Void) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Errno.last("pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let write = ends[1]
        return (
            Descriptor(owning: ends[0]),
            {
                // Ends with the process when standard input never does.
                Thread.detachNewThread {
                    // Its closing is what the command sees as the end of its input.
                    let pipe = Descriptor(owning: write)
                    let input = Descriptor(owning: dup(STDIN_FILENO))
                    while let bytes = try? input.read(upTo: 64 << 10), !bytes.isEmpty {
                        do { try pipe.write(bytes) } catch { return }
                    }
                }
            }
        )
    }

    /// Copies a pipe to a stream until it ends; false when nobody reads the stream any more, and the process is killed.
    static func pass(_ descriptor: Descriptor, to stream: Int32, of process: SandboxProcess) async throws -> Bool {
        let out = Descriptor(owning: dup(stream))
        try descriptor.setNonBlocking()
        while true {
            try await Readiness.shared.readable(descriptor)
            let bytes = try descriptor.read(upTo: 64 << 10)
            if bytes.isEmpty { return true }
            do {
                try out.write(bytes)
            } catch let error as Errno where error.code == EPIPE {
                process.kill()
                return false
            }
        }
    }
}
