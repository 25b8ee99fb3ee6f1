import CSQLite
import Core
import Glibc
import LinuxIO
import SessionStore

@testable import SessionStoreHost

/// A session's folder in memory with a victim beside it, and the ways in which a sandbox may spoil `outbound.db`.
final class ReaderScene {
    /// The connection of the run before, if it read that run's file to its end.
    var kept: HostileDatabase?
    let folder: SessionFolder
    private let outbound: Directory
    /// A database as the runner makes it, with some rows; and the same with a schema that takes every type.
    let good: [UInt8]
    private let loose: [UInt8]
    private static let isRead = "name IN ('messages_out', 'processing_ack', 'runner_state')"

    init() throws {
        var template = Array("/dev/shm/nanoclaw-fuzz-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Errno.last("mkdtemp") }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        folder = SessionFolder(path: path + "/session")
        for name in [folder.path, folder.inbound, folder.outbound, folder.state] { mkdir(name, 0o700) }
        try Directory(path: path).replace("central.db", with: Array("precious".utf8))
        outbound = try Directory(path: folder.outbound)
        let database = try Connection(path: folder.outboundDatabase, .create, busyTimeout: 0)
        try SessionSchema.outbound.migrate(database)
        for number in 0..<8 {
            try database.run(
                """
                INSERT INTO messages_out (id, seq, in_reply_to, turn, kind, channel_type, platform_id, content, created_at)
                VALUES (?, ?, 'm_in', 't_1', 'chat', 'cli', 'cli:local:main', ?, 0)
                """,
                "m_\(number)",
                Int64(2 * number + 1),
                #"{"files":["a.txt"],"text":"\#(String(repeating: "x", count: 300 * number))"}"#
            )
        }
        try database.run("INSERT INTO processing_ack VALUES ('m_in', 3, 'completed', 't_1', NULL, 0)")
        database.close()
        good = try outbound.contents("outbound.db", limit: 1 << 20)
        let open = try Connection(path: folder.outboundDatabase, .readWrite, busyTimeout: 0)
        try open.execute(
            "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = replace(sql, ') STRICT', ')') "
                + "WHERE \(Self.isRead); PRAGMA schema_version=100"
        )
        open.close()
        loose = try outbound.contents("outbound.db", limit: 1 << 20)
        try clear()
    }

    // MARK: - Files

    func put(_ bytes: [UInt8]) throws {
        let file = try outbound.create("outbound.db")
        try file.write(bytes)
    }

    /// Takes away what a run has put there.
    func clear() throws {
        for name in try outbound.names() { try outbound.remove(name) }
    }

    /// Names, kinds, sizes, times and inodes of all that the reader could touch.
    func everything() throws -> [String] {
        try [folder.path + "/..", folder.path, folder.inbound, folder.outbound].flatMap { path -> [String] in
            let directory = try Directory(path: path)
            return try directory.names().compactMap { name in
                guard let status = try directory.status(name) else { return nil }
                let times = "\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
                return "\(name) \(status.st_mode) \(status.st_ino) \(status.st_size) \(status.st_nlink) \(times)"
            }
        }
    }

    // MARK: - Spoiling

    /// Whole pages of these bytes behind a header that SQLite knows.
    static func padded(_ bytes: [UInt8]) -> [UInt8] {
        let page = SessionLimits.pageSize
        let size = max(1, (bytes.count + page - 1) / page) * page
        return bytes + [UInt8](repeating: 0, count: size - bytes.count)
    }

    /// The good file with runs of bytes changed.
    func patched(_ choices: inout Choices) -> [UInt8] {
        var bytes = good
        while !choices.isEmpty {
            let place = choices.below(bytes.count)
            for (offset, byte) in choices.bytes(24).enumerated() where place + offset < bytes.count {
                bytes[place + offset] = byte
            }
        }
        return bytes
    }

    /// Rows of any type and value, in a file whose schema is the expected one again.
    func withRows(_ choices: inout Choices) throws -> [UInt8] {
        let database = try Connection(inMemory: "fuzzed")
        defer { database.close() }
        try loose.withUnsafeBufferPointer { bytes in
            let copy = sqlite3_malloc64(UInt64(bytes.count)).assumingMemoryBound(to: UInt8.self)
            copy.update(from: bytes.baseAddress ?? UnsafePointer(copy), count: bytes.count)
            let flags = UInt32(SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE)
            let code = sqlite3_deserialize(database.handle, "main", copy, Int64(bytes.count), Int64(bytes.count), flags)
            guard code == SQLITE_OK else { throw database.error(code, "deserialize") }
        }
        try database.execute("PRAGMA ignore_check_constraints=ON; PRAGMA journal_mode=MEMORY; BEGIN")
        let columns = [
            (
                "messages_out",
                [
                    "id", "seq", "in_reply_to", "turn", "kind", "channel_type", "platform_id", "thread_id", "content",
                    "deliver_after",
                ]
            ),
            ("processing_ack", ["message_id", "incarnation", "state", "turn", "detail"]),
            ("runner_state", ["incarnation", "phase", "tools", "updated_at"]),
        ]
        var changes = 0
        while !choices.isEmpty, changes < 40 {
            changes += 1
            let (table, names) = choices.pick(columns)
            let column = choices.pick(names)
            let row = Int64(choices.below(8) + 1)
            // A value that a constraint refuses leaves the row as it is.
            _ = try? database.run("UPDATE \(table) SET \(column) = ? WHERE rowid = ?", value(&choices), row)
        }
        try database.execute(
            "COMMIT; PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = sql || ' STRICT' WHERE \(Self.isRead)"
        )
        var size: Int64 = 0
        guard let start = sqlite3_serialize(database.handle, "main", &size, 0) else { throw Errno(ENOMEM, "serialize") }
        defer { sqlite3_free(start) }
        return Array(UnsafeBufferPointer(start: start, count: Int(size)))
    }

    private func value(_ choices: inout Choices) -> (any SQLiteBindable)? {
        let texts = [
            "chat", "edit", "reaction", "system", "completed", "idle", "t_1", "m_0", "[]", "{}",
            #"{"files":["a","b"],"text":"a"}"#, #"{"seq":3,"text":"a"}"#, #"{"emoji":"x","seq":3}"#,
            #"{"action":"x","arguments":"{}"}"#, #"[{"name":"shell","startedAt":1,"timeoutMs":1000}]"#,
        ]
        switch choices.below(6) {
        case 0: return choices.integer()
        case 1: return choices.text(200)
        case 2: return choices.pick(texts)
        case 3: return String(repeating: choices.pick(["[", "{\"a\":", "x", "é"]), count: choices.below(2000))
        case 4: return choices.bytes(60)
        default: return nil
        }
    }

    /// A journal of any content, or another kind of file under one of the names.
    func putOddFiles(_ choices: inout Choices) throws {
        let names = [
            "outbound.db", "outbound.db-journal", "outbound.db-wal", "outbound.db-shm", ".heartbeat", "outbox",
        ]
        let odd = choices.pick(names)
        if odd != "outbound.db" { try put(good) }
        let path = "\(folder.outbound)/\(odd)"
        switch choices.below(7) {
        case 0: symlink("../../central.db", path)
        case 1: mkfifo(path, 0o600)
        case 2: mkdir(path, 0o700)
        case 3: mknod(path, S_IFSOCK | 0o600, 0)
        case 4: try outbound.create(odd).write(journal(choices.remainder()))
        case 5: try outbound.create(odd).write(choices.remainder())
        default: link("\(folder.path)/../central.db", path)
        }
    }

    /// A rollback journal that names a file of the host as its master.
    private func journal(_ bytes: [UInt8]) -> [UInt8] {
        let magic: [UInt8] = [0xD9, 0xD5, 0x05, 0xF9, 0x20, 0xA1, 0x63, 0xD7]
        let name = Array("\(folder.path)/../central.db".utf8)
        func big(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
        let sum = name.reduce(UInt32(0)) { $0 &+ UInt32($1) }
        let head = magic + [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 2, 0, 0, 0, 0x10, 0]
        let filled = head + bytes + [UInt8](repeating: 0, count: max(0, 512 - head.count - bytes.count))
        return filled + big(0x4000_0000 / 4096 + 1) + name + big(UInt32(name.count)) + big(sum) + magic
    }
}
