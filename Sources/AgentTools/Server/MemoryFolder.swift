import Core
import FoundationEssentials
import Glibc

/// What the agent remembers: Markdown files with one entry a bullet, each with where it came from.
///
/// ```
/// - Ada's birthday is on 10 December. (Ada in cli, Sat 2026-03-28 14:05)
/// ```
struct MemoryFolder {
    /// The directory; made with the first entry.
    let path: String

    func remember(_ text: String, topic: String, provenance: String) throws -> String {
        let file = "\(path)/\(PathSegment.localName(topic)).md"
        let files = FileOperations(root: path)
        let entry = Self.entry(text, provenance: provenance)
        var bytes: [UInt8] = []
        if access(file, F_OK) == 0 {
            bytes = try files.contents(file, limit: FileOperations.textLimit)
        } else {
            bytes = Array("# \(Self.oneLine(topic))\n\n".utf8)
        }
        if bytes.last != UInt8(ascii: "\n"), !bytes.isEmpty { bytes.append(UInt8(ascii: "\n")) }
        _ = try files.write(file, String(decoding: bytes, as: UTF8.self) + entry)
        return "Remembered in memory/\(PathSegment.localName(topic)).md."
    }

    /// One bullet.
    ///
    /// Further lines of the text are indented, so that an entry never looks like two.
    static func entry(_ text: String, provenance: String) -> String {
        let lines = text.trimmingWhiteSpace.split(whereSeparator: \.isNewline).map { String($0).trimmingWhiteSpace }
        return "- " + lines.filter { !$0.isEmpty }.joined(separator: "\n  ") + " (\(oneLine(provenance)))\n"
    }

    func recall(_ words: String, limit: Int) throws -> String {
        let wanted = Set(Self.words(words))
        var found: [(score: Int, order: Int, text: String)] = []
        for (file, entries) in try all() {
            for entry in entries {
                let text = entry.lowercased()
                let score = wanted.count { text.contains($0) || file.lowercased().contains($0) }
                if score > 0 || wanted.isEmpty { found.append((score, found.count, "memory/\(file): \(entry)")) }
            }
        }
        guard !found.isEmpty else { return wanted.isEmpty ? "Nothing is remembered yet." : "Nothing remembered fits." }
        found.sort { ($0.score, $0.order) > ($1.score, $1.order) }
        let shown = found.prefix(limit).map(\.text).joined(separator: "\n")
        return found.count > limit ? shown + "\n[\(found.count - limit) more; use more words]" : shown
    }

    /// Every entry of every file, the files by name.
    private func all() throws -> [(file: String, entries: [String])] {
        guard access(path, F_OK) == 0 else { return [] }
        let files = FileOperations(root: path)
        let names = try Glob(pattern: "**/*.md").text(below: path, limit: 1000)
        return try names.split(separator: "\n").map(String.init).filter { $0.hasSuffix(".md") }.map { name in
            let bytes = try files.contents(name, limit: FileOperations.textLimit)
            return (name, Self.entries(String(decoding: bytes, as: UTF8.self)))
        }
    }

    /// The bullets of a file with their further lines, and its other paragraphs; headings are no entries.
    static func entries(_ text: String) -> [String] {
        var entries: [String] = []
        var open = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let trimmed = String(line).trimmingWhiteSpace
            if trimmed.isEmpty || line.hasPrefix("#") {
                open = false
            } else if open, !line.hasPrefix("- "), !line.hasPrefix("* ") {
                entries[entries.count - 1] += "\n  " + trimmed
            } else {
                entries.append(trimmed)
                open = true
            }
        }
        return entries
    }

    private static func words(_ text: String) -> [String] {
        text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
    }

    private static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
