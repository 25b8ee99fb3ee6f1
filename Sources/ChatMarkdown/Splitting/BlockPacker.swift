/// Fills one part after the other with blocks, and has those cut that are longer than a part.
struct BlockPacker {
    private let limit: Int
    private let measure: Measure
    private var done: [[Block]] = []
    private var part: [Block] = []
    private var used = 0
    /// Containers of earlier parts: an item that has begun there goes on without its marker.
    private var begun: Set<Int> = []

    static func parts(of blocks: [Block], limit: Int, unit: TextUnit, dialect: ChatDialect) -> [[Block]] {
        var packer = BlockPacker(limit: limit, measure: Measure(unit: unit, dialect: dialect))
        for block in blocks { packer.add(block) }
        packer.flush(keepsHeading: false)
        return packer.done
    }

    private init(limit: Int, measure: Measure) {
        self.limit = limit
        self.measure = measure
    }

    private mutating func add(_ block: Block) {
        var waiting = [block]
        while let next = waiting.popLast() {
            let block = standing(next)
            let separator = part.isEmpty ? 0 : 2 + 4 * block.containers.count
            let room = limit - used - separator
            let cost = measure.cost(block, stopAt: limit)
            if cost <= room {
                part.append(block)
                used += cost + separator
                continue
            }
            // What fits in a part of its own, or finds little room in this one, begins the next.
            let isHeadingAlone = part.count == 1 && part[0].isHeading && room > limit / 2
            if !part.isEmpty, !isHeadingAlone, cost <= limit || room < limit / 3 {
                flush(keepsHeading: true)
                waiting.append(next)
                continue
            }
            switch BlockCutter(measure: measure, budget: room, isWholePart: part.isEmpty).cut(block) {
            case .cut(let head, let tail):
                part.append(head)
                flush(keepsHeading: false)
                waiting.append(contentsOf: tail.map { [$0] } ?? [])
            case .replaced(let blocks): waiting += blocks.reversed()
            case .noRoom where part.isEmpty:
                part.append(block)
                flush(keepsHeading: false)
            case .noRoom:
                flush(keepsHeading: true)
                waiting.append(next)
            }
        }
    }

    /// The block in what it stands in here: without items that began in an earlier part, and without anything when that
    /// alone would fill half a part.
    private func standing(_ block: Block) -> Block {
        guard !block.containers.isEmpty else { return block }
        var block = block
        block.containers.removeAll { $0.isItem && begun.contains($0.id) }
        if block.containers.count > 2, measure.cost(Block(containers: block.containers, .rule)) > limit / 2 {
            block.containers = []
        }
        return block
    }

    /// Ends the part; a heading at its end belongs to what follows.
    private mutating func flush(keepsHeading: Bool) {
        guard !part.isEmpty else { return }
        var carried: Block?
        if keepsHeading, part.count > 1, let last = part.last, last.isHeading {
            let cost = measure.cost(last)
            if cost <= limit / 4 {
                carried = part.removeLast()
                used = cost
            }
        }
        for block in part { begun.formUnion(block.containers.map(\.id)) }
        done.append(part)
        part = carried.map { [$0] } ?? []
        if carried == nil { used = 0 }
    }
}

/// Measures blocks as the platform will.
struct Measure {
    var unit: TextUnit
    var dialect: ChatDialect

    /// How long the block is by itself; `Int.max` when that is surely more than `bound`, which saves looking.
    func cost(_ block: Block, stopAt bound: Int = .max) -> Int {
        // No unit is more than four bytes, and no dialect writes less than the text.
        if bound < .max / 4, block.content.isLonger(than: bound * 4) { return .max }
        return unit.count(Renderer.render([block], dialect))
    }
}

extension Block {
    fileprivate var isHeading: Bool { if case .heading = content { true } else { false } }
}

extension Block.Content {
    /// Whether its text has more bytes than these; looks no farther than it must.
    fileprivate func isLonger(than limit: Int) -> Bool {
        var count = 0
        func isLonger(_ runs: [InlineRun]) -> Bool {
            for run in runs {
                count += run.text.utf8.count
                if count > limit { return true }
            }
            return false
        }
        switch self {
        case .paragraph(let runs), .heading(_, let runs): return isLonger(runs)
        case .code(_, let text): return text.utf8.count > limit
        case .table(let table):
            if table.header.contains(where: isLonger) { return true }
            return table.rows.contains { $0.contains(where: isLonger) }
        case .rule: return false
        }
    }
}
