package import ChannelNetwork
package import Core

/// Slack's Web API for one account: `POST <base>/<method>` with a form, which every method takes.
package struct SlackAPI: Sendable {
    /// Which of the account's tokens a method wants.
    package enum Token: Sendable {
        case bot, app
        /// The method proves who asks by its fields.
        case none
    }

    /// What is told to whoever keeps the account's health.
    package struct Observer: Sendable {
        /// Slack asked to wait this long.
        package var limited: @Sendable (Duration) -> Void = { _ in }
        /// The bot's token does not count any more; in words.
        package var refusedToken: @Sendable (String) -> Void = { _ in }

        package init() {}
    }

    /// Slack's own.
    package static let standardBase = "https://slack.com/api"
    /// A pause where Slack names none.
    private static let standardPause = Duration.seconds(30)

    /// Without a slash at its end.
    package let base: String
    package var observer = Observer()
    let http: HTTPPool
    let hosts: HostRule
    private let botToken: String
    private let appToken: String
    private let limits: SlackLimits
    private let time: any TimeSource

    /// Throws `invalidURL` for a base that is none.
    package init(
        base: String,
        botToken: String,
        appToken: String = "",
        http: HTTPPool,
        time: any TimeSource
    ) throws(NetworkError) {
        let address = try WebAddress(base)
        self.base = String(address.description.reversed().drop { $0 == "/" }.reversed())
        self.botToken = botToken
        self.appToken = appToken
        self.http = http
        self.time = time
        limits = SlackLimits(time: time)
        // Files, sockets and answers to buttons are at other hosts of the same domain: files.slack.com, wss-primary.slack.com.
        let own = address.isSecure && address.host.last?.isLetter == true && address.host.contains(".")
        let places = ["slack.com"] + (own ? [address.host] : [])
        hosts = try HostRule(hosts: Set(places).flatMap { [$0, "*.\($0)"] }, origins: [address.origin])
    }

    /// The field that shows the bot's token.
    package var authorization: String { "Bearer \(botToken)" }
    /// What no error may hold.
    package var secrets: [String] { [botToken, appToken].filter { !$0.isEmpty } }

    /// Calls a method; fields without a value are left out.
    package func call(
        _ method: String,
        _ fields: KeyValuePairs<String, String?> = [:],
        as token: Token = .bot,
        deadline: Duration = .seconds(20)
    ) async throws(SlackError) -> SlackReply {
        if let left = limits.left(method) {
            throw SlackError(.limited(left), "\(method): Slack asked to wait \(left)")
        }
        var call = HTTPCall(
            .post,
            "\(base)/\(method)",
            body: .form(fields.compactMap { field in field.value.map { (field.key, $0) } }),
            deadline: deadline,
            redacting: secrets
        )
        switch token {
        case .bot: call.headers["authorization"] = authorization
        case .app: call.headers["authorization"] = "Bearer \(appToken)"
        case .none: break
        }
        let reply: HTTPReply
        do {
            reply = try await http.request(call)
        } catch {
            throw SlackError(error, method)
        }
        return try read(reply, method, token)
    }

    private func read(_ reply: HTTPReply, _ method: String, _ token: Token) throws(SlackError) -> SlackReply {
        if reply.status == 429 { throw limited(reply, method) }
        guard reply.isSuccess, let body = try? reply.json(), let isDone = body[key: "ok"]?.bool else {
            throw SlackError(.uncertain, "\(method): Slack answered with status \(reply.status)")
        }
        if isDone { return SlackReply(body: body, scopes: reply.headers["x-oauth-scopes"]) }
        let name = body[key: "error"]?.string ?? "unknown_error"
        if SlackRefusals.limiting.contains(name) { throw limited(reply, method) }
        var words = "\(method): Slack says \(name.prefix(80))"
        let needed = body[key: "needed"]?.string.map { String($0.prefix(200)) }
        if let hint = SlackRefusals.hint(name, needed: needed) { words += " (\(hint))" }
        for detail in body[key: "response_metadata"]?[key: "messages"]?.array?.prefix(3) ?? [] {
            words += "; \((detail.string ?? "").prefix(200))"
        }
        let error = SlackError(.refused(name), words)
        if case .bot = token, error.isOfCredentials { observer.refusedToken(words) }
        throw error
    }

    private func limited(_ reply: HTTPReply, _ method: String) -> SlackError {
        let pause = reply.retryAfter?.wait(now: time.now) ?? Self.standardPause
        limits.hold(method, for: pause)
        observer.limited(pause)
        return SlackError(.limited(pause), "\(method): Slack asks to wait \(pause)")
    }
}

/// The answer of a method that Slack has done.
package struct SlackReply: Sendable {
    package var body: JSONValue
    /// The scopes of the token, separated by commas; nil where Slack does not say.
    package var scopes: String?

    package subscript(key: String) -> JSONValue? { body[key: key] }
}

extension SlackAPI {
    /// Who the bot's token belongs to.
    package func whoAmI() async throws(SlackError) -> (me: SlackSelf, reply: SlackReply) {
        let reply = try await call("auth.test")
        guard let team = reply["team_id"]?.string, let user = reply["user_id"]?.string else {
            throw SlackError(.uncertain, "auth.test: Slack names no team and user")
        }
        return (SlackSelf(team: team, user: user, bot: reply["bot_id"]?.string), reply)
    }
}
