import CentralStore
import Core
import GRDB
import Host
import LinuxIO
import SessionStore
import SessionStoreHost

/// Messages that come, are answered and recorded, and the mark of their session in the central database, for the recorder
/// of the power-cut test.
///
/// What is acknowledged is written into the file `marks` of the home, a line each, and thereby into the record: `ready`;
/// `in N`, a message stored; `clear N`, the mark removed because nothing of it is open.
struct MarkScenario {
    let home: String
    /// A mistake on purpose: the mark is made behind the message.
    let marksLate: Bool

    func run(messages: Int) async throws {
        let marks = try Directory(path: home).create("marks")
        func mark(_ text: String) throws { try marks.write((text + "\n").utf8) }
        let (group, session) = (AgentGroupID.random(), SessionID.random())
        let central = try CentralStore(lock: HomeLock.acquire(home: home))
        try await central.write(changesRouting: false) { db in
            try db.execute(
                sql: "INSERT INTO agent_groups (id, name, folder, created_at) VALUES (?, 'Power', 'power', 0)",
                arguments: [group]
            )
            try db.execute(
                sql: """
                    INSERT INTO sessions (id, agent_group_id, mode, last_active, created_at)
                    VALUES (?, ?, 'agent-shared', 0, 0)
                    """,
                arguments: [session, group]
            )
        }
        let folder = SessionFolder(path: "\(home)/session")
        try HostSession.create(folder, owner: nil)
        let time = SystemTime()
        let host = HostSession(folder: folder, owner: nil, executors: try StoreExecutors(threads: 1), time: time)
        let configuration = AgentConfiguration(agentGroupID: group, agentName: "Power")
        try await host.beginIncarnation(1, configuration: configuration, destinations: [], routing: nil)
        let runner = try RunnerSession(
            inbound: folder.inbound,
            outbound: folder.outbound,
            state: folder.state,
            incarnation: 1
        )
        let ledger = DirtyLedger(store: central)
        let chat = ChatAddress(channel: "cli", platformID: "cli:local:main")
        try mark("ready")
        for number in 0..<messages {
            let row = NewInbound(
                sourceID: "in \(number)",
                content: .chat(ChatContent(text: "in \(number)")),
                sentAt: time.now,
                receivedAt: time.now,
                address: chat
            )
            var outcome: InsertOutcome?
            if marksLate {
                outcome = try await host.insert([row]).first
                try await ledger.hold(session, reason: "message")
                ledger.release(session)
            } else {
                outcome = try await ledger.holding(session, reason: "message") { try await host.insert([row]).first }
            }
            guard case .inserted(let id, _)? = outcome else { return }
            try mark("in \(number)")

            let turn = TurnID.random()
            try runner.claim([id], turn: turn)
            let answer = NewOutbound(
                content: .chat(OutboundChat(text: "end \(number)")),
                address: chat,
                inReplyTo: id,
                turn: turn
            )
            _ = try runner.commit(TurnEnd(turn: turn, rows: [answer], acks: [.init(id)]))
            // As the supervisor: what is looked at is of this generation, and a held session keeps its mark.
            let generation = ledger.generation(session)
            guard case .snapshot(let snapshot) = try await host.readOutbound() else { return }
            let deliveries = try snapshot.rows.map { try Delivery($0, incarnation: 1, state: .delivered, at: time.now) }
            let changes = deliveries.map { HostChange.delivery($0) } + [.acked(snapshot.acks)]
            // Every other record waits for company, and what is read of the session takes it along.
            let patience = number % 2 == 1 ? Patience(least: .zero, most: .seconds(60)) : nil
            let record = Task { try await host.apply(changes, patience: patience) }
            if patience == nil { try await record.value }
            var overview = try await host.state(now: time.now)
            var looks = 1
            while overview.open > 0 || overview.openDeliveries > 0, looks < 10_000 {
                await Task.yield()
                overview = try await host.state(now: time.now)
                looks += 1
            }
            try await record.value
            guard overview.open == 0, overview.openDeliveries == 0 else { return }
            guard try await ledger.clear(session, since: generation) else { return }
            try mark("clear \(number)")
        }
        runner.close()
        await host.close()
    }
}
