package import ChannelKit

/// Hooks that any program can post to, and that post what agents say to a URL.
package struct WebhookPlatform: ChannelPlatform {
    static let key = WebhookSettings.channel

    package let channel = WebhookPlatform.key
    package let title = "Webhook"
    package let hasPeople = false

    package init() {}

    package var fields: [ChannelField] { WebhookSettings.fields }

    /// Nobody is asked: a hook is what its values say.
    package func identify(
        _ values: ChannelValues,
        _ tools: ChannelTools
    ) async throws(ChannelSetupError) -> ChannelIdentity {
        let settings = try WebhookSettings(values)
        return ChannelIdentity(account: settings.name, title: "\(tools.publicURL ?? "")/hooks/\(settings.name)")
    }

    package func adapter(
        _ account: ChannelAccount,
        _ tools: ChannelTools
    ) throws(ChannelSetupError) -> any ChannelAdapter {
        WebhookAdapter(try WebhookSettings(account.values), tools)
    }
}
