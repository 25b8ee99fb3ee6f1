import ChannelKit
import ChannelNetwork
import Core
import LinuxIO

/// Hands the parts of messages to Slack.
struct SlackSender: Sendable {
    let api: SlackAPI
    let team: String
    let gate: RateGate
    let uncertain: SlackUncertain
    let time: any TimeSource

    /// How far Slack's clock may lie behind ours.
    private static let skew = Duration.seconds(600)

    /// Where a part goes.
    struct Target: Sendable {
        var conversation: String
        var thread: String?
    }

    /// The conversation of an address, and the thread; throws for an address of somewhere else.
    func target(_ address: ChatAddress) throws(ChannelError) -> Target {
        guard let conversation = SlackIDs.conversation(address, team: team) else {
            throw ChannelError(.rejected, "\(address) is no conversation of this account: it is slack:\(team):<id>")
        }
        if let thread = address.thread, !SlackIDs.isTimestamp(thread) {
            throw ChannelError(.rejected, "\(address) names no thread: a thread is the ts of its first message")
        }
        return Target(conversation: conversation, thread: address.thread)
    }

    /// Hands one part over and answers with its ts.
    func send(_ part: OutgoingParts.Part, to target: Target) async throws(PartFailure) -> String? {
        do throws(SlackError) {
            switch part.content {
            case .text(let text):
                try await pass(target)
                let ts = try await post(Content(text), part.idempotencyKey, target)
                crashPoint("channel.slack-sent")
                return ts
            case .edit(let id, let text):
                try await update(id, Content(text), target)
                crashPoint("channel.slack-edited")
                return id
            case .file(let file):
                try await pass(target)
                let ts = try await upload(file, part, target)
                crashPoint("channel.slack-file-sent")
                return ts
            case .reaction(let id, let emoji):
                try await react(id, emoji, target)
                return nil
            }
        } catch {
            throw error.partFailure
        }
    }

    private func pass(_ target: Target) async throws(SlackError) {
        do {
            try await gate.waits(for: target.conversation)
        } catch {
            throw SlackError(.cancelled, "The message waited for its turn and was given up")
        }
    }

    // MARK: - Messages

    /// Posts, after asking whether an earlier attempt came through.
    func post(
        _ content: Content,
        _ key: String,
        _ target: Target
    ) async throws(SlackError) -> String? {
        if case .message(let since) = uncertain.send(key) {
            if let ts = try await find(key, since: since, target) {
                uncertain.forget(key)
                return ts
            }
        }
        let since = SlackIDs.ts(time.now - Self.skew)
        do throws(SlackError) {
            let metadata: JSONValue = ["event_type": "nanoclaw_part", "event_payload": ["key": .string(key)]]
            let reply = try await api.call(
                "chat.postMessage",
                [
                    "channel": target.conversation, "text": content.text, "thread_ts": target.thread,
                    "mrkdwn": content.isPlain ? "false" : "true", "blocks": content.blocks,
                    // A preview is fetched by Slack: a link that holds a secret would be told to its server.
                    "unfurl_links": "false", "unfurl_media": "false", "metadata": Self.json(metadata),
                ]
            )
            uncertain.forget(key)
            return reply["ts"]?.string
        } catch {
            guard error.code == .uncertain || error.code == .cancelled else { throw error }
            uncertain.note(key, .message(since: since))
            if error.code == .uncertain, let ts = try? await find(key, since: since, target) {
                uncertain.forget(key)
                return ts
            }
            throw error
        }
    }

    /// The ts of the message with this key; nil when there is none.
    private func find(_ key: String, since: String, _ target: Target) async throws(SlackError) -> String? {
        let reply = try await api.call(
            target.thread == nil ? "conversations.history" : "conversations.replies",
            [
                "channel": target.conversation, "ts": target.thread, "oldest": since, "limit": "200",
                "include_all_metadata": "true",
            ]
        )
        let messages = (reply["messages"]?.array ?? []).compactMap {
            SlackMessage($0, conversation: target.conversation)
        }
        return messages.first { $0.key == key }?.ts
    }

    private func update(_ id: String, _ content: Content, _ target: Target) async throws(SlackError) {
        try Self.check(id)
        // No blocks: the buttons of a card go with its first text.
        _ = try await api.call(
            "chat.update",
            ["channel": target.conversation, "ts": id, "text": content.text, "blocks": "[]"]
        )
    }

    private func react(_ id: String, _ emoji: String, _ target: Target) async throws(SlackError) {
        try Self.check(id)
        guard let name = SlackEmoji.name(emoji) else {
            throw SlackError(
                .refused("invalid_name"),
                "Slack has no name for the emoji \(emoji.prefix(16)); write :name:"
            )
        }
        do throws(SlackError) {
            _ = try await api.call(
                "reactions.add",
                ["channel": target.conversation, "timestamp": id, "name": name]
            )
        } catch {
            guard error.refusal == "already_reacted" else { throw error }
        }
    }

    /// Refuses an id that is none of a message, such as that of a slash command.
    private static func check(_ id: String) throws(SlackError) {
        guard SlackIDs.isTimestamp(id) else {
            throw SlackError(
                .refused("message_not_found"),
                "\"\(id.prefix(40))\" is no message of Slack's: its id is a ts"
            )
        }
    }

    /// Values of ours are always JSON.
    static func json(_ value: JSONValue) -> String { (try? value.text()) ?? "{}" }
}

extension SlackSender {
    /// The text of one message.
    struct Content: Sendable {
        /// As `chat.postMessage` takes it, escaped.
        var text: String
        var isPlain: Bool
        /// The blocks of a card as JSON; nil for text alone.
        var blocks: String?

        init(_ text: OutgoingParts.Text) {
            // Rendered it is escaped already.
            self.text = text.isPlain ? SlackText.escaped(text.rendered) : text.rendered
            isPlain = text.isPlain
            blocks = text.card.map {
                SlackSender.json(SlackBlocks.card($0, text: text.rendered, isPlain: text.isPlain))
            }
        }

        init(plain text: String) {
            self.text = SlackText.escaped(text)
            isPlain = true
        }
    }
}
