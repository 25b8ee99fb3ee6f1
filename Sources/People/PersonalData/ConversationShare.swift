package import Core

/// Whose a conversation is, for export and erasure of one person.
package enum ConversationShare: Sendable, Equatable {
    /// The person has no part in it.
    case foreign
    /// A direct chat in which nobody else ever wrote: all of it is the person's.
    case own
    /// Others have a part in it: what the person wrote is theirs, the rest is not.
    case shared

    /// What is known of a conversation.
    package struct Facts: Sendable, Equatable {
        /// How many kept messages each sender wrote, by their text id; the empty text is who had no id.
        package var senders: [String: Int]
        /// More than two people read the chat.
        package var isGroup: Bool
        /// One conversation for all chats of its agent.
        package var isOfAllChats: Bool
        /// Its chat is where a channel reaches the person directly.
        package var isDirectChatOfPerson: Bool

        package init(senders: [String: Int], isGroup: Bool, isOfAllChats: Bool, isDirectChatOfPerson: Bool) {
            self.senders = senders
            self.isGroup = isGroup
            self.isOfAllChats = isOfAllChats
            self.isDirectChatOfPerson = isDirectChatOfPerson
        }
    }

    /// Whose it is; in doubt shared, so that nobody's words are erased for somebody else.
    package init(_ facts: Facts, handles: [UserID]) {
        let own = Set(handles.map(\.description))
        let wrote = facts.senders.contains { own.contains($0.key) && $0.value > 0 }
        let othersWrote = facts.senders.contains { !own.contains($0.key) && $0.value > 0 }
        let isPrivate = !facts.isGroup && !facts.isOfAllChats && !othersWrote
        if isPrivate, wrote || facts.isDirectChatOfPerson {
            self = .own
        } else {
            self = wrote ? .shared : .foreign
        }
    }
}
