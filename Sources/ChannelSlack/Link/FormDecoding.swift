import ChannelNetwork

/// Reads `application/x-www-form-urlencoded` (WHATWG URL §5.1).
package enum FormDecoding {
    /// The fields by name; the first of a name counts.
    ///
    /// Ill-formed escapes stay as they are.
    package static func fields(_ body: some Sequence<UInt8>) -> [String: String] {
        var fields: [String: String] = [:]
        for pair in Array(body).split(separator: UInt8(ascii: "&")).prefix(100) {
            let halves = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let name = text(halves[0])
            if fields[name] == nil { fields[name] = halves.count == 2 ? text(halves[1]) : "" }
        }
        return fields
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        var plain: [UInt8] = []
        var rest = bytes
        while let first = rest.first {
            rest = rest.dropFirst()
            if first == UInt8(ascii: "+") {
                plain.append(UInt8(ascii: " "))
            } else if first == UInt8(ascii: "%"), rest.count >= 2,
                let byte = Hex.decode(String(decoding: rest.prefix(2), as: UTF8.self))
            {
                plain += byte
                rest = rest.dropFirst(2)
            } else {
                plain.append(first)
            }
        }
        return String(decoding: plain, as: UTF8.self)
    }
}
