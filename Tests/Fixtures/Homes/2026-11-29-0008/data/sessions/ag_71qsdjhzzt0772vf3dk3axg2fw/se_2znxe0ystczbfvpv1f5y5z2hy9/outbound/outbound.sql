PRAGMA page_size=4096;
PRAGMA auto_vacuum=1;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE messages_out (
    id TEXT PRIMARY KEY NOT NULL,
    seq INTEGER NOT NULL UNIQUE CHECK (seq > 0 AND seq % 2 = 1),
    in_reply_to TEXT,
    turn TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('chat', 'edit', 'reaction', 'system')),
    channel_type TEXT,
    platform_id TEXT,
    thread_id TEXT,
    content TEXT NOT NULL,
    deliver_after INTEGER,
    created_at INTEGER NOT NULL
) STRICT;
INSERT INTO messages_out VALUES('m_70j8w8fqmcxyt7b8b39w5wfy7k',15,'m_12kybzn9tqtr1jgjtbg5ghxpss','t_3beqj56fyb83vtr02558w5nsv2','chat','cli','cli:local:work',NULL,'{"files":[],"text":"A person is asked whether this may run. Once they allow it, it runs by itself and you are told what came of it; do not ask again.\nThe outcome will come as a <system_response> with about=\"m_1zq11x2gdxj9r1jj0mjh00pac2\"."}',NULL,1795954745135);
CREATE TABLE processing_ack (
    message_id TEXT PRIMARY KEY NOT NULL,
    incarnation INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('processing', 'completed', 'failed')),
    turn TEXT NOT NULL,
    detail TEXT,
    changed_at INTEGER NOT NULL
) STRICT;
INSERT INTO processing_ack VALUES('m_12kybzn9tqtr1jgjtbg5ghxpss',1,'completed','t_3beqj56fyb83vtr02558w5nsv2',NULL,1795954745135);
INSERT INTO processing_ack VALUES('m_50tjz5p3xg4w4s8z39yvxv6sj9',1,'completed','t_3beqj56fyb83vtr02558w5nsv2',NULL,1795954745135);
CREATE TABLE claims (
    message_id TEXT NOT NULL,
    turn TEXT NOT NULL,
    PRIMARY KEY (message_id, turn)
) STRICT, WITHOUT ROWID;
CREATE TABLE session_state (
    key TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO session_state VALUES('continuation:offline','t_784dsn3v3cks7h6xfzk69gvg1k:3634',1795954745135);
CREATE TABLE runner_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    incarnation INTEGER NOT NULL,
    phase TEXT NOT NULL CHECK (phase IN ('starting', 'idle', 'thinking', 'tools', 'stopping')),
    tools TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
INSERT INTO runner_state VALUES(1,1,'idle','[]',1795954745136);
CREATE TABLE meta (
    key TEXT PRIMARY KEY NOT NULL CHECK (key IN ('seq')),
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES('seq','15');
COMMIT;
PRAGMA user_version=1;
