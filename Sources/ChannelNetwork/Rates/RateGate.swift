package import Core

/// Lets an account's sends through as its platform allows: a bucket for the account, one for each chat, and the waits
/// that the platform itself orders.
package actor RateGate {
    /// What an ordered wait is for.
    package enum Scope: Sendable, Hashable {
        case account
        case chat(String)
    }

    private struct Entry {
        var bucket: TokenBucket
        /// Counts the waits ordered for it.
        var holds = 0
    }

    private let chatRate: Rate?
    private let time: any TimeSource
    private let chatLimit: Int
    private var account: Entry
    private var chats: [String: Entry] = [:]

    /// Without `chat` only the account is limited; at most `chatLimit` chats are remembered.
    package init(account: Rate, chat: Rate? = nil, chatLimit: Int = 2048, time: any TimeSource) {
        self.account = Entry(bucket: TokenBucket(account))
        chatRate = chat
        self.chatLimit = max(chatLimit, 4)
        self.time = time
    }

    /// Chats that are remembered just now.
    package var chatCount: Int { chats.count }

    /// Returns when a send to the chat may go; throws when the task is cancelled, and the turn goes to others.
    package func waits(for chat: String?) async throws {
        if let chat { try await pass(.chat(chat)) }
        try await pass(.account)
    }

    /// Obeys a platform's order to wait, exactly for what it named.
    ///
    /// Sends that wait already queue up anew behind it.
    package func hold(_ scope: Scope, for delay: Duration) {
        let end = time.monotonic + delay
        update(scope) { entry in
            entry.bucket.hold(until: end)
            entry.holds += 1
        }
    }

    private func pass(_ scope: Scope) async throws {
        if case .chat(let chat) = scope, chatRate == nil, chats[chat] == nil { return }
        while true {
            let now = time.monotonic
            var due = now
            var holds = 0
            update(scope) { entry in
                due = entry.bucket.reserve(at: now)
                holds = entry.holds
            }
            guard due > now else { return }
            do {
                try await time.sleep(until: due)
            } catch {
                update(scope) { if $0.holds == holds { $0.bucket.refund() } }
                throw error
            }
            var isStill = true
            update(scope) { isStill = $0.holds == holds }
            if isStill { return }
        }
    }

    private func update(_ scope: Scope, _ change: (inout Entry) -> Void) {
        switch scope {
        case .account: change(&account)
        case .chat(let chat):
            if chats[chat] == nil { makeRoom() }
            // A chat without a rate of its own is known only while the platform holds it.
            change(&chats[chat, default: Entry(bucket: TokenBucket(chatRate ?? Rate(1000, per: .seconds(1))))])
        }
    }

    private func makeRoom() {
        guard chats.count >= chatLimit else { return }
        let now = time.monotonic
        chats = chats.filter { !$0.value.bucket.isFull(at: now) }
        guard chats.count >= chatLimit else { return }
        // Those that are nearly full lose least: the quarter of them goes.
        let order = chats.sorted { $0.value.bucket.restsAt < $1.value.bucket.restsAt }
        for (chat, _) in order.prefix(chatLimit / 4) { chats[chat] = nil }
    }
}
