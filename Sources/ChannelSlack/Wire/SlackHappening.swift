package import Core

/// What one event of the Events API says.
package enum SlackHappening: Sendable, Equatable {
    case message(SlackMessage)
    /// The account's own message is shown.
    case own(ts: String)
    /// A message has another text.
    case edited(SlackMessage, key: String)
    case deleted(conversation: String, ts: String, thread: String?, isGroup: Bool, key: String)
    case reaction(SlackReaction)
    /// The account came into a conversation or left it; `by` is who invited it.
    case membership(conversation: String, isMember: Bool, by: String?, key: String)
    /// The token counts no more.
    case revoked
    /// Slack drops events because there are too many.
    case limited
    /// Nothing for an agent.
    case nothing

    /// Reads the payload of an `event_callback`.
    package init(_ payload: JSONValue, _ me: SlackSelf) {
        if payload[key: "type"]?.string == "app_rate_limited" {
            self = .limited
            return
        }
        guard let event = payload[key: "event"], let type = event[key: "type"]?.string else {
            self = .nothing
            return
        }
        switch type {
        case "message": self = Self.message(event, me)
        case "app_mention":
            self = SlackMessage(event, isAppMention: true).map { Self.said($0, me) } ?? .nothing
        case "reaction_added", "reaction_removed":
            self = SlackReaction(event, isAdded: type == "reaction_added", me).map(Self.reaction) ?? .nothing
        case "member_joined_channel", "member_left_channel":
            guard event[key: "user"]?.string == me.user else {
                self = .nothing
                return
            }
            self = Self.membership(event, isMember: type == "member_joined_channel")
        case "channel_left", "group_left": self = Self.membership(event, isMember: false)
        case "app_uninstalled": self = .revoked
        case "tokens_revoked":
            // The list names users; a bot's token is named by its user.
            let bots = event[key: "tokens"]?[key: "bot"]?.array ?? []
            self = bots.contains { $0.string == me.user } ? .revoked : .nothing
        default: self = .nothing
        }
    }

    private static func message(_ event: JSONValue, _ me: SlackSelf) -> SlackHappening {
        switch event[key: "subtype"]?.string {
        case "message_changed": changed(event, me)
        case "message_deleted": deleted(event, me)
        default: SlackMessage(event).map { said($0, me) } ?? .nothing
        }
    }

    /// What a message says that was read from history.
    package init(said message: SlackMessage, _ me: SlackSelf) { self = Self.said(message, me) }

    private static func said(_ message: SlackMessage, _ me: SlackSelf) -> SlackHappening {
        if message.isOwn(me) { return .own(ts: message.ts) }
        return message.isSaid ? .message(message) : .nothing
    }

    private static func changed(_ event: JSONValue, _ me: SlackSelf) -> SlackHappening {
        guard let conversation = event.slackID("channel"), let inner = event[key: "message"],
            var message = SlackMessage(inner, conversation: conversation), !message.isOwn(me)
        else { return .nothing }
        message.scene = event[key: "channel_type"]?.string
        let stamp = event.slackWord("event_ts") ?? event.slackWord("ts") ?? ""
        if message.subtype == "tombstone" {
            // The root of a thread that goes on stays as an empty place.
            return .deleted(
                conversation: conversation,
                ts: message.ts,
                thread: nil,
                isGroup: message.isGroup,
                key: "deleted:\(message.ts)"
            )
        }
        // Previews of links and new answers in a thread change a message too, but not what it says.
        guard message.isSaid, message.isEdited || event[key: "previous_message"] != nil,
            message.text != event[key: "previous_message"]?[key: "text"]?.string
        else { return .nothing }
        let edit = inner[key: "edited"]?.slackWord("ts") ?? stamp
        return .edited(message, key: "edited:\(message.ts):\(edit)")
    }

    private static func deleted(_ event: JSONValue, _ me: SlackSelf) -> SlackHappening {
        guard let conversation = event.slackID("channel"), let ts = event[key: "deleted_ts"]?.string,
            SlackIDs.isTimestamp(ts)
        else { return .nothing }
        let previous = event[key: "previous_message"].flatMap { SlackMessage($0, conversation: conversation) }
        if previous?.isOwn(me) == true { return .nothing }
        let scene = event[key: "channel_type"]?.string
        return .deleted(
            conversation: conversation,
            ts: ts,
            thread: previous?.thread,
            isGroup: scene.map { $0 != "im" } ?? !SlackIDs.isDirect(conversation),
            key: "deleted:\(ts)"
        )
    }

    private static func membership(_ event: JSONValue, isMember: Bool) -> SlackHappening {
        guard let conversation = event.slackID("channel") else { return .nothing }
        return .membership(
            conversation: conversation,
            isMember: isMember,
            by: event.slackID("inviter"),
            key: "member:\(event.slackWord("event_ts") ?? ""):\(isMember)"
        )
    }
}

/// An emoji that somebody put on a message or took away.
package struct SlackReaction: Sendable, Equatable {
    package var user: String
    package var conversation: String
    package var ts: String
    /// As the API names it: `+1::skin-tone-2`.
    package var name: String
    package var isAdded: Bool
    package var stamp: String

    /// Reads the event; nil for one of the account itself and for reactions to what is no message.
    package init?(_ event: JSONValue, isAdded: Bool, _ me: SlackSelf) {
        guard let user = event.slackID("user"), user != me.user, let name = event.slackWord("reaction"),
            let item = event[key: "item"], item[key: "type"]?.string == "message",
            let conversation = item.slackID("channel"), let ts = item[key: "ts"]?.string,
            SlackIDs.isTimestamp(ts)
        else { return nil }
        self.user = user
        self.conversation = conversation
        self.ts = ts
        self.name = name
        self.isAdded = isAdded
        stamp = event.slackWord("event_ts") ?? ""
    }

    /// What tells this event from its repeat.
    package var key: String { "reaction:\(ts):\(user):\(name):\(isAdded):\(stamp)" }
}
