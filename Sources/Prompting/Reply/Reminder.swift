/// Whether the agent is told that nobody will see what it wrote: once per turn.
package struct Reminder: Sendable, Equatable {
    private var wasGiven = false

    package init() {}

    /// The note for the model after a finished answer, or nil when none is due: there was text and no block, and this
    /// is the first time in this turn.
    ///
    /// `sentSomething` is true when a tool already sent a message in the turn.
    package mutating func note(for reply: Reply, sentSomething: Bool, book: AddressBook) -> String? {
        guard reply.blocks.isEmpty, !reply.leftover.isEmpty, !sentSomething, !wasGiven else { return nil }
        wasGiven = true
        guard let first = book.destinations.first else { return nil }
        return """
            <system_response action="reply" status="error">Nothing was sent: your text stood outside of a message \
            block. If it was meant for somebody, write it again inside \
            <message to="\(Markup.attribute(first.name))">…</message>. Destinations: \(Markup.escape(book.names)).</system_response>
            """
    }

    /// The note for the model about blocks to names that do not exist.
    package static func unknownNames(_ names: [String], book: AddressBook) -> String {
        let list = names.map { "\"\($0)\"" }.joined(separator: ", ")
        return """
            <system_response action="reply" status="error">Not sent: no destination is named \(Markup.escape(list)). \
            Destinations: \(Markup.escape(book.names)).</system_response>
            """
    }
}
