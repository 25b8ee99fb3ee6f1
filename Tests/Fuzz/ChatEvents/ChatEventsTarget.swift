import Core

@testable import ChannelSlack

/// What chat platforms tell: their JSON, as it comes and with any value in any place, and their marks in texts.
///
/// No reader ends the host, and what it hands on has ids, addresses, times and metadata that keep their rules.
struct ChatEventsTarget: FuzzTarget {
    static let name = "chat-events"

    func run(_ input: [UInt8]) {
        var choices = Choices(input)
        switch choices.below(8) {
        case 0: TelegramEvents.check(JSONMutation.bytes(&choices))
        case 1: DiscordEvents.check(JSONMutation.bytes(&choices))
        case 2: SlackEvents.frame(JSONMutation.bytes(&choices))
        case 3: SlackEvents.post(isForm: choices.flag(), JSONMutation.bytes(&choices))
        case 4: MatrixEvents.sync(JSONMutation.bytes(&choices))
        case 5: MatrixEvents.json(choices.remainder())
        case 6: DiscordEvents.markup(choices.text(4000))
        default: SlackEvents.text(choices.text(4000))
        }
    }
}
