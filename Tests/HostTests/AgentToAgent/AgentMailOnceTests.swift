import CentralStore
import ChannelKit
import Channels
import Core
import GRDB
import Glibc
import LinuxIO
import Sandbox
import SessionStore
import SessionStoreHost
import TestSupport
import Testing

@testable import Host

/// A message between agents is there once, with its files, whatever ends in between.
@Suite(.timeLimit(.minutes(1))) struct AgentMailOnceTests {
    static let once: AgentWorld.Script = { row, world in row.isMail ? [] : [world.mail(row.text, to: "child")] }
    static let scripts: [String: AgentWorld.Script] = ["main": once, "child": { _, _ in [] }]

    @Test func `what a crash cut off before its record is done again in the same place, and is there once`()
        async throws
    {
        try await withTemporaryDirectory { home in
            try await AgentWorld.with(home: home, agents: ["child"], scripts: Self.scripts) { host, world in
                try await host.runtime.accept(host.event("hello"))
                let handle = try await host.session()
                try await host.eventually("it is there") {
                    try await handle.store.delivery(seq: 3)?.state == .delivered
                }
            }
            // As a host leaves it that ended between the row there and the record here.
            let folder = "\(home)/data/sessions"
            let files = try Directory(path: folder)
            for group in try files.names() {
                for session in try files.directory(group).names() {
                    let path = SessionFolder(path: "\(folder)/\(group)/\(session)").inboundDatabase
                    let database = try Connection(path: path, .readWrite, busyTimeout: 5000)
                    try database.execute("UPDATE deliveries SET state = 'retry', attempts = 1")
                    database.close()
                }
            }
            try await AgentWorld.with(home: home, agents: ["child"], scripts: Self.scripts) { host, world in
                // Neither another name, nor that it could go elsewhere now, nor that it may not any more counts.
                try await host.runtime.central.write { db in
                    _ = try AgentGroup.rename(host.group.id, to: "Renamed", db)
                    try Destination.remove(host.group.id, "child", db)
                }
                let handle = try await host.session()
                _ = await host.runtime.deliveries.session(handle).drain()
                try await host.eventually("it is recorded") {
                    try await handle.store.delivery(seq: 3)?.state == .delivered
                }
                let entry = try #require(try await world.entry(host, "child"))
                #expect(try await entry.texts(outgoing: false) == ["hello"])
                #expect(try await world.accepted(host).count == 1)
            }
        }
    }

    @Test func `what was accepted waits for an agent that cannot start, an owner is told, and it is answered later`()
        async throws
    {
        let clock = ManualTime()
        try await withTemporaryDirectory { home in
            try await AgentWorld.with(
                home: home,
                time: clock,
                agents: ["child"],
                scripts: ["main": Self.once]
            ) { host, world in
                world.set(.dieAtStart, for: "child")
                try await host.runtime.accept(host.event("hello"))
                try await host.turn(clock, by: .milliseconds(50), until: "an owner is told") {
                    try await host.runtime.cli.lastEntries(of: "cli:local:main", limit: 5).count == 1
                }
                let notice = try await host.runtime.cli.lastEntries(of: "cli:local:main", limit: 5)[0].body.text
                #expect(notice.hasPrefix("child, for another agent: I cannot start working"))
                let parent = try await host.session()
                #expect(try await parent.texts(outgoing: false) == ["hello"])
                world.set(nil, for: "child")
                try await host.turn(clock, by: .milliseconds(50), until: "it is answered") {
                    try await parent.texts(outgoing: false) == ["hello", "echo: hello"]
                }
            }
        }
    }

    @Test func `§16.226 T41 files go along under the rules for what goes out, and nothing else does`() async throws {
        let id = MessageID.random()
        let names = ["a.txt", "link", "twice", "pipe", "missing", "../escape"]
        let script: AgentWorld.Script = { row, world in
            guard !row.isMail, row.text == "send" else { return [] }
            var mail = world.mail("see", to: "child", files: names)
            mail.id = id
            return [mail]
        }
        try await withTemporaryDirectory { home in
            try await AgentWorld.with(
                home: home,
                agents: ["child"],
                scripts: ["main": script, "child": { _, _ in [] }]
            ) { host, world in
                try await host.runtime.accept(host.event("first"))
                // The runner looks at the first message of a turn only: "send" is to have one of its own.
                try await host.rest()
                let handle = try await host.session()
                try Directory(path: home).replace("secret", with: Array("secret".utf8))
                let outbox = try Directory(path: handle.folder.outbound + "/outbox")
                try outbox.makeDirectory(id.rawValue)
                let folder = try outbox.directory(id.rawValue)
                try folder.replace("a.txt", with: Array("content".utf8))
                try folder.replace("twice", with: Array("twice".utf8))
                let path = "\(handle.folder.outbound)/outbox/\(id)"
                #expect(symlink("\(home)/secret", "\(path)/link") == 0)
                #expect(Glibc.link("\(path)/twice", "\(path)/other") == 0)
                #expect(mkfifo("\(path)/pipe", 0o600) == 0)
                try await host.runtime.accept(host.event("send"))
                try await host.eventually("it is there") { try await world.entry(host, "child") != nil }
                let child = try #require(try await world.entry(host, "child"))
                try await host.eventually("with its file") { try await !child.texts(outgoing: false).isEmpty }
                let entry = try #require(try await child.store.history(limit: 10).first)
                let content = try JSONText.decode(ChatContent.self, entry.content)
                #expect(content.attachments.map(\.name) == ["a.txt"])
                #expect(content.attachments.first?.path == "inbox/\(entry.id)/a.txt")
                for name in names.dropFirst() {
                    #expect(content.text.contains("[The file \(name) could not be attached"), "\(name)")
                }
                let inbox = try Directory(path: child.folder.inbound).directory("inbox/\(entry.id)")
                #expect(try inbox.names() == ["a.txt"])
                #expect(try inbox.contents("a.txt", limit: 100) == Array("content".utf8))
            }
        }
    }

    @Test func `deleting an agent takes its name from all who knew it, and running ones are told`() async throws {
        try await withTemporaryDirectory { home in
            try await AgentWorld.with(home: home, agents: ["child"], scripts: Self.scripts) { host, world in
                try await host.runtime.accept(host.event("hello"))
                let handle = try await host.session()
                try await host.eventually("it is there") {
                    try await handle.store.delivery(seq: 3)?.state == .delivered
                }
                func known() throws -> [String] {
                    let database = try Connection(path: handle.folder.inboundDatabase, .readOnly, busyTimeout: 5000)
                    defer { database.close() }
                    return try SessionDestination.all(in: database).map(\.name)
                }
                #expect(try known() == ["chat", "child", "cli"])
                #expect(host.spawner.runners.first { $0.request.session == handle.id }?.exit == nil)
                // The child's own runner has started too.
                try await host.rest()
                let runners = host.spawner.runners.count
                _ = try await host.control("groups delete", ["group": .string(world["child"].rawValue)])
                #expect(try known() == ["chat", "cli"])
                #expect(host.spawner.runners.count == runners)
                let left = try await host.runtime.central.read { db in
                    try Destination.filter(Destination.CodingKeys.targetType == DestinationKind.agent).fetchCount(db)
                }
                #expect(left == 0)
                // What is written to it now is refused with words.
                try await host.runtime.accept(host.event("still there?"))
                try await host.eventually("it is refused") { try await handle.store.delivery(seq: 5)?.state == .failed }
                #expect(try await handle.news().last?.contains("none of your destinations") == true)
            }
        }
    }
}
