package import Core
package import Prompting
package import SessionStore

/// Where the agent's messages go: names to addresses, with the thread and the message that each answers.
package struct ReplyRouting: Sendable {
    /// A place and the row that a message to it answers.
    package struct Target: Sendable, Equatable {
        package let address: ChatAddress
        package let inReplyTo: MessageID?
    }

    private let book: AddressBook
    private let routing: ChatAddress?
    private let fallback: MessageID?
    /// The newest row of each chat, in this turn or an earlier one of this process.
    private var newest: [ChatAddress: InboundRow] = [:]
    /// The newest row of this turn that starts a turn and has an address.
    private var origin: InboundRow?

    /// A turn's routing.
    ///
    /// `earlier` holds rows that came before it, `routing` is the session's own chat.
    package init(book: AddressBook, routing: ChatAddress?, rows: [InboundRow], earlier: [InboundRow] = []) {
        self.book = book
        self.routing = routing
        fallback = rows.first(where: \.trigger)?.id ?? rows.first?.id
        for row in earlier { note(row) }
        add(rows)
    }

    /// Further rows joined the turn.
    package mutating func add(_ rows: [InboundRow]) {
        for row in rows {
            note(row)
            if row.trigger, row.address != nil { origin = row }
        }
    }

    private mutating func note(_ row: InboundRow) {
        guard let chat = row.address?.chat else { return }
        if let known = newest[chat], known.seq > row.seq { return }
        newest[chat] = row
    }

    /// The place of that name: a destination, or the name under which a row of this conversation was shown.
    package func target(named name: String) -> Target? {
        if let destination = book.destination(named: name) { return target(at: destination.address) }
        return newest.keys.sorted { $0.description < $1.description }
            .first { book.name(of: $0) == name }.map(target(at:))
    }

    /// Where an answer without a name goes: the chat that asked, else the session's chat, else the only destination.
    package var home: Target? {
        if let origin, let address = origin.address { return Target(address: address, inReplyTo: origin.id) }
        if let routing { return Target(address: routing, inReplyTo: fallback) }
        guard book.destinations.count == 1 else { return nil }
        return target(at: book.destinations[0].address)
    }

    /// The row that the turn is about: the newest that asked, else the first of it.
    package var asked: MessageID? { origin?.id ?? fallback }

    private func target(at address: ChatAddress) -> Target {
        if let row = newest[address.chat] {
            return Target(address: row.address ?? address, inReplyTo: row.id)
        }
        let isHome = routing?.chat == address.chat
        return Target(address: isHome ? routing ?? address : address, inReplyTo: fallback)
    }

    /// Every row's chat once, the newest row of each: what the next turn takes as `earlier`.
    package var known: [InboundRow] { newest.values.sorted { $0.seq < $1.seq } }
}
