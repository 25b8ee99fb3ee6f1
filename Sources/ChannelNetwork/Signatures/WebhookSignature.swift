package import Core

/// How platforms sign their webhooks, over the raw bytes of the body.
package enum WebhookSignature {
    /// How far a signed time may lie from ours, both ways.
    package static let window = Duration.seconds(300)

    /// GitHub: `X-Hub-Signature-256: sha256=<hex>`.
    package static func isGitHub(_ field: String, secret: String, body: [UInt8]) -> Bool {
        guard field.hasPrefix("sha256=") else { return false }
        return HMACSignature.isValid(hex: field.dropFirst(7), .sha256, key: Array(secret.utf8), body)
    }

    /// Slack: `X-Slack-Signature: v0=<hex>` over `v0:<X-Slack-Request-Timestamp>:<body>`, at most 5 minutes old.
    package static func isSlack(
        _ field: String,
        timestamp: String,
        secret: String,
        body: [UInt8],
        now: Timestamp
    ) -> Bool {
        guard field.hasPrefix("v0="), isFresh(timestamp, now: now) else { return false }
        let message = Array("v0:\(timestamp):".utf8) + body
        return HMACSignature.isValid(hex: field.dropFirst(3), .sha256, key: Array(secret.utf8), message)
    }

    /// Whether seconds since the epoch, in decimal digits, lie inside the window.
    package static func isFresh(_ seconds: String, now: Timestamp, window: Duration = window) -> Bool {
        guard (1...12).contains(seconds.utf8.count), seconds.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let value = Int64(seconds)
        else { return false }
        return abs(value * 1000 - now.milliseconds) <= window.milliseconds
    }
}

/// A key of Standard Webhooks (standardwebhooks.com, as Svix and Resend sign): `whsec_` and base64.
package struct StandardWebhookKey: Sendable {
    private let key: [UInt8]

    /// Reads the secret, with or without `whsec_`; nil for one that is not 16 to 75 bytes of base64.
    package init?(_ secret: String) {
        let text = secret.hasPrefix("whsec_") ? secret.dropFirst(6) : secret[...]
        guard let key = Base64.decode(text), (16...75).contains(key.count) else { return nil }
        self.key = key
    }

    /// Whether one of the signatures in `webhook-signature` signs `id`, `timestamp` and the body, and the time is at
    /// most 5 minutes from now.
    package func isValid(_ field: String, id: String, timestamp: String, body: [UInt8], now: Timestamp) -> Bool {
        guard !id.isEmpty, WebhookSignature.isFresh(timestamp, now: now) else { return false }
        let code = code(id: id, timestamp: timestamp, body)
        var isFound = false
        for signature in field.split(separator: " ").prefix(16) where signature.hasPrefix("v1,") {
            guard let bytes = Base64.decode(signature.dropFirst(3)) else { continue }
            // No early end: which of them is right is nobody's business.
            if HMACSignature.areEqual(bytes, code) { isFound = true }
        }
        return isFound
    }

    /// The field `webhook-signature` for what is sent at `timestamp`, in seconds since the epoch.
    package func signature(id: String, timestamp: Int64, body: [UInt8]) -> String {
        "v1," + Base64.encode(code(id: id, timestamp: "\(timestamp)", body))
    }

    private func code(id: String, timestamp: String, _ body: [UInt8]) -> [UInt8] {
        HMACSignature.code(.sha256, key: key, Array("\(id).\(timestamp).".utf8) + body)
    }
}
