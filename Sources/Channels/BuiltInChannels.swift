import ChannelDiscord
import ChannelEmail
package import ChannelKit
import ChannelMatrix
import ChannelSlack
import ChannelTelegram
import ChannelWebhook

/// The platforms that come with NanoClaw: a new one is its own target and one line here.
package enum BuiltInChannels {
    package static let all: [any ChannelPlatform] = [
        DiscordPlatform(), EmailPlatform(), MatrixPlatform(), SlackPlatform(), TelegramPlatform(), WebhookPlatform(),
    ]
}
