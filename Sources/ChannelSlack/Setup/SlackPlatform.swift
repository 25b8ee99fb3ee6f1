package import ChannelKit
import ChannelNetwork
import Core

/// Slack, as the catalogue of channels holds it.
package struct SlackPlatform: ChannelPlatform {
    package let channel = SlackIDs.channel
    package let title = "Slack"

    package let fields = [
        ChannelField(
            "token",
            "the bot's token, from OAuth & Permissions of the app at api.slack.com/apps; begins with xoxb-",
            isSecret: true,
            standard: "",
            isAsked: true
        ),
        ChannelField("mode", "how events come: socket (nothing to set up) or events (by HTTP)", standard: "socket"),
        ChannelField(
            "app-token",
            "for mode socket: the app-level token with the scope connections:write, from Basic Information; begins with xapp-",
            isSecret: true,
            standard: "",
            isAsked: true
        ),
        ChannelField(
            "signing-secret",
            "for mode events: the signing secret, from Basic Information",
            isSecret: true,
            standard: ""
        ),
        ChannelField(
            "client-id",
            "in place of token: the app is installed in the browser; from Basic Information, used once",
            standard: ""
        ),
        ChannelField(
            "client-secret",
            "the client secret beside client-id, from Basic Information; used once, not kept",
            isSecret: true,
            standard: ""
        ),
        ChannelField("pkce", "yes when PKCE is switched on in the app", standard: "no"),
        ChannelField("api", "the address of the API", standard: SlackAPI.standardBase),
        .drafts,
    ]

    package init() {}

    package func identify(
        _ values: ChannelValues,
        _ tools: ChannelTools
    ) async throws(ChannelSetupError) -> ChannelIdentity {
        let installed = try await install(values, tools)
        let settings = try SlackSettings(installed.map { values.with("token", $0) } ?? values)
        let api = try settings.api(tools)
        let found: (me: SlackSelf, reply: SlackReply)
        do {
            found = try await api.whoAmI()
        } catch {
            throw Self.setupError(error, "token")
        }
        guard found.me.bot != nil else {
            throw ChannelSetupError(
                .refused,
                "token is a person's token: take the \"Bot User OAuth Token\" under OAuth & Permissions"
            )
        }
        if let scopes = found.reply.scopes {
            let missing = SlackScopes.missing(scopes)
            guard missing.isEmpty else {
                throw ChannelSetupError(
                    .refused,
                    "token lacks the scopes \(missing.joined(separator: ", ")): add them under OAuth & Permissions, "
                        + "\"Bot Token Scopes\", install the app again and give the new token"
                )
            }
        }
        if settings.mode == "socket" {
            do {
                // The address that comes back is never used; it ends by itself after half a minute.
                _ = try await api.call("apps.connections.open", as: .app)
            } catch {
                throw Self.setupError(error, "app-token")
            }
        }
        let name = found.reply["user"]?.string ?? found.me.user
        let place = found.reply["team"]?.string.map { " in \($0)" } ?? ""
        return ChannelIdentity(
            account: found.me.team,
            title: "@\(name)\(place)",
            values: ["client-id": "", "client-secret": "", "pkce": ""].merging(installed.map { ["token": $0] } ?? [:]) {
                $1
            }
        )
    }

    package func patience(_ values: ChannelValues) -> Duration {
        Self.isInstalled(values) ? SlackInstall.limit + .seconds(60) : .seconds(30)
    }

    /// The app is to be installed by a person in the browser.
    private static func isInstalled(_ values: ChannelValues) -> Bool {
        values["token"].isEmpty && !values["client-id"].isEmpty
    }

    /// The token of an app that a person installs now; nil when one is given.
    private func install(_ values: ChannelValues, _ tools: ChannelTools) async throws(ChannelSetupError) -> String? {
        guard Self.isInstalled(values) else { return nil }
        // What is wrong with the rest is said before a person goes through the browser.
        let settings = try SlackSettings(values.with("token", "xoxb-to-come"))
        guard ["yes", "no"].contains(values["pkce"]) else {
            throw ChannelSetupError(.invalid, "pkce is \"\(values["pkce"].prefix(40))\": write yes or no")
        }
        guard let root = tools.publicURL else {
            throw ChannelSetupError(
                .invalid,
                "Slack sends people back to this host: set webhooks.url in config.yaml to its public address "
                    + "(docs/channels.md, Webhooks), or give token in place of client-id"
            )
        }
        let install = try SlackInstall(
            .init(
                clientID: values["client-id"],
                clientSecret: values["client-secret"],
                redirect: "\(root)/hooks/slack-install",
                base: settings.base,
                usesPKCE: values["pkce"] == "yes"
            ),
            tools
        )
        return try await install.run { page in
            await tools.tell("the app's redirect URL (OAuth & Permissions) has to be \(root)/hooks/slack-install")
            await tools.tell("allow the app within ten minutes at \(page)")
        }.token
    }

    package func adapter(
        _ account: ChannelAccount,
        _ tools: ChannelTools
    ) throws(ChannelSetupError) -> any ChannelAdapter {
        let settings = try SlackSettings(account.values)
        return SlackAdapter(
            team: account.identity.account,
            mode: settings.mode == "socket"
                ? .socket : .events(path: Self.path(account.name), secret: settings.signingSecret),
            api: try settings.api(tools),
            drafts: settings.drafts,
            tools: tools
        )
    }

    /// The path of an account's webhook, behind `/hooks/`.
    package static func path(_ account: String) -> String { "slack/\(account)" }

    package func pairing(_ account: ChannelAccount, code: String) -> String? {
        "In Slack, open a direct message with \(account.identity.title) (search for its name, or look under Apps) "
            + "and send it the code alone: \(code)"
    }

    private static func setupError(_ error: SlackError, _ field: String) -> ChannelSetupError {
        switch error.code {
        case .refused: ChannelSetupError(.refused, "\(field) is refused: \(error.message)", cause: nil)
        default: ChannelSetupError(.unreachable, "Slack could not be asked: \(error.message)")
        }
    }
}
