package import ChannelKit
package import Core

/// The press of a button as `block_actions` tells it.
package struct SlackAction: Sendable, Equatable {
    package var user: String
    package var userTeam: String?
    package var conversation: String
    package var message: String?
    package var thread: String?
    /// What the button carries.
    package var value: String
    /// When it was pressed; another for each press.
    package var stamp: String
    /// Where an answer that only the person sees can be posted, for half an hour.
    package var responseURL: String?

    /// Reads the payload; nil for other interactions and for buttons that only open a link.
    package init?(_ payload: JSONValue) {
        guard payload[key: "type"]?.string == "block_actions", let person = payload[key: "user"],
            let user = person.slackID("id"), let action = payload[key: "actions"]?.array?.first,
            let value = action[key: "value"]?.string, let stamp = action.slackWord("action_ts")
        else { return nil }
        let container = payload[key: "container"]
        guard let conversation = container?.slackID("channel_id") ?? payload[key: "channel"]?.slackID("id")
        else { return nil }
        self.user = user
        userTeam = person.slackID("team_id")
        self.conversation = conversation
        message = container?.slackTimestamp("message_ts")
        let thread = container?.slackTimestamp("thread_ts") ?? payload[key: "message"]?.slackTimestamp("thread_ts")
        self.thread = thread == message ? nil : thread
        self.value = value
        self.stamp = stamp
        responseURL = payload[key: "response_url"]?.string
    }

    /// The answer to a card; nil when the button is none of a card.
    package func answer(_ me: SlackSelf, _ person: SlackPerson?) -> CardAnswer? {
        guard let (card, index) = Card.choice(button: value) else { return nil }
        return CardAnswer(
            card: card,
            choice: .index(index),
            address: SlackIDs.address(team: me.team, conversation, thread: thread),
            senderNativeID: SlackIDs.native(team: person?.team ?? userTeam ?? me.team, user: user),
            isBot: person?.isBot ?? false,
            platformMessageID: message,
            dedupKey: "action:\(message ?? ""):\(user):\(stamp)"
        )
    }
}

/// A slash command of the app.
package struct SlackCommand: Sendable, Equatable {
    /// With its slash.
    package var name: String
    package var text: String
    package var user: String
    package var userName: String?
    package var conversation: String
    /// Another for each use.
    package var trigger: String

    /// Reads the fields, from an envelope or a form.
    package init?(_ payload: JSONValue) {
        guard let name = payload[key: "command"]?.string, let user = payload.slackID("user_id"),
            let conversation = payload.slackID("channel_id"), let trigger = payload.slackWord("trigger_id")
        else { return nil }
        self.name = name
        text = payload[key: "text"]?.string ?? ""
        self.user = user
        userName = payload[key: "user_name"]?.string
        self.conversation = conversation
        self.trigger = trigger
    }

    /// The same as a message that addresses the agent; there is no ts: nothing of it stands in the conversation.
    package func event(_ me: SlackSelf, _ person: SlackPerson?, at now: Timestamp) -> InboundEvent {
        let shown = person?.name ?? userName
        return InboundEvent(
            address: SlackIDs.address(team: me.team, conversation),
            platformMessageID: "command:\(trigger)",
            sentAt: now,
            senderNativeID: SlackIDs.native(team: person?.team ?? me.team, user: user),
            senderName: shown,
            senderHandle: userName.map { "@\($0)" },
            content: ChatContent(text: text.isEmpty ? name : "\(name) \(SlackText.plain(text))", sender: shown),
            isMention: true,
            isGroup: !SlackIDs.isDirect(conversation),
            metadata: ["command": .string(name)]
        )
    }
}
