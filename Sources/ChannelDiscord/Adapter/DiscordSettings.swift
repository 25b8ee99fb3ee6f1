import ChannelKit
import ChannelNetwork
import Core

/// The values of an account, checked.
struct DiscordSettings: Sendable {
    /// Where Discord's gateways are.
    static let gatewayHosts = ["gateway.discord.gg", "*.discord.gg"]
    static let standardAPI = "https://discord.com/api/v10"
    /// Discord takes five edits in five seconds in a channel: one is left for what else is edited there.
    private static let draftInterval: Duration = .milliseconds(1250)

    let token: String
    /// Without a slash at its end.
    let base: String
    let drafts: DraftStyle

    init(_ values: ChannelValues) throws(ChannelSetupError) {
        token = try Self.token(values["token"])
        base = try Self.base(values["api"])
        drafts = try values.drafts(.edits(every: Self.draftInterval))
    }

    func api(_ tools: ChannelTools) -> DiscordAPI {
        DiscordAPI(base: base, token: token, http: tools.http, time: tools.time)
    }

    /// Where addresses that Discord names may lead: its own hosts, and that of an API elsewhere.
    func rule(hosts: [String]) throws(ChannelSetupError) -> HostRule {
        do {
            return try HostRule(hosts: hosts, origins: base == Self.standardAPI ? [] : [base])
        } catch {
            throw ChannelSetupError(.invalid, "api: \(error.message)")
        }
    }

    private static func token(_ given: String) throws(ChannelSetupError) -> String {
        var token = given.trimmingWhiteSpace
        if token.lowercased().hasPrefix("bot ") { token = String(token.dropFirst(4)).trimmingWhiteSpace }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        let isWord = token.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "="):
                true
            default: false
            }
        }
        guard isWord, parts.count == 3, parts.allSatisfy({ !$0.isEmpty }), token.utf8.count <= 256 else {
            throw ChannelSetupError(
                .invalid,
                "token: this is no bot token, which has three parts with dots between them; the client secret and the"
                    + " public key are something else. Make one at \(DiscordWords.portal) (the application, Bot, Reset Token)"
            )
        }
        return token
    }

    private static func base(_ given: String) throws(ChannelSetupError) -> String {
        var text = given.isEmpty ? standardAPI : given
        while text.utf8.last == UInt8(ascii: "/") { text.removeLast() }
        do {
            _ = try WebAddress(text)
        } catch {
            throw ChannelSetupError(
                .invalid,
                "api: \(error.message). Leave it away, or give a base URL such as \(standardAPI)"
            )
        }
        guard !text.utf8.contains(where: { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }) else {
            throw ChannelSetupError(.invalid, "api: a base URL has no ? and no #: \(standardAPI) is one")
        }
        return text
    }
}
