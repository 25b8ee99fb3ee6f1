import GRDB

/// The tables of ``MatrixStore``.
enum MatrixSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            try db.execute(sql: rooms)
            try db.execute(sql: keys)
        }
        return migrator
    }

    private static let rooms = """
        -- Rooms that the account is in, or was. `encryption` is JSON, kept for ever: no room goes back to clear text.
        CREATE TABLE rooms (
            room TEXT PRIMARY KEY, is_joined INTEGER NOT NULL DEFAULT 0, is_direct INTEGER NOT NULL DEFAULT 0,
            is_shared INTEGER NOT NULL DEFAULT 0, encryption TEXT, visibility TEXT, newest_event TEXT
        ) WITHOUT ROWID;
        -- Rooms to be joined.
        CREATE TABLE invites (
            room TEXT PRIMARY KEY, inviter TEXT NOT NULL, is_direct INTEGER NOT NULL, succeeds TEXT, at INTEGER NOT NULL
        ) WITHOUT ROWID;
        -- Cards that were sent, by the events that show them.
        CREATE TABLE cards (event TEXT PRIMARY KEY, card TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
        CREATE INDEX cards_at ON cards (at);
        -- Reactions that were handed over, so that their redaction can be told from that of a message.
        CREATE TABLE reactions (
            event TEXT PRIMARY KEY, target TEXT NOT NULL, emoji TEXT NOT NULL, at INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX reactions_at ON reactions (at);
        -- Threads of messages: what happens to a message later does not say where it stood.
        CREATE TABLE threads (event TEXT PRIMARY KEY, root TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
        CREATE INDEX threads_at ON threads (at);
        -- Encrypted events without their key: whole, until the key comes.
        CREATE TABLE pending (
            number INTEGER PRIMARY KEY, event TEXT NOT NULL UNIQUE, room TEXT NOT NULL, session TEXT NOT NULL,
            sender TEXT NOT NULL, json TEXT NOT NULL, name TEXT, at INTEGER NOT NULL, is_shown INTEGER NOT NULL DEFAULT 0
        );
        CREATE INDEX pending_session ON pending (room, session);
        """

    private static let keys = """
        -- This device; one row.
        CREATE TABLE account (
            id INTEGER PRIMARY KEY CHECK (id = 1), user TEXT NOT NULL, device TEXT NOT NULL, pickle BLOB NOT NULL,
            is_published INTEGER NOT NULL DEFAULT 0
        );
        -- People whose devices are followed; `mark` rises with each change that the server tells, `seen` follows it.
        CREATE TABLE people (user TEXT PRIMARY KEY, mark INTEGER NOT NULL, seen INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE devices (
            user TEXT NOT NULL, device TEXT NOT NULL, curve25519 TEXT NOT NULL, ed25519 TEXT NOT NULL,
            PRIMARY KEY (user, device)
        ) WITHOUT ROWID;
        CREATE INDEX devices_key ON devices (curve25519);
        -- Olm sessions with other devices.
        CREATE TABLE pairs (
            peer TEXT NOT NULL, session TEXT NOT NULL, pickle BLOB NOT NULL, used_at INTEGER NOT NULL,
            PRIMARY KEY (peer, session)
        ) WITHOUT ROWID;
        -- When a broken Olm session with a device was replaced last.
        CREATE TABLE repairs (peer TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
        -- Megolm sessions that others send by, and the own ones; by sender, because anybody who has a key may claim it.
        CREATE TABLE receivers (
            room TEXT NOT NULL, session TEXT NOT NULL, sender TEXT NOT NULL, curve25519 TEXT NOT NULL,
            ed25519 TEXT NOT NULL, first_index INTEGER NOT NULL, pickle BLOB NOT NULL, at INTEGER NOT NULL,
            PRIMARY KEY (room, session, sender)
        ) WITHOUT ROWID;
        CREATE INDEX receivers_at ON receivers (at);
        -- Which event had which number of a session: another event with the same number is a replay.
        CREATE TABLE indexes (
            room TEXT NOT NULL, session TEXT NOT NULL, sender TEXT NOT NULL, number INTEGER NOT NULL, event TEXT NOT NULL,
            PRIMARY KEY (room, session, sender, number)
        ) WITHOUT ROWID;
        -- The Megolm session by which this device sends to a room, moved on before each event leaves.
        CREATE TABLE senders (
            room TEXT PRIMARY KEY, session TEXT NOT NULL, pickle BLOB NOT NULL, messages INTEGER NOT NULL,
            made_at INTEGER NOT NULL
        ) WITHOUT ROWID;
        -- Who has the key of an own session, and from which message on.
        CREATE TABLE shares (
            session TEXT NOT NULL, user TEXT NOT NULL, device TEXT NOT NULL, number INTEGER NOT NULL, at INTEGER NOT NULL,
            PRIMARY KEY (session, user, device)
        ) WITHOUT ROWID;
        -- Keys that somebody said they keep to themselves.
        CREATE TABLE withheld (
            room TEXT NOT NULL, session TEXT NOT NULL, sender TEXT NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL,
            PRIMARY KEY (room, session, sender)
        ) WITHOUT ROWID;
        -- Keys that were asked for.
        CREATE TABLE requests (
            room TEXT NOT NULL, session TEXT NOT NULL, sender TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL,
            PRIMARY KEY (room, session, sender)
        ) WITHOUT ROWID;
        """
}
