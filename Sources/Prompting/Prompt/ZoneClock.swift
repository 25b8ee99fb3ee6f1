package import Core
import Glibc
import Synchronization

/// Shows times in an agent's zone.
///
/// glibc's `localtime_r` with `TZ` set, because a static runner carries no ICU: the variable is changed only here, under
/// a lock, and only when another zone is asked for.
package struct ZoneClock: Sendable {
    /// The IANA name that is in force: the one asked for, or `UTC` when the system does not know that.
    package let zone: String

    private static let database = "/usr/share/zoneinfo/"
    private static let current = Mutex<String?>(nil)

    /// A clock for this zone; an unknown or unsafe name gives UTC.
    package init(zone: String) {
        self.zone = Self.isKnown(zone) ? zone : "UTC"
    }

    /// True for the name of a file in the system's zone database.
    package static func isKnown(_ zone: String) -> Bool {
        guard (1...64).contains(zone.utf8.count), !zone.hasPrefix("/"), !zone.contains("..") else { return false }
        let allowed = zone.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "+"),
                UInt8(ascii: "/"):
                true
            default: false
            }
        }
        guard allowed else { return false }
        var status = stat()
        return zone == "UTC" || (stat(database + zone, &status) == 0 && status.st_mode & S_IFMT == S_IFREG)
    }

    /// The time of day there: `Sat 2026-03-28 14:05`.
    package func text(_ time: Timestamp) -> String {
        let (whole, rest) = time.milliseconds.quotientAndRemainder(dividingBy: 1000)
        var seconds = time_t(rest < 0 ? whole - 1 : whole)
        var parts = tm()
        Self.current.withLock { current in
            if current != zone {
                setenv("TZ", ":" + zone, 1)
                tzset()
                current = zone
            }
            localtime_r(&seconds, &parts)
        }
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let day = days[min(max(Int(parts.tm_wday), 0), 6)]
        return "\(day) \(parts.tm_year + 1900)-\(Self.two(parts.tm_mon + 1))-\(Self.two(parts.tm_mday)) "
            + "\(Self.two(parts.tm_hour)):\(Self.two(parts.tm_min))"
    }

    private static func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
