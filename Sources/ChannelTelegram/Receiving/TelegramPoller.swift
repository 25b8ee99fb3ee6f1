import ChannelKit
import Core
import LinuxIO
import Logging

/// Asks for updates again and again: one poll at any time.
struct TelegramPoller: Sendable {
    private static let key = "offset"

    let api: TelegramAPI
    let intake: TelegramIntake
    let health: HealthKeeper
    let tools: ChannelTools

    /// Polls until cancelled; throws only then, and when the offset cannot be read.
    func run() async throws {
        var cursor = PollCursor(offset: try await tools.state.value(Self.key).flatMap { Int64($0) } ?? 0)
        var plan = PollPlan()
        while true {
            try Task.checkCancellation()
            let answer: [TelegramUpdate]
            do {
                answer = try await poll(cursor.offset, plan.question)
            } catch {
                try Task.checkCancellation()
                try await pause(plan.failed(error, at: tools.time.monotonic))
                continue
            }
            health.heard()
            if !answer.isEmpty { crashPoint("channel.telegram-received") }
            let failed = await take(cursor.open(answer))
            // Also when it is to end: what the host has taken is not to come again.
            let before = cursor.offset
            cursor.advance(answer, failed: failed)
            if !failed.isEmpty {
                try? await store(cursor.offset, before)
                try await tools.time.sleep(for: plan.notStored(at: tools.time.monotonic))
                continue
            }
            do {
                try await store(cursor.offset, before)
                plan.succeeded(at: tools.time.monotonic)
            } catch {
                // To be told all of it again is better than to forget where one was.
                cursor = PollCursor(offset: before)
                tools.logger.warning("The offset was not stored", metadata: ["why": "\(error)"])
                try await tools.time.sleep(for: plan.notStored(at: tools.time.monotonic))
            }
        }
    }

    private func poll(_ offset: Int64, _ question: PollPlan.Question) async throws(TelegramFailure) -> [TelegramUpdate]
    {
        try await api.call(
            "getUpdates",
            [
                "offset": .integer(offset), "limit": .integer(Int64(question.limit)),
                "timeout": .integer(Int64(question.seconds)),
                "allowed_updates": .array(TelegramUpdate.kinds.map(JSONValue.string)),
            ],
            // The platform answers when its time is over; a proxy between may be slower.
            deadline: .seconds(question.seconds + 15),
            replyLimit: 16 << 20,
            as: [TelegramUpdate].self
        )
    }

    private func store(_ offset: Int64, _ before: Int64) async throws {
        guard offset != before else { return }
        crashPoint("channel.telegram-taken")
        try await tools.state.set(Self.key, "\(offset)")
    }

    private func pause(_ pause: PollPlan.Pause) async throws {
        health.lost(pause.words, tools.logger)
        if pause.deletesWebhook {
            do {
                _ = try await api.call("deleteWebhook", ["drop_pending_updates": false])
            } catch {
                tools.logger.warning("The webhook was not deleted", metadata: ["why": "\(error)"])
            }
        }
        try await tools.time.sleep(for: pause.wait)
    }

    /// Takes updates, those of each chat in order and those of several side by side; answers which could not be taken.
    private func take(_ updates: [TelegramUpdate]) async -> Set<Int64> {
        health.waiting(updates.count)
        let chats = Dictionary(grouping: updates) { $0.chat ?? 0 }
        let failed = await withTaskGroup(of: Set<Int64>.self) { group in
            for updates in chats.values { group.addTask { await takeInOrder(updates) } }
            return await group.reduce(into: Set<Int64>()) { $0.formUnion($1) }
        }
        health.waiting(failed.count)
        return failed
    }

    /// What follows a failure in the same chat has to wait with it.
    private func takeInOrder(_ updates: [TelegramUpdate]) async -> Set<Int64> {
        for (index, update) in updates.enumerated() {
            do {
                try await intake.take(update)
            } catch {
                tools.logger.warning(
                    "An update was not taken",
                    metadata: ["update": "\(update.id)", "why": "\(error)"]
                )
                return Set(updates[index...].map(\.id))
            }
        }
        return []
    }
}
