package import ChannelKit
import ChannelNetwork
import ChatMarkdown
package import Core
import Logging

/// One Slack account: an app in a workspace.
package final class SlackAdapter: ChannelAdapter {
    /// How events come in.
    package enum Mode: Sendable, Equatable {
        /// By a socket that the host opens: no address is needed.
        case socket
        /// By signed requests to `/hooks/<path>`.
        case events(path: String, secret: String)
    }

    package let channel = SlackIDs.channel
    package let account: String?
    package let capabilities: ChannelCapabilities
    package var health: ChannelHealth { keeper.health }

    private let team: String
    private let mode: Mode
    private let api: SlackAPI
    private let tools: ChannelTools
    private let keeper: HealthKeeper
    private let sender: SlackSender
    private let typing: SlackTyping
    private let alarm = SlackAlarm()

    /// The adapter of a team's account; `api` has the account's tokens.
    package init(
        team: String,
        mode: Mode,
        api: SlackAPI,
        drafts: DraftStyle = SlackSettings.drafts,
        tools: ChannelTools
    ) {
        capabilities = ChannelCapabilities(
            threads: true,
            edits: true,
            reactions: true,
            idempotencyKeys: false,
            files: true,
            typing: true,
            buttons: true,
            drafts: drafts,
            echoes: true,
            // A section of a card takes 3,000, and a message shows more than 4,000 folded.
            text: TextRules(limit: 3000, unit: .utf16, dialect: .slackMrkdwn),
            largestFile: 1 << 30
        )
        account = team
        self.team = team
        self.mode = mode
        self.tools = tools
        let keeper = HealthKeeper(transport: mode == .socket ? "socket mode" : "webhook", time: tools.time)
        var api = api
        api.observer.limited = { keeper.limited(for: $0) }
        api.observer.refusedToken = { [alarm] in alarm.raise($0) }
        self.api = api
        self.keeper = keeper
        typing = SlackTyping(api: api, time: tools.time)
        sender = SlackSender(
            api: api,
            team: team,
            // One message a second for each conversation, and several hundred a minute for the workspace
            // (docs.slack.dev, apis/web-api/rate-limits).
            gate: RateGate(
                account: Rate(240, per: .seconds(60), burst: 20),
                chat: Rate(1, per: .seconds(1), burst: 3),
                time: tools.time
            ),
            uncertain: SlackUncertain(),
            time: tools.time
        )
    }

    // MARK: - In

    package func run(_ inbox: any ChannelInbox) async throws {
        let places = SlackPlaces(state: tools.state, logger: tools.logger)
        await places.load()
        // Slack's clock may be a little behind.
        await places.begin(at: SlackIDs.ts(tools.time.now - .seconds(5)))
        var backoff = Backoff()
        while !Task.isCancelled {
            alarm.clear()
            do {
                let me = try await api.whoAmI().me
                if me.team == team {
                    backoff.succeeded(at: tools.time.monotonic)
                    try await receive(inbox, me, places)
                } else {
                    keeper.lost(
                        "The token belongs to the team \(me.team), not to \(team): give the account its own token"
                    )
                }
            } catch {
                if Task.isCancelled { break }
                keeper.lost((error as? SlackError)?.message ?? "\(error)")
            }
            try await tools.time.sleep(for: backoff.failed(at: tools.time.monotonic))
        }
        try Task.checkCancellation()
    }

    /// Receives until the token counts no more; throws why.
    private func receive(_ inbox: any ChannelInbox, _ me: SlackSelf, _ places: SlackPlaces) async throws {
        let lanes = SlackLanes(time: tools.time, logger: tools.logger)
        let desk = SlackDesk(
            me: me,
            api: api,
            directory: SlackDirectory(api: api, time: tools.time),
            files: SlackFiles(api: api, media: tools.media, logger: tools.logger),
            places: places,
            lanes: lanes,
            inbox: inbox,
            tools: tools,
            typing: typing,
            revoked: { [alarm] in alarm.raise($0) }
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await lanes.run() }
            group.addTask { [mode, keeper] in
                switch mode {
                case .socket: await SocketMode(desk: desk, health: keeper).run()
                case .events(let path, let secret):
                    keeper.connected()
                    await desk.catchUp(0)
                    try await SlackWebhook(desk: desk, health: keeper, secret: secret).run(at: path)
                }
            }
            group.addTask { [alarm] in try await alarm.rings() }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    // MARK: - Out

    package func deliver(_ message: OutboundMessage) async throws(ChannelError) -> SentMessage {
        let target = try sender.target(message.address)
        let parts = OutgoingParts(message, for: capabilities)
        let sent = try await parts.send(from: message.partsDone, time: tools.time) { part throws(PartFailure) in
            try await sender.send(part, to: target)
        }
        if message.isNewMessage { await typing.posted(target) }
        return sent
    }

    package func setTyping(_ address: ChatAddress) async {
        guard let target = try? sender.target(address) else { return }
        await typing.show(target)
    }

    package func endTyping(_ address: ChatAddress) async {
        guard let target = try? sender.target(address) else { return }
        await typing.end(target)
    }

    package func openDM(_ user: UserID) async throws -> ChatAddress? {
        guard user.channel == channel, let id = SlackIDs.user(native: user.native), !id.hasPrefix("B") else {
            return nil
        }
        let reply = try await api.call("conversations.open", ["users": id])
        guard let conversation = reply["channel"]?[key: "id"]?.string else { return nil }
        return SlackIDs.address(team: team, conversation)
    }

    package func isNativeID(_ text: String) -> Bool { SlackIDs.user(native: text) != nil }

    /// By a member id (`U…`, as the profile's menu copies it) or an email address; Slack's other names pass to others.
    package func nativeID(of handle: String) async throws -> String? {
        let isEmail = handle.contains("@") && !handle.hasPrefix("@")
        guard isEmail || SlackIDs.isUser(handle) else { return nil }
        do {
            let reply =
                isEmail
                ? try await api.call("users.lookupByEmail", ["email": handle])
                : try await api.call("users.info", ["user": handle])
            guard let user = reply["user"], let id = user[key: "id"]?.string else { return nil }
            return SlackIDs.native(team: user[key: "team_id"]?.string ?? team, user: id)
        } catch {
            guard let refusal = error.refusal, refusal.contains("not_found") else { throw error }
            return nil
        }
    }
}

extension OutboundMessage {
    /// It comes into the chat as a message of its own, and is no edit of another one nor an emoji on it.
    fileprivate var isNewMessage: Bool {
        switch body {
        case .text, .card: replaces == nil
        case .edit, .reaction: false
        }
    }
}
