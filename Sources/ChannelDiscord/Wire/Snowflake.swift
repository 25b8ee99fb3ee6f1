import Core

/// Discord's ids: whole numbers as text, whose upper 42 bits are the time at which they were made
/// (<https://discord.com/developers/docs/reference#snowflakes>).
enum Snowflake {
    /// 2015-01-01T00:00:00Z in milliseconds.
    private static let epoch: Int64 = 1_420_070_400_000

    /// True for 1 to 20 digits that fit 64 bits.
    static func isValid(_ text: String) -> Bool { number(text) != nil }

    /// The number, for comparing ages; nil for other text.
    static func number(_ text: String) -> UInt64? {
        guard (1...20).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return UInt64(text)
    }

    /// When it was made; nil for other text.
    static func time(_ text: String) -> Timestamp? {
        number(text).map { Timestamp(milliseconds: Int64($0 >> 22) + epoch) }
    }

    /// The lowest id of this time: what is made later is higher.
    static func lowest(at time: Timestamp) -> String { "\(UInt64(max(time.milliseconds - epoch, 0)) << 22)" }

    /// The higher of two ids, which is the later one.
    static func later(_ first: String, _ second: String) -> String {
        (number(first) ?? 0) >= (number(second) ?? 0) ? first : second
    }
}
