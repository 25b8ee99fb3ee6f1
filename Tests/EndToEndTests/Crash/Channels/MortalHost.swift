import Foundation
import Synchronization
import TestSupport
import Testing

/// A host with fault points and the real adapters on a home of its own, started again whenever it is killed.
final class MortalHost: Sendable {
    private struct State {
        var life: Command
        var lives = 1
        var isStopping = false
        /// What its next lives do wrong on purpose.
        var mistake: String?
    }

    let home: String
    /// The port of its webhooks.
    let port: Int
    private let state: Mutex<State>

    private init(home: String, port: Int) throws {
        self.home = home
        self.port = port
        state = Mutex(State(life: try Self.start(home, mistake: nil)))
    }

    private static func start(_ home: String, mistake: String?) throws -> Command {
        var environment = ["NANOCLAW_CRASH": "\(home)/crash"]
        environment["NANOCLAW_MUTANT"] = mistake
        return try Command(
            URL(filePath: CrashDriver.binaries).appending(path: "nanoclaw"),
            ["up", "--home", home],
            environment: environment
        )
    }

    /// Runs the body beside a host on a fresh home.
    static func with(_ body: (MortalHost) async throws -> Void) async throws {
        try await withTemporaryDirectory { path in
            chmod(path, 0o755)
            let home = path + "/home"
            try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
            let port = try freePort()
            let hooks = "webhooks:\n  port: \(port)\n  url: http://127.0.0.1:\(port)\n"
            try "idleSeconds: 2\nlog:\n  level: info\n\(hooks)"
                .write(toFile: "\(home)/config.yaml", atomically: true, encoding: .utf8)
            let host = try MortalHost(home: home, port: port)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await host.keepRunning() }
                do {
                    try await eventually(within: 30, "the host accepts messages") {
                        try await host.verbs.nanoclaw("status").status == 0
                    }
                    try await body(host)
                } catch {
                    await host.stop()
                    throw error
                }
                await host.stop()
                try await group.waitForAll()
            }
        }
    }

    private func keepRunning() async throws {
        while true {
            let end = await state.withLock { $0.life }.finished()
            if state.withLock({ $0.isStopping }) { return }
            if end.status != -SIGKILL {
                Issue.record("the host ended by itself: \(end.status) \(end.errors.suffix(2000))")
            }
            let next = try Self.start(home, mistake: state.withLock { $0.mistake })
            let isLate = state.withLock { state in
                state.life = next
                state.lives += 1
                return state.isStopping
            }
            if isLate { next.signal(SIGKILL) }
        }
    }

    private func stop() async {
        let life = state.withLock { state in
            state.isStopping = true
            return state.life
        }
        _ = await life.end()
    }

    /// Kills it; its next life makes this mistake with every fifth message, and accepts messages when this returns.
    func goWrong(by mistake: String) async throws {
        let before = lives
        state.withLock { state in
            state.mistake = mistake
            state.life.signal(SIGKILL)
        }
        try await eventually(within: 30, "the host that makes a mistake accepts messages") {
            guard lives > before else { return false }
            return try await verbs.nanoclaw("status").status == 0
        }
    }

    /// How often it was started.
    var lives: Int { state.withLock { $0.lives } }

    /// Verbs of the release on this home, whichever life serves it.
    var verbs: TestHost { TestHost(home: home, process: state.withLock { $0.life }, user: nil, environment: [:]) }

    /// The next time that it comes to this point it dies there.
    func arm(_ point: String) throws {
        try point.write(toFile: "\(home)/crash", atomically: true, encoding: .utf8)
    }

    /// True until it has died at the armed point.
    var isArmed: Bool { FileManager.default.fileExists(atPath: "\(home)/crash") }

    /// What a query gives in the database of each session, all rows together.
    func inSessions(_ query: String) async throws -> [String] {
        var rows: [String] = []
        for file in try await verbs.databases() where file.hasSuffix("/inbound.db") {
            rows += try await verbs.sql(file, query)
        }
        return rows
    }
}
