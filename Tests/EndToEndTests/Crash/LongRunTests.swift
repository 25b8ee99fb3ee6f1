import Core
import Foundation
import TestSupport
import Testing

/// Deaths of every kind, one after the other, while people, agents and tasks go on.
@Suite(.serialized, .enabled(if: CrashDriver.isBuilt, "no crash-host in \(CrashDriver.binaries)"))
struct LongRunTests {
    private enum Death {
        case host(String)
        case takeover(String)
        case agents(String)
        case runner(String)
        case recovery(String)
        case sandbox(role: String, step: Int)
    }

    private static let deadline = 75.0

    /// How many; `NANOCLAW_CYCLES` for another number.
    private static let cycles: Int? = {
        let environment = ProcessInfo.processInfo.environment
        return environment["NANOCLAW_CYCLES"].flatMap { Int($0) }
            ?? (environment["NANOCLAW_LONG"] == nil ? nil : 1000)
    }()

    /// One kind after the other, and of each its points in turn.
    private static func death(_ cycle: Int) -> Death {
        let roles = ["launcher", "init", "runner", "tool"]
        let (round, kind) = (cycle / 6, cycle % 6)
        func turn(_ points: [String]) -> String { points[round % points.count] }
        return switch kind {
        case 0: .host(turn(CrashPoints.host))
        case 1: .runner(turn(CrashPoints.runner))
        case 2: .takeover(turn(CrashPoints.takeover))
        case 3: .recovery(turn(CrashPoints.rollback + CrashPoints.recovery))
        case 4: .agents(turn(CrashPoints.agents))
        default: .sandbox(role: turn(roles), step: 1 + round / roles.count % 40)
        }
    }

    @Test(.enabled(if: LongRunTests.cycles != nil, "1,000 cycles: ./nanoclaw.sh test --long"))
    func `T05 a thousand deaths under a mixed load lose nothing`() async throws {
        let cycles = try #require(Self.cycles)
        try await CrashDriver.with { driver in
            let start = ContinuousClock.now
            let agents = CrashDriver.keyedChat("agents")
            driver.write(to: agents)
            try await driver.waitForAnswers(within: Self.deadline, "at the start")
            try await driver.addHelper(answeringIn: agents)
            var tasks: [Int] = []
            for cycle in 0..<cycles {
                let death = Self.death(cycle)
                // A tool tier that dies is told to whoever starts next; only a thread tells whose answer that is.
                if case .sandbox = death {
                    try await driver.comeToRest(within: Self.deadline, "before cycle \(cycle)")
                } else {
                    for chat in 0..<3 { driver.write(to: CrashDriver.keyedChat("long\((cycle + chat) % 7)")) }
                    if cycle.isMultiple(of: 4) { driver.askHelper(in: agents) }
                    if cycle % 6 == 1 {
                        try await driver.addTask(cycle, in: agents)
                        tasks.append(cycle)
                    }
                }
                try await Self.die(death, driver, "cycle \(cycle), \(death)")
                if cycle % 100 == 99 { try await driver.check("after cycle \(cycle)") }
            }
            try await driver.comeToRest(within: Self.deadline, "at the end")
            let repeated = try await driver.check("at the end")
            let interrupted = try await driver.checkTasks(tasks, within: Self.deadline)
            #expect(try await driver.acceptedBetweenAgents().allSatisfy { $0.value == 1 })
            let length = ContinuousClock.now - start
            print(
                """
                crash: \(cycles) cycles in \(length), \(length / max(cycles, 1)) each, \(driver.lives) lives, \
                \(driver.ledger.events.count) events, \(repeated) repeated and marked, \(tasks.count) tasks, \
                \(interrupted) of them interrupted
                """
            )
        }
    }

    private static func die(_ death: Death, _ driver: CrashDriver, _ what: String) async throws {
        switch death {
        case .host(let point): try await driver.die(at: point, within: deadline)
        case .takeover(let point): try await driver.dieInTakeover(at: point, within: deadline)
        case .agents(let point):
            try driver.arm(point)
            driver.askHelper(in: CrashDriver.keyedChat("agents"))
            try await eventually(within: 30, "the host dies: \(what)") { !driver.isArmed }
        case .runner(let point):
            let chat = CrashDriver.keyedChat("runner")
            try await restedSession(of: chat, driver, what)
            try await driver.armRunner(of: chat, point)
            let sendsFile = point.hasPrefix("outbox.") || point.hasPrefix("row.")
            if sendsFile { driver.askForFile(in: chat) } else { driver.write(to: chat, seconds: 0.1) }
            try await eventually(within: 30, "a runner dies: \(what)") { try await !driver.isRunnerArmed(of: chat) }
        case .recovery(let point):
            let chat = CrashDriver.keyedChat("recovery")
            try await restedSession(of: chat, driver, what)
            try await driver.dieInRecovery(at: point, of: chat, within: deadline)
        case .sandbox(let role, let step):
            let file = "\(driver.home)/crash-sandbox"
            let steps = step..<step + 4
            try steps.map { "\(role) \($0)\n" }.joined().write(toFile: file, atomically: false, encoding: .utf8)
            for _ in steps { driver.write(to: driver.freshThread()) }
            try await eventually(within: 30, "every step was tried: \(what)") {
                (try? String(contentsOfFile: file, encoding: .utf8))?.isEmpty == true
            }
        }
        try await driver.waitForAnswers(within: deadline, what)
        try await driver.writeOnceMore(within: deadline, what)
    }

    /// Lets the chat have a session, whose next runner is a new one.
    private static func restedSession(of chat: ChatAddress, _ driver: CrashDriver, _ what: String) async throws {
        driver.write(to: chat)
        try await driver.waitForAnswers(within: deadline, what)
        try await driver.waitUntilNoRunnerLives()
    }
}
