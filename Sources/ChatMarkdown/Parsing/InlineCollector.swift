import CMarkGFM

/// Gathers the flat runs of a paragraph while its inline nodes are walked.
struct InlineCollector {
    private var runs: [InlineRun] = []
    /// How many open nodes set each mark, in the order of `TextMarks`' bits.
    private var depths = (bold: 0, italic: 0, strike: 0)
    /// The outermost link or image that is open; those inside it say nothing.
    private var target: (url: String, start: Int)?
    private var targetDepth = 0

    mutating func reset() { self = InlineCollector() }

    /// The normal form of what was gathered since the last call.
    mutating func taken(oneLine: Bool) -> [InlineRun] {
        defer { reset() }
        return InlineNormalizer.normalized(runs, oneLine: oneLine)
    }

    mutating func enter(_ node: OpaquePointer, _ type: cmark_node_type) {
        switch type {
        case CMARK_NODE_TEXT, CMARK_NODE_HTML_INLINE: add(string(cmark_node_get_literal(node)))
        case CMARK_NODE_CODE: add(string(cmark_node_get_literal(node)), .code)
        case CMARK_NODE_SOFTBREAK, CMARK_NODE_LINEBREAK:
            if target == nil { runs.append(.lineBreak) } else { add(" ") }
        case CMARK_NODE_STRONG: depths.bold += 1
        case CMARK_NODE_EMPH: depths.italic += 1
        case CMARK_NODE_LINK, CMARK_NODE_IMAGE:
            if targetDepth == 0 { target = (string(cmark_node_get_url(node)), runs.count) }
            targetDepth += 1
        default: depths.strike += 1
        }
    }

    mutating func leave(_ node: OpaquePointer, _ type: cmark_node_type) {
        switch type {
        case CMARK_NODE_TEXT, CMARK_NODE_HTML_INLINE, CMARK_NODE_CODE, CMARK_NODE_SOFTBREAK, CMARK_NODE_LINEBREAK:
            break
        case CMARK_NODE_STRONG: depths.bold -= 1
        case CMARK_NODE_EMPH: depths.italic -= 1
        case CMARK_NODE_LINK, CMARK_NODE_IMAGE:
            targetDepth -= 1
            if targetDepth == 0, let target {
                close(target.url, from: target.start)
                self.target = nil
            }
        default: depths.strike -= 1
        }
    }

    private mutating func add(_ text: String, _ extra: TextMarks = []) {
        var marks = extra
        if depths.bold > 0 { marks.insert(.bold) }
        if depths.italic > 0 { marks.insert(.italic) }
        if depths.strike > 0 { marks.insert(.strike) }
        let clean = VisibleText.cleaned(text, in: .line)
        if !clean.isEmpty { runs.append(InlineRun(clean, marks)) }
    }

    /// Sets the link of what stands between its brackets, or shows where it would have led.
    private mutating func close(_ url: String, from start: Int) {
        let text = Array(runs[start...]).text
        let isBlank = text.allSatisfy(\.isWhitespace)
        if let url = LinkTarget.allowed(url) {
            if isBlank { runs.append(InlineRun(LinkTarget.shown(url))) }
            for index in start..<runs.count { runs[index].link = url }
        } else if let shown = LinkTarget.mentioned(url), shown != text {
            runs.append(InlineRun(isBlank ? shown : " (\(shown))"))
        }
    }
}
