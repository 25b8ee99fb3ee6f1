import ChannelKit
import Core

@testable import ChannelSlack

enum SlackEvents {
    private static let me = SlackSelf(team: "T0HOME", user: "U0BOT", bot: "B0BOT")
    private static let now = Timestamp(milliseconds: 1_790_000_000_000)

    /// A frame of Socket Mode.
    static func frame(_ text: [UInt8]) {
        guard let frame = try? SocketFrame(String(decoding: text, as: UTF8.self)) else { return }
        guard case .envelope(let envelope) = frame else { return }
        let answer = try? JSONValue(parsing: envelope.acknowledgement)
        require(answer?[key: "envelope_id"]?.string == envelope.id, "an envelope is acknowledged by its id")
        if let delivery = envelope.delivery { check(delivery) }
    }

    /// The body of a request.
    static func post(isForm: Bool, _ body: [UInt8]) {
        var body = body
        if isForm, body.first == UInt8(ascii: "{") { body = Array("payload=".utf8) + body.flatMap(escaped) }
        let type = isForm ? "application/x-www-form-urlencoded" : "application/json"
        switch SlackPost(type: type, body: body) {
        case .challenge(let text): require(text.utf8.count <= 1024, "a challenge is short")
        case .delivery(let delivery): check(delivery)
        case nil: break
        }
    }

    private static func escaped(_ byte: UInt8) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        return [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }

    private static func check(_ delivery: SlackDelivery) {
        switch delivery.kind {
        case .event: check(SlackHappening(delivery.payload, me))
        case .interaction:
            guard let answer = SlackAction(delivery.payload)?.answer(me, nil) else { return }
            EventCheck.answer(answer, "slack", account: me.team)
        case .command:
            guard let command = SlackCommand(delivery.payload) else { return }
            let event = command.event(me, nil, at: now)
            EventCheck.event(event, "slack", account: me.team)
            readsBack(event.address)
        }
    }

    private static func check(_ happening: SlackHappening) {
        switch happening {
        case .message(let message):
            let event = message.event(me, SlackNames(), now: now)
            EventCheck.event(event, "slack", account: me.team)
            readsBack(event.address)
        case .edited(let message, let key):
            EventCheck.change(message.change(me, SlackNames(), key: key, now: now), "slack", account: me.team)
        case .deleted(let conversation, let ts, let thread, let isGroup, let key):
            let address = SlackIDs.address(team: me.team, conversation, thread: thread)
            let change = ChatChange(
                .deleted(platformMessageID: ts),
                address: address,
                isGroup: isGroup,
                dedupKey: key,
                at: now
            )
            EventCheck.change(change, "slack", account: me.team)
        case .reaction(let reaction):
            require(!SlackEmoji.character(reaction.name).isEmpty, "an emoji is shown")
            let change = ChatChange(
                .reaction(platformMessageID: reaction.ts, emoji: "", isAdded: true),
                address: SlackIDs.address(team: me.team, reaction.conversation),
                isGroup: true,
                senderNativeID: SlackIDs.native(team: me.team, user: reaction.user),
                dedupKey: reaction.key,
                at: SlackIDs.time(reaction.stamp) ?? now
            )
            EventCheck.change(change, "slack", account: me.team)
        case .membership(let conversation, let isMember, let by, let key):
            let change = ChatChange(
                .membership(isMember: isMember),
                address: SlackIDs.address(team: me.team, conversation),
                isGroup: true,
                senderNativeID: by.map { SlackIDs.native(team: me.team, user: $0) },
                dedupKey: key,
                at: now
            )
            EventCheck.change(change, "slack", account: me.team)
        case .own, .revoked, .limited, .nothing: break
        }
    }

    private static func readsBack(_ address: ChatAddress) {
        require(SlackIDs.conversation(address, team: me.team) != nil, "an address can be written to: \(address)")
    }

    /// Text with Slack's marks.
    static func text(_ text: String) {
        #if PLANTED
        // A reader that unescapes what it has unescaped.
        let plain = SlackText.unescaped(SlackText.unescaped(SlackText.escaped(text)))
        #else
        let plain = SlackText.unescaped(SlackText.escaped(text))
        #endif
        require(Array(plain.utf8) == Array(text.utf8), "escaped text comes out as it was")
        require(SlackText.plain(SlackText.escaped(text)).utf8.elementsEqual(text.utf8), "escaped text has no marks")
        require(SlackText.users(in: text).count <= 32 && SlackText.channels(in: text).count <= 32, "few are named")
        let shown = SlackText.plain(text)
        require(shown.utf8.count <= 2 * text.utf8.count + 8, "what is shown is hardly longer")
        let addressed = SlackText.addressed(text, to: "U0BOT")
        require(text.utf8.count >= addressed.utf8.count, "a mention at the front is taken away")
        for name in [text, ":\(text):"] {
            guard let known = SlackEmoji.name(name) else { continue }
            require((1...150).contains(known.utf8.count), "the name of an emoji is short")
        }
        require(!SlackEmoji.character(text).isEmpty, "an emoji is shown")
        if text.first != "0", let time = SlackIDs.time(text) {
            require(SlackIDs.ts(time).hasPrefix(text.prefix(8)), "a ts is its time")
        }
        if let user = SlackIDs.user(native: text) { require(SlackIDs.isUser(user), "a stable id names a user") }
    }
}
