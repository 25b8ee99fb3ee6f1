/// The normal form of runs: neighbours alike are one, no mark or link begins or ends with white space, no line is blank,
/// and none has white space at its ends.
enum InlineNormalizer {
    static func normalized(_ runs: [InlineRun], oneLine: Bool = false) -> [InlineRun] {
        var result: [InlineRun] = []
        for line in runs.split(whereSeparator: \.isLineBreak) {
            let tidy = tidied(Array(line))
            guard !tidy.isEmpty else { continue }
            if !result.isEmpty { result.append(oneLine ? InlineRun(" ") : .lineBreak) }
            result += tidy
        }
        return oneLine ? merged(result) : result
    }

    /// Literal text of several lines.
    static func lines(_ text: String) -> [InlineRun] {
        normalized(text.split(separator: "\n").flatMap { [InlineRun(String($0)), .lineBreak] })
    }

    private static func tidied(_ runs: [InlineRun]) -> [InlineRun] {
        var runs = merged(runs)
        // The common case: nothing begins or ends with a space.
        if runs.count == 1, runs[0].marks.isEmpty, runs[0].link == nil {
            runs[0].text = trimmed(runs[0].text)
            return runs[0].text.isEmpty ? [] : runs
        }
        trimEnds(&runs)
        for mark in [TextMarks.bold, .italic, .strike] where runs.contains(where: { $0.marks.contains(mark) }) {
            runs = withoutBlankEdges(runs, same: { $0.marks.contains(mark) && $1.marks.contains(mark) }) {
                $0.marks.remove(mark)
            }
        }
        if runs.contains(where: { $0.link != nil }) {
            runs = withoutBlankEdges(runs, same: { $0.link != nil && $0.link == $1.link }) { $0.link = nil }
        }
        return merged(runs)
    }

    private static func merged(_ runs: [InlineRun]) -> [InlineRun] {
        var result: [InlineRun] = []
        for run in runs where !run.text.isEmpty {
            if let last = result.last, last.marks == run.marks, last.link == run.link {
                result[result.count - 1].text += run.text
            } else {
                result.append(run)
            }
        }
        return result
    }

    private static func trimEnds(_ runs: inout [InlineRun]) {
        while let first = runs.first, !first.marks.contains(.code) {
            let kept = first.text.unicodeScalars.drop(while: VisibleText.isSpace)
            guard kept.isEmpty else {
                runs[0].text = String(kept)
                break
            }
            runs.removeFirst()
        }
        while let last = runs.last, !last.marks.contains(.code) {
            let kept = dropLast(last.text)
            guard kept.isEmpty else {
                runs[runs.count - 1].text = String(kept)
                break
            }
            runs.removeLast()
        }
    }

    /// For each stretch of runs that are the `same`: takes the attribute from the white space at its ends.
    private static func withoutBlankEdges(
        _ runs: [InlineRun],
        same: (InlineRun, InlineRun) -> Bool,
        clear: (inout InlineRun) -> Void
    ) -> [InlineRun] {
        var result: [InlineRun] = []
        var index = 0
        while index < runs.count {
            guard same(runs[index], runs[index]) else {
                result.append(runs[index])
                index += 1
                continue
            }
            var end = index + 1
            while end < runs.count, same(runs[index], runs[end]) { end += 1 }
            result += cleared(Array(runs[index..<end]), clear)
            index = end
        }
        return result
    }

    private static func cleared(_ stretch: [InlineRun], _ clear: (inout InlineRun) -> Void) -> [InlineRun] {
        var middle = stretch[...]
        var head: [InlineRun] = []
        var tail: [InlineRun] = []
        while let run = middle.first, !run.marks.contains(.code) {
            let kept = String(run.text.unicodeScalars.drop(while: VisibleText.isSpace))
            if kept == run.text { break }
            var blank = run
            blank.text = String(run.text.unicodeScalars.prefix(while: VisibleText.isSpace))
            clear(&blank)
            head.append(blank)
            if kept.isEmpty { middle.removeFirst() } else { middle[middle.startIndex].text = kept }
        }
        while let run = middle.last, !run.marks.contains(.code) {
            let kept = String(dropLast(run.text))
            if kept == run.text { break }
            var blank = run
            blank.text = String(run.text.unicodeScalars.dropFirst(kept.unicodeScalars.count))
            clear(&blank)
            tail.insert(blank, at: 0)
            if kept.isEmpty { middle.removeLast() } else { middle[middle.endIndex - 1].text = kept }
        }
        return head + middle + tail
    }

    static func trimmed(_ text: String) -> String {
        guard let first = text.unicodeScalars.first, let last = text.unicodeScalars.last,
            VisibleText.isSpace(first) || VisibleText.isSpace(last)
        else { return text }
        return String(dropLast(String(text.unicodeScalars.drop(while: VisibleText.isSpace))))
    }

    static func withoutTrailingSpace(_ text: String) -> String {
        guard let last = text.unicodeScalars.last, VisibleText.isSpace(last) else { return text }
        return String(dropLast(text))
    }

    private static func dropLast(_ text: String) -> Substring.UnicodeScalarView {
        var kept = text.unicodeScalars[...]
        while let last = kept.last, VisibleText.isSpace(last) { kept.removeLast() }
        return kept
    }
}
