import Configuration
import Core
import Foundation

/// Lays the environment over the file over the defaults, setting by setting.
struct Resolver {
    let file: ConfigurationFile
    let environment: [String: String]

    /// Every setting's value, in the order of the file; names of the operator's own where they stand.
    func values() throws -> [ConfigurationValue] {
        let variables = EnvironmentVariablesProvider(environmentVariables: environment).snapshot()
        return try Setting.all.flatMap { setting in
            try paths(of: setting).map { path in try value(of: setting, path, variables) }
        }
    }

    private func paths(of setting: Setting) -> [[String]] {
        let parts = setting.parts
        guard let star = parts.firstIndex(of: "*") else { return [parts] }
        var names: [String] = []
        let places = file.entries.map(\.path) + file.sections.map(\.path)
        for path in places where path.count > star && Array(path[..<star]) == Array(parts[..<star]) {
            if !names.contains(path[star]) { names.append(path[star]) }
        }
        return names.map { name in parts.map { $0 == "*" ? name : $0 } }
    }

    private func value(
        of setting: Setting,
        _ path: [String],
        _ variables: any ConfigSnapshot
    ) throws -> ConfigurationValue {
        let key = path.joined(separator: ".")
        let (texts, origin) =
            try fromEnvironment(setting, path, variables) ?? fromFile(setting, path) ?? standard(setting)
        return ConfigurationValue(
            key: key,
            value: texts.joined(separator: ", "),
            origin: origin,
            summary: setting.summary
        )
    }

    /// What a variable says; nil when it is empty or not there.
    private func fromEnvironment(
        _ setting: Setting,
        _ path: [String],
        _ variables: any ConfigSnapshot
    ) throws -> (texts: [String], origin: String)? {
        let found = try variables.value(
            forKey: AbsoluteConfigKey(["nanoclaw"] + path),
            type: setting.kind.isList ? .stringArray : .string
        )
        let texts: [String] =
            switch found.value?.content {
            case .string(let text): [text]
            case .stringArray(let items): items.map { $0.trimmingCharacters(in: .whitespaces) }
            default: []
            }
        if texts.allSatisfy(\.isEmpty) { return nil }
        for text in texts {
            if let complaint = setting.kind.complaint(text) {
                let source = "environment variable \(found.encodedKey)"
                throw ConfigurationError(.badValue, source: source, key: path.joined(separator: "."), complaint)
            }
        }
        return (texts, found.encodedKey)
    }

    private func fromFile(_ setting: Setting, _ path: [String]) throws -> (texts: [String], origin: String)? {
        guard let texts = try file.texts(path, setting.kind) else { return nil }
        let line = file.entries.first { $0.path == path }?.keyLine ?? 1
        return (texts, "\(file.path):\(line)")
    }

    private func standard(_ setting: Setting) -> (texts: [String], origin: String) {
        if setting.kind == .timeZone { return ([systemTimeZone], "system") }
        return (setting.standard.isEmpty ? [] : [setting.standard], "default")
    }

    private var systemTimeZone: String {
        if let zone = environment["TZ"], SettingKind.isTimeZone(zone) { return zone }
        let zone = TimeZone.current.identifier
        return zone == "GMT" ? "UTC" : zone
    }
}

/// Reads values that have been checked.
struct Reader {
    let values: [ConfigurationValue]

    func text(_ key: String) -> String { values.first { $0.key == key }?.value ?? "" }

    /// Nil where nothing is set.
    func optional(_ key: String) -> String? {
        let value = text(key)
        return value.isEmpty ? nil : value
    }

    func list(_ key: String) -> [String] { text(key).split(separator: ", ").map(String.init) }

    func number(_ key: String) -> Int { Int(text(key)) ?? 0 }

    func bytes(_ key: String) -> Int { SettingKind.bytes(text(key)) ?? 0 }

    func days(_ key: String) -> Duration { .seconds(number(key) * 86_400) }

    /// Nil for `never`.
    func daysOrNever(_ key: String) -> Duration? { text(key) == "never" ? nil : days(key) }

    func names(_ section: String) -> [String] {
        var names: [String] = []
        for value in values where value.key.hasPrefix(section + ".") {
            let name = String(value.key.dropFirst(section.count + 1).prefix { $0 != "." })
            if !names.contains(name) { names.append(name) }
        }
        return names
    }
}
