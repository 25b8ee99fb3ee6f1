/// The head of one part that holds something: no multipart.
struct MailPart: Sendable, Equatable {
    /// The media type in lower case.
    var type: String
    var charset: String?
    /// `format=flowed` of RFC 3676, and whether spaces at line ends are dropped.
    var isFlowed: Bool
    var dropsSpaces: Bool
    /// As the sender wrote it.
    var fileName: String?
    var isAttachment: Bool
    /// Parts with the same number say the same in several ways.
    var alternative: Int?

    /// The longest media type in bytes (RFC 6838 §4.2).
    private static let longestType = 255

    init(_ header: HeaderBlock, _ type: ParameterField?, alternative: Int?) {
        let disposition = header["content-disposition"].map { ParameterField($0) }
        let told = type?.value ?? ""
        self.type =
            told.isEmpty ? "text/plain" : told.utf8.count <= Self.longestType ? told : "application/octet-stream"
        charset = type?.parameters["charset"]
        isFlowed = type?.parameters["format"]?.lowercased() == "flowed"
        dropsSpaces = type?.parameters["delsp"]?.lowercased() == "yes"
        let name = disposition?.parameters["filename"] ?? type?.parameters["name"]
        fileName = name.flatMap { $0.onOneLine.isEmpty ? nil : $0.onOneLine }
        isAttachment = disposition?.value == "attachment"
        self.alternative = alternative
    }

    /// True for what people read in the mail itself.
    var isText: Bool {
        !isAttachment && fileName == nil && (type == "text/plain" || type == "text/html" || !type.contains("/"))
    }

    /// True for signatures, which nobody here can check and no agent needs.
    var isSignature: Bool {
        ["application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"].contains(type)
    }

    /// The kind of file as the host names it.
    var fileKind: String {
        switch type.prefix(while: { $0 != "/" }) {
        case "image": "image"
        case "audio": "audio"
        case "video": "video"
        default: type == "application/pdf" ? "document" : "file"
        }
    }

    /// A name for a part that has none.
    var usualName: String {
        switch type {
        case "message/rfc822": "message.eml"
        case "text/calendar": "invitation.ics"
        case "text/html": "part.html"
        case "text/plain": "part.txt"
        default:
            "part."
                + (type.split(separator: "/").last.map { String($0.filter { $0.isLetter || $0.isNumber }) } ?? "bin")
        }
    }
}
