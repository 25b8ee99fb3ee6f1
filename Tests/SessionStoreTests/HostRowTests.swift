import Core
import LinuxIO
import SessionStore
import SessionStoreHost
import TestSupport
import Testing

struct HostRowTests {
    @Test func `§16.33 a repeated event is ignored, and a reused id with other content is a new row`() async throws {
        try await Scene.run { scene in
            let first = try await scene.host.insert([scene.message("hello", source: "e1")])
            let again = try await scene.host.insert([scene.message("hello", source: "e1")])
            #expect(again == [.repeated(id: first[0].id)])
            let other = try await scene.host.insert([
                scene.message("edited", source: "e1"), scene.message("edited", source: "e1"),
            ])
            #expect(other[1] == .repeated(id: other[0].id))
            #expect(try await scene.host.state(now: scene.time.now).open == 2)
        }
    }

    @Test func `T33 a message to another agent comes from what its turn took, and from a person in it first`()
        async throws
    {
        try await Scene.run { scene in
            let (peer, source) = (AgentGroupID.random(), SessionID.random())
            var mail = scene.message("of the agent", source: "mail")
            mail.address = ChatAddress(agent: peer)
            mail.sourceSession = source
            mail.platformMessageID = "m_theirs"
            var system = mail
            (system.sourceID, system.content) = (
                "system", .system(SystemContent(action: "note", status: "ok", text: ""))
            )
            let ids = try await scene.host.insert([scene.message("first"), mail, scene.message("last"), system]).map(
                \.id
            )
            let theirs = AgentMessageKey(session: source, message: MessageID(unchecked: "m_theirs"))
            func cause(_ taken: [Int]) async throws -> AgentMessageKey? {
                let taken = taken.map { ids[$0] }
                return try await scene.host.agentMailTrail(with: peer, taken: taken, answering: nil).cause
            }
            #expect(try await cause([1]) == theirs)
            #expect(try await cause([0, 1]) == nil)
            #expect(try await cause([1, 3]) == theirs)
            // Without a turn, or one of nothing but the host's own news: the newest from elsewhere.
            #expect(try await cause([]) == nil)
            #expect(try await cause([3]) == nil)
        }
    }

    @Test func `§16.28 what is delivered stays as it was recorded first`() async throws {
        try await Scene.run { scene in
            let runner = try scene.runner()
            _ = try runner.insert(scene.reply("one"))
            let row = try #require(try await scene.snapshot().rows.first)
            var delivery = try scene.delivery(row)
            try await scene.host.apply([.delivery(delivery)])
            delivery.state = .failed
            delivery.platformMessageID = "second"
            try await scene.host.apply([.delivery(delivery)])
            let stored = try #require(try await scene.host.delivery(seq: row.seq))
            #expect(stored.state == .delivered)
            #expect(stored.platformMessageID == "out-\(row.seq)")
            let platform = try #require(try await scene.host.platformMessage(seq: row.seq))
            #expect(platform.isOwn && platform.platformMessageID == "out-\(row.seq)" && platform.address == chat)
        }
    }

    @Test(arguments: [false, true])
    func `the floor rises in the commit of what is recorded, with a file beside it or not`(hasFile: Bool) async throws {
        try await Scene.run { scene in
            let runner = try scene.runner()
            _ = try runner.insert(scene.reply("one"))
            let row = try #require(try await scene.snapshot().rows.first)
            var beside = scene.message("beside")
            if hasFile { beside.attachments = [NewAttachment(name: "a.txt", source: .bytes([1]))] }
            try await scene.host.apply([.delivery(scene.delivery(row)), .insert(beside)])
            await scene.host.close()
            let database = try Connection(path: scene.folder.inboundDatabase, .readOnly, busyTimeout: 0)
            defer { database.close() }
            let floor = try database.first("SELECT value FROM meta WHERE key = 'recorded_through'") { $0.text(0) }
            #expect(floor == "\(row.seq)")
        }
    }

    @Test func `§16.34 ended rows, recorded deliveries and their files are pruned, open ones stay`() async throws {
        try await Scene.run { scene in
            var withFile = scene.message("old", source: "old")
            withFile.attachments = [NewAttachment(name: "a.txt", source: .bytes([1]))]
            let old = try await scene.host.insert([withFile, scene.message("open")])
            let configuration = AgentConfiguration(agentGroupID: .random(), agentName: "Nano")
            try await scene.host.beginIncarnation(1, configuration: configuration, destinations: [], routing: nil)
            let runner = try scene.runner()
            try runner.commit(TurnEnd(turn: .random(), rows: [scene.reply("answer")], acks: [.init(old[0].id)]))
            let snapshot = try await scene.snapshot()
            try await scene.host.apply([
                .acked(snapshot.acks), .delivery(scene.delivery(try #require(snapshot.rows.first))),
            ])
            scene.time.advance(by: .seconds(86400))
            try await scene.retain(messages: .seconds(86400))
            #expect(try await scene.host.history(limit: 10).map(\.id) == [old[1].id])
            #expect(try Directory(path: scene.folder.inbound + "/inbox").names() == [])
            // The event is still known for a repeat, for 90 days.
            #expect(try await scene.host.insert([withFile]) == [.repeated(id: old[0].id)])
            scene.time.advance(by: .seconds(91 * 86400))
            try await scene.retain()
            let renewed = try await scene.host.insert([withFile])
            #expect(renewed[0].id != old[0].id)
            try runner.prune()
            #expect(try runner.outboundCounts() == [0, 0, 0])
        }
    }

    @Test func `what a host has stored itself counts for no try of a runner that died before it`() async throws {
        try await Scene.run { scene in
            let old = try await scene.host.insert([scene.message("before")])[0].id
            await scene.host.close()
            let next = HostSession(folder: scene.folder, owner: nil, executors: scene.executors, time: scene.time)
            #expect(try await next.claimedRows(by: 1, through: nil) == [old])
            let new = try await next.insert([scene.message("after")])[0].id
            #expect(try await next.claimedRows(by: 1, through: nil) == [old])
            #expect(try await next.claimedRows(by: 1, through: .max) == [old, new])
            await next.close()
        }
    }

    @Test func `a row is tried again after 5, 10, 20, 40 and 80 s and then fails`() async throws {
        try await Scene.run { scene in
            let id = try await scene.host.insert([scene.message("try me")])[0].id
            for wait in [5, 10, 20, 40, 80] {
                #expect(try await scene.host.claimedRows(by: 1, through: .max) == [id])
                try await scene.host.apply([.retryRows([id], error: "runner died")])
                let overview = try await scene.host.state(now: scene.time.now)
                #expect(overview.dueTriggers.isEmpty)
                #expect(overview.nextDue == scene.time.now + .seconds(wait))
                #expect(try await scene.host.claimedRows(by: 1, through: .max).isEmpty)
                scene.time.advance(by: .seconds(wait))
            }
            try await scene.host.apply([.retryRows([id], error: "runner died again")])
            let overview = try await scene.host.state(now: scene.time.now)
            #expect(overview.failedRows == [id] && overview.open == 0)
            #expect(try await scene.host.inbound([id])[id]?.lastError == "runner died again")
        }
    }

    @Test func `what is begun once is known as such, where nobody can tell whether it was`() async throws {
        try await Scene.run { scene in
            func row(_ content: InboundContent, trigger: Bool = true) async throws -> MessageID {
                var row = scene.message("x")
                row.content = content
                row.trigger = trigger
                row.sourceID = MessageID.random().rawValue
                return try await scene.host.insert([row])[0].id
            }
            let allowed = SystemContent(
                action: AllowedCommand.action,
                status: "ok",
                text: "allowed",
                result: try JSONValue(encoding: AllowedCommand(command: "make"))
            )
            _ = try await scene.host.insert([scene.message("one")])
            let task = try await row(.task(TaskContent(prompt: "look")))
            let command = try await row(.system(allowed))
            _ = try await row(.system(allowed), trigger: false)
            _ = try await row(.system(SystemContent(action: AllowedCommand.action, status: "error", text: "denied")))
            _ = try await row(.system(SystemContent(action: "create_agent", status: "ok", text: "done")))
            #expect(try await scene.host.pendingRuns() == [task, command])
            try await scene.host.apply([.failRows([task, command], error: "no")])
            #expect(try await scene.host.pendingRuns().isEmpty)
        }
    }

    @Test func `a transaction of several changes is made whole or not at all`() async throws {
        try await Scene.run { scene in
            let id = try await scene.host.insert([scene.message("one")])[0].id
            var broken = scene.message("two")
            broken.content = .chat(ChatContent(text: String(repeating: "x", count: SessionLimits.rowContent)))
            await #expect(throws: StoreError.self) {
                try await scene.host.apply([.failRows([id], error: "no"), .insert(broken)])
            }
            #expect(try await scene.host.state(now: scene.time.now).dueTriggers == [id])
        }
    }

    @Test func `a notice of the host is an open delivery that moves no number`() async throws {
        try await Scene.run { scene in
            let notice = Delivery(
                message: .random(),
                seq: 0,
                incarnation: 0,
                turn: .random(),
                kind: .chat,
                address: chat,
                content: "{}",
                state: .retry,
                recordedAt: scene.time.now,
                updatedAt: scene.time.now
            )
            try await scene.host.apply([.delivery(notice)])
            #expect(try await scene.host.openDeliveries() == [notice])
            let runner = try scene.runner()
            #expect(try runner.insert(scene.reply("one")).seq == 1)
            #expect(try await scene.snapshot().rows.count == 1)
        }
    }

    @Test func `a reset forgets the conversation, and numbers and repeats stay known`() async throws {
        try await Scene.run { scene in
            _ = try await scene.host.insert([scene.message("old", source: "e1")])
            let runner = try scene.runner()
            try runner.commit(TurnEnd(turn: .random(), rows: [scene.reply("a")], continuation: ("p", "token")))
            runner.close()
            _ = try await scene.snapshot()
            try await scene.host.reset()
            #expect(try await scene.host.history(limit: 10).isEmpty)
            let next = try scene.runner(2)
            #expect(try next.continuation(provider: "p") == nil)
            #expect(try next.insert(scene.reply("b")).seq == 5)
            guard case .repeated = try await scene.host.insert([scene.message("old", source: "e1")])[0] else {
                throw Unexpected("the event came twice")
            }
        }
    }

    @Test func `§16.26 destinations are replaced at once: no reader finds fewer`() async throws {
        try await Scene.run { scene in
            func places(_ round: Int) -> [SessionDestination] {
                (0..<3).map { SessionDestination(name: "d\($0)-\(round)", target: .chat(chat)) }
            }
            try await scene.host.update(destinations: places(0))
            let watcher = try Victim("watch-destinations", scene.folder, count: 400)
            for round in 1..<60 { try await scene.host.update(destinations: places(round)) }
            #expect(try watcher.lines() == ["fewest 3"])
        }
    }

    @Test func `§16.27 routing is one row, rewritten by each incarnation and null without a chat`() async throws {
        try await Scene.run { scene in
            let configuration = AgentConfiguration(agentGroupID: .random(), agentName: "Nano")
            let runner = try scene.runner()
            #expect(try runner.routing() == nil)
            try await scene.host.beginIncarnation(1, configuration: configuration, destinations: [], routing: chat)
            #expect(try runner.routing() == chat)
            #expect(try runner.configuration() == configuration)
            try await scene.host.beginIncarnation(2, configuration: configuration, destinations: [], routing: nil)
            #expect(try runner.routing() == nil)
            #expect(try runner.currentIncarnation() == 2)
            await #expect(throws: StoreError.self) {
                try await scene.host.beginIncarnation(1, configuration: configuration, destinations: [], routing: nil)
            }
        }
    }

    @Test func `an update changes only what it names`() async throws {
        try await Scene.run { scene in
            let configuration = AgentConfiguration(agentGroupID: .random(), agentName: "Nano")
            let place = SessionDestination(name: "cli", displayName: "Terminal", target: .chat(chat))
            let agent = SessionDestination(name: "helper", target: .agent(.random()))
            try await scene.host.beginIncarnation(
                3,
                configuration: configuration,
                destinations: [place, agent],
                routing: chat
            )
            var changed = configuration
            changed.agentName = "Other"
            try await scene.host.update(configuration: changed)
            let runner = try scene.runner(3)
            #expect(try runner.configuration() == changed)
            #expect(try runner.destinations() == [place, agent])
            #expect(try runner.routing() == chat)
        }
    }
}
