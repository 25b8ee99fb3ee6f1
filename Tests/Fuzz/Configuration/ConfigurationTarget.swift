@testable import HostConfiguration

/// `config.yaml`, the environment over it, and the change of one setting in its text.
///
/// Whatever is accepted keeps every setting's rule; a change makes that setting and no other; nothing but
/// ``ConfigurationError`` is thrown.
struct ConfigurationTarget: FuzzTarget {
    static let name = "configuration"

    func run(_ input: [UInt8]) {
        var choices = Choices(input)
        let change = choices.below(3)
        let setting = choices.pick(Setting.all)
        let value = choices.text(40)
        let text = String(decoding: choices.remainder(), as: UTF8.self)
        switch change {
        case 0: _ = read(text, [:])
        case 1: environment(setting, value, text)
        default: edit(setting, value, text)
        }
    }

    private func read(_ text: String, _ environment: [String: String]) -> HostConfiguration? {
        let configuration: HostConfiguration
        do {
            configuration = try HostConfiguration(text: text, path: "config.yaml", environment: environment)
        } catch {
            check(error, text)
            return nil
        }
        for value in configuration.values {
            guard let setting = Setting.at(value.key.split(separator: ".").map(String.init)) else {
                violated("\(value.key) is a setting")
            }
            let items = setting.kind.isList ? value.value.split(separator: ", ").map(String.init) : [value.value]
            for item in items where !item.isEmpty || !setting.standard.isEmpty {
                require(setting.kind.complaint(item) == nil, "\(value.key) = \(value.value) keeps its rule")
            }
        }
        require((1...10_000).contains(configuration.maxRunners), "maxRunners is bounded")
        require(configuration.sandbox.memoryBytes >= 64 << 20, "sandbox.memory is bounded")
        require(configuration.mounts.allSatisfy { $0.path.hasPrefix("/") }, "mounts are absolute")
        return configuration
    }

    private func check(_ error: any Error, _ text: String) {
        guard let error = error as? ConfigurationError else {
            violated("a configuration is refused with a ConfigurationError, not with \(type(of: error)): \(error)")
        }
        let lines =
            text.unicodeScalars.count {
                $0 == "\n" || $0 == "\r" || $0.value == 0x85 || $0.value == 0x2028 || $0.value == 0x2029
            } + 2
        if let line = error.line { require((0...lines).contains(line), "line \(line) is one of the file's: \(error)") }
        require("\(error)".utf8.count < 4096 + text.utf8.count, "an error is short")
    }

    private func environment(_ setting: Setting, _ value: String, _ text: String) {
        let name = "NANOCLAW_" + setting.key.replacing("*", with: "x").replacing(".", with: "_").uppercased()
        guard read(text, [:]) != nil else { return }
        _ = read(text, [name: value, "TZ": value])
    }

    private func edit(_ setting: Setting, _ value: String, _ text: String) {
        guard let before = read(text, [:]) else { return }
        let key = setting.key.replacing("*", with: "x")
        let new: String
        do {
            new = try ConfigurationEdit.setting(key, to: value, in: text, path: "config.yaml")
        } catch {
            check(error, text)
            return
        }
        #if PLANTED
        // A change that reaches another setting.
        let written = new.replacing("readWrite: true", with: "readWrite: false")
        #else
        let written = new
        #endif
        // A mount without a path is refused as a whole.
        guard let after = read(written, [:]) else { return }
        let kept = { (values: [ConfigurationValue]) in
            Dictionary(values.filter { $0.key != key }.map { ($0.key, $0.value) }) { _, last in last }
        }
        let (old, now) = (kept(before.values), kept(after.values))
        for (other, value) in old {
            require(now[other] == value, "changing \(key) leaves \(other): \(value) and \(now[other] ?? "nothing")")
        }
    }
}
