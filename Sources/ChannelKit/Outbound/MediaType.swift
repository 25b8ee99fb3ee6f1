/// The media type of a file that an agent sends, by the ending of its name.
package enum MediaType {
    private static let types = [
        "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
        "svg": "image/svg+xml", "mp3": "audio/mpeg", "ogg": "audio/ogg", "oga": "audio/ogg", "opus": "audio/ogg",
        "wav": "audio/wav", "m4a": "audio/mp4", "flac": "audio/flac", "mp4": "video/mp4", "webm": "video/webm",
        "mov": "video/quicktime", "pdf": "application/pdf", "txt": "text/plain", "md": "text/markdown",
        "csv": "text/csv", "html": "text/html", "json": "application/json", "zip": "application/zip",
        "ics": "text/calendar",
    ]

    /// `application/octet-stream` for what is not known.
    package static func of(_ name: String) -> String {
        let ending = name.split(separator: ".").last.map { $0.lowercased() } ?? ""
        return types[ending] ?? "application/octet-stream"
    }
}
