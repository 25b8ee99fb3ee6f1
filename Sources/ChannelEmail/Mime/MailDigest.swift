import ChannelNetwork

/// A name for a mail that has no message id: made of its beginning, the same whenever it is read.
struct MailDigest: Sendable {
    private static let most = 16 << 10

    private var bytes: [UInt8] = []

    mutating func add(_ more: [UInt8]) { bytes += more.prefix(max(0, Self.most - bytes.count)) }

    var id: String {
        Hex.encode(HMACSignature.code(.sha256, key: Array("nanoclaw email".utf8), bytes).prefix(16))
            + "@nanoclaw.invalid"
    }
}
