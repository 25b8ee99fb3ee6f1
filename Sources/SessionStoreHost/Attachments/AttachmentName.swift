import Core

/// Names for files that come with messages.
enum AttachmentName {
    /// The sender's name when it is a safe one; else `attachment-<ms>` with the ending of the media type, or of the
    /// coarse type, or none.
    static func of(_ file: NewAttachment, at time: Timestamp) -> String {
        if PathSegment.isSafe(file.name), file.name.utf8.count <= 200 { return file.name }
        let name = "attachment-\(time.milliseconds)"
        guard let ending = ending(mediaType: file.mediaType) ?? endings[file.type] else { return name }
        return "\(name).\(ending)"
    }

    private static func ending(mediaType: String?) -> String? {
        guard let mediaType else { return nil }
        let bare = mediaType.prefix { $0 != ";" }.lowercased()
        return mediaEndings[bare.split(separator: " ").joined()]
    }

    private static let mediaEndings = [
        "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif", "image/heic": "heic",
        "audio/ogg": "ogg", "audio/mpeg": "mp3", "audio/wav": "wav", "audio/mp4": "m4a",
        "video/mp4": "mp4", "video/webm": "webm", "video/quicktime": "mov",
        "application/pdf": "pdf", "text/plain": "txt", "application/json": "json", "application/zip": "zip",
    ]

    private static let endings = [
        "image": "jpg", "photo": "jpg", "sticker": "webp", "voice": "ogg", "audio": "mp3", "video": "mp4",
        "animation": "mp4",
    ]
}
