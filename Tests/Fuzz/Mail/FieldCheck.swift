import Core

@testable import ChannelEmail

/// Header fields: addresses, ids, dates, parameters and encoded words.
enum FieldCheck {
    static func run(_ bytes: [UInt8]) {
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
        let header = HeaderBlock(lines: lines)
        for name in ["from", "to", "subject", "date", "message-id", "references", "content-type", "list-post"] {
            for value in header.all(name) {
                let isClean = value.unicodeScalars.allSatisfy { $0.value >= 0x20 || $0 == "\t" }
                require(isClean, "a field is one line")
                fields(value)
            }
            if let text = header.text(name) { require(text == text.onOneLine, "a field's text is one line") }
        }
        fields(String(decoding: bytes, as: UTF8.self))
    }

    private static func fields(_ value: String) {
        for mailbox in Mailbox.list(value) ?? [] {
            let written = mailbox.field
            require(!written.unicodeScalars.contains { $0.value < 0x20 }, "an address is written in one line")
            guard let again = Mailbox.list(written), again.count == 1, let first = again.first else {
                violated("an address that is written is read: \(written)")
            }
            require(first.address == mailbox.address, "an address that is written is the same address: \(written)")
            require(MailAddress(mailbox.address.description) == mailbox.address, "an address is read again")
        }
        let ids = MessageIDs.all(in: value)
        require(ids.count <= MessageIDs.most && ids.allSatisfy(MessageIDs.isPlain), "message ids are plain and few")
        if let time = MailDate.read(value), (0..<250_000_000_000_000).contains(time.milliseconds) {
            require(MailDate.read(MailDate.field(time)) == time, "a date that is written is the same time")
        }
        let field = ParameterField(value)
        require(field.value == field.value.lowercased() && field.parameters.count <= 64, "parameters are few")
    }

    static func words(_ text: String) {
        let decoded = EncodedWord.decode(EncodedWord.encode(text))
        require(decoded.utf8.elementsEqual(text.onOneLine.utf8), "an encoded word comes out as it was")
        let encoded = EncodedWord.encode(text)
        require(encoded.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }, "an encoded word is ASCII in one line")
        require(EncodedWord.decode(text).utf8.count <= 4 * text.utf8.count + 16, "what is decoded is hardly longer")
        let bare = MailSubject.bare(text)
        require(bare == bare.onOneLine && MailSubject.bare(bare) == bare, "a subject is bare once")
        // Texts of ours have line feeds only: white space before a carriage return is taken for the end of a line.
        let text = String(String.UnicodeScalarView(text.unicodeScalars.filter { $0 != "\r" }))
        let lines = QuotedPrintable.encode(text)
        var decoder = TransferDecoder("quoted-printable")
        let back = String(decoding: decoder.decode(lines) + decoder.finish(), as: UTF8.self)
        func ended(_ text: String) -> [UInt8] { Array(text.utf8).filter { $0 != 0x0D && $0 != 0x0A } }
        require(ended(back) == ended(text), "quoted-printable comes out as it was")
        let longest = lines.split(separator: 0x0A, omittingEmptySubsequences: false).map(\.count).max() ?? 0
        require(longest <= 77 && lines.allSatisfy { $0 < 0x80 }, "lines of quoted-printable are short")
    }
}

/// What people wrote in a mail: HTML as words, flowed lines, and the end that mail programs add.
enum TextCheck {
    static func run(_ choices: inout Choices) {
        let kind = choices.below(4)
        let charset = choices.pick(["utf-8", "iso-8859-1", "windows-1252", "utf-16", "utf-16be", "koi8-r", "x", ""])
        let bytes = choices.remainder()
        let text = Charset.text(bytes, charset)
        switch kind {
        case 0:
            let words = HTMLText.text(text)
            require(words == words.trimmingWhiteSpaceLines, "words of HTML have no blank ends")
            require(words.utf8.count <= 40 * text.utf8.count + 64, "words are not much longer than HTML")
        case 1:
            let trimmed = QuoteTrimmer.trimmed(text)
            require(text.trimmingWhiteSpaceLines.isEmpty || !trimmed.isEmpty, "something of an answer is left")
            require(
                text.trimmingWhiteSpaceLines.utf8.starts(with: trimmed.utf8),
                "only the end of an answer is cut"
            )
        case 2:
            let flowed = FlowedText.unwrapped(text, dropsSpaces: bytes.count.isMultiple(of: 2))
            require(flowed.utf8.count <= 2 * text.utf8.count + 8, "flowed text is hardly longer")
        default:
            require(HTMLEntities.decode(text).utf8.count <= text.utf8.count * 2 + 8, "entities are hardly longer")
            require(text.onOneLine == text.onOneLine.onOneLine, "one line stays one")
        }
    }
}
