package import ChannelKit
import ChannelNetwork
import Core

/// The values of an account, checked by their form.
package struct SlackSettings: Sendable {
    /// Slack takes some fifty calls of chat.update a minute (docs.slack.dev, apis/web-api/rate-limits, tier 3): three
    /// conversations at once go on.
    package static let drafts = DraftStyle.edits(every: .seconds(3))

    let mode: String
    let token: String
    let appToken: String
    let signingSecret: String
    let base: String
    let drafts: DraftStyle

    /// Throws which value cannot be right, and where the right one is found.
    init(_ values: ChannelValues) throws(ChannelSetupError) {
        mode = values["mode"].isEmpty ? "socket" : values["mode"]
        token = values["token"]
        appToken = values["app-token"]
        signingSecret = values["signing-secret"]
        base = values["api"].isEmpty ? SlackAPI.standardBase : values["api"]
        drafts = try values.drafts(Self.drafts)
        guard mode == "socket" || mode == "events" else {
            throw ChannelSetupError(.invalid, "mode is \"\(mode.prefix(40))\": write socket or events")
        }
        try Self.check(token, "token", "xoxb-", "OAuth & Permissions, \"Bot User OAuth Token\"")
        if mode == "socket" {
            try Self.check(appToken, "app-token", "xapp-", "Basic Information, \"App-Level Tokens\"")
        } else {
            guard signingSecret.utf8.count >= 16, signingSecret.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                throw ChannelSetupError(
                    .invalid,
                    "signing-secret must be given for mode events: without it nobody can tell Slack's requests from "
                        + "others; copy it from Basic Information, \"App Credentials\""
                )
            }
        }
    }

    /// The API with these tokens; throws for a base that is no URL.
    func api(_ tools: ChannelTools) throws(ChannelSetupError) -> SlackAPI {
        do {
            return try SlackAPI(base: base, botToken: token, appToken: appToken, http: tools.http, time: tools.time)
        } catch {
            throw ChannelSetupError(.invalid, "api is no address: \(error.message)")
        }
    }

    private static func check(
        _ value: String,
        _ field: String,
        _ prefix: String,
        _ place: String
    ) throws(ChannelSetupError) {
        guard value.hasPrefix(prefix), value.utf8.count <= 512, value.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw ChannelSetupError(.invalid, "\(field) must begin with \(prefix): copy it from \(place)")
        }
    }
}
