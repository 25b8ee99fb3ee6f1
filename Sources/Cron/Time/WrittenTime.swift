package import Core

/// A time as a person or a model writes it (RFC 3339, its zone optional): `2026-03-29T02:30`, with seconds, with `Z` or an
/// offset.
package enum WrittenTime: Hashable, Sendable {
    /// With `Z` or an offset: one instant, wherever it is read.
    case instant(Timestamp)
    /// Without: what the clock on some wall shows; which wall is said by ``resolved(in:)``.
    case naive(LocalTime)

    private static let example =
        "write 2026-03-29T02:30, with seconds if you like, and with Z or an offset such as +02:00 "
        + "for a time that is not meant in the task's zone"

    /// Reads the text; a fraction of a second is cut off.
    ///
    /// Throws with what is wrong and an example.
    package init(_ text: String) throws(CronError) {
        func wrong(_ what: String) -> CronError {
            CronError(.time, "\(quoted(text)) is no time: \(what); \(Self.example)")
        }
        guard text.utf8.count <= 64 else { throw wrong("it is too long") }
        var scan = Scanner(Array(text.utf8))
        guard let year = scan.number(4), scan.skip("-"), let month = scan.number(2), scan.skip("-"),
            let day = scan.number(2)
        else { throw wrong("it does not begin with a date") }
        guard year >= 1, (1...12).contains(month) else {
            throw wrong(year < 1 ? "there is no year 0" : "there is no month \(month)")
        }
        guard (1...Civil.daysInMonth(month, leap: Civil.isLeap(year))).contains(day) else {
            throw wrong("that month has no day \(day)")
        }
        guard scan.skip("T") || scan.skip("t") || scan.skip(" "), let hour = scan.number(2), scan.skip(":"),
            let minute = scan.number(2)
        else { throw wrong("after the date no time of day follows") }
        var second = 0
        if scan.skip(":") {
            guard let number = scan.number(2) else { throw wrong("the seconds are no two digits") }
            second = number
            if scan.skip(".") || scan.skip(",") {
                guard scan.digits() > 0 else { throw wrong("no digits follow the point") }
            }
        }
        guard hour < 24, minute < 60, second < 60 else {
            throw wrong("a day goes from 00:00:00 to 23:59:59")
        }
        let local = LocalTime(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
        if scan.isAtEnd {
            self = .naive(local)
            return
        }
        guard let offset = scan.offset(), scan.isAtEnd else { throw wrong("what follows the time of day is no offset") }
        self = .instant(Timestamp(milliseconds: (local.seconds - Int64(offset)) * 1000))
    }

    /// The instant that is meant when a naive time is one of this zone.
    package func resolved(in zone: Zone) -> ResolvedTime {
        switch self {
        case .instant(let time): ResolvedTime(time: time, kind: .exact)
        case .naive(let local): zone.resolve(local)
        }
    }
}

/// The instant that a written time stands for, and how it came about.
package struct ResolvedTime: Hashable, Sendable {
    /// How a clock's time became an instant.
    package enum Kind: Hashable, Sendable {
        /// There is one such instant.
        case exact
        /// The clocks skip that time: the first instant after the gap.
        case skipped
        /// The clocks show that time twice: the first of both.
        case repeated
    }

    package let time: Timestamp
    package let kind: Kind

    /// An instant that is known.
    package init(time: Timestamp, kind: Kind) {
        self.time = time
        self.kind = kind
    }
}

/// Takes digits and signs from the front of a text.
struct Scanner {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func skip(_ sign: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: sign) else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// A number of exactly so many digits.
    mutating func number(_ count: Int) -> Int? {
        let digits = rest.prefix(count)
        guard digits.count == count, digits.allSatisfy(Self.isDigit) else { return nil }
        rest = rest.dropFirst(count)
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    /// Skips digits; how many there were.
    mutating func digits() -> Int {
        let count = rest.prefix(while: Self.isDigit).count
        rest = rest.dropFirst(count)
        return count
    }

    /// `Z`, `+02:00`, `+0200` or `+02`: seconds east of Greenwich.
    mutating func offset() -> Int? {
        if skip("Z") || skip("z") { return 0 }
        let isWest = skip("-")
        guard isWest || skip("+"), let hours = number(2), hours < 24 else { return nil }
        if isAtEnd { return (isWest ? -1 : 1) * hours * 3600 }
        _ = skip(":")
        guard let minutes = number(2), minutes < 60 else { return nil }
        return (isWest ? -1 : 1) * (hours * 3600 + minutes * 60)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
