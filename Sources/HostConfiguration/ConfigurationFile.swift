import Configuration
import Core
import Yams

/// What a `config.yaml` says, checked key by key.
struct ConfigurationFile {
    /// A setting that the file makes.
    struct Entry {
        let path: [String]
        let setting: Setting
        /// Where its key stands, and where its value begins.
        let keyLine: Int
        let valueLine: Int
        let valueColumn: Int
        /// The last line of the value.
        let lastLine: Int
    }
    /// A key that holds others.
    struct Section {
        let path: [String]
        let line: Int
        let column: Int
    }

    let path: String
    private(set) var entries: [Entry] = []
    private(set) var sections: [Section] = []
    /// Keys that are no setting, in the order of the file.
    private(set) var unknown: [ConfigurationError] = []
    private var snapshot: YAMLSnapshot?

    /// Reads the text of the file at `path`; throws ``ConfigurationError`` with line and key.
    ///
    /// With `keepsUnknown`, keys that are no setting are collected instead.
    init(text: String, path: String, keepsUnknown: Bool = false) throws {
        self.path = path
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw ConfigurationError(.syntax, source: path, line: error.line(in: text), error.summary)
        }
        guard let root, root.scalar?.string.isEmpty != true else { return }
        guard let mapping = root.mapping else {
            throw ConfigurationError(.syntax, source: path, line: root.mark?.line, "needs \"key: value\" lines")
        }
        try read(mapping, below: [])
        if let first = unknown.first, !keepsUnknown { throw first }
        let bytes = Array(text.utf8)
        snapshot = try YAMLSnapshot(data: bytes.span.bytes, providerName: path, parsingOptions: .default)
        for entry in entries { try check(entry) }
    }

    /// The texts of a setting (one, or the items of a list); nil when the file does not make it or leaves it empty.
    func texts(_ path: [String], _ kind: SettingKind) throws -> [String]? {
        guard let snapshot, entries.contains(where: { $0.path == path }) else { return nil }
        let key = AbsoluteConfigKey(path)
        switch try snapshot.value(forKey: key, type: kind.isList ? .stringArray : .string).value?.content {
        case .string(let text): return text.isEmpty ? nil : [text]
        case .stringArray(let texts): return texts
        default: return nil
        }
    }

    private mutating func read(_ mapping: Node.Mapping, below parent: [String]) throws {
        for (key, value) in mapping {
            let line = key.mark?.line ?? 1
            guard let name = key.scalar?.string else {
                throw ConfigurationError(.unknownKey, source: path, line: line, "a key must be a word")
            }
            let full = parent + [name]
            let dotted = full.joined(separator: ".")
            let isEmpty = value.scalar?.string.isEmpty == true
            if Setting.isSection(full), PathSegment.isIdentifier(name) {
                sections.append(Section(path: full, line: line, column: key.mark?.column ?? 1))
                if isEmpty { continue }
                guard let inner = value.mapping else {
                    throw ConfigurationError(
                        .badValue,
                        source: path,
                        line: line,
                        key: dotted,
                        "needs settings below it"
                    )
                }
                try read(inner, below: full)
            } else if let setting = Setting.at(full), PathSegment.isIdentifier(name) {
                if isEmpty { continue }
                guard
                    setting.kind.isList ? value.sequence?.allSatisfy({ $0.scalar != nil }) == true : value.scalar != nil
                else {
                    let form = setting.kind.isList ? "a list, such as [a, b]" : "one value"
                    throw ConfigurationError(.badValue, source: path, line: line, key: dotted, "needs \(form)")
                }
                let last = value.sequence?.last?.mark?.line ?? value.mark?.line ?? line
                entries.append(
                    Entry(
                        path: full,
                        setting: setting,
                        keyLine: line,
                        valueLine: value.mark?.line ?? line,
                        valueColumn: value.mark?.column ?? 1,
                        lastLine: last
                    )
                )
            } else {
                let known = Setting.names(below: parent).map { $0 == "*" ? "a name of letters, digits, _ and -" : $0 }
                unknown.append(
                    ConfigurationError(
                        .unknownKey,
                        source: path,
                        line: line,
                        key: dotted,
                        "no such setting; there are: \(known.joined(separator: ", "))"
                    )
                )
            }
        }
    }

    private func check(_ entry: Entry) throws {
        for text in try texts(entry.path, entry.setting.kind) ?? [] {
            if let complaint = entry.setting.kind.complaint(text) {
                throw ConfigurationError(
                    .badValue,
                    source: path,
                    line: entry.keyLine,
                    key: entry.path.joined(separator: "."),
                    complaint
                )
            }
        }
    }
}

extension YamlError {
    fileprivate func line(in text: String) -> Int? {
        switch self {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _): mark.line
        case .duplicatedKeysInMapping(let keys, let context): Self.second(keys.first ?? "", after: context.mark, text)
        default: nil
        }
    }

    /// The line where a key stands again in the mapping whose first place is known; the first one if that is not to be seen.
    private static func second(_ key: String, after mark: Mark, _ text: String) -> Int {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in zip(lines.indices, lines).dropFirst(mark.line) {
            let indent = line.prefix { $0 == " " }.count
            let content = line.dropFirst(indent)
            if content.isEmpty || content.hasPrefix("#") { continue }
            if indent < mark.column - 1 { break }
            let names = [key, "\"\(key)\"", "'\(key)'"]
            if indent == mark.column - 1, names.contains(where: { content.hasPrefix("\($0):") }) { return index + 1 }
        }
        return mark.line
    }

    fileprivate var summary: String {
        switch self {
        case .scanner(_, let problem, _, _), .parser(_, let problem, _, _), .composer(_, let problem, _, _): problem
        case .duplicatedKeysInMapping(let keys, _): "stands there twice: \(keys.joined(separator: ", "))"
        default: "\(self)"
        }
    }
}
