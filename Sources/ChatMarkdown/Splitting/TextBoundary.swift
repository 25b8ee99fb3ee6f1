/// The best place for a cut in a text.
struct TextBoundary {
    /// The head ends at `end`, the tail begins at `next`; between them is white space that is left away.
    struct Cut: Equatable {
        var end: Int
        var next: Int
    }

    private let bytes: [UInt8]
    private let links: [Range<Int>]
    private let cutsScalars: Bool

    /// A text in UTF-8, the ranges in which no cut is made, and whether a character may be cut that is too long.
    init(_ bytes: [UInt8], links: [Range<Int>], cutsScalars: Bool) {
        self.bytes = bytes
        self.links = links
        self.cutsScalars = cutsScalars
    }

    /// The last line, else sentence, of the second half, else the last word, else the last character that ends at `limit`
    /// or before; nil when a link stands from the beginning to behind it, or when there is nothing before it.
    func lastInText(upTo limit: Int) -> Cut? {
        guard limit > 0 else { return nil }
        var sentence: Cut?
        var word: Cut?
        var index = min(limit, bytes.count - 1)
        while index > 0 {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\n"), index >= limit / 2 { return skippingSpace(index) }
            if byte <= 0x20, sentence == nil, isOutsideLinks(index), let cut = clean(index) {
                if word == nil { word = cut }
                if index >= limit / 2, endsSentence(index) { sentence = cut }
            } else if byte >= 0xE3, sentence == nil, index >= limit / 2, index < limit, isWideStop(index),
                isOutsideLinks(index + 3), index + 3 <= limit, startsCharacter(index + 3)
            {
                sentence = skippingSpace(index + 3)
            }
            // Below the half only a word is of use, and the last of them is the best.
            if index < limit / 2, sentence != nil || word != nil { break }
            index -= 1
        }
        if let sentence { return sentence }
        if let word, word.end > 0 { return word }
        return lastCharacter(upTo: limit)
    }

    /// The last line that ends at `limit` or before, else word, else character; only the newline is left away.
    func lastInCode(upTo limit: Int) -> Cut? {
        guard limit > 0 else { return nil }
        var word: Cut?
        var index = min(limit, bytes.count - 1)
        while index > 0 {
            if bytes[index] == UInt8(ascii: "\n") { return Cut(end: index, next: index + 1) }
            if bytes[index] == UInt8(ascii: " "), word == nil, index >= limit / 2, clean(index) != nil {
                word = Cut(end: index, next: index)
            }
            index -= 1
        }
        return word ?? lastCharacter(upTo: limit)
    }

    // MARK: Characters

    /// Where the last character ends that ends at `limit` or before; the last scalar when the first character does not.
    private func lastCharacter(upTo limit: Int) -> Cut? {
        // The end of a character depends on what is before it: whole words are looked at, from their beginning.
        var start = min(limit, bytes.count)
        while start > 0, !(start < bytes.count && bytes[start] <= 0x20) { start -= 1 }
        let text = String(decoding: bytes[start...], as: UTF8.self)
        var end = start
        var best = 0
        for character in text {
            end += character.utf8.count
            if end > limit { break }
            if end > 0, isOutsideLinks(end) { best = end }
        }
        if best > 0 { return Cut(end: best, next: best) }
        guard isOutsideLinks(limit) else {
            return link(around: limit).flatMap {
                $0.lowerBound > 0 ? Cut(end: $0.lowerBound, next: $0.lowerBound) : nil
            }
        }
        return cutsScalars ? Cut(end: limit, next: limit) : nil
    }

    private func isOutsideLinks(_ offset: Int) -> Bool {
        link(around: offset) == nil
    }

    /// The link that a cut at this offset would go through.
    private func link(around offset: Int) -> Range<Int>? {
        var low = 0
        var high = links.count
        while low < high {
            let middle = (low + high) / 2
            if links[middle].upperBound <= offset { low = middle + 1 } else { high = middle }
        }
        return low < links.count && links[low].lowerBound < offset ? links[low] : nil
    }

    /// The cut at white space, unless a mark that joins with it follows.
    private func clean(_ index: Int) -> Cut? {
        let cut = skippingSpace(index)
        return startsCharacter(cut.next) ? cut : nil
    }

    private func startsCharacter(_ offset: Int) -> Bool {
        guard offset < bytes.count, bytes[offset] >= 0x80, offset > 0 else { return true }
        // One scalar before and one after are enough to see whether a mark joins to white space or a full stop.
        var before = offset - 1
        while before > 0, bytes[before] & 0xC0 == 0x80 { before -= 1 }
        let after = min(bytes.count, offset + 4)
        let text = String(decoding: bytes[before..<after], as: UTF8.self)
        return text.first?.utf8.count == offset - before
    }

    private func skippingSpace(_ index: Int) -> Cut {
        var end = index
        while end > 0, bytes[end - 1] <= 0x20 { end -= 1 }
        var next = index
        while next < bytes.count, bytes[next] <= 0x20 { next += 1 }
        return Cut(end: end, next: next)
    }

    // MARK: Sentences

    private func endsSentence(_ space: Int) -> Bool {
        var index = space - 1
        let closing = ByteSet("\"')]*_")
        while index > 0, closing.contains(bytes[index]) { index -= 1 }
        guard index >= 0 else { return false }
        return ByteSet(".!?:").contains(bytes[index]) || (index > 1 && isWideStop(index - 2))
    }

    /// True for `。`, `！`, `？` and `…`.
    private func isWideStop(_ index: Int) -> Bool {
        guard index >= 0, index + 2 < bytes.count else { return false }
        switch (bytes[index], bytes[index + 1], bytes[index + 2]) {
        case (0xE3, 0x80, 0x82), (0xEF, 0xBC, 0x81), (0xEF, 0xBC, 0x9F), (0xE2, 0x80, 0xA6): return true
        default: return false
        }
    }
}
