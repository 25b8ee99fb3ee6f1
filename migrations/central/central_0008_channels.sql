CREATE TABLE channel_accounts (
    name TEXT PRIMARY KEY NOT NULL,
    channel_type TEXT NOT NULL,
    account TEXT NOT NULL,
    title TEXT NOT NULL,
    settings TEXT NOT NULL CHECK (json_valid(settings)),
    created_at INTEGER NOT NULL,
    UNIQUE (channel_type, account)
) STRICT;
CREATE TABLE channel_state (
    name TEXT NOT NULL REFERENCES channel_accounts (name) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (name, key)
) STRICT, WITHOUT ROWID;
