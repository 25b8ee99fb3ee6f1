import Core
import Prompting

/// What a model answers, cut anywhere.
///
/// The cuts change nothing, the pieces of a block joined are its text, and escaped text in a block comes out as it was.
struct ReplyTarget: FuzzTarget {
    static let name = "reply"

    func run(_ input: [UInt8]) {
        var choices = Choices(input)
        let count = choices.below(8)
        var cuts = Choices((0..<16).map { _ in choices.byte() })
        let text = String(decoding: choices.remainder(), as: UTF8.self)
        let whole = read([text])
        let scalars = Array(text.unicodeScalars)
        // Pieces of a stream are text: a cut stands between two scalars.
        var places = (0..<count).map { _ in cuts.below(scalars.count + 1) }
        places.sort()
        let bounds = zip([0] + places, places + [scalars.count])
        let cut = read(bounds.map { String(String.UnicodeScalarView(scalars[$0..<$1])) })
        require(whole.reply == cut.reply, "cuts change nothing: \(whole.reply) and \(cut.reply)")
        for (blocks, chunks) in [(whole.reply.blocks, whole.chunks), (cut.reply.blocks, cut.chunks)] {
            require(blocks.map(\.text).joined() == chunks.map(\.text).joined(), "the pieces joined are the text")
        }
        for block in whole.reply.blocks {
            require(
                !block.text.isEmpty && block.text.unicodeScalars.elementsEqual(trimmed(block.text)),
                "a block is trimmed"
            )
        }
        roundTrip(text)
    }

    private func read(_ pieces: [String]) -> (reply: Reply, chunks: [ReplyChunk]) {
        var parser = ReplyParser()
        var chunks: [ReplyChunk] = []
        for piece in pieces {
            #if PLANTED
            // A parser that loses a tag whose first byte ends a piece.
            let fed = pieces.count > 1 && piece.hasSuffix("<m") ? String(piece.dropLast(2)) : piece
            chunks += parser.feed(fed)
            #else
            chunks += parser.feed(piece)
            #endif
        }
        let end = parser.finish()
        return (end.reply, chunks + end.chunks)
    }

    private func roundTrip(_ text: String) {
        let block = "<message to=\"\(Markup.attribute(text))\">\(Markup.escape(text))</message>"
        let clean = Markup.unescape(Markup.escape(text))
        guard block.utf8.count < 1000 else { return }
        let reply = read([block]).reply
        require(reply.leftover.isEmpty, "nothing stands outside of the block: \(reply.leftover)")
        require(reply.blocks.count <= 1, "escaped text ends no block")
        require(
            (reply.blocks.first?.text ?? "").unicodeScalars.elementsEqual(trimmed(clean)),
            "escaped text comes out as it was"
        )
    }

    private func trimmed(_ text: String) -> Substring.UnicodeScalarView {
        let rest = text.unicodeScalars.drop { $0.properties.isWhitespace }
        return rest.lastIndex { !$0.properties.isWhitespace }.map { rest[...$0] } ?? rest[..<rest.startIndex]
    }
}
