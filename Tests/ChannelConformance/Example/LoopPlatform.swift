package import ChannelKit
import Core

/// The platform Loop for a host: `HostOptions.platforms = BuiltInChannels.all + [LoopPlatform()]` is all it takes.
package struct LoopPlatform: ChannelPlatform {
    package let channel = LoopChannel.name
    package let title = "Loop"
    package let fields = [
        ChannelField("token", "the token of the account, from the tests of NanoClaw", isSecret: true),
        ChannelField("greeting", "what the account is called by people", standard: "loop"),
    ]
    /// The platform itself, which runs in this process.
    package let server: LoopServer
    private let mistake: LoopMistake?

    /// A platform of its own; with a mistake its adapters do that one thing wrong.
    package init(server: LoopServer = LoopServer(), mistake: LoopMistake? = nil) {
        self.server = server
        self.mistake = mistake
    }

    package func identify(
        _ values: ChannelValues,
        _ tools: ChannelTools
    ) async throws(ChannelSetupError) -> ChannelIdentity {
        do {
            let account = try await server.me(values["token"])
            return ChannelIdentity(account: account.id, title: "@\(account.name)")
        } catch {
            throw ChannelSetupError(.refused, "token: Loop does not know it; take the one that its tests name")
        }
    }

    package func adapter(
        _ account: ChannelAccount,
        _ tools: ChannelTools
    ) throws(ChannelSetupError) -> any ChannelAdapter {
        guard !account.values["token"].isEmpty else { throw ChannelSetupError(.invalid, "token: it is empty") }
        let adapter = LoopChannel(server: server, account: account, tools: tools)
        guard let mistake else { return adapter }
        return MistakenChannel(mistake, around: adapter, server: server, tools: tools)
    }

    package func end(_ account: ChannelAccount, _ tools: ChannelTools) async throws {
        try await server.end(account.values["token"])
    }

    package func pairing(_ account: ChannelAccount, code: String) -> String? {
        "loop://\(account.identity.account)/\(code)"
    }
}
