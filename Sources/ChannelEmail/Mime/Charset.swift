/// Turns the bytes of a mail into text.
enum Charset {
    private static let aliases = [
        "us-ascii": "utf-8", "ascii": "utf-8", "utf8": "utf-8", "unicode-1-1-utf-8": "utf-8",
        // What calls itself Latin-1 is Windows-1252 wherever the two differ (WHATWG Encoding §4.2).
        "iso-8859-1": "windows-1252", "latin1": "windows-1252", "iso8859-1": "windows-1252", "l1": "windows-1252",
        "cp1252": "windows-1252", "x-cp1252": "windows-1252", "latin-9": "iso-8859-15", "iso8859-15": "iso-8859-15",
        "cp1250": "windows-1250", "cp1251": "windows-1251", "koi8": "koi8-r", "latin2": "iso-8859-2",
        "latin5": "iso-8859-9", "windows-1254": "iso-8859-9",
    ]

    /// The text of bytes in a charset, by its name in MIME; nil without one.
    ///
    /// UTF-8 that is none, and a charset that is not known, is read as Windows-1252, unless the bytes are UTF-8.
    static func text(_ bytes: some Sequence<UInt8>, _ name: String?) -> String {
        let bytes = Array(bytes)
        let lower = name?.lowercased() ?? "utf-8"
        let known = aliases[lower] ?? lower
        if let table = CharsetTables.upperHalves[known] { return text(bytes, table) }
        if known == "utf-16" || known == "utf-16le" || known == "utf-16be" { return utf16(bytes, known) }
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        return known == "utf-8" && name != nil
            ? String(decoding: bytes, as: UTF8.self) : text(bytes, CharsetTables.upperHalves["windows-1252"] ?? [])
    }

    private static func text(_ bytes: [UInt8], _ table: [Unicode.Scalar]) -> String {
        var text = String.UnicodeScalarView()
        for byte in bytes {
            let upper = Int(byte) - 0x80
            text.append(upper >= 0 && upper < table.count ? table[upper] : Unicode.Scalar(byte))
        }
        return String(text)
    }

    private static func utf16(_ bytes: [UInt8], _ name: String) -> String {
        var isLittle = name == "utf-16le"
        var start = 0
        if bytes.starts(with: [0xFF, 0xFE]) {
            (isLittle, start) = (true, 2)
        } else if bytes.starts(with: [0xFE, 0xFF]) {
            (isLittle, start) = (false, 2)
        }
        var units: [UInt16] = []
        for index in stride(from: start, to: bytes.count - 1, by: 2) {
            let (first, second) = (UInt16(bytes[index]), UInt16(bytes[index + 1]))
            units.append(isLittle ? second << 8 | first : first << 8 | second)
        }
        return String(decoding: units, as: UTF16.self)
    }
}
