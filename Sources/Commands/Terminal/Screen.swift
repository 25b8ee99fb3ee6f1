import Glibc
import LinuxIO

/// The lower end of a terminal: finished output scrolls up, an unfinished line and the prompt are drawn below it.
struct Screen {
    private let output: Descriptor
    private(set) var width: Int
    private var prompt = ""
    private var buffer = LineBuffer()
    /// Streamed text whose line has not ended.
    private var tail = ""
    private var isDrawn = false
    /// Rows of what is drawn above the cursor.
    private var rowsAboveCursor = 0

    /// Draws on this terminal.
    init(_ output: Descriptor) {
        self.output = output
        width = Self.width(of: output)
    }

    /// Shows prompt and text as they are now.
    mutating func show(prompt: String, _ buffer: LineBuffer) throws {
        self.prompt = prompt
        self.buffer = buffer
        try write(erase() + draw())
    }

    /// Prints whole lines above the prompt; an unfinished line ends first.
    mutating func print(_ text: String) throws {
        var out = erase()
        if !tail.isEmpty { out += Self.rows(tail) + "\r\n" }
        tail = ""
        out += Self.rows(text) + "\r\n"
        try write(out + draw())
    }

    /// Goes on with the unfinished line.
    mutating func stream(_ text: String) throws {
        var out = erase()
        tail += text
        if let end = tail.lastIndex(where: \.isNewline) {
            out += Self.rows(String(tail[..<end])) + "\r\n"
            tail = String(tail[tail.index(after: end)...])
        }
        // What fills whole rows is finished too, so that little is drawn anew.
        while DisplayWidth.of(tail) > width * 2, let cut = Self.prefix(of: tail, columns: width) {
            out += tail[..<cut] + "\r\n"
            tail = String(tail[cut...])
        }
        try write(out + draw())
    }

    /// Ends the unfinished line, if there is one.
    mutating func endStream() throws {
        guard !tail.isEmpty else { return }
        var out = erase()
        out += Self.rows(tail) + "\r\n"
        tail = ""
        try write(out + draw())
    }

    /// Takes prompt and text off the screen.
    mutating func hide() throws { try write(erase()) }

    /// Leaves what is drawn where it stands and goes on below it.
    mutating func leave() throws {
        guard isDrawn else { return }
        let layout = PromptLayout(
            prompt: prompt,
            text: buffer.characters,
            cursor: buffer.characters.count,
            width: width
        )
        try write(erase() + tailRows() + layout.output + "\r\n")
        isDrawn = false
    }

    /// The terminal has another size now, or something else wrote on it.
    mutating func resize(clearing: Bool = false) throws {
        width = Self.width(of: output)
        let start = clearing ? "\u{1B}[H\u{1B}[2J" : erase()
        isDrawn = false
        try write(start + draw())
    }

    private mutating func erase() -> String {
        guard isDrawn else { return "" }
        isDrawn = false
        let up = rowsAboveCursor > 0 ? "\u{1B}[\(rowsAboveCursor)A" : ""
        return "\r\(up)\u{1B}[J"
    }

    private func tailRows() -> String { tail.isEmpty ? "" : tail + "\r\n" }

    private mutating func draw() -> String {
        let layout = PromptLayout(prompt: prompt, text: buffer.characters, cursor: buffer.cursor, width: width)
        let tailWidth = DisplayWidth.of(tail)
        let tailHeight = tail.isEmpty ? 0 : max((tailWidth + width - 1) / width, 1)
        rowsAboveCursor = tailHeight + layout.cursorRow
        isDrawn = true
        let back = layout.lastRow - layout.cursorRow
        let up = back > 0 ? "\u{1B}[\(back)A" : ""
        let right = layout.cursorColumn > 0 ? "\u{1B}[\(layout.cursorColumn)C" : ""
        return tailRows() + layout.output + up + "\r" + right
    }

    private func write(_ text: String) throws {
        if !text.isEmpty { try output.write(Array(text.utf8)) }
    }

    private static func rows(_ text: String) -> String { text.replacing("\n", with: "\r\n") }

    private static func prefix(of text: String, columns: Int) -> String.Index? {
        var used = 0
        for index in text.indices {
            used += DisplayWidth.of(text[index])
            if used > columns { return index == text.startIndex ? nil : index }
        }
        return nil
    }

    private static func width(of output: Descriptor) -> Int {
        var size = winsize()
        guard ioctl(output.number, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}
