import ChatMarkdown
import Core

/// A platform in memory, for tests and as an example: chats, a long poll, one account `7` that is called Loop.
///
/// Updates are kept until a poll names a number behind them, as Telegram does.
package actor LoopServer {
    package static let token = "loop-token"
    package static let account = LoopPerson(id: "7", name: "Loop")
    /// Chat `d1` is Ann's with the account, `g1` one of all; Ben is in the group alone.
    static let people = [LoopPerson(id: "1", name: "Ann"), LoopPerson(id: "2", name: "Ben")]
    /// The longest text in units of UTF-16.
    package static let longestText = 4000
    package static let largestFile = 1 << 20

    package private(set) var messages: [LoopMessage] = []
    /// How often the account was ended.
    package private(set) var ends = 0
    /// Chats in which the account is shown to be at work.
    package private(set) var typing: Set<String> = []
    private var updates: [LoopUpdate] = []
    private var polls: [Int: CheckedContinuation<[LoopUpdate], any Error>] = [:]
    private var sent: [String: String] = [:]
    private var told: [String] = []
    private var numbers = 0
    private var isRevoked = false
    private var slowness: Duration = .zero

    // Faults that are still to come.
    private var refusals: [LoopRefusal] = []
    private var lostAnswers = 0
    private var badFormattings = 0
    private var isNextDoubled = false
    private var isNextHeld = false
    private var held: (what: LoopUpdate.What, event: String)?
    private var isNextCut = false

    package init() {}

    private func number() -> Int {
        numbers += 1
        return numbers
    }

    private func check(_ token: String) throws(LoopRefusal) {
        guard token == Self.token, !isRevoked else { throw .unauthorized }
    }

    // MARK: - What an account does

    package func me(_ token: String) throws(LoopRefusal) -> LoopPerson {
        try check(token)
        return Self.account
    }

    /// The account ends here too; throws for a token that does not count.
    package func end(_ token: String) throws(LoopRefusal) {
        ends += 1
        try check(token)
    }

    package func setTyping(_ isTyping: Bool, in chat: String) {
        if isTyping { typing.insert(chat) } else { typing.remove(chat) }
    }

    /// Waits for updates from this number on; those before it are confirmed.
    package func updates(_ token: String, from first: Int) async throws -> [LoopUpdate] {
        try check(token)
        updates.removeAll { $0.number < first }
        if !updates.isEmpty { return try answer() }
        let id = number()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                if Task.isCancelled {
                    continuation.resume(throwing: CancellationError())
                } else {
                    polls[id] = continuation
                }
            }
        } onCancel: {
            Task { await self.leave(id) }
        }
    }

    private func leave(_ id: Int) { polls.removeValue(forKey: id)?.resume(throwing: CancellationError()) }

    private func answer() throws(LoopRefusal) -> [LoopUpdate] {
        guard isNextCut else { return updates }
        isNextCut = false
        throw .dropped
    }

    package func send(_ token: String, _ draft: LoopDraft) async throws(LoopRefusal) -> String {
        if slowness > .zero { try? await Task.sleep(for: slowness * Double.random(in: 0...1)) }
        try check(token)
        if !refusals.isEmpty { throw refusals.removeFirst() }
        if let id = sent[draft.key] { return id }
        guard draft.chat == "g1" || Self.people.contains(where: { draft.chat == "d\($0.id)" }) else {
            throw .impossible("there is no chat \(draft.chat)")
        }
        guard draft.text.utf16.count <= Self.longestText else { throw .impossible("the text is too long") }
        if draft.isFormatted, badFormattings > 0 {
            badFormattings -= 1
            throw .badFormatting
        }
        let message = LoopMessage(
            id: "m\(number())",
            chat: draft.chat,
            isGroup: draft.chat.hasPrefix("g"),
            thread: draft.thread,
            sender: Self.account,
            text: Self.shown(draft.text, draft.isFormatted),
            replyTo: draft.quotes.map { (id: $0, isAccounts: false) },
            files: draft.file.map { [$0] } ?? [],
            buttons: draft.buttons,
            hasPreviews: draft.hasPreviews,
            at: SystemTime().now
        )
        sent[draft.key] = message.id
        write(message)
        guard lostAnswers == 0 else {
            lostAnswers -= 1
            throw .dropped
        }
        return message.id
    }

    private static func shown(_ text: String, _ isFormatted: Bool) -> String {
        isFormatted ? MarkdownDocument(parsing: text).rendered(.plain) : text
    }

    package func edit(_ token: String, _ id: String, to text: String, isFormatted: Bool) throws(LoopRefusal) {
        try check(token)
        guard let index = messages.firstIndex(where: { $0.id == id && $0.sender == Self.account }) else {
            throw .impossible("there is no message \(id) of the account")
        }
        messages[index].text = Self.shown(text, isFormatted)
        messages[index].buttons = []
    }

    package func react(_ token: String, _ id: String, _ emoji: String) throws(LoopRefusal) {
        try check(token)
        guard let index = messages.firstIndex(where: { $0.id == id }) else {
            throw .impossible("there is no message \(id)")
        }
        messages[index].reactions.append((emoji, Self.account.id))
    }

    /// The chat of a person with the account.
    package func openDM(_ token: String, _ person: String) throws(LoopRefusal) -> String? {
        try check(token)
        return Self.people.contains { $0.id == person } ? "d\(person)" : nil
    }

    /// Shows words to whoever pressed a button.
    package func tell(_ words: String) { told.append(words) }

    // MARK: - What people do

    /// Ann writes to the account.
    package func say(_ text: String) {
        let id = newID()
        write(
            LoopMessage(id: id, chat: "d1", isGroup: false, sender: Self.people[0], text: text, at: SystemTime().now)
        )
    }

    func write(_ message: LoopMessage) {
        messages.append(message)
        push(.written(message))
    }

    /// A new id for a message.
    func newID() -> String { "m\(number())" }

    func message(_ id: String) throws(LoopRefusal) -> LoopMessage {
        guard let message = messages.first(where: { $0.id == id }) else { throw .impossible("no message \(id)") }
        return message
    }

    func change(_ id: String, to text: String) throws(LoopRefusal) {
        guard let index = messages.firstIndex(where: { $0.id == id }) else { throw .impossible("no message \(id)") }
        messages[index].text = text
        push(.edited(messages[index]))
    }

    func remove(_ id: String) throws(LoopRefusal) {
        let message = try message(id)
        messages.removeAll { $0.id == id }
        push(.deleted(message, by: message.sender))
    }

    func push(_ what: LoopUpdate.What) {
        let event = "e\(number())"
        if isNextHeld {
            isNextHeld = false
            held = (what, event)
            return
        }
        append(what, event)
        if isNextDoubled { append(what, event) }
        isNextDoubled = false
        if let late = held { append(late.what, late.event) }
        held = nil
        guard !polls.isEmpty else { return }
        let waiting = polls.values
        polls = [:]
        let answer = Result { () throws(LoopRefusal) in try self.answer() }
        for poll in waiting { poll.resume(with: answer) }
    }

    private func append(_ what: LoopUpdate.What, _ event: String) {
        updates.append(LoopUpdate(number: number(), event: event, what: what, at: SystemTime().now))
    }

    func wasTold(_ words: String) -> Bool { told.contains(words) }

    // MARK: - What goes wrong

    package var openPolls: Int { polls.count }

    package func inject(_ fault: WorldFault) {
        switch fault {
        case .tooMany(let count, let seconds): refusals += Array(repeating: .tooMany(seconds: seconds), count: count)
        case .serverError(let count): refusals += Array(repeating: .broken, count: count)
        case .lostAnswer(let count): lostAnswers += count
        case .badFormatting(let count): badFormattings += count
        case .duplicateEvent: isNextDoubled = true
        case .reorder: isNextHeld = true
        case .dropMidEvent: isNextCut = true
        case .reconnectRequest: cutPolls(.dropped)
        case .revoked:
            isRevoked = true
            cutPolls(.unauthorized)
        case .secondPoller: cutPolls(.conflict)
        }
    }

    func cutPolls(_ reason: LoopRefusal) {
        let waiting = polls.values
        polls = [:]
        for poll in waiting { poll.resume(throwing: reason) }
    }

    package func restore() { isRevoked = false }

    func slowSends(upTo limit: Duration) { slowness = limit }

    func showPreview(of id: String?) {
        for index in messages.indices where messages[index].id == id { messages[index].hasPreviews = true }
    }

    /// Everything so far counts as taken by the account.
    func forgetUpdates() { updates = [] }
}
