import ChannelConformance
import ChannelKit
import Core
import Logging
import TestSupport
import Testing

@testable import ChannelAccounts

@Suite(.timeLimit(.minutes(1))) struct `The registry of adapters` {
    private let time = ManualTime()
    private let diary = Diary()
    private let silent = Logger(label: "registry") { _ in SwiftLogNoOpLogHandler() }

    private func registry(_ adapters: [any ChannelAdapter] = []) -> ChannelRegistry {
        ChannelRegistry(adapters, time: time, logger: silent)
    }

    /// Runs the body while the registry runs.
    private func running(_ registry: ChannelRegistry, _ body: () async throws -> Void) async throws {
        let inbox = TestInbox()
        let task = Task { await registry.run(inbox) }
        do {
            try await body()
        } catch {
            task.cancel()
            await task.value
            throw error
        }
        task.cancel()
        await task.value
    }

    @Test(arguments: [PlayedAdapter.Life.fails, .returns])
    func `T31 one that ends starts again after 1, 2, 4 … 60 s`(life: PlayedAdapter.Life) async throws {
        let adapter = PlayedAdapter("a", life: life, diary: diary)
        let registry = registry([adapter])
        try await running(registry) {
            for (index, pause) in [1, 2, 4, 8, 16, 32, 60, 60].enumerated() {
                try await time.waitForSleepers()
                #expect(adapter.lives == index + 1)
                time.advance(by: .seconds(pause) - .milliseconds(1))
                #expect(adapter.lives == index + 1)
                time.advance(by: .milliseconds(1))
                await diary.wait(for: "a begins", count: index + 2)
            }
            try await time.waitForSleepers()
            let status = try #require(registry.status.first)
            #expect(status.starts == 9)
            #expect(status.lastError == (life == .fails ? "it was told to fail" : "it ended by itself"))
        }
    }

    @Test func `a life of more than five minutes makes the pauses short again`() async throws {
        let adapter = PlayedAdapter("a", life: .lasts, diary: diary)
        try await running(registry([adapter])) {
            for (life, (length, pause)) in [(1, 1), (1, 2), (301, 1), (1, 2)].enumerated() {
                await diary.wait(for: "a begins", count: life + 1)
                time.advance(by: .seconds(length))
                adapter.fail()
                await diary.wait(for: "a ends", count: life + 1)
                try await time.waitForSleepers()
                time.advance(by: .seconds(pause) - .milliseconds(1))
                #expect(adapter.lives == life + 1)
                time.advance(by: .milliseconds(1))
            }
            await diary.wait(for: "a begins", count: 5)
        }
    }

    @Test func `T31 one that throws and one that hangs stop no other`() async throws {
        try await withTemporaryDirectory { folder in
            let world = try LoopWorld(folder: folder)
            let good = try world.platform.adapter(world.account, world.tools)
            let failing = PlayedAdapter("failing", life: .fails, diary: diary)
            let hanging = PlayedAdapter("hanging", life: .clings, diary: diary)
            let registry = registry([good])
            registry.add(failing, named: "failing", title: nil)
            registry.add(hanging, named: "hanging", title: nil)
            let inbox = TestInbox()
            let task = Task { await registry.run(inbox) }
            _ = try await world.say(WorldSaid("hello", in: world.direct))
            try await inbox.wait(forText: "hello")
            await diary.wait(for: "failing ends")
            await diary.wait(for: "hanging begins")
            hanging.letGo()
            task.cancel()
            await task.value
        }
    }

    @Test func `adapters come and go while it runs`() async throws {
        let registry = registry()
        try await running(registry) {
            for name in ["a", "b"] {
                registry.add(
                    PlayedAdapter(name, account: name, life: .lasts, diary: diary),
                    named: name,
                    title: "@\(name)"
                )
                await diary.wait(for: "\(name) begins")
            }
            #expect(registry.status.map(\.name) == ["a", "b"])
            #expect(registry.status.map(\.title) == ["@a", "@b"])
            await registry.remove(named: "a")
            #expect(diary.lines.last == "a ends")
            #expect(registry.status.map(\.name) == ["b"])
            #expect(registry.adapter(named: "a") == nil)
            await registry.remove(named: "nobody")
        }
        #expect(diary.lines == ["a begins", "b begins", "a ends", "b ends"])
    }

    @Test func `removal waits until the adapter has ended`() async throws {
        let adapter = PlayedAdapter("a", life: .clings, diary: diary)
        let registry = registry([adapter])
        try await running(registry) {
            await diary.wait(for: "a begins")
            let removal = Task {
                await registry.remove(named: "played")
                diary.write("removed")
            }
            while registry.adapter(named: "played") != nil { await Task.yield() }
            diary.write("let go")
            adapter.letGo()
            await removal.value
        }
        #expect(diary.lines == ["a begins", "let go", "a ends", "removed"])
    }

    @Test func `one that waits for its next life leaves at once and never lives again`() async throws {
        let adapter = PlayedAdapter("a", life: .fails, diary: diary)
        let registry = registry([adapter])
        try await running(registry) {
            try await time.waitForSleepers()
            await registry.remove(named: "played")
            time.advance(by: .seconds(1000))
        }
        #expect(diary.lines == ["a begins", "a ends"])
    }

    @Test func `one that is removed before anything runs never lives`() async throws {
        let registry = registry([PlayedAdapter("a", life: .lasts, diary: diary)])
        await registry.remove(named: "played")
        registry.add(PlayedAdapter("b", life: .lasts, diary: diary), named: "b", title: nil)
        try await running(registry) { await diary.wait(for: "b begins") }
        #expect(diary.lines == ["b begins", "b ends"])
    }

    @Test func `one with the same name begins when the one before it has ended`() async throws {
        let old = PlayedAdapter("old", life: .clings, diary: diary)
        let registry = registry()
        try await running(registry) {
            registry.add(old, named: "x", title: nil)
            await diary.wait(for: "old begins")
            registry.add(PlayedAdapter("never", life: .lasts, diary: diary), named: "x", title: nil)
            registry.add(PlayedAdapter("new", life: .lasts, diary: diary), named: "x", title: nil)
            #expect(registry.status.count == 1)
            diary.write("let go")
            old.letGo()
            await diary.wait(for: "new begins")
        }
        #expect(
            diary.lines.filter { !$0.hasPrefix("never") } == [
                "old begins", "let go", "old ends", "new begins", "new ends",
            ]
        )
    }

    @Test func `a chat is served by the adapter of its account`() async throws {
        let registry = registry()
        for account in ["1", "2"] {
            registry.add(PlayedAdapter(account, account: account, life: .lasts), named: account, title: nil)
        }
        func account(_ platformID: String, _ channel: String = "played") -> String?? {
            registry.adapter(for: ChatAddress(channel: channel, platformID: platformID)).map(\.account)
        }
        #expect(account("played:2:c") == "2")
        #expect(account("played:3:c") == nil)
        #expect(account("played:2:c", "other") == nil)
        #expect(registry.adapters(of: "played").count == 2)
        registry.add(PlayedAdapter("all", life: .lasts), named: "all", title: nil)
        #expect(account("played:3:c") == .some(nil))
    }
}
