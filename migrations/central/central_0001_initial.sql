CREATE TABLE agent_groups (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    folder TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE providers (
    name TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('openai', 'anthropic')),
    base_url TEXT NOT NULL,
    model TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE agent_group_configs (
    agent_group_id TEXT PRIMARY KEY NOT NULL REFERENCES agent_groups (id) ON DELETE CASCADE,
    provider TEXT REFERENCES providers (name) ON DELETE RESTRICT,
    config TEXT NOT NULL CHECK (json_valid(config)),
    updated_at INTEGER NOT NULL
) STRICT;
CREATE TABLE messaging_groups (
    id TEXT PRIMARY KEY NOT NULL,
    channel_type TEXT NOT NULL,
    platform_id TEXT NOT NULL,
    name TEXT,
    is_group INTEGER NOT NULL DEFAULT 0 CHECK (is_group IN (0, 1)),
    unknown_sender_policy TEXT NOT NULL DEFAULT 'strict'
        CHECK (unknown_sender_policy IN ('strict', 'request_approval', 'public')),
    denied_at INTEGER,
    created_at INTEGER NOT NULL,
    UNIQUE (channel_type, platform_id)
) STRICT;
CREATE TABLE users (
    id TEXT PRIMARY KEY NOT NULL CHECK (instr(id, ':') > 1),
    channel_type TEXT NOT NULL,
    display_name TEXT,
    created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE wirings (
    id TEXT PRIMARY KEY NOT NULL,
    agent_group_id TEXT NOT NULL REFERENCES agent_groups (id) ON DELETE CASCADE,
    side TEXT NOT NULL CHECK (side IN ('chat', 'account', 'person')),
    messaging_group_id TEXT REFERENCES messaging_groups (id) ON DELETE CASCADE,
    channel_type TEXT,
    account TEXT,
    user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
    engage_modes TEXT NOT NULL CHECK (engage_modes <> '[]' AND replace(replace(replace(replace(engage_modes,
        '"pattern"', ''), '"mention"', ''), '"mention-sticky"', ''), '"reply"', '') IN ('[]', '[,]', '[,,]', '[,,,]')),
    engage_pattern TEXT,
    chats TEXT NOT NULL DEFAULT 'all' CHECK (chats IN ('all', 'dm', 'group')),
    sender_scope TEXT NOT NULL DEFAULT 'all' CHECK (sender_scope IN ('all', 'known')),
    ignored_message_policy TEXT NOT NULL DEFAULT 'drop' CHECK (ignored_message_policy IN ('drop', 'accumulate')),
    session_mode TEXT NOT NULL DEFAULT 'shared' CHECK (session_mode IN ('shared', 'per-thread', 'agent-shared')),
    queue_mode TEXT NOT NULL DEFAULT 'steer' CHECK (queue_mode IN ('steer', 'serial', 'concurrent')),
    reply_channel_type TEXT,
    reply_platform_id TEXT,
    priority INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    CHECK ((side = 'chat' AND messaging_group_id IS NOT NULL AND channel_type IS NULL AND user_id IS NULL)
        OR (side = 'account' AND messaging_group_id IS NULL AND channel_type IS NOT NULL AND user_id IS NULL)
        OR (side = 'person' AND messaging_group_id IS NULL AND channel_type IS NULL AND user_id IS NOT NULL)),
    CHECK (instr(engage_modes, '"pattern"') = 0 OR engage_pattern IS NOT NULL),
    CHECK (side = 'account' OR account IS NULL),
    CHECK ((reply_channel_type IS NULL) = (reply_platform_id IS NULL))
) STRICT;
CREATE UNIQUE INDEX wirings_once ON wirings (
    agent_group_id, side, coalesce(messaging_group_id, ''), coalesce(channel_type, ''), coalesce(account, ''),
    coalesce(user_id, ''));
CREATE INDEX wirings_by_chat ON wirings (messaging_group_id);
CREATE TABLE user_roles (
    id TEXT PRIMARY KEY NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin')),
    agent_group_id TEXT REFERENCES agent_groups (id) ON DELETE CASCADE,
    granted_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    granted_at INTEGER NOT NULL,
    CHECK (role <> 'owner' OR agent_group_id IS NULL)
) STRICT;
CREATE UNIQUE INDEX user_roles_once ON user_roles (user_id, role, coalesce(agent_group_id, ''));
CREATE INDEX user_roles_by_group ON user_roles (agent_group_id, role);
CREATE TABLE agent_group_members (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    agent_group_id TEXT NOT NULL REFERENCES agent_groups (id) ON DELETE CASCADE,
    added_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    added_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, agent_group_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE user_dms (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    channel_type TEXT NOT NULL,
    messaging_group_id TEXT NOT NULL REFERENCES messaging_groups (id) ON DELETE CASCADE,
    resolved_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, channel_type)
) STRICT, WITHOUT ROWID;
CREATE TABLE sessions (
    id TEXT PRIMARY KEY NOT NULL,
    agent_group_id TEXT NOT NULL REFERENCES agent_groups (id) ON DELETE CASCADE,
    mode TEXT NOT NULL CHECK (mode IN ('shared', 'per-thread', 'agent-shared')),
    messaging_group_id TEXT REFERENCES messaging_groups (id) ON DELETE SET NULL,
    thread_id TEXT,
    status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'closed', 'quarantined')),
    status_reason TEXT,
    engaged_at INTEGER,
    last_active INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX sessions_once ON sessions (
    agent_group_id, mode, coalesce(messaging_group_id, ''), coalesce(thread_id, ''))
    WHERE status <> 'closed' AND (mode = 'agent-shared' OR messaging_group_id IS NOT NULL);
CREATE INDEX sessions_by_group ON sessions (agent_group_id, last_active);
CREATE INDEX sessions_by_chat ON sessions (messaging_group_id, thread_id);
CREATE TABLE agent_destinations (
    agent_group_id TEXT NOT NULL REFERENCES agent_groups (id) ON DELETE CASCADE,
    local_name TEXT NOT NULL,
    target_type TEXT NOT NULL CHECK (target_type IN ('channel', 'agent')),
    messaging_group_id TEXT REFERENCES messaging_groups (id) ON DELETE CASCADE,
    target_agent_group_id TEXT REFERENCES agent_groups (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (agent_group_id, local_name),
    CHECK ((target_type = 'channel' AND messaging_group_id IS NOT NULL AND target_agent_group_id IS NULL)
        OR (target_type = 'agent' AND target_agent_group_id IS NOT NULL AND messaging_group_id IS NULL))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX agent_destinations_once ON agent_destinations (
    agent_group_id, target_type, coalesce(messaging_group_id, ''), coalesce(target_agent_group_id, ''));
CREATE TABLE pending_questions (
    id TEXT PRIMARY KEY NOT NULL,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    message_out_id TEXT NOT NULL,
    channel_type TEXT NOT NULL,
    platform_id TEXT NOT NULL,
    thread_id TEXT,
    title TEXT NOT NULL,
    options TEXT NOT NULL CHECK (json_valid(options)),
    expires_at INTEGER,
    created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE pending_approvals (
    id TEXT PRIMARY KEY NOT NULL,
    session_id TEXT REFERENCES sessions (id) ON DELETE CASCADE,
    agent_group_id TEXT REFERENCES agent_groups (id) ON DELETE CASCADE,
    action TEXT NOT NULL,
    plan TEXT NOT NULL CHECK (json_valid(plan)),
    plan_hash BLOB NOT NULL,
    channel_type TEXT,
    platform_id TEXT,
    platform_message_id TEXT,
    status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'approved', 'rejected', 'expired')),
    expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX pending_approvals_by_action ON pending_approvals (action, status);
CREATE TABLE pending_sender_approvals (
    id TEXT PRIMARY KEY NOT NULL,
    messaging_group_id TEXT NOT NULL REFERENCES messaging_groups (id) ON DELETE CASCADE,
    agent_group_id TEXT NOT NULL REFERENCES agent_groups (id) ON DELETE CASCADE,
    sender_id TEXT NOT NULL,
    sender_name TEXT,
    event TEXT NOT NULL CHECK (json_valid(event)),
    approver_user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (messaging_group_id, agent_group_id, sender_id)
) STRICT;
CREATE TABLE pending_channel_approvals (
    messaging_group_id TEXT PRIMARY KEY NOT NULL REFERENCES messaging_groups (id) ON DELETE CASCADE,
    agent_group_id TEXT NOT NULL REFERENCES agent_groups (id) ON DELETE CASCADE,
    event TEXT NOT NULL CHECK (json_valid(event)),
    approver_user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE dropped_messages (
    channel_type TEXT NOT NULL,
    platform_id TEXT NOT NULL,
    sender_id TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL CHECK (reason IN (
        'no_agent_wired', 'no_agent_engaged', 'unknown_sender_strict', 'unknown_sender_request_approval',
        'sender_scope', 'command_denied', 'command_filtered', 'rejected')),
    sender_name TEXT,
    messaging_group_id TEXT REFERENCES messaging_groups (id) ON DELETE SET NULL,
    agent_group_id TEXT REFERENCES agent_groups (id) ON DELETE SET NULL,
    message_count INTEGER NOT NULL DEFAULT 1 CHECK (message_count > 0),
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    PRIMARY KEY (channel_type, platform_id, sender_id, reason)
) STRICT, WITHOUT ROWID;
CREATE INDEX dropped_messages_age ON dropped_messages (last_seen);
CREATE TABLE dirty (
    session_id TEXT PRIMARY KEY NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    next_due INTEGER,
    reason TEXT NOT NULL,
    marked_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX dirty_due ON dirty (next_due);
CREATE TABLE runners (
    session_id TEXT PRIMARY KEY NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    incarnation INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'stopped' CHECK (state IN ('starting', 'running', 'stopped')),
    boot_id TEXT,
    pid INTEGER,
    start_time INTEGER,
    spawn_failures INTEGER NOT NULL DEFAULT 0,
    recovery_failures INTEGER NOT NULL DEFAULT 0,
    retry_at INTEGER,
    last_error TEXT,
    report TEXT,
    updated_at INTEGER NOT NULL,
    CHECK (state = 'stopped' OR (boot_id IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE TABLE cli_messages (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    platform_id TEXT NOT NULL,
    direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),
    message_id TEXT NOT NULL,
    user_id TEXT,
    agent_name TEXT,
    in_reply_to TEXT,
    content TEXT NOT NULL CHECK (json_valid(content)),
    created_at INTEGER NOT NULL,
    UNIQUE (platform_id, message_id)
) STRICT;
CREATE TABLE cli_readers (
    platform_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (platform_id, user_id)
) STRICT, WITHOUT ROWID;
