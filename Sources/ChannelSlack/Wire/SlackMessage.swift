package import Core

/// One message as events and `conversations.history` show it.
package struct SlackMessage: Sendable, Equatable {
    package var conversation: String
    /// `im`, `mpim`, `channel` or `group`; history does not say.
    package var scene: String?
    package var subtype: String?
    package var user: String?
    package var bot: String?
    /// The name that a bot without a user gives itself.
    package var username: String?
    /// The team of a user of another organisation (Slack Connect).
    package var userTeam: String?
    package var text: String
    package var ts: String
    package var threadTS: String?
    /// Who wrote the thread's root.
    package var parentUser: String?
    package var files: [SlackFile]
    package var attachments: [SlackAttachment]
    package var isEdited: Bool
    /// The event was `app_mention`.
    package var isAppMention: Bool
    /// When the newest answer in its thread was written; only history says.
    package var latestReply: String?
    /// The key of a message of ours.
    package var key: String?

    /// Reads a message; nil without a ts or a conversation.
    package init?(_ json: JSONValue, conversation: String? = nil, isAppMention: Bool = false) {
        guard let ts = json[key: "ts"]?.string, SlackIDs.isTimestamp(ts),
            let conversation = conversation ?? json.slackID("channel")
        else { return nil }
        self.conversation = conversation
        self.ts = ts
        scene = json[key: "channel_type"]?.string
        subtype = json[key: "subtype"]?.string
        user = json.slackID("user")
        bot = json.slackID("bot_id")
        username = json[key: "username"]?.string
        userTeam = json.slackID("user_team")
        text = json[key: "text"]?.string ?? ""
        threadTS = json.slackTimestamp("thread_ts")
        // Of an answer that is shown in the conversation as well, Slack tells the root itself.
        parentUser = json[key: "parent_user_id"]?.string ?? json[key: "root"]?[key: "user"]?.string
        files = (json[key: "files"]?.array ?? []).compactMap(SlackFile.init)
        attachments = (json[key: "attachments"]?.array ?? []).map(SlackAttachment.init)
        isEdited = json[key: "edited"] != nil
        self.isAppMention = isAppMention
        latestReply = json[key: "latest_reply"]?.string
        key = json[key: "metadata"]?[key: "event_payload"]?[key: "key"]?.string
    }

    /// The thread it stands in; nil for a root and outside of threads.
    package var thread: String? { threadTS == ts ? nil : threadTS }

    /// An answer in a thread that its writer has shown in the conversation as well.
    package var isBroadcast: Bool { subtype == "thread_broadcast" }

    /// False for direct messages with the account.
    package var isGroup: Bool { scene.map { $0 != "im" } ?? !SlackIDs.isDirect(conversation) }

    /// A person or program says something: other subtypes tell of the conversation (joins, topics, pins).
    package var isSaid: Bool {
        switch subtype {
        case nil, "file_share", "thread_broadcast", "me_message", "bot_message": true
        default: false
        }
    }

    /// A program wrote it.
    package var isBot: Bool { bot != nil || subtype == "bot_message" || user == "USLACKBOT" }

    /// The account itself wrote it.
    package func isOwn(_ me: SlackSelf) -> Bool { user == me.user || bot != nil && bot == me.bot }

    /// It names the account.
    package func mentions(_ me: SlackSelf) -> Bool {
        isAppMention || SlackText.users(in: text).contains(me.user)
    }
}

/// A file of a message.
package struct SlackFile: Sendable, Equatable {
    package var id: String
    package var name: String
    package var mediaType: String?
    /// `slack_audio` and `slack_video` are clips that people record.
    package var subtype: String?
    package var size: Int?
    /// Where its bytes are, for who shows the token.
    package var url: String?
    /// How Slack has it: `hosted`, `external`, `tombstone`, `hidden_by_limit`.
    package var mode: String?
    /// The event tells nothing of the file: `files.info` must be asked.
    package var mustBeAsked: Bool

    package init?(_ json: JSONValue) {
        guard let id = json[key: "id"]?.string else { return nil }
        self.id = id
        name = json[key: "name"]?.string ?? json[key: "title"]?.string ?? id
        mediaType = json[key: "mimetype"]?.string
        subtype = json[key: "subtype"]?.string
        size = json[key: "size"]?.integer.flatMap { Int(exactly: $0) }
        url = json[key: "url_private_download"]?.string ?? json[key: "url_private"]?.string
        mode = json[key: "mode"]?.string
        mustBeAsked = json[key: "file_access"]?.string == "check_file_info"
    }

    /// The kind by which the agent is told of it.
    package var kind: String {
        if subtype == "slack_audio" { return "voice" }
        if subtype == "slack_video" { return "video" }
        for kind in ["image", "audio", "video"] where mediaType?.hasPrefix("\(kind)/") == true { return kind }
        return "document"
    }
}

/// What a message carries beside its text: a message that was passed on, a preview, a program's old-style content.
package struct SlackAttachment: Sendable, Equatable {
    package var text: String
    package var author: String?
    /// Somebody passed on another message.
    package var isShared: Bool

    package init(_ json: JSONValue) {
        text = json[key: "text"]?.string ?? json[key: "fallback"]?.string ?? ""
        author = json[key: "author_name"]?.string
        isShared = json[key: "is_share"]?.bool ?? false
    }
}
