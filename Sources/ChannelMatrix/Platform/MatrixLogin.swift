import ChannelKit
import ChannelNetwork
import Core

/// Finds the homeserver and logs in: what an account's set-up asks the server.
struct MatrixLogin: Sendable {
    let http: HTTPPool
    let time: any TimeSource

    /// A session that stands.
    struct SignedIn: Sendable {
        var base: String
        var token: String
        var user: String
        var device: String
        var name: String?
    }

    func signIn(_ values: ChannelValues) async throws(ChannelSetupError) -> SignedIn {
        let base = try await homeserver(values["homeserver"])
        let isNew = values["token"].isEmpty
        let token = isNew ? try await login(base, values) : values["token"]
        guard token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw ChannelSetupError(.invalid, "The token holds characters that no access token has: copy it again")
        }
        let client = client(base, token)
        do {
            return try await signedIn(client)
        } catch {
            // A session that nobody is going to use.
            if isNew { try? await client.logout() }
            throw error
        }
    }

    private func signedIn(_ client: MatrixClient) async throws(ChannelSetupError) -> SignedIn {
        do {
            let owner = try await client.whoami()
            guard let device = owner.device else {
                throw ChannelSetupError(
                    .refused,
                    "The token of \(owner.user) belongs to no device, so it could read no encrypted room: log in with user and "
                        + "password instead"
                )
            }
            let id = DeviceID(user: owner.user, device: device)
            if try await DeviceCheck(client: client).keys(of: id) != nil {
                throw ChannelSetupError(
                    .refused,
                    "The token is that of a session which another program has set up for encryption: two programs with one "
                        + "session make each other's messages unreadable; log in with user and password instead"
                )
            }
            let name = try await client.displayName(of: owner.user)
            return SignedIn(base: client.base, token: client.token, user: owner.user, device: device, name: name)
        } catch let error as ChannelSetupError {
            throw error
        } catch let error as MatrixError {
            throw Self.setupError(error, "the token", "take another under \"Access token\" of a session of its own")
        } catch {
            throw ChannelSetupError(.unreachable, "The homeserver cannot be asked", cause: error)
        }
    }

    private func login(_ base: String, _ values: ChannelValues) async throws(ChannelSetupError) -> String {
        guard !values["user"].isEmpty, !values["password"].isEmpty else {
            throw ChannelSetupError(.invalid, "Give a token, or user and password to log in with")
        }
        let user = values["user"]
        guard !user.hasPrefix("@") || MatrixID.isUser(user) else {
            throw ChannelSetupError(.invalid, "user is the account's name, or its whole id: @name:example.org")
        }
        do {
            return try await client(base, "").login(
                user: user,
                password: values["password"],
                deviceName: CrossSigning.deviceName
            )
        } catch {
            throw Self.setupError(error, "user or password", "try them in another client, such as Element")
        }
    }

    // MARK: - Where the server is

    /// The base URL for what the operator wrote: a URL as it stands, a server's name by its `.well-known` file.
    private func homeserver(_ text: String) async throws(ChannelSetupError) -> String {
        var base = text.contains("://") ? try Self.base(text) : try await discovered(text)
        do {
            _ = try await client(base, "").versions()
        } catch {
            throw ChannelSetupError(
                .unreachable,
                "No Matrix homeserver answers at \(base): \(error.message). Is homeserver right?"
            )
        }
        while base.hasSuffix("/") { base.removeLast() }
        return base
    }

    /// Server discovery (client-server API, "Well-known URI").
    private func discovered(_ name: String) async throws(ChannelSetupError) -> String {
        let guess = try Self.base("https://\(name)")
        let call = HTTPCall(
            .get,
            "\(guess)/.well-known/matrix/client",
            deadline: .seconds(15),
            replyLimit: 64 << 10,
            redirects: 3
        )
        let reply: HTTPReply
        do { reply = try await http.request(call) } catch {
            throw ChannelSetupError(.unreachable, "\(name) cannot be asked for its homeserver: \(error.message)")
        }
        guard reply.isSuccess, let told = try? reply.json()[key: "m.homeserver"]?[key: "base_url"]?.string
        else { return guess }
        return try Self.base(told)
    }

    /// A base URL that may be used: https, or http to this machine or a private network.
    static func base(_ text: String) throws(ChannelSetupError) -> String {
        let address: WebAddress
        do { address = try WebAddress(text) } catch {
            throw ChannelSetupError(.invalid, "homeserver is no URL: \(error.message)")
        }
        let isNear =
            address.host == "localhost" || !address.host.contains(".")
            || (IPAddress(address.host).map { !$0.isPublic } ?? false)
        guard address.isSecure || isNear else {
            throw ChannelSetupError(
                .invalid,
                "homeserver begins with https://: over http anybody on the way reads the token"
            )
        }
        var base = address.description
        while base.hasSuffix("/") { base.removeLast() }
        return base
    }

    private func client(_ base: String, _ token: String) -> MatrixClient {
        MatrixClient(base: base, token: token, http: http, time: time)
    }

    private static func setupError(_ error: MatrixError, _ what: String, _ how: String) -> ChannelSetupError {
        switch error.code {
        case .signedOut, .refused(403, _), .refused(401, _):
            ChannelSetupError(.refused, "The homeserver does not accept \(what): \(error.message); \(how)")
        case .refused, .answer: ChannelSetupError(.refused, error.message)
        case .network, .server, .limited:
            ChannelSetupError(.unreachable, "The homeserver cannot be asked: \(error.message)")
        }
    }
}
