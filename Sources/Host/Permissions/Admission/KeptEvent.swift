import ChannelKit
import Core

/// A message that waits for somebody's word, as it is stored: JSON, bounded.
enum KeptEvent {
    /// The most bytes of files that are kept with it.
    static let mostFileBytes = 256 * 1024
    /// The longest text that is kept.
    static let mostText = 16 * 1024

    /// The message as JSON; files that are too much, or that lie elsewhere and may be gone by then, are left out and
    /// named.
    static func encode(_ event: InboundEvent) throws -> String {
        var event = event
        var room = mostFileBytes
        var left: [String] = []
        event.attachments = event.attachments.filter { file in
            if case .bytes(let bytes) = file.source, bytes.count <= room {
                room -= bytes.count
                return true
            }
            left.append(file.name)
            return false
        }
        if event.content.text.utf8.count > mostText {
            event.content.text = String(event.content.text.prefix(mostText / 4)) + "…"
        }
        for name in left.prefix(8) {
            event.content.text += "\n[the file \(name.prefix(80)) was not kept: send it again]"
        }
        return try JSONText.encode(event)
    }

    static func decode(_ text: String) throws -> InboundEvent { try JSONText.decode(InboundEvent.self, text) }
}
