import ChannelNetwork
import Synchronization

/// Slows down whoever posts with wrong proofs: past a burst of them an address is sent away before anything is compared.
final class GuessLimit: Sendable {
    private static let rate = Rate(30, per: .seconds(60), burst: 30)
    private static let most = 1024

    private let buckets = Mutex<[String: TokenBucket]>([:])

    /// True when this address has guessed too often lately.
    func isOver(_ peer: String, at now: Duration) -> Bool {
        buckets.withLock { buckets in
            guard var bucket = buckets[peer] else { return false }
            return bucket.reserve(at: now) > now
        }
    }

    /// Counts a wrong proof.
    func failed(_ peer: String, at now: Duration) {
        buckets.withLock { buckets in
            if buckets[peer] == nil, buckets.count >= Self.most {
                buckets = buckets.filter { !$0.value.isFull(at: now) }
                // So many at once are one attack: those that are left share one bucket.
                if buckets.count >= Self.most { buckets.removeAll() }
            }
            _ = buckets[peer, default: TokenBucket(Self.rate)].reserve(at: now)
        }
    }
}
