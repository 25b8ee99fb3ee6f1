import Foundation
import Glibc

/// One of the two managers: the system's or the user's.
struct Systemd: Sendable {
    let isUser: Bool

    static let system = Systemd(isUser: false)
    static let user = Systemd(isUser: true)

    /// Whether systemd is this machine's init.
    static var isRunning: Bool { access("/run/systemd/system", F_OK) == 0 }

    private func call(_ arguments: [String]) throws -> Program.Answer {
        guard let systemctl = Program.path("systemctl") else {
            throw CommandFailure(.failed, "there is no systemctl: this machine has no systemd")
        }
        return try Program.run(systemctl, (isUser ? ["--user"] : []) + arguments)
    }

    private func must(_ arguments: [String]) throws {
        let answer = try call(arguments)
        guard answer.status == 0 else {
            let words = arguments.joined(separator: " ")
            throw CommandFailure(.failed, "systemctl \(words): \(SafeText.oneLine(answer.output))")
        }
    }

    func reload() throws { try must(["daemon-reload"]) }

    /// Has units started with the machine and, unless somebody else does, starts them; however often they have failed.
    func enable(_ units: [String], starts: Bool = true) throws {
        try forgetFailures()
        try must(["enable"] + (starts ? ["--now"] : []) + units)
    }

    /// Starts a unit anew; however often it has failed.
    func restart(_ unit: String) throws {
        try forgetFailures()
        try must(["restart", unit])
    }

    /// Takes back the count of failed starts, which a daemon-reload leaves: behind the limit each start is refused.
    ///
    /// The host's start wants the other units.
    private func forgetFailures() throws { _ = try call(["reset-failed"] + ServiceUnits.names(isUser: isUser)) }

    /// Ends a unit, also one that waits to be started again; one that is not installed is no error.
    func stop(_ unit: String) throws {
        let state = try state(unit)
        guard state["LoadState"] != "not-found" || state["ActiveState"] == "active" else { return }
        try must(["stop", unit])
    }

    /// Stops and disables those that are known.
    func disable(_ units: [String]) throws {
        for unit in units where try call(["cat", unit]).status == 0 { try must(["disable", "--now", unit]) }
    }

    /// How a unit stands: properties by name.
    func state(_ unit: String) throws -> [String: String] {
        let names = "LoadState,ActiveState,SubState,Result,NRestarts,MainPID,StatusText"
        let answer = try call(["show", "--property", names, unit])
        guard answer.status == 0 else {
            throw CommandFailure(.failed, "systemctl show \(unit): \(SafeText.oneLine(answer.output))")
        }
        var state: [String: String] = [:]
        for line in answer.output.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { state[String(parts[0])] = String(parts[1]) }
        }
        return state
    }
}
