import ChannelKit
import Core
import JudgeSupport
import TestSupport

@testable import ChannelMatrix

/// An account, Ann, and a room for the two of them on a real homeserver.
struct RoomScene: Sendable {
    let folder: String
    let bot: Account
    let ann: Person
    /// The room for two.
    let room: String
    let inbox = RecordingInbox()

    var address: ChatAddress { MatrixID.address(of: room, account: bot.id) }

    /// Sets the scene and runs the body with the adapter connected and in the room.
    static func with(
        isEncrypted: Bool = false,
        base: String? = nil,
        invites: String = "known",
        _ body: @escaping @Sendable (RoomScene, MatrixChannel) async throws -> Void
    ) async throws {
        try await make(isEncrypted: isEncrypted, base: base, invites: invites) { scene in
            try await scene.bot.running(scene.inbox) { channel in
                try await scene.arrival(scene.room)
                try await body(scene, channel)
            }
        }
    }

    /// Sets the scene; Ann has invited the account, which does not run yet.
    static func make(
        isEncrypted: Bool = false,
        base: String? = nil,
        invites: String = "known",
        _ body: @Sendable (RoomScene) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { folder in
            let bot = try await Account.make(in: folder, base: base, invites: invites)
            let name = try await Homeserver.shared.person("ann")
            let ann = try await Person.start(name, bot: bot.name, isEncrypting: isEncrypted)
            let room = try await ann.makeRoom("dm", invite: [bot.id], isDirect: true, isEncrypted: isEncrypted)
            try await body(RoomScene(folder: folder, bot: bot, ann: ann, room: room))
        }
    }

    /// The account has come into a room, as its host is told.
    func arrival(_ room: String) async throws {
        let platformID = MatrixID.address(of: room, account: bot.id).platformID
        _ = try await inbox.change("the arrival in \(room)") { change in
            change.kind == .membership(isMember: true) && change.address.platformID == platformID
        }
    }

    /// The messages of the account that Ann sees.
    func answers(_ count: Int, contains: String? = nil) async throws -> [JSONValue] {
        try await ann.messages(count, from: bot.name, in: room, contains: contains)
    }
}
