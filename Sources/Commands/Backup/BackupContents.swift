import BackupArchive
import Core
import SessionStoreHost

/// What a backup holds, as reading all of it shows; every database is opened in memory and checked, a runner's as the
/// delivery does.
struct BackupContents: ArchiveVisitor, Encodable {
    /// Bytes of description and list that are read.
    static let longestText = 16 << 20

    private(set) var description: BackupDescription?
    private(set) var leftOut: [LeftOut] = []
    private(set) var groups = 0
    private(set) var sessions = 0
    private(set) var messages = 0
    private(set) var files = 0
    private(set) var bytes = 0
    /// What a person should know of the conversations in it.
    private(set) var notes: [String] = []
    /// Why it is of no use though it is as it was written.
    private(set) var faults: [String] = []

    private var hasCentral = false
    private var collected: [UInt8] = []
    private var isCollecting = false
    /// A database whose journal may follow.
    private var unchecked: (path: String, bytes: [UInt8])?

    enum CodingKeys: String, CodingKey {
        case description, leftOut = "left_out", groups, sessions, messages, files, bytes, notes, faults
    }

    /// Nothing has been read.
    init() {}

    private static func isDatabase(_ path: String) -> Bool {
        if path == "data/nanoclaw.db" { return true }
        let parts = path.split(separator: "/")
        return path.hasPrefix("data/sessions/") && parts.count == 6 && parts[5] == "\(parts[4]).db"
            && ["inbound", "outbound"].contains(parts[4])
    }

    /// Whether anybody in a sandbox may have made it.
    private static func isOfRunner(_ path: String) -> Bool { path.hasSuffix("/outbound.db") }

    mutating func begin(_ entry: ArchiveEntry) throws {
        let isHot = unchecked.map { $0.path + "-journal" == entry.path } ?? false
        if isHot, let path = unchecked?.path {
            notes.append("\(path) was caught half-written: the next host rolls it back")
            unchecked = nil
        }
        try check()
        let isText = [EntryRules.description, EntryRules.leftOut].contains(entry.path)
        guard !isText || entry.size <= Self.longestText else {
            throw ArchiveError(.unsafe, "\(entry.path) is too long")
        }
        collected = []
        let isDatabase = Self.isDatabase(entry.path)
        let limit = DatabaseCopy.largest(entry.path)
        isCollecting = isText || isDatabase && entry.size <= limit
        if isDatabase, Self.isOfRunner(entry.path), entry.size > limit {
            complain(entry.path, "it is over \(limit) bytes")
        }
    }

    mutating func take(_ bytes: [UInt8]) { if isCollecting { collected += bytes } }

    mutating func end(_ entry: ArchiveEntry) throws {
        guard entry.kind == .file else { return }
        switch entry.path {
        case EntryRules.description:
            let known = try JSONText.decode(BackupDescription.self, collected)
            if let refusal = known.refusal { throw ArchiveError(.unsafe, refusal) }
            description = known
        case EntryRules.leftOut:
            leftOut = try collected.split(separator: 0x0A).map { try JSONText.decode(LeftOut.self, $0) }
        default:
            files += 1
            bytes += entry.size
            if entry.path == "data/nanoclaw.db" { hasCentral = true }
            if isCollecting { unchecked = (entry.path, collected) }
        }
        collected = []
    }

    private mutating func check() throws {
        guard let (path, bytes) = unchecked else { return }
        unchecked = nil
        if Self.isOfRunner(path) {
            if let reason = OutboundCheck.refusal(of: bytes) { complain(path, reason) }
            return
        }
        do {
            let image = try DatabaseImage(bytes, name: path, hasChecks: path == "data/nanoclaw.db")
            let findings = try image.findings()
            guard findings.isEmpty else { return complain(path, findings.joined(separator: "; ")) }
            switch path.split(separator: "/").last {
            case "nanoclaw.db":
                groups = try image.number("SELECT count(*) FROM agent_groups")
                sessions = try image.number("SELECT count(*) FROM sessions")
            case "inbound.db":
                messages += try image.number(
                    "SELECT (SELECT count(*) FROM messages_in) + (SELECT count(*) FROM deliveries)"
                )
            default: break
            }
        } catch {
            complain(path, "\(error)")
        }
    }

    /// A runner's own file may be anything: the host sets a bad one aside, and the conversation goes on.
    private mutating func complain(_ path: String, _ reason: String) {
        if Self.isOfRunner(path) {
            notes.append("\(path) is damaged; the host will set it aside: \(reason.prefix(300))")
        } else {
            faults.append("\(path) was damaged already when the backup was taken: \(reason.prefix(300))")
        }
    }

    /// Reads all of a backup; throws ``ArchiveError`` where it is not as it was written, or holds what none does.
    static func read(_ reader: ArchiveReader) throws -> BackupContents {
        var contents = BackupContents()
        try reader.read(into: &contents)
        try contents.check()
        guard contents.hasCentral else {
            throw ArchiveError(.unsafe, "there is no central database in it")
        }
        return contents
    }
}
