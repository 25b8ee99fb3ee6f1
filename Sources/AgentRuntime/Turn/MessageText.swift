/// Cuts a text that is too long for one row.
enum MessageText {
    /// Most bytes of text in one row: its JSON stays well below a row's limit.
    static let limit = 60 * 1024

    /// The text in pieces of at most `limit` bytes, cut behind a line where there is one.
    static func pieces(_ text: String, limit: Int = limit) -> [String] {
        guard text.utf8.count > limit else { return [text] }
        var pieces: [String] = []
        var piece = ""
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if piece.utf8.count + line.utf8.count + 1 > limit, !piece.isEmpty {
                pieces.append(piece)
                piece = ""
            }
            guard line.utf8.count > limit else {
                piece += piece.isEmpty ? String(line) : "\n" + line
                continue
            }
            for character in line {
                if piece.utf8.count + character.utf8.count > limit {
                    pieces.append(piece)
                    piece = ""
                }
                piece.append(character)
            }
        }
        return (pieces + [piece]).filter { !$0.isEmpty }
    }
}
