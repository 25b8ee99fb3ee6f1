/// A message block of the model's answer.
package struct ReplyBlock: Sendable, Equatable {
    /// The name in `to`, entities decoded.
    package let destination: String
    /// The text, entities decoded, without white space at its ends.
    package let text: String

    /// A block to that name.
    package init(destination: String, text: String) {
        self.destination = destination
        self.text = text
    }
}

/// The model's whole answer, taken apart.
package struct Reply: Sendable, Equatable {
    /// In the order in which they were written; empty ones are left out.
    package var blocks: [ReplyBlock]
    /// What stood outside of blocks, without `<internal>` parts and white space at its ends.
    package var leftover: String

    /// An answer of these parts.
    package init(blocks: [ReplyBlock] = [], leftover: String = "") {
        self.blocks = blocks
        self.leftover = leftover
    }
}

/// Text of a message block while it is being written.
package struct ReplyChunk: Sendable, Equatable {
    package let destination: String
    package let text: String

    /// A piece for that name.
    package init(destination: String, text: String) {
        self.destination = destination
        self.text = text
    }
}
