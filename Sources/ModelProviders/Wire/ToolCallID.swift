/// The ids that tie a tool's result to its call.
enum ToolCallID {
    /// A fresh id, for a server that gives none.
    static let random: @Sendable () -> String = { "call_" + hexadecimal(UInt64.random(in: .min ... .max)) }

    /// The id as both wires take it: `[A-Za-z0-9_-]`, at most 40 characters, and not used before.
    ///
    /// One that fits stays as it is; another becomes the same new one every time.
    static func unique(_ id: String, _ used: inout Set<String>) -> String {
        let fitting = fits(id) ? id : "call_" + hexadecimal(hash(id))
        var candidate = fitting
        var number = 2
        while !used.insert(candidate).inserted {
            candidate = "\(fitting.prefix(32))_\(number)"
            number += 1
        }
        return candidate
    }

    private static func fits(_ id: String) -> Bool {
        (1...40).contains(id.utf8.count)
            && id.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    /// FNV-1a: the same in every process, which `Hasher` is not.
    private static func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    private static func hexadecimal(_ value: UInt64) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}
