import ChannelKit
import ChannelNetwork
import Core
import LinuxIO
import Logging

/// Hands over to the host what Slack tells: the one way in for sockets, webhooks and history.
struct SlackDesk: Sendable {
    let me: SlackSelf
    let api: SlackAPI
    let directory: SlackDirectory
    let files: SlackFiles
    let places: SlackPlaces
    let lanes: SlackLanes
    let inbox: any ChannelInbox
    let tools: ChannelTools
    let typing: SlackTyping
    /// The token counts no more, in words.
    let revoked: @Sendable (String) -> Void

    /// Takes what was told into its lane; the id tells when it is done.
    ///
    /// Nil when nothing is to be done. Throws when too much waits: what was told must come again.
    func take(_ delivery: SlackDelivery) async throws(TooBusy) -> String? {
        switch delivery.kind {
        case .event: return try await take(SlackHappening(delivery.payload, me))
        case .interaction:
            guard let action = SlackAction(delivery.payload), let known = action.answer(me, nil) else { return nil }
            return try await add("action \(known.dedupKey)", to: action.conversation) { try await self.answer(action) }
        case .command:
            guard let command = SlackCommand(delivery.payload) else { return nil }
            return try await add("command \(command.trigger)", to: command.conversation) {
                let person = try await self.directory.sender(command.user)
                try await self.inbox.accept(command.event(self.me, person, at: self.tools.time.now))
            }
        }
    }

    private func take(_ happening: SlackHappening) async throws(TooBusy) -> String? {
        switch happening {
        case .message(let message):
            // The same id for `message` and `app_mention`, and for what history tells again.
            return try await add(Self.id(message), to: message.conversation) { try await self.hand(message) }
        case .edited(let message, let key):
            return try await add("\(message.conversation) \(key)", to: message.conversation) {
                let change = message.change(self.me, try await self.names(message), key: key, now: self.tools.time.now)
                try await self.inbox.note(change)
            }
        case .deleted(let conversation, let ts, let thread, let isGroup, let key):
            let change = ChatChange(
                .deleted(platformMessageID: ts),
                address: SlackIDs.address(team: me.team, conversation, thread: thread),
                isGroup: isGroup,
                dedupKey: key,
                at: tools.time.now
            )
            return try await note(change, conversation)
        case .reaction(let reaction):
            return try await add("\(reaction.conversation) \(reaction.key)", to: reaction.conversation) {
                try await self.inbox.note(self.change(reaction, try await self.directory.sender(reaction.user)))
            }
        case .membership(let conversation, let isMember, let by, let key):
            let change = ChatChange(
                .membership(isMember: isMember),
                address: SlackIDs.address(team: me.team, conversation),
                isGroup: !SlackIDs.isDirect(conversation),
                senderNativeID: by.map { SlackIDs.native(team: me.team, user: $0) },
                dedupKey: key,
                at: tools.time.now
            )
            return try await note(change, conversation)
        case .own(let ts):
            tools.echoes.saw(ts)
        case .revoked:
            revoked(
                "Slack says that the app was removed from the workspace, or its token revoked: install the app again"
            )
        case .limited:
            tools.logger.warning("Slack drops events: the workspace has more than 30,000 an hour")
        case .nothing: break
        }
        return nil
    }

    /// There is no room for more.
    struct TooBusy: Error {}

    private func add(
        _ id: String,
        to lane: String,
        _ work: @escaping SlackLanes.Work
    ) async throws(TooBusy) -> String {
        guard await lanes.add(id, to: lane, work) else { throw TooBusy() }
        return id
    }

    private func note(_ change: ChatChange, _ conversation: String) async throws(TooBusy) -> String {
        try await add("\(conversation) \(change.dedupKey)", to: conversation) { try await self.inbox.note(change) }
    }

    /// The id of the job that hands a message over.
    static func id(_ message: SlackMessage) -> String { "\(message.conversation) message \(message.ts)" }

    /// Hands a message over with its files; returns once the host has it.
    func hand(_ message: SlackMessage) async throws {
        crashPoint("channel.slack-received")
        let names = try await names(message)
        let (fetched, notes) = await files.fetch(message.files)
        if !fetched.isEmpty { crashPoint("channel.slack-fetched") }
        let event = message.event(me, names, files: fetched, notes: notes, now: tools.time.now)
        await typing.heard(message)
        do {
            try await inbox.accept(event)
        } catch {
            await tools.media.remove(fetched)
            throw error
        }
        await tools.media.remove(fetched)
        crashPoint("channel.slack-taken")
        await places.note(message.ts, at: .init(message.conversation, thread: message.thread))
        // History shows it in the conversation too: from there it would be told again.
        if message.isBroadcast { await places.note(message.ts, at: .init(message.conversation)) }
    }

    private func names(_ message: SlackMessage) async throws -> SlackNames {
        var names = SlackNames()
        if let user = message.user { names.sender = try await directory.sender(user) }
        let text = ([message.text] + message.attachments.map(\.text)).joined(separator: " ")
        (names.users, names.channels) = await directory.names(in: text)
        return names
    }

    private func change(_ reaction: SlackReaction, _ person: SlackPerson?) -> ChatChange {
        ChatChange(
            .reaction(
                platformMessageID: reaction.ts,
                emoji: SlackEmoji.character(reaction.name),
                isAdded: reaction.isAdded
            ),
            address: SlackIDs.address(team: me.team, reaction.conversation),
            isGroup: !SlackIDs.isDirect(reaction.conversation),
            senderNativeID: SlackIDs.native(team: person?.team ?? me.team, user: reaction.user),
            senderName: person?.name,
            isBot: person?.isBot ?? false,
            dedupKey: reaction.key,
            at: SlackIDs.time(reaction.stamp) ?? tools.time.now
        )
    }

    /// Hands an answer over; the person is told when it does not count.
    private func answer(_ action: SlackAction) async throws {
        guard let answer = action.answer(me, try await directory.sender(action.user)) else { return }
        crashPoint("channel.slack-pressed")
        let receipt = try await inbox.answer(answer)
        crashPoint("channel.slack-answered")
        guard case .refused(let why) = receipt, let url = action.responseURL else { return }
        let body: JSONValue = [
            "response_type": "ephemeral", "replace_original": false, "text": .string(SlackText.escaped(why)),
        ]
        let call = HTTPCall(
            .post,
            url,
            body: .json(try body.text()),
            deadline: .seconds(5),
            redacting: api.secrets + [url],
            hosts: api.hosts
        )
        let reply = try? await api.http.request(call)
        if reply?.isSuccess != true {
            tools.logger.warning("A person was not told why an answer does not count", metadata: ["why": "\(why)"])
        }
    }
}
