import ChannelNetwork
import Core
import Synchronization

/// Lets sends through as fast as the platform takes them, and none before a time that it has named.
///
/// 30 messages a second in all, one a second in a chat after a burst of three, 20 a minute in a group
/// (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this).
final class SendGate: Sendable {
    private struct Chat {
        var second = TokenBucket(Rate(1, per: .seconds(1), burst: 3))
        var minute: TokenBucket?

        init(isGroup: Bool) { minute = isGroup ? TokenBucket(Rate(20, per: .seconds(60))) : nil }

        mutating func reserve(at now: Duration) -> Duration {
            max(second.reserve(at: now), minute?.reserve(at: now) ?? now)
        }

        mutating func refund() {
            second.refund()
            minute?.refund()
        }

        func isFull(at now: Duration) -> Bool { second.isFull(at: now) && minute?.isFull(at: now) ?? true }
    }

    private struct State {
        var all = TokenBucket(Rate(30, per: .seconds(1)))
        var chats: [Int64: Chat] = [:]
    }

    /// A wait that is longer than this is the host's: it has other things to send meanwhile.
    static let patience: Duration = .seconds(5)
    private static let mostChats = 1024

    private let time: any TimeSource
    private let state = Mutex(State())

    init(time: any TimeSource) { self.time = time }

    /// Returns when a send to the chat may go; throws `tooMany` with the rest of a longer wait.
    func pass(_ chat: Int64) async throws(TelegramFailure) {
        let wait = reserve(chat)
        guard wait.until > wait.now else { return }
        guard wait.until - wait.now <= Self.patience else {
            refund(chat)
            let rest = wait.until - wait.now
            throw TelegramFailure(.tooMany(rest), "nothing may be sent to Telegram's chat \(chat) for \(rest)")
        }
        do {
            try await time.sleep(until: wait.until)
        } catch {
            refund(chat)
            // Nothing was sent.
            throw TelegramFailure(.tooMany(wait.until - wait.now), "the send was cancelled before its turn came")
        }
    }

    /// The platform wants nothing more in this chat for a time.
    func hold(_ chat: Int64, for pause: Duration) {
        let end = time.monotonic + pause
        state.withLock { state in
            state.chats[chat, default: Chat(isGroup: chat < 0)].second.hold(until: end)
        }
    }

    private func reserve(_ chat: Int64) -> (now: Duration, until: Duration) {
        let now = time.monotonic
        return state.withLock { state in
            if state.chats.count >= Self.mostChats { state.chats = state.chats.filter { !$0.value.isFull(at: now) } }
            let own = state.chats[chat, default: Chat(isGroup: chat < 0)].reserve(at: now)
            return (now, max(own, state.all.reserve(at: now)))
        }
    }

    private func refund(_ chat: Int64) {
        state.withLock { state in
            state.chats[chat]?.refund()
            state.all.refund()
        }
    }
}
