package import ChannelKit
package import Core

/// Names that stand in a message or around it.
package struct SlackNames: Sendable {
    package var sender: SlackPerson?
    package var users: [String: String] = [:]
    package var channels: [String: String] = [:]

    package init() {}
}

extension SlackMessage {
    /// The sender's stable id; nil where Slack tells none.
    package func sender(_ me: SlackSelf, _ person: SlackPerson?) -> String? {
        guard let id = user ?? bot else { return nil }
        return SlackIDs.native(team: person?.team ?? userTeam ?? me.team, user: id)
    }

    /// What people read, without markup of Slack's, with what was passed on.
    package func shownText(_ names: SlackNames, _ me: SlackSelf) -> String {
        let text = SlackText.addressed(self.text, to: me.user)
        func plain(_ text: String) -> String { SlackText.plain(text, users: names.users, channels: names.channels) }
        var lines = text.isEmpty ? [] : [plain(text)]
        for attachment in attachments.prefix(10) where !attachment.text.isEmpty {
            if attachment.isShared {
                let author = attachment.author.map { " of \($0)" } ?? ""
                lines.append("[passed on, a message\(author): \(plain(attachment.text))]")
            } else if text.isEmpty {
                lines.append(plain(attachment.text))
            }
        }
        return lines.joined(separator: "\n")
    }

    /// The message for the host.
    package func event(
        _ me: SlackSelf,
        _ names: SlackNames,
        files: [InboundFile] = [],
        notes: [String] = [],
        now: Timestamp
    ) -> InboundEvent {
        let shown = names.sender?.name ?? username
        let text = ([shownText(names, me)] + notes).filter { !$0.isEmpty }.joined(separator: "\n")
        var metadata: [String: JSONValue] = [:]
        if let scene { metadata["conversation_type"] = .string(scene) }
        if let subtype { metadata["subtype"] = .string(subtype) }
        if let team = userTeam, team != me.team { metadata["team"] = .string(team) }
        let repliesToAgent = thread != nil && parentUser == me.user
        return InboundEvent(
            address: SlackIDs.address(team: me.team, conversation, thread: thread),
            platformMessageID: ts,
            sentAt: SlackIDs.time(ts) ?? now,
            senderNativeID: sender(me, names.sender),
            senderName: shown,
            senderHandle: names.sender?.handle.map { "@\($0)" },
            isBot: isBot || names.sender?.isBot == true,
            content: ChatContent(
                text: text,
                sender: shown,
                replyTo: thread.map { ChatContent.Quote(platformMessageID: $0, isFromAgent: repliesToAgent) }
            ),
            isMention: !isGroup || mentions(me),
            isGroup: isGroup,
            repliesToAgent: repliesToAgent,
            attachments: files,
            metadata: metadata.isEmpty ? nil : metadata
        )
    }

    /// The new text of an edited message for the host.
    package func change(_ me: SlackSelf, _ names: SlackNames, key: String, now: Timestamp) -> ChatChange {
        ChatChange(
            .edited(platformMessageID: ts, text: shownText(names, me)),
            address: SlackIDs.address(team: me.team, conversation, thread: thread),
            isGroup: isGroup,
            senderNativeID: sender(me, names.sender),
            senderName: names.sender?.name ?? username,
            isBot: isBot || names.sender?.isBot == true,
            isMention: !isGroup || mentions(me),
            dedupKey: key,
            at: now
        )
    }
}
