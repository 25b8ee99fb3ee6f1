/// As what a file is sent: by its name, since its bytes are the agent's.
struct OutgoingKind: Sendable, Equatable {
    /// The method, such as `sendPhoto`.
    var method: String
    /// The parameter that holds the file.
    var field: String
    var mediaType: String

    /// As it is, for every file: people get just these bytes.
    static let document = OutgoingKind(method: "sendDocument", field: "document", mediaType: "application/octet-stream")

    /// Telegram takes no larger pictures as such, in bytes.
    private static let largestPhoto = 10 << 20

    private static let kinds: [String: OutgoingKind] = [
        "jpg": photo("image/jpeg"), "jpeg": photo("image/jpeg"), "png": photo("image/png"), "webp": photo("image/webp"),
        "gif": OutgoingKind(method: "sendAnimation", field: "animation", mediaType: "image/gif"),
        "ogg": voice, "oga": voice, "opus": voice,
        "mp3": audio("audio/mpeg"), "m4a": audio("audio/mp4"),
        "mp4": OutgoingKind(method: "sendVideo", field: "video", mediaType: "video/mp4"),
    ]

    /// How people see a file of this name and size best.
    static func of(_ name: String, size: Int) -> OutgoingKind {
        guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")),
            let kind = kinds[name[name.utf8.index(after: dot)...].lowercased()],
            kind.field != "photo" || size <= largestPhoto
        else { return document }
        return kind
    }

    private static let voice = OutgoingKind(method: "sendVoice", field: "voice", mediaType: "audio/ogg")

    private static func photo(_ type: String) -> OutgoingKind {
        OutgoingKind(method: "sendPhoto", field: "photo", mediaType: type)
    }

    private static func audio(_ type: String) -> OutgoingKind {
        OutgoingKind(method: "sendAudio", field: "audio", mediaType: type)
    }
}
