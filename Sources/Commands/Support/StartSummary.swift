import Host

/// What `nanoclaw up` prints once the host accepts messages.
enum StartSummary {
    /// Home, provider, channels, groups, sandbox if it is known, and how to talk to it.
    static func text(_ status: HostStatus, talk: String) -> String {
        var lines = [
            "NanoClaw is ready (pid \(status.pid))",
            "  home       \(SafeText.oneLine(status.home))",
            "  provider   \(StatusText.providers(status))",
            "  channels   \(StatusText.channels(status))",
            "  groups     \(StatusText.groups(status))",
        ]
        if let report = status.isolation { lines.append("  sandbox    \(IsolationText.line(report))") }
        lines.append("  talk       in a second terminal: \(talk)")
        lines += status.problems.map { "  ! \(SafeText.oneLine(ProgramName.inAdvice($0)))" }
        return lines.joined(separator: "\n")
    }

    /// The command that opens a chat, as this person would type it.
    static func talk(home: String) -> String {
        let isDefault = (try? HomeLocation.resolve(option: nil, environment: nil, binary: HomeLocation.binary)) == home
        return isDefault ? ProgramName.command("chat") : ProgramName.command("chat --home", ShellText.quoted(home))
    }

    /// A model server that runs here, with the one command that adds it.
    static func ollama(_ found: OllamaProbe.Found) -> String {
        let model = found.models.first ?? "MODEL"
        return
            "  model      an Ollama answers on \(OllamaProbe.address); add it: "
            + ProgramName.command("providers add ollama --kind openai")
            + " --base-url http://\(OllamaProbe.address)/v1 --model \(ShellText.quoted(SafeText.oneLine(model)))"
    }
}
