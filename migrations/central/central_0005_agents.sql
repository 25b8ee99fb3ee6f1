ALTER TABLE agent_groups ADD COLUMN parent_id TEXT REFERENCES agent_groups (id) ON DELETE SET NULL;
CREATE INDEX agent_groups_by_parent ON agent_groups (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX agent_destinations_by_agent ON agent_destinations (target_agent_group_id)
    WHERE target_agent_group_id IS NOT NULL;
CREATE TABLE agent_messages (
    source_session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    message_id TEXT NOT NULL,
    source_group_id TEXT NOT NULL REFERENCES agent_groups (id) ON DELETE CASCADE,
    target_group_id TEXT NOT NULL REFERENCES agent_groups (id) ON DELETE CASCADE,
    target_session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    hops INTEGER NOT NULL CHECK (hops > 0),
    accepted_at INTEGER NOT NULL,
    PRIMARY KEY (source_session_id, message_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX agent_messages_by_pair ON agent_messages (source_group_id, target_group_id, accepted_at);
CREATE INDEX agent_messages_by_target ON agent_messages (target_session_id);
CREATE INDEX agent_messages_by_target_group ON agent_messages (target_group_id);
CREATE INDEX agent_messages_age ON agent_messages (accepted_at);
CREATE TABLE agent_limit_notices (
    first_group_id TEXT NOT NULL REFERENCES agent_groups (id) ON DELETE CASCADE,
    second_group_id TEXT NOT NULL REFERENCES agent_groups (id) ON DELETE CASCADE,
    limit_kind TEXT NOT NULL CHECK (limit_kind IN ('hops', 'rate')),
    told_at INTEGER NOT NULL,
    PRIMARY KEY (first_group_id, second_group_id, limit_kind)
) STRICT, WITHOUT ROWID;
