/// What operators are told in more than one place.
enum DiscordWords {
    static let portal = "https://discord.com/developers/applications"

    static let refusedToken =
        "Discord does not accept the bot's token: make a new one at \(portal) (the application, Bot, Reset Token)"
        + " and set the account up anew with it"

    static let missingIntent =
        "Discord does not let the bot read messages: switch \"Message Content Intent\" on at \(portal)"
        + " (the application, Bot, Privileged Gateway Intents) and save"
}
