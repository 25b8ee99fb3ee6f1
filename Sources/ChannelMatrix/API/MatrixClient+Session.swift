import ChannelNetwork
import Core

/// Whose access token it is.
struct TokenOwner: Sendable, Equatable {
    var user: String
    /// Nil for a token without a device: such an account reads no encrypted rooms.
    var device: String?
}

extension MatrixClient {
    func whoami() async throws(MatrixError) -> TokenOwner {
        let reply = try await call(.get, ["account", "whoami"])
        let user = try id(reply, "user_id", "the account")
        guard MatrixID.isUser(user) else {
            throw MatrixError(.answer, "The homeserver calls the account \(user.prefix(80))")
        }
        return TokenOwner(user: user, device: reply[key: "device_id"]?.string)
    }

    /// Trades a password for a token of a new device.
    func login(user: String, password: String, deviceName: String) async throws(MatrixError) -> String {
        let body: JSONValue = [
            "type": "m.login.password", "identifier": ["type": "m.id.user", "user": .string(user)],
            "password": .string(password), "initial_device_display_name": .string(deviceName),
        ]
        var request = try request(.post, "client/v3", ["login"], [], body)
        request.redacting = [password]
        let reply = try read(try await send(request), of: "the login")
        return try id(reply, "access_token", "the session")
    }

    /// Ends the token's session and its device.
    func logout() async throws(MatrixError) { try await call(.post, ["logout"], body: [:]) }

    /// The versions of the specification that the server speaks: proof that one is there.
    func versions() async throws(MatrixError) -> [String] {
        let reply = try read(try await send(try request(.get, "client", ["versions"])), of: "versions")
        guard let versions = reply[key: "versions"]?.array else {
            throw MatrixError(.answer, "\(base) answers, but is no Matrix homeserver")
        }
        return versions.compactMap(\.string)
    }

    /// The name that the account shows; nil without one.
    func displayName(of user: String) async throws(MatrixError) -> String? {
        do { return try await call(.get, ["profile", user, "displayname"])[key: "displayname"]?.string } catch {
            guard error.code.isMissing else { throw error }
            return nil
        }
    }

    /// The largest file that the server takes, in bytes; nil when it does not say.
    func uploadLimit() async throws(MatrixError) -> Int? {
        let path = ["media", "config"]
        do {
            let reply = try await call(.get, path, version: "v1")
            return reply[key: "m.upload.size"]?.integer.map(Int.init)
        } catch {
            guard case .refused = error.code else { throw error }
            return nil
        }
    }
}
