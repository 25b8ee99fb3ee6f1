import Core
import Foundation
import TestSupport
import Testing

/// Real runners that say nothing any more, and such that only look so; the host hears of each at most 4 s late.
@Suite(
    .serialized,
    .timeLimit(.minutes(2)),
    .enabled(if: CrashDriver.isBuilt, "no crash-host in \(CrashDriver.binaries)")
)
struct RunnerSilenceTests {
    private static let environment = ["NANOCLAW_TICK_LIMIT": "4"]

    @Test
    func `T09 a runner that hangs in the middle of a turn is ended and the next answers, a busy one is left alone`()
        async throws
    {
        try await CrashDriver.with(environment: Self.environment) { driver in
            let (hung, busy) = (CrashDriver.keyedChat("hung"), CrashDriver.keyedChat("busy"))
            for chat in [hung, busy] { driver.write(to: chat) }
            try await driver.waitForAnswers(within: 20, "at the start")
            let before = try await driver.incarnation(of: hung)
            // Longer than the limit: its runner ticks beside its tool.
            driver.write(to: busy, seconds: 9)
            let start = ContinuousClock.now
            let message = driver.write(to: hung, seconds: 1.0625)
            try await eventually("the turn is under way") {
                try await run("/usr/bin/pgrep", ["-f", "^sleep 1[.]0625$"]).status == 0
            }
            let runner = try #require(try await driver.runnerProcess(of: hung))
            let working = try await driver.runnerProcess(of: busy)
            kill(runner, SIGSTOP)
            try await driver.waitForAnswers(within: 25, "after the stop")
            print(
                "T09: a runner that was stopped was ended and its message answered within \(ContinuousClock.now - start)"
            )
            #expect(kill(runner, 0) != 0, "the stopped runner lives")
            #expect(try await driver.incarnation(of: hung) == before + 1)
            #expect(try await driver.runnerProcess(of: busy) == working)
            let folder = try await driver.sessionFolder(hung)
            let tries = try await driver.sql(
                "\(folder)/inbound/inbound.db",
                "SELECT tries FROM messages_in WHERE content LIKE '%\(CrashLedger.token(message))%'"
            )
            #expect(tries == ["1"])
            try await driver.comeToRest(within: 20, "after the stop")
            try await driver.check("at the end")
        }
    }

    @Test func `T09 a model server that accepts and says nothing costs no runner its life`() async throws {
        let port = try freePort()
        try await CrashDriver.with(environment: Self.environment) { driver in
            let chat = CrashDriver.keyedChat("silent")
            driver.write(to: chat)
            try await driver.waitForAnswers(within: 20, "at the start")
            for words in ToldModelServer.verbs(port, "switch") {
                let answer = try await driver.verb(words)
                try #require(answer.status == 0, "\(words): \(answer)")
            }
            var runner: Int32?
            var before: Int64 = 0
            try await ToldModelServer.with(port, "mute") {
                let start = ContinuousClock.now
                driver.write(to: chat)
                try await eventually("the model is asked") { try await ToldModelServer.isAsked(port) }
                (runner, before) = (try await driver.runnerProcess(of: chat), try await driver.incarnation(of: chat))
                // Twice the limit, and what the host needs to find a silent one.
                try await eventually("the time is over") { ContinuousClock.now - start > .seconds(10) }
                #expect(try await driver.runnerProcess(of: chat) == runner)
                #expect(runner != nil && !driver.ledger.open.isEmpty)
            }
            try await ToldModelServer.with(port, "answer") {
                try await driver.waitForAnswers(within: 15, "the model answers")
            }
            #expect(try await driver.incarnation(of: chat) == before)
            try await driver.check("at the end")
        }
    }
}
