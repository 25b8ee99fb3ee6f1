import ChannelKit
import Core

@testable import ChannelEmail

/// What a mailbox brings and mail servers say: mails, header fields, texts, and the answers of IMAP and SMTP servers.
///
/// Cuts change nothing, bounds hold, and only the operator's own server can say who wrote.
struct MailTarget: FuzzTarget {
    static let name = "mail"

    private let reading: MailReading

    init() throws {
        let settings = try EmailSettings(
            ChannelValues([
                "address": "house@example.org", "password": "secret", "imap": "imap.example.org",
                "smtp": "smtp.example.org", "authserv-id": "mx.example.org", "poll": "60", "mailbox": "INBOX",
            ])
        )
        reading = MailReading(settings: settings, ids: OwnMessageIDs(settings.address))
    }

    func run(_ input: [UInt8]) {
        var choices = Choices(input)
        switch choices.below(8) {
        case 0, 1: mail(&choices)
        case 2: FieldCheck.run(choices.remainder())
        case 3: trust(choices.remainder())
        case 4: TextCheck.run(&choices)
        case 5: imap(&choices)
        case 6: smtp(&choices)
        default: FieldCheck.words(choices.text(600))
        }
    }

    // MARK: - Mails

    private struct Mail: Equatable {
        var header: HeaderBlock?
        var parts: [MailPart] = []
        var bodies: [[UInt8]] = []
        var size = 0
    }

    private func mail(_ choices: inout Choices) {
        let count = choices.below(6)
        var cuts = Choices((0..<12).map { _ in choices.byte() })
        let bytes = choices.remainder()
        let whole = read([bytes[...]])
        require(whole == read(cuts.pieces(of: bytes, count: count)), "a mail that is cut is the same mail")
        require(whole.header != nil, "a mail has a header")
        require(whole.parts.count <= MailParser.Limit.parts && whole.parts.count == whole.bodies.count, "parts are few")
        require(whole.size <= bytes.count, "nothing becomes longer by decoding")
        for (part, body) in zip(whole.parts, whole.bodies) { check(part, body) }
        if let header = whole.header { event(header, text: whole.bodies.first ?? []) }
    }

    private func read(_ pieces: [ArraySlice<UInt8>]) -> Mail {
        var parser = MailParser()
        var mail = Mail()
        var isInPart = false
        var events: [MailParser.Event] = []
        for piece in pieces {
            #if PLANTED
            // A parser that takes white space at the head of a piece for folding.
            events += parser.feed(Array(piece.drop { $0 == 0x20 || $0 == 0x09 }))
            #else
            events += parser.feed(Array(piece))
            #endif
        }
        for event in events + parser.finish() {
            switch event {
            case .header(let header):
                require(mail.header == nil && mail.parts.isEmpty, "the header comes once and first")
                mail.header = header
            case .begin(let part):
                require(!isInPart, "a part ends before the next")
                isInPart = true
                mail.parts.append(part)
                mail.bodies.append([])
            case .data(let bytes):
                require(isInPart && !bytes.isEmpty, "bytes are of a part")
                mail.bodies[mail.bodies.count - 1] += bytes
                mail.size += bytes.count
            case .end:
                require(isInPart, "a part ends once")
                isInPart = false
            }
        }
        require(!isInPart, "every part ends")
        return mail
    }

    private func check(_ part: MailPart, _ body: [UInt8]) {
        require(!part.type.isEmpty && !part.usualName.isEmpty && !part.fileKind.isEmpty, "a part has a type and a name")
        require(!part.usualName.contains("/"), "a usual name is no path")
        if let name = part.fileName { require(!name.isEmpty && name == name.onOneLine, "a file's name is one line") }
        if part.isText { _ = Charset.text(body, part.charset) }
    }

    private func event(_ header: HeaderBlock, text: [UInt8]) {
        let now = Timestamp(milliseconds: 1_790_000_000_000)
        guard let head = try? reading.head(header, arrivedAt: now) else { return }
        require(head.peer.description.contains("@") && !head.id.contains(" "), "a mail has a correspondent")
        if head.trust == .verified {
            require(header.all("from").count == 1, "who wrote stands there once")
            // A word may be quoted, with any of its letters behind a backslash.
            let field = (header.all("authentication-results").first ?? "").lowercased().filter { $0 != "\\" }
            require(field.contains("mx.example.org") && field.contains("pass"), "the operator's server has said so")
        }
        let event = reading.event(
            head,
            header,
            text: String(decoding: text, as: UTF8.self),
            files: [],
            notes: [],
            root: head.references.first ?? (head.id.isEmpty ? "root@example.org" : head.id),
            arrivedAt: now
        )
        var known = event
        // The receiver names a mail that has no id.
        if known.platformMessageID.isEmpty { known.platformMessageID = "made" }
        if known.dedupKey.isEmpty { known.dedupKey = "made" }
        EventCheck.event(known, "email", account: reading.settings.address.description)
        require((event.senderNativeID != nil) == (head.trust == .verified), "only who is verified has an id")
        let name = event.senderName ?? ""
        require(name == name.onOneLine, "a name is one line")
    }

    // MARK: - Trust

    private func trust(_ field: [UInt8]) {
        let lines = [UInt8(ascii: "\n")]
        let header = HeaderBlock(
            lines: (Array("From: ann@good.example\nAuthentication-Results: ".utf8) + field).split(separator: lines[0])
                .map(Array.init)
        )
        let text = header["authentication-results"] ?? ""
        if let results = AuthenticationResults(text) {
            require(!results.server.isEmpty && results.results.count <= 50, "results are of a server and few")
            for result in results.results {
                require(!result.method.isEmpty || !result.outcome.isEmpty, "a result is one")
            }
        }
        guard let from = MailAddress("ann@good.example") else { violated("an address is read") }
        let trust = SenderTrust(servers: ["mx.example.org"])
        if trust.verdict(from: from, header) == .verified {
            // A word may be quoted, with any of its letters behind a backslash.
            let lower = text.lowercased().filter { $0 != "\\" }
            require(lower.contains("mx.example.org") && lower.contains("dkim"), "the operator's server has said so")
            require(!lower.hasPrefix("mx.example.org.") && !lower.hasPrefix("xmx"), "the server's whole name counts")
            require(lower.contains("pass") && lower.contains("good.example"), "it is said of this domain")
        }
        require(SenderTrust(servers: []).verdict(from: from, header) != .verified, "nobody is trusted by nobody")
    }

    // MARK: - Servers

    private func imap(_ choices: inout Choices) {
        let count = choices.below(6)
        var cuts = Choices((0..<12).map { _ in choices.byte() })
        let bytes = choices.remainder()
        let whole = responses([bytes[...]])
        let cut = responses(cuts.pieces(of: bytes, count: count))
        require(whole.isRefused == cut.isRefused, "what is refused does not depend on cuts")
        require(whole.pieces == cut.pieces, "responses that are cut are the same responses")
        for pieces in whole.pieces {
            switch IMAPResponse(pieces) {
            case .exists(let number), .expunge(let number): require(number >= 0, "a count is none below zero")
            case .search(let numbers): require(!numbers.contains(0), "no mail has the number 0")
            case .status(_, let status): require(status.text.unicodeScalars.count <= 20_000, "words are few")
            case .fetch(let items): for (name, value) in items { check(name, value) }
            case .continuation, .capability, .other: break
            }
        }
    }

    private func check(_ name: String, _ value: IMAPValue) {
        require(name == name.uppercased(), "names are in capital letters")
        if let number = value.number { require(number >= 0, "a number is not negative") }
        if let text = value.text, let time = MailDate.internalDate(text) {
            require(time.milliseconds > -86_400_000 * 2, "a date is one since 1970")
        }
    }

    private func responses(_ pieces: [ArraySlice<UInt8>]) -> (pieces: [[IMAPLineReader.Piece]], isRefused: Bool) {
        var reader = IMAPLineReader()
        var found: [[IMAPLineReader.Piece]] = []
        for piece in pieces {
            reader.feed(Array(piece))
            do throws(MailError) {
                while let response = try reader.next() { found.append(response) }
            } catch {
                return (found, true)
            }
        }
        return (found, false)
    }

    private func smtp(_ choices: inout Choices) {
        let count = choices.below(6)
        var cuts = Choices((0..<12).map { _ in choices.byte() })
        let bytes = choices.remainder()
        let whole = replies([bytes[...]])
        let cut = replies(cuts.pieces(of: bytes, count: count))
        require(whole.isRefused == cut.isRefused, "what is refused does not depend on cuts")
        require(whole.replies == cut.replies, "replies that are cut are the same replies")
        for reply in whole.replies {
            require((200..<600).contains(reply.code) && !reply.lines.isEmpty, "a reply has a code and a line")
            require(!reply.words.unicodeScalars.contains { $0.value < 0x20 }, "words are one line")
            if let status = reply.enhanced { require(status.kind == reply.code / 100, "a status is of its code") }
        }
    }

    private func replies(_ pieces: [ArraySlice<UInt8>]) -> (replies: [SMTPReply], isRefused: Bool) {
        var reader = SMTPReplyReader()
        var found: [SMTPReply] = []
        for piece in pieces {
            reader.feed(Array(piece))
            do throws(MailError) {
                while let reply = try reader.next() { found.append(reply) }
            } catch {
                return (found, true)
            }
        }
        return (found, false)
    }
}
