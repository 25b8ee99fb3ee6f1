import ChannelKit
import Core
import Logging

extension SlackDesk {
    /// Messages in one answer, and answers that are read of one conversation or thread.
    private static let pageSize = 200
    static let mostPages = 5
    /// Threads that are looked into.
    private static let mostThreads = 10

    /// Conversations that are looked at although nobody had said anything there lately.
    private static let mostQuiet = 50

    /// Reads what was said while nothing was received: Slack sends again only what it had sent.
    ///
    /// Where something was said lately, threads are read too; elsewhere the conversation alone, and not at any price.
    /// It stands in the lanes when this returns, so that what is said from now on comes behind it.
    func catchUp(_ number: Int) async {
        let active = await places.active()
        guard let last = await places.last else { return }
        let quiet = await quiet(besides: active.keys)
        tools.logger.info(
            "What was said in Slack meanwhile is read",
            metadata: ["conversations": "\(active.count)", "quiet": "\(quiet.count)"]
        )
        for (conversation, known) in active {
            await lanes.add("history \(conversation) \(number)", to: conversation) {
                try await self.catchUp(conversation, known)
            }
        }
        for conversation in quiet {
            await lanes.add("history \(conversation) \(number)", to: conversation) {
                try await self.lookInto(conversation, since: last)
            }
        }
    }

    /// Conversations in which the account is, beside those.
    private func quiet(besides active: some Collection<String>) async -> [String] {
        do {
            let reply = try await api.call(
                "users.conversations",
                ["types": "public_channel,private_channel,mpim,im", "exclude_archived": "true", "limit": "200"],
                deadline: .seconds(3)
            )
            let all = (reply["channels"]?.array ?? []).compactMap { $0[key: "id"]?.string }
            return Array(all.filter { !active.contains($0) }.prefix(Self.mostQuiet))
        } catch {
            tools.logger.warning("Slack does not say where the account is", metadata: ["error": "\(error)"])
            return []
        }
    }

    private func lookInto(_ conversation: String, since: String) async throws {
        let missed: [SlackMessage]
        do {
            missed = try await history("conversations.history", conversation, nil, since: since)
        } catch {
            tools.logger.warning(
                "A quiet conversation of Slack could not be looked into",
                metadata: ["conversation": "\(conversation)", "error": "\(error)"]
            )
            return
        }
        try await hand(missed)
    }

    private func catchUp(_ conversation: String, _ known: [(thread: String?, ts: String)]) async throws {
        let missed: [SlackMessage]
        do {
            missed = try await self.missed(conversation, known)
        } catch let error as SlackError where error.refusal != nil {
            tools.logger.warning(
                "What was said in Slack meanwhile may not be read",
                metadata: ["conversation": "\(conversation)", "error": "\(error)"]
            )
            return
        }
        try await hand(missed)
    }

    /// Hands over what nobody has handed over yet, the oldest first.
    private func hand(_ messages: [SlackMessage]) async throws {
        for message in messages.sorted(by: { $0.ts < $1.ts }) {
            let id = Self.id(message)
            guard case .message = SlackHappening(said: message, me), await !lanes.isDone(id) else { continue }
            try await hand(message)
            await lanes.markDone(id)
        }
    }

    private func missed(_ conversation: String, _ known: [(thread: String?, ts: String)]) async throws -> [SlackMessage]
    {
        let newest = known.map(\.ts).max() ?? ""
        let since = known.first { $0.thread == nil }?.ts ?? newest
        // Roots from before are looked at too: a thread that began meanwhile is seen by its root alone.
        let earlier = SlackIDs.time(since).map { SlackIDs.ts($0 - .seconds(3600)) } ?? since
        let roots = try await history("conversations.history", conversation, nil, since: earlier)
        var threads = Dictionary(known.compactMap { place in place.thread.map { ($0, place.ts) } }) { max($0, $1) }
        for root in roots {
            guard let reply = root.latestReply, reply > newest, threads[root.ts] == nil else { continue }
            threads[root.ts] = max(newest, root.ts)
        }
        var missed = roots.filter { $0.ts > since }
        for (root, since) in threads.sorted(by: { $0.value > $1.value }).prefix(Self.mostThreads) {
            let replies = try await history("conversations.replies", conversation, root, since: since)
            missed += replies.filter { $0.ts > since && $0.ts != root }
        }
        var seen: Set<String> = []
        return missed.filter { seen.insert($0.ts).inserted }
    }

    /// What was said after a ts, page by page: Slack tells a conversation from its newest message on and a thread from its
    /// oldest, so that what is over the bound is the oldest of the one and the newest of the other.
    private func history(
        _ method: String,
        _ conversation: String,
        _ root: String?,
        since: String
    ) async throws(SlackError) -> [SlackMessage] {
        var messages: [SlackMessage] = []
        var cursor: String?
        for _ in 0..<Self.mostPages {
            let reply = try await api.call(
                method,
                [
                    "channel": conversation, "ts": root, "oldest": since, "limit": "\(Self.pageSize)",
                    "cursor": cursor,
                ]
            )
            messages += (reply["messages"]?.array ?? []).compactMap { SlackMessage($0, conversation: conversation) }
            cursor = reply["response_metadata"]?[key: "next_cursor"]?.string
            guard cursor?.isEmpty == false else { return messages }
        }
        tools.logger.warning(
            "More was said in Slack meanwhile than is read",
            metadata: ["conversation": "\(conversation)", "read": "\(messages.count)"]
        )
        return messages
    }
}
