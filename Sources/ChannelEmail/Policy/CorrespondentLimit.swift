import ChannelNetwork
import Synchronization

/// How many mails go to and come from one correspondent: what ends a loop that nothing else has seen.
final class CorrespondentLimit: Sendable {
    private static let most = 4096

    private let rate: Rate
    private let buckets = Mutex<[MailAddress: TokenBucket]>([:])

    init(_ rate: Rate) { self.rate = rate }

    /// Nil when one more is within the limit; else how long until it is.
    func wait(for address: MailAddress, at now: Duration) -> Duration? {
        buckets.withLock { buckets in
            if buckets[address] == nil, buckets.count >= Self.most {
                buckets = buckets.filter { !$0.value.isFull(at: now) }
                if buckets.count >= Self.most { buckets.removeAll() }
            }
            var bucket = buckets[address] ?? TokenBucket(rate)
            let due = bucket.reserve(at: now)
            guard due <= now else { return due - now }
            buckets[address] = bucket
            return nil
        }
    }
}
