package import ChannelKit
import ChannelNetwork
import ChatMarkdown
package import Core
import Logging
import Synchronization

/// One bot of Telegram.
package final class TelegramChannel: ChannelAdapter {
    /// How updates arrive.
    enum Mode: Sendable, Equatable {
        case poll
        /// The address of the host's listener from outside, without `/hooks` and without a slash at its end.
        case webhook(url: String)
    }

    /// How often a draft is shown at most.
    private static let draftInterval: Duration = .seconds(1)
    /// Units of UTF-16 in one message.
    private static let longestText = 4096

    package let channel = TelegramChats.channel
    package let account: String?
    package let capabilities: ChannelCapabilities
    package var health: ChannelHealth { keeper.health }

    private struct State {
        /// When a draft was last shown, by chat.
        var drafts: [Int64: Duration] = [:]
        /// The server knows no drafts.
        var lacksDrafts = false
    }

    private let chats: TelegramChats
    private let username: String
    private let api: TelegramAPI
    private let mode: Mode
    private let tools: ChannelTools
    private let keeper: HealthKeeper
    private let gate: SendGate
    private let state: Mutex<State>
    private let sender: TelegramSender
    private let moves: MoveDesk

    init(bot: TelegramBot, api: TelegramAPI, mode: Mode, drafts: DraftStyle = .ephemeral, tools: ChannelTools) {
        account = "\(bot.id)"
        chats = TelegramChats(bot: bot.id)
        username = bot.username
        self.api = api
        self.mode = mode
        self.tools = tools
        let keeper = HealthKeeper(transport: mode == .poll ? "long poll" : "webhook", time: tools.time)
        self.keeper = keeper
        gate = SendGate(time: tools.time)
        let moves = MoveDesk(bot: bot, tools: tools)
        self.moves = moves
        state = Mutex(State())
        sender = TelegramSender(api: api, gate: gate, health: keeper, logger: tools.logger) { old, new in
            await moves.tell(old, new)
        }
        capabilities = ChannelCapabilities(
            threads: true,
            edits: true,
            reactions: true,
            files: true,
            buttons: true,
            drafts: drafts,
            text: TextRules(limit: Self.longestText, unit: .utf16, dialect: .telegramMarkdownV2),
            // Telegram's own servers take 50 MB from bots, one that is run at home 2000.
            largestFile: api.isStandard ? 50 << 20 : 2000 << 20
        )
    }

    // MARK: - Receiving

    package func run(_ inbox: any ChannelInbox) async throws {
        moves.inbox = inbox
        defer { moves.inbox = nil }
        let bot = try await start()
        let intake = TelegramIntake(bot, api, inbox, tools)
        try await intake.open()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await intake.keepAlbums() }
            group.addTask { [self] in
                switch mode {
                case .poll:
                    try await TelegramPoller(api: api, intake: intake, health: keeper, tools: tools).run()
                case .webhook(let url):
                    let hook = TelegramHook(
                        api: api,
                        intake: intake,
                        health: keeper,
                        tools: tools,
                        bot: bot.id,
                        url: url
                    )
                    try await hook.run()
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Asks until the platform says who the bot is, and tells it the commands.
    private func start() async throws -> TelegramBot {
        var backoff = Backoff(floor: .seconds(1), ceiling: .seconds(30))
        while true {
            try Task.checkCancellation()
            do {
                let me = try await api.call("getMe", as: TelegramMe.self)
                guard "\(me.id)" == account else {
                    throw TelegramFailure(.unauthorized, "the token is of another bot, \(me.id)")
                }
                if me.readsGroups != true {
                    tools.logger.info("Privacy mode is on: groups show the bot only commands, mentions and replies")
                }
                await setCommands()
                return TelegramBot(id: me.id, username: me.username ?? username)
            } catch let failure as TelegramFailure {
                try Task.checkCancellation()
                keeper.lost(failure.code == .unauthorized ? PollPlan.unauthorized : failure.message, tools.logger)
                var pause = backoff.failed(at: tools.time.monotonic)
                if case .tooMany(let wait) = failure.code { pause = wait }
                try await tools.time.sleep(for: pause)
            }
        }
    }

    /// The commands that the host knows, for the menus of people's clients.
    private func setCommands() async {
        func command(_ name: String, _ description: String) -> JSONValue {
            ["command": .string(name), "description": .string(description)]
        }
        let everywhere = [
            command(SlashCommand.stop, "Stop what the agent is doing"),
            command(SlashCommand.clear, "Forget this conversation"),
        ]
        let alone = everywhere + [command(SlashCommand.link, "Link another account of yours")]
        do {
            _ = try await api.call("setMyCommands", ["commands": .array(everywhere)])
            let scope: JSONValue = ["type": "all_private_chats"]
            _ = try await api.call("setMyCommands", ["commands": .array(alone), "scope": scope])
        } catch {
            tools.logger.warning("The bot's commands were not set", metadata: ["why": "\(error)"])
        }
    }

    // MARK: - Sending

    package func deliver(_ message: OutboundMessage) async throws(ChannelError) -> SentMessage {
        let target = try target(message.address)
        let parts = OutgoingParts(message, for: capabilities)
        return try await parts.send(from: message.partsDone, time: tools.time) { part throws(PartFailure) in
            try await sender.send(part, to: target)
        }
    }

    private func target(_ address: ChatAddress) throws(ChannelError) -> TelegramSender.Target {
        guard let chat = chats.chat(address) else {
            throw ChannelError(
                .rejected,
                "\(address) is no chat of this bot: they are named telegram:\(account ?? ""):<number>"
            )
        }
        guard let thread = address.thread else { return TelegramSender.Target(chat: chat) }
        guard let topic = Int64(thread) else {
            throw ChannelError(.rejected, "\"\(thread.prefix(40))\" is no topic of Telegram: they are numbers")
        }
        return TelegramSender.Target(chat: chat, topic: topic)
    }

    package func setTyping(_ address: ChatAddress) async {
        guard let target = try? target(address) else { return }
        var parameters: [String: JSONValue] = ["chat_id": .integer(target.chat), "action": "typing"]
        parameters["message_thread_id"] = target.topic.map(JSONValue.integer)
        do {
            _ = try await api.call("sendChatAction", parameters, deadline: .seconds(5))
        } catch {
            tools.logger.trace("Typing was not shown", metadata: ["why": "\(error)"])
        }
    }

    package func show(_ draft: Draft) async {
        // Groups know no drafts.
        guard let target = try? target(draft.address), target.chat > 0, !draft.text.isEmpty else { return }
        let now = tools.time.monotonic
        let isDue = state.withLock { state in
            let last = state.drafts[target.chat] ?? (now - Self.draftInterval)
            guard !state.lacksDrafts, now - last >= Self.draftInterval else { return false }
            state.drafts = state.drafts.filter { now - $0.value < Self.draftInterval }
            state.drafts[target.chat] = now
            return true
        }
        guard isDue else { return }
        let text = String(decoding: draft.text.utf16.suffix(Self.longestText), as: UTF16.self)
        // Any number but 0, and one that JSON's readers take whole.
        let id = Int64(truncatingIfNeeded: draft.id & 0x1F_FFFF_FFFF_FFFF)
        var parameters: [String: JSONValue] = [
            "chat_id": .integer(target.chat), "draft_id": .integer(max(id, 1)), "text": .string(text),
        ]
        parameters["message_thread_id"] = target.topic.map(JSONValue.integer)
        do {
            _ = try await api.call("sendMessageDraft", parameters, deadline: .seconds(5))
        } catch {
            if error.message.lowercased().contains("method not found") { state.withLock { $0.lacksDrafts = true } }
            tools.logger.trace("A draft was not shown", metadata: ["why": "\(error)"])
        }
    }

    // MARK: - People

    /// A person's chat with a bot has the person's id; whether the bot may write there shows when it does.
    package func openDM(_ user: UserID) async throws -> ChatAddress? {
        guard user.channel == channel, isNativeID(user.native), let chat = Int64(user.native) else { return nil }
        return chats.address(chat)
    }

    package func isNativeID(_ text: String) -> Bool { Int64(text).map { $0 > 0 && "\($0)" == text } ?? false }
}
