PRAGMA page_size=4096;
PRAGMA auto_vacuum=1;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE messages_out (
    id TEXT PRIMARY KEY NOT NULL,
    seq INTEGER NOT NULL UNIQUE CHECK (seq > 0 AND seq % 2 = 1),
    in_reply_to TEXT,
    turn TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('chat', 'edit', 'reaction', 'system')),
    channel_type TEXT,
    platform_id TEXT,
    thread_id TEXT,
    content TEXT NOT NULL,
    deliver_after INTEGER,
    created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE processing_ack (
    message_id TEXT PRIMARY KEY NOT NULL,
    incarnation INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('processing', 'completed', 'failed')),
    turn TEXT NOT NULL,
    detail TEXT,
    changed_at INTEGER NOT NULL
) STRICT;
INSERT INTO processing_ack VALUES('m_14j82qavt2j76m6nenykd81pm8',1,'processing','t_2vv3jreywvyakp1jtnbetw3x1k',NULL,1795601931127);
CREATE TABLE claims (
    message_id TEXT NOT NULL,
    turn TEXT NOT NULL,
    PRIMARY KEY (message_id, turn)
) STRICT, WITHOUT ROWID;
INSERT INTO claims VALUES('m_14j82qavt2j76m6nenykd81pm8','t_2vv3jreywvyakp1jtnbetw3x1k');
CREATE TABLE session_state (
    key TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO session_state VALUES('continuation:offline','t_53qwn509mh5e58nk9qv5rq7qyf:2514',1795601929322);
CREATE TABLE runner_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    incarnation INTEGER NOT NULL,
    phase TEXT NOT NULL CHECK (phase IN ('starting', 'idle', 'thinking', 'tools', 'stopping')),
    tools TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
INSERT INTO runner_state VALUES(1,1,'tools','[{"name":"shell","startedAt":1795601931137,"timeoutMs":120000}]',1795601931137);
CREATE TABLE meta (
    key TEXT PRIMARY KEY NOT NULL CHECK (key IN ('seq')),
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES('seq','9');
COMMIT;
PRAGMA user_version=1;
