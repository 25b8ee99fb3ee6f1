/// The texts of the newest messages, to tell an edit of the text from a change of something else.
///
/// The platform tells of an edit when a link's preview appears, too.
struct SeenTexts: Sendable {
    private struct Key: Hashable {
        var chat: Int64
        var message: Int64
    }

    private let limit: Int
    private var texts: [Key: Int] = [:]
    private var order: [Key] = []
    /// Where the oldest key stands in ``order``, a ring once it is full.
    private var oldest = 0

    /// Remembers this many messages.
    init(limit: Int = 2048) { self.limit = max(limit, 1) }

    /// Whether a message is known to say just this.
    func holds(_ message: TelegramMessage) -> Bool { texts[Self.key(message)] == Self.text(message) }

    /// Notes what a message says now.
    mutating func note(_ message: TelegramMessage) {
        let key = Self.key(message)
        guard texts.updateValue(Self.text(message), forKey: key) == nil else { return }
        if order.count < limit {
            order.append(key)
        } else {
            texts[order[oldest]] = nil
            order[oldest] = key
            oldest = (oldest + 1) % limit
        }
    }

    private static func key(_ message: TelegramMessage) -> Key { Key(chat: message.chat.id, message: message.id) }

    private static func text(_ message: TelegramMessage) -> Int { (message.text ?? message.caption ?? "").hashValue }
}
