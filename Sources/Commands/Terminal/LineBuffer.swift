/// The text that is being typed, its cursor, and what was typed before.
struct LineBuffer: Sendable {
    private(set) var characters: [Character] = []
    /// Characters before the cursor.
    private(set) var cursor = 0
    private var history: [String]
    /// Where in the history the text comes from; its count means: none of it.
    private var place: Int
    /// What was typed before the history was visited.
    private var draft = ""
    private static let longestHistory = 1_000

    /// Starts empty, with earlier lines, oldest first.
    init(history: [String] = []) {
        self.history = history
        place = history.count
    }

    var text: String { String(characters) }
    var isEmpty: Bool { characters.isEmpty }

    /// Carries out an editing key; false for a key that edits nothing.
    @discardableResult
    mutating func edit(_ key: Key) -> Bool {
        switch key {
        case .text(let text), .paste(let text): insert(text)
        case .newline: insert("\n")
        case .backspace: remove(max(cursor - 1, 0)..<cursor)
        case .delete: remove(cursor..<min(cursor + 1, characters.count))
        case .left: cursor = max(cursor - 1, 0)
        case .right: cursor = min(cursor + 1, characters.count)
        case .home: cursor = lineStart
        case .end: cursor = lineEnd
        case .wordLeft: cursor = wordStart
        case .wordRight: cursor = wordEnd
        case .killToEnd: remove(cursor..<max(lineEnd, min(cursor + (lineEnd == cursor ? 1 : 0), characters.count)))
        case .killToStart: remove(lineStart..<cursor)
        case .killWord: remove(wordStart..<cursor)
        case .up: visit(place - 1)
        case .down: visit(place + 1)
        case .enter, .interrupt, .endOfInput, .suspend, .redraw: return false
        }
        return true
    }

    /// Gives the text, remembers it and starts anew.
    mutating func submit() -> String {
        let text = text
        if !text.isEmpty, history.last != text { history.append(text) }
        if history.count > Self.longestHistory { history.removeFirst(history.count - Self.longestHistory) }
        clear()
        return text
    }

    /// Throws the text away.
    mutating func clear() {
        characters = []
        cursor = 0
        place = history.count
        draft = ""
    }

    private mutating func insert(_ text: String) { replace(cursor..<cursor, with: text) }

    private mutating func remove(_ range: Range<Int>) { replace(range, with: "") }

    private mutating func replace(_ range: Range<Int>, with text: String) {
        // Joined through a string, because an accent that follows its letter becomes one character with it.
        let before = String(characters[..<range.lowerBound]) + text
        let rest = characters.count - range.upperBound
        characters = Array(before + String(characters[range.upperBound...]))
        cursor = max(characters.count - rest, 0)
    }

    private mutating func visit(_ target: Int) {
        guard (0...history.count).contains(target) else { return }
        if place == history.count { draft = text }
        place = target
        characters = Array(place == history.count ? draft : history[place])
        cursor = characters.count
    }

    private var lineStart: Int { characters[..<cursor].lastIndex { $0.isNewline }.map { $0 + 1 } ?? 0 }
    private var lineEnd: Int { characters[cursor...].firstIndex { $0.isNewline } ?? characters.count }

    private var wordStart: Int {
        var index = cursor
        while index > 0, characters[index - 1].isWhitespace { index -= 1 }
        while index > 0, !characters[index - 1].isWhitespace { index -= 1 }
        return index
    }

    private var wordEnd: Int {
        var index = cursor
        while index < characters.count, characters[index].isWhitespace { index += 1 }
        while index < characters.count, !characters[index].isWhitespace { index += 1 }
        return index
    }
}
