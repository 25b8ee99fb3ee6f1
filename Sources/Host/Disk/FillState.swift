import Core

/// How full the disk is, and what that asks of the host; turned by one look at the disk after the other.
struct FillState: Sendable, Equatable {
    enum Level: Int, Sendable, Comparable {
        case roomy
        /// Under four times the reserve: what each session takes is measured.
        case watched
        /// Under the reserve: who grows is ended.
        case low
        /// Under a quarter of it: no new message is taken.
        case full

        static func < (a: Level, b: Level) -> Bool { a.rawValue < b.rawValue }

        /// For people: "the disk is …".
        var words: String { self == .full ? "full" : self == .low ? "nearly full" : "not full" }
    }

    private(set) var level = Level.roomy

    /// The level for this much room; it falls back only with a quarter more room than it rose with.
    mutating func look(_ space: DiskSpace, _ reserve: DiskReserve) {
        let now = Self.level(space, reserve, slack: 0)
        if now >= level { return level = now }
        level = max(now, min(level, Self.level(space, reserve, slack: 4)))
    }

    private static func level(_ space: DiskSpace, _ reserve: DiskReserve, slack: Int) -> Level {
        max(
            level(space.freeBytes, reserve.bytes, slack),
            space.freeFiles.map { level($0, reserve.files, slack) } ?? .roomy
        )
    }

    private static func level(_ free: Int, _ reserve: Int, _ slack: Int) -> Level {
        guard reserve > 0 else { return .roomy }
        let free = slack == 0 ? free : free - free / (slack + 1)
        if free < reserve / 4 { return .full }
        if free < reserve { return .low }
        return free / 4 < reserve ? .watched : .roomy
    }
}
