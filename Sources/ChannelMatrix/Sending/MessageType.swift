/// How clients show files.
enum MessageType {
    /// The `msgtype` of a file by its media type; an SVG is no picture to clients.
    static func ofFile(_ type: String) -> String {
        switch type.prefix(6) {
        case "image/": type == "image/svg+xml" ? "m.file" : "m.image"
        case "audio/": "m.audio"
        case "video/": "m.video"
        default: "m.file"
        }
    }
}
