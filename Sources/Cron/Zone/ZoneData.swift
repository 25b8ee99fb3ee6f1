/// The offsets of a zone over time, as a TZif file has them (RFC 9636).
struct ZoneData: Sendable {
    /// A time in which the offset does not change: from `start` until before `end`, in seconds since 1970 in UTC.
    struct Segment: Sendable, Hashable {
        let start: Int64
        let end: Int64
        /// Seconds east of Greenwich.
        let offset: Int
    }

    /// From this instant on the offset is that.
    struct Transition: Sendable, Hashable {
        let at: Int64
        let offset: Int
    }

    static let magic = Array("TZif".utf8)
    /// No offset is longer, in seconds (RFC 9636 §3.2: less than 26 hours).
    static let longestOffset: Int64 = 26 * 3600

    private let first: Int
    private let transitions: [Transition]
    private let rule: ZoneRule?

    /// No offset, ever.
    init() { self.init(first: 0, transitions: [], rule: nil) }

    /// Offsets in the order of their instants; those that change nothing are left out.
    init(first: Int, transitions: [Transition], rule: ZoneRule?) {
        self.first = first
        self.transitions = Self.changes(transitions, from: first)
        self.rule = rule
    }

    /// The offset at this instant, and how long it holds.
    func segment(at instant: Int64) -> Segment {
        // The first transition behind the instant.
        var low = 0
        var high = transitions.count
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle].at > instant { high = middle } else { low = middle + 1 }
        }
        let before = low > 0 ? transitions[low - 1] : Transition(at: .min, offset: first)
        if low == transitions.count, let rule { return Self.segment(at: instant, since: before, rule) }
        return Segment(
            start: before.at,
            end: low < transitions.count ? transitions[low].at : .max,
            offset: before.offset
        )
    }

    /// Behind the last instant of the file its rule goes on.
    private static func segment(at instant: Int64, since last: Transition, _ rule: ZoneRule) -> Segment {
        let year = Civil.date(days: Int(Civil.floor(instant, LocalTime.daySeconds))).year
        // The clocks may be turned a week before a year or behind it, so the years beside it are looked at too. Of two turns
        // at one instant the one into summer time counts: that is how summer time without an end is written.
        let around = (year - 1...year + 1).flatMap { rule.transitions(year: $0) }.filter { $0.at > last.at }
            .sorted { ($0.at, $0.offset == rule.standard ? 0 : 1) < ($1.at, $1.offset == rule.standard ? 0 : 1) }
        let changes = Self.changes([last] + around, from: nil)
        let index = changes.lastIndex { $0.at <= instant } ?? 0
        let end = index + 1 < changes.count ? changes[index + 1].at : .max
        return Segment(start: changes[index].at, end: end, offset: changes[index].offset)
    }

    /// Without those at which the offset stays.
    private static func changes(_ transitions: [Transition], from first: Int?) -> [Transition] {
        var offset = first
        return transitions.filter { transition in
            defer { offset = transition.offset }
            return transition.offset != offset
        }
    }
}

// MARK: - TZif

extension ZoneData {
    /// Reads a file; nil when it is not as RFC 9636 wants it.
    ///
    /// Of versions 2 and later only the second part is read, which has 64-bit times and the rule for what follows.
    init?(file: [UInt8]) {
        var reader = Reader(bytes: file)
        guard var header = reader.header() else { return nil }
        let isLong = header.version >= UInt8(ascii: "2")
        if isLong {
            guard reader.skip(header.length(timeSize: 4)), let second = reader.header() else { return nil }
            header = second
        }
        guard let times = reader.numbers(header.times, size: isLong ? 8 : 4), let kinds = reader.take(header.times),
            let types = reader.take(header.types * 6)
        else { return nil }
        let offsets = (0..<header.types).map { Int(Reader.number(types.dropFirst($0 * 6).prefix(4))) }
        guard let initial = offsets.first, kinds.allSatisfy({ $0 < offsets.count }),
            offsets.allSatisfy({ abs($0) < ZoneData.longestOffset }),
            zip(times, times.dropFirst()).allSatisfy({ $0 < $1 })
        else { return nil }
        let rest = header.names + header.leaps * (isLong ? 12 : 8) + header.standards + header.universals
        guard reader.skip(rest) else { return nil }
        var rule: ZoneRule?
        if isLong {
            guard let line = reader.line() else { return nil }
            if !line.isEmpty {
                guard let parsed = ZoneRule(line) else { return nil }
                rule = parsed
            }
        }
        let transitions = zip(times, kinds).map { Transition(at: $0, offset: offsets[Int($1)]) }
        self.init(first: initial, transitions: transitions, rule: rule)
    }

    private struct Header {
        let version: UInt8
        let universals, standards, leaps, times, types, names: Int

        func length(timeSize: Int) -> Int {
            times * (timeSize + 1) + types * 6 + names + leaps * (timeSize + 4) + standards + universals
        }
    }

    private struct Reader {
        private var rest: ArraySlice<UInt8>

        init(bytes: [UInt8]) { rest = bytes[...] }

        mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
            guard count >= 0, rest.count >= count else { return nil }
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count)
        }

        mutating func skip(_ count: Int) -> Bool { take(count) != nil }

        mutating func header() -> Header? {
            guard let bytes = take(44), bytes.starts(with: ZoneData.magic) else { return nil }
            let counts = (0..<6).map { Int(Self.number(bytes.dropFirst(20 + $0 * 4).prefix(4))) }
            guard counts.allSatisfy({ (0...100_000).contains($0) }) else { return nil }
            return Header(
                version: bytes[bytes.startIndex + 4],
                universals: counts[0],
                standards: counts[1],
                leaps: counts[2],
                times: counts[3],
                types: counts[4],
                names: counts[5]
            )
        }

        mutating func numbers(_ count: Int, size: Int) -> [Int64]? {
            guard let bytes = take(count * size) else { return nil }
            return (0..<count).map { Self.number(bytes.dropFirst($0 * size).prefix(size)) }
        }

        /// What stands between two line ends.
        mutating func line() -> ArraySlice<UInt8>? {
            guard take(1)?.first == UInt8(ascii: "\n"), let end = rest.firstIndex(of: UInt8(ascii: "\n")) else {
                return nil
            }
            return rest[..<end]
        }

        /// Big-endian and signed.
        static func number(_ bytes: ArraySlice<UInt8>) -> Int64 {
            let negative = (bytes.first ?? 0) & 0x80 != 0
            return bytes.reduce(negative ? -1 : 0) { $0 << 8 | Int64($1) }
        }
    }
}
