import ChannelKit
import Core

/// Makes an event of a mail that was taken in.
struct MailReading: Sendable {
    /// The longest text that stands in a message, in bytes; whoever reads mails keeps a longer one as a file.
    static let longestText = 64 << 10
    /// What that file is called.
    static let textName = "text.txt"
    /// In scalars.
    private static let longestSubject = 300
    /// Of a field with addresses, in characters: all metadata together has its bound.
    private static let longestAddresses = 200
    /// The longest that a mail may be on its way: servers try again for five days (RFC 5321 §4.5.4.1).
    private static let longestWay: Duration = .seconds(7 * 86_400)

    let settings: EmailSettings
    let ids: OwnMessageIDs

    /// What the header alone says.
    struct Head: Sendable, Equatable {
        var from: Mailbox
        /// The correspondent or the list.
        var peer: MailPeer
        var isBot: Bool
        /// What kind of program wrote it; nil for a person's.
        var program: String?
        var trust: SenderTrust.Verdict
        var id: String
        var references: [String]
        var inReplyTo: String?
        var subject: String
        var isAddressed: Bool
        /// The message that it answers; nil for one that answers none.
        var answered: String? { inReplyTo ?? references.last }
    }

    /// Why a mail is handed to nobody.
    enum Refusal: Error, Sendable, Equatable {
        /// One of the account's own came back; its id.
        case own(String)
        case ignored(String)
    }

    /// Reads the header of a mail that came in at this time; throws for one that nobody is to read.
    func head(_ header: HeaderBlock, arrivedAt: Timestamp) throws(Refusal) -> Head {
        let senders = header.all("from")
        guard senders.count == 1, let field = senders.first, let list = Mailbox.list(field), let from = list.first
        else {
            throw .ignored("its From is not one address that can be read")
        }
        let trust = trust(list, header, arrivedAt)
        let id = MessageIDs.first(in: header["message-id"])
        var head = Head(
            from: from,
            peer: MailPeer(from.address),
            isBot: false,
            trust: trust,
            id: id ?? "",
            references: MessageIDs.all(in: header["references"]),
            inReplyTo: MessageIDs.first(in: header["in-reply-to"]),
            subject: (header.text("subject") ?? "").scalars(Self.longestSubject),
            isAddressed: true
        )
        switch LoopGuard.verdict(header, from: from.address, own: settings.address, ids: ids) {
        case .person: break
        case .own: throw .own(id ?? "")
        case .ignored(let why): throw .ignored(why)
        case .program(let why):
            head.isBot = true
            head.program = why
        case .list(let address):
            guard address != settings.address else { throw .own(id ?? "") }
            head.peer = MailPeer(address, isList: true)
            head.isAddressed = isAddressed(header)
        }
        if let senders = settings.senders {
            guard trust == .verified else { throw .ignored("nobody knows whether its sender is one of senders") }
            guard senders.contains(from.address) else { throw .ignored("its sender is none of senders") }
        }
        return head
    }

    private func trust(_ from: [Mailbox], _ header: HeaderBlock, _ arrivedAt: Timestamp) -> SenderTrust.Verdict {
        guard from.count == 1, let sender = from.first else { return .unverified("From names several people") }
        let verdict = (settings.trust ?? SenderTrust(servers: [])).verdict(from: sender.address, header)
        guard verdict == .verified else { return verdict }
        // A signature stays right: whoever has an old mail could send it again.
        guard let date = header["date"].flatMap(MailDate.read), header.all("date").count == 1,
            abs(arrivedAt.milliseconds - date.milliseconds) <= Self.longestWay.milliseconds
        else { return .unverified("it was not written in the last days, as its Date has it") }
        return .verified
    }

    private func isAddressed(_ header: HeaderBlock) -> Bool {
        ["to", "cc"].contains { name in
            header.all(name).contains { Mailbox.list($0)?.contains { $0.address == settings.address } == true }
        }
    }

    /// The event of a mail whose thread is known.
    func event(
        _ head: Head,
        _ header: HeaderBlock,
        text: String,
        files: [InboundFile],
        notes: [String],
        root: String,
        arrivedAt: Timestamp
    ) -> InboundEvent {
        let isVerified = head.trust == .verified
        // A name that looks like an address is there to be taken for it.
        let name = head.from.name.flatMap { $0.contains("@") ? nil : $0 } ?? head.from.address.description
        return InboundEvent(
            address: settings.chat(head.peer, thread: root),
            platformMessageID: head.id,
            sentAt: arrivedAt,
            senderNativeID: isVerified ? head.from.address.description : nil,
            senderName: isVerified ? name : "\(name) (not verified)",
            senderHandle: head.from.address.description,
            isBot: head.isBot,
            content: ChatContent(
                text: words(head, text: text, notes: notes),
                replyTo: head.answered.map { ChatContent.Quote(platformMessageID: $0, isFromAgent: ids.isOurs($0)) }
            ),
            isMention: head.isAddressed,
            isGroup: head.peer.isList,
            repliesToAgent: head.answered.map(ids.isOurs) ?? false,
            attachments: files,
            metadata: metadata(head, header),
            requiresCode: true
        )
    }

    /// What its sender says, however long: an answer without what it quotes.
    static func said(_ head: Head, _ text: String) -> String {
        head.answered == nil ? text.trimmingWhiteSpaceLines : QuoteTrimmer.trimmed(text)
    }

    /// What the agent reads: what is said, below the subject where that is news.
    private func words(_ head: Head, text: String, notes: [String]) -> String {
        let isFirst = head.answered == nil
        var text = Self.cut(Self.said(head, text))
        // A code alone, of a pairing or a card, is the whole message.
        let isOneWord = !text.isEmpty && !text.contains { $0.isWhitespace }
        if isFirst, let code = Self.pairingCode(head.subject, text) {
            text = code
        } else if text.isEmpty {
            text = head.subject
        } else if isFirst, !isOneWord, CardReply(text) == nil, !head.subject.isEmpty {
            text = "Subject: \(head.subject)\n\n\(text)"
        }
        if case .unverified(let why) = head.trust {
            text = "[Not verified: anybody could have written this as \(head.from.address) (\(why)).]\n\(text)"
        }
        return ([text] + notes).joined(separator: "\n")
    }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > longestText else { return text }
        var kept = ""
        for scalar in text.unicodeScalars {
            guard kept.utf8.count + UTF8.width(scalar) <= longestText else { break }
            kept.unicodeScalars.append(scalar)
        }
        return kept
            + "\n[the text has \(text.utf8.count) bytes and was cut here: all of it is in \(Self.textName)]"
    }

    /// The code of a mail that pairs: its subject, or the beginning of its text when the rest is a signature.
    private static func pairingCode(_ subject: String, _ text: String) -> String? {
        // Not every program marks its signature, but all have an empty line before it.
        let paragraph = text.firstRange(of: "\n\n").map { String(text[..<$0.lowerBound]) } ?? text
        return [subject, QuoteTrimmer.trimmed(paragraph)].first(where: isPairingCode)
    }

    /// Whether a text is eight of the letters of RFC 8628 §6.1, with a dash in the middle or without.
    private static func isPairingCode(_ text: String) -> Bool {
        var letters = Array(text.uppercased().utf8)
        if letters.count == 9, letters[4] == UInt8(ascii: "-") { letters.remove(at: 4) }
        return letters.count == 8 && letters.allSatisfy { "BCDFGHJKLMNPQRSTVWXZ".utf8.contains($0) }
    }

    /// Keys of docs/channels.md: subject, to, cc, reply-to, unverified, program.
    private func metadata(_ head: Head, _ header: HeaderBlock) -> [String: JSONValue] {
        var values: [String: JSONValue] = ["subject": .string(head.subject)]
        for name in ["to", "cc", "reply-to"] {
            guard let text = header.text(name), !text.isEmpty else { continue }
            values[name] = .string(String(text.prefix(Self.longestAddresses)))
        }
        if case .unverified(let why) = head.trust { values["unverified"] = .string(why) }
        if let program = head.program { values["program"] = .string(program) }
        return values
    }
}
