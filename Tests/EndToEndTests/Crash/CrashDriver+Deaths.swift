import Core
import Foundation
import Testing

/// One death, and whatever is needed to come to it.
extension CrashDriver {
    /// A new conversation with a file, one that is sent a file, and an old one; the host dies at the point while it serves
    /// them.
    func die(at point: String, within deadline: Double) async throws {
        let lives = lives
        try arm(point)
        write(to: freshThread(), file: "a note")
        askForFile(in: freshThread())
        // Without a key the outcome of a send is unknown after a death, and only then.
        if !point.hasPrefix("send.") { write(to: Self.keyedChat("cycle")) }
        if point == "router.chat-made" { write(to: Self.keyedChat("new\(lives)")) }
        try await eventually(within: 20, "the host dies at \(point)") { !isArmed && self.lives > lives }
        if isArmed { try? FileManager.default.removeItem(atPath: "\(home)/crash") }
        if point.hasPrefix("send.") { write(to: Self.keyedChat("cycle")) }
        try await waitForAnswers(within: deadline, point)
    }

    /// The host dies, and the next one at a point of what it takes over.
    func dieInTakeover(at point: String, within deadline: Double) async throws {
        write(to: Self.keyedChat("takeover"), seconds: 1)
        try await eventually(within: 20, "a runner lives") {
            try await !sql("\(home)/data/nanoclaw.db", "SELECT 1 FROM runners WHERE state = 'running'").isEmpty
        }
        try arm(point)
        killHost()
        try await eventually(within: 20, "the next host dies at \(point)") { !isArmed }
        try await waitForAnswers(within: deadline, point)
    }

    /// The chat's runner, which does not live now, dies in the middle of a commit, and whoever undoes that at the point.
    func dieInRecovery(at point: String, of chat: ChatAddress, within deadline: Double) async throws {
        if CrashPoints.rollback.contains(point) {
            try await armRunner(of: chat, "turn.committing", point)
        } else {
            try await armRunner(of: chat, "turn.committing")
            try arm(point)
        }
        write(to: chat)
        try await eventually(within: 30, "something dies at \(point)") {
            try await !isRunnerArmed(of: chat) && !isArmed
        }
        try await waitForAnswers(within: deadline, point)
    }

    func waitUntilNoRunnerLives() async throws {
        try await eventually(within: 30, "every runner has ended") {
            try await sql("\(home)/data/nanoclaw.db", "SELECT 1 FROM runners WHERE state <> 'stopped'").isEmpty
        }
    }
}
