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
CREATE TABLE claims (
    message_id TEXT NOT NULL,
    turn TEXT NOT NULL,
    PRIMARY KEY (message_id, turn)
) STRICT, WITHOUT ROWID;
CREATE TABLE session_state (
    key TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE runner_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    incarnation INTEGER NOT NULL,
    phase TEXT NOT NULL CHECK (phase IN ('starting', 'idle', 'thinking', 'tools', 'stopping')),
    tools TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE TABLE meta (
    key TEXT PRIMARY KEY NOT NULL CHECK (key IN ('seq')),
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO runner_state (id, incarnation, phase, tools, updated_at) VALUES (1, 0, 'starting', '[]', 0);
INSERT INTO meta (key, value) VALUES ('seq', '0');
