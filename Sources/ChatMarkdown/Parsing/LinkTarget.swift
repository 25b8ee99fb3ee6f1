/// Which URLs are links, and how the others are shown.
enum LinkTarget {
    /// Longest target that is shown as text when it is no link: `data:` URLs can be a whole picture.
    private static let shownLimit = 200

    /// The URL when a text may lead there: `http`, `https` or `mailto`, with white space and controls escaped.
    static func allowed(_ url: String) -> String? {
        let head = url.prefix(8).lowercased()
        guard
            ["http://", "https://", "mailto:"].contains(where: { head.hasPrefix($0) && url.utf8.count > $0.utf8.count })
        else { return nil }
        guard url.unicodeScalars.contains(where: needsEscape) else { return url }
        var result = ""
        for scalar in url.unicodeScalars {
            if needsEscape(scalar) {
                for byte in String(scalar).utf8 { result += percent(byte) }
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// A URL that is no link, as words; nil for none and for what nobody would read.
    static func mentioned(_ url: String) -> String? {
        let clean = VisibleText.cleaned(url, in: .line)
        return clean.isEmpty || clean.utf8.count > shownLimit || clean.lowercased().hasPrefix("data:") ? nil : clean
    }

    /// What a link shows that has no text of its own.
    static func shown(_ url: String) -> String {
        url.lowercased().hasPrefix("mailto:") ? String(url.dropFirst(7)) : url
    }

    /// True when a text says itself where it leads, so that every client makes a link of it.
    static func isBare(_ text: String, _ url: String) -> Bool {
        text == url || url == "mailto:" + text || url == "http://" + text
    }

    /// The URL with these ASCII characters percent-encoded.
    static func escaping(_ characters: StaticString, in url: String) -> String {
        let set = Set(String(describing: characters).utf8)
        guard url.utf8.contains(where: set.contains) else { return url }
        var result: [UInt8] = []
        for byte in url.utf8 {
            if set.contains(byte) { result += Array(percent(byte).utf8) } else { result.append(byte) }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func percent(_ byte: UInt8) -> String {
        let digits = Array("0123456789ABCDEF")
        return "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
    }

    private static func needsEscape(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x80
            ? scalar.value <= 0x20 || scalar.value == 0x7F : scalar.properties.isWhitespace || scalar.value < 0xA0
    }
}
