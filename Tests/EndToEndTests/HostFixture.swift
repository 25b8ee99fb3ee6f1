import Foundation
import TestSupport
import Testing

/// A home of its own with a running host on it, for the length of a test.
struct TestHost: Sendable {
    let home: String
    let process: Command
    let user: UInt32?
    let environment: [String: String]

    /// Runs a verb of `nanoclaw` on this home to its end.
    func nanoclaw(_ arguments: String..., input: String? = nil) async throws -> Finished {
        try await nanoclaw(arguments, input: input)
    }

    func nanoclaw(_ arguments: [String], input: String? = nil) async throws -> Finished {
        try await run(
            Release.nanoclaw.path,
            ["--home", home] + arguments,
            environment: environment,
            user: user,
            input: input
        )
    }

    /// Sends one message and returns what came back on stdout; fails the test when the turn did not end with a reply.
    func chat(_ text: String, timeout: Int = 60) async throws -> String {
        let answer = try await nanoclaw("chat", "-m", text, "--timeout", "\(timeout)")
        #expect(answer.status == 0, "chat \(text): \(answer)")
        return answer.output
    }

    /// JSON of a verb that lists.
    func rows(_ arguments: String...) async throws -> [[String: Any]] {
        let answer = try await nanoclaw(arguments + ["--json"])
        #expect(answer.status == 0, "\(arguments): \(answer)")
        let value = try JSONSerialization.jsonObject(with: Data(answer.output.utf8))
        return value as? [[String: Any]] ?? []
    }

    /// The host pids of all processes that belong to this home's sandboxes.
    func sandboxProcesses() async throws -> [Int32] {
        let listing = try await run("/bin/ps", ["-eo", "pid,ppid,args"])
        var children: [Int32: [Int32]] = [:]
        for line in listing.output.split(separator: "\n").dropFirst() {
            let fields = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: true)
            guard fields.count >= 2, let pid = Int32(fields[0]), let parent = Int32(fields[1]) else { continue }
            children[parent, default: []].append(pid)
        }
        var found: [Int32] = []
        var open = children[process.pid] ?? []
        while let pid = open.popLast() {
            found.append(pid)
            open += children[pid] ?? []
        }
        return found
    }
}

/// Polls until the condition holds; for state of other processes, which no event of ours announces.
func eventually(
    within seconds: Double = 15,
    _ what: String,
    _ condition: () async throws -> Bool
) async throws {
    let deadline = Date().addingTimeInterval(seconds)
    while try await !condition() {
        guard Date() < deadline else {
            Issue.record("not within \(seconds) s: \(what)")
            return
        }
        try await Task.sleep(for: .milliseconds(30))
    }
}

/// Starts a host on a home and waits until it accepts messages; ends it with SIGTERM, at last with SIGKILL.
func withHost<Result>(
    home: String,
    user: UInt32? = nil,
    environment: [String: String] = [:],
    _ body: (TestHost) async throws -> Result
) async throws -> Result {
    let process = try Command(
        Release.nanoclaw,
        ["up", "--home", home],
        environment: environment,
        user: user
    )
    let host = TestHost(home: home, process: process, user: user, environment: environment)
    func end() async {
        let finished = await process.end()
        if ProcessInfo.processInfo.environment["NANOCLAW_TEST_VERBOSE"] != nil { print(finished) }
    }
    do {
        try await eventually(within: 20, "the host accepts messages") {
            try await host.nanoclaw("status").status == 0
        }
        let result = try await body(host)
        await end()
        return result
    } catch {
        await end()
        throw error
    }
}

/// A host on a fresh home that is removed afterwards.
func withHost<Result>(
    user: UInt32? = nil,
    environment: [String: String] = [:],
    _ body: (TestHost) async throws -> Result
) async throws -> Result {
    try await withTemporaryDirectory { path in
        let home = path + "/home"
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        chmod(path, 0o755)
        if let user { chown(home, user, user) }
        return try await withHost(home: home, user: user, environment: environment, body)
    }
}
