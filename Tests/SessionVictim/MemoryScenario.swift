import Core
import LinuxIO
import ModelProviders

@testable import AgentRuntime
@testable import SessionStore
@testable import SessionStoreHost

/// Turns of a runner that remembers them, for the recorder of the power-cut test.
///
/// What is acknowledged is written into the file `marks` beside the session, a line each, and thereby into the record:
/// `created`; `turn N`, the turn is committed and its reply may be sent.
struct MemoryScenario {
    let folder: SessionFolder

    func run(turns: Int) async throws {
        let marks = try Directory(path: String(folder.path.dropLast("/session".count))).create("marks")
        func mark(_ text: String) throws { try marks.write((text + "\n").utf8) }
        let time = SystemTime()
        try HostSession.create(folder, owner: nil)
        try mark("created")
        let host = HostSession(folder: folder, owner: nil, executors: try StoreExecutors(threads: 1), time: time)
        let configuration = AgentConfiguration(agentGroupID: .random(), agentName: "Power")
        for number in 0..<turns {
            // Every second turn is another runner's.
            let incarnation = Int64(number / 2 + 1)
            try await host.beginIncarnation(
                incarnation,
                configuration: configuration,
                destinations: [],
                routing: nil
            )
            let row = NewInbound(
                sourceID: "\(number)",
                content: .chat(ChatContent(text: "in \(number)")),
                sentAt: time.now,
                receivedAt: time.now,
                address: ChatAddress(channel: "cli", platformID: "cli:local:main")
            )
            guard case .inserted(let id, _)? = try await host.insert([row]).first else { return }
            try RunnerMemory(folder, incarnation).turn(number, of: id)
            try mark("turn \(number)")
        }
        await host.close()
    }
}

/// A runner of which only the end of a turn is played.
struct RunnerMemory {
    let session: RunnerSession
    private var transcript: Transcript
    private var history: History

    init(_ folder: SessionFolder, _ incarnation: Incarnation) throws {
        session = try RunnerSession(
            inbound: folder.inbound,
            outbound: folder.outbound,
            state: folder.state,
            incarnation: incarnation
        )
        let (transcript, turns) = try Transcript.open(
            state: folder.state,
            continuation: try session.continuation(provider: "power")
        )
        (self.transcript, history) = (transcript, History(turns))
    }

    /// As `Runner.commit`.
    func turn(_ number: Int, of message: MessageID) throws {
        let turn = TurnID.random()
        try session.claim([message], turn: turn)
        var transcript = transcript
        // Longer than what a disk writes at once.
        let text = "said \(number) \(String(repeating: "x", count: 1_500))"
        let value = try transcript.append(turn, [.user(text)], history: history)
        let reply = NewOutbound(
            content: .chat(OutboundChat(text: "said \(number)")),
            address: ChatAddress(channel: "cli", platformID: "cli:local:main"),
            inReplyTo: message,
            turn: turn
        )
        _ = try session.commit(
            TurnEnd(turn: turn, rows: [reply], acks: [.init(message)], continuation: ("power", value))
        )
        session.close()
    }
}
