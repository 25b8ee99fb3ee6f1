import ChannelNetwork
import Core
import Testing

@Suite struct SignatureTests {
    /// Test cases 1, 2 and 6 of RFC 4231, and 2 of RFC 2202.
    @Test(arguments: [
        (
            HMACSignature.Hash.sha256, [UInt8](repeating: 0x0B, count: 20), "Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            .sha256, Array("Jefe".utf8), "what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            .sha256, [UInt8](repeating: 0xAA, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
        (
            .sha1, Array("Jefe".utf8), "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
        ),
        (.sha256, [], "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
    ])
    func `codes are those of the RFCs`(hash: HMACSignature.Hash, key: [UInt8], message: String, code: String) {
        #expect(Hex.encode(HMACSignature.code(hash, key: key, Array(message.utf8))) == code)
    }

    @Test func `a signature is valid for its key and message only, and never for an empty key`() {
        let key = Array("key".utf8)
        let message = Array("message".utf8)
        let code = HMACSignature.code(.sha256, key: key, message)
        #expect(HMACSignature.isValid(hex: Hex.encode(code), .sha256, key: key, message))
        #expect(HMACSignature.isValid(hex: Hex.encode(code).uppercased(), .sha256, key: key, message))
        #expect(HMACSignature.isValid(base64: Base64.encode(code), .sha256, key: key, message))
        #expect(!HMACSignature.isValid(hex: Hex.encode(code), .sha1, key: key, message))
        #expect(!HMACSignature.isValid(hex: Hex.encode(code), .sha256, key: key, message + [0]))
        #expect(!HMACSignature.isValid(hex: Hex.encode(code.dropLast()), .sha256, key: key, message))
        #expect(!HMACSignature.isValid(hex: "", .sha256, key: key, message))
        let open = HMACSignature.code(.sha256, key: [], message)
        #expect(!HMACSignature.isValid(hex: Hex.encode(open), .sha256, key: [], message))
        #expect(!HMACSignature.areEqual([], []))
    }

    /// The example of GitHub's documentation.
    @Test func `GitHub's example is valid`() {
        let field = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        let secret = "It's a Secret to Everybody"
        #expect(WebhookSignature.isGitHub(field, secret: secret, body: Array("Hello, World!".utf8)))
        #expect(!WebhookSignature.isGitHub(field, secret: secret, body: Array("Hello, World?".utf8)))
        #expect(
            !WebhookSignature.isGitHub(String(field.dropFirst(7)), secret: secret, body: Array("Hello, World!".utf8))
        )
    }

    /// The example of Slack's documentation.
    @Test func `Slack's example is valid inside its five minutes`() {
        let body =
            "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&"
            + "channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&"
            + "response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&"
            + "trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
        func isValid(after seconds: Int64) -> Bool {
            WebhookSignature.isSlack(
                "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
                timestamp: "1531420618",
                secret: "8f742231b10e8888abcd99yyyzzz85a5",
                body: Array(body.utf8),
                now: Timestamp(milliseconds: (1_531_420_618 + seconds) * 1000)
            )
        }
        #expect(isValid(after: 0) && isValid(after: 300) && isValid(after: -300))
        #expect(!isValid(after: 301) && !isValid(after: -301))
    }

    private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    private static let sample = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

    /// The example of the Standard Webhooks specification.
    @Test(arguments: [
        (sample, true), ("v1,AAAA \(sample)", true), ("v2,x \(sample) v1,", true), ("v1,AAAA", false), ("", false),
        (String(sample.dropFirst(3)), false), ("v1a" + sample.dropFirst(2), false), (sample.dropLast() + "A", false),
    ])
    func `a standard webhook is valid by any one of its signatures`(field: String, isValid: Bool) throws {
        let key = try #require(StandardWebhookKey(Self.secret))
        let body = Array(#"{"test": 2432232314}"#.utf8)
        let now = Timestamp(milliseconds: 1_614_265_330_000)
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek"
        #expect(key.isValid(field, id: id, timestamp: "1614265330", body: body, now: now) == isValid)
        #expect(!key.isValid(field, id: "msg_2", timestamp: "1614265330", body: body, now: now))
        #expect(!key.isValid(field, id: id, timestamp: "1614265330", body: body, now: now + .seconds(301)))
        #expect(key.signature(id: id, timestamp: 1_614_265_330, body: body) == Self.sample)
    }

    @Test(arguments: ["", "whsec_", "whsec_short", "whsec_AAAA", "not base64!"])
    func `a weak or broken secret is no key`(secret: String) {
        #expect(StandardWebhookKey(secret) == nil)
    }

    @Test(arguments: ["", "-1", "+1", " 1", "1.0", "9999999999999", "x"])
    func `what is no count of seconds is not fresh`(text: String) {
        #expect(!WebhookSignature.isFresh(text, now: Timestamp(milliseconds: 1000)))
    }

    /// Tests 1 and 3 of RFC 8032 §7.1.
    @Test(arguments: [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ])
    func `an Ed25519 signature of the RFC is valid, and no other`(
        key: String,
        message: String,
        signature: String
    ) throws {
        let key = try #require(Hex.decode(key))
        let message = try #require(Hex.decode(message))
        let bytes = try #require(Hex.decode(signature))
        #expect(Ed25519.isValid(bytes, publicKey: key, message))
        #expect(!Ed25519.isValid(bytes, publicKey: key, message + [0]))
        #expect(!Ed25519.isValid(Array(bytes.dropLast()), publicKey: key, message))
        #expect(!Ed25519.isValid(bytes, publicKey: Array(key.reversed()), message))
        let text = String(decoding: message, as: UTF8.self)
        if message.isEmpty {
            #expect(Ed25519.isDiscord(signature: signature, timestamp: text, publicKey: Hex.encode(key), body: []))
        }
    }

    @Test(arguments: [("", []), ("AA==", [0]), ("AAA=", [0, 0]), ("AAAA", [0, 0, 0]), ("+/8=", [0xFB, 0xFF])])
    func `base64 is read strictly`(text: String, bytes: [UInt8]) {
        #expect(Base64.decode(text) == bytes)
        #expect(Base64.encode(bytes) == text)
    }

    @Test(arguments: ["A", "AA", "AAA", "AB==", "AA=A", "====", " AAAA", "AAAA\n", "AA-_", "AAAA===="])
    func `what is not quite base64 is nothing`(text: String) {
        #expect(Base64.decode(text) == nil)
    }
}
