/// How fast sandboxes may write to the disk: who has used up what it may is stopped until it has some again.
///
/// The kernel divides no buffered write among cgroups of v1, and where it does (io.max of v2) a journal waits for what it
/// holds back, and with the journal every other session. So who writes is slowed down before its bytes are the disk's.
/// Each sandbox has an allowance that fills with time; those that have used a part of theirs share the rate. Plain values:
/// what was written and the time come in, who is frozen goes out. Times are in milliseconds.
package struct WritePacing: Sendable {
    /// What a look at one sandbox has brought.
    package enum Reading: Sendable, Equatable {
        /// What it has written since its start.
        case bytes(Int64)
        /// It took too long: its processes can make it so, and are charged for it.
        case late
        /// Its turn has not come.
        case unread
    }

    private struct Account {
        var allowance: Double
        var written: Int64 = 0
        var frozenAt: Int64?
        /// A sum that fell, which it makes up for when a parent takes over what its child had written.
        var fall: (bytes: Int64, at: Int64) = (0, 0)
    }

    /// An allowance holds what the rate gives in so many seconds, and a debt is forgiven beyond as many.
    private static let burst = 4.0
    private static let debt = 2.0
    /// The longest that one is frozen at once: what it holds locked then is waited for, and a second is too long for that.
    package static let longest: Int64 = 250
    /// What a look that comes late is charged as, in seconds.
    private static let lateness = 1.0
    /// How long a sum that fell may take to rise again.
    private static let takeOver: Int64 = 1000

    private let rate: Double
    private var accounts: [Int: Account] = [:]
    private var lastRefill: Int64?
    /// What the last refill brought: one that was begun since then has it too.
    private var brought = 0.0
    private var lastMachine: (bytes: Int64, at: Int64)?

    /// `bytesPerSecond`, above 0, in the long run.
    package init(bytesPerSecond: UInt64) { rate = Double(bytesPerSecond) }

    /// Who is to be frozen now.
    package var frozen: Set<Int> { Set(accounts.filter { $0.value.frozenAt != nil }.keys) }

    /// Whether somebody who has written too much runs: it may not for long.
    package var hasDebtors: Bool { accounts.values.contains { $0.allowance < 0 && $0.frozenAt == nil } }

    /// Whether nobody can have written too much since this was asked before, so that a look at each may be left out.
    ///
    /// `machine`: bytes that all of it has written since it started, or more; nil where that is not known.
    package mutating func mayRest(machine: Int64?, at now: Int64) -> Bool {
        defer { lastMachine = machine.map { ($0, now) } }
        if lastRefill == nil { lastRefill = now }
        guard let machine, let last = lastMachine, accounts.values.allSatisfy({ $0.allowance >= 0 }) else {
            return false
        }
        return Double(machine - last.bytes) <= rate * Double(now - last.at) / 1000
    }

    /// Gives each what the time since the last refill brings, and lets go on who has enough or was frozen long enough.
    package mutating func refill(at now: Int64) {
        let seconds = Double(now - (lastRefill ?? now)) / 1000
        lastRefill = now
        let sharing = accounts.values.count { $0.allowance < rate * Self.burst * 3 / 4 }
        let share = rate / Double(max(1, sharing))
        brought = share * seconds
        for (key, account) in accounts {
            let allowance = max(account.allowance, -share * Self.debt) + brought
            accounts[key]?.allowance = allowance
            let isOver = account.frozenAt.map { now - $0 >= Self.longest } ?? false
            if allowance >= 0 || isOver { accounts[key]?.frozenAt = nil }
        }
    }

    /// Takes what each living sandbox has written, and stops who wrote too much; who is not there is forgotten.
    package mutating func charge(_ readings: [Int: Reading], at now: Int64) {
        accounts = accounts.filter { readings[$0.key] != nil }
        let full = rate * Self.burst
        for (key, reading) in readings {
            var account = accounts[key] ?? Account(allowance: full + brought)
            let charged =
                switch reading {
                case .bytes(let bytes): Double(Self.grown(bytes, &account, at: now))
                case .late: rate * Self.lateness
                case .unread: 0.0
                }
            account.allowance = min(full, account.allowance - charged)
            if account.allowance < 0, account.frozenAt == nil { account.frozenAt = now }
            accounts[key] = account
        }
    }

    private static func grown(_ bytes: Int64, _ account: inout Account, at now: Int64) -> Int64 {
        let change = bytes - account.written
        account.written = bytes
        guard change > 0 else {
            if change < 0 { account.fall = (-change, now) }
            return 0
        }
        defer { account.fall = (0, 0) }
        return max(0, change - (now - account.fall.at <= takeOver ? account.fall.bytes : 0))
    }
}
