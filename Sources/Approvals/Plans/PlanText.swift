package import Core

/// A plan as a person reads it: every value, and no letter that hides or turns another.
package enum PlanText {
    /// The body of a plan's card as Markdown: the action's own words, then all of the payload as JSON in a code block, then
    /// who asks and the plan's hash.
    ///
    /// The JSON in the block, read back, is the payload: nothing is left out or shortened.
    package static func body(_ plan: Plan, summary: String, asker: String) -> String {
        let json = pretty(plan.payload)
        let fence = String(repeating: "`", count: max(3, longestRun(of: "`", in: json) + 1))
        let longest = json.split(separator: "\n").map(\.unicodeScalars.count).max() ?? 0
        let warning =
            longest > longestPlainLine ? " Its longest line has \(longest) characters: read it to its end." : ""
        return """
            \(summary)

            Exactly this is done:\(warning)
            \(fence)json
            \(json)
            \(fence)
            Action \(code(plan.action)) for \(asker). Plan sha256:\(plan.hash)
            """
    }

    /// The longest line that is seen whole without a word about it.
    private static let longestPlainLine = 80

    /// A card's title: one line of at most 120 characters in which nothing is Markdown or hides.
    package static func title(_ text: String) -> String {
        let plain = visible(text).map { "*`[]<>~".contains($0) ? "'" : $0 }
        return String(plain.prefix(120))
    }

    /// A text that somebody else wrote, in one line, as Markdown code: nothing in it can act as Markdown or hide.
    package static func code(_ text: String) -> String {
        let shown = visible(text)
        let fence = String(repeating: "`", count: longestRun(of: "`", in: shown) + 1)
        let pad = shown.hasPrefix("`") || shown.hasSuffix("`") || shown.isEmpty ? " " : ""
        return fence + pad + shown + pad + fence
    }

    /// JSON with a line for each value, keys in the canonical order.
    package static func pretty(_ value: JSONValue) -> String {
        var text = ""
        write(value, to: &text, indent: "")
        return text
    }

    private static func write(_ value: JSONValue, to text: inout String, indent: String) {
        let inner = indent + "  "
        switch value {
        case .null: text += "null"
        case .bool(let flag): text += flag ? "true" : "false"
        case .integer(let number): text += String(number)
        case .number(let number): text += String(number)
        case .string(let string): text += "\"\(escaped(string))\""
        case .array(let elements) where elements.isEmpty: text += "[]"
        case .array(let elements):
            text += "[\n"
            for (index, element) in elements.enumerated() {
                text += inner
                write(element, to: &text, indent: inner)
                text += index == elements.count - 1 ? "\n" : ",\n"
            }
            text += "\(indent)]"
        case .object(let fields) where fields.isEmpty: text += "{}"
        case .object(let fields):
            text += "{\n"
            for (index, field) in CanonicalJSON.sorted(fields).enumerated() {
                text += "\(inner)\"\(escaped(field.key))\": "
                write(field.value, to: &text, indent: inner)
                text += index == fields.count - 1 ? "\n" : ",\n"
            }
            text += "\(indent)}"
        }
    }

    /// The inside of a JSON string with every letter that is not plainly seen as `\uXXXX`.
    private static func escaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var blanks = 0
        for scalar in text.unicodeScalars {
            // A long gap would push what follows out of sight.
            blanks = scalar == " " ? blanks + 1 : 0
            switch scalar {
            case " " where blanks > 2: result.append(contentsOf: "\\u0020".unicodeScalars)
            case "\"": result.append(contentsOf: "\\\"".unicodeScalars)
            case "\\": result.append(contentsOf: "\\\\".unicodeScalars)
            case "\n": result.append(contentsOf: "\\n".unicodeScalars)
            case "\t": result.append(contentsOf: "\\t".unicodeScalars)
            case "\r": result.append(contentsOf: "\\r".unicodeScalars)
            default:
                if isSeen(scalar) {
                    result.append(scalar)
                } else {
                    for unit in String(scalar).utf16 { result.append(contentsOf: "\\u\(hex(unit))".unicodeScalars) }
                }
            }
        }
        return String(result)
    }

    /// One line of text with every letter that is not plainly seen as `\u{…}`.
    private static func visible(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var blanks = 0
        for scalar in text.unicodeScalars {
            blanks = scalar == " " ? blanks + 1 : 0
            if isSeen(scalar), blanks <= 2 {
                result.append(scalar)
            } else {
                result.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
            }
        }
        return String(result)
    }

    /// True for what a reader sees where it stands: no control, format or private character, no space but U+0020, no
    /// mark around or across other letters, nothing that a font leaves out, and no letter of a script that is written from
    /// right to left, which would put what stands beside it into another order.
    private static func isSeen(_ scalar: Unicode.Scalar) -> Bool {
        if scalar == " " { return true }
        switch scalar.value {
        case 0x590...0x8FF, 0xFB1D...0xFDFF, 0xFE70...0xFEFE, 0x10800...0x10FFF, 0x1E800...0x1EFFF: return false
        case 0x335...0x338, 0x20D0...0x20FF: return false
        default: break
        }
        let properties = scalar.properties
        switch properties.generalCategory {
        case .control, .format, .privateUse, .surrogate, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator, .enclosingMark:
            return false
        default: return !properties.isDefaultIgnorableCodePoint
        }
    }

    private static func hex(_ unit: UInt16) -> String {
        let text = String(unit, radix: 16)
        return String(repeating: "0", count: 4 - text.count) + text
    }

    private static func longestRun(of scalar: Unicode.Scalar, in text: String) -> Int {
        var longest = 0
        var run = 0
        for other in text.unicodeScalars {
            run = other == scalar ? run + 1 : 0
            longest = max(longest, run)
        }
        return longest
    }
}
