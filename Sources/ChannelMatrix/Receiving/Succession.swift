import ChannelKit
import Core
import Logging

/// Lets a chat go on in the room that takes its place, once that room says so itself.
///
/// Whoever may close a room names any room as its successor; only the successor's `m.room.create`, which nobody can change,
/// says what it succeeds (Matrix v1.11, client-server API, "Room upgrades").
struct Succession: Sendable {
    let session: MatrixSession
    let inbox: any ChannelInbox

    /// Tells the host of a move that was announced, before anything that is said in the room; the account is in it.
    ///
    /// False when the room takes no place of another.
    @discardableResult
    func settle(_ room: String) async throws -> Bool {
        var announced: PendingInvite?
        try await session.insist("reading a room's predecessor") {
            announced = try await session.store.invite(to: room)
        }
        guard let announced, let old = announced.succeeds else { return false }
        return try await settle(room, after: old, by: announced.inviter, isGroup: !announced.isDirect)
    }

    /// The same for one that was announced just now.
    func settle(_ room: String, after old: String, by user: String, isGroup: Bool) async throws -> Bool {
        let creation = try await session.ask("asking for a room's predecessor") {
            try await session.client.state("m.room.create", of: room)
        }
        guard creation??[key: "predecessor"]?[key: "room_id"]?.string == old else {
            session.logger.warning(
                "A room does not say that it takes the place of another: the chat does not move",
                metadata: ["room": "\(room)", "of": "\(old)", "by": "\(user)"]
            )
            return false
        }
        let change = ChatChange(
            .moved(platformID: session.address(room).platformID),
            address: session.address(old),
            isGroup: isGroup,
            senderNativeID: user,
            dedupKey: "moved \(old) \(room)",
            at: session.tools.time.now
        )
        try await session.insist("handing over a move") { try await inbox.note(change) }
        return true
    }
}

extension EventDesk {
    var succession: Succession { Succession(session: session, inbox: inbox) }
}
