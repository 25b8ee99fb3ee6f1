import Core
package import GRDB
import Scheduling

/// Finds what a person named: by id, folder, name, or a beginning of the id that only one has.
///
/// Throws ``StoreError`` `notFound`, or `ambiguous` listing the candidates.
package enum Lookup {
    /// By id, folder, name, beginning of the id.
    package static func agentGroup(_ text: String, _ db: Database) throws -> AgentGroup {
        let all = AgentGroup.order(AgentGroup.CodingKeys.folder)
        return try find(
            "agent group",
            text,
            [
                { try all.filter(AgentGroup.CodingKeys.id == text).fetchAll(db) },
                { try all.filter(AgentGroup.CodingKeys.folder == text).fetchAll(db) },
                { try all.filter(AgentGroup.CodingKeys.name == text).fetchAll(db) },
                { try beginning(AgentGroup.self, text, db) },
            ]
        ) { "\($0.id) (\($0.folder))" }
    }

    /// By id, `<channel> <platform id>`, platform id, name, beginning of the id.
    package static func messagingGroup(_ text: String, _ db: Database) throws -> MessagingGroup {
        typealias Keys = MessagingGroup.CodingKeys
        let all = MessagingGroup.order(Keys.channelType, Keys.platformID)
        let parts = text.split(separator: " ", maxSplits: 1).map(String.init)
        return try find(
            "messaging group",
            text,
            [
                { try all.filter(Keys.id == text).fetchAll(db) },
                {
                    guard parts.count == 2 else { return [] }
                    return try all.filter(Keys.channelType == parts[0] && Keys.platformID == parts[1]).fetchAll(db)
                },
                { try all.filter(Keys.platformID == text).fetchAll(db) },
                { try all.filter(Keys.name == text).fetchAll(db) },
                { try beginning(MessagingGroup.self, text, db) },
            ]
        ) { "\($0.id) (\($0.channelType) \($0.platformID))" }
    }

    /// By id, beginning of the id.
    package static func wiring(_ text: String, _ db: Database) throws -> Wiring {
        try find("wiring", text, [{ try beginning(Wiring.self, text, db) }]) { $0.id.rawValue }
    }

    /// By id, beginning of the id.
    package static func session(_ text: String, _ db: Database) throws -> Session {
        try find("session", text, [{ try beginning(Session.self, text, db) }]) { $0.id.rawValue }
    }

    /// By id, name, beginning of the id.
    package static func task(_ text: String, _ db: Database) throws -> ScheduledTask {
        try find(
            "task",
            text,
            [
                { try ScheduledTask.filter(ScheduledTask.CodingKeys.id == text).fetchAll(db) },
                {
                    // A name is that of the task which is not over, if there is one.
                    let named = try ScheduledTask.filter(ScheduledTask.CodingKeys.name == text).fetchAll(db)
                    let live = named.filter { [.active, .paused].contains($0.state) }
                    return live.isEmpty ? named : live
                },
                { try beginning(ScheduledTask.self, text, db) },
            ]
        ) { "\($0.id) (\($0.label))" }
    }

    /// By id, `@handle`, display name, beginning of the id.
    ///
    /// What has a colon is an id and never a name.
    package static func user(_ text: String, _ db: Database) throws -> User {
        try find(
            "user",
            text,
            [
                { try User.filter(User.CodingKeys.id == text).fetchAll(db) },
                {
                    guard text.hasPrefix("@"), text.utf8.count > 1 else { return [] }
                    return try User.filter(User.CodingKeys.handle == String(text.dropFirst())).fetchAll(db)
                },
                {
                    guard !text.utf8.contains(UInt8(ascii: ":")) else { return [] }
                    return try User.filter(User.CodingKeys.displayName == text).fetchAll(db)
                },
                { try beginning(User.self, text, db) },
            ]
        ) { "\($0.id)" }
    }

    /// By id, beginning of the id.
    package static func approval(_ text: String, _ db: Database) throws -> ApprovalRow {
        try find("approval", text, [{ try beginning(ApprovalRow.self, text, db) }]) { "\($0.id)" }
    }

    /// By id, beginning of the id.
    package static func grant(_ text: String, _ db: Database) throws -> GrantRow {
        try find("grant", text, [{ try beginning(GrantRow.self, text, db) }]) { "\($0.id)" }
    }

    private static func find<Record>(
        _ kind: String,
        _ text: String,
        _ tiers: [() throws -> [Record]],
        label: (Record) -> String
    ) throws -> Record {
        for tier in tiers {
            let found = try tier()
            if let only = found.first, found.count == 1 { return only }
            if found.count > 1 {
                let names = found.prefix(8).map(label).joined(separator: ", ")
                let more = found.count > 8 ? " and \(found.count - 8) more" : ""
                throw StoreError(
                    .ambiguous,
                    "\"\(text.prefix(80))\" could be \(kind) \(names)\(more): name one of them"
                )
            }
        }
        throw StoreError(.notFound, "no \(kind) \"\(text.prefix(80))\"")
    }

    /// Rows whose id is the text, else those whose id begins with it; the kind's prefix may be left out.
    private static func beginning<Record: CentralRecord>(
        _ type: Record.Type,
        _ text: String,
        _ db: Database
    ) throws -> [Record] {
        guard !text.isEmpty else { return [] }
        let exact = try Record.filter(sql: "id = ?", arguments: [text]).fetchAll(db)
        if !exact.isEmpty { return exact }
        return try Record.filter(
            sql: "substr(id, 1, ?1) = ?2 OR substr(id, instr(id, '_') + 1, ?1) = ?2 ORDER BY id",
            arguments: [text.count, text]
        ).fetchAll(db)
    }
}
