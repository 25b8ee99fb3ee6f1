import ChannelNetwork
import Core
import Testing

@Suite struct RetryAfterTests {
    private static let date = Timestamp(milliseconds: 784_111_777_000)

    @Test(arguments: [
        ("120", RetryAfter.delay(.seconds(120))), ("0", .delay(.zero)), (" 7\t", .delay(.seconds(7))),
        ("0.65", .delay(.milliseconds(650))), ("1.0001", .delay(.milliseconds(1001))),
        ("99999999999999999999999", .delay(RetryAfter.longest)),
        ("Sun, 06 Nov 1994 08:49:37 GMT", .date(date)), ("Sunday, 06-Nov-94 08:49:37 GMT", .date(date)),
        ("Sun Nov  6 08:49:37 1994", .date(date)),
        ("Thu, 29 Feb 2024 00:00:00 GMT", .date(Timestamp(milliseconds: 1_709_164_800_000))),
        ("Fri, 31 Dec 2100 23:59:59 GMT", .date(Timestamp(milliseconds: 4_133_980_799_000))),
        ("Thu, 01 Jan 1970 00:00:00 GMT", .date(Timestamp(milliseconds: 0))),
    ])
    func `seconds and the three forms of a date are read`(text: String, value: RetryAfter) {
        #expect(RetryAfter(text) == value)
    }

    @Test(arguments: [
        "", "-1", "+1", "1e3", ".5", "5.", "1.2.3", "soon", "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 31 Feb 2024 00:00:00 GMT", "Thu, 29 Feb 2100 00:00:00 GMT",
        "Xyz, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1969 08:49:37 GMT", "٣",
    ])
    func `other text is nothing`(text: String) {
        #expect(RetryAfter(text) == nil)
    }

    @Test func `a date that is over waits for nothing, one far away for a year`() {
        let later = Timestamp(milliseconds: Self.date.milliseconds + 1500)
        #expect(RetryAfter.date(later).wait(now: Self.date) == .milliseconds(1500))
        #expect(RetryAfter.date(Self.date).wait(now: later) == .zero)
        #expect(RetryAfter.date(Timestamp(milliseconds: .max / 2)).wait(now: later) == RetryAfter.longest)
    }
}
