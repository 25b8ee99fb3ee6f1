import CMarkGFM

/// Walks the C tree without recursion and makes blocks of it.
struct TreeWalk {
    private(set) var blocks: [Block] = []
    private var containers: [Container] = []
    /// For each list, quote and item that is open: whether it has put something on `containers`.
    private var lists: [(id: Int, next: Int, node: OpaquePointer)] = []
    private var pushed: [Bool] = []
    private var blocksAtItem: [Int] = []
    /// Items of tasks that have something in them.
    private var boxed: Set<Int> = []
    private var nextID = 1
    private var inlines = InlineCollector()
    private var table: Table?
    private var rowCells: [Table.Cell] = []

    mutating func run(_ root: OpaquePointer) {
        guard let walk = cmark_iter_new(root) else { return }
        defer { cmark_iter_free(walk) }
        while true {
            let event = cmark_iter_next(walk)
            guard event != CMARK_EVENT_DONE, let node = cmark_iter_get_node(walk) else { return }
            if event == CMARK_EVENT_ENTER { enter(node) } else { leave(node) }
        }
    }

    private mutating func enter(_ node: OpaquePointer) {
        let type = cmark_node_get_type(node)
        switch type {
        case CMARK_NODE_BLOCK_QUOTE: push(Container(id: newID(), kind: .quote))
        case CMARK_NODE_LIST:
            // More digits than nine are no marker, so that the numbers of a long list must stay below that.
            let start = min(Int(cmark_node_get_list_start(node)), 900_000_000)
            lists.append((newID(), start, node))
        case CMARK_NODE_ITEM: enterItem(node)
        case CMARK_NODE_CODE_BLOCK:
            let text = VisibleText.code(string(cmark_node_get_literal(node)))
            if !text.isEmpty {
                add(.code(language: VisibleText.language(string(cmark_node_get_fence_info(node))), text: text))
            }
        case CMARK_NODE_HTML_BLOCK:
            let runs = InlineNormalizer.lines(VisibleText.cleaned(string(cmark_node_get_literal(node)), in: .code))
            if !runs.isEmpty { add(.paragraph(runs)) }
        case CMARK_NODE_THEMATIC_BREAK: add(.rule)
        case CMARK_NODE_DOCUMENT, CMARK_NODE_PARAGRAPH, CMARK_NODE_HEADING: break
        default:
            if isInline(type) { inlines.enter(node, type) } else { enterExtension(node) }
        }
    }

    private mutating func leave(_ node: OpaquePointer) {
        let type = cmark_node_get_type(node)
        switch type {
        case CMARK_NODE_BLOCK_QUOTE: pop()
        case CMARK_NODE_LIST: lists.removeLast()
        case CMARK_NODE_ITEM: leaveItem()
        case CMARK_NODE_PARAGRAPH:
            let runs = inlines.taken(oneLine: false)
            if !runs.isEmpty { add(.paragraph(runs)) }
        case CMARK_NODE_HEADING:
            let runs = inlines.taken(oneLine: true)
            if !runs.isEmpty { add(.heading(level: Int(cmark_node_get_heading_level(node)), runs)) }
        default:
            if isInline(type) { inlines.leave(node, type) } else { leaveExtension(node) }
        }
    }

    // MARK: Quotes and items

    private mutating func newID() -> Int {
        defer { nextID += 1 }
        return nextID
    }

    private mutating func push(_ container: Container) {
        let fits = containers.count < MarkdownDocument.depthLimit
        if fits { containers.append(container) }
        pushed.append(fits)
    }

    private mutating func pop() {
        if pushed.removeLast() { containers.removeLast() }
    }

    private mutating func enterItem(_ node: OpaquePointer) {
        blocksAtItem.append(blocks.count)
        guard let list = lists.last else { return push(Container(id: newID(), kind: .bullet)) }
        let isOrdered = cmark_node_get_list_type(list.node) == CMARK_ORDERED_LIST
        var item = Container(id: newID(), kind: isOrdered ? .ordered(number: list.next) : .bullet, list: list.id)
        item.isTight = cmark_node_get_list_tight(list.node) != 0
        let isTask = string(cmark_node_get_type_string(node)) == "tasklist"
        if isTask { item.isChecked = cmark_gfm_extensions_get_tasklist_item_checked(node) }
        lists[lists.count - 1].next += 1
        push(item)
    }

    private mutating func leaveItem() {
        if blocks.count == blocksAtItem.removeLast(), pushed.last == true {
            add(.paragraph([]))
        }
        pop()
    }

    private mutating func add(_ content: Block.Content) {
        var content = content
        for depth in containers.indices {
            guard let isChecked = containers[depth].isChecked, !boxed.contains(containers[depth].id) else { continue }
            boxed.insert(containers[depth].id)
            let box = isChecked ? "☑" : "☐"
            if case .paragraph(let runs) = content, !runs.isEmpty, depth == containers.count - 1 {
                // Behind the marker of another item, in the same line, the parser sees no box.
                guard blocksAtItem.dropLast().last == blocks.count else { continue }
                containers[depth].isChecked = nil
                content = .paragraph(InlineNormalizer.normalized([InlineRun(box + " ")] + runs))
            } else {
                // Markdown has the box of a task only before text: before anything else it becomes a text of its own.
                containers[depth].isChecked = nil
                blocks.append(Block(containers: Array(containers[...depth]), .paragraph([InlineRun(box)])))
            }
        }
        blocks.append(Block(containers: containers, content))
    }

    // MARK: Tables

    private func isInline(_ type: cmark_node_type) -> Bool {
        type.rawValue & 0xC000 == CMARK_NODE_TEXT.rawValue & 0xC000
    }

    private mutating func enterExtension(_ node: OpaquePointer) {
        guard string(cmark_node_get_type_string(node)) == "table" else { return }
        let count = Int(cmark_gfm_extensions_get_table_columns(node))
        let letters = cmark_gfm_extensions_get_table_alignments(node)
        let alignments = (0..<count).map { column -> Table.Alignment in
            switch letters?[column] {
            case UInt8(ascii: "l"): .left
            case UInt8(ascii: "c"): .center
            case UInt8(ascii: "r"): .right
            default: .natural
            }
        }
        table = Table(alignments: alignments, header: [], rows: [])
    }

    private mutating func leaveExtension(_ node: OpaquePointer) {
        switch string(cmark_node_get_type_string(node)) {
        case "table_cell": rowCells.append(inlines.taken(oneLine: true))
        case "table_header":
            let cells = fitted(rowCells)
            table?.header = cells
            rowCells = []
        case "table_row":
            let cells = fitted(rowCells)
            table?.rows.append(cells)
            rowCells = []
        case "table":
            if let table, !table.alignments.isEmpty { add(.table(table)) }
            table = nil
        default: inlines.reset()
        }
    }

    private func fitted(_ cells: [Table.Cell]) -> [Table.Cell] {
        let width = table?.alignments.count ?? 0
        return Array(cells.prefix(width)) + Array(repeating: [], count: max(0, width - cells.count))
    }
}

/// The text of a C string; empty for none.
func string(_ bytes: UnsafePointer<CChar>?) -> String {
    bytes.map { String(cString: $0) } ?? ""
}
