import Core
import Testing

@testable import Cron

/// Times as people and models write them.
struct WrittenTimeTests {
    @Test(arguments: [
        ("2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z"),
        ("2026-03-29t01:00z", "2026-03-29T01:00:00Z"),
        ("2026-03-29 01:00Z", "2026-03-29T01:00:00Z"),
        ("2026-03-29T01:00:00.123456789Z", "2026-03-29T01:00:00Z"),
        ("2026-03-29T03:00:00+02:00", "2026-03-29T01:00:00Z"),
        ("2026-03-29T03:00+0200", "2026-03-29T01:00:00Z"),
        ("2026-03-29T03:00+02", "2026-03-29T01:00:00Z"),
        ("2026-03-28T19:30:00-05:30", "2026-03-29T01:00:00Z"),
        ("1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z"),
        ("0001-01-01T00:00Z", "0001-01-01T00:00:00Z"),
        ("2000-02-29T00:00Z", "2000-02-29T00:00:00Z"),
    ])
    func `with Z or an offset a time is an instant in every zone`(text: String, utc: String) throws {
        let written = try WrittenTime(text)
        for zone in [Zone.utc, try Zone("Asia/Kathmandu")] {
            let resolved = written.resolved(in: zone)
            #expect(Zone.utcText(resolved.time) == utc)
            #expect(resolved.kind == .exact)
        }
    }

    @Test(arguments: [
        ("2026-03-29T01:59", "Europe/Berlin", "2026-03-29T01:59:00+01:00", ResolvedTime.Kind.exact),
        ("2026-03-29T02:00", "Europe/Berlin", "2026-03-29T03:00:00+02:00", .skipped),
        ("2026-03-29T02:59:59", "Europe/Berlin", "2026-03-29T03:00:00+02:00", .skipped),
        ("2026-03-29T03:00", "Europe/Berlin", "2026-03-29T03:00:00+02:00", .exact),
        ("2026-10-25T01:59:59", "Europe/Berlin", "2026-10-25T01:59:59+02:00", .exact),
        ("2026-10-25T02:00", "Europe/Berlin", "2026-10-25T02:00:00+02:00", .repeated),
        ("2026-10-25T02:59:59", "Europe/Berlin", "2026-10-25T02:59:59+02:00", .repeated),
        ("2026-10-25T03:00", "Europe/Berlin", "2026-10-25T03:00:00+01:00", .exact),
        ("2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-04T02:30:00+11:00", .skipped),
        ("2026-04-05T01:45", "Australia/Lord_Howe", "2026-04-05T01:45:00+11:00", .repeated),
        ("2011-12-30T12:00", "Pacific/Apia", "2011-12-31T00:00:00+14:00", .skipped),
        ("2026-07-01T12:00", "Asia/Kathmandu", "2026-07-01T12:00:00+05:45", .exact),
        ("2060-07-01T12:00", "America/New_York", "2060-07-01T12:00:00-04:00", .exact),
        ("1850-07-01T12:00", "Europe/Berlin", "1850-07-01T12:00:00+00:53:28", .exact),
        ("9999-12-31T23:59:59", "Pacific/Apia", "9999-12-31T23:59:59+13:00", .exact),
    ])
    func `T15 §16.266 a time without an offset is meant in the zone, right on both sides of a change`(
        text: String,
        zone: String,
        shown: String,
        kind: ResolvedTime.Kind
    ) throws {
        let zone = try Zone(zone)
        let resolved = try WrittenTime(text).resolved(in: zone)
        #expect(zone.text(resolved.time) == shown)
        #expect(resolved.kind == kind)
    }

    @Test(arguments: [
        "", "tomorrow", "2026-03-29", "2026-03-29T", "2026-03-29T02", "2026-03-29T02:3", "2026-03-29T2:30",
        "26-03-29T02:30",
        "2026-3-29T02:30", "2026-13-01T00:00", "2026-00-01T00:00", "2026-02-29T00:00", "2026-04-31T00:00",
        "2026-01-00T00:00",
        "0000-01-01T00:00", "2026-03-29T24:00", "2026-03-29T02:60", "2026-03-29T02:30:60", "2026-03-29T02:30:00.",
        "2026-03-29T02:30X", "2026-03-29T02:30+", "2026-03-29T02:30+2", "2026-03-29T02:30+25:00",
        "2026-03-29T02:30+02:60",
        "2026-03-29T02:30Z ", " 2026-03-29T02:30Z", "2026-03-29T02:30ZZ", "2026-03-29T02:30 +02:00", "20260329T0230",
        "2026-03-29T02:30[Europe/Berlin]", "-2026-03-29T02:30", "٢٠٢٦-03-29T02:30", "1774746000",
        String(repeating: "2026-03-29T02:30", count: 5),
    ])
    func `what is no time is refused with what is wrong and an example`(text: String) throws {
        let error = #expect(throws: CronError.self) { try WrittenTime(text) }
        #expect(error?.code == .time)
        #expect(error?.message.contains("write 2026-03-29T02:30") == true)
    }
}
