/// Random Markdown, the same for the same seed.
struct MarkdownGenerator {
    private var state: UInt64
    /// Links are shown as text where a part has no room for them, which changes what is seen.
    var hasLinks = true

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

    mutating func next(_ bound: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state >> 11) % bound
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[next(elements.count)] }

    private static let words = [
        "word", "a", "Straße", "naïve", "snake_case_name", "漢字かな交じり文。", "𝔘𝔫𝔦", "👩‍👩‍👧‍👦", "👍🏽", "🇩🇪🇫🇷", "e\u{301}\u{323}",
        "z\u{335}\u{321}\u{34F}\u{322}a\u{337}", "हिन्दी", "العربية", "1.", "2)", "-", "+", "#", "###", "=", "===", "---",
        "***", "* ", "> ",
        ":", "|", "||", "\\", "\\\\", "`", "``", "~", "~~", "_", "__", "[", "]", "(", ")", "](", "![", "!", "<", "<b>",
        "</div>", "<!-- x -->",
        "&", "&amp;", "&#65;", "&copy;", "@everyone", "<@123>", "{", "}", "sentence. Next", "end!", "why?", "\\*not\\*",
        "\u{200D}", "\u{FE0F}",
        "\u{202E}", "\u{301}", "\t", "  ", "[x]", "http:", "www", "://", "a|b", "\u{A0}",
    ]
    private static let links = [
        "[text](https://e.org/a)", "[*t* `c`](http://e.org/?a=1&b=2)", "https://e.org/x_y", "<https://e.org/(z)>",
        "www.e.org",
        "a@e.org", "[m](mailto:a@e.org)", "![alt](https://e.org/i.png)", "[js](javascript:x)", "[r](/relative/path)",
        "[p](<https://e.org/a b)>)", "[a](http://e.org)[b](http://f.org)", "ftp://e.org", "!", "[empty]()",
        "[](http://e.org)",
    ]

    mutating func inline(_ count: Int, _ depth: Int = 0) -> String {
        var text = ""
        for _ in 0..<count {
            switch next(depth > 2 ? 8 : 14) {
            case 8: text += "**\(inline(1 + next(3), depth + 1))**"
            case 9: text += pick(["*", "_"]) + inline(1 + next(2), depth + 1) + pick(["*", "_"])
            case 10: text += "~~\(inline(1 + next(2), depth + 1))~~"
            case 11: text += "`\(pick(Self.words))\(pick(Self.words))`"
            case 12 where hasLinks: text += pick(Self.links)
            case 13: text += pick(["***", "**", "*", "_"]) + pick(Self.words) + pick(["***", "**", "*", "_"])
            default: text += pick(Self.words)
            }
            if next(3) > 0 { text += " " }
        }
        return text
    }

    mutating func block(_ depth: Int) -> [String] {
        switch next(depth > 3 ? 6 : 12) {
        case 0: return ["\(String(repeating: "#", count: 1 + next(6))) \(inline(1 + next(4)))"]
        case 1:
            let fence = pick(["```", "````", "~~~"])
            let lines = (0..<next(8)).map { _ in pick(["", "  "]) + inline(next(6)).replacing("\n", with: " ") }
            return [fence + pick(["", "swift", "c++", "a b", "weird`"])] + lines + [fence]
        case 2:
            let width = 1 + next(4)
            func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
            var lines = [row((0..<width).map { _ in inline(1 + next(2)).replacing("\n", with: " ") })]
            lines.append(row((0..<width).map { _ in pick(["---", ":--", "--:", ":-:"]) }))
            for _ in 0..<next(6) { lines.append(row((0..<(1 + next(width))).map { _ in inline(next(4)) })) }
            return lines
        case 3:
            return [
                pick(["---", "***", "<div>", "<pre>\n\nx *y*\n</pre>", "<!-- c", "[ref]: http://e.org", "    indented"])
            ]
        case 4, 5: return (0..<(1 + next(3))).map { _ in inline(1 + next(12)) + pick(["", "", "\\", "  "]) }
        case 6, 7:
            let marker = pick(["- ", "* ", "1. ", "7) ", "- [x] ", "- [ ] ", "+ "])
            let indent = String(repeating: " ", count: marker.hasPrefix("- [") ? 2 : marker.count)
            let gap = next(3) == 0
            return (0..<(1 + next(4))).flatMap { _ -> [String] in
                var lines = block(depth + 1)
                if next(3) == 0 { lines += [""] + block(depth + 1) }
                let item = lines.enumerated().map { ($0 == 0 ? marker : indent) + $1 }
                return gap ? item + [""] : item
            }
        case 8:
            return (block(depth + 1) + (next(2) == 0 ? [""] + block(depth + 1) : [])).map {
                pick(["> ", "> ", ">"]) + $0
            }
        default: return [inline(5 + next(40))]
        }
    }

    mutating func document() -> String {
        (0..<(1 + next(7))).map { _ in block(0).joined(separator: "\n") }.joined(
            separator: pick(["\n\n", "\n\n", "\n"])
        )
    }

    /// Characters that mean something, in no order.
    mutating func noise(_ count: Int) -> String {
        let alphabet = [
            "*", "**", "_", "~", "`", "```\n", "[", "](", ")", "<", ">", "\n", "\n\n", "- ", "1. ", "> ", "|",
            "\n|-|\n", "#", " ",
            "a", "b", "é", "👨‍👩‍👧", "\u{301}", "\\", "!", "&", ";", "&#32;", "http://a.b", "@", ".", "\t", "    ", "\u{0}",
            "\u{7}", "\r\n",
        ]
        return (0..<count).map { _ in pick(alphabet) }.joined()
    }
}
