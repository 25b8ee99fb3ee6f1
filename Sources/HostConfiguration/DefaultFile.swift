/// The file that a new home gets.
package enum DefaultFile {
    /// Every setting as a comment with its default; sections are there, so that a line needs only its `#` taken away.
    package static let text: String = {
        var lines = [
            "# What the NanoClaw host of this home needs to start. Every setting is optional: take the \"# \" away to make it.",
            "# People, groups, chats and models are no settings: see `nanoclaw --help`. An unknown key stops the start.",
            "# `nanoclaw config show` tells each value and where it comes from; NANOCLAW_MAX_RUNNERS=8 would win over maxRunners.",
        ]
        var section = ""
        for setting in Setting.all {
            let parts = setting.parts
            let own = parts.count == 1 ? "" : parts[0]
            if own != section {
                section = own
                lines += ["", "\(own):"]
            }
            let indent = own.isEmpty ? "" : "  "
            if own.isEmpty { lines.append("") }
            if parts.contains("*") {
                lines += example(setting)
            } else {
                lines.append("\(indent)# \(setting.summary)")
                let standard = setting.kind.isList ? "[\(setting.standard)]" : setting.standard
                lines.append("\(indent)# \(parts[parts.count - 1]): \(standard)".trimmingTrailingSpace)
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }()

    private static func example(_ setting: Setting) -> [String] {
        switch setting.key {
        case "log.components.*": ["  # \(setting.summary)", "  # components:", "  #   delivery: debug"]
        case "mounts.*.path": ["  # \(setting.summary)", "  # notes:", "  #   path: /home/you/notes"]
        case "mounts.*.readWrite": ["  #   # \(setting.summary)", "  #   readWrite: false"]
        case "mounts.*.groups": ["  #   # \(setting.summary)", "  #   groups: [main]"]
        default: []
        }
    }
}

extension String {
    fileprivate var trimmingTrailingSpace: String { hasSuffix(" ") ? String(dropLast()) : self }
}
