/// Cuts a block so that its beginning fits.
struct BlockCutter {
    var measure: Measure
    var budget: Int
    /// False when more room can be had by beginning another part.
    var isWholePart: Bool

    enum Result {
        /// The beginning, and what is left.
        case cut(head: Block, tail: Block?)
        /// The same text in blocks that can be cut.
        case replaced([Block])
        case noRoom
    }

    func cut(_ block: Block) -> Result {
        switch block.content {
        case .paragraph(let runs):
            cut(runs, block) { Block(containers: block.containers, .paragraph($0)) }
        case .heading(let level, let runs):
            cut(runs, block) { Block(containers: block.containers, .heading(level: level, $0)) }
        case .code(let language, let text):
            cut(text, block) { Block(containers: block.containers, .code(language: language, text: $0)) }
        case .table(let table): cut(table, block)
        case .rule: .noRoom
        }
    }

    // MARK: Text

    private func cut(_ runs: [InlineRun], _ block: Block, _ make: ([InlineRun]) -> Block) -> Result {
        let window = RunWindow(runs, bytes: budget * 4 + 64)
        let fitting = longest(window.bytes) { measure.cost(make(window.runs(upTo: $0))) }
        let isBare = block.containers.isEmpty && runs.allSatisfy { $0.marks.isEmpty && $0.link == nil }
        let boundary = TextBoundary(window.bytes, links: window.links, cutsScalars: isWholePart && isBare)
        if let cut = boundary.lastInText(upTo: fitting) {
            let head = InlineNormalizer.normalized(window.runs(upTo: cut.end))
            let tail = RunWindow.rest(of: runs, from: cut.next)
            guard !head.isEmpty else { return tail.isEmpty ? .noRoom : .replaced([make(tail)]) }
            return .cut(head: make(head), tail: tail.isEmpty ? nil : make(tail))
        }
        guard isWholePart else { return .noRoom }
        if let shown = RunWindow.withoutFirstLink(runs) { return .replaced([make(shown)]) }
        // Not even one character fits: before it is cut, containers and marks are given up.
        if isBare { return .noRoom }
        return .replaced([Block(.paragraph(runs.map { $0.isLineBreak ? $0 : InlineRun($0.text) }))])
    }

    private func cut(_ text: String, _ block: Block, _ make: (String) -> Block) -> Result {
        let bytes = Array(text.utf8.prefix(budget * 4 + 64))
        let fitting = longest(bytes) { measure.cost(make(Self.prefix(text, $0))) }
        guard let cut = TextBoundary(bytes, links: [], cutsScalars: false).lastInCode(upTo: fitting) else {
            // The fence and what is around it leave no room for a single character.
            return isWholePart ? .replaced([Block(.paragraph(InlineNormalizer.lines(text)))]) : .noRoom
        }
        let head = VisibleText.code(Self.prefix(text, cut.end))
        let tail = String(decoding: text.utf8.dropFirst(cut.next), as: UTF8.self)
        let isBlank = tail.unicodeScalars.allSatisfy(VisibleText.isSpace)
        guard !head.isEmpty else { return isBlank ? .noRoom : .replaced([make(tail)]) }
        return .cut(head: make(head), tail: isBlank ? nil : make(tail))
    }

    private static func prefix(_ text: String, _ count: Int) -> String {
        String(decoding: text.utf8.prefix(count), as: UTF8.self)
    }

    /// The most bytes, to the end of a scalar, whose cost is within the budget; near enough when it is most of the budget.
    private func longest(_ bytes: [UInt8], _ cost: (Int) -> Int) -> Int {
        func start(_ offset: Int) -> Int {
            var offset = offset
            while offset > 0, offset < bytes.count, bytes[offset] & 0xC0 == 0x80 { offset -= 1 }
            return offset
        }
        func end(_ offset: Int) -> Int {
            var end = offset + 1
            while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
            return end
        }
        return ProportionalSearch(count: bytes.count, budget: budget, floor: start, following: end)
            .longest(from: budget, cost)
    }

    // MARK: Tables

    private func cut(_ table: Table, _ block: Block) -> Result {
        func make(_ rows: ArraySlice<[Table.Cell]>) -> Block {
            Block(
                containers: block.containers,
                .table(
                    Table(
                        alignments: table.alignments,
                        header: table.header,
                        rows: Array(rows),
                        isContinued: table.isContinued || rows.startIndex > 0
                    )
                )
            )
        }
        let search = ProportionalSearch(count: table.rows.count, budget: budget, floor: { $0 }, following: { $0 + 1 })
        let low = search.longest(from: 8) { measure.cost(make(table.rows[..<$0]), stopAt: budget) }
        if low > 0 {
            let rest = table.rows[low...]
            return .cut(head: make(table.rows[..<low]), tail: rest.isEmpty ? nil : make(rest))
        }
        guard isWholePart else { return .noRoom }
        // Header and one row are longer than a part: lines of text, which can be cut.
        let rows = ((table.isContinued ? [] : [table.header]) + table.rows).map {
            InlineNormalizer.normalized(Array($0.joined(separator: [.lineBreak])))
        }
        return .replaced(rows.filter { !$0.isEmpty }.map { Block(containers: block.containers, .paragraph($0)) })
    }
}
