CREATE TABLE tasks (
    id TEXT PRIMARY KEY NOT NULL,
    agent_group_id TEXT NOT NULL REFERENCES agent_groups (id) ON DELETE CASCADE,
    name TEXT,
    session_mode TEXT NOT NULL CHECK (session_mode IN ('shared', 'per-thread', 'agent-shared')),
    messaging_group_id TEXT REFERENCES messaging_groups (id) ON DELETE CASCADE,
    thread_id TEXT,
    prompt TEXT NOT NULL,
    script TEXT,
    is_script_of_agent INTEGER NOT NULL DEFAULT 0 CHECK (is_script_of_agent IN (0, 1)),
    is_fresh INTEGER NOT NULL DEFAULT 0 CHECK (is_fresh IN (0, 1)),
    schedule_kind TEXT NOT NULL CHECK (schedule_kind IN ('once', 'interval', 'cron')),
    schedule TEXT NOT NULL,
    anchor_at INTEGER,
    zone TEXT NOT NULL,
    missed_runs TEXT NOT NULL DEFAULT 'latest' CHECK (missed_runs IN ('skip', 'latest', 'all')),
    state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused', 'done', 'cancelled')),
    next_due INTEGER,
    failures INTEGER NOT NULL DEFAULT 0,
    created_by TEXT NOT NULL,
    created_in TEXT REFERENCES sessions (id) ON DELETE SET NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK (session_mode = 'agent-shared' OR messaging_group_id IS NOT NULL),
    CHECK (schedule_kind = 'cron' OR anchor_at IS NOT NULL),
    CHECK (state IN ('active', 'paused') OR next_due IS NULL)
) STRICT;
CREATE INDEX tasks_due ON tasks (next_due) WHERE state = 'active' AND next_due IS NOT NULL;
CREATE INDEX tasks_by_group ON tasks (agent_group_id, state);
CREATE INDEX tasks_by_chat ON tasks (messaging_group_id);
CREATE TABLE task_runs (
    id TEXT PRIMARY KEY NOT NULL,
    task_id TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    due_at INTEGER NOT NULL,
    is_manual INTEGER NOT NULL DEFAULT 0 CHECK (is_manual IN (0, 1)),
    state TEXT NOT NULL CHECK (state IN (
        'claimed', 'running', 'completed', 'quiet', 'failed', 'interrupted', 'stopped', 'missed')),
    prompt TEXT NOT NULL,
    script TEXT,
    is_fresh INTEGER NOT NULL CHECK (is_fresh IN (0, 1)),
    session_id TEXT REFERENCES sessions (id) ON DELETE SET NULL,
    message_id TEXT,
    detail TEXT,
    notice TEXT CHECK (notice IN ('chat', 'owner', 'alert')),
    claimed_at INTEGER NOT NULL,
    ended_at INTEGER,
    UNIQUE (task_id, due_at, is_manual),
    CHECK (state <> 'running' OR message_id IS NOT NULL)
) STRICT;
CREATE INDEX task_runs_open ON task_runs (claimed_at, due_at) WHERE state IN ('claimed', 'running');
CREATE INDEX task_runs_untold ON task_runs (ended_at) WHERE notice IS NOT NULL;
CREATE INDEX task_runs_by_session ON task_runs (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX task_runs_due ON task_runs (due_at);
