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
        func made(_ texts: [String], _ origin: String) -> ConfigurationValue {
            ConfigurationValue(
                key: key,
                value: texts.joined(separator: ", "),
                origin: origin,
                summary: setting.summary
            )
        }
        let found = try variables.value(
            forKey: AbsoluteConfigKey(["nanoclaw"] + path),
            type: setting.kind.isList ? .stringArray : .string
        )
        if let content = found.value?.content {
            let texts: [String] =
                switch content {
                case .string(let text): [text]
                case .stringArray(let items): items.map { $0.trimmingCharacters(in: .whitespaces) }
                default: []
                }
            for text in texts {
                if let complaint = setting.kind.complaint(text) {
                    throw ConfigurationError(
                        .badValue,
                        source: "environment variable \(found.encodedKey)",
                        key: key,
                        complaint
                    )
                }
            }
            return made(texts, found.encodedKey)
        }
        if let texts = try file.texts(path, setting.kind) {
            let line = file.entries.first { $0.path == path }?.keyLine ?? 1
            return made(texts, "\(file.path):\(line)")
        }
        if setting.kind == .timeZone { return made([systemTimeZone], "system") }
        return made(setting.standard.isEmpty ? [] : [setting.standard], "default")
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

    func list(_ key: String) -> [String] { text(key).split(separator: ", ").map(String.init) }

    func number(_ key: String) -> Int { Int(text(key)) ?? 0 }

    func bytes(_ key: String) -> Int { SettingKind.bytes(text(key)) ?? 0 }

    func days(_ key: String) -> Duration { .seconds(number(key) * 86_400) }

    func names(_ section: String) -> [String] {
        var names: [String] = []
        for value in values where value.key.hasPrefix(section + ".") {
            let name = String(value.key.dropFirst(section.count + 1).prefix { $0 != "." })
            if !names.contains(name) { names.append(name) }
        }
        return names
    }
}
