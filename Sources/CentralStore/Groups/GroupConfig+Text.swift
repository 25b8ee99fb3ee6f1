import Core

extension GroupConfig {
    /// The keys that ``set(_:to:)`` takes.
    package static let keys: [String] =
        [
            "model", "assistantName", "timeZone", "deniedTools", "skills", "mounts", "packages.apt", "packages.pip",
            "cliScope", "shellPolicy",
        ]
        + GroupLimit.allCases.map { "limits.\($0.rawValue)" }

    /// Sets one value from the text that a person typed; an empty text takes it back to its default.
    ///
    /// Lists are separated by commas. Throws ``StoreError`` naming the key; the result still needs ``validate()``.
    package mutating func set(_ key: String, to text: String) throws {
        let value = text.isEmpty ? nil : text
        switch key {
        case "model": model = value
        case "assistantName": assistantName = value
        case "timeZone": timeZone = value
        case "deniedTools": deniedTools = Self.list(text)
        case "skills": skills = value == nil || value == "all" ? .all : .only(Self.list(text))
        case "mounts": mounts = Self.list(text)
        case "packages.apt": packages.apt = Self.list(text)
        case "packages.pip": packages.pip = Self.list(text)
        case "cliScope": cliScope = try value.map { try CLIScope.named($0, key: key) } ?? .group
        case "shellPolicy": shellPolicy = try value.map { try ShellMode.named($0, key: key) } ?? .allow
        default: try setLimit(key, to: value)
        }
    }

    private mutating func setLimit(_ key: String, to text: String?) throws {
        guard key.hasPrefix("limits."), let limit = GroupLimit(rawValue: String(key.dropFirst("limits.".count))) else {
            throw StoreError(.invalid, StrictKeys.unknown(key, Self.keys, in: "group configuration"))
        }
        guard let text else {
            limits[limit] = nil
            return
        }
        guard let number = Int(text) else {
            throw StoreError(.invalid, "\(key): \"\(text.prefix(80))\" is no whole number")
        }
        limits[limit] = number
    }

    private static func list(_ text: String) -> [String] {
        text.split(separator: ",").map { $0.drop { $0 == " " } }.map { item in
            var item = item
            while item.last == " " { item.removeLast() }
            return String(item)
        }
    }
}
