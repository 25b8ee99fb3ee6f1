/// A request's target on a runner's listener: `/model/<profile>/<rest>`.
struct ModelPath: Equatable {
    var profile: String
    /// What goes behind the base URL; begins with a slash, with the query if there is one.
    var rest: String

    /// Nil for anything else: other places, dot segments, empty segments, percent encoding, absolute targets.
    ///
    /// What is let through can reach only what lies below the base URL.
    init?(_ target: String) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let segments = parts[0].split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard target.utf8.count <= 2000, segments.count >= 4, segments[0].isEmpty, segments[1] == "model",
            segments.dropFirst(2).allSatisfy({ Self.isPlain($0, more: "._~:-") }),
            !segments.contains("."), !segments.contains("..")
        else { return nil }
        profile = segments[2]
        rest = "/" + segments.dropFirst(3).joined(separator: "/")
        if parts.count == 2 {
            guard Self.isPlain(String(parts[1]), more: "._~:-=&,") else { return nil }
            rest += "?" + parts[1]
        }
    }

    private static func isPlain(_ text: String, more: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: more.utf8.contains(byte)
                }
            }
    }
}
