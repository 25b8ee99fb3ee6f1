import Glibc

/// A command that puts a finding right, as a person types it.
///
/// Every one that the doctor names is made here, so that a test can hold all of them against the programs that there are.
struct Fix: Codable, Sendable, Equatable {
    let command: String

    init(command: String) { self.command = command }

    init(from decoder: any Decoder) throws {
        command = try decoder.singleValueContainer().decode(String.self)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(command)
    }

    private init(_ words: String...) { command = words.joined(separator: " ") }

    private static func home(_ home: String) -> String { "--home \(ShellText.quoted(home))" }
    private static func own(_ words: String...) -> Fix { Fix(ProgramName.typed, words.joined(separator: " ")) }
    /// Root may have no `sudo` to call.
    private static let sudo = geteuid() == 0 ? "" : "sudo "

    static func close(_ path: String, to mode: String) -> Fix { Fix("chmod", mode, ShellText.quoted(path)) }
    static func give(_ path: String, to user: UInt32) -> Fix {
        Fix("\(sudo)chown -R", String(user), ShellText.quoted(path))
    }
    /// The doctor again, by whoever may look.
    static func ask(as user: UInt32, _ place: String) -> Fix {
        Fix("sudo -u '#\(user)'", ProgramName.forRoot, "doctor", home(place))
    }
    static func make(_ path: String) -> Fix { Fix("mkdir -p", ShellText.quoted(path)) }
    static func room(_ path: String) -> Fix { Fix("df -h", ShellText.quoted(path)) }
    /// To a disk that can hold a home: which, its owner knows.
    static func move(_ place: String) -> Fix { Fix("cp -a", ShellText.quoted(place), "DIR") }
    /// The last backup beside a home whose database is damaged.
    static func backup(_ place: String) -> Fix { restore(place + "-restored") }
    /// In the checkout that these programs were built in; elsewhere nobody knows where the build is.
    static func build(_ directory: String?) -> Fix {
        guard let directory else { return Fix("ls -l /proc/self/exe") }
        guard let checkout = HomeLocation.checkout(of: directory) else {
            return Fix("ls -l", ShellText.quoted(directory))
        }
        return Fix(ShellText.quoted(checkout + "/nanoclaw.sh"), "build")
    }
    static let serviceUser = Fix("useradd --system --no-create-home nanoclaw")
    /// Of the distribution by the name that WSL gives it; `wsl.exe -l -v` tells it where it does not.
    static let newerWSL = Fix(
        "wsl.exe --set-version",
        ShellText.quoted(getenv("WSL_DISTRO_NAME").map { String(cString: $0) } ?? "DISTRO"),
        "2"
    )
    static let profile = Fix(
        "\(ProgramName.typed) sandbox apparmor | \(sudo)tee /etc/apparmor.d/nanoclaw-sandbox && "
            + "\(sudo)apparmor_parser -r /etc/apparmor.d/nanoclaw-sandbox"
    )
    static let service = Fix("\(sudo)\(ProgramName.forRoot) service install")
    static func logs(_ place: String) -> Fix { own("logs", home(place)) }
    static func up(_ place: String) -> Fix { own("up", home(place)) }
    static func status(_ place: String) -> Fix { own("status", home(place)) }
    static func validate(_ place: String) -> Fix { own("config validate", home(place)) }
    static func probe(_ place: String) -> Fix { own("sandbox probe", home(place)) }
    static func reset(session: String, _ place: String) -> Fix { own("sessions reset", session, home(place)) }
    /// `reason` is what the mark of the upgrade says: it names the programs that were being changed.
    static func resume(after reason: String, _ place: String) -> Fix {
        let parts = reason.split(separator: "`", omittingEmptySubsequences: false)
        return parts.count == 3 ? Fix(command: String(parts[1])) : own("upgrade --resume", home(place))
    }
    static func release(_ place: String) -> Fix { own("upgrade --from DIR", home(place)) }
    static func remove(_ paths: [String]) -> Fix { Fix("rm -r", paths.map(ShellText.quoted).joined(separator: " ")) }
    /// Of a backup, in a directory that is empty, or is without these.
    static func restore(_ place: String, over paths: [String] = []) -> Fix {
        let restore = own("backup restore FILE", home(place))
        return paths.isEmpty ? restore : Fix(remove(paths).command, "&&", restore.command)
    }
    /// After the start limit systemd starts nothing before it was told to forget.
    static func startAgain(_ unit: String, of systemd: Systemd) -> Fix {
        let program = systemd.isUser ? "systemctl --user" : "\(sudo)systemctl"
        return Fix(program, "reset-failed", unit, "&&", program, "start", unit)
    }
    static func key(_ provider: String, _ place: String) -> Fix {
        own("providers update", ShellText.quoted(provider), "--key-file FILE", home(place))
    }
    static func account(_ name: String, of channel: String, _ place: String) -> Fix {
        let name = ShellText.quoted(name)
        let anew = own("channels add", ShellText.quoted(channel), "--name", name, home(place))
        return Fix(own("channels remove", name, home(place)).command, "&&", anew.command)
    }
    static func look(at path: String) -> Fix { Fix("cat", ShellText.quoted(path)) }
    static func provider(_ name: String, _ place: String) -> Fix {
        own("providers test", ShellText.quoted(name), home(place))
    }

    /// One of each, about a home.
    static func examples(_ home: String) -> [Fix] {
        [
            close(home + "/data", to: "700"), give(home + "/groups", to: geteuid()), ask(as: 0, home),
            make(home + "/new"), room(home), move(home), backup(home), look(at: home + "/config.yaml"),
            build(HomeLocation.binaries), build("/usr/local/lib"), build(nil), serviceUser, newerWSL, profile, service,
            logs(home), up(home), status(home), validate(home), probe(home), reset(session: "se_1", home),
            provider("local", home), resume(after: "", home), release(home), remove([home + "/.nanoclaw-restore"]),
            restore(home), restore(home, over: [home + "/groups"]), startAgain(ServiceUnits.host, of: .system),
            startAgain(ServiceUnits.host, of: .user), key("local", home), account("bot", of: "telegram", home),
        ]
    }
}
