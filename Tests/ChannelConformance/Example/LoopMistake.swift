import ChannelKit
import Core
import Synchronization

/// One thing that an adapter of Loop does wrong, to show that the suite finds it.
package enum LoopMistake: String, Sendable, CaseIterable {
    case namesPeopleByName, takesEverythingForMention, leavesMentionInText, forgetsQuotes, forgetsThreads
    case tellsEditsAsMessages, forgetsDeletions, reusesKeysOfChanges, leavesFiles, spoilsFiles, dropsTextOfFiles
    case makesNewKeys, dropsSwapped, handsOverOwn, takesBotsForPeople, confirmsUnstored, skipsBacklog
    case showsPreviews, sendsMarkup, losesTheEnd, cutsCharacters, opensFencesOnce, editsAnew, ignoresReactions,
        renamesFiles
    case refusesBigFiles, sendsOutsideOfThreads, losesButtons, namesFirstPart, forgetsPressers, changesAnswers,
        opensNewDMs
    case hangsOnTyping, hidesTyping, keepsTyping
    case sendsAgainAtOnce, rejectsForGood, sendsTwice, forgetsKeys, givesUpFormatting
    case showsLateDrafts, sendsBesideDrafts, losesFinals
    case rejectsBeforeItRuns, losesCutMessages, endsOnFailure, opensTwoLinks, hidesFailures, tellsSecrets
}

/// An adapter around a right one that makes one mistake.
final class MistakenChannel: ChannelAdapter {
    let mistake: LoopMistake
    let adapter: LoopChannel
    let server: LoopServer
    let tools: ChannelTools
    private let hands = Mutex<(any ChannelInbox)?>(nil)
    /// The last state of a draft.
    private let draft = Mutex<OutboundMessage?>(nil)

    init(_ mistake: LoopMistake, around adapter: LoopChannel, server: LoopServer, tools: ChannelTools) {
        self.mistake = mistake
        self.adapter = adapter
        self.server = server
        self.tools = tools
    }

    var channel: String { adapter.channel }
    var account: String? { adapter.account }
    var capabilities: ChannelCapabilities { adapter.capabilities }

    var health: ChannelHealth {
        var health = adapter.health
        if mistake == .hidesFailures { health.state = .connected }
        if mistake == .tellsSecrets { health.detail = health.detail.map { "\($0) (\(LoopServer.token))" } }
        return health
    }

    func run(_ inbox: any ChannelInbox) async throws {
        if mistake == .skipsBacklog { await server.forgetUpdates() }
        let inbox = MistakenInbox(mistake, around: inbox, tools: tools)
        hands.withLock { $0 = inbox }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [adapter] in try await adapter.run(inbox) }
            if mistake == .opensTwoLinks { group.addTask { [adapter] in try await adapter.run(inbox) } }
            if mistake == .endsOnFailure { group.addTask { [self] in try await endOnFailure() } }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func endOnFailure() async throws {
        while adapter.health.state != .disconnected { try await Task.sleep(for: .milliseconds(5)) }
        throw LoopRefusal.unauthorized
    }

    func deliver(_ message: OutboundMessage) async throws(ChannelError) -> SentMessage {
        if mistake == .rejectsBeforeItRuns, hands.withLock({ $0 == nil }) {
            throw ChannelError(.rejected, "it does not run")
        }
        var message = message
        var before: [OutboundMessage.Body] = []
        change(&message, &before)
        for (index, body) in before.enumerated() {
            var first = message
            first.body = body
            first.idempotencyKey += "-first-\(index)"
            _ = try await adapter.deliver(first)
        }
        do {
            var sent = try await adapter.deliver(message)
            if mistake == .namesFirstPart { sent.lastMessageID = sent.platformMessageID }
            if mistake == .showsPreviews { await server.showPreview(of: sent.platformMessageID) }
            if mistake == .showsLateDrafts { try await showLate(message) }
            if mistake == .handsOverOwn { await handOver(sent, message) }
            return sent
        } catch {
            switch (mistake, error.code) {
            case (.sendsAgainAtOnce, .rateLimited): return try await adapter.deliver(message)
            case (.sendsTwice, .transient):
                message.idempotencyKey += "-again"
                return try await adapter.deliver(message)
            case (.losesFinals, .rejected): return SentMessage(platformMessageID: "lost")
            case (.rejectsForGood, _): throw ChannelError(.rejected, error.message)
            default: throw error
            }
        }
    }

    private func showLate(_ message: OutboundMessage) async throws(ChannelError) {
        if message.unfinished != nil { return draft.withLock { $0 = message } }
        guard message.replaces != nil, var late = draft.withLock({ $0 }) else { return }
        late.idempotencyKey += "-late"
        _ = try await adapter.deliver(late)
    }

    private func handOver(_ sent: SentMessage, _ message: OutboundMessage) async {
        let event = InboundEvent(
            address: message.address,
            platformMessageID: sent.platformMessageID ?? "",
            sentAt: tools.time.now,
            senderNativeID: account,
            content: ChatContent(text: "from the agent")
        )
        try? await hands.withLock { $0 }?.accept(event)
    }

    /// What the mistake makes of a message, and what goes before it.
    private func change(_ message: inout OutboundMessage, _ before: inout [OutboundMessage.Body]) {
        switch (mistake, message.body) {
        case (.sendsMarkup, .text(let text, let files)):
            message.body = .text(text.replacing("*", with: "\\*"), files: files)
        case (.losesTheEnd, .text(let text, let files)): message.body = .text(String(text.prefix(50_000)), files: files)
        case (.cutsCharacters, .text(let text, let files)) where text.utf16.count > LoopServer.longestText:
            // The clusters of the sample have 17 scalars together, and the first of them seven.
            let half = text.unicodeScalars.count / 2 / 17 * 17 + 3
            before = [.text(String(String.UnicodeScalarView(text.unicodeScalars.prefix(half))), files: [])]
            message.body = .text(String(String.UnicodeScalarView(text.unicodeScalars.dropFirst(half))), files: files)
        case (.opensFencesOnce, .text(let text, _)) where text.contains("```"):
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            let half = lines.count / 2
            before = [.text(lines[..<half].joined(separator: "\n"), files: [])]
            message.body = .text(lines[half...].joined(separator: "\n"), files: [])
        case (.editsAnew, .edit(_, let text)): message.body = .text(text, files: [])
        case (.sendsBesideDrafts, .text): message.replaces = nil
        case (.losesFinals, .text(let text, _)):
            if let place = message.replaces { message.body = .edit(platformMessageID: place, text: text) }
        case (.ignoresReactions, .reaction(let id, _)): message.body = .reaction(platformMessageID: id, emoji: "")
        case (.renamesFiles, .text(let text, let files)):
            message.body = .text(text, files: files.map(Self.renamed))
        case (.refusesBigFiles, .text(_, let files)) where files.contains { $0.size > LoopServer.largestFile }:
            message.address.platformID = "nowhere"
        case (.sendsOutsideOfThreads, _): message.address.thread = nil
        case (.forgetsKeys, _): message.idempotencyKey = "m_\(UInt64.random(in: 0 ... .max))"
        case (.losesButtons, .card(let card)): message.body = .text(CardText.markdown(card), files: [])
        case (.changesAnswers, .text(let text, _)): message.body = .text(text.replacing("No", with: "Never"), files: [])
        case (.givesUpFormatting, .text(let text, _)) where text.contains("**"): message.address.platformID = "nowhere"
        default: break
        }
    }

    private static func renamed(_ file: OutboundFile) -> OutboundFile {
        var file = file
        file.name = "file"
        return file
    }

    func setTyping(_ address: ChatAddress) async {
        guard mistake == .hangsOnTyping else {
            if mistake != .hidesTyping { await adapter.setTyping(address) }
            return
        }
        let (forever, _) = AsyncStream.makeStream(of: Void.self)
        for await _ in forever {}
    }

    func endTyping(_ address: ChatAddress) async {
        if mistake != .keepsTyping { await adapter.endTyping(address) }
    }

    func openDM(_ user: UserID) async throws -> ChatAddress? {
        guard mistake == .opensNewDMs else { return try await adapter.openDM(user) }
        return ChatAddress(channel: channel, platformID: "loop:7:d\(UInt32.random(in: 0 ... .max))")
    }

    func isNativeID(_ text: String) -> Bool { adapter.isNativeID(text) }
}

/// What an adapter with a mistake hands over.
private struct MistakenInbox: ChannelInbox {
    let mistake: LoopMistake
    let inbox: any ChannelInbox
    let tools: ChannelTools

    init(_ mistake: LoopMistake, around inbox: any ChannelInbox, tools: ChannelTools) {
        self.mistake = mistake
        self.inbox = inbox
        self.tools = tools
    }

    func accept(_ event: InboundEvent) async throws {
        var event = event
        switch mistake {
        case .namesPeopleByName: event.senderNativeID = event.senderName
        case .takesEverythingForMention: event.isMention = true
        case .leavesMentionInText: event.content.text = (event.isGroup ? "@Loop " : "") + event.content.text
        case .forgetsQuotes: event.content.replyTo = nil
        case .forgetsThreads: event.address.thread = nil
        case .leavesFiles: if !event.attachments.isEmpty { _ = try await tools.media.make([1]) }
        case .spoilsFiles: event.attachments = event.attachments.map { InboundFile(name: $0.name, source: .bytes([1])) }
        case .dropsTextOfFiles: if event.content.text.contains("was not fetched") { return }
        case .makesNewKeys: event.dedupKey = "\(UInt64.random(in: 0 ... .max))"
        case .losesCutMessages: if event.content.text == "cut off" { return }
        case .dropsSwapped: if event.content.text == "first" { return }
        case .takesBotsForPeople: event.isBot = false
        case .confirmsUnstored:
            try? await inbox.accept(event)
            return
        default: break
        }
        try await inbox.accept(event)
    }

    func note(_ change: ChatChange) async throws {
        var change = change
        switch (mistake, change.kind) {
        case (.tellsEditsAsMessages, .edited(let id, let text)):
            try await inbox.accept(
                InboundEvent(
                    address: change.address,
                    platformMessageID: id,
                    dedupKey: change.dedupKey,
                    sentAt: change.at,
                    content: ChatContent(text: text)
                )
            )
            return
        case (.forgetsDeletions, .deleted): return
        case (.reusesKeysOfChanges, _): change.dedupKey = "always the same"
        default: break
        }
        try await inbox.note(change)
    }

    func answer(_ answer: CardAnswer) async throws -> CardReceipt {
        var answer = answer
        if mistake == .forgetsPressers { answer.senderNativeID = nil }
        return try await inbox.answer(answer)
    }
}
