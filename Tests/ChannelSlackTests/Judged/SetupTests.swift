import ChannelConformance
import ChannelKit
import ChannelNetwork
import Core
import JudgeSupport
import Synchronization
import TestSupport
import Testing

@testable import ChannelSlack

@Suite(
    .enabled(if: Judge.isOn, "set NANOCLAW_JUDGES=1 to ask the judges (packages from PyPI)"),
    .serialized,
    .timeLimit(.minutes(5))
)
struct `Slack's setup` {
    private func refusal(_ world: SlackWorld, _ values: [String: String]) async -> ChannelSetupError? {
        let values = ChannelValues(SlackWorld.values(world.server).merging(values) { $1 })
        do {
            _ = try await world.platform.identify(values, world.tools)
            return nil
        } catch {
            return error
        }
    }

    @Test func `names the account`() async throws {
        try await SlackWorld.run { world in
            let identity = try await world.platform.identify(world.account.values, world.tools)
            #expect(identity.account == SlackWorld.team && identity.title == "@bot in Judge")
            #expect(try await world.log("apps.connections.open").count == 1)
            #expect(world.platform.pairing(world.account, code: "ABCD")?.contains("ABCD") == true)
        }
    }

    @Test func `says which value is wrong and where the right one is`() async throws {
        try await SlackWorld.run { world in
            for (values, code, words) in [
                (["token": "xoxp-person"], .invalid, "xoxb-"),
                (["token": "xoxb-wrong"], .refused, "install the app again"),
                (["app-token": ""], .invalid, "App-Level Tokens"), (["app-token": "xapp-wrong"], .refused, "app-token"),
                (["mode": "poll"], .invalid, "socket or events"), (["api": "slack"], .invalid, "https://"),
                (["mode": "events", "signing-secret": ""], .invalid, "signing-secret"),
                (["api": "http://127.0.0.1:9/api"], .unreachable, "127.0.0.1"),
            ] as [([String: String], ChannelSetupFailure, String)] {
                let error = try #require(await refusal(world, values))
                #expect(error.code == code && error.message.contains(words), "\(values): \(error)")
                #expect(!error.description.contains("judge-token") && !error.description.contains("-wrong"))
            }
            #expect(await refusal(world, ["mode": "events", "app-token": ""]) == nil)
            try await world.server.control("fault", ["mode": "reconnect", "reason": "link_disabled"])
            #expect(await refusal(world, [:])?.message.contains("switch Socket Mode on") == true)
        }
    }

    @Test func `compares the scopes, and takes no person's token`() async throws {
        try await SlackWorld.run { world in
            try await world.withListener { base in
                // The judge tells no scopes: here an API of our own does.
                func answer(_ scopes: String, bot: String) {
                    world.listener.remove("api/auth.test")
                    let body = #"{"ok":true,"team_id":"T1","user_id":"U1","user":"bot","team":"House"\#(bot)}"#
                    try? world.listener.add("api/auth.test") { _ in
                        WebhookResponse(status: 200, headers: ["x-oauth-scopes": scopes], body: Array(body.utf8))
                    }
                }
                let values = ["api": "\(base)/api", "mode": "events"]
                let all = SlackScopes.needed.joined(separator: ",")
                answer(all.replacing("chat:write,", with: ""), bot: #","bot_id":"B1""#)
                let missing = try #require(await refusal(world, values))
                #expect(missing.code == .refused && missing.message.contains("the scopes chat:write:"))
                answer(all, bot: "")
                #expect(await refusal(world, values)?.message.contains("person's token") == true)
                answer(all, bot: #","bot_id":"B1""#)
                #expect(await refusal(world, values) == nil)
            }
        }
    }

    @Test(arguments: [true, false])
    func `an app is installed by a person in the browser`(_ usesPKCE: Bool) async throws {
        try await SlackWorld.run { world in
            try await world.withListener { base in
                let install = try SlackInstall(
                    .init(
                        clientID: "123.456",
                        clientSecret: "judge-client-secret",
                        redirect: "\(base)/slack-install/x",
                        base: "\(world.server.base)/api",
                        usesPKCE: usesPKCE
                    ),
                    world.tools
                )
                let grant = try await install.run { page in
                    // A stranger's attempt changes nothing.
                    let http = world.tools.http
                    let strange = try? await http.request(HTTPCall(.get, "\(base)/slack-install/x?code=1&state=2"))
                    #expect(strange?.status == 400)
                    let sent = try? await http.request(HTTPCall(.get, page))
                    let back = sent?.headers["location"] ?? ""
                    #expect(back.hasPrefix("\(base)/slack-install/x?code="))
                    let shown = try? await http.request(HTTPCall(.get, back))
                    #expect(shown?.text.contains("close this page") == true)
                }
                #expect(grant.token == "xoxb-judge-token" && grant.team == SlackWorld.team)
                #expect(SlackScopes.missing(grant.scopes).isEmpty)
                // The way back is closed again.
                let gone = try await world.tools.http.request(HTTPCall(.get, "\(base)/slack-install/x"))
                #expect(gone.status == 404)
            }
        }
    }

    @Test func `an account is added by the browser, and keeps the token but no secret of the app`() async throws {
        try await SlackWorld.run { world in
            try await world.withListener { base in
                var tools = world.tools
                tools.publicURL = base.replacing("/hooks", with: "")
                let told = Mutex<[String]>([])
                tools.tell = { [http = tools.http] line in
                    told.withLock { $0.append(line) }
                    guard let page = line.split(separator: " ").last, page.contains("/authorize?") else { return }
                    let back = (try? await http.request(HTTPCall(.get, String(page))))?.headers["location"] ?? ""
                    _ = try? await http.request(HTTPCall(.get, back))
                }
                let given = ChannelValues(SlackWorld.values(world.server)).with("token", "").with(
                    "client-id",
                    "123.456"
                )
                .with("client-secret", "judge-client-secret").with("pkce", "yes")
                let identity = try await world.platform.identify(given, tools)
                #expect(identity.account == SlackWorld.team)
                #expect(
                    identity.values == [
                        "token": "xoxb-judge-token", "client-id": "", "client-secret": "", "pkce": "",
                    ]
                )
                #expect(told.withLock { $0 }.first?.contains("\(base)/slack-install") == true)
                #expect(world.platform.patience(given) > .seconds(600))

                tools.publicURL = nil
                await #expect(throws: ChannelSetupError.self) { try await world.platform.identify(given, tools) }
                tools.publicURL = base
                let wrong = given.with("app-token", "")
                await #expect(throws: ChannelSetupError.self) { try await world.platform.identify(wrong, tools) }
                #expect(told.withLock { $0 }.count == 2, "nobody is sent to the browser for what cannot be right")
            }
        }
    }

    @Test func `a person's no, a wrong secret and a redirect to elsewhere end an installation`() async throws {
        try await SlackWorld.run { world in
            try await world.withListener { base in
                func install(_ secret: String, _ redirect: String) throws(ChannelSetupError) -> SlackInstall {
                    try SlackInstall(
                        .init(
                            clientID: "123.456",
                            clientSecret: secret,
                            redirect: redirect,
                            base: "\(world.server.base)/api"
                        ),
                        world.tools
                    )
                }
                let http = world.tools.http
                await #expect(throws: ChannelSetupError.self) {
                    try await install("judge-client-secret", "\(base)/x").run { page in
                        let state = page.split(separator: "&").first { $0.hasPrefix("state=") } ?? ""
                        _ = try? await http.request(HTTPCall(.get, "\(base)/x?error=access_denied&\(state)"))
                    }
                }
                await #expect(throws: ChannelSetupError.self) {
                    try await install("wrong", "\(base)/x").run { page in
                        let back = (try? await http.request(HTTPCall(.get, page)))?.headers["location"] ?? ""
                        _ = try? await http.request(HTTPCall(.get, back))
                    }
                }
                #expect(throws: ChannelSetupError.self) { try install("x", "https://example.org/oauth") }
                #expect(throws: ChannelSetupError.self) { try install("", "\(base)/x") }
            }
        }
    }

    @Test func `the challenge is that of RFC 7636, appendix B`() {
        #expect(
            SlackInstall.challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
                == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        )
    }
}
