import ChannelKit
import ChannelNetwork
import Core
import JudgeSupport
import TestSupport
import Testing

@testable import ChannelMatrix

@Suite("A homeserver that misbehaves, through a proxy", .enabled(if: Judge.isOn), .timeLimit(.minutes(3)))
struct FaultTests {
    private static let sends = "PUT /_matrix/client/v3/rooms/*/send/*"

    private func withProxy(
        isEncrypted: Bool = false,
        _ body: @escaping @Sendable (RoomScene, MatrixChannel, JudgeServer) async throws -> Void
    ) async throws {
        let upstream = try await Homeserver.shared.base()
        try await JudgeServer.with(.matrix, script: "fault_proxy.py", arguments: ["--upstream", upstream]) { proxy in
            try await RoomScene.with(isEncrypted: isEncrypted, base: proxy.base) { scene, channel in
                try await body(scene, channel, proxy)
            }
        }
    }

    private func deliver(_ channel: MatrixChannel, _ scene: RoomScene, _ text: String) async -> ChannelError? {
        do {
            try await channel.post(.text(text, files: []), to: scene.address, key: "msg_\(text)")
            return nil
        } catch {
            return error as? ChannelError
        }
    }

    @Test("An answer that is lost makes no second message, encrypted or not", arguments: [false, true])
    func lostAnswer(isEncrypted: Bool) async throws {
        try await withProxy(isEncrypted: isEncrypted) { scene, channel, proxy in
            try await proxy.control("fault", ["mode": "lost", "on": .string(Self.sends), "count": 1])
            #expect(await deliver(channel, scene, "once")?.code == .transient)
            #expect(await deliver(channel, scene, "once") == nil)
            #expect(await deliver(channel, scene, "last") == nil)
            let answers = try await scene.answers(2)
            #expect(answers.compactMap { $0[key: "text"]?.string } == ["once", "last"])
        }
    }

    @Test("Too many: the wait is the server's to the millisecond; a server's error passes")
    func refusals() async throws {
        try await withProxy { scene, channel, proxy in
            try await proxy.control(
                "fault",
                ["mode": "429", "on": .string(Self.sends), "count": 1, "retry_after": 2.5.json]
            )
            #expect(await deliver(channel, scene, "one")?.code == .rateLimited(retryAfter: .milliseconds(2_500)))
            #expect(channel.health.rateLimitedUntil != nil)
            let began = SystemTime().monotonic
            #expect(await deliver(channel, scene, "one") == nil)
            #expect(SystemTime().monotonic - began > .seconds(2))
            try await proxy.control("fault", ["mode": "5xx", "on": .string(Self.sends), "count": 1])
            #expect(await deliver(channel, scene, "two")?.code == .transient)
            try await proxy.control(
                "fault",
                ["mode": "error", "on": .string(Self.sends), "count": 1, "status": 413, "code": "M_TOO_LARGE"]
            )
            #expect(await deliver(channel, scene, "**three**") == nil)
            let shown = try #require(try await scene.answers(1, contains: "three").last)
            #expect(shown[key: "html"] == nil)
            try await proxy.control(
                "fault",
                ["mode": "error", "on": .string(Self.sends), "count": 1, "status": 403, "code": "M_FORBIDDEN"]
            )
            #expect(await deliver(channel, scene, "four")?.code == .rejected)
        }
    }

    @Test("A proxy's page in the homeserver's place costs no message", arguments: ["garbled", "5xx"])
    func strangeAnswer(mode: String) async throws {
        try await withProxy { scene, channel, proxy in
            let fault: JSONValue = ["mode": .string(mode), "on": .string(Self.sends), "count": 1, "status": 404]
            try await proxy.control("fault", fault)
            #expect(await deliver(channel, scene, "kept")?.code == .transient)
            #expect(await deliver(channel, scene, "kept") == nil)
            let answers = try await scene.answers(1)
            #expect(answers.compactMap { $0[key: "text"]?.string } == ["kept"])
        }
    }

    @Test("Cut polls are made anew, one at a time; a token that does not count any more is told")
    func link() async throws {
        try await withProxy { scene, channel, proxy in
            for number in 1...3 {
                try await proxy.control("kick")
                try await scene.ann.say("after cut \(number)", in: scene.room)
                _ = try await scene.inbox.event(saying: "after cut \(number)")
            }
            let syncs = try await proxy.control("state")[key: "open"]?.integer ?? 0
            #expect(syncs <= 1)
            try await proxy.control(
                "fault",
                [
                    "mode": "error", "on": "GET /_matrix/client/v3/sync", "count": 2, "status": 401,
                    "code": "M_UNKNOWN_TOKEN",
                ]
            )
            try await proxy.control("kick")
            try await eventually("the operator is told") {
                channel.health.state == .disconnected && channel.health.detail?.contains("access token") == true
            }
            #expect(await deliver(channel, scene, "waits")?.code == .notConnected)
            try await channel.waitFor(.connected)
            #expect(await deliver(channel, scene, "waits") == nil)
        }
    }

    @Test("An event that was handed over and whose sync was cut before it was kept comes once more with the same key")
    func cutMidSync() async throws {
        try await withProxy { scene, _, proxy in
            try await proxy.control("fault", ["mode": "lost", "on": "GET /_matrix/client/v3/sync", "count": 1])
            try await scene.ann.say("survives", in: scene.room)
            let event = try await scene.inbox.event(saying: "survives")
            #expect(event.dedupKey == event.platformMessageID)
        }
    }

    private static let syncs: JSONValue = "GET /_matrix/client/v3/sync"

    /// Runs the body while no sync comes through.
    private func away(_ proxy: JudgeServer, _ body: () async throws -> Void) async throws {
        try await proxy.control("fault", ["mode": "drop", "on": Self.syncs, "count": 100_000])
        try await proxy.control("kick")
        try await body()
        try await proxy.control("reset")
    }

    @Test("A gap is closed though a network answers with a page of its own in between")
    func garbledGap() async throws {
        try await withProxy { scene, _, proxy in
            try await away(proxy) {
                for number in 1...70 { try await scene.ann.say("line \(number)", in: scene.room) }
            }
            try await proxy.control(
                "fault",
                ["mode": "garbled", "on": "GET /_matrix/client/v3/rooms/*/messages", "count": 2]
            )
            _ = try await scene.inbox.event(saying: "line 70")
            let texts = await scene.inbox.events.map(\.content.text)
            #expect(texts == (1...70).map { "line \($0)" })
        }
    }

    @Test("A room closed while the homeserver was away goes on in the next, though a network garbles an answer")
    func movedMeanwhile() async throws {
        try await withProxy { scene, _, proxy in
            await scene.inbox.welcome(scene.ann.id)
            let old = try await scene.ann.makeRoom("old", invite: [scene.bot.id])
            try await scene.arrival(old)
            var next = ""
            try await away(proxy) {
                let client = try await scene.ann.client()
                let upgraded = try await client.call(.post, ["rooms", old, "upgrade"], body: ["new_version": "10"])
                next = upgraded[key: "replacement_room"]?.string ?? ""
                try await client.call(.post, ["rooms", next, "invite"], body: ["user_id": .string(scene.bot.id)])
            }
            try await proxy.control(
                "fault",
                ["mode": "garbled", "on": "GET /_matrix/client/v3/rooms/*/state/m.room.create", "count": 2]
            )
            let moved = MatrixID.address(of: next, account: scene.bot.id).platformID
            let change = try await scene.inbox.change("the move") { $0.kind == .moved(platformID: moved) }
            #expect(change.address == MatrixID.address(of: old, account: scene.bot.id))
            try await scene.ann.say("here now", in: next)
            _ = try await scene.inbox.event(saying: "here now")
        }
    }

    @Test("A sync that is too large is asked for again with fewer events of each room")
    func hugeSync() async throws {
        try await withProxy { scene, channel, proxy in
            try await proxy.control("fault", ["mode": "huge", "on": Self.syncs, "count": 100_000, "over": 20])
            try await proxy.control("kick")
            try await scene.ann.say("gets through", in: scene.room)
            _ = try await scene.inbox.event(saying: "gets through")
            #expect(channel.health.state == .connected)
        }
    }

    @Test("An answer goes out encrypted though the room became encrypted while the homeserver was away")
    func encryptedMeanwhile() async throws {
        try await withProxy { scene, channel, proxy in
            try await away(proxy) {
                let client = try await scene.ann.client()
                try await client.call(
                    .put,
                    ["rooms", scene.room, "state", "m.room.encryption", ""],
                    body: ["algorithm": "m.megolm.v1.aes-sha2"]
                )
                // So many that the event is in no timeline of the next sync.
                for number in 1...60 {
                    let path = ["rooms", scene.room, "send", "m.room.message", "clear-\(number)"]
                    try await client.call(.put, path, body: ["msgtype": "m.text", "body": "line"])
                }
                try await eventually("the link is lost") { channel.health.state == .disconnected }
            }
            try await eventually("it goes out") { await deliver(channel, scene, "a secret") == nil }
            let client = try await scene.ann.client()
            let path = ["rooms", scene.room, "messages"]
            let page = try await client.call(.get, path, query: [("dir", "b"), ("limit", "10")])
            let own = (page[key: "chunk"]?.array ?? []).filter { $0[key: "sender"]?.string == scene.bot.id }
            #expect(own.compactMap { $0[key: "type"]?.string } == ["m.room.encrypted"])
        }
    }
}

extension Double {
    fileprivate var json: JSONValue { .number(self) }
}
