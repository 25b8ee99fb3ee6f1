/// What stands before the lines of a block.
struct Lead {
    var first: String
    var rest: String
    /// A line of its own before a code block: the marker of the item that begins with it.
    var alone: String?
}

/// How a dialect writes quotes and list items before lines.
protocol LinePrefixes {
    /// Whether code stands inside quotes.
    var quotesCode: Bool { get }
    /// Before the lines of a block whose first `known` containers the block before it has too.
    func lead(_ containers: [Container], _ known: Int, _ markers: Markers, isFence: Bool) -> Lead
    /// On the empty line between two blocks with these containers in common.
    func blank(_ containers: ArraySlice<Container>) -> String
}

/// Which of two markers each list has: two lists that follow each other must differ to stay two.
struct Markers {
    private var alternates: Set<Int> = []

    mutating func meet(_ previous: Block?, _ block: Block, _ common: Int) {
        guard let previous, common < previous.containers.count, common < block.containers.count else { return }
        let (before, after) = (previous.containers[common], block.containers[common])
        guard before.isItem, after.isItem, before.list != after.list, !alternates.contains(before.list) else { return }
        alternates.insert(after.list)
    }

    func isAlternate(_ list: Int) -> Bool { alternates.contains(list) }
}

/// Quotes and items as in Markdown, each in the one around it.
struct NestedPrefixes: LinePrefixes {
    var alternates: Bool
    var quotesCode: Bool { true }

    func lead(_ containers: [Container], _ known: Int, _ markers: Markers, isFence: Bool) -> Lead {
        var lead = Lead(first: "", rest: "")
        for (depth, container) in containers.enumerated() {
            guard container.isItem else {
                lead.first += "> "
                lead.rest += "> "
                continue
            }
            let marker = marker(container, depth, markers)
            // What a text begins with must stand right of the marker alone, without the box of a task.
            let blank = String(repeating: " ", count: marker.count)
            lead.first += depth < known ? blank : marker + box(container, depth == containers.count - 1)
            lead.rest += blank
        }
        return lead
    }

    func blank(_ containers: ArraySlice<Container>) -> String {
        guard let last = containers.lastIndex(where: { !$0.isItem }) else { return "" }
        return InlineNormalizer.withoutTrailingSpace(
            containers[...last].map { container in
                container.isItem ? String(repeating: " ", count: marker(container, 0, Markers()).count) : "> "
            }.joined()
        )
    }

    private func marker(_ container: Container, _ depth: Int, _ markers: Markers) -> String {
        let isAlternate = alternates && markers.isAlternate(container.list)
        if case .ordered(let number) = container.kind { return "\(number)\(isAlternate ? ")" : ".") " }
        // Three of one kind in a line would be a rule.
        return isAlternate ? "+ " : alternates && !depth.isMultiple(of: 2) ? "* " : "- "
    }

    private func box(_ container: Container, _ isInnermost: Bool) -> String {
        guard let isChecked = container.isChecked, isInnermost || !alternates else { return "" }
        return isChecked ? "[x] " : "[ ] "
    }
}

/// One level of quotes at the beginning of the line, and lists by indentation.
struct FlatPrefixes: LinePrefixes {
    var quote: String
    var bullet: String
    /// Behind the number of an item.
    var numberEnd: String
    var quotesCode: Bool

    func lead(_ containers: [Container], _ known: Int, _ markers: Markers, isFence: Bool) -> Lead {
        let isQuoted = containers.contains { !$0.isItem }
        var first = ""
        var rest = ""
        for (depth, container) in containers.enumerated() where container.isItem {
            let (marker, width) = marker(container)
            first += depth < known ? String(repeating: " ", count: width) : marker
            rest += String(repeating: " ", count: width)
        }
        let hasMarker = containers.dropFirst(known).contains(where: \.isItem)
        let start = isQuoted ? quote : ""
        guard isFence else { return Lead(first: start + first, rest: start + rest) }
        let code = isQuoted && quotesCode ? quote : ""
        let alone = hasMarker ? InlineNormalizer.withoutTrailingSpace(start + first) : nil
        return Lead(first: code, rest: code, alone: alone)
    }

    func blank(_ containers: ArraySlice<Container>) -> String {
        containers.contains { !$0.isItem } ? InlineNormalizer.withoutTrailingSpace(quote) : ""
    }

    private func marker(_ container: Container) -> (String, width: Int) {
        let box = container.isChecked.map { $0 ? "☑ " : "☐ " } ?? ""
        switch container.kind {
        case .ordered(let number): return ("\(number)\(numberEnd)\(box)", "\(number). ".count)
        default: return (box.isEmpty || bullet == "- " ? bullet + box : box, 2)
        }
    }
}
