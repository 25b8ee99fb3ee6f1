CREATE TABLE performed_actions (
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    request_id TEXT NOT NULL,
    result TEXT NOT NULL CHECK (json_valid(result)),
    performed_at INTEGER NOT NULL,
    PRIMARY KEY (session_id, request_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX performed_actions_age ON performed_actions (performed_at);
CREATE TABLE action_answers (
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    request_id TEXT NOT NULL,
    content TEXT NOT NULL CHECK (json_valid(content)),
    trigger INTEGER NOT NULL DEFAULT 1 CHECK (trigger IN (0, 1)),
    channel_type TEXT,
    platform_id TEXT,
    thread_id TEXT,
    posted_at INTEGER NOT NULL,
    PRIMARY KEY (session_id, request_id),
    CHECK ((channel_type IS NULL) = (platform_id IS NULL))
) STRICT, WITHOUT ROWID;
