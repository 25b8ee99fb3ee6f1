import Core
import Foundation
import GRDB
import TestSupport
import Testing

@testable import CentralStore

@Suite struct `Traces` {
    func withTraces(
        limits: TraceLimits = TraceLimits(),
        _ body: (TraceStore, ManualTime, String) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { home in
            try FileManager.default.createDirectory(atPath: "\(home)/data", withIntermediateDirectories: true)
            let time = ManualTime(now: now)
            let store = try TraceStore(home: home, limits: limits, time: time)
            try await body(store, time, home)
            try await store.close()
        }
    }

    @Test func `a message's way holds its own entries and those of its turn, named by either id`() async throws {
        try await withTraces { store, _, _ in
            let row = MessageID.random()
            let turn = TurnID.random()
            store.record(TraceEntry(at: now, sourceID: "p1", stage: "received"))
            store.record(TraceEntry(at: now, sourceID: "p2", stage: "received"))
            store.record(
                TraceEntry(at: now, sourceID: "p1", messageID: row, stage: "routed", detail: #"{"agent":"main"}"#)
            )
            store.record(TraceEntry(at: now, messageID: row, turnID: turn, stage: "claimed"))
            store.record(TraceEntry(at: now, turnID: turn, stage: "model"))
            store.record(TraceEntry(at: now, turnID: .random(), stage: "model"))
            let stages = ["received", "routed", "claimed", "model"]
            let named = try await store.entries(of: "p1").map(\.stage)
            #expect(named == stages)
            #expect(try await store.entries(of: row.rawValue).map(\.stage) == stages)
            #expect(try await store.entries(of: "p3").isEmpty)
        }
    }

    @Test func `what was noted is written by itself, and the rest when the writer is cancelled`() async throws {
        try await withTraces { store, time, home in
            let writer = Task { await store.run() }
            store.record(TraceEntry(at: now, sourceID: "a", stage: "received"))
            try await time.waitForSleepers()
            writer.cancel()
            await writer.value
            let rows = try await DatabaseQueue(path: TraceStore.path(home: home)).read {
                try Int.fetchOne($0, sql: "SELECT count(*) FROM trace_entries")
            }
            #expect(rows == 1)
        }
    }

    @Test func `T68 traces older than their cap go although there is room`() async throws {
        try await withTraces(limits: TraceLimits(maximumAge: .seconds(86_400), maximumBytes: 1 << 30)) {
            store,
            time,
            _ in
            store.record(TraceEntry(at: time.now - .seconds(86_399), sourceID: "young", stage: "received"))
            store.record(TraceEntry(at: time.now - .seconds(86_401), sourceID: "old", stage: "received"))
            try await store.flush()
            try await store.prune()
            #expect(try await store.entries(of: "old").isEmpty)
            #expect(try await store.entries(of: "young").count == 1)
        }
    }

    @Test func `T68 traces stay under their caps of age and size`() async throws {
        try await withTraces(limits: TraceLimits(maximumAge: .seconds(86_400), maximumBytes: 1 << 20)) {
            store,
            time,
            home in
            store.record(TraceEntry(at: now - .seconds(2 * 86_400), sourceID: "old", stage: "received"))
            for number in 0..<4_000 {
                let detail = "{\"text\":\"\(String(repeating: "x", count: 1_000))\"}"
                store.record(TraceEntry(at: time.now, sourceID: "m\(number)", stage: "received", detail: detail))
            }
            try await store.flush()
            #expect(try await store.entries(of: "old").isEmpty)
            #expect(try await store.entries(of: "m0").isEmpty)
            #expect(try await store.entries(of: "m3999").count == 1)
            let size = try FileManager.default.attributesOfItem(atPath: TraceStore.path(home: home))[.size] as? Int
            #expect(try #require(size) <= 1 << 20)
        }
    }

    @Test func `an oversized detail is replaced by its size`() {
        let entry = TraceEntry(at: now, stage: "tool", detail: "{\"x\":\"\(String(repeating: "y", count: 40_000))\"}")
        #expect(entry.detail == "{\"oversize_bytes\":40008}")
    }

    @Test func `a damaged file is set aside and made anew`() async throws {
        try await withTemporaryDirectory { home in
            try FileManager.default.createDirectory(atPath: "\(home)/data", withIntermediateDirectories: true)
            try Data(repeating: 0x41, count: 8_192).write(to: URL(fileURLWithPath: TraceStore.path(home: home)))
            let store = try TraceStore(home: home)
            store.record(TraceEntry(at: now, sourceID: "a", stage: "received"))
            #expect(try await store.entries(of: "a").count == 1)
            #expect(FileManager.default.fileExists(atPath: TraceStore.path(home: home) + ".damaged"))
        }
    }
}
