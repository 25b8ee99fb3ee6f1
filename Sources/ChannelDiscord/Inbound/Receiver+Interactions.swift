import ChannelKit
import Core
import Logging

extension Receiver {
    /// How long the host may take to store an interaction: Discord takes the acknowledgement for three seconds.
    private static let storePatience: Duration = .seconds(2)

    /// Tells Discord that an interaction has come, once it is stored or has taken too long for that: a press then stays as it
    /// is, a command shows the person that something happens.
    func acknowledge(_ interaction: WireInteraction, once stored: Alarm) async {
        await stored.wait(for: Self.storePatience, time: tools.time)
        let json =
            switch interaction.type {
            case WireInteraction.Kind.command: MessageBody.callback(type: 5, isPrivate: true)
            case WireInteraction.Kind.autocomplete: #"{"type":8,"data":{"choices":[]}}"#
            default: MessageBody.callback(type: 6)
            }
        for attempt in 1...2 {
            do {
                try await api.callBack(interaction, json)
                return
            } catch {
                // A repeat after a lost connection is too old to be answered; what it decides counts all the same.
                let mayPass = [.unreachable, .server].contains(error.code)
                guard attempt == 1, mayPass, !Task.isCancelled else {
                    tools.logger.info(
                        "Discord was not told in time that a button or command has arrived",
                        metadata: ["account": "\(account)", "error": "\(error)"]
                    )
                    return
                }
            }
        }
    }

    /// Takes a press or a command; answers with what the person is to be told, and throws only when the task is cancelled.
    func take(_ interaction: WireInteraction) async throws -> String? {
        guard let channel = interaction.channelID ?? interaction.channel?.id else { return nil }
        guard !interaction.isAmongOthers else {
            // The bot is not there: it reads nothing, and what it would say all of them would see.
            return "Use this in a server or in the direct chat with the bot."
        }
        if let told = interaction.channel { await directory.learn(told, guild: interaction.guildID) }
        let facts =
            if let told = interaction.channel {
                ChannelFacts(told, guild: interaction.guildID)
            } else {
                try await facts(of: channel, guild: interaction.guildID)
            }
        let address = facts.address(of: channel)
        switch interaction.type {
        case WireInteraction.Kind.component: return try await press(interaction, address)
        case WireInteraction.Kind.command:
            return try await command(interaction, address).map { "`\($0)` was passed on." }
        default: return nil
        }
    }

    /// Hands a press over; answers with what the person is told, nil when the card itself shows what came of it.
    private func press(_ interaction: WireInteraction, _ address: DiscordAddress) async throws -> String? {
        guard let (card, index) = interaction.data?.customID.flatMap(Card.choice(button:)) else {
            return "This button is of no use any more."
        }
        let answer = CardAnswer(
            card: card,
            choice: .index(index),
            address: address.chat(account: account),
            senderNativeID: interaction.person?.id,
            isBot: interaction.person?.isProgram ?? false,
            platformMessageID: interaction.message?.id,
            dedupKey: "interaction:\(interaction.id)"
        )
        switch try await persist("button", { try await inbox.answer(answer) }) {
        case .taken: return nil
        case .refused(let why): return why
        }
    }

    /// Hands a command over as the message that it stands for; answers with its text.
    private func command(_ interaction: WireInteraction, _ address: DiscordAddress) async throws -> String? {
        guard let text = interaction.data.flatMap(SlashCommands.text), let person = interaction.person else {
            return nil
        }
        let name = interaction.member?.nick ?? person.name
        let event = InboundEvent(
            address: address.chat(account: account),
            // It is no message: nothing can be said of it later.
            platformMessageID: "interaction:\(interaction.id)",
            sentAt: Snowflake.time(interaction.id) ?? tools.time.now,
            senderNativeID: person.id,
            senderName: name,
            senderHandle: person.username.map { "@\($0)" },
            isBot: person.isProgram,
            content: ChatContent(text: text, sender: name),
            isMention: true,
            isGroup: address.isGroup,
            metadata: ["command": true]
        )
        try await persist("command") { try await inbox.accept(event) }
        return text
    }

    /// Tells the person what came of it; there is nothing more to do when that fails.
    func tell(_ words: String, _ interaction: WireInteraction) async {
        do {
            if interaction.type == WireInteraction.Kind.command {
                try await api.finish(interaction, application: account, text: words)
            } else {
                try await api.followUp(interaction, application: account, text: words)
            }
        } catch {
            tools.logger.info(
                "A person could not be told what came of a button or command",
                metadata: ["account": "\(account)", "error": "\(error)"]
            )
        }
    }
}
