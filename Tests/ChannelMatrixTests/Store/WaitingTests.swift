import Core
import TestSupport
import Testing

@testable import ChannelMatrix

@Suite("What waits in the store")
struct WaitingTests {
    private func withStore(_ body: (MatrixStore) async throws -> Void) async throws {
        try await withTemporaryDirectory { folder in
            try await body(try await offPool { try MatrixStore(folder: folder) })
        }
    }

    private func pending(_ number: Int, in room: String) throws -> PendingEvent {
        let json: JSONValue = [
            "event_id": .string("$\(room.dropFirst())\(number)"), "type": "m.room.encrypted", "sender": "@ann:hs",
            "content": [:],
        ]
        return PendingEvent(room: room, session: "s", event: try #require(RoomEvent(json)), name: nil, isShown: false)
    }

    @Test("An invitation and what a closed room says of it become one, in either order", arguments: [false, true])
    func successor(invitedFirst: Bool) async throws {
        try await withStore { store in
            let now = SystemTime().now
            let invited = PendingInvite(room: "!next", inviter: "@bob:x", isDirect: false, succeeds: nil)
            let named = PendingInvite(room: "!next", inviter: "@ann:x", isDirect: true, succeeds: "!old")
            for one in invitedFirst ? [invited, named] : [named, invited] { try await store.keep(one, at: now) }
            let kept = try #require(try await store.invite(to: "!next"))
            #expect(kept == PendingInvite(room: "!next", inviter: "@bob:x", isDirect: true, succeeds: "!old"))
            try await store.drop(invited)
            #expect(try await store.invite(to: "!next") == kept, "it was answered before it was known what it is")
            try await store.drop(kept)
            #expect(try await store.invite(to: "!next") == nil)
        }
    }

    @Test("One room's encrypted messages push out none of another's")
    func bounds() async throws {
        try await withStore { store in
            let now = Timestamp(milliseconds: 1)
            try await store.keep(try pending(0, in: "!quiet"), at: now)
            for number in 0..<210 { try await store.keep(try pending(number, in: "!loud"), at: now) }
            #expect(try await store.pending(in: "!quiet", session: "s").count == 1)
            let loud = try await store.pending(in: "!loud", session: "s")
            #expect(loud.count == 200 && loud.first?.event.id == "$loud10")
        }
    }

    @Test("An invitation that cannot be answered now stands behind those that were not tried")
    func invitations() async throws {
        try await withStore { store in
            func invite(_ room: String) -> PendingInvite {
                PendingInvite(room: room, inviter: "@ann:hs", isDirect: true, succeeds: nil)
            }
            try await store.keep(invite("!dead"), at: Timestamp(milliseconds: 1))
            try await store.keep(invite("!new"), at: Timestamp(milliseconds: 2))
            try await store.keep(invite("!dead"), at: Timestamp(milliseconds: 3))
            #expect(try await store.invites().map(\.room) == ["!new", "!dead"])
        }
    }
}
