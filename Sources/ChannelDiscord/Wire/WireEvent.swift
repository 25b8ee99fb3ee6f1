/// What an event of the gateway brings.
protocol WireEvent: Decodable {
    /// The ids of which keys and addresses are made: an event is read only when each is one.
    var snowflakes: [String] { get }
}

extension WireReady: WireEvent {
    var snowflakes: [String] { [user.id] + (guilds ?? []).map(\.id) }
}

extension WireMessage: WireEvent {
    var snowflakes: [String] {
        let others = [guildID, author?.id, webhookID, referenced?.id, reference?.messageID]
        return [id, channelID] + others.compactMap(\.self)
    }
}

extension WireDeletion: WireEvent {
    var snowflakes: [String] { ids + [channelID, guildID].compactMap(\.self) }
}

extension WireReaction: WireEvent {
    var snowflakes: [String] { [userID, channelID, messageID, guildID].compactMap(\.self) }
}

extension WireInteraction: WireEvent {
    var snowflakes: [String] {
        [id, channelID, channel?.id, guildID, person?.id, message?.id].compactMap(\.self)
    }
}

extension WireGuild: WireEvent {
    var snowflakes: [String] {
        [id, systemChannelID].compactMap(\.self) + ((channels ?? []) + (threads ?? [])).flatMap(\.snowflakes)
    }
}

extension WireChannel: WireEvent {
    var snowflakes: [String] { [id, guildID, parentID].compactMap(\.self) }
}
