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
    static func make(_ path: String) -> Fix { Fix("mkdir -p", ShellText.quoted(path)) }
    static func room(_ path: String) -> Fix { Fix("df -h", ShellText.quoted(path)) }
    static func salvage(_ database: String) -> Fix {
        // Not `.recover`: Debian 12's answers "SQL logic error" to it, whatever the database is.
        let rescue = "sqlite3 \(ShellText.quoted(database)) .dump"
        return Fix(Program.path("sqlite3") == nil ? "\(sudo)apt-get install -y sqlite3 && \(rescue)" : rescue)
    }
    /// In the checkout that these programs were built in; elsewhere nobody knows where the build is.
    static func build(_ directory: String?) -> Fix {
        guard let directory else { return Fix("ls -l /proc/self/exe") }
        guard let checkout = HomeLocation.checkout(of: directory) else {
            return Fix("ls -l", ShellText.quoted(directory))
        }
        return Fix(ShellText.quoted(checkout + "/nanoclaw.sh"), "build")
    }
    static let serviceUser = Fix("useradd --system --no-create-home nanoclaw")
    static let newerWSL = Fix("wsl.exe --update")
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
    static func look(at path: String) -> Fix { Fix("cat", ShellText.quoted(path)) }
    static func provider(_ name: String, _ place: String) -> Fix {
        own("providers test", ShellText.quoted(name), home(place))
    }

    /// One of each, about a home.
    static func examples(_ home: String) -> [Fix] {
        [
            close(home + "/data", to: "700"), give(home + "/groups", to: geteuid()), make(home + "/new"), room(home),
            salvage(home + "/data/nanoclaw.db"), look(at: home + "/config.yaml"),
            build(HomeLocation.binaries), build("/usr/local/lib"), build(nil), serviceUser, newerWSL, profile, service,
            logs(home), up(home), status(home), validate(home), probe(home), reset(session: "se_1", home),
            provider("local", home),
        ]
    }
}
