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
    private let first: InboundRow?
    /// The newest row of each chat in earlier turns of this process.
    private var earlier: [ChatAddress: InboundRow] = [:]
    /// The newest row of each chat in this turn; it counts before any earlier one, also when it was put off.
    private var newest: [ChatAddress: InboundRow] = [:]
    /// The newest row of this turn that starts a turn and has an address.
    private var origin: InboundRow?

    /// A turn's routing.
    ///
    /// `earlier` holds rows that came before it, `routing` is the session's own chat.
    package init(book: AddressBook, routing: ChatAddress?, rows: [InboundRow], earlier: [InboundRow] = []) {
        self.book = book
        self.routing = routing
        first = rows.first(where: \.trigger) ?? rows.first
        for row in earlier { Self.note(row, in: &self.earlier) }
        add(rows)
    }

    /// Further rows joined the turn.
    package mutating func add(_ rows: [InboundRow]) {
        for row in rows {
            Self.note(row, in: &newest)
            if row.trigger, row.address != nil { origin = row }
        }
    }

    private static func note(_ row: InboundRow, in newest: inout [ChatAddress: InboundRow]) {
        guard let chat = row.address?.chat else { return }
        if let known = newest[chat], known.seq > row.seq { return }
        newest[chat] = row
    }

    /// The place of that name: a destination, or the name under which a row of this conversation was shown.
    package func target(named name: String) -> Target? {
        if let destination = book.destination(named: name) { return target(at: destination.address) }
        return Set(newest.keys).union(earlier.keys).sorted { $0.description < $1.description }
            .first { book.name(of: $0) == name }.map(target(at:))
    }

    /// Where an answer without a name goes: the chat that asked, else the session's chat, else the only destination.
    package var home: Target? {
        if let origin, let address = origin.address { return Target(address: address, inReplyTo: origin.id) }
        if let routing { return Target(address: routing, inReplyTo: answered(at: routing)) }
        guard book.destinations.count == 1 else { return nil }
        return target(at: book.destinations[0].address)
    }

    /// The row that the turn is about: the newest that asked, else the first of it.
    package var asked: MessageID? { (origin ?? first)?.id }

    private func target(at address: ChatAddress) -> Target {
        if let row = newest[address.chat] ?? earlier[address.chat] {
            return Target(address: row.address ?? address, inReplyTo: row.id)
        }
        let isHome = routing?.chat == address.chat
        return Target(address: isHome ? routing ?? address : address, inReplyTo: answered(at: address))
    }

    /// The turn's first message, where a message there answers it: one of another chat is not answered in this one, and the
    /// host refuses a row that says so.
    private func answered(at address: ChatAddress) -> MessageID? {
        guard let first, first.address == nil || first.address?.chat == address.chat else { return nil }
        return first.id
    }

    /// Every row's chat once, the newest row of each: what the next turn takes as `earlier`.
    package var known: [InboundRow] {
        var all = earlier
        for row in newest.values { Self.note(row, in: &all) }
        return all.values.sorted { $0.seq < $1.seq }
    }
}
