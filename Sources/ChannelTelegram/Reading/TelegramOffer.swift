import Core

/// A file that a message brings and that is still with the platform.
struct TelegramOffer: Sendable, Equatable {
    /// As ``ChannelKit/InboundFile`` names kinds.
    var type: String
    var name: String
    var mediaType: String?
    /// In bytes; nil when the platform does not say.
    var size: Int64?
    var fileID: String

    /// The files of a message, in no more than one of each kind.
    static func offers(_ message: TelegramMessage) -> [TelegramOffer] {
        func offer(_ type: String, _ file: TelegramFile?, _ name: String, _ mediaType: String?) -> TelegramOffer? {
            file.map {
                TelegramOffer(
                    type: type,
                    name: $0.name ?? name,
                    mediaType: $0.mediaType ?? mediaType,
                    size: $0.size,
                    fileID: $0.id
                )
            }
        }
        let id = message.id
        let sticker = stickerKind(message.sticker)
        var found = [
            offer("image", message.photo?.last, "photo-\(id).jpg", "image/jpeg"),
            offer("voice", message.voice, "voice-\(id).ogg", "audio/ogg"),
            offer("audio", message.audio, "audio-\(id).mp3", "audio/mpeg"),
            offer("video", message.video, "video-\(id).mp4", "video/mp4"),
            offer("video", message.videoNote, "video-\(id).mp4", "video/mp4"),
            offer("video", message.livePhoto, "live-\(id).mp4", "video/mp4"),
            offer("sticker", message.sticker, "sticker-\(id).\(sticker.ending)", sticker.type),
        ]
        // An animation comes as a document too, for clients that do not know it.
        if message.animation != nil {
            found.append(offer("animation", message.animation, "animation-\(id).mp4", "video/mp4"))
        } else {
            found.append(offer("document", message.document, "document-\(id)", nil))
        }
        return found.compactMap(\.self)
    }

    private static func stickerKind(_ sticker: TelegramFile?) -> (ending: String, type: String) {
        if sticker?.isAnimated == true { return ("tgs", "application/x-tgsticker") }
        return sticker?.isVideo == true ? ("webm", "video/webm") : ("webp", "image/webp")
    }

    /// What the agent reads in place of a file that is not here.
    func note(_ why: String) -> String { "[file \(name) (\(sizeInWords)) was not fetched: \(why)]" }

    private var sizeInWords: String {
        guard let size else { return "size unknown" }
        return size < 1 << 20 ? "\((size + 1023) >> 10) KiB" : "\(size >> 20) MiB"
    }
}
