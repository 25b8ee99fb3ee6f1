package import Core
import Glibc

/// A time zone of the IANA database, as this machine has it below `/usr/share/zoneinfo`.
///
/// The files are read here and not through Foundation: its zones are those of the day when the toolchain was made, while the
/// system's come with Debian's updates, and the agents' clocks (`ZoneClock`) go by those too. `TZ` changes nothing.
package struct Zone: Sendable, CustomStringConvertible {
    /// The IANA name, such as `Europe/Berlin`: what is stored.
    package let identifier: String

    let data: ZoneData

    /// No offset, ever; needs no file.
    package static let utc = Zone(identifier: "UTC", data: ZoneData())

    private static let database = "/usr/share/zoneinfo/"
    private static let largestFile = 1 << 18

    private init(identifier: String, data: ZoneData) {
        self.identifier = identifier
        self.data = data
    }

    /// The zone of this name; throws for a name that the machine's database does not have, and for a file that is damaged.
    package init(_ identifier: String) throws(CronError) {
        if identifier == "UTC" {
            self = .utc
            return
        }
        guard Self.isSafe(identifier), let bytes = Self.read(Self.database + identifier) else {
            let hint =
                access(Self.database + "UTC", F_OK) == 0
                ? "" : " (this machine has no time zones at all: apt-get install tzdata)"
            throw CronError(
                .zone,
                "\(quoted(identifier)) is no IANA time zone of this machine\(hint); write one such as Europe/Berlin or UTC"
            )
        }
        guard let data = ZoneData(file: bytes) else {
            throw CronError(
                .zone,
                "\(Self.database)\(identifier) is damaged; reinstall it (apt-get install --reinstall tzdata)"
            )
        }
        self.init(identifier: identifier, data: data)
    }

    /// A zone of this data, for tests.
    init(identifier: String, file bytes: [UInt8]) throws(CronError) {
        guard let data = ZoneData(file: bytes) else { throw CronError(.zone, "the file of \(identifier) is damaged") }
        self.init(identifier: identifier, data: data)
    }

    package var description: String { identifier }

    // MARK: - Times of it

    /// Seconds east of Greenwich at this time.
    package func offset(at time: Timestamp) -> Int { data.segment(at: Civil.floor(time.milliseconds, 1000)).offset }

    /// What the clocks of the zone show at this time, with their offset: `2026-03-29T03:00:00+02:00`.
    ///
    /// Without fractions of a second. An offset with seconds, as there were before 1972, is shown with them.
    package func text(_ time: Timestamp) -> String {
        let seconds = Civil.floor(time.milliseconds, 1000)
        let offset = data.segment(at: seconds).offset
        let parts = [abs(offset) / 3600, abs(offset) / 60 % 60, abs(offset) % 60]
        let shown = parts.prefix(parts[2] == 0 ? 2 : 3).map { Civil.padded($0) }.joined(separator: ":")
        return "\(LocalTime(seconds: seconds + Int64(offset)).text)\(offset < 0 ? "-" : "+")\(shown)"
    }

    /// The same time in UTC: `2026-03-29T01:00:00Z`.
    package static func utcText(_ time: Timestamp) -> String {
        LocalTime(seconds: Civil.floor(time.milliseconds, 1000)).text + "Z"
    }

    /// The instant at which the zone's clocks show this; of two the first, and where the clocks skip it, the end of the gap.
    package func resolve(_ local: LocalTime) -> ResolvedTime {
        // No offset reaches 26 hours, so what can show this begins within them.
        var segment = data.segment(at: local.seconds - ZoneData.longestOffset)
        var found: [Int64] = []
        var gapEnd: Int64?
        while segment.start <= local.seconds + ZoneData.longestOffset {
            let instant = local.seconds - Int64(segment.offset)
            if segment.start <= instant, instant < segment.end { found.append(instant) }
            guard segment.end < .max else { break }
            let next = data.segment(at: segment.end)
            if found.isEmpty, gapEnd == nil, local.seconds < segment.end + Int64(next.offset) { gapEnd = segment.end }
            segment = next
        }
        let kind: ResolvedTime.Kind = found.isEmpty ? .skipped : found.count > 1 ? .repeated : .exact
        let instant = found.first ?? gapEnd ?? local.seconds - Int64(segment.offset)
        return ResolvedTime(time: Timestamp(milliseconds: instant * 1000), kind: kind)
    }

    // MARK: - Files

    /// True for a name that stays below the folder of the database and is the same zone on every machine, which
    /// `localtime` is not; `right/` counts leap seconds.
    private static func isSafe(_ name: String) -> Bool {
        guard (1...64).contains(name.utf8.count), !["localtime", "posixrules"].contains(name),
            !name.hasPrefix("posix/"), !name.hasPrefix("right/")
        else { return false }
        let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return parts.allSatisfy { part in
            !part.isEmpty && part.first != UInt8(ascii: "-")
                && part.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "+"):
                        true
                    default: false
                    }
                }
        }
    }

    /// The bytes of a regular file; nil when there is none, or it is no zone's.
    private static func read(_ path: String) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= largestFile else {
            return nil
        }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var length = 0
        while length < bytes.count {
            let count = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(file, buffer.baseAddress?.advanced(by: length), buffer.count - length)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return nil }
            length += count
        }
        return bytes.starts(with: ZoneData.magic) ? bytes : nil
    }
}

extension Zone: Hashable {
    package static func == (left: Self, right: Self) -> Bool { left.identifier == right.identifier }

    package func hash(into hasher: inout Hasher) { hasher.combine(identifier) }
}
