/// A kind of channel: what the host must know to set accounts of it up and to run them.
///
/// One value a platform stands in the catalogue that the host is given; nothing else names the platform.
package protocol ChannelPlatform: Sendable {
    /// The key in addresses and at the command line: `telegram`.
    var channel: String { get }

    /// How people call it: `Telegram`.
    var title: String { get }

    /// What an account of it needs, in the order in which a person is asked.
    var fields: [ChannelField] { get }

    /// People write there, so that somebody can be paired; false for what only programs write to.
    var hasPeople: Bool { get }

    /// Asks the platform whose credentials these are, before anything is stored.
    ///
    /// Throws what is wrong with which value and how to get a right one.
    func identify(_ values: ChannelValues, _ tools: ChannelTools) async throws(ChannelSetupError) -> ChannelIdentity

    /// How long ``identify(_:_:)`` may take with these values: longer where a person has to do something meanwhile.
    func patience(_ values: ChannelValues) -> Duration

    /// The adapter of one account; throws for values that no account can have, without asking the platform.
    func adapter(_ account: ChannelAccount, _ tools: ChannelTools) throws(ChannelSetupError) -> any ChannelAdapter

    /// A link that opens a chat with the account and sends this pairing code, or a word on how to send it; nil when there
    /// is nothing to say but "send it to the account".
    func pairing(_ account: ChannelAccount, code: String) -> String?

    /// Ends what stands for a removed account at the platform: a session that was opened for it, a webhook.
    ///
    /// Its adapter has ended. A failure is told to whoever removes the account, and keeps nothing.
    func end(_ account: ChannelAccount, _ tools: ChannelTools) async throws
}

extension ChannelPlatform {
    package var hasPeople: Bool { true }

    package func patience(_ values: ChannelValues) -> Duration { .seconds(30) }

    package func pairing(_ account: ChannelAccount, code: String) -> String? { nil }

    package func end(_ account: ChannelAccount, _ tools: ChannelTools) async throws {}
}

/// One account as the host has stored it.
package struct ChannelAccount: Sendable {
    /// What the operator calls it: of the form of an id, unique in the home.
    package var name: String
    package var identity: ChannelIdentity
    package var values: ChannelValues

    package init(name: String, identity: ChannelIdentity, values: ChannelValues) {
        self.name = name
        self.identity = identity
        self.values = values
    }
}

/// Who an account is on its platform.
package struct ChannelIdentity: Sendable, Codable, Equatable {
    /// The platform's stable id of it, as it stands in platform ids.
    package var account: String
    /// What the platform calls it: `@house_bot`.
    package var title: String
    /// What was learned that belongs to the account's values, in place of the given ones: so a password is traded for a
    /// token.
    ///
    /// Kept with the secrets, unless it is the value of a field that is none; an empty text forgets a value. Never encoded.
    package var values: [String: String]

    package init(account: String, title: String, values: [String: String] = [:]) {
        self.account = account
        self.title = title
        self.values = values
    }

    private enum CodingKeys: String, CodingKey {
        case account, title
    }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            account: try fields.decode(String.self, forKey: .account),
            title: try fields.decode(String.self, forKey: .title)
        )
    }
}

extension ChannelIdentity: CustomStringConvertible, CustomReflectable {
    package var description: String { "\(account) (\(title))" }

    package var customMirror: Mirror { Mirror(self, children: ["account": account, "title": title]) }
}
