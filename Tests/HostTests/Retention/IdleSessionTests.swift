import CentralStore
import ControlProtocol
import Core
import Foundation
import GRDB
import Glibc
import LinuxIO
import Sandbox
import SessionStore
import SessionStoreHost
import Synchronization
import TestSupport
import Testing

@testable import Host

/// Sessions that nobody writes to: closed when their days are over, opened by the next message.
@Suite(.timeLimit(.minutes(2))) struct IdleSessionTests {
    // MARK: - Closing and opening

    @Test
    func `T68 a session without a message for its days is closed, and the next message opens it with its history`()
        async throws
    {
        try await IdleHost.with { host, time in
            try await IdleHost.talk(host, time, "hello", id: "p1")
            let session = try await IdleHost.record(host)
            IdleHost.step(time, to: session.lastActive + IdleHost.day * 90 - .milliseconds(1))
            #expect(try await IdleHost.items(host).filter { $0.what == .session }.isEmpty)
            #expect(try await IdleHost.record(host).status == .active)
            IdleHost.step(time, to: session.lastActive + IdleHost.day * 90)
            #expect(try await IdleHost.items(host).contains { $0.what == .session && $0.session == session.id })
            let closed = try await IdleHost.record(host)
            #expect(closed.status == .closed && closed.reopens && closed.closedAt == time.now)
            #expect(closed.statusReason == "no message for 90 days")
            try await host.turn(time, until: "its files are let go") {
                await host.runtime.sessions.openSession(session.id) == nil
            }

            try await IdleHost.talk(host, time, "again", id: "p2")
            let open = try await IdleHost.record(host)
            #expect(open.id == session.id && open.status == .active && !open.reopens && open.closedAt == nil)
            #expect(host.channel.texts == ["echo: hello", "echo: again"])
            // Its numbers go on, and what came before is still known for a repeat.
            let handle = try await host.session()
            #expect(try await handle.store.history(limit: 9).map(\.seq).max() ?? 0 > 2)
        }
    }

    @Test func `what belongs to no session and cannot be looked at holds up none of them`() async throws {
        try await IdleHost.with { host, time in
            try await IdleHost.talk(host, time, "hello", id: "p1")
            let session = try await IdleHost.record(host)
            let logs = "\(host.runtime.options.home)/data/logs"
            #expect(rename("\(logs)/runners", "\(logs)/gone") == 0)
            // The pass at the start has looked at what belongs to none already: a day later it is due again.
            time.advance(by: IdleHost.day)
            IdleHost.step(time, to: session.lastActive + IdleHost.day * 91)
            // That day has woken also who writes down when the session was active: one pass may find it changed.
            try await host.eventually("the session is closed") {
                await host.runtime.retention.pass()
                return try await IdleHost.record(host).status == .closed
            }
        }
    }

    @Test func `a session that a person has closed stays so, and the next message begins a new one`() async throws {
        try await IdleHost.with { host, time in
            try await IdleHost.talk(host, time, "hello")
            let session = try await IdleHost.record(host)
            IdleHost.step(time, to: session.lastActive + IdleHost.day * 91)
            _ = try await IdleHost.items(host)
            try await host.runtime.close(session: session.id)
            #expect(try await IdleHost.record(host).reopens == false)
            try await host.runtime.accept(host.event("again", id: "p2"))
            let all = try await host.runtime.central.read { try Session.fetchAll($0) }
            #expect(all.count == 2 && all.filter { $0.status == .active }.map(\.id) != [session.id])
        }
    }

    @Test func `never closes no session`() async throws {
        try await IdleHost.with(configuration: "retention:\n  idleSessionDays: never\n") { host, time in
            try await IdleHost.talk(host, time, "hello")
            IdleHost.step(time, to: time.now + IdleHost.day * 1000)
            _ = try await IdleHost.items(host)
            #expect(try await IdleHost.record(host).status == .active)
        }
    }

    @Test func `T68 a message that comes while its session is being closed is answered in it`() async throws {
        try await IdleHost.with { host, time in
            try await IdleHost.talk(host, time, "hello", id: "p0")
            let central = host.runtime.central
            // Read as idle, marked by a message, then closed: the mark wins.
            IdleHost.step(time, to: time.now + IdleHost.day * 90)
            let due = try #require(try await central.retentionDue(at: time.now, after: nil, limit: 9).first)
            #expect(due.isIdle(for: IdleHost.day * 90, at: time.now))
            try await host.runtime.ledger.holding(due.id, reason: "message") {
                let isClosed = try await central.closeIdle(due, at: time.now, reason: "x")
                #expect(!isClosed)
                // Nor does what was reckoned before hide what comes now.
                try await central.setRetentionDue(nil, of: due)
            }
            #expect(try await IdleHost.record(host).retentionDueAt != nil)
            try await host.runtime.supervisor.attend(host.session())
            try await host.turn(time, until: "the session is at rest") { try await IdleHost.isAtRest(host) }

            // Found by its key, closed, and then written to: the mark opens it.
            for round in 1...20 {
                IdleHost.step(time, to: time.now + IdleHost.day * 91)
                async let ending = IdleHost.items(host)
                async let message: Void = host.runtime.accept(host.event("round \(round)", id: "p\(round)"))
                _ = try await (ending, message)
                try await host.turn(time, until: "answer \(round)") {
                    host.channel.texts.contains("echo: round \(round)")
                }
                await IdleHost.rest(host)
                try await host.turn(time, until: "the session is at rest") { try await IdleHost.isAtRest(host) }
                #expect(try await IdleHost.record(host).status == .active)
            }
            #expect(host.channel.sent.count == 21)
        }
    }

    @Test func `T68 a closed session keeps what it goes on from until its days are over, and then answers without`()
        async throws
    {
        try await IdleHost.with { host, time in
            try await IdleHost.talk(host, time, "hello", id: "p1")
            let session = try await IdleHost.record(host)
            let state = try Directory(path: try await host.session().folder.state)
            try state.makeDirectory("transcripts")
            try state.directory("transcripts").create("t.jsonl").write([1])
            IdleHost.step(time, to: session.lastActive + IdleHost.day * 90)
            _ = try await IdleHost.items(host)
            let closedAt = try #require(try await IdleHost.record(host).closedAt)
            IdleHost.step(time, to: closedAt + IdleHost.day * 90 - .milliseconds(1))
            #expect(try await IdleHost.items(host).isEmpty)
            #expect(try await IdleHost.record(host).retentionDueAt == closedAt + IdleHost.day * 90)
            IdleHost.step(time, to: closedAt + IdleHost.day * 90)
            #expect(try await IdleHost.items(host).contains { $0.what == .transcripts })
            #expect(try state.names().isEmpty)
            #expect(try await IdleHost.record(host).retentionDueAt == nil)
            try await IdleHost.talk(host, time, "again", id: "p2")
            #expect(host.channel.texts.last == "echo: again")
        }
    }

    @Test func `what a closed session goes on from is left to who has come to use it`() async throws {
        try await IdleHost.with { host, time in
            try await IdleHost.talk(host, time, "hello")
            IdleHost.step(time, to: time.now + IdleHost.day * 91)
            _ = try await IdleHost.items(host)
            let handle = try await host.session()
            let supervisor = host.runtime.supervisor
            let order = Found()
            let done = try await supervisor.atRest(handle) {
                // Somebody comes meanwhile: nobody may start, and nobody else may do the same.
                await supervisor.attend(handle)
                let other = try await supervisor.atRest(handle) { true }
                #expect(other == nil)
                order.add(RetentionItem(.session))
                return true
            }
            #expect(done == true && order.all.count == 1)
            try await host.turn(time, until: "who waited was looked after") { await supervisor.entries.isEmpty }
        }
    }
}
