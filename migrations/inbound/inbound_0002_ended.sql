ALTER TABLE messages_in ADD COLUMN ended_at INTEGER;
