import CentralStore
import Core
import Foundation
import GRDB
import LinuxIO
import People
import SessionStore
import SessionStoreHost

/// Finds everything that the home keeps of a human, to hand it out or to erase it.
///
/// A human is all of their linked handles. In what agents write (`groups/<folder>`) nothing is ever changed here: the
/// report names what is there and how a person removes it.
struct PersonalData: Sendable {
    let home: String
    let central: CentralStore
    let executors: StoreExecutors
    let traces: TraceStore

    /// The human that is asked for.
    struct Subject: Sendable {
        var handles: [UserID]
        var users: [User]
        /// Chats in which a channel reaches one of the handles.
        var directChats: Set<MessagingGroupID>

        var ids: Set<String> { Set(handles.map(\.description)) }
    }

    /// One conversation in which the person has a part.
    struct Part: Sendable {
        var session: SessionID
        var group: AgentGroup
        var chat: MessagingGroup?
        var share: ConversationShare
        /// How many kept messages the person wrote.
        var messages: Int
        /// Below the home.
        var place: String
    }

    func subject(_ user: UserID) async throws -> Subject {
        try await central.read { db in
            let handles = try Identity.handles(of: user, db)
            let users = try handles.compactMap { try User.fetchOne(db, key: $0) }
            // Whoever was only ever turned away has no row of their own.
            guard try !users.isEmpty || Self.isNamed(user, db) else { throw StoreError(.notFound, "no user \(user)") }
            let chats = try handles.flatMap { handle in
                try MessagingGroupID.fetchAll(
                    db,
                    sql: "SELECT messaging_group_id FROM user_dms WHERE user_id = ?",
                    arguments: [handle]
                )
            }
            return Subject(handles: handles, users: users, directChats: Set(chats))
        }
    }

    private static func isNamed(_ user: UserID, _ db: Database) throws -> Bool {
        try (records + kept).contains { source in
            let sql = "SELECT EXISTS (SELECT 1 FROM \(source.table) WHERE \(source.column) = ?)"
            return try Bool.fetchOne(db, sql: sql, arguments: [user]) ?? false
        }
            || asked(isTold: false).contains { source in
                let sql = "SELECT EXISTS (SELECT 1 FROM \(source.table) WHERE \(source.condition))"
                return try Bool.fetchOne(db, sql: sql, arguments: [user]) ?? false
            }
    }

    /// The conversations that are the person's or that they wrote in; every session's file is opened for it.
    func parts(of subject: Subject) async throws -> (parts: [Part], unreadable: [PersonalItem]) {
        let all = try await central.read { db in
            let groups = Dictionary(uniqueKeysWithValues: try AgentGroup.fetchAll(db).map { ($0.id, $0) })
            let chats = Dictionary(uniqueKeysWithValues: try MessagingGroup.fetchAll(db).map { ($0.id, $0) })
            return try Session.order(Session.CodingKeys.id).fetchAll(db).compactMap { session in
                groups[session.agentGroupID].map { (session, $0, session.messagingGroupID.flatMap { chats[$0] }) }
            }
        }
        var parts: [Part] = []
        var unreadable: [PersonalItem] = []
        for (session, group, chat) in all {
            let place = "data/sessions/\(group.id)/\(session.id)"
            let files = SessionPerson(folder: SessionFolder(path: "\(home)/\(place)"))
            do {
                let senders = try await executors.run { try files.senders() }
                let facts = ConversationShare.Facts(
                    senders: senders,
                    isGroup: chat?.isGroup ?? true,
                    isOfAllChats: session.mode == .agentShared,
                    isDirectChatOfPerson: chat.map { subject.directChats.contains($0.id) && $0.channelType != "cli" }
                        ?? false
                )
                let share = ConversationShare(facts, handles: subject.handles)
                guard share != .foreign else { continue }
                parts.append(
                    Part(
                        session: session.id,
                        group: group,
                        chat: chat,
                        share: share,
                        messages: senders.filter { subject.ids.contains($0.key) }.map(\.value).reduce(0, +),
                        place: place
                    )
                )
            } catch {
                unreadable.append(
                    PersonalItem(
                        .messages,
                        place,
                        .stays,
                        reason: "it could not be read: \(error)",
                        remedy: "look with `nanoclaw sessions get \(session.id)`, and run this again"
                    )
                )
            }
        }
        return (parts, unreadable)
    }

    /// The memory files of these groups that name the person, and of groups that only the person writes to all.
    func memory(_ subject: Subject, _ parts: [Part]) async throws -> [(path: String, bytes: [UInt8])] {
        let mentions = Mentions(of: subject.users)
        var found: [(String, [UInt8])] = []
        for (folder, ofGroup) in Dictionary(grouping: parts, by: \.group.folder).sorted(by: { $0.key < $1.key }) {
            let isOwn = try await isAlone(subject, in: ofGroup[0].group.id)
            let path = "groups/\(folder)/memory"
            found += try await executors.run { [home] in
                guard let memory = try? Directory(path: "\(home)/groups").directory("\(folder)/memory") else {
                    return []
                }
                return try Self.texts(memory, path, depth: 0).filter { isOwn || mentions.isIn($0.1) }
            }
        }
        return found
    }

    /// True when nobody but the person and owners of the home may write to the group.
    private func isAlone(_ subject: Subject, in group: AgentGroupID) async throws -> Bool {
        try await central.read { db in
            let members = try Member.filter(Member.CodingKeys.agentGroupID == group).fetchAll(db).map(\.userID)
            let deciders = try UserRole.fetchAll(db).map(\.userID)
            return !members.isEmpty && (members + deciders).allSatisfy(subject.handles.contains)
        }
    }

    private static func texts(_ directory: Directory, _ path: String, depth: Int) throws -> [(String, [UInt8])] {
        var found: [(String, [UInt8])] = []
        for entry in try directory.entries(limit: 2_000) where PathSegment.isSafe(entry.name) && depth < 8 {
            let place = "\(path)/\(entry.name)"
            if let bytes = try? directory.contents(entry.name, limit: 1 << 20) {
                found.append((place, bytes))
            } else if let child = try? directory.directory(entry.name) {
                found += try texts(child, place, depth: depth + 1)
            }
        }
        return found
    }

    /// Decisions of the person that are on record.
    func audit(_ subject: Subject) async throws -> [PersonalItem] {
        try await central.read { db in
            try Self.kept.compactMap { source in
                guard try db.tableExists(source.table) else { return nil }
                let count = try subject.handles.map { handle in
                    let sql = "SELECT count(*) FROM \(source.table) WHERE \(source.column) = ?"
                    return try Int.fetchOne(db, sql: sql, arguments: [handle]) ?? 0
                }.reduce(0, +)
                guard count > 0 else { return nil }
                guard source.kind == .audit else {
                    return PersonalItem(
                        source.kind,
                        "nanoclaw.db \(source.table)",
                        count: count,
                        .stays,
                        reason: "tasks are the agent's, whoever asked for them",
                        remedy: "`nanoclaw tasks list`, and `nanoclaw tasks cancel TASK` for each that is to go"
                    )
                }
                return PersonalItem(
                    source.kind,
                    "nanoclaw.db \(source.table)",
                    count: count,
                    .stays,
                    reason: "the record of who decided what holds the person's id, and nothing is ever taken out of it",
                    remedy: "none while the home is used: it is how others know who gave leave for what"
                )
            }
        }
    }

    /// What nobody can take out from here, whoever is asked for.
    func remains(_ parts: [Part]) -> [PersonalItem] {
        var items: [PersonalItem] = []
        for part in parts where part.share == .shared {
            items.append(
                PersonalItem(
                    .transcripts,
                    "\(part.place)/state",
                    .stays,
                    reason:
                        "others take part in this conversation: its answers and the runner's record of it may repeat "
                        + "what the person wrote",
                    remedy: "`nanoclaw sessions reset \(part.session)` forgets the whole conversation, for everybody"
                )
            )
        }
        for folder in Set(parts.map(\.group.folder)).sorted() {
            items.append(
                PersonalItem(
                    .files,
                    "groups/\(folder)",
                    .stays,
                    reason: "agents keep files there, and the host changes nothing there",
                    remedy: "look through it, or ask the agent to delete what it has of the person"
                )
            )
        }
        return items + [
            PersonalItem(
                .logs,
                "data/logs",
                .stays,
                reason: "lines name ids of senders and chats, not what was written; old files go by themselves",
                remedy: "stop the host and delete the files"
            ),
            PersonalItem(
                .backups,
                "where `nanoclaw backup create` was told to write",
                .stays,
                reason: "a backup is one sealed file: nothing is taken out of it",
                remedy: "delete old backups and make a new one"
            ),
        ]
    }
}
