/// Character references of HTML: the numbered ones and the names that mail programs write.
enum HTMLEntities {
    private static let names: [String: String] = [
        "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": "\u{A0}", "copy": "©", "reg": "®",
        "trade": "™", "hellip": "…", "mdash": "—", "ndash": "–", "lsquo": "‘", "rsquo": "’", "sbquo": "‚", "ldquo": "“",
        "rdquo": "”", "bdquo": "„", "laquo": "«", "raquo": "»", "bull": "•", "middot": "·", "euro": "€", "pound": "£",
        "yen": "¥", "cent": "¢", "sect": "§", "para": "¶", "deg": "°", "plusmn": "±", "times": "×", "divide": "÷",
        "frac12": "½", "frac14": "¼", "frac34": "¾", "sup1": "¹", "sup2": "²", "sup3": "³", "micro": "µ", "iexcl": "¡",
        "iquest": "¿", "szlig": "ß", "auml": "ä", "ouml": "ö", "uuml": "ü", "Auml": "Ä", "Ouml": "Ö", "Uuml": "Ü",
        "agrave": "à", "aacute": "á", "acirc": "â", "atilde": "ã", "aring": "å", "aelig": "æ", "ccedil": "ç",
        "egrave": "è", "eacute": "é", "ecirc": "ê", "euml": "ë", "igrave": "ì", "iacute": "í", "icirc": "î",
        "iuml": "ï", "ntilde": "ñ", "ograve": "ò", "oacute": "ó", "ocirc": "ô", "otilde": "õ", "oslash": "ø",
        "ugrave": "ù", "uacute": "ú", "ucirc": "û", "Agrave": "À", "Aacute": "Á", "Aring": "Å", "AElig": "Æ",
        "Ccedil": "Ç", "Egrave": "È", "Eacute": "É", "Ntilde": "Ñ", "Oslash": "Ø", "larr": "←", "rarr": "→",
        "zwnj": "", "zwj": "", "shy": "", "ensp": " ", "emsp": " ", "thinsp": " ", "check": "✓",
    ]

    static func decode(_ text: String) -> String {
        guard text.contains("&") else { return text }
        var result = ""
        var rest = text[...]
        while let mark = rest.firstIndex(of: "&") {
            result += rest[..<mark]
            rest = rest[rest.index(after: mark)...]
            // The longest name here has six letters; numbers have at most seven digits and a mark.
            guard let end = rest.prefix(10).firstIndex(of: ";"), let found = character(rest[..<end]) else {
                result += "&"
                continue
            }
            result += found
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }

    private static func character(_ name: Substring) -> String? {
        guard name.hasPrefix("#") else { return names[String(name)] }
        let number = name.dropFirst()
        let isHex = number.hasPrefix("x") || number.hasPrefix("X")
        guard let value = isHex ? UInt32(number.dropFirst(), radix: 16) : UInt32(number),
            let scalar = Unicode.Scalar(value), value != 0
        else { return nil }
        // Numbers of the C1 range mean Windows-1252 (HTML §13.2.5.80).
        if (0x80...0x9F).contains(value) { return Charset.text([UInt8(value)], "windows-1252") }
        return String(scalar)
    }
}
