import Glibc

/// Times for people: local, to the second.
enum TimeText {
    /// `2026-03-29 01:00:00` in the machine's zone.
    static func short(_ milliseconds: Int64) -> String { format(milliseconds, "%Y-%m-%d %H:%M:%S") }

    /// `01:00:00`.
    static func clock(_ milliseconds: Int64) -> String { format(milliseconds, "%H:%M:%S") }

    private static func format(_ milliseconds: Int64, _ pattern: String) -> String {
        var seconds = time_t(milliseconds / 1000)
        var parts = tm()
        guard localtime_r(&seconds, &parts) != nil else { return "-" }
        var text = [CChar](repeating: 0, count: 40)
        let count = strftime(&text, text.count, pattern, &parts)
        return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
