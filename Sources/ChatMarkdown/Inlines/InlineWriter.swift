/// Writes the runs of one line: opens and closes styles so that they nest, the longest outside, and white space at the
/// end of a style stands behind what closes it.
struct InlineWriter {
    let rules: any InlineRules

    private struct Opened {
        var style: InlineStyle
        var closer: String
    }

    /// What happens before a run.
    private struct Boundary {
        /// How many of the open styles stay open.
        var kept: Int
        var opening: [InlineStyle]
    }

    func write(_ runs: ArraySlice<InlineRun>, into out: inout Output) {
        if runs.count == 1, let only = runs.first, only.marks.isEmpty, only.link == nil {
            return rules.text(only.text, [.lineStart, .end], &out)
        }
        if runs.isEmpty { return }
        let line = StyledLine(runs, rules)
        var opened: [Opened] = []
        // White space that waits for what is closed before it.
        var held = ""
        var boundary = boundary(line, 0, opened)
        for index in line.runs.indices {
            let run = line.runs[index]
            let isCode = run.marks.contains(.code)
            let closesMark = opened[boundary.kept...].contains { !$0.style.isLink }
            let isChange = boundary.kept < opened.count || !boundary.opening.isEmpty
            while opened.count > boundary.kept { out.append(opened.removeLast().closer) }
            var text = run.text
            if !isCode, isChange { held += Self.takeLeadingSpace(&text) }
            let isSpaced = !held.isEmpty
            if isSpaced { rules.text(held, .end, &out) }
            held = ""
            for style in boundary.opening {
                let left = isSpaced ? " " : index > 0 ? line.runs[index - 1].text.unicodeScalars.last : nil
                let end = index + line.reach(index, style)
                let right = end < line.runs.count ? line.runs[end].text.unicodeScalars.first : nil
                opened.append(Opened(style: style, closer: rules.open(style, between: left, and: right, &out)))
            }
            var edges: TextEdges = index == 0 && boundary.opening.isEmpty ? .lineStart : []
            if closesMark, !isSpaced { edges.insert(.afterCloser) }
            if index + 1 < line.runs.count {
                boundary = self.boundary(line, index + 1, opened)
                if boundary.kept < opened.count, !isCode { held = Self.takeTrailingSpace(&text) }
                if boundary.opening.contains(where: { !$0.isLink }) { edges.insert(.beforeOpener) }
                let next = line.runs[index + 1]
                let isTextNext = !next.marks.contains(.code) && next.link == run.link
                if boundary.kept < opened.count || !boundary.opening.isEmpty || !isTextNext { edges.insert(.end) }
            } else {
                edges.insert(.end)
            }
            if line.isBare[index], let url = run.link {
                rules.bareLink(text, url, &out)
            } else if isCode {
                rules.code(text, &out)
            } else if !text.isEmpty {
                rules.text(text, edges, &out)
            }
        }
        while let last = opened.popLast() { out.append(last.closer) }
    }

    private func boundary(_ line: StyledLine, _ index: Int, _ opened: [Opened]) -> Boundary {
        let wanted = line.wanted(index)
        var kept = 0
        while kept < opened.count, wanted.contains(opened[kept].style) { kept += 1 }
        var missing = wanted.filter { style in !opened[..<kept].contains { $0.style == style } }
        if missing.count > 1 {
            // The sort is not stable, so that the order of kinds is a part of the key.
            missing = missing.enumerated().map { (reach: line.reach(index, $1), order: $0, style: $1) }
                .sorted { $0.reach != $1.reach ? $0.reach > $1.reach : $0.order < $1.order }
                .map(\.style)
        }
        return Boundary(kept: kept, opening: missing)
    }

    private static func takeLeadingSpace(_ text: inout String) -> String {
        guard let first = text.unicodeScalars.first, VisibleText.isSpace(first) else { return "" }
        let kept = text.unicodeScalars.drop(while: VisibleText.isSpace)
        defer { text = String(kept) }
        return String(text[..<kept.startIndex])
    }

    private static func takeTrailingSpace(_ text: inout String) -> String {
        let kept = InlineNormalizer.withoutTrailingSpace(text)
        guard kept.utf8.count < text.utf8.count else { return "" }
        defer { text = kept }
        return String(decoding: text.utf8.dropFirst(kept.utf8.count), as: UTF8.self)
    }
}
