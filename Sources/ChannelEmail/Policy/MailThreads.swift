import ChannelKit
import ChannelNetwork
import Core

/// What is known of conversations by mail: which thread a message belongs to, and how the next one goes on with it.
///
/// Kept in the account's state in a fixed number of pieces, each with its newest entries.
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
        var value: Value
    }

    private static let pieces = 32
    /// Entries of one piece: 512 threads and 4096 message ids in all.
    private static let threadsOfPiece = 16
    private static let idsOfPiece = 128

    private let state: any ChannelState
    private var threads: [Int: [Named<Thread>]] = [:]
    private var roots: [Int: [Named<String>]] = [:]

    init(_ state: any ChannelState) { self.state = state }

    /// The root of the thread that a mail with these fields belongs to; nil when it begins one.
    ///
    /// The root that we know of one of the messages counts before what the field says: programs cut long lists.
    func root(peer: MailAddress, references: [String], inReplyTo: String?) async throws -> String? {
        let named = references + (inReplyTo.map { [$0] } ?? [])
        for id in named.reversed() {
            let (piece, key) = place(peer, id)
            if let found = try await rootsPiece(piece).first(where: { $0.name == key }) { return found.value }
        }
        return named.first
    }

    /// What is known of a thread.
    func thread(peer: MailAddress, root: String) async throws -> Thread? {
        let (piece, key) = place(peer, root)
        return try await threadsPiece(piece).first { $0.name == key }?.value
    }

    /// Takes a message into a thread, one that came or one that was sent.
    func add(_ id: String, to root: String, peer: MailAddress, subject: String) async throws {
        let (piece, key) = place(peer, root)
        var entries = try await threadsPiece(piece)
        var thread = entries.first { $0.name == key }?.value ?? Thread(subject: subject, references: [root])
        if !thread.references.contains(id) { thread.references.append(id) }
        thread.references = MessageIDs.shortened(thread.references)
        entries.removeAll { $0.name == key }
        entries.append(Named(name: key, value: thread))
        entries = Array(entries.suffix(Self.threadsOfPiece))
        try await state.set("threads-\(piece)", try JSONText.encode(entries))
        threads[piece] = entries
        try await remember(root, of: id, peer)
    }

    private func remember(_ root: String, of id: String, _ peer: MailAddress) async throws {
        let (piece, key) = place(peer, id)
        var entries = try await rootsPiece(piece)
        entries.removeAll { $0.name == key }
        entries.append(Named(name: key, value: root))
        entries = Array(entries.suffix(Self.idsOfPiece))
        try await state.set("roots-\(piece)", try JSONText.encode(entries))
        roots[piece] = entries
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
    private func place(_ peer: MailAddress, _ id: String) -> (piece: Int, key: String) {
        let code = HMACSignature.code(.sha256, key: Array("nanoclaw email".utf8), Array("\(peer) \(id)".utf8))
        return (Int(code.first ?? 0) % Self.pieces, Hex.encode(code.prefix(12)))
    }
}
