import ControlProtocol
import Core
import Synchronization

/// `nanoclaw chat -m TEXT`: one message, the replies of its turn, an exit status.
struct SingleMessage: Sendable {
    let home: String
    let chat: String
    let text: String
    let timeout: Duration
    let json: Bool

    private let progress = Progress()

    /// A message to one chat; waits at most `timeout` for the end of its turn.
    init(home: String, chat: String, text: String, timeout: Duration, json: Bool) {
        self.home = home
        self.chat = chat
        self.text = text
        self.timeout = timeout
        self.json = json
    }

    /// Sends and waits; throws ``CommandFailure`` with the status to end with.
    func run() async throws {
        let end: TurnCollector.End
        do {
            end = try await withTimeout()
        } catch is TimedOut {
            throw try late()
        }
        try show(end.replies)
        if let problem = end.problem { throw CommandFailure(.failed, problem) }
        if end.replies.isEmpty { throw CommandFailure(.noReply, "the turn ended without a reply") }
    }

    /// What has come is shown, and what is known of the rest said.
    private func late() throws -> CommandFailure {
        let soFar = progress.collector.withLock { $0?.soFar }
        try show(soFar?.replies ?? [])
        let seconds = timeout.components.seconds
        guard let soFar else {
            return CommandFailure(
                .failed,
                "the host did not take the message within \(seconds) s; it may be lost: see `nanoclaw status`, then send it again"
            )
        }
        let reason = soFar.problem.map { ": \(SafeText.oneLine($0))" } ?? ""
        return CommandFailure(
            .failed,
            "no end of the turn within \(seconds) s\(reason); the message is kept and will be answered: see `nanoclaw chat`"
        )
    }

    private func show(_ replies: [ChatEntry]) throws {
        for reply in replies { Console.out(json ? try JSONText.encode(reply) : ChatText.plain(reply)) }
    }

    private struct TimedOut: Error {}

    /// What came of the message, once the host has taken it.
    private final class Progress: Sendable {
        let collector = Mutex<TurnCollector?>(nil)
    }

    private func withTimeout() async throws -> TurnCollector.End {
        try await withThrowingTaskGroup(of: TurnCollector.End.self) { group in
            group.addTask { try await exchange() }
            group.addTask {
                try await Task.sleep(for: timeout)
                throw TimedOut()
            }
            defer { group.cancelAll() }
            guard let end = try await group.next() else { throw CancellationError() }
            return end
        }
    }

    private func exchange() async throws -> TurnCollector.End {
        try await HostClient.with(home: home) { client in
            var found: TurnCollector.End?
            try await client.stream("chat attach", ["chat": .string(chat)]) { value in
                let frame = try value.decoded(as: ChatFrame.self)
                if case .attached = frame {
                    let collector = try await send(client)
                    progress.collector.withLock { $0 = collector }
                    return true
                }
                found = progress.collector.withLock { $0?.take(frame) }
                return found == nil
            }
            guard let found else { throw CommandFailure(.failed, "the host ended the chat") }
            return found
        }
    }

    private func send(_ client: HostClient) async throws -> TurnCollector {
        let id = MessageID.random().rawValue
        let sent = try await client.call(
            "chat send",
            ["chat": .string(chat), "text": .string(text), "id": .string(id)]
        ).decoded(as: ChatSent.self)
        guard sent.answering + sent.notices > 0 || sent.answersCard == true else {
            throw CommandFailure(.failed, ChatText.unanswered(sent, chat: chat))
        }
        return TurnCollector(sent)
    }
}

/// Chats as text.
enum ChatText {
    /// A reply for standard output: text, then the places of its files.
    static func plain(_ entry: ChatEntry) -> String {
        let text = Console.isTerminalOutput ? SafeText.lines(entry.text) : entry.text
        let files = entry.files.map { "[file] \(SafeText.oneLine($0.path)) (\($0.size) bytes)" }
        return ((text.isEmpty ? [] : [text]) + files).joined(separator: "\n")
    }

    /// Why nobody answers a message.
    static func unanswered(_ sent: ChatSent, chat: String) -> String {
        guard !sent.routes.isEmpty else {
            let whole = chat.hasPrefix("cli:local:") ? chat : "cli:local:\(chat)"
            return "no agent is wired to \(whole); wire one: nanoclaw wirings create --chat \(whole) --group GROUP"
        }
        let reasons = sent.routes.map { "\($0.agent): \($0.outcome) (\($0.reasons.joined(separator: "; ")))" }
        return "no agent answers this message: " + SafeText.oneLine(reasons.joined(separator: " | "))
    }
}
