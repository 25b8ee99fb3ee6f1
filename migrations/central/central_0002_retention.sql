ALTER TABLE sessions ADD COLUMN closed_at INTEGER;
ALTER TABLE sessions ADD COLUMN reopens INTEGER NOT NULL DEFAULT 0 CHECK (reopens IN (0, 1));
ALTER TABLE sessions ADD COLUMN retention_due_at INTEGER;
UPDATE sessions SET retention_due_at = 0;
CREATE INDEX sessions_retention ON sessions (retention_due_at, id) WHERE retention_due_at IS NOT NULL;
DROP INDEX sessions_once;
CREATE UNIQUE INDEX sessions_once ON sessions (
    agent_group_id, mode, coalesce(messaging_group_id, ''), coalesce(thread_id, ''))
    WHERE (status <> 'closed' OR reopens = 1) AND (mode = 'agent-shared' OR messaging_group_id IS NOT NULL);
CREATE TABLE retention (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    periods TEXT NOT NULL
) STRICT;
