/// Where the typed text stands on the screen.
struct PromptLayout: Equatable {
    /// What to print, rows ended by CR LF.
    var output: String
    /// Rows below the first one, of the end of the text and of the cursor.
    var lastRow: Int
    var cursorRow: Int
    /// Columns from the left edge.
    var cursorColumn: Int

    /// Breaks prompt and text into rows of `width` columns; later lines of the text are indented like the first.
    init(prompt: String, text: [Character], cursor: Int, width: Int) {
        let width = max(width, 8)
        let indent = min(DisplayWidth.of(prompt), width / 2)
        var row = 0
        var column = indent
        var shown = prompt
        cursorRow = 0
        cursorColumn = column
        for (index, character) in text.enumerated() {
            let columns = character == "\t" ? 4 : DisplayWidth.of(character)
            if !character.isNewline, column + columns > width {
                shown += "\r\n"
                row += 1
                column = 0
            }
            if index == cursor { (cursorRow, cursorColumn) = (row, column) }
            if character.isNewline {
                shown += "\r\n" + String(repeating: " ", count: indent)
                row += 1
                column = indent
            } else {
                shown += character == "\t" ? "    " : String(character)
                column += columns
            }
        }
        if column >= width {
            // A terminal keeps the cursor on a full row until something follows: say where it stands.
            shown += "\r\n"
            row += 1
            column = 0
        }
        if cursor >= text.count { (cursorRow, cursorColumn) = (row, column) }
        lastRow = row
        output = shown
    }
}
