import Core
import TestSupport
import Testing

@testable import Cron

/// Zones: their files, their rules, and what they show.
struct ZoneTests {
    @Test(arguments: [
        ("Europe/Berlin", "2026-03-29T00:59:59Z", "2026-03-29T01:59:59+01:00"),
        ("Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29T03:00:00+02:00"),
        ("Australia/Lord_Howe", "2026-10-03T15:30:00Z", "2026-10-04T02:30:00+11:00"),
        ("America/St_Johns", "2026-01-01T00:00:00Z", "2025-12-31T20:30:00-03:30"),
        ("Asia/Kathmandu", "2026-01-01T00:00:00Z", "2026-01-01T05:45:00+05:45"),
        ("America/Argentina/Buenos_Aires", "2026-01-01T00:00:00Z", "2025-12-31T21:00:00-03:00"),
        ("Etc/GMT+8", "2026-01-01T00:00:00Z", "2025-12-31T16:00:00-08:00"),
        ("UTC", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00+00:00"),
        // Behind the table of the file, by its rule.
        ("Europe/Berlin", "2150-07-01T00:00:00Z", "2150-07-01T02:00:00+02:00"),
        ("America/New_York", "2150-01-01T00:00:00Z", "2149-12-31T19:00:00-05:00"),
        ("Europe/Dublin", "2150-07-01T00:00:00Z", "2150-07-01T01:00:00+01:00"),
    ])
    func `T15 an instant is shown in the zone and in UTC`(zone: String, utc: String, shown: String) throws {
        let time = try instant(utc)
        #expect(try Zone(zone).text(time) == shown)
        #expect(Zone.utcText(time) == utc)
    }

    @Test(arguments: [
        "", "Berlin", "Europe/Nowhere", "europe/berlin", "../../etc/passwd", "/etc/localtime", "Europe/../UTC",
        "Europe",
        "Europe/", "zone1970.tab", "UTC\n", "Europe/Berlin\0", "GMT+3", "CEST", "-UTC", "localtime", "posixrules",
        "right/Europe/Berlin", "posix/Europe/Berlin",
        String(repeating: "A", count: 65),
    ])
    func `a name that is no zone of this machine is refused with an example`(name: String) throws {
        let error = #expect(throws: CronError.self) { try Zone(name) }
        #expect(error?.code == .zone)
        #expect(error?.message.contains("Europe/Berlin") == true)
    }

    @Test func `the parts of a zone follow each other without a hole, table and rule alike`() throws {
        for name in [
            "Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu", "America/Sao_Paulo", "UTC",
        ] {
            let data = try Zone(name).data
            var segment = data.segment(at: .min / 2)
            #expect(segment.start == .min)
            var count = 0
            while segment.end < 4_102_444_800 {
                let next = data.segment(at: segment.end)
                #expect(next.start == segment.end)
                #expect(data.segment(at: segment.end - 1) == segment)
                #expect(next.offset != segment.offset)
                segment = next
                count += 1
            }
            #expect(count > 0 || name == "UTC")
        }
    }

    /// A rule as the last line of a file, and for instants the offset in minutes.
    @Test(arguments: [
        (
            "CET-1CEST,M3.5.0,M10.5.0/3",
            ["2100-03-28T00:59:59Z": 60, "2100-03-28T01:00Z": 120, "2100-10-31T01:00Z": 60]
        ),
        (
            "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
            ["2100-10-02T15:29:59Z": 630, "2100-10-02T15:30Z": 660, "2101-04-02T15:00Z": 630]
        ),
        // Summer time that begins the evening before, as Greenland has it.
        ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", ["2100-03-28T00:59:59Z": -120, "2100-03-28T01:00Z": -60]),
        // Always summer time (RFC 9636, 3.3.1).
        ("XXX3EDT4,0/0,J365/23", ["2100-01-01T02:59:59Z": -240, "2100-01-01T03:00Z": -240, "2100-07-01T00:00Z": -240]),
        ("EST5", ["2100-07-01T00:00Z": -300]),
        ("AAA-3BBB,J60/0,J300/0", ["2096-02-29T20:59:59Z": 180, "2096-02-29T21:00Z": 240, "2097-02-28T21:00Z": 240]),
        ("AAA-3BBB,59/0,300/0", ["2096-02-28T20:59:59Z": 180, "2096-02-28T21:00Z": 240, "2097-02-28T21:00Z": 240]),
    ])
    func `a rule is read as POSIX has it`(text: String, offsets: [String: Int]) throws {
        let rule = try #require(ZoneRule(Array(text.utf8)[...]))
        let data = ZoneData(first: rule.standard, transitions: [], rule: rule)
        for (moment, minutes) in offsets {
            #expect(
                data.segment(at: try instant(moment).milliseconds / 1000).offset == minutes * 60,
                "\(text) \(moment)"
            )
        }
    }

    @Test(arguments: [
        "", "C", "CET", "CET-1CEST,", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0",
        "CET-25",
        "CET-1CEST,M3.5.0,M10.5.0/3x", "<CET-1", "CET-1CEST", "CET-1CEST,J0,J1", "CET-1CEST,366,1", "CET-1:60",
        "CET-1CEST,M3.5.0/168,M10.5.0",
    ])
    func `what is no rule is none`(text: String) { #expect(ZoneRule(Array(text.utf8)[...]) == nil) }

    @Test func `a file that is cut or bent is refused and never read beyond its end`() throws {
        let whole = Self.file(times: [0, 100], kinds: [1, 0], offsets: [0, 3600], rule: "AAA-1BBB,M3.5.0,M10.5.0")
        #expect(ZoneData(file: whole) != nil)
        for length in 0..<whole.count { #expect(ZoneData(file: Array(whole.prefix(length))) == nil, "\(length)") }
        var numbers = Seeded(state: 9)
        for _ in 0..<20_000 {
            var bent = whole
            for _ in 0..<Int.random(in: 1...3, using: &numbers) {
                bent[Int.random(in: 0..<bent.count, using: &numbers)] = UInt8.random(in: 0...255, using: &numbers)
            }
            guard let data = ZoneData(file: bent) else { continue }
            for moment in [Int64.min / 2, 0, 50, 100, 4_000_000_000] {
                let segment = data.segment(at: moment)
                #expect(segment.start <= moment && moment < segment.end)
                #expect(abs(segment.offset) <= 26 * 3600)
            }
        }
        #expect(
            ZoneData(file: Self.file(times: [100, 0], kinds: [1, 0], offsets: [0, 3600], rule: "")) == nil,
            "unsorted"
        )
        #expect(ZoneData(file: Self.file(times: [0], kinds: [2], offsets: [0, 3600], rule: "")) == nil, "no such kind")
        #expect(ZoneData(file: Self.file(times: [0], kinds: [0], offsets: [90_000 + 3600], rule: "")) == nil, "too far")
        #expect(ZoneData(file: Self.file(times: [0], kinds: [0], offsets: [0], rule: "no rule")) == nil)
    }

    /// A file of version 2 whose first part is empty.
    private static func file(times: [Int64], kinds: [UInt8], offsets: [Int32], rule: String) -> [UInt8] {
        var bytes = header([0, 0, 0, 0, 1, 1]) + [0, 0, 0, 0, 0, 0, 0]
        bytes += header([0, 0, 0, Int32(times.count), Int32(offsets.count), 1])
        for time in times { bytes += big(time) }
        bytes += kinds
        for offset in offsets { bytes += big(offset) + [0, 0] }
        return bytes + [0] + Array("\n\(rule)\n".utf8)
    }

    private static func header(_ counts: [Int32]) -> [UInt8] {
        var bytes = Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15)
        for count in counts { bytes += big(count) }
        return bytes
    }

    private static func big<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }
}
