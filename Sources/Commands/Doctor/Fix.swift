/// A command that puts a finding right, as a person types it.
///
/// Every one that the doctor names is made here, so that a test can hold all of them against the verbs that there are.
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

    static func close(_ path: String, to mode: String) -> Fix { Fix("chmod", mode, ShellText.quoted(path)) }
    static func give(_ path: String, to user: UInt32) -> Fix { Fix("chown -R", String(user), ShellText.quoted(path)) }
    static func make(_ path: String) -> Fix { Fix("mkdir -p", ShellText.quoted(path)) }
    static func room(_ path: String) -> Fix { Fix("df -h", ShellText.quoted(path)) }
    static func salvage(_ database: String) -> Fix { Fix("sqlite3", ShellText.quoted(database), ".recover") }
    static let build = Fix("./nanoclaw.sh build")
    static let serviceUser = Fix("useradd --system --no-create-home nanoclaw")
    static let newerWSL = Fix("wsl.exe --update")
    static let profile = Fix(
        "nanoclaw sandbox apparmor | sudo tee /etc/apparmor.d/nanoclaw-sandbox && "
            + "sudo apparmor_parser -r /etc/apparmor.d/nanoclaw-sandbox"
    )
    static let service = Fix("sudo nanoclaw service install")
    static func logs(_ place: String) -> Fix { Fix("nanoclaw logs", home(place)) }
    static func up(_ place: String) -> Fix { Fix("nanoclaw up", home(place)) }
    static func status(_ place: String) -> Fix { Fix("nanoclaw status", home(place)) }
    static func validate(_ place: String) -> Fix { Fix("nanoclaw config validate", home(place)) }
    static func probe(_ place: String) -> Fix { Fix("nanoclaw sandbox probe", home(place)) }
    static func reset(session: String, _ place: String) -> Fix { Fix("nanoclaw sessions reset", session, home(place)) }
    static func look(at path: String) -> Fix { Fix("cat", ShellText.quoted(path)) }
    static func provider(_ name: String, _ place: String) -> Fix {
        Fix("nanoclaw providers test", ShellText.quoted(name), home(place))
    }

    /// One of each.
    static let examples: [Fix] = [
        close("/h/data", to: "700"), give("/h/groups", to: 1000), make("/h"), room("/h"),
        salvage("/h/data/nanoclaw.db"),
        build, serviceUser, newerWSL, profile, service, logs("/h"), up("/h"), status("/h"), validate("/h"), probe("/h"),
        reset(session: "se_1", "/h"), look(at: "/h/x"), provider("local", "/h"),
    ]
}
