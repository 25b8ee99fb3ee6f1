import Core
import Foundation
import LinuxIO

/// Changes one setting in a file's text and leaves all else as it is, comments included.
package enum ConfigurationEdit {
    /// Sets a home's setting; `text` holds the items of a list separated by commas.
    ///
    /// The whole file is checked before it replaces the old one. Throws ``ConfigurationError``.
    package static func set(_ key: String, to text: String, home: String, environment: [String: String] = [:]) throws {
        let path = HostConfiguration.path(home: home)
        let old = FileManager.default.fileExists(atPath: path) ? try read(path) : DefaultFile.text
        let new = try setting(key, to: text, in: old, path: path)
        _ = try HostConfiguration(text: new, path: path, environment: environment)
        try replace(path: path, with: new)
    }

    /// The file's text with the setting made; throws unless the result reads back as what was asked.
    static func setting(_ key: String, to text: String, in old: String, path: String) throws -> String {
        let parts = key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.allSatisfy(PathSegment.isIdentifier), let setting = Setting.at(parts) else {
            let known = Setting.all.map(\.key).joined(separator: ", ")
            throw ConfigurationError(.unknownKey, source: path, key: key, "no such setting; there are: \(known)")
        }
        let items =
            setting.kind.isList
            ? text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } : [text]
        if let complaint = items.lazy.compactMap({ setting.kind.complaint($0) }).first {
            throw ConfigurationError(.badValue, source: path, key: key, complaint)
        }
        let value = setting.kind.isList ? "[\(items.map(scalar).joined(separator: ", "))]" : scalar(text)
        let file = try ConfigurationFile(text: old, path: path)
        var lines = old.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if let entry = file.entries.first(where: { $0.path == parts }) {
            replaceValue(of: entry, with: value, in: &lines)
        } else {
            insert(parts, value, file, into: &lines)
        }
        let new = lines.joined(separator: "\n")
        let back = try ConfigurationFile(text: new, path: path).texts(parts, setting.kind) ?? []
        guard back == items.filter({ !$0.isEmpty }) else {
            throw ConfigurationError(
                .unwritable,
                source: path,
                key: key,
                "stands there in a form that cannot be changed in place: edit the file"
            )
        }
        return new
    }

    private static func replaceValue(of entry: ConfigurationFile.Entry, with value: String, in lines: inout [String]) {
        if entry.valueLine == entry.keyLine, entry.lastLine == entry.keyLine {
            let line = lines[entry.keyLine - 1]
            let start = line.unicodeScalars.index(
                line.unicodeScalars.startIndex,
                offsetBy: entry.valueColumn - 1,
                limitedBy: line.unicodeScalars.endIndex
            )
            let begin = start ?? line.endIndex
            lines[entry.keyLine - 1] = line[..<begin] + value + line[end(of: line[begin...])...]
        } else if let colon = lines[entry.keyLine - 1].firstIndex(of: ":") {
            lines[entry.keyLine - 1] = lines[entry.keyLine - 1][...colon] + " " + value
            lines.removeSubrange(entry.keyLine..<entry.lastLine)
        }
    }

    /// Where the value that begins here ends: behind its closing quote or bracket, else before a comment.
    private static func end(of rest: Substring) -> String.Index {
        let closing: Character? = rest.first == "\"" ? "\"" : rest.first == "'" ? "'" : rest.first == "[" ? "]" : nil
        if let closing, let index = rest.dropFirst().firstIndex(of: closing) { return rest.index(after: index) }
        var last = rest.range(of: " #")?.lowerBound ?? rest.endIndex
        while last > rest.startIndex, rest[rest.index(before: last)] == " " { last = rest.index(before: last) }
        return last
    }

    private static func insert(
        _ parts: [String],
        _ value: String,
        _ file: ConfigurationFile,
        into lines: inout [String]
    ) {
        var depth = parts.count - 1
        var parent: ConfigurationFile.Section?
        while depth > 0, parent == nil {
            let path = Array(parts[..<depth])
            parent = file.sections.first { $0.path == path }
            if parent == nil { depth -= 1 }
        }
        var indent = parent.map { String(repeating: " ", count: $0.column + 1) } ?? ""
        if let parent,
            let sibling = file.entries.first(where: { $0.path.count > depth && Array($0.path[..<depth]) == parent.path }
            )
        {
            indent = String(lines[sibling.keyLine - 1].prefix { $0 == " " })
            if sibling.path.count > depth + 1 { indent = String(repeating: " ", count: parent.column + 1) }
        }
        let rest = parts[depth...]
        var new: [String] = []
        for (level, part) in rest.enumerated() {
            let margin = indent + String(repeating: " ", count: 2 * level)
            new.append(level == rest.count - 1 ? "\(margin)\(part): \(value)" : "\(margin)\(part):")
        }
        let place = position(after: parent, commented: rest.first ?? "", indent: indent, in: lines)
        lines.insert(contentsOf: new, at: place)
    }

    /// Behind the commented default of the key if it is there, else behind the section's own line or at the end.
    private static func position(
        after parent: ConfigurationFile.Section?,
        commented name: String,
        indent: String,
        in lines: [String]
    ) -> Int {
        var index = parent?.line ?? 0
        while index < lines.count {
            let line = lines[index]
            if line.hasPrefix("\(indent)# \(name):") { return index + 1 }
            let isComment = line.allSatisfy { $0 == " " } || line.drop { $0 == " " }.hasPrefix("#")
            if parent != nil, !isComment, line.prefix(while: { $0 == " " }).count < indent.count { break }
            index += 1
        }
        if let parent { return parent.line }
        return lines.last?.isEmpty == true ? lines.count - 1 : lines.count
    }

    private static func scalar(_ text: String) -> String {
        let plain =
            !text.isEmpty && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_./+-".contains($0)) }
        if plain, text.first != "-" { return text }
        let escaped = text.replacingExactly("\\", with: "\\\\").replacingExactly("\"", with: "\\\"")
        return "\"\(escaped)\""
    }

    private static func read(_ path: String) throws -> String {
        do { return try String(contentsOfFile: path, encoding: .utf8) } catch {
            throw ConfigurationError(
                .unreadable,
                source: path,
                "cannot be read as UTF-8: \(error.localizedDescription)"
            )
        }
    }

    /// Puts the text in place of the file, whole or not at all; a new file is for its owner alone.
    static func replace(path: String, with text: String) throws {
        let url = URL(fileURLWithPath: path)
        do {
            let folder = try Directory(path: url.deletingLastPathComponent().path)
            let mode = try folder.status(url.lastPathComponent).map { $0.st_mode & 0o777 } ?? 0o600
            try folder.replace(url.lastPathComponent, with: Array(text.utf8), mode: mode)
        } catch {
            throw ConfigurationError(.unwritable, source: path, "cannot be written: \(error)")
        }
    }
}
