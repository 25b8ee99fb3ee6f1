/// The runs of a line with the styles that a dialect opens around each.
struct StyledLine {
    let runs: [InlineRun]
    private(set) var styles: [StyleKinds]
    private(set) var isBare: [Bool]

    /// How far a style is looked for when it is decided which one is outside.
    private static let lookahead = 64

    init(_ line: ArraySlice<InlineRun>, _ rules: any InlineRules) {
        runs = Array(line)
        styles = []
        isBare = []
        let accepted = (text: rules.styles, code: rules.stylesAroundCode)
        for index in runs.indices {
            let run = runs[index]
            let bare = Self.isBare(runs, index)
            isBare.append(bare)
            // The bits of the marks are those of the kinds.
            let link = run.link == nil || bare ? 0 : StyleKinds.link.rawValue
            let all = StyleKinds(rawValue: run.marks.rawValue & ~TextMarks.code.rawValue | link)
            styles.append(all.intersection(run.marks.contains(.code) ? accepted.code : accepted.text))
        }
        if runs.count > 1 { clearBlanks() }
    }

    /// The styles around a run, links first.
    func wanted(_ index: Int) -> [InlineStyle] {
        let kinds = styles[index]
        if kinds.isEmpty { return [] }
        var all: [InlineStyle] = []
        if kinds.contains(.link), let link = runs[index].link { all.append(.link(link)) }
        if kinds.contains(.bold) { all.append(.bold) }
        if kinds.contains(.italic) { all.append(.italic) }
        if kinds.contains(.strike) { all.append(.strike) }
        return all
    }

    /// Over how many runs a style goes on that begins with this one; what is farther than the lookahead is not counted.
    func reach(_ index: Int, _ style: InlineStyle) -> Int {
        var end = index + 1
        while end < runs.count, end - index < Self.lookahead, styles[end].contains(style.kind),
            !style.isLink || runs[end].link == runs[index].link
        { end += 1 }
        return end - index
    }

    /// White space alone opens and closes nothing: it has only the styles that go on through it.
    private mutating func clearBlanks() {
        let isBlank = runs.map { run in
            guard let first = run.text.unicodeScalars.first, VisibleText.isSpace(first) else { return false }
            return !run.marks.contains(.code) && run.text.unicodeScalars.allSatisfy(VisibleText.isSpace)
        }
        guard isBlank.contains(true) else { return }
        var last: Int?
        for index in runs.indices {
            guard isBlank[index] else {
                last = index
                continue
            }
            var next = index + 1
            while next < runs.count, isBlank[next] { next += 1 }
            guard let last, next < runs.count else {
                styles[index] = []
                continue
            }
            styles[index] = styles[index].intersection(styles[last]).intersection(styles[next])
            if runs[last].link != runs[index].link || runs[next].link != runs[index].link {
                styles[index].remove(.link)
            }
        }
    }

    private static func isBare(_ runs: [InlineRun], _ index: Int) -> Bool {
        guard let link = runs[index].link, !runs[index].marks.contains(.code) else { return false }
        if index > 0, runs[index - 1].link == link { return false }
        if index + 1 < runs.count, runs[index + 1].link == link { return false }
        return LinkTarget.isBare(runs[index].text, link)
    }
}
