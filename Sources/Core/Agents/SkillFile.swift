/// A `SKILL.md`: front matter with a name and a description, then instructions that are read on demand.
///
/// ```
/// ---
/// name: release-notes
/// description: Writes release notes from a list of changes. Use it when somebody asks what is new.
/// ---
/// # Steps …
/// ```
///
/// The front matter is the part of YAML that skills use: `key: value` with plain or quoted text, and block text
/// (`|`, `>`, with or without `-`). Anything else is refused with its line, so are control characters in it and bytes
/// that are no UTF-8. Lines end with `\n` or `\r\n`; a byte order mark is skipped.
package struct SkillFile: Sendable, Equatable {
    /// 1 to 64 characters of `[a-z0-9-]`; the name of the skill's folder.
    package let name: String
    /// What it does and when to use it: 1 to 1024 characters on one line; always in the agent's context.
    package let description: String
    /// Everything below the front matter.
    package let body: String

    /// Reads a file's text.
    ///
    /// `folder` is the name of the folder that holds it; the skill must carry the same name.
    package init(_ text: String, folder: String? = nil) throws(SkillError) {
        let lines = Self.lines(text)
        guard lines.first == "---" else {
            throw SkillError(line: 1, "a SKILL.md begins with a line \"---\", then name and description")
        }
        guard let end = lines.dropFirst().firstIndex(of: "---") else {
            throw SkillError(line: lines.count, "the front matter has no closing line \"---\"")
        }
        try Self.checkSigns(lines[1..<end])
        var fields = FrontMatter()
        try fields.read(lines[1..<end])
        let name = try fields.required("name", until: end + 1)
        guard (1...64).contains(name.text.utf8.count), name.text.utf8.allSatisfy(Self.isNameByte) else {
            throw SkillError(line: name.line, "name is \"\(name.text)\": use 1 to 64 of a-z, 0-9 and -")
        }
        if let folder, folder != name.text {
            throw SkillError(
                line: name.line,
                "name is \"\(name.text)\" but the folder is \"\(folder)\": make them equal"
            )
        }
        let description = try fields.required("description", until: end + 1)
        guard (1...1024).contains(description.text.count) else {
            throw SkillError(line: description.line, "description has \(description.text.count) characters: 1 to 1024")
        }
        self.name = name.text
        self.description = description.text
        body = lines[(end + 1)...].joined(separator: "\n").trimmingWhiteSpace
        guard !body.isEmpty else {
            throw SkillError(line: end + 2, "nothing follows the front matter: write what to do")
        }
    }

    /// The lines without their ends, `\n` or `\r\n`, and without the mark that some editors put before the first.
    private static func lines(_ text: String) -> [Substring] {
        // By scalars: "\r\n" is one character.
        var scalars = text.unicodeScalars[...]
        if scalars.first == "\u{FEFF}" { scalars.removeFirst() }
        return scalars.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            Substring(line.last == "\r" ? line.dropLast() : line)
        }
    }

    /// Refuses what would turn a terminal or a list of skills over, and what was no UTF-8 in the file.
    private static func checkSigns(_ lines: ArraySlice<Substring>) throws(SkillError) {
        for (index, line) in zip(lines.indices, lines) {
            for scalar in line.unicodeScalars {
                switch scalar.value {
                case 0x09: continue
                case 0..<0x20, 0x7F..<0xA0, 0x202A...0x202E, 0x2066...0x2069:
                    let code = String(scalar.value, radix: 16, uppercase: true)
                    let padded = String(repeating: "0", count: max(4 - code.count, 0)) + code
                    throw SkillError(line: index + 1, "holds the control character U+\(padded)")
                case 0xFFFD: throw SkillError(line: index + 1, "is no valid UTF-8")
                default: continue
                }
            }
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || byte == UInt8(ascii: "-")
    }
}

/// What is wrong with a `SKILL.md`, and where.
package struct SkillError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Counted from 1.
    package let line: Int
    package let message: String

    /// An error at that line.
    package init(line: Int, _ message: String) {
        self.line = line
        self.message = message
    }

    package var description: String { "line \(line): \(message)" }
}

/// The fields between the two `---` lines.
private struct FrontMatter {
    struct Field {
        var text: String
        let line: Int
    }

    private static let known = [
        "name", "description", "license", "compatibility", "metadata", "allowed-tools", "version",
    ]
    private var fields: [String: Field] = [:]

    func required(_ key: String, until line: Int) throws(SkillError) -> Field {
        guard let field = fields[key] else { throw SkillError(line: line, "the front matter lacks \"\(key)\"") }
        return field
    }

    mutating func read(_ lines: ArraySlice<Substring>) throws(SkillError) {
        var index = lines.startIndex
        while index < lines.endIndex {
            let number = index + 1
            let line = lines[index]
            index += 1
            if line.allSatisfy(\.isWhitespace) || line.hasPrefix("#") { continue }
            guard let colon = line.firstIndex(of: ":"), line.first?.isWhitespace == false else {
                throw SkillError(line: number, "\"\(line.prefix(60))\" is no \"key: value\"")
            }
            let key = String(line[..<colon])
            guard Self.known.contains(key) else {
                throw SkillError(
                    line: number,
                    "\"\(key)\" is unknown; a skill has \(Self.known.joined(separator: ", "))"
                )
            }
            guard fields[key] == nil else { throw SkillError(line: number, "\"\(key)\" stands here a second time") }
            let indented = lines[index...].prefix { $0.first == " " || $0.first == "\t" || $0.isEmpty }
            let value = String(line[line.index(after: colon)...]).trimmingWhiteSpace
            fields[key] = Field(text: try Self.text(value, followedBy: indented, line: number), line: number)
            index += indented.count
        }
    }

    private static func text(
        _ value: String,
        followedBy lines: ArraySlice<Substring>,
        line: Int
    ) throws(SkillError) -> String {
        let rest = lines.map { String($0).trimmingWhiteSpace }
        switch value {
        case "|", "|-": return rest.joined(separator: "\n").trimmingWhiteSpace
        case ">", ">-": return rest.filter { !$0.isEmpty }.joined(separator: " ")
        default: break
        }
        guard let quote = value.first, quote == "\"" || quote == "'" else {
            return ([value] + rest).filter { !$0.isEmpty }.joined(separator: " ")
        }
        guard value.count >= 2, value.last == quote else {
            throw SkillError(line: line, "the quoted text does not end on its line")
        }
        let inner = String(value.dropFirst().dropLast())
        return quote == "'" ? replacing("''", by: "'", in: inner) : try unescaped(inner, line: line)
    }

    private static func replacing(_ pattern: String, by text: String, in source: String) -> String {
        source.split(separator: pattern, omittingEmptySubsequences: false).joined(separator: text)
    }

    private static func unescaped(_ source: String, line: Int) throws(SkillError) -> String {
        var result = ""
        var escaped = false
        for character in source {
            if escaped {
                switch character {
                case "n": result.append("\n")
                case "t": result.append("\t")
                case "\\", "\"": result.append(character)
                default: throw SkillError(line: line, "\\\(character) is no escape: use \\n, \\t, \\\\ or \\\"")
                }
                escaped = false
            } else if character == "\\" {
                escaped = true
            } else {
                result.append(character)
            }
        }
        return result
    }
}
