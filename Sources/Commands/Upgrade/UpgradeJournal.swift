import Core
import Glibc
import LinuxIO

/// How far an upgrade has come: `.upgrade/journal.json` beside the programs, from before the host is stopped until the
/// new one, or the old one again, is known to serve.
struct UpgradeJournal: Codable, Sendable {
    /// What is being done; everything before it is done, and each may be done again.
    enum Step: String, Codable, Sendable {
        /// The host is being stopped. Nothing is changed yet.
        case stopping
        /// State and old programs are being copied. Nothing is changed yet.
        case saving
        /// The new programs are being put into place.
        case switching
        /// The new host is being started and waited for.
        case starting
        /// Old programs and old state are being put back.
        case returning
        /// They are back; the old host is being started.
        case returned
    }

    /// A process, told from later ones with its number.
    struct Child: Codable, Sendable {
        var pid: Int32
        var startTime: UInt64
        var bootID: String
    }

    static let format = 1
    static let name = "journal.json"

    var format = Self.format
    /// When the upgrade began; names the folder of what it keeps in the home.
    var id: String
    var home: String
    var step: Step
    var run: HostRun
    /// The new host, while it is not known to serve.
    var child: Child?
    /// Why it returns.
    var reason: String?

    /// The journal of an upgrade that has not ended; nil when there is none.
    ///
    /// Throws for one that this program does not understand.
    static func read(_ work: Directory) throws -> UpgradeJournal? {
        guard try work.status(name) != nil else { return nil }
        let bytes = try work.contents(name, limit: 1 << 20)
        do {
            let value = try JSONValue(parsing: String(decoding: bytes, as: UTF8.self))
            guard value[key: "format"]?.integer == Int64(format) else {
                throw CommandFailure(.failed, "\(name) of another nanoclaw's upgrade: use its program to end it")
            }
            return try value.decoded(as: Self.self)
        } catch let error as CoreError {
            throw CommandFailure(.failed, "the journal of an interrupted upgrade cannot be read: \(error)")
        }
    }

    /// Puts it on the disk before anything of the step is done.
    func write(_ work: Directory) throws {
        try work.replace(Self.name, with: Array(try JSONText.encode(self).utf8), mode: 0o600)
    }
}

/// The mark of a home whose state or programs are between two releases: no host starts on it.
enum UpgradeMark {
    private static let name = "interrupted"

    /// Throws for a home that an interrupted upgrade has left.
    static func check(home: String) throws {
        guard let data = try? Directory(path: "\(home)/data"),
            let bytes = try? data.contents("upgrades/\(name)", limit: 8192)
        else { return }
        let program = ShellText.quoted(SafeText.oneLine(String(decoding: bytes, as: UTF8.self)))
        throw CommandFailure(
            .configuration,
            "an upgrade of \(home) was interrupted: `\(program) upgrade --resume --home \(ShellText.quoted(home))` "
                + "ends it, --back in place of --resume goes back"
        )
    }

    static func set(_ upgrades: Directory, program: String) throws {
        // The host that reads it may be another user's.
        try upgrades.replace(name, with: Array(program.utf8), mode: 0o644)
    }

    static func clear(_ upgrades: Directory) throws {
        try upgrades.remove(name)
        try upgrades.descriptor.synchronize()
    }
}
