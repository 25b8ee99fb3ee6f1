import ChannelKit
import ChannelNetwork
import Core
import TestSupport
import Testing

@testable import ChannelMatrix

@Suite("Setting an account up, with Synapse", .enabled(if: Judge.isOn), .timeLimit(.minutes(2)))
struct SetUpTests {
    private func identify(_ values: [String: String], beside taken: Set<String> = []) async throws -> ChannelIdentity {
        try await withTemporaryDirectory { folder in
            var tools = try Account.tools(folder, SystemTime(), 1 << 20)
            tools.takenAccounts = taken
            return try await MatrixPlatform().identify(ChannelValues(values), tools)
        }
    }

    private func refusal(_ values: [String: String], beside taken: Set<String> = []) async -> ChannelSetupError? {
        await #expect(throws: ChannelSetupError.self) { try await identify(values, beside: taken) }
    }

    @Test("A password is traded for a token and not kept")
    func password() async throws {
        let base = try await Homeserver.shared.base()
        let name = try await Homeserver.shared.person("carl")
        let identity = try await identify(["homeserver": "\(base)/", "user": "@\(name):localhost", "password": "pw"])
        #expect(identity.account == "@\(name)%3Alocalhost")
        #expect(identity.values["password"] == "")
        #expect(identity.values["homeserver"] == base)
        let token = try #require(identity.values["token"])
        #expect(!"\(identity)".contains(token))
        let json = try JSONText.encode(identity)
        #expect(!json.contains(token))
        // Others see the device signed by the account.
        let client = MatrixClient(base: base, token: token, http: try HTTPPool(), time: SystemTime())
        let owner = try await client.whoami()
        let told = try await client.queryKeys(of: [owner.user])
        let keys = told[key: "self_signing_keys"]?[key: owner.user]?[key: "keys"]?.object
        let key = try #require(keys?.values.first?.string)
        let ownDevice = try #require(owner.device)
        let device = try #require(told[key: "device_keys"]?[key: owner.user]?[key: ownDevice])
        #expect(SignedJSON.isSigned(device, by: DeviceID(user: owner.user, device: key), key: key))
        // Set up once more, by a new device: the keys that nothing else uses are replaced, and sign the new one.
        let again = try await identify(["homeserver": base, "user": name, "password": "pw"])
        #expect(again.account == identity.account)
        let later = try await client.queryKeys(of: [owner.user])
        let newKey = later[key: "self_signing_keys"]?[key: owner.user]?[key: "keys"]?.object?.values.first?.string
        #expect(newKey != key)
        #expect(
            MatrixPlatform().pairing(
                ChannelAccount(name: "m", identity: identity, values: ChannelValues([:])),
                code: "AB"
            )
                == "Open https://matrix.to/#/@\(name):localhost, start a direct chat and send: AB"
        )
    }

    @Test("An account that the home has already stays as it is, and the session of the second try is ended")
    func twin() async throws {
        let base = try await Homeserver.shared.base()
        let name = try await Homeserver.shared.person("carl")
        let values = ["homeserver": base, "user": name, "password": "pw"]
        let first = try await identify(values)
        let token = try #require(first.values["token"])
        let client = MatrixClient(base: base, token: token, http: try HTTPPool(), time: SystemTime())
        let user = try await client.whoami().user
        func state() async throws -> (keys: JSONValue?, devices: Int?) {
            let devices = try await client.call(.get, ["devices"])[key: "devices"]?.array
            return (try await client.queryKeys(of: [user])[key: "self_signing_keys"], devices?.count)
        }
        let before = try await state()
        let refused = await refusal(values, beside: ["@other%3Alocalhost", first.account])
        #expect(refused?.code == .refused)
        #expect(refused?.message.contains(user) == true)
        let after = try await state()
        #expect(after.keys != nil && after.keys == before.keys)
        #expect(after.devices == before.devices)
    }

    @Test("An account that is removed is logged out, unless its token was given")
    func removal() async throws {
        let base = try await Homeserver.shared.base()
        let name = try await Homeserver.shared.person("carl")
        let identity = try await identify(["homeserver": base, "user": name, "password": "pw"])
        let token = try #require(identity.values["token"])
        let client = MatrixClient(base: base, token: token, http: try HTTPPool(), time: SystemTime())
        func end(_ more: [String: String]) async throws {
            let values = ["homeserver": base, "token": token].merging(more) { old, new in new.isEmpty ? old : new }
            let account = ChannelAccount(name: "matrix", identity: identity, values: ChannelValues(values))
            try await withTemporaryDirectory { folder in
                try await MatrixPlatform().end(account, try Account.tools(folder, SystemTime(), 1 << 20))
            }
        }
        try await end([:])
        _ = try await client.whoami()
        // Whoever gives both has logged in elsewhere.
        try await end(["user": name])
        _ = try await client.whoami()
        try await end(identity.values)
        let refusal = await #expect(throws: MatrixError.self) { try await client.whoami() }
        #expect(refusal?.code == .signedOut(isSoft: false))
    }

    @Test("What is wrong is said: password, token, server, the session of another client")
    func refusals() async throws {
        let base = try await Homeserver.shared.base()
        let name = try await Homeserver.shared.person("carl")
        let wrong = await refusal(["homeserver": base, "user": name, "password": "guess"])
        #expect(wrong?.code == .refused)
        #expect(wrong?.message.contains("guess") == false)
        #expect(await refusal(["homeserver": base, "token": "syt_nothing"])?.code == .refused)
        #expect(await refusal(["homeserver": base])?.code == .invalid)
        #expect(await refusal(["homeserver": base, "token": "a\nb"])?.code == .invalid)
        #expect(await refusal(["homeserver": base, "token": "x", "invites": "some"])?.code == .invalid)
        #expect(await refusal(["homeserver": "http://matrix.example.org", "token": "x"])?.code == .invalid)
        #expect(await refusal(["homeserver": "http://127.0.0.1:1", "token": "x"])?.code == .unreachable)
        // A session that encrypts already is another program's.
        let client = MatrixClient(base: base, token: "", http: try HTTPPool(), time: SystemTime())
        let token = try await client.login(user: name, password: "pw", deviceName: "phone")
        let phone = MatrixClient(base: base, token: token, http: try HTTPPool(), time: SystemTime())
        try await withTemporaryDirectory { folder in
            let owner = try await phone.whoami()
            let machine = try await OlmMachine(
                store: MatrixStore(folder: folder),
                secret: SecretBytes.random(32),
                me: DeviceID(user: owner.user, device: try #require(owner.device)),
                time: SystemTime()
            )
            _ = try await phone.uploadKeys(
                try #require(try await machine.keysToPublish(count: 0, hasUnusedFallbackKey: false))
            )
        }
        let taken = await refusal(["homeserver": base, "token": token])
        #expect(taken?.code == .refused)
        #expect(taken?.message.contains("another program") == true)
    }
}
