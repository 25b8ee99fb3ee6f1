import Core

/// Takes a model's answer apart while it streams.
///
/// Text is fed as it comes, cut anywhere. Pieces of message blocks are given out at once, all pieces of a block joined
/// are its text. A block that the answer leaves open ends with the answer; an `<internal>` part left open hides the
/// rest. Tags that the grammar does not know are text.
package struct ReplyParser: Sendable {
    private enum Place {
        case outside
        case message
    }

    private var pending: [UInt8] = []
    private var place = Place.outside
    private var isInternal = false
    private var leftover: [UInt8] = []
    private var blocks: [ReplyBlock] = []

    private var destination = ""
    private var body = ""
    private var decoder = EntityDecoder()
    /// White space at the end of the block so far: given out only if text follows.
    private var trailing = ""

    package init() {}

    /// Takes more of the answer; returns what is new inside message blocks.
    package mutating func feed(_ text: String) -> [ReplyChunk] {
        pending += text.utf8
        return advance(isOver: false)
    }

    /// Ends the answer: what was held back counts as text.
    package mutating func finish() -> (reply: Reply, chunks: [ReplyChunk]) {
        var chunks = advance(isOver: true)
        if place == .message { closeBlock(&chunks) }
        let text = String(decoding: leftover, as: UTF8.self).trimmingWhiteSpace
        return (Reply(blocks: blocks, leftover: text), chunks)
    }

    private mutating func advance(isOver: Bool) -> [ReplyChunk] {
        var chunks: [ReplyChunk] = []
        var index = 0
        scan: while index < pending.count {
            let start = pending[index...].firstIndex(of: UInt8(ascii: "<")) ?? pending.count
            if start > index {
                take(Array(pending[index..<start]), &chunks)
                index = start
                continue
            }
            switch ReplyTag.scan(pending[index...]) {
            case .tag(let tag, let length):
                if !apply(tag, &chunks) { take(Array(pending[index..<(index + length)]), &chunks) }
                index += length
            case .incomplete where !isOver:
                break scan
            case .text, .incomplete:
                take([pending[index]], &chunks)
                index += 1
            }
        }
        pending.removeFirst(index)
        return chunks
    }

    /// Follows a tag; false when it means nothing here and is text.
    private mutating func apply(_ tag: ReplyTag, _ chunks: inout [ReplyChunk]) -> Bool {
        switch (tag, isInternal, place) {
        case (.closeInternal, true, _): isInternal = false
        case (_, true, _): return true
        case (.openInternal, false, _): isInternal = true
        case (.openMessage(let to), false, .outside):
            place = .message
            destination = to
        case (.openMessage(let to), false, .message):
            // A forgotten end tag: the next block begins all the same.
            closeBlock(&chunks)
            place = .message
            destination = to
        case (.closeMessage, false, .message): closeBlock(&chunks)
        case (.closeMessage, false, .outside), (.closeInternal, false, _): return place == .outside
        }
        return true
    }

    private mutating func take(_ bytes: [UInt8], _ chunks: inout [ReplyChunk]) {
        if isInternal { return }
        switch place {
        case .outside: leftover += bytes
        case .message: append(decoder.feed(bytes), &chunks)
        }
    }

    private mutating func append(_ text: String, _ chunks: inout [ReplyChunk]) {
        // By scalars: what is white space must not depend on what a later piece joins to it.
        var scalars = text.unicodeScalars[...]
        if body.isEmpty { scalars = scalars.drop { $0.properties.isWhitespace } }
        guard let last = scalars.lastIndex(where: { !$0.properties.isWhitespace }) else {
            trailing.unicodeScalars += scalars
            return
        }
        let sure = trailing + String(scalars[...last])
        trailing = String(scalars[scalars.index(after: last)...])
        body += sure
        chunks.append(ReplyChunk(destination: destination, text: sure))
    }

    private mutating func closeBlock(_ chunks: inout [ReplyChunk]) {
        append(decoder.finish(), &chunks)
        if !body.isEmpty { blocks.append(ReplyBlock(destination: destination, text: body)) }
        body = ""
        trailing = ""
        decoder = EntityDecoder()
        place = .outside
    }
}
