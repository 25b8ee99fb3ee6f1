import ChannelKit
import Core

@testable import ChannelDiscord

enum DiscordEvents {
    private static let bot = "1000000000000000001"
    private static let account = "1000000000000000000"

    /// Frames of one connection, one in each line.
    static func check(_ text: [UInt8]) {
        let session = GatewaySession(id: "s", url: "wss://gateway.discord.gg", seq: 3, user: bot)
        for known in [nil, session] {
            var machine = GatewayMachine(session: known)
            machine.open(at: .zero)
            var now = Duration.zero
            for line in text.split(separator: 0x0A).prefix(20) {
                guard let frame = try? JSONText.decode(GatewayFrame.self, line) else { continue }
                let steps = machine.take(frame, at: now, chance: 0.5) + machine.tick(at: now)
                for step in steps {
                    switch step {
                    case .deliver(let seq, let event):
                        check(event)
                        machine.done(seq)
                    case .send(let command):
                        let json = try? JSONValue(parsing: command.json(token: "t"))
                        require(json?.object != nil, "what is sent is JSON")
                    case .established, .close: break
                    }
                }
                if let due = machine.due { require(due >= .zero, "what is due is not before the beginning") }
                now += .milliseconds(700)
            }
            if let left = machine.session { require(left.seq >= 0, "a session goes on from a number") }
        }
        // A message is read whatever stands around it.
        if let frame = try? JSONText.decode(GatewayFrame.self, text), case .event(_, let event) = frame { check(event) }
    }

    private static func check(_ event: GatewayEvent) {
        switch event {
        case .message(let message), .updated(let message): check(message)
        case .interaction(let interaction):
            _ = interaction.isAmongOthers
            let text = interaction.data.flatMap(SlashCommands.text)
            require(text?.hasPrefix("/") ?? true, "a command begins with a slash")
            if let (_, index) = interaction.data?.customID.flatMap(Card.choice(button:)) {
                require((0..<1000).contains(index), "a button has a small number")
            }
        case .reaction(let reaction, _): require(reaction.emoji.text.utf8.count < 100_000, "an emoji is shown")
        case .ready, .resumed, .deleted, .guild, .guildGone, .channel, .other, .unreadable: break
        }
    }

    private static func check(_ message: WireMessage) {
        var reading = MessageReading(account: account, bot: bot)
        reading.ownRole = "1000000000000000009"
        let unnamed = MessageReading.unnamed(message)
        require(unnamed.channels.count <= 8, "few names are asked for")
        let address = DiscordAddress(guild: message.guildID, channel: message.channelID)
        _ = MessageReading.files(message)
        guard let event = reading.event(message, in: address) else { return }
        EventCheck.event(event, "discord", account: account)
        require((try? DiscordAddress(event.address, account: account)) == address, "an address is read back")
    }

    /// Text with Discord's marks.
    static func markup(_ text: String) {
        let markup = MessageMarkup(text)
        let shown = markup.text(.init(), own: [.user(bot)])
        for mark in markup.marks {
            switch mark {
            case .user(let id), .role(let id), .channel(let id): require(Snowflake.isValid(id), "a mark names an id")
            case .emoji(let name), .command(let name): require(!name.isEmpty, "a mark has a name")
            case .time: break
            }
        }
        guard markup.marks.isEmpty else { return }
        require(shown == text.trimmingWhiteSpace, "a text without marks stays as it is")
    }
}
