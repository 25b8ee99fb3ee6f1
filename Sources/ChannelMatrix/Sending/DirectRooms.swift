import ChannelKit
import Core

/// Finds or makes the room for two with a person.
struct DirectRooms: Sendable {
    let session: MatrixSession

    /// The room; the person may not have come into it yet, what is sent waits there for them.
    func open(with user: String) async throws -> ChatAddress {
        let direct = SyncReply.direct(try await session.client.accountData("m.direct", of: session.me))
        for room in (direct[user] ?? []).reversed() where MatrixID.isRoom(room) {
            if try await isUsable(room, for: user) { return session.address(room) }
        }
        let room = try await session.client.createDirectRoom(with: user, isEncrypted: session.crypto != nil)
        let isEncrypted = session.crypto != nil
        try await session.store.update(room) { record in
            record.isDirect = true
            if isEncrypted { record.encryption = "{\"algorithm\":\"\(Megolm.algorithm)\"}" }
        }
        await session.addDirect(room, with: user)
        return session.address(room)
    }

    /// Both are in it, or the person is asked into it, and nobody else.
    private func isUsable(_ room: String, for user: String) async throws -> Bool {
        if let record = try await session.store.room(room), record.isShared { return false }
        let members: [String: String]
        do { members = try await session.client.members(of: room) } catch {
            guard case .refused = error.code else { throw error }
            return false
        }
        let present = members.filter { $0.value == "join" || $0.value == "invite" }
        guard members[session.me] == "join", present[user] != nil, present.count == 2 else { return false }
        try await session.store.update(room) { $0.isDirect = true }
        return true
    }
}
