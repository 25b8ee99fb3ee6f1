import ChannelKit
import ChannelNetwork
import Core

/// What is known of conversations by mail: which thread a message belongs to, and how the next one goes on with it.
///
/// Kept in the account's state in a fixed number of pieces, each with its newest entries, and apart for people whose
/// address is proved and for whom mails only claim to be from: no claim changes what is kept of the former.
actor MailThreads {
    /// One conversation with one correspondent.
    struct Thread: Sendable, Codable, Equatable {
        /// Without `Re:`.
        var subject: String
        /// Message ids, the root first and the newest last.
        var references: [String]
    }

    private struct Named<Value: Codable & Sendable>: Codable, Sendable {
        var name: String
        /// Whose it is.
        var peer: String?
        var value: Value
    }

    private struct Place {
        var piece: Int
        var name: String
        var peer: String
    }

    /// Of each of the two kinds.
    private static let pieces = 32
    /// Entries of one piece: 512 threads and 4096 message ids of each kind.
    private static let threadsOfPiece = 16
    private static let idsOfPiece = 128

    private let state: any ChannelState
    private var threads: [Int: [Named<Thread>]] = [:]
    private var roots: [Int: [Named<String>]] = [:]

    init(_ state: any ChannelState) { self.state = state }

    /// The root of the thread that a mail with these fields belongs to; nil when it begins one.
    ///
    /// The root that we know of one of the messages counts before what the field says: programs cut long lists.
    func root(
        peer: MailPeer,
        references: [String],
        inReplyTo: String?,
        isProved: Bool = true
    ) async throws -> String? {
        let named = references + (inReplyTo.map { [$0] } ?? [])
        for id in named.reversed() {
            // What is only claimed leads nobody's own mail anywhere.
            for isOfProved in isProved ? [true] : [true, false] {
                let place = Self.place(peer, id, isProved: isOfProved)
                let found = try await rootsPiece(place.piece).first { $0.name == place.name }
                if let found { return found.value }
            }
        }
        return named.first
    }

    /// What is known of a thread; what is claimed of it counts only where nothing else is known.
    func thread(peer: MailPeer, root: String) async throws -> Thread? {
        if let proved = try await known(Self.place(peer, root, isProved: true)) { return proved }
        return try await known(Self.place(peer, root, isProved: false))
    }

    private func known(_ place: Place) async throws -> Thread? {
        try await threadsPiece(place.piece).first { $0.name == place.name }?.value
    }

    /// Takes a message into a thread, one that came or one that was sent: the latter goes where its thread is.
    func add(
        _ id: String,
        to root: String,
        peer: MailPeer,
        subject: String,
        isProved told: Bool? = nil
    ) async throws {
        let isProved: Bool
        if let told {
            isProved = told
        } else {
            let proved = try await known(Self.place(peer, root, isProved: true))
            let claimed = try await known(Self.place(peer, root, isProved: false))
            isProved = proved != nil || claimed == nil
        }
        let place = Self.place(peer, root, isProved: isProved)
        var entries = try await threadsPiece(place.piece)
        var thread = entries.first { $0.name == place.name }?.value ?? Thread(subject: subject, references: [root])
        if !thread.references.contains(id) { thread.references.append(id) }
        thread.references = MessageIDs.shortened(thread.references)
        entries = Self.adding(thread, at: place, to: entries, most: Self.threadsOfPiece)
        try await state.set("threads-\(place.piece)", try JSONText.encode(entries))
        threads[place.piece] = entries
        try await remember(root, at: Self.place(peer, id, isProved: isProved))
    }

    private func remember(_ root: String, at place: Place) async throws {
        let entries = Self.adding(root, at: place, to: try await rootsPiece(place.piece), most: Self.idsOfPiece)
        try await state.set("roots-\(place.piece)", try JSONText.encode(entries))
        roots[place.piece] = entries
    }

    /// The newest entry last; what is too much is the oldest of whoever has most, so that nobody pushes others out.
    private static func adding<Value: Codable & Sendable>(
        _ value: Value,
        at place: Place,
        to entries: [Named<Value>],
        most: Int
    ) -> [Named<Value>] {
        var entries = entries.filter { $0.name != place.name }
        entries.append(Named(name: place.name, peer: place.peer, value: value))
        guard entries.count > most else { return entries }
        let counts = Dictionary(entries.map { ($0.peer, 1) }, uniquingKeysWith: +)
        let largest = counts.values.max()
        if let index = entries.firstIndex(where: { counts[$0.peer] == largest }) { entries.remove(at: index) }
        return entries
    }

    private func threadsPiece(_ piece: Int) async throws -> [Named<Thread>] {
        if let known = threads[piece] { return known }
        let text = try await state.value("threads-\(piece)")
        let read = text.flatMap { try? JSONText.decode([Named<Thread>].self, $0) } ?? []
        threads[piece] = threads[piece] ?? read
        return threads[piece] ?? read
    }

    private func rootsPiece(_ piece: Int) async throws -> [Named<String>] {
        if let known = roots[piece] { return known }
        let text = try await state.value("roots-\(piece)")
        let read = text.flatMap { try? JSONText.decode([Named<String>].self, $0) } ?? []
        roots[piece] = roots[piece] ?? read
        return roots[piece] ?? read
    }

    /// Where an id of a correspondent stands: nobody else's mail leads there.
    private static func place(_ peer: MailPeer, _ id: String, isProved: Bool) -> Place {
        let code = digest("\(peer) \(id)")
        return Place(
            piece: Int(code.first ?? 0) % pieces + (isProved ? 0 : pieces),
            name: Hex.encode(code.prefix(12)),
            peer: Hex.encode(digest("\(peer)").prefix(4))
        )
    }

    private static func digest(_ text: String) -> [UInt8] {
        HMACSignature.code(.sha256, key: Array("nanoclaw email".utf8), Array(text.utf8))
    }
}
