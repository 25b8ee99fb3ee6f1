/// Who the bot is: the answer of `getMe`.
struct TelegramMe: Sendable, Decodable {
    var id: Int64
    var isBot: Bool
    var username: String?
    /// Privacy mode is off.
    var readsGroups: Bool?

    enum CodingKeys: String, CodingKey {
        case id
        case isBot = "is_bot"
        case username
        case readsGroups = "can_read_all_group_messages"
    }
}
