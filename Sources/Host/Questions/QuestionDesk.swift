import AgentRequests
import CentralStore
import ChannelKit
import Core
import Foundation
import GRDB
import LinuxIO
import Logging

/// Questions of agents to the people of their chats: asks them, takes one answer, ends them in time.
///
/// A question is a row from the request on, and its end and the answer to its request are one transaction: it is
/// answered once, whatever ends when.
final class QuestionDesk: HostAction, CardOwner {
    static let purpose = "question"
    /// Most questions of one session that are open at once.
    static let most = 20

    static let action = "ask_user_question"
    let name = QuestionDesk.action
    private let central: CentralStore
    private let cards: CardDesk
    private let answers: AnswerCourier
    private let access: ChatAccess
    /// Channels to which programs write, and no people.
    private let programs: Set<String>
    private let time: any TimeSource
    private let logger: Logger
    private let alarm = Alarm()

    init(
        central: CentralStore,
        cards: CardDesk,
        answers: AnswerCourier,
        access: ChatAccess,
        programs: Set<String>,
        time: any TimeSource,
        logger: Logger
    ) {
        self.central = central
        self.cards = cards
        self.answers = answers
        self.access = access
        self.programs = programs
        self.time = time
        self.logger = logger
    }

    // MARK: - Asking

    func perform(_ request: HostActionRequest) async throws -> HostActionOutcome {
        let asked = try AskedQuestion(request.arguments)
        guard let address = try await place(of: request) else {
            throw HostActionRefusal("this session has no chat to ask in: nobody could answer")
        }
        guard !programs.contains(address.channel) else {
            throw HostActionRefusal(
                "only programs write to this chat, and none may answer: write to another of your destinations"
            )
        }
        let now = time.now
        let id = "qu_\(UUID().uuidString.lowercased())"
        let question = PendingQuestion(
            id: id,
            sessionID: request.session.id,
            request: request.id,
            address: address,
            title: asked.title,
            options: asked.options,
            expiresAt: now + .seconds(asked.timeout),
            createdAt: now
        )
        let card = NewCard(
            purpose: Self.purpose,
            subject: id,
            address: address,
            agentName: request.session.agentName,
            card: Card(
                // Who asks is the host's word, and nothing of the agent's can look like another card.
                title: "\(Self.plain(request.session.agentName)) asks: \(Self.plain(asked.title))",
                body: Self.quoted(asked.question),
                options: asked.options.map { CardOption(label: Self.plain($0.label), value: $0.value) },
                expiresAt: question.expiresAt
            )
        )
        let sent = try await request.performOnce(in: central, changesRouting: false) { [cards] db in
            guard request.isWanted else { throw HostActionRefusal("the conversation was stopped: nobody is asked") }
            guard try PendingQuestion.count(of: question.sessionID, db) < Self.most else {
                throw HostActionRefusal("\(Self.most) questions of this conversation are open: wait for their answers")
            }
            try question.insert(db)
            return try cards.insert(card, db)
        }
        crashPoint("question.asked")
        cards.send(sent)
        alarm.raise()
        return .later(asked.waits ? nil : "The question is asked; it is open for \(asked.timeout) s.")
    }

    /// The session's own chat; for a session of several chats the one that the turn is about, which another agent is not.
    private func place(of request: HostActionRequest) async throws -> ChatAddress? {
        if let origin = request.session.origin { return origin }
        guard let address = try await request.address(), address.agentGroup == nil else { return nil }
        return address
    }

    // MARK: - Answers

    func mayAnswer(_ card: OpenCard, _ user: UserID) async throws -> Bool {
        let group = try await central.read { db in try Self.group(of: card.subject, db) }
        guard let group else { return false }
        return try await access.admits(user, to: group, in: card.address)
    }

    private enum Decision { case taken(SessionID, [CardID]), again, over }

    func answer(_ card: OpenCard, _ choice: CardChoice) async throws -> CardReceipt {
        while true {
            // Whoever lost a right after this was read is asked about again.
            let version = central.routingVersion
            guard try await mayAnswer(card, choice.user) else { return .refused("You may not answer this.") }
            let now = time.now
            let decision = try await central.write(changesRouting: false) { [central] db -> Decision in
                guard central.routingVersion == version else { return .again }
                guard let question = try PendingQuestion.fetchOne(db, key: card.subject), now < question.expiresAt,
                    let option = question.options.first(where: { $0.value == choice.value })
                else { return .over }
                try question.delete(db)
                try choice.record(db)
                try ActionAnswer(
                    session: question.sessionID,
                    request: question.request,
                    content: SystemContent(
                        action: self.name,
                        status: "ok",
                        text: "\(choice.user) chose \"\(option.value)\".",
                        result: [
                            "value": .string(option.value), "label": .string(option.label),
                            "user": .string(choice.user.description),
                        ]
                    ),
                    address: question.address
                ).post(at: now, db)
                let closed = try CardRow.close(
                    purpose: Self.purpose,
                    subject: question.id,
                    outcome: "\(Self.plain(choice.user.description)): \(Self.plain(option.label))",
                    isLapsed: false,
                    now: now,
                    db
                )
                return .taken(question.sessionID, closed)
            }
            switch decision {
            case .again: continue
            case .over: return .refused("It is too late: this is answered or over.")
            case .taken(let session, let closed):
                crashPoint("question.answered")
                for card in closed { cards.send(card) }
                await answers.deliver(to: session)
                return .taken
            }
        }
    }

    /// The text without what Markdown makes something of.
    private static func plain(_ text: String) -> String { text.filter { !"*_`~[]<>#|\\".contains($0) } }

    /// The text as a quotation, line by line.
    private static func quoted(_ text: String) -> String {
        text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { "> \($0)" }
            .joined(separator: "\n")
    }

    private static func group(of question: String, _ db: Database) throws -> AgentGroupID? {
        try AgentGroupID.fetchOne(
            db,
            sql: """
                SELECT agent_group_id FROM pending_questions JOIN sessions ON sessions.id = session_id
                WHERE pending_questions.id = ? AND status = 'active'
                """,
            arguments: [question]
        )
    }

    // MARK: - Ends

    /// Ends questions at their time until cancelled; those that ended while no host ran at once.
    func run() async {
        while !Task.isCancelled {
            do {
                try await expire()
                let next = try await central.read { db in try PendingQuestion.nextEnd(db) }
                // In steps: wall time may jump, and a suspended machine's monotonic clock stands still.
                let rest = next.map { Duration.milliseconds($0.milliseconds - time.now.milliseconds) }
                await alarm.wait(for: min(max(rest ?? .seconds(30), .milliseconds(1)), .seconds(30)), time: time)
            } catch {
                logger.error("Questions could not be ended", metadata: ["error": "\(error)"])
                guard (try? await time.sleep(for: .seconds(5))) != nil else { return }
            }
        }
    }

    /// The channel will never show it: the agent is told, as nobody could answer.
    func wasRefused(_ card: OpenCard) async {
        do {
            let now = time.now
            let session = try await central.write(changesRouting: false) { db -> SessionID? in
                guard let question = try PendingQuestion.fetchOne(db, key: card.subject) else { return nil }
                let text = "The channel did not take the question \"\(question.title)\": nobody has seen it."
                try self.end(question, text, ["refused": true], now, db)
                return question.sessionID
            }
            if let session { await answers.deliver(to: session) }
        } catch {
            // It ends at its time.
            logger.error("A question that nobody sees stays open", metadata: ["error": "\(error)"])
        }
    }

    /// Ends a question that nobody answered; the answer starts no turn.
    private func end(
        _ question: PendingQuestion,
        _ text: String,
        _ result: JSONValue,
        _ now: Timestamp,
        _ db: Database
    ) throws {
        try question.delete(db)
        try ActionAnswer(
            session: question.sessionID,
            request: question.request,
            content: SystemContent(action: name, status: "error", text: text, result: result),
            address: question.address,
            trigger: false
        ).post(at: now, db)
    }

    /// Closes what this session has asked and nobody has answered; it is told nothing.
    ///
    /// False when there was nothing.
    func withdraw(of session: SessionID) async throws -> Bool {
        let now = time.now
        let closed = try await central.write(changesRouting: false) { db in
            try PendingQuestion.open(of: session, db).flatMap { question in
                try question.delete(db)
                return try CardRow.close(
                    purpose: Self.purpose,
                    subject: question.id,
                    outcome: "Stopped.",
                    isLapsed: true,
                    now: now,
                    db
                )
            }
        }
        for card in closed { cards.send(card) }
        return !closed.isEmpty
    }

    private func expire() async throws {
        let now = time.now
        let (sessions, closed) = try await central.write(changesRouting: false) { db in
            var closed: [CardID] = []
            let over = try PendingQuestion.overdue(now, db)
            for question in over {
                let seconds = (question.expiresAt.milliseconds - question.createdAt.milliseconds) / 1000
                let text = "Nobody answered \"\(question.title)\" within \(seconds) s; the question is closed."
                try self.end(question, text, ["expired": true], now, db)
                closed += try CardRow.close(
                    purpose: Self.purpose,
                    subject: question.id,
                    outcome: "Nobody answered in time.",
                    isLapsed: true,
                    now: now,
                    db
                )
            }
            return (Set(over.map(\.sessionID)), closed)
        }
        for card in closed { cards.send(card) }
        for session in sessions { await answers.deliver(to: session) }
    }
}
