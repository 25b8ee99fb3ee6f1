import ChannelKit
import Core
import Logging
import Synchronization
import TestSupport
import Testing

@testable import ChannelSlack

private let silent = Logger(label: "slack") { _ in SwiftLogNoOpLogHandler() }

@Suite(.timeLimit(.minutes(1))) struct `Lanes of what comes in` {
    private final class Trace: Sendable {
        private let state = Mutex<[String]>([])
        var all: [String] { state.withLock { $0 } }
        func add(_ text: String) { state.withLock { $0.append(text) } }
    }

    private func running(
        _ time: any TimeSource = SystemTime(),
        _ body: @Sendable (SlackLanes) async throws -> Void
    ) async rethrows {
        let lanes = SlackLanes(time: time, logger: silent)
        let task = Task { await lanes.run() }
        defer { task.cancel() }
        try await body(lanes)
    }

    @Test func `keep the order of a conversation, and hold up no other`() async {
        await running { lanes in
            let trace = Trace()
            let (gate, opener) = AsyncStream.makeStream(of: Void.self)
            await lanes.add("1", to: "C1") {
                for await _ in gate {}
                trace.add("1")
            }
            await lanes.add("2", to: "C1") { trace.add("2") }
            await lanes.add("3", to: "C2") { trace.add("3") }
            #expect(await lanes.finishes("3", within: .seconds(10)))
            #expect(trace.all == ["3"])
            opener.finish()
            #expect(await lanes.finishes("2", within: .seconds(10)))
            #expect(trace.all == ["3", "1", "2"])
        }
    }

    @Test func `do the same thing once, while it waits and when it is done`() async {
        await running { lanes in
            let trace = Trace()
            for _ in 0..<5 { await lanes.add("1", to: "C1") { trace.add("1") } }
            #expect(await lanes.finishes("1", within: .seconds(10)))
            await lanes.add("1", to: "C1") { trace.add("again") }
            await lanes.add("2", to: "C1") {}
            #expect(await lanes.finishes("2", within: .seconds(10)))
            #expect(trace.all == ["1"])
        }
    }

    @Test func `try again what fails, and what comes behind waits`() async throws {
        let time = ManualTime()
        try await running(time) { lanes in
            let trace = Trace()
            await lanes.add("1", to: "C1") {
                trace.add("1")
                if trace.all.count < 3 { throw CancellationError() }
            }
            await lanes.add("2", to: "C1") { trace.add("2") }
            for _ in 0..<2 {
                try await time.waitForSleepers(1)
                #expect(!trace.all.contains("2"))
                time.advance(by: .seconds(30))
            }
            #expect(await lanes.finishes("2", within: .seconds(10)))
            #expect(trace.all == ["1", "1", "1", "2"])
        }
    }

    @Test func `say in time that something takes longer`() async throws {
        let time = ManualTime()
        try await running(time) { lanes in
            let (gate, opener) = AsyncStream.makeStream(of: Void.self)
            await lanes.add("1", to: "C1") { for await _ in gate {} }
            async let isDone = lanes.finishes("1", within: .seconds(3))
            try await time.waitForSleepers(1)
            time.advance(by: .seconds(3))
            #expect(await isDone == false)
            opener.finish()
            #expect(await lanes.finishes("1", within: .seconds(10)))
            #expect(await lanes.finishes("never added", within: .seconds(10)) == false)
        }
    }

    @Test func `take no more than they can hold`() async {
        let lanes = SlackLanes(time: SystemTime(), logger: silent)
        var taken = 0
        for number in 0..<300 where await lanes.add("\(number)", to: "C1", {}) { taken += 1 }
        #expect(taken == 256)
        #expect(await lanes.add("other", to: "C2", {}))
    }

    @Test func `let those go who wait when they end`() async {
        let lanes = SlackLanes(time: SystemTime(), logger: silent)
        let task = Task { await lanes.run() }
        let (gate, _) = AsyncStream.makeStream(of: Void.self)
        await lanes.add("1", to: "C1") {
            for await _ in gate {}
            try Task.checkCancellation()
        }
        async let isDone = lanes.finishes("1", within: .seconds(60))
        task.cancel()
        #expect(await isDone == false)
    }
}

@Suite struct `Places where Slack is read on` {
    private func ts(_ seconds: Int) -> String { "\(1_700_000_000 + seconds).000000" }

    @Test func `are those of the hour before the newest message, across restarts`() async {
        let state = MemoryChannelState()
        let places = SlackPlaces(state: state, logger: silent)
        await places.note(ts(0), at: .init("C1"))
        await places.note(ts(5000), at: .init("C2"))
        await places.note(ts(5001), at: .init("C2", thread: ts(4000)))
        await places.note(ts(4000), at: .init("C2"))
        await places.note(ts(2000), at: .init("C3"))
        let again = SlackPlaces(state: state, logger: silent)
        await again.load()
        let active = await again.active()
        #expect(Set(active.keys) == ["C2", "C3"])
        #expect(active["C2"]?.first { $0.thread == nil }?.ts == ts(5000))
        #expect(active["C2"]?.first { $0.thread == ts(4000) }?.ts == ts(5001))
    }

    @Test func `begin with the first start, not with what was said before it`() async {
        let state = MemoryChannelState()
        let places = SlackPlaces(state: state, logger: silent)
        #expect(await places.last == nil)
        await places.begin(at: ts(0))
        await places.begin(at: ts(9))
        let again = SlackPlaces(state: state, logger: silent)
        await again.load()
        await again.begin(at: ts(9))
        #expect(await again.last == ts(0))
        #expect(await again.active().isEmpty)
        await again.note(ts(5), at: .init("C1"))
        #expect(await again.last == ts(5))
        #expect(await again.active().count == 1)
    }

    @Test func `are few, and what cannot be read is none`() async {
        let state = MemoryChannelState(["places": #"{"C1":7,"C2":"x","C3":"1700000000.000000"}"#])
        let places = SlackPlaces(state: state, logger: silent)
        await places.load()
        #expect(await places.active().count == 1)
        for number in 0..<200 { await places.note(ts(number), at: .init("D\(number)")) }
        #expect(await places.active().count == 64)
    }
}
