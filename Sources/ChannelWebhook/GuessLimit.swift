import ChannelNetwork
import Synchronization

/// Counts wrong proofs by address; right ones are never held up, since behind a proxy all senders have one address.
final class GuessLimit: Sendable {
    private static let rate = Rate(30, per: .seconds(60), burst: 30)
    private static let most = 1024

    private let buckets = Mutex<[String: TokenBucket]>([:])

    /// Counts a wrong proof; false when this address has sent too many lately.
    func takes(_ peer: String, at now: Duration) -> Bool {
        buckets.withLock { buckets in
            if buckets[peer] == nil, buckets.count >= Self.most {
                buckets = buckets.filter { !$0.value.isFull(at: now) }
                // So many addresses at once are one attack: what they have used up is not worth more memory.
                if buckets.count >= Self.most { buckets.removeAll() }
            }
            var bucket = buckets[peer] ?? TokenBucket(Self.rate)
            guard bucket.reserve(at: now) <= now else { return false }
            buckets[peer] = bucket
            return true
        }
    }
}
