package import ChannelKit
import ChannelNetwork
import Core
import Logging

/// Matrix as a channel: an account of any homeserver, for rooms in clear text and encrypted ones.
package struct MatrixPlatform: ChannelPlatform {
    package init() {}

    package let channel = MatrixID.channel
    package let title = "Matrix"

    package let fields = [
        ChannelField("homeserver", "The homeserver: https://matrix.example.org, or example.org to look it up"),
        ChannelField(
            "token",
            "An access token of a session that nothing else uses; leave it empty to log in with user and password",
            isSecret: true,
            standard: ""
        ),
        ChannelField("user", "The account's name or @name:server, for the login", standard: "", isAsked: true),
        ChannelField(
            "password",
            "The account's password: used once, to log in, and not kept",
            isSecret: true,
            standard: "",
            isAsked: true
        ),
        ChannelField(
            "invites",
            "Whose invitations into rooms of several people are followed: known people's, or all",
            standard: "known"
        ),
        .drafts,
    ]

    /// What the account's store is encrypted with, in Base64: made by ``identify(_:_:)``.
    private static let storeKey = "store-key"
    /// Says that the host has opened the session itself: made by ``identify(_:_:)``.
    private static let ownSession = "own-session"

    package func identify(
        _ values: ChannelValues,
        _ tools: ChannelTools
    ) async throws(ChannelSetupError) -> ChannelIdentity {
        _ = try Self.joinsAll(values)
        _ = try values.drafts(MatrixChannel.Settings.drafts)
        let login = MatrixLogin(http: tools.http, time: tools.time)
        let signedIn = try await login.signIn(values)
        let account = MatrixID.escaped(signedIn.user)
        // Before the device is signed: that may replace the keys by which the other account's device is signed.
        guard !tools.takenAccounts.contains(account) else {
            if values["token"].isEmpty {
                try? await MatrixClient(signedIn, tools).logout()
            }
            throw ChannelSetupError(
                .refused,
                "\(signedIn.user) is an account of this home already: remove that one first (nanoclaw channels list)"
            )
        }
        let key = Olm.random(32)
        await Self.sign(signedIn, key, password: values["token"].isEmpty ? values["password"] : nil, tools)
        return ChannelIdentity(
            account: account,
            title: signedIn.name.map { "\($0) (\(signedIn.user))" } ?? signedIn.user,
            values: [
                "homeserver": signedIn.base, "token": signedIn.token, "password": "",
                Self.storeKey: Base64.encode(key), Self.ownSession: values["token"].isEmpty ? "yes" : "",
            ]
        )
    }

    /// Sets the device up for encryption; an account without that works all the same, with clients that are less strict.
    private static func sign(
        _ signedIn: MatrixLogin.SignedIn,
        _ key: [UInt8],
        password: String?,
        _ tools: ChannelTools
    ) async {
        do {
            let client = MatrixClient(signedIn, tools)
            let machine = try await OlmMachine(
                store: try await MatrixStore.open(tools.folder),
                secret: SecretBytes(key),
                me: DeviceID(user: signedIn.user, device: signedIn.device),
                time: tools.time
            )
            let signing = CrossSigning(client: client, machine: machine, logger: tools.logger)
            switch try await signing.establish(password: password) {
            case .signed: break
            case .usedByOthers:
                tools.logger.warning(
                    "Other clients use the account: verify its device NanoClaw there, or some people's clients exclude it"
                )
            case .wantsPassword:
                tools.logger.warning(
                    "The device is not signed, so some people's clients exclude it: add the account anew with user and password"
                )
            }
        } catch {
            tools.logger.warning("The device is not signed", metadata: ["error": "\(error)"])
        }
    }

    package func adapter(
        _ account: ChannelAccount,
        _ tools: ChannelTools
    ) throws(ChannelSetupError) -> any ChannelAdapter {
        guard let me = MatrixID.unescaped(account.identity.account), MatrixID.isUser(me) else {
            throw ChannelSetupError(.invalid, "\(account.identity.account) is no Matrix user: add the account again")
        }
        guard !account.values["token"].isEmpty, let key = Base64.decode(account.values[Self.storeKey]), key.count == 32
        else {
            throw ChannelSetupError(.invalid, "The account's credentials are not whole: remove it and add it again")
        }
        let settings = MatrixChannel.Settings(
            base: try MatrixLogin.base(account.values["homeserver"]),
            token: account.values["token"],
            storeKey: SecretBytes(key),
            joinsAll: try Self.joinsAll(account.values),
            drafts: try account.values.drafts(MatrixChannel.Settings.drafts)
        )
        return MatrixChannel(me: me, settings: settings, tools: tools)
    }

    /// Logs out where the host had logged in; a token that was given belongs to whoever gave it.
    package func end(_ account: ChannelAccount, _ tools: ChannelTools) async throws {
        guard account.values[Self.ownSession] == "yes" else { return }
        let base = try MatrixLogin.base(account.values["homeserver"])
        let client = MatrixClient(base: base, token: account.values["token"], http: tools.http, time: tools.time)
        do { try await client.logout() } catch {
            // Somebody may have ended it already.
            guard error.code.isSignedOut else { throw error }
        }
    }

    package func pairing(_ account: ChannelAccount, code: String) -> String? {
        guard let me = MatrixID.unescaped(account.identity.account) else { return nil }
        return "Open https://matrix.to/#/\(me), start a direct chat and send: \(code)"
    }

    private static func joinsAll(_ values: ChannelValues) throws(ChannelSetupError) -> Bool {
        switch values["invites"] {
        case "", "known": return false
        case "all": return true
        default:
            throw ChannelSetupError(
                .invalid,
                "invites is \"known\" or \"all\", not \"\(values["invites"].prefix(40))\""
            )
        }
    }
}

extension MatrixClient {
    /// The client of a session that stands.
    fileprivate init(_ session: MatrixLogin.SignedIn, _ tools: ChannelTools) {
        self.init(base: session.base, token: session.token, http: tools.http, time: tools.time)
    }
}
