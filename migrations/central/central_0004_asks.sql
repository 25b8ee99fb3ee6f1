CREATE TABLE performed_actions (
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    request_id TEXT NOT NULL,
    result TEXT NOT NULL CHECK (json_valid(result)),
    at INTEGER NOT NULL,
    PRIMARY KEY (session_id, request_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX performed_actions_age ON performed_actions (at);
CREATE TABLE action_answers (
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    request_id TEXT NOT NULL,
    content TEXT NOT NULL CHECK (json_valid(content)),
    channel_type TEXT,
    platform_id TEXT,
    thread_id TEXT,
    at INTEGER NOT NULL,
    PRIMARY KEY (session_id, request_id),
    CHECK ((channel_type IS NULL) = (platform_id IS NULL))
) STRICT, WITHOUT ROWID;
