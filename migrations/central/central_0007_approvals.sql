DROP TABLE pending_approvals;
CREATE TABLE cards (
    id TEXT PRIMARY KEY NOT NULL,
    purpose TEXT NOT NULL,
    subject TEXT NOT NULL,
    channel_type TEXT NOT NULL,
    platform_id TEXT NOT NULL,
    thread_id TEXT,
    code TEXT NOT NULL,
    agent_name TEXT NOT NULL,
    content TEXT NOT NULL CHECK (json_valid(content)),
    state TEXT NOT NULL DEFAULT 'unsent' CHECK (state IN ('unsent', 'open', 'closing', 'closed')),
    outcome TEXT,
    is_lapsed INTEGER NOT NULL DEFAULT 0 CHECK (is_lapsed IN (0, 1)),
    platform_message_id TEXT,
    sent_at INTEGER,
    expires_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK ((outcome IS NULL) = (state IN ('unsent', 'open')))
) STRICT;
CREATE UNIQUE INDEX cards_code ON cards (channel_type, platform_id, code) WHERE state IN ('unsent', 'open');
CREATE INDEX cards_subject ON cards (purpose, subject);
CREATE INDEX cards_state ON cards (state);
CREATE INDEX cards_chat ON cards (channel_type, platform_id, created_at);
CREATE TABLE card_answers (
    source TEXT PRIMARY KEY NOT NULL,
    card_id TEXT NOT NULL REFERENCES cards (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    value TEXT NOT NULL,
    is_taken INTEGER NOT NULL CHECK (is_taken IN (0, 1)),
    answered_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX card_answers_card ON card_answers (card_id);
CREATE TABLE approvals (
    id TEXT PRIMARY KEY NOT NULL,
    action TEXT NOT NULL,
    agent_group_id TEXT REFERENCES agent_groups (id) ON DELETE CASCADE,
    plan TEXT NOT NULL CHECK (json_valid(plan)),
    plan_hash TEXT NOT NULL CHECK (length(plan_hash) = 64),
    scope_hash TEXT NOT NULL CHECK (length(scope_hash) = 64),
    level TEXT NOT NULL CHECK (level IN ('group_admin', 'global_admin', 'owner')),
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    choices TEXT NOT NULL CHECK (json_valid(choices)),
    status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN (
        'pending', 'executing', 'executed', 'failed', 'denied', 'expired', 'interrupted', 'cancelled')),
    choice TEXT,
    decided_by TEXT,
    grant_id TEXT,
    note TEXT,
    result TEXT,
    expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    decided_at INTEGER,
    ended_at INTEGER
) STRICT;
CREATE UNIQUE INDEX approvals_once ON approvals (plan_hash) WHERE status = 'pending';
CREATE INDEX approvals_open ON approvals (status, expires_at) WHERE status IN ('pending', 'executing');
CREATE INDEX approvals_age ON approvals (created_at);
CREATE TABLE approval_askers (
    approval_id TEXT NOT NULL REFERENCES approvals (id) ON DELETE CASCADE,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    request TEXT NOT NULL DEFAULT '',
    turn TEXT,
    is_told INTEGER NOT NULL DEFAULT 0 CHECK (is_told IN (0, 1)),
    asked_at INTEGER NOT NULL,
    PRIMARY KEY (approval_id, session_id, request)
) STRICT, WITHOUT ROWID;
CREATE INDEX approval_askers_untold ON approval_askers (approval_id) WHERE is_told = 0;
CREATE INDEX approval_askers_turn ON approval_askers (session_id, turn);
CREATE TABLE approval_grants (
    id TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('grant', 'bypass')),
    action TEXT,
    agent_group_id TEXT REFERENCES agent_groups (id) ON DELETE CASCADE,
    scope TEXT CHECK (scope IS NULL OR json_valid(scope)),
    scope_hash TEXT CHECK (scope_hash IS NULL OR length(scope_hash) = 64),
    approval_id TEXT,
    granted_by TEXT NOT NULL,
    is_home_owner INTEGER NOT NULL DEFAULT 0 CHECK (is_home_owner IN (0, 1)),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER,
    revoked_by TEXT,
    uses INTEGER NOT NULL DEFAULT 0,
    last_used_at INTEGER,
    CHECK ((kind = 'grant') = (scope_hash IS NOT NULL)),
    CHECK (kind <> 'bypass' OR expires_at - created_at <= 28800000),
    CHECK (expires_at - created_at <= 31536000000)
) STRICT;
CREATE INDEX approval_grants_scope ON approval_grants (scope_hash);
CREATE TABLE audit (
    position INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    event TEXT NOT NULL,
    approval_id TEXT,
    grant_id TEXT,
    agent_group_id TEXT,
    user_id TEXT,
    subject TEXT,
    detail TEXT NOT NULL,
    hash TEXT NOT NULL CHECK (length(hash) = 64)
) STRICT;
CREATE INDEX audit_approval ON audit (approval_id) WHERE approval_id IS NOT NULL;
CREATE TRIGGER audit_kept BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
