/// Something that somebody does on a platform, and that the agent answers once.
struct ChannelEvent: Sendable {
    /// By which the host comes to a point of its channel.
    enum Kind: Sendable {
        case text
        /// A message with a file, or with several that the platform tells one by one.
        case file, album
        /// A message that asks for a file.
        case request
        /// An answer to a card.
        case answer
    }

    let kind: Kind
    /// What is in its answer and in no other.
    let token: String

    init(_ kind: Kind, _ number: Int) {
        self.kind = kind
        token = "answer-\(kind == .request ? "f" : "e")\(number)-"
    }

    /// The kind by which the host comes to a point, by the point's last words.
    static func kind(at point: String) -> Kind {
        switch point {
        case _ where point.contains("-album"): .album
        case _ where point.contains("-fetched"): .file
        case _ where point.contains("-file"): .request
        case _ where ["-pressed", "-answered", "-edited"].contains(where: point.hasSuffix): .answer
        default: .text
        }
    }

    /// What stands in the message by which the agent answers it.
    var reply: String { kind == .answer ? "chose \"\(token)\"" : token }

    /// What is written; for ``Kind/answer`` what brings the card.
    var text: String {
        switch kind {
        case .text, .file, .album: "run echo \(token)"
        case .request: "send \(token).txt"
        case .answer: "ask Which of \(token)? | \(token) | other"
        }
    }

    /// What is sent with it, by name.
    var files: [String: String] {
        switch kind {
        case .file: ["one.txt": "one of \(token)"]
        case .album: ["one.txt": "one of \(token)", "two.txt": "two of \(token)"]
        case .text, .request, .answer: [:]
        }
    }
}
