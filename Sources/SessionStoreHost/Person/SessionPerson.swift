package import Core
import Glibc
package import LinuxIO
package import SessionStore

/// What one session's files hold of people, read without a change to anything.
///
/// Blocks on the disk: call it on ``StoreExecutors``. Names below `outbound/` and `state/` were chosen in a sandbox;
/// they are resolved beneath the session's folder, and links are left out.
package struct SessionPerson: Sendable {
    /// One file of the session.
    package struct File: Sendable, Equatable {
        /// Below the session's folder.
        package var path: String
        /// In bytes.
        package var size: Int
    }

    private let folder: SessionFolder

    package init(folder: SessionFolder) { self.folder = folder }

    /// How many kept chat messages each sender wrote, by the text of their id; empty for who had none.
    package func senders() throws -> [String: Int] {
        let rows = try reading { database in
            try database.rows(
                "SELECT coalesce(json_extract(content, '$.senderID'), ''), count(*) FROM messages_in "
                    + "WHERE kind = 'chat' GROUP BY 1"
            ) { ($0.text(0), Int($0.integer(1))) }
        }
        return Dictionary(uniqueKeysWithValues: rows)
    }

    /// The ids of the kept messages of these senders.
    package func messages(of senders: Set<String>) throws -> [MessageID] {
        try reading { database in try Self.messages(of: senders, in: database, ended: false) }
    }

    static func messages(of senders: Set<String>, in database: Connection, ended: Bool) throws -> [MessageID] {
        try database.rows(
            """
            SELECT id FROM messages_in WHERE kind = 'chat' AND json_extract(content, '$.senderID')
                IN (SELECT value FROM json_each(?)) \(ended ? "AND status IN ('completed', 'failed')" : "") ORDER BY seq
            """,
            try JSONText.encode(senders.sorted())
        ) { MessageID(unchecked: $0.text(0)) }
    }

    /// JSON of the messages after a number, oldest first.
    ///
    /// Keys: `direction`, `seq`, `id`, `at`, `kind`, `chat`, `state`, `content`. Of these senders only, or all that came
    /// in and went out.
    package func lines(
        after seq: Int64,
        of senders: Set<String>?,
        limit: Int
    ) throws -> [(seq: Int64, json: String)] {
        let own = "json_extract(content, '$.senderID') IN (SELECT value FROM json_each(?2))"
        let answers = """
            UNION ALL SELECT seq, json_object('direction', 'out', 'seq', seq, 'id', message_id, 'at', recorded_at,
                'kind', kind, 'chat', channel_type || ' ' || platform_id, 'state', state, 'content', content)
            FROM deliveries WHERE seq > ?1
            """
        return try reading { database in
            try database.rows(
                """
                SELECT seq, json_object('direction', 'in', 'seq', seq, 'id', id, 'at', received_at, 'kind', kind,
                    'chat', channel_type || ' ' || platform_id, 'state', status, 'content', json(content))
                FROM messages_in WHERE seq > ?1 AND \(senders == nil ? "?2 IS NOT NULL" : "kind = 'chat' AND " + own)
                \(senders == nil ? answers : "") ORDER BY 1 LIMIT ?3
                """,
                seq,
                try JSONText.encode(senders?.sorted() ?? []),
                limit
            ) { ($0.integer(0), $0.text(1)) }
        }
    }

    /// The files of the session: those of these messages, or all.
    package func files(of messages: [MessageID]?) throws -> [File] {
        let root = try Directory(path: folder.path)
        let places = messages?.map { "inbound/inbox/\($0)" } ?? ["inbound/inbox", "outbound/outbox", "state"]
        var files: [File] = []
        for place in places {
            guard let directory = try? root.directory(place) else { continue }
            try Self.walk(directory, place, depth: 0, into: &files)
        }
        return files
    }

    /// Opens one of ``files(of:)`` to read: regular, with one link.
    package func open(_ file: File) throws -> Descriptor {
        try Directory(path: folder.path).file(file.path, limit: .max)
    }

    private static func walk(_ directory: Directory, _ path: String, depth: Int, into files: inout [File]) throws {
        for entry in try directory.entries() {
            guard files.count < 100_000, depth < 16, PathSegment.isSafe(entry.name),
                let status = try directory.status(entry.name)
            else { continue }
            let place = "\(path)/\(entry.name)"
            switch status.st_mode & S_IFMT {
            case S_IFDIR:
                guard let child = try? directory.directory(entry.name) else { continue }
                try walk(child, place, depth: depth + 1, into: &files)
            case S_IFREG where status.st_nlink == 1: files.append(File(path: place, size: Int(status.st_size)))
            default: continue
            }
        }
    }

    private func reading<Value>(_ body: (Connection) throws -> Value) throws -> Value {
        let database = try Connection(path: folder.inboundDatabase, .readOnly, busyTimeout: 1000)
        defer { database.close() }
        return try database.read { try body(database) }
    }
}

extension HostSession {
    /// Takes what these senders wrote out of the conversation, with its files; what is still to be answered stays.
    ///
    /// Rows go in one transaction, then the files; retention finds those that a host that dies between has left. Answers
    /// how many rows and folders went.
    package func erase(of senders: Set<String>) async throws -> (messages: Int, folders: Int) {
        await enter()
        defer { leave() }
        // What is deleted is overwritten, not only let go of.
        try await patiently { try open().execute("PRAGMA secure_delete = ON") }
        let gone = try await heldTransaction { database in
            let messages = try SessionPerson.messages(of: senders, in: database, ended: true)
            for message in messages { try database.run("DELETE FROM messages_in WHERE id = ?", message.rawValue) }
            return messages
        }
        do {
            let inbox = try Directory(path: folder.path).directory("inbound/inbox")
            var folders = 0
            for message in gone where try inbox.status(message.rawValue) != nil {
                try inbox.remove(message.rawValue)
                folders += 1
            }
            return (gone.count, folders)
        } catch let error as Errno {
            throw StoreError(files: error, "erase files of \(folder.path)")
        }
    }
}
