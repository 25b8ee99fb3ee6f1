CREATE TABLE messages_in (
    id TEXT PRIMARY KEY NOT NULL,
    seq INTEGER NOT NULL UNIQUE CHECK (seq > 0 AND seq % 2 = 0),
    kind TEXT NOT NULL CHECK (kind IN ('chat', 'task', 'webhook', 'system')),
    status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'paused', 'completed', 'failed')),
    trigger INTEGER NOT NULL DEFAULT 1 CHECK (trigger IN (0, 1)),
    min_incarnation INTEGER NOT NULL DEFAULT 0,
    sent_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    process_after INTEGER,
    recurrence TEXT,
    series_id TEXT,
    tries INTEGER NOT NULL DEFAULT 0,
    last_error TEXT,
    channel_type TEXT,
    platform_id TEXT,
    thread_id TEXT,
    platform_message_id TEXT,
    source_session_id TEXT,
    content TEXT NOT NULL,
    CHECK ((channel_type IS NULL) = (platform_id IS NULL))
) STRICT;
CREATE INDEX messages_in_open ON messages_in (status, seq);
CREATE INDEX messages_in_series ON messages_in (series_id) WHERE series_id IS NOT NULL;
CREATE TABLE seen (
    source_id TEXT NOT NULL,
    content_hash BLOB NOT NULL,
    message_id TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (source_id, content_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX seen_age ON seen (seen_at);
CREATE TABLE deliveries (
    message_id TEXT PRIMARY KEY NOT NULL,
    seq INTEGER NOT NULL,
    incarnation INTEGER NOT NULL,
    turn TEXT NOT NULL,
    kind TEXT NOT NULL,
    channel_type TEXT,
    platform_id TEXT,
    thread_id TEXT,
    in_reply_to TEXT,
    content TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('sending', 'delivered', 'retry', 'failed', 'unknown')),
    attempts INTEGER NOT NULL DEFAULT 0,
    next_attempt INTEGER,
    parts_done INTEGER NOT NULL DEFAULT 0,
    platform_message_id TEXT,
    error TEXT,
    recorded_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX deliveries_seq ON deliveries (seq);
CREATE INDEX deliveries_open ON deliveries (seq) WHERE state IN ('sending', 'retry');
CREATE TABLE destinations (
    name TEXT PRIMARY KEY NOT NULL,
    display_name TEXT,
    target_type TEXT NOT NULL CHECK (target_type IN ('channel', 'agent')),
    channel_type TEXT,
    platform_id TEXT,
    agent_group_id TEXT,
    CHECK ((target_type = 'channel' AND channel_type IS NOT NULL AND platform_id IS NOT NULL)
        OR (target_type = 'agent' AND agent_group_id IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE TABLE session_routing (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    channel_type TEXT,
    platform_id TEXT,
    thread_id TEXT,
    CHECK ((channel_type IS NULL) = (platform_id IS NULL))
) STRICT;
CREATE TABLE meta (
    key TEXT PRIMARY KEY NOT NULL CHECK (key IN ('incarnation', 'seq', 'recorded_through', 'configuration')),
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO session_routing (id) VALUES (1);
INSERT INTO meta (key, value) VALUES ('incarnation', '0'), ('seq', '0'), ('recorded_through', '0'), ('configuration', '{}');
