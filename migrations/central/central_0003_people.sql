ALTER TABLE messaging_groups ADD COLUMN allows_bots INTEGER NOT NULL DEFAULT 0 CHECK (allows_bots IN (0, 1));
ALTER TABLE users ADD COLUMN handle TEXT COLLATE NOCASE;
CREATE UNIQUE INDEX users_by_handle ON users (channel_type, handle) WHERE handle IS NOT NULL;
ALTER TABLE agent_group_members ADD COLUMN channel_type TEXT;
CREATE TABLE identities (
    id TEXT PRIMARY KEY NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE identity_handles (
    user_id TEXT PRIMARY KEY NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    identity_id TEXT NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
    linked_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    linked_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX identity_handles_by_identity ON identity_handles (identity_id);
CREATE TABLE pending_identity_links (
    user_id TEXT PRIMARY KEY NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    other_user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    CHECK (user_id <> other_user_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE pairing_codes (
    id TEXT PRIMARY KEY NOT NULL,
    salt BLOB NOT NULL CHECK (length(salt) = 16),
    code_hash BLOB NOT NULL CHECK (length(code_hash) = 32),
    purpose TEXT NOT NULL CHECK (purpose IN ('owner', 'member', 'link')),
    agent_group_id TEXT REFERENCES agent_groups (id) ON DELETE CASCADE,
    channel_type TEXT,
    wires_agent_group_id TEXT REFERENCES agent_groups (id) ON DELETE CASCADE,
    made_by TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    is_of_home_owner INTEGER NOT NULL DEFAULT 0 CHECK (is_of_home_owner IN (0, 1)),
    expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    CHECK ((purpose = 'member') = (agent_group_id IS NOT NULL)),
    CHECK (purpose <> 'link' OR wires_agent_group_id IS NULL)
) STRICT;
CREATE TABLE pairing_tries (
    sender_id TEXT PRIMARY KEY NOT NULL,
    tries INTEGER NOT NULL CHECK (tries > 0),
    last_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE pending_names (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    channel_type TEXT NOT NULL,
    platform_id TEXT NOT NULL,
    messaging_group_id TEXT NOT NULL UNIQUE REFERENCES messaging_groups (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, channel_type, platform_id)
) STRICT, WITHOUT ROWID;
ALTER TABLE pending_sender_approvals ADD COLUMN approval_id TEXT;
ALTER TABLE pending_sender_approvals ADD COLUMN is_approved INTEGER NOT NULL DEFAULT 0 CHECK (is_approved IN (0, 1));
ALTER TABLE pending_channel_approvals ADD COLUMN approval_id TEXT;
ALTER TABLE pending_channel_approvals ADD COLUMN is_approved INTEGER NOT NULL DEFAULT 0 CHECK (is_approved IN (0, 1));
CREATE TABLE dropped_messages_new (
    channel_type TEXT NOT NULL,
    platform_id TEXT NOT NULL,
    sender_id TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL CHECK (reason IN (
        'no_agent_wired', 'no_agent_engaged', 'unknown_sender_strict', 'unknown_sender_request_approval',
        'sender_scope', 'command_denied', 'command_filtered', 'rejected', 'bot_sender', 'pairing_limit')),
    sender_name TEXT,
    messaging_group_id TEXT REFERENCES messaging_groups (id) ON DELETE SET NULL,
    agent_group_id TEXT REFERENCES agent_groups (id) ON DELETE SET NULL,
    message_count INTEGER NOT NULL DEFAULT 1 CHECK (message_count > 0),
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    PRIMARY KEY (channel_type, platform_id, sender_id, reason)
) STRICT, WITHOUT ROWID;
INSERT INTO dropped_messages_new SELECT * FROM dropped_messages;
DROP TABLE dropped_messages;
ALTER TABLE dropped_messages_new RENAME TO dropped_messages;
CREATE INDEX dropped_messages_age ON dropped_messages (last_seen);
