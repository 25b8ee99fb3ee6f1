import Core

/// Fields of which keys and addresses are made: what has not their form is not there.
extension JSONValue {
    /// An id of a user, a team, a bot or a conversation.
    func slackID(_ key: String) -> String? { self[key: key]?.string.flatMap { SlackIDs.isPlain($0) ? $0 : nil } }

    /// The ts of a message.
    func slackTimestamp(_ key: String) -> String? {
        self[key: key]?.string.flatMap { SlackIDs.isTimestamp($0) ? $0 : nil }
    }

    /// One word that tells an event from others: the time of an event, a trigger, the name of an emoji.
    func slackWord(_ key: String) -> String? {
        self[key: key]?.string.flatMap { text in
            let isWord = (1...255).contains(text.utf8.count) && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
            return isWord ? text : nil
        }
    }
}
