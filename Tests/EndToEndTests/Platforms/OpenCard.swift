/// A card that stands open in a chat, as the host keeps it.
///
/// A number counts for a card that stood there before it was written: a test writes faster than the host notes that a card
/// was taken by its platform.
struct OpenCard: Equatable {
    let id: String
    /// The two characters that tell it from others in its chat.
    let code: String
}

extension TestHost {
    /// The open card on a channel that contains a text, once it is open there; only one such card may be.
    func openCard(on channel: String, containing text: String) async throws -> OpenCard {
        let query = """
            SELECT id, code FROM cards
            WHERE state = 'open' AND channel_type = '\(channel)' AND instr(content, '\(text)') > 0
            """
        var fields: [Substring] = []
        try await eventually("a card on \(channel) with \"\(text)\" is open") {
            let rows = try await run("/usr/bin/sqlite3", ["-readonly", home + "/data/nanoclaw.db", query])
            fields = rows.output.split { $0 == "|" || $0 == "\n" }
            return fields.count == 2
        }
        return OpenCard(id: String(fields.first ?? ""), code: String(fields.last ?? ""))
    }
}
