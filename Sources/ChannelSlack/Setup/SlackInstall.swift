import COpenSSL
package import ChannelKit
import ChannelNetwork
import Core
import Synchronization

/// The installation of an app by OAuth: a person allows it in the browser, and the bot's token comes back to a webhook.
///
/// State and, where the app has PKCE switched on, a verifier (RFC 7636) tie the answer to this one attempt.
package struct SlackInstall: Sendable {
    /// What the operator gives: all of it from Basic Information and OAuth & Permissions of the app.
    package struct Request: Sendable {
        package var clientID: String
        package var clientSecret: String
        /// The public address of the webhook, one of the app's redirect URLs; it ends in `/hooks/<path>`.
        package var redirect: String
        package var base: String
        package var scopes: [String]
        /// Slack takes a challenge only of apps with PKCE switched on.
        package var usesPKCE: Bool

        package init(
            clientID: String,
            clientSecret: String,
            redirect: String,
            base: String = SlackAPI.standardBase,
            scopes: [String] = SlackScopes.needed + SlackScopes.optional,
            usesPKCE: Bool = true
        ) {
            self.clientID = clientID
            self.clientSecret = clientSecret
            self.redirect = redirect
            self.base = base
            self.scopes = scopes
            self.usesPKCE = usesPKCE
        }
    }

    /// What a person has allowed.
    package struct Grant: Sendable, Equatable {
        package var token: String
        package var team: String
        package var scopes: String
    }

    /// How long the person has.
    static let limit = Duration.seconds(600)

    private let request: Request
    private let path: String
    private let api: SlackAPI
    private let tools: ChannelTools
    private let state = Self.random()
    private let verifier: String?

    /// Throws for values that cannot be right, without asking Slack.
    package init(_ request: Request, _ tools: ChannelTools) throws(ChannelSetupError) {
        guard !request.clientID.isEmpty, !request.clientSecret.isEmpty else {
            throw ChannelSetupError(.invalid, "client id and secret must be given: copy both from Basic Information")
        }
        let address: WebAddress
        do {
            address = try WebAddress(request.redirect)
            api = try SlackAPI(base: request.base, botToken: "", http: tools.http, time: tools.time)
        } catch {
            throw ChannelSetupError(.invalid, "The address cannot be used: \(error.message)")
        }
        guard let hooks = address.target.firstRange(of: "/hooks/"), !address.target.contains("?") else {
            throw ChannelSetupError(
                .invalid,
                "The redirect URL must lead to a webhook of this host: https://<name>/hooks/slack-install/<word>"
            )
        }
        path = String(address.target[hooks.upperBound...])
        self.request = request
        self.tools = tools
        verifier = request.usesPKCE ? Self.random() : nil
    }

    /// The page on which a person allows the app.
    package var page: String {
        var fields = [
            ("client_id", request.clientID), ("scope", request.scopes.joined(separator: ",")),
            ("redirect_uri", request.redirect), ("state", state),
        ]
        if let verifier {
            fields += [("code_challenge", Self.challenge(verifier)), ("code_challenge_method", "S256")]
        }
        let root = api.base.hasSuffix("/api") ? String(api.base.dropLast(4)) : api.base
        return "\(root)/oauth/v2/authorize?\(FormEncoding.encode(fields))"
    }

    /// Waits for the person, at most ten minutes, and fetches the token.
    ///
    /// `announce` shows them ``page``, once the way back is open.
    package func run(_ announce: @Sendable (String) async -> Void) async throws(ChannelSetupError) -> Grant {
        let (answers, answered) = AsyncStream.makeStream(of: Answer.self)
        do {
            try tools.webhooks.add(path) { request in
                let answer = Answer(request, state: state)
                answered.yield(answer)
                return answer.page
            }
        } catch {
            throw ChannelSetupError(.invalid, "The redirect URL cannot be served: \(error.message)")
        }
        defer { tools.webhooks.remove(path) }
        await announce(page)
        let code = try await code(answers)
        return try await exchange(code)
    }

    private func code(_ answers: AsyncStream<Answer>) async throws(ChannelSetupError) -> String {
        let answer = await withTaskGroup(of: Answer?.self) { group in
            group.addTask {
                // Whoever does not know the state is a stranger, and changes nothing.
                for await answer in answers where answer != .strange { return answer }
                return nil
            }
            group.addTask { [tools] in
                try? await tools.time.sleep(for: Self.limit)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        switch answer {
        case .code(let code): return code
        case .refused(let name):
            throw ChannelSetupError(.refused, "Slack says \(name.prefix(80)): the app was not allowed; begin again")
        case .strange, nil:
            throw ChannelSetupError(.unreachable, "Nobody has allowed the app within ten minutes: begin again")
        }
    }

    private func exchange(_ code: String) async throws(ChannelSetupError) -> Grant {
        let reply: SlackReply
        do {
            reply = try await api.call(
                "oauth.v2.access",
                [
                    "client_id": request.clientID, "client_secret": request.clientSecret, "code": code,
                    "redirect_uri": request.redirect, "code_verifier": verifier,
                ],
                as: .none
            )
        } catch {
            throw ChannelSetupError(error.refusal == nil ? .unreachable : .refused, error.message)
        }
        guard let token = reply["access_token"]?.string, reply["token_type"]?.string == "bot",
            let team = reply["team"]?[key: "id"]?.string
        else {
            throw ChannelSetupError(.refused, "Slack has given no token of a bot: check the app's Bot Token Scopes")
        }
        return Grant(token: token, team: team, scopes: reply["scope"]?.string ?? "")
    }

    /// What the browser brings back.
    private enum Answer: Sendable, Equatable {
        case code(String)
        case refused(String)
        /// Without the state of this attempt.
        case strange

        init(_ request: WebhookRequest, state: String) {
            let fields = FormDecoding.fields(request.query.utf8)
            guard request.method == "GET",
                HMACSignature.areEqual(Array((fields["state"] ?? "").utf8), Array(state.utf8))
            else {
                self = .strange
                return
            }
            if let code = fields["code"], !code.isEmpty {
                self = .code(code)
            } else {
                self = .refused(fields["error"] ?? "nothing")
            }
        }

        var page: WebhookResponse {
            let (status, text) =
                switch self {
                case .code: (200, "The app is allowed. You can close this page and go back to the terminal.")
                case .refused: (200, "The app was not allowed. You can close this page.")
                case .strange: (400, "This page belongs to no installation that is under way.")
                }
            let headers: HeaderList = [
                "content-type": "text/plain; charset=utf-8", "cache-control": "no-store",
                "referrer-policy": "no-referrer",
            ]
            return WebhookResponse(status: status, headers: headers, body: Array(text.utf8))
        }
    }

    /// 256 random bits.
    private static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return base64URL((0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }

    /// The challenge of a verifier (RFC 7636 §4.2, `S256`).
    package static func challenge(_ verifier: String) -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        var length = digest.count
        let text = Array(verifier.utf8)
        EVP_Q_digest(nil, "SHA256", nil, text, text.count, &digest, &length)
        return base64URL(digest)
    }

    private static func base64URL(_ bytes: [UInt8]) -> String {
        Base64.encode(bytes).replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
