import Core
import Foundation
import TestSupport
import Testing

/// `agent-runner --recover`, which undoes what a dead runner has left half written, on a disk that answers ENOSPC or EIO and then
/// does so no longer.
@Suite(
    .serialized,
    .timeLimit(.minutes(5)),
    .enabled(if: FaultLayer.isThere && CrashDriver.isBuilt, "root, strace and crash-host are needed")
)
struct DiskFaultRecoveryTests {
    private struct Place {
        let name: String
        let calls: String
        let error: String
    }

    private static let places: [Place] = [
        Place(
            name: "file and journal are read and written",
            calls: "pread64,read,pwrite64,fsync,fdatasync",
            error: "EIO"
        ),
        Place(name: "they are written", calls: "pwrite64,fsync,fdatasync", error: "ENOSPC"),
    ]

    @Test func `T26 T22 a session that a full or failing disk lets nobody recover is recovered once it can be`()
        async throws
    {
        try await CrashDriver.with { driver in
            let chat = CrashDriver.keyedChat("recovery")
            driver.write(to: chat)
            try await driver.comeToRest(within: 30, "at the start")
            for place in Self.places { try await fail(driver, chat, place) }
            try await driver.comeToRest(within: 75, "at the end")
            let folder = try await driver.sessionFolder(chat)
            let left = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(!left.contains { $0.hasPrefix("outbound.aside-") }, "\(Self.failures(driver))")
            try await driver.check("at the end")
        }
    }

    /// What the host has logged of recoveries that failed.
    private static func failures(_ driver: CrashDriver) -> [Substring] {
        let log = (try? String(contentsOfFile: "\(driver.home)/../host.log", encoding: .utf8)) ?? ""
        return log.split(separator: "\n").filter { $0.contains("A recovery failed") }
    }

    /// The chat's runner dies in a commit, and what it has left cannot be undone for a while.
    private func fail(_ driver: CrashDriver, _ chat: ChatAddress, _ place: Place) async throws {
        let what = "\(place.name), \(place.error)"
        let files = ["outbound.db", "outbound.db-journal"].map { "/workspace/outbound/\($0)" }
        let layer = FaultLayer(calls: place.calls, error: place.error, paths: files)
        let host = driver.hostProcess
        let (before, lives) = (Self.failures(driver).count, driver.lives)
        driver.write(to: chat, seconds: 1.3125)
        try await eventually("the turn is under way: \(what)") {
            try await run("/usr/bin/pgrep", ["-f", "^sleep 1[.]3125$"]).status == 0
        }
        try await driver.armRunner(of: chat, "turn.committing")
        // It must not begin before the disk fails.
        kill(host, SIGSTOP)
        try await eventually("a runner dies: \(what)") { try await !driver.isRunnerArmed(of: chat) }
        // Whose child the recovery will be.
        let launchers = try await run("/usr/bin/pgrep", ["-P", "\(host)", "nanoclaw-sandbo"])
        let launcher = try #require(launchers.output.split(separator: "\n").first.flatMap { Int32($0) })
        let count = try await layer.attached(to: launcher, "\(driver.home).strace") {
            kill(host, SIGCONT)
            try await eventually(within: 30, "the recovery has failed as often as damage may: \(what)") {
                Self.failures(driver).count >= before + 3
            }
        }
        #expect(count > 0, "\(what): nothing failed")
        try await driver.waitForAnswers(within: 75, what)
        #expect(driver.lives == lives, "\(what): the host has died")
    }
}
