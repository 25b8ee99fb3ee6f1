import CentralStore
import Core
import Foundation
import Glibc
import LinuxIO
import SessionStore
import SessionStoreHost
import TestSupport
import Testing

@testable import Host

/// How long things are kept where `config.yaml` says nothing, as docs/operations.md tells it.
@Suite(.timeLimit(.minutes(2))) struct DefaultPeriodTests {
    /// Something that is kept for its days from a moment on.
    private struct Kept {
        let what: String
        let start: Timestamp
        let days: Int
        let isThere: () async throws -> Bool

        var end: Timestamp { start + IdleHost.day * days }
    }

    /// Whether an entry of a directory is there.
    private static func entry(_ name: String, in folder: String) -> () throws -> Bool {
        { access("\(folder)/\(name)", F_OK) == 0 }
    }

    /// Whether a row of the session's `inbound.db` is there.
    private static func row(_ query: String, _ id: MessageID, in folder: SessionFolder) -> () throws -> Bool {
        {
            let database = try Connection(path: folder.inboundDatabase, .readOnly, busyTimeout: 1000)
            defer { database.close() }
            return try database.first(query, id) { _ in true } == true
        }
    }

    /// A message with a file that came and one with a file that was said; both have ended now.
    private static func end(
        in store: HostSession,
        _ folder: SessionFolder,
        at now: Timestamp,
        _ state: DeliveryState,
        _ ending: (MessageID) -> HostChange
    ) async throws -> (came: MessageID, said: MessageID) {
        let came = try await store.insert([
            NewInbound(
                sourceID: "\(state)",
                content: .chat(ChatContent(text: "\(state)")),
                sentAt: now,
                receivedAt: now,
                attachments: [NewAttachment(name: "a.txt", source: .bytes([1]))]
            )
        ])[0].id
        let said = MessageID.random()
        let delivery = Delivery(
            message: said,
            seq: 0,
            incarnation: 1,
            turn: .random(),
            kind: .chat,
            address: nil,
            content: "{}",
            state: state,
            recordedAt: now,
            updatedAt: now
        )
        try await store.apply([ending(came), .delivery(delivery)])
        try Directory(path: folder.outbound + "/outbox").makeDirectory(said.rawValue)
        return (came, said)
    }

    /// Everything that has days of its own in a home which says nothing about them.
    private static func keep(_ host: TestHost, _ time: ManualTime) async throws -> [Kept] {
        let handle = try await host.session()
        let (store, folder, now) = (handle.store, handle.folder, time.now)
        let done = try await end(in: store, folder, at: now, .delivered) {
            .acked([Ack(message: $0, incarnation: 1, state: .completed, turn: .random())])
        }
        let failed = try await end(in: store, folder, at: now, .failed) { .failRows([$0], error: "x") }
        let (inbox, outbox) = (folder.inbound + "/inbox", folder.outbound + "/outbox")
        try Directory(path: outbox).makeDirectory("unsent")

        let transcripts = folder.state + "/transcripts"
        try FileManager.default.createDirectory(atPath: transcripts, withIntermediateDirectories: true)
        for name in ["1", "2", "3"] { try Directory(path: transcripts).create(name).write([1]) }
        // The session goes on from the two newest.
        let oldest = try #require(try Directory(path: transcripts).entries().min { $0.changed < $1.changed })

        let logs = folder.path + "/../../../logs/runners"
        let log = try Directory(path: logs).create("se_old.log")
        var status = stat()
        fstat(log.number, &status)
        let logged = Timestamp(
            milliseconds: Int64(status.st_mtim.tv_sec) * 1000 + Int64(status.st_mtim.tv_nsec / 1_000_000)
        )
        func change(_ name: String) throws -> Timestamp {
            let entry = try Directory(path: outbox).entries().first { $0.name == name }
            return Timestamp(milliseconds: try #require(entry).changed)
        }
        let message = "SELECT 1 FROM messages_in WHERE id = ?"
        let delivery = "SELECT 1 FROM deliveries WHERE message_id = ?"
        return [
            Kept(what: "inbox", start: now, days: 7, isThere: entry(done.came.rawValue, in: inbox)),
            Kept(what: "outbox", start: now, days: 7, isThere: entry(done.said.rawValue, in: outbox)),
            Kept(what: "failed inbox", start: now, days: 30, isThere: entry(failed.came.rawValue, in: inbox)),
            Kept(what: "failed outbox", start: now, days: 30, isThere: entry(failed.said.rawValue, in: outbox)),
            Kept(what: "unsent", start: try change("unsent"), days: 30, isThere: entry("unsent", in: outbox)),
            Kept(what: "message", start: now, days: 30, isThere: row(message, done.came, in: folder)),
            Kept(what: "failed message", start: now, days: 30, isThere: row(message, failed.came, in: folder)),
            Kept(what: "delivery", start: now, days: 30, isThere: row(delivery, done.said, in: folder)),
            Kept(what: "failed delivery", start: now, days: 30, isThere: row(delivery, failed.said, in: folder)),
            Kept(
                what: "transcript",
                start: Timestamp(milliseconds: oldest.changed),
                days: 90,
                isThere: entry(oldest.name, in: transcripts)
            ),
            Kept(what: "runner's log", start: logged, days: 14, isThere: entry("se_old.log", in: logs)),
            Kept(
                what: "session",
                start: try await IdleHost.record(host).lastActive,
                days: 90,
                isThere: { try await IdleHost.record(host).status == .active }
            ),
        ]
    }

    @Test func `T68 what no setting speaks of goes at the end of its default days, and not a millisecond before`()
        async throws
    {
        try await IdleHost.with { host, time in
            try await IdleHost.talk(host, time, "hello")
            let kept = try await Self.keep(host, time)
            for end in Set(kept.map(\.end)).sorted() {
                IdleHost.step(time, to: end - .milliseconds(1))
                _ = try await IdleHost.items(host)
                for thing in kept where thing.end == end {
                    #expect(try await thing.isThere(), "\(thing.what) is gone before \(thing.days) days are over")
                }
                IdleHost.step(time, to: end)
                _ = try await IdleHost.items(host)
                for thing in kept where thing.end == end {
                    #expect(try await !thing.isThere(), "\(thing.what) is there after \(thing.days) days")
                }
            }
        }
    }
}
