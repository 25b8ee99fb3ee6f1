CREATE TABLE trace_entries (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    source_id TEXT,
    message_id TEXT,
    session_id TEXT,
    turn_id TEXT,
    stage TEXT NOT NULL,
    detail TEXT NOT NULL CHECK (json_valid(detail))
) STRICT;
CREATE INDEX trace_entries_by_source ON trace_entries (source_id) WHERE source_id IS NOT NULL;
CREATE INDEX trace_entries_by_message ON trace_entries (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX trace_entries_by_turn ON trace_entries (turn_id) WHERE turn_id IS NOT NULL;
CREATE INDEX trace_entries_age ON trace_entries (at);
