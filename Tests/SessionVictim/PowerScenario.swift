import Core
import LinuxIO

@testable import SessionStore
@testable import SessionStoreHost

/// Turns between host and runner, for the recorder of the power-cut test.
///
/// What is acknowledged is written into the file `marks` beside the session, a line each, and thereby into the record:
/// `created`; `in N SEQ`, a message stored; `pair N SEQ`, two messages of one transaction; `sent N SEQ`, a row in the
/// middle of turn N; `end N SEQ`, turn N committed; `recorded N SEQ`, its last row recorded and its message completed.
struct PowerScenario {
    let folder: SessionFolder
    /// Run on every connection after it is opened; empty for the product's own settings.
    let pragma: String

    /// The bytes of a file of turn N.
    static func bytes(_ turn: Int) -> [UInt8] { (0..<9_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ turn) } }

    func run(turns: Int) async throws {
        let root = try Directory(path: String(folder.path[..<(folder.path.lastIndex(of: "/") ?? folder.path.endIndex)]))
        let marks = try root.create("marks")
        func mark(_ text: String) throws { try marks.write((text + "\n").utf8) }

        try HostSession.create(folder, owner: nil)
        try mark("created")
        let time = SystemTime()
        let host = HostSession(folder: folder, owner: nil, executors: try StoreExecutors(threads: 1), time: time)
        try await host.execute(pragma)
        let configuration = AgentConfiguration(agentGroupID: .random(), agentName: "Power")
        var runner: RunnerSession?
        var late: (record: Task<Void, any Error>, mark: String)?
        func settle() async throws {
            guard let waiting = late else { return }
            try await waiting.record.value
            try mark(waiting.mark)
            late = nil
        }
        for number in 0..<turns {
            if number % 2 == 0 {
                runner?.close()
                let incarnation = Int64(number / 2 + 1)
                try await host.beginIncarnation(
                    incarnation,
                    configuration: configuration,
                    destinations: [],
                    routing: nil
                )
                runner = try RunnerSession(
                    inbound: folder.inbound,
                    outbound: folder.outbound,
                    state: folder.state,
                    incarnation: incarnation
                )
                if !pragma.isEmpty { try runner?.outbound.execute(pragma) }
            }
            guard let runner else { return }
            var row = inbound("in \(number)", at: time.now)
            if number % 2 == 1 {
                row.attachments = [NewAttachment(name: "file-\(number)", source: .bytes(Self.bytes(number)))]
            }
            guard case .inserted(let id, let seq)? = try await host.insert([row]).first else { return }
            try mark("in \(number) \(seq)")
            try await settle()
            let pair = try await host.insert(
                ["a", "b"].map {
                    var row = inbound("pair \(number)\($0)", at: time.now)
                    row.trigger = false
                    return row
                }
            )
            if case .inserted(_, let seq)? = pair.last { try mark("pair \(number) \(seq)") }

            let turn = TurnID.random()
            try runner.claim([id], turn: turn)
            let (_, sent) = try runner.insert(outbound("sent \(number)", turn, to: id))
            try mark("sent \(number) \(sent)")
            var last = outbound("end \(number)", turn, to: id)
            if number % 2 == 1 {
                let message = MessageID.random()
                let name = try runner.stageOutboxFile(
                    message: message,
                    name: "file-\(number)",
                    bytes: Self.bytes(number)
                )
                last.id = message
                last.content = .chat(OutboundChat(text: "end \(number)", files: [name]))
            }
            let numbers = try runner.commit(
                TurnEnd(turn: turn, rows: [last], acks: [.init(id)], continuation: ("power", "\(number)"))
            )
            try mark("end \(number) \(numbers.last ?? 0)")

            guard case .snapshot(let snapshot) = try await host.readOutbound() else { return }
            if number % 3 == 0 {
                // As the host does where nobody would see it: the record waits for what the session writes next.
                let deliveries = try snapshot.rows.map {
                    try Delivery($0, incarnation: runner.incarnation, state: .delivered, at: time.now)
                }
                let changes = deliveries.map { HostChange.delivery($0) } + [.acked(snapshot.acks)]
                let patience = Patience(least: .zero, most: .seconds(60))
                let record = Task { try await host.apply(changes, patience: patience) }
                late = (record, "recorded \(number) \(snapshot.rows.last?.seq ?? 0)")
                while await !host.isWaiting { await Task.yield() }
                continue
            }
            // The last row first: the floor must not pass the one that waits.
            for row in snapshot.rows.reversed() {
                let delivery = try Delivery(row, incarnation: runner.incarnation, state: .delivered, at: time.now)
                let isLast = row.id == snapshot.rows.last?.id
                try await host.apply(isLast ? [.delivery(delivery), .acked(snapshot.acks)] : [.delivery(delivery)])
                if isLast { try mark("recorded \(number) \(row.seq)") }
            }
            // Files go as soon as their message is delivered; rows stay.
            _ = try await host.retain(
                RetentionSubject(session: SessionID(unchecked: "se"), isQuiet: false, closedAt: nil),
                SessionPeriods(messages: nil, files: .zero, failedFiles: nil, transcripts: nil)
            )
            if number % 3 == 2 { try runner.prune() }
        }
        await host.hurry()
        try await settle()
        runner?.close()
        await host.close()
    }

    private func inbound(_ text: String, at time: Timestamp) -> NewInbound {
        NewInbound(
            sourceID: text,
            content: .chat(ChatContent(text: text)),
            sentAt: time,
            receivedAt: time,
            address: ChatAddress(channel: "cli", platformID: "cli:local:main")
        )
    }

    private func outbound(_ text: String, _ turn: TurnID, to message: MessageID) -> NewOutbound {
        NewOutbound(
            content: .chat(OutboundChat(text: text)),
            address: ChatAddress(channel: "cli", platformID: "cli:local:main"),
            inReplyTo: message,
            turn: turn
        )
    }
}

extension HostSession {
    /// Runs a script on the open `inbound.db`.
    fileprivate func execute(_ script: String) throws { try open().execute(script) }

    /// Whether a write waits for company.
    fileprivate var isWaiting: Bool { !sharedWrites.isEmpty }
}
