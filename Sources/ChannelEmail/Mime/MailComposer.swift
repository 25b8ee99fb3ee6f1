import ChannelKit
import ChannelNetwork
import Core
import LinuxIO

/// One mail to be written.
struct OutgoingMail: Sendable {
    var from: Mailbox
    var to: MailAddress
    var subject: String
    /// Without angle brackets.
    var id: String
    /// The mail that it answers; nil for one that begins a conversation.
    var inReplyTo: String?
    /// The conversation so far, the root first.
    var references: [String]
    var date: Timestamp
    var plain: String
    var html: String
    var files: [OutboundFile]
}

/// Writes a mail as 7-bit MIME (RFC 5322, RFC 2045): whatever comes from elsewhere is encoded or cut to one line, so that
/// no text can become a header field or a part.
struct MailComposer: Sendable {
    /// A stretch of the mail.
    enum Piece: Sendable {
        case bytes([UInt8])
        /// A file's first bytes, in base64.
        case file(Descriptor, size: Int)

        /// In bytes, as it is sent.
        var size: Int {
            switch self {
            case .bytes(let bytes): bytes.count
            case .file(_, let size): Base64Lines.size(of: size)
            }
        }
    }

    private static let longestSubject = 200

    let pieces: [Piece]

    /// In bytes.
    var size: Int { pieces.reduce(0) { $0 + $1.size } }

    init(_ mail: OutgoingMail) {
        let tag = Hex.encode(HMACSignature.code(.sha256, key: Array("boundary".utf8), Array(mail.id.utf8)).prefix(12))
        // An equals sign with an underscore stands in no line of base64 or quoted-printable.
        let (inner, outer) = ("=_\(tag)_a", "=_\(tag)_m")
        var text = Self.header(mail)
        if mail.files.isEmpty {
            text += Self.line("Content-Type: multipart/alternative; boundary=\"\(inner)\"") + "\r\n"
            pieces = [.bytes(Array(text.utf8) + Self.alternative(mail, inner))]
            return
        }
        text += Self.line("Content-Type: multipart/mixed; boundary=\"\(outer)\"") + "\r\n"
        var pieces: [Piece] = []
        var bytes = Array(text.utf8)
        if !mail.plain.isEmpty {
            bytes += Array("--\(outer)\r\nContent-Type: multipart/alternative; boundary=\"\(inner)\"\r\n\r\n".utf8)
            bytes += Self.alternative(mail, inner)
        }
        for file in mail.files {
            bytes += Array("--\(outer)\r\n\(Self.fileHeader(file))\r\n".utf8)
            pieces += [.bytes(bytes), .file(file.descriptor, size: file.size)]
            bytes = []
        }
        bytes += Array("--\(outer)--\r\n".utf8)
        self.pieces = pieces + [.bytes(bytes)]
    }

    // MARK: - Header

    private static func header(_ mail: OutgoingMail) -> String {
        let words = EncodedWord.encode(String(mail.subject.prefix(longestSubject))).split(separator: " ")
        let subject =
            words.contains { $0.hasPrefix("=?") } ? words.joined(separator: "\r\n ") : words.joined(separator: " ")
        var text = line("From: \(mail.from.field)")
        text += line("To: \(mail.to)")
        text += "Subject: \(subject)\r\n"
        text += line("Date: \(MailDate.field(mail.date))")
        text += line("Message-ID: <\(mail.id)>")
        if let answered = mail.inReplyTo, MessageIDs.isPlain(answered) { text += line("In-Reply-To: <\(answered)>") }
        let references = MessageIDs.shortened(mail.references).filter(MessageIDs.isPlain)
        if !references.isEmpty {
            text += "References: \(references.map { "<\($0)>" }.joined(separator: "\r\n "))\r\n"
        }
        text += line("Auto-Submitted: \(mail.inReplyTo == nil ? "auto-generated" : "auto-replied")")
        text += line("X-Auto-Response-Suppress: All")
        text += line("X-Loop: \(mail.from.address)")
        text += line("MIME-Version: 1.0")
        return text
    }

    /// One field on one line, whatever is in it.
    private static func line(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F })) + "\r\n"
    }

    // MARK: - Parts

    private static func alternative(_ mail: OutgoingMail, _ boundary: String) -> [UInt8] {
        let page =
            "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"></head>\n<body>\n\(mail.html)\n</body></html>\n"
        var bytes: [UInt8] = []
        for (type, text) in [("plain", mail.plain), ("html", page)] {
            let head = "Content-Type: text/\(type); charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n"
            bytes += Array("--\(boundary)\r\n\(head)\r\n".utf8)
            bytes += QuotedPrintable.encode(text)
        }
        return bytes + Array("--\(boundary)--\r\n".utf8)
    }

    private static func fileHeader(_ file: OutboundFile) -> String {
        let name = String(file.name.onOneLine.prefix(120))
        let isPlain = name.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F && $0 != Byte.quote && $0 != Byte.backslash }
        // Beside a plain name programs overlook the encoded one.
        let parameter = isPlain ? "filename=\"\(name)\"" : "filename*=UTF-8''\(FormEncoding.segment(name))"
        let disposition = "Content-Disposition: attachment;\r\n \(parameter)"
        return "Content-Type: \(mediaType(name))\r\n\(disposition)\r\nContent-Transfer-Encoding: base64\r\n"
    }

    /// Of a page of HTML nothing is said: programs would show it as part of the mail.
    private static func mediaType(_ name: String) -> String {
        let type = MediaType.of(name)
        return type == "text/html" ? "application/octet-stream" : type
    }
}

/// Base64 in lines of 76 characters (RFC 2045 §6.8).
enum Base64Lines {
    /// Bytes of one line before they are encoded.
    static let lineBytes = 57

    static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(size(of: bytes.count))
        for start in stride(from: 0, to: bytes.count, by: lineBytes) {
            let end = min(start + lineBytes, bytes.count)
            out += Array(Base64.encode(Array(bytes[start..<end])).utf8)
            out += [Byte.carriageReturn, Byte.lineFeed]
        }
        return out
    }

    /// How long so many bytes become.
    static func size(of count: Int) -> Int { (count + 2) / 3 * 4 + (count + lineBytes - 1) / lineBytes * 2 }
}
