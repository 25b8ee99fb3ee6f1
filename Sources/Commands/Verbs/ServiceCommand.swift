import ArgumentParser
import Core
import Foundation
import Glibc

/// `nanoclaw service`: the host under systemd.
struct ServiceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "service",
        abstract: "Keep the host running under systemd.",
        subcommands: [ServiceInstallCommand.self, ServiceStatusCommand.self, ServiceRemoveCommand.self]
    )
}

/// Which of the two services a verb is about.
struct ServiceOptions: ParsableArguments {
    @Flag(name: .customLong("user"), help: "Your own service, without root, instead of the system's.")
    var isUser = false

    @Option(help: ArgumentHelp("Work below this directory and start nothing; for packages.", valueName: "dir"))
    var root: String?

    func validate() throws {
        guard let root else { return }
        guard !isUser, root.hasPrefix("/") else {
            throw ValidationError("--root takes an absolute path, without --user")
        }
    }

    func system(_ home: HomeOptions) throws -> SystemService {
        // The checkout is no place for a service's data: unless a home is named, the standard one.
        let isNamed = home.path != nil || HomeLocation.variable?.isEmpty == false
        var prefix = root ?? ""
        while prefix.hasSuffix("/") { prefix.removeLast() }
        return SystemService(home: isNamed ? try home.resolved() : SystemService.standardHome, root: prefix)
    }

    func user(_ home: HomeOptions) throws -> UserService {
        guard let binaries = HomeLocation.binaries else {
            throw CommandFailure(.failed, "/proc/self/exe cannot be read: where are the programs?")
        }
        return UserService(
            home: try home.resolved(),
            binaries: binaries,
            folder: try UserService.folder(environment: ProcessInfo.processInfo.environment)
        )
    }
}

/// `service install`.
struct ServiceInstallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "install",
        abstract: "Install the service and start it; again, it brings it up to date.",
        discussion: """
            The system's service runs the host as user nanoclaw with its home in /var/lib/nanoclaw (or --home), and a \
            root broker that makes the sandboxes. --user runs the host as you.
            """
    )

    @OptionGroup var home: HomeOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var output: OutputOptions
    @Flag(help: "Show the files that would be written, and write none.") var print = false
    @Flag(inversion: .prefixedNo, help: "Start it, where systemd runs.") var start = true

    func run() async throws {
        if print {
            let text = service.isUser ? try service.user(home).printed() : try service.system(home).printed()
            return Console.out(text)
        }
        let changes =
            service.isUser
            ? try service.user(home).install(starts: start) : try service.system(home).install(starts: start)
        try ServiceChanges.print(changes, output)
    }
}

/// `service remove`.
struct ServiceRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Stop the service and take its units away; the home stays as it is."
    )

    @OptionGroup var home: HomeOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try ServiceChanges.print(
            service.isUser ? try service.user(home).remove() : try service.system(home).remove(),
            output
        )
    }
}

/// `service status`.
struct ServiceStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "How systemd sees the service; 0 only when it is active."
    )

    @OptionGroup var home: HomeOptions
    @Flag(name: .customLong("user"), help: "Your own service instead of the system's.") var isUser = false
    @OptionGroup var output: OutputOptions

    func run() async throws {
        guard Systemd.isRunning else { throw CommandFailure(.failed, "systemd does not run here, so no service does") }
        let manager = isUser ? Systemd.user : Systemd.system
        let units = ServiceUnits.names(isUser: isUser)
        var states: [(unit: String, state: [String: String])] = []
        for unit in units { states.append((unit, try manager.state(unit))) }
        if output.json {
            let all = Dictionary(uniqueKeysWithValues: states.map { ($0.unit, $0.state) })
            Console.out(try JSONText.encode(all))
        } else {
            for (unit, state) in states { Console.out(Self.line(unit, state)) }
        }
        guard states[0].state["ActiveState"] == "active" else {
            throw CommandFailure(
                .failed,
                "\(ServiceUnits.host) is not active: journalctl \(isUser ? "--user " : "")-u \(ServiceUnits.host) -n 50"
            )
        }
    }

    private static func line(_ unit: String, _ state: [String: String]) -> String {
        guard state["LoadState"] != "not-found" else { return "\(unit): not installed" }
        var parts = ["\(state["ActiveState"] ?? "unknown") (\(state["SubState"] ?? "unknown"))"]
        if let pid = state["MainPID"], pid != "0" { parts.append("pid \(pid)") }
        if let count = state["NRestarts"], count != "0" { parts.append("\(count) restarts") }
        if let result = state["Result"], result != "success" { parts.append("last result \(result)") }
        return "\(unit): \(parts.joined(separator: ", "))"
    }
}

/// What was done to a service.
private enum ServiceChanges {
    static func print(_ changes: [String], _ output: OutputOptions) throws {
        if output.json { return Console.out(try JSONText.encode(["changes": changes])) }
        Console.out(changes.isEmpty ? "nothing to change" : changes.joined(separator: "\n"))
    }
}
