/// Writes blocks in a dialect.
enum Renderer {
    static func render(_ blocks: ArraySlice<Block>, _ dialect: ChatDialect) -> String {
        switch dialect {
        case .matrixHTML: HTMLRenderer(isMail: false).render(blocks)
        case .emailHTML: HTMLRenderer(isMail: true).render(blocks)
        default: TextRenderer(dialect).render(blocks)
        }
    }
}

/// How a block stands to the one before it.
struct Succession {
    /// How many containers they have in common.
    let common: Int
    /// Whether no empty line is between them.
    let isTight: Bool

    init(_ previous: Block?, _ block: Block) {
        guard let previous else {
            common = 0
            isTight = true
            return
        }
        let (before, after) = (previous.containers, block.containers)
        var common = 0
        while common < min(before.count, after.count), before[common].id == after[common].id { common += 1 }
        self.common = common
        let isSibling =
            common < before.count && common < after.count && before[common].isItem
            && before[common].list == after[common].list && after[common].isItem
        let isInTightItem = common > 0 && after[common - 1].isItem && after[common - 1].isTight
        let isTight = isSibling ? after[common].isTight : isInTightItem
        self.isTight = isTight && (isSibling || !Self.wouldJoin(previous, block, common))
    }

    /// True when the block would be read as the end of a paragraph right before it.
    private static func wouldJoin(_ previous: Block, _ block: Block, _ common: Int) -> Bool {
        guard case .paragraph = previous.content else { return false }
        if common == block.containers.count {
            switch block.content {
            case .paragraph, .table: return true
            default: return false
            }
        }
        if case .ordered(let number) = block.containers[common].kind, number != 1 { return true }
        return block.content == .paragraph([])
    }
}
