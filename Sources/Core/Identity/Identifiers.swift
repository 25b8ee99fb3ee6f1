/// A typed text id: `<prefix>_<26 characters>`, safe as a path segment.
///
/// Made by ``random()`` from 128 bits of the system's generator; read back with ``init(_:)``.
package protocol Identifier: RawRepresentable, Codable, Hashable, Sendable, Comparable, CustomStringConvertible
where RawValue == String {
    /// Two to four letters that tell the kind of a printed id.
    static var prefix: String { get }

    /// Takes a raw value without a check: for values that a database of ours already holds.
    init(unchecked: String)
}

extension Identifier {
    /// The id with this text, or nil unless it is a safe path segment of 1 to 64 characters of `[A-Za-z0-9_-]`.
    package init?(rawValue: String) {
        guard PathSegment.isIdentifier(rawValue) else { return nil }
        self.init(unchecked: rawValue)
    }

    /// A fresh id; 128 random bits, so that two never meet.
    package static func random() -> Self {
        var generator = SystemRandomNumberGenerator()
        return Self(unchecked: "\(prefix)_\(Base32.text(generator.next(), generator.next()))")
    }

    package var description: String { rawValue }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = Self(rawValue: text) else {
            throw CoreError(
                .invalidIdentifier,
                "\"\(text.prefix(80))\" is no \(Self.prefix) id: use letters, digits, _ and -"
            )
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

/// An agent's identity: a folder under `groups/` with one configuration.
package struct AgentGroupID: Identifier {
    package static let prefix = "ag"
    package let rawValue: String
    package init(unchecked rawValue: String) { self.rawValue = rawValue }
}

/// One chat on one channel.
package struct MessagingGroupID: Identifier {
    package static let prefix = "mg"
    package let rawValue: String
    package init(unchecked rawValue: String) { self.rawValue = rawValue }
}

/// A rule that leads chats to an agent group.
package struct WiringID: Identifier {
    package static let prefix = "wi"
    package let rawValue: String
    package init(unchecked rawValue: String) { self.rawValue = rawValue }
}

/// One conversation of one agent: a folder, two databases, at most one live runner.
package struct SessionID: Identifier {
    package static let prefix = "se"
    package let rawValue: String
    package init(unchecked rawValue: String) { self.rawValue = rawValue }
}

/// A row of `messages_in` or `messages_out`; also the name of its folder in `inbox/` or `outbox/`.
package struct MessageID: Identifier {
    package static let prefix = "m"
    package let rawValue: String
    package init(unchecked rawValue: String) { self.rawValue = rawValue }
}

extension MessageID {
    private static let notice = "notice_"

    /// What people are told of a run of a task: the same for every host that comes to tell it.
    package static func notice(of run: TaskRunID) -> Self { Self(unchecked: notice + run.rawValue) }

    /// True for an id that only the host gives: a runner knows the number of its run.
    package var isOfHost: Bool { rawValue.hasPrefix(Self.notice) }
}

/// One turn of an agent: from a claim to the commit that ends it.
package struct TurnID: Identifier {
    package static let prefix = "t"
    package let rawValue: String
    package init(unchecked rawValue: String) { self.rawValue = rawValue }
}

/// One question to a person that can be answered with a button or a number.
package struct CardID: Identifier {
    package static let prefix = "cd"
    package let rawValue: String
    package init(unchecked rawValue: String) { self.rawValue = rawValue }
}

/// Something that an agent is to do at a time or again and again.
package struct TaskID: Identifier {
    package static let prefix = "tk"
    package let rawValue: String
    package init(unchecked rawValue: String) { self.rawValue = rawValue }
}

/// One plan that waits for somebody's word, or did.
package struct ApprovalID: Identifier {
    package static let prefix = "ap"
    package let rawValue: String
    package init(unchecked rawValue: String) { self.rawValue = rawValue }
}

/// A word given once for many times: a standing grant, or a bypass of all asking.
package struct GrantID: Identifier {
    package static let prefix = "gr"
    package let rawValue: String
    package init(unchecked rawValue: String) { self.rawValue = rawValue }
}

/// One run of a task: an occurrence of its schedule, or one that a person asked for.
package struct TaskRunID: Identifier {
    package static let prefix = "tr"
    package let rawValue: String
    package init(unchecked rawValue: String) { self.rawValue = rawValue }
}

/// A person as one channel knows them: `<channel>:<stable native id>`.
package struct UserID: Codable, Hashable, Sendable, CustomStringConvertible {
    /// The channel's part, before the first colon.
    package let channel: String
    /// The platform's own id; may hold colons, which never name another channel.
    package let native: String

    /// The person whom this channel calls by this id.
    package init(channel: String, native: String) {
        self.channel = channel
        self.native = native
    }

    /// Reads `<channel>:<native>`; nil if either part is empty.
    package init?(_ text: String) {
        // By bytes: as a character a colon is another one when an accent follows it.
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")), colon != text.startIndex,
            text.utf8.index(after: colon) != text.endIndex
        else { return nil }
        self.init(channel: String(text[..<colon]), native: String(text[text.utf8.index(after: colon)...]))
    }

    package var description: String { "\(channel):\(native)" }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = Self(text) else {
            throw CoreError(.invalidIdentifier, "\"\(text.prefix(80))\" is no user: write <channel>:<id>")
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// The number of one life of a session's runner; committed centrally before the spawn.
package typealias Incarnation = Int64
