import Testing

@testable import Commands

@Suite struct `Key decoder` {
    @Test(arguments: [
        ("a", [Key.text("a")]),
        ("héllo", [.text("héllo")]),
        ("\u{1F44D}\u{1F3FD}", [.text("\u{1F44D}\u{1F3FD}")]),
        ("\r", [.enter]),
        ("\n", [.newline]),
        ("\u{1B}\r", [.newline]),
        ("\u{1}\u{5}\u{B}\u{15}\u{17}", [.home, .end, .killToEnd, .killToStart, .killWord]),
        ("\u{3}\u{4}\u{1A}\u{C}", [.interrupt, .endOfInput, .suspend, .redraw]),
        ("\u{7F}\u{8}", [.backspace, .backspace]),
        ("\u{1B}[A\u{1B}[B\u{1B}[C\u{1B}[D", [.up, .down, .right, .left]),
        ("\u{1B}OA\u{1B}OH\u{1B}OF", [.up, .home, .end]),
        ("\u{1B}[H\u{1B}[F\u{1B}[1~\u{1B}[4~\u{1B}[7~\u{1B}[8~", [.home, .end, .home, .end, .home, .end]),
        ("\u{1B}[3~", [.delete]),
        ("\u{1B}[1;5C\u{1B}[1;3D\u{1B}b\u{1B}f", [.wordRight, .wordLeft, .wordLeft, .wordRight]),
        ("\u{1B}[200~one\rtwo\r\nthree\u{1B}[201~x", [.paste("one\ntwo\nthree"), .text("x")]),
        ("\u{1B}[200~a\u{3}\u{1B}[31mb\u{1B}[201~", [.paste("a[31mb")]),
        ("\u{1B}[5~\u{1B}[99;99zx", [.text("x")]),
    ])
    func `bytes become the same keys at every split`(text: String, keys: [Key]) {
        let bytes = Array(text.utf8)
        for split in 0...bytes.count {
            var decoder = KeyDecoder()
            let found = decoder.append(bytes[..<split]) + decoder.append(bytes[split...])
            #expect(joined(found) == keys, "split at \(split)")
        }
    }

    @Test func `broken UTF-8 costs only itself`() {
        var decoder = KeyDecoder()
        #expect(decoder.append([0xC3, 0x41, 0xFF, 0x80, 0x42]) == [.text("AB")])
    }

    private func joined(_ keys: [Key]) -> [Key] {
        keys.reduce(into: []) { result, key in
            if case .text(let more) = key, case .text(let text)? = result.last {
                result[result.count - 1] = .text(text + more)
            } else {
                result.append(key)
            }
        }
    }
}

@Suite struct `Line buffer` {
    private func typed(_ keys: Key..., history: [String] = []) -> LineBuffer {
        var buffer = LineBuffer(history: history)
        for key in keys { buffer.edit(key) }
        return buffer
    }

    @Test func `text is edited where the cursor stands`() {
        #expect(typed(.text("helo"), .left, .text("l")).text == "hello")
        #expect(typed(.text("hello"), .home, .delete, .text("J")).text == "Jello")
        #expect(typed(.text("hello"), .backspace, .backspace).text == "hel")
        #expect(typed(.backspace, .left, .delete).isEmpty)
        // What stood between a letter and its accent is gone: the two are one character.
        let joined = typed(.text("e"), .text("\n\u{301}"), .left, .backspace)
        #expect(joined.characters == ["e\u{301}"])
    }

    @Test func `what a person sees as one character is one`() {
        #expect(typed(.text("e\u{301}x"), .backspace, .backspace).isEmpty)
        #expect(typed(.text("👨‍👩‍👧!"), .left, .backspace).text == "!")
        let late = typed(.text("ae"), .text("\u{301}"))
        #expect(late.characters.count == 2)
        #expect(late.cursor == 2)
    }

    @Test func `words and line ends are killed`() {
        #expect(typed(.text("one two  "), .killWord).text == "one ")
        #expect(typed(.text("one two"), .wordLeft, .killToEnd).text == "one ")
        #expect(typed(.text("one two"), .wordLeft, .killToStart).text == "two")
        #expect(typed(.text("a"), .newline, .text("bc"), .home, .killToEnd).text == "a\n")
        #expect(typed(.text("a"), .newline, .text("b"), .left, .left, .killToEnd).text == "ab")
    }

    @Test func `the history is visited and the draft comes back`() {
        var buffer = typed(.text("draft"), history: ["first", "second"])
        buffer.edit(.up)
        #expect(buffer.text == "second")
        buffer.edit(.up)
        buffer.edit(.up)
        #expect(buffer.text == "first")
        buffer.edit(.down)
        buffer.edit(.down)
        #expect(buffer.text == "draft")
        buffer.edit(.down)
        #expect(buffer.submit() == "draft")
        buffer.edit(.up)
        #expect(buffer.text == "draft")
    }
}

@Suite struct `Prompt layout` {
    @Test(arguments: [
        ("", 0, 80, 0, 0, 2),
        ("abc", 3, 80, 0, 0, 5),
        ("abc", 0, 80, 0, 0, 2),
        ("abcdefgh", 8, 10, 1, 1, 0),
        ("abcdefgh", 7, 10, 1, 0, 9),
        ("abcdefghi", 8, 10, 1, 1, 0),
        ("日本", 2, 80, 0, 0, 6),
        ("a\nb", 3, 80, 1, 1, 3),
    ])
    func `rows and columns follow the width of the text`(
        text: String,
        cursor: Int,
        width: Int,
        lastRow: Int,
        cursorRow: Int,
        cursorColumn: Int
    ) {
        DisplayWidth.useUnicode()
        let layout = PromptLayout(prompt: "> ", text: Array(text), cursor: cursor, width: width)
        #expect(layout.lastRow == lastRow)
        #expect(layout.cursorRow == cursorRow)
        #expect(layout.cursorColumn == cursorColumn)
    }
}

@Suite struct `Text for a terminal` {
    @Test func `what an agent wrote moves no cursor`() {
        #expect(SafeText.lines("a\u{1B}[2Jb\u{7}\u{9B}31m\nc\td\u{202E}") == "a[2Jb31m\nc\td")
        #expect(SafeText.oneLine("a\nb\tc\r\nd") == "a b c d")
    }

    @Test func `pictures and wide letters take two columns`() {
        DisplayWidth.useUnicode()
        #expect(DisplayWidth.of("abc") == 3)
        #expect(DisplayWidth.of("日本") == 4)
        #expect(DisplayWidth.of("👍") == 2)
        #expect(DisplayWidth.of("e\u{301}") == 1)
    }
}
