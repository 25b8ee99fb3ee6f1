import CentralStore
import ChannelConformance
import ChannelKit
import Core
import GRDB
import Glibc
import LinuxIO
import Synchronization
import TestSupport
import Testing

@testable import ChannelAccounts

@Suite(.serialized, .timeLimit(.minutes(1))) struct `The desk of accounts` {
    private let loop = LoopPlatform()

    private func failure<E: Error>(_ type: E.Type, _ body: () async throws -> Void) async throws -> E {
        try #require(await #expect(throws: type) { try await body() })
    }

    // MARK: - Adding

    @Test func `an account is asked for, kept without its secrets, and runs`() async throws {
        try await DeskHome.run([loop]) { home in
            let inbox = TestInbox()
            try await home.running(inbox) {
                let account = try await home.desk.add(
                    channel: "loop",
                    name: "house",
                    values: ["token": " \(LoopServer.token)\n"]
                )
                #expect(account.identity == ChannelIdentity(account: "7", title: "@Loop"))
                #expect(account.values["token"] == LoopServer.token)
                #expect(!"\(account)".contains(LoopServer.token))
                let row = try #require(try await home.rows().first)
                #expect(row.name == "house" && row.channelType == "loop" && row.account == "7" && row.title == "@Loop")
                #expect(row.settings == ["greeting": "loop"])
                #expect(try await home.secrets("house") == ["token": LoopServer.token])
                #expect(home.hasFolder("house"))
                await loop.server.say("hello")
                try await inbox.wait(forText: "hello")
                let status = try #require(home.registry.status.first)
                #expect(status.name == "house" && status.account == "7" && status.title == "@Loop")
                #expect(status.health.state == .connected)
            }
        }
    }

    @Test func `without a name it is called like its channel`() async throws {
        try await DeskHome.run([loop]) { home in
            let account = try await home.desk.add(channel: "loop", name: nil, values: ["token": LoopServer.token])
            #expect(account.name == "loop")
        }
    }

    @Test func `nothing is kept of what the platform refuses`() async throws {
        try await DeskHome.run([loop]) { home in
            let error = try await failure(ChannelSetupError.self) {
                _ = try await home.desk.add(channel: "loop", name: "house", values: ["token": "s3cret"])
            }
            #expect(error.code == .refused)
            #expect(!"\(error)".contains("s3cret"))
            try await home.expectNothing(of: "house")
            #expect(home.registry.status.isEmpty)
        }
    }

    @Test func `whoever adds an account is told what to do, and what was learned is kept in place of what was given`()
        async throws
    {
        var played = PlayedPlatform { _ in
            ChannelIdentity(account: "1", title: "it", values: ["token": "learned", "spare": "more"])
        }
        played.word = "open the page"
        try await DeskHome.run([played]) { home in
            let told = Mutex<[String]>([])
            _ = try await home.desk.add(channel: "played", name: "x", values: ["token": "given"]) { line in
                told.withLock { $0.append(line) }
            }
            #expect(told.withLock { $0 } == ["open the page"])
            #expect(try await home.secrets("x") == ["token": "learned", "spare": "more"])
        }
        let forgetful = PlayedPlatform { _ in ChannelIdentity(account: "1", title: "it", values: ["token": ""]) }
        try await DeskHome.run([forgetful]) { home in
            _ = try await home.desk.add(channel: "played", name: "x", values: ["token": "given"])
            #expect(try await home.secrets("x").isEmpty)
        }
    }

    @Test func `nothing is kept when the platform does not answer`() async throws {
        let time = HurriedTime()
        let silent = PlayedPlatform { _ in
            let (forever, _) = AsyncStream.makeStream(of: Void.self)
            for await _ in forever {}
            return ChannelIdentity(account: "1", title: "nobody")
        }
        try await DeskHome.run([silent], time: time) { home in
            let error = try await time.hurrying(within: .seconds(1), every: .milliseconds(10)) {
                try await failure(AccountError.self) {
                    _ = try await home.desk.add(channel: "played", name: "x", values: ["token": "t"])
                }
            }
            #expect(error.code == .unreachable)
            try await home.expectNothing(of: "x")
        }
    }

    @Test(arguments: ["cli", "", "a b", "../x", "a/b"])
    func `a name that is none is refused before anybody is asked`(name: String) async throws {
        let asking = PlayedPlatform { _ throws(ChannelSetupError) in
            throw ChannelSetupError(.refused, "it was asked all the same")
        }
        try await DeskHome.run([asking]) { home in
            let error = try await failure(StoreError.self) {
                _ = try await home.desk.add(channel: "played", name: name, values: ["token": "t"])
            }
            #expect(error.code == .invalid)
            #expect(try await home.rows().isEmpty)
        }
    }

    @Test func `a name and an account can be there once, and the first is not touched by the second`() async throws {
        try await DeskHome.run([loop, PlayedPlatform { _ in ChannelIdentity(account: "7", title: "@other") }]) { home in
            _ = try await home.desk.add(channel: "loop", name: "house", values: ["token": LoopServer.token])
            let sameName = try await failure(StoreError.self) {
                _ = try await home.desk.add(channel: "played", name: "house", values: ["token": "t"])
            }
            #expect(sameName.code == .conflict)
            let sameAccount = try await failure(StoreError.self) {
                _ = try await home.desk.add(channel: "loop", name: "twin", values: ["token": LoopServer.token])
            }
            #expect(sameAccount.code == .conflict)
            #expect(sameAccount.message.contains("house"))
            try await home.expectNothing(of: "twin")
            #expect(try await home.secrets("house") == ["token": LoopServer.token])
            #expect(home.hasFolder("house"))
            #expect(home.registry.status.map(\.name) == ["house"])
            #expect(await loop.server.ends == 0)
            // The same number on another channel is somebody else.
            _ = try await home.desk.add(channel: "played", name: "other", values: ["token": "t"])
        }
    }

    @Test func `a platform is told which of its accounts the home has, before it does anything`() async throws {
        let told = Mutex<[Set<String>]>([])
        var played = PlayedPlatform { ChannelIdentity(account: $0["token"], title: "@\($0["token"])") }
        played.look = { taken in told.withLock { $0.append(taken) } }
        try await DeskHome.run([loop, played]) { home in
            _ = try await home.desk.add(channel: "loop", name: "house", values: ["token": LoopServer.token])
            for name in ["a", "b", "c"] {
                _ = try await home.desk.add(channel: "played", name: name, values: ["token": "of-\(name)"])
            }
            #expect(told.withLock { $0 } == [[], ["of-a"], ["of-a", "of-b"]])
            #expect(try await home.secrets("c") == ["token": "of-c"])
        }
    }

    @Test func `what was opened for an account that cannot be kept is ended at its platform`() async throws {
        try await DeskHome.run([loop]) { home in
            // Where the folder of the secrets is to be.
            try Directory(path: "\(home.home)/data").replace("credentials", with: [1])
            let error = try await failure(AccountError.self) {
                _ = try await home.desk.add(channel: "loop", name: "house", values: ["token": LoopServer.token])
            }
            #expect(error.code == .credential)
            #expect(await loop.server.ends == 1)
            try await home.expectNothing(of: "house")
        }
    }

    @Test func `of two that add the same name at once one wins whole`() async throws {
        let gate = AsyncStream.makeStream(of: Void.self)
        let diary = Diary()
        let slow = PlayedPlatform { values in
            diary.write("asked")
            for await _ in gate.stream {}
            return ChannelIdentity(account: values["token"], title: "@\(values["token"])")
        }
        try await DeskHome.run([slow]) { home in
            let first = Task { try await home.desk.add(channel: "played", name: "x", values: ["token": "one"]) }
            await diary.wait(for: "asked")
            let error = try await failure(StoreError.self) {
                _ = try await home.desk.add(channel: "played", name: "x", values: ["token": "two"])
            }
            #expect(error.code == .conflict)
            gate.continuation.finish()
            #expect(try await first.value.identity.account == "one")
            #expect(try await home.secrets("x") == ["token": "one"])
            #expect(home.hasFolder("x"))
        }
    }

    // MARK: - Opening

    @Test func `after a restart accounts run with their secrets and go on where they were`() async throws {
        try await DeskHome.run([loop]) { home in
            _ = try await home.desk.add(channel: "loop", name: nil, values: ["token": LoopServer.token])
            let first = TestInbox()
            try await home.running(first) {
                await loop.server.say("before")
                try await first.wait(forText: "before")
            }
            await loop.server.say("meanwhile")
            let stray = "\(home.home)/data/media/stray"
            try Directory(path: "\(home.home)/data/media").replace("stray", with: [1])
            let next = try await home.reopened()
            #expect(access(stray, F_OK) != 0, "what an earlier life left on its way in is gone")
            let second = TestInbox()
            try await next.running(second) {
                let log = try await second.wait(forText: "meanwhile")
                #expect(log.texts.filter { $0 != "before" } == ["meanwhile"])
            }
            #expect(next.registry.status.map(\.title) == ["@Loop"])
        }
    }

    @Test func `an account that cannot be run says why and stops no other`() async throws {
        let played = PlayedPlatform { ChannelIdentity(account: $0["token"], title: "@x") }
        try await DeskHome.run([loop, played]) { home in
            _ = try await home.desk.add(channel: "loop", name: "good", values: ["token": LoopServer.token])
            _ = try await home.desk.add(channel: "played", name: "open", values: ["token": "1"])
            _ = try await home.desk.add(channel: "played", name: "empty", values: ["token": "2"])
            #expect(chmod("\(home.home)/data/credentials/channels/open", 0o644) == 0)
            let next = try await home.reopened()
            let open = try #require(next.registry.status.first { $0.name == "open" })
            #expect(open.health.state == .disconnected)
            #expect(open.health.detail?.contains("chmod 600") == true)
            #expect(open.account == "1" && open.channel == "played")
            let address = ChatAddress(channel: "played", platformID: "played:1:c")
            let adapter = try #require(next.registry.adapter(for: address))
            let error = try await failure(ChannelError.self) {
                _ = try await adapter.deliver(
                    OutboundMessage(
                        idempotencyKey: "m_1",
                        address: address,
                        body: .text("x", files: []),
                        agentName: "a",
                        turn: TurnID.random()
                    )
                )
            }
            #expect(error.code == .notConnected)
            let inbox = TestInbox()
            try await next.running(inbox) {
                await loop.server.say("hello")
                try await inbox.wait(forText: "hello")
            }
            // A host that does not know the platform any more keeps its accounts.
            let poorer = try await home.reopened([loop])
            let unknown = try #require(poorer.registry.status.first { $0.name == "empty" })
            #expect(unknown.health.detail?.contains("there is no channel \"played\"") == true)
            #expect(try await home.rows().count == 3)
        }
    }

    @Test func `an account whose secrets are lost says which value is missing`() async throws {
        try await DeskHome.run([loop]) { home in
            _ = try await home.desk.add(channel: "loop", name: nil, values: ["token": LoopServer.token])
            #expect(unlink("\(home.home)/data/credentials/channels/loop") == 0)
            let next = try await home.reopened()
            let status = try #require(next.registry.status.first)
            #expect(status.health.state == .disconnected)
            #expect(status.health.detail?.contains("token") == true)
        }
    }

    // MARK: - Removing

    @Test func `removal ends the account and forgets secrets, state and folder`() async throws {
        try await DeskHome.run([loop]) { home in
            let inbox = TestInbox()
            try await home.running(inbox) {
                _ = try await home.desk.add(channel: "loop", name: "house", values: ["token": LoopServer.token])
                await loop.server.say("hello")
                try await inbox.wait(forText: "hello")
                try Directory(path: "\(home.home)/data/channels/house").replace("keys", with: [1])
                await loop.server.say("again")
                // The place behind "hello" is stored before the next is handed over.
                try await inbox.wait(forText: "again")
                #expect(try await home.state("house", "next") != nil)
                #expect(try await home.desk.remove("house") == nil)
                #expect(await loop.server.openPolls == 0)
                #expect(await loop.server.ends == 1)
                try await home.expectNothing(of: "house")
                #expect(try await home.state("house", "next") == nil)
                let unknown = try await failure(StoreError.self) { _ = try await home.desk.remove("house") }
                #expect(unknown.code == .notFound)
                _ = try await home.desk.add(channel: "loop", name: "house", values: ["token": LoopServer.token])
                await loop.server.say("anew")
                try await inbox.wait(forText: "anew")
            }
        }
    }

    @Test func `an account that its platform does not end goes all the same`() async throws {
        try await DeskHome.run([loop]) { home in
            _ = try await home.desk.add(channel: "loop", name: "house", values: ["token": LoopServer.token])
            await loop.server.inject(.revoked)
            #expect(try await home.desk.remove("house")?.contains("unauthorized") == true)
            #expect(await loop.server.ends == 1)
            try await home.expectNothing(of: "house")
            // And so does one whose secrets are lost.
            await loop.server.restore()
            _ = try await home.desk.add(channel: "loop", name: "house", values: ["token": LoopServer.token])
            #expect(unlink("\(home.home)/data/credentials/channels/house") == 0)
            #expect(try await home.desk.remove("house") != nil)
            try await home.expectNothing(of: "house")
        }
    }

    // MARK: - Trying

    @Test func `a test is sent and seen to come back`() async throws {
        try await DeskHome.run([loop]) { home in
            _ = try await home.desk.add(channel: "loop", name: "house", values: ["token": LoopServer.token])
            try await home.running {
                for chat in ["d1", "loop:7:d1"] {
                    let trial = try await home.desk.test("house", chat: chat)
                    #expect(trial.isSeen == true)
                    #expect(trial.health.state == .connected)
                    let shown = try #require(await loop.server.messages.last)
                    #expect(shown.id == trial.platformMessageID)
                    #expect(shown.chat == "d1")
                    #expect(shown.text.contains("house"))
                }
                let refused = try await failure(ChannelError.self) {
                    _ = try await home.desk.test("house", chat: "loop:8:d1")
                }
                #expect(refused.code == .rejected)
                let unknown = try await failure(StoreError.self) { _ = try await home.desk.test("nobody", chat: "d1") }
                #expect(unknown.code == .notFound)
            }
        }
    }

    @Test func `a test that does not come back says so`() async throws {
        let time = HurriedTime()
        try await DeskHome.run([loop], time: time) { home in
            _ = try await home.desk.add(channel: "loop", name: nil, values: ["token": LoopServer.token])
            // Nothing runs, so nothing is received.
            let trial = try await time.hurrying(within: .seconds(1), every: .milliseconds(10)) {
                try await home.desk.test("loop", chat: "d1")
            }
            #expect(trial.isSeen == false)
            #expect(trial.platformMessageID != nil)
        }
    }

    @Test func `a platform that shows nobody their own messages cannot tell`() async throws {
        let played = PlayedPlatform { _ in ChannelIdentity(account: "1", title: "@x") }
        try await DeskHome.run([played]) { home in
            _ = try await home.desk.add(channel: "played", name: nil, values: ["token": "t"])
            let trial = try await home.desk.test("played", chat: "c")
            #expect(trial.isSeen == nil)
            #expect(trial.platformMessageID?.hasPrefix("test-") == true)
        }
    }

    @Test func `how a code is sent is the platform's to say`() async throws {
        let played = PlayedPlatform { _ in ChannelIdentity(account: "1", title: "@x") }
        try await DeskHome.run([loop, played]) { home in
            _ = try await home.desk.add(channel: "loop", name: nil, values: ["token": LoopServer.token])
            _ = try await home.desk.add(channel: "played", name: nil, values: ["token": "t"])
            #expect(try await home.desk.pairing("loop", code: "ABC") == "loop://7/ABC")
            #expect(try await home.desk.pairing("played", code: "ABC") == nil)
        }
    }
}
