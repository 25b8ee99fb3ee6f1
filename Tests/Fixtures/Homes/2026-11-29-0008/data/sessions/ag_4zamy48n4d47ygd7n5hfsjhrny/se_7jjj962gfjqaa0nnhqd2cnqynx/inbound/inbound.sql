PRAGMA page_size=4096;
PRAGMA auto_vacuum=1;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE messages_in (
    id TEXT PRIMARY KEY NOT NULL,
    seq INTEGER NOT NULL UNIQUE CHECK (seq > 0 AND seq % 2 = 0),
    kind TEXT NOT NULL CHECK (kind IN ('chat', 'task', 'webhook', 'system')),
    status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'paused', 'completed', 'failed')),
    trigger INTEGER NOT NULL DEFAULT 1 CHECK (trigger IN (0, 1)),
    min_incarnation INTEGER NOT NULL DEFAULT 0,
    sent_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    process_after INTEGER,
    recurrence TEXT,
    series_id TEXT,
    tries INTEGER NOT NULL DEFAULT 0,
    last_error TEXT,
    channel_type TEXT,
    platform_id TEXT,
    thread_id TEXT,
    platform_message_id TEXT,
    source_session_id TEXT,
    content TEXT NOT NULL, ended_at INTEGER,
    CHECK ((channel_type IS NULL) = (platform_id IS NULL))
) STRICT;
INSERT INTO messages_in VALUES('m_2tnefa1er155f4max9jwej4pen',2,'chat','completed',1,0,1795954742524,1795954742536,NULL,NULL,NULL,0,NULL,'cli','cli:local:main',NULL,'m_4fna90az9rxm7960ham6es0xp8',NULL,'{"attachments":[],"sender":"root","senderID":"cli:0","text":"hello"}',1795954742568);
INSERT INTO messages_in VALUES('m_7z9g6dh1v9hp3wzqp10zr9khrf',4,'chat','completed',1,0,1795954742591,1795954742592,NULL,NULL,NULL,0,NULL,'cli','cli:local:main',NULL,'m_50348xm7rcgk9qak5jphk5dtgk',NULL,'{"attachments":[],"sender":"root","senderID":"cli:0","text":"write notes.txt remember the milk"}',1795954742602);
INSERT INTO messages_in VALUES('m_3z0z83hgzaxpq1fmh3m4sh9jff',6,'chat','completed',1,0,1795954742626,1795954742626,NULL,NULL,NULL,0,NULL,'cli','cli:local:main',NULL,'m_7y7dd7980tfxnkvkrh9ktmyzzj',NULL,'{"attachments":[],"sender":"root","senderID":"cli:0","text":"run echo $((6*7)); ls /workspace"}',1795954742636);
INSERT INTO messages_in VALUES('m_2t5je4v5pag60ems7jn85qkt8p',8,'chat','completed',1,0,1795954742660,1795954742660,NULL,NULL,NULL,0,NULL,'cli','cli:local:main',NULL,'m_20my6jst32432dqxwwp3d04hfe',NULL,'{"attachments":[],"sender":"root","senderID":"cli:0","text":"remember the door code is in the safe"}',1795954742668);
INSERT INTO messages_in VALUES('m_5qgy340eqaje2bpjeqdwfd1bvm',10,'chat','pending',1,0,1795954745237,1795954745241,NULL,NULL,NULL,0,NULL,'cli','cli:local:main',NULL,'m_67btyrbmkqywpj3vkt9bj9ss4f',NULL,'{"attachments":[],"sender":"root","senderID":"cli:0","text":"run sleep 3; echo late-answer"}',NULL);
CREATE TABLE seen (
    source_id TEXT NOT NULL,
    content_hash BLOB NOT NULL,
    message_id TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (source_id, content_hash)
) STRICT, WITHOUT ROWID;
INSERT INTO seen VALUES('cli cli:local:main|m_20my6jst32432dqxwwp3d04hfe',X'c9ff52452f8c50aae7deeb96237c38fb2aa4ac6a9b2693fc39066021f07cb942','m_2t5je4v5pag60ems7jn85qkt8p',1795954742661);
INSERT INTO seen VALUES('cli cli:local:main|m_4fna90az9rxm7960ham6es0xp8',X'8fac57594d17765ebdde98086d6cd05c66454d5b9ae50e3212dae44c6c2353d5','m_2tnefa1er155f4max9jwej4pen',1795954742538);
INSERT INTO seen VALUES('cli cli:local:main|m_50348xm7rcgk9qak5jphk5dtgk',X'55a2593636cdaf9b45ba2e5a71bb465ccdc6c8ec073a77e978ab498dfaaddf7d','m_7z9g6dh1v9hp3wzqp10zr9khrf',1795954742592);
INSERT INTO seen VALUES('cli cli:local:main|m_67btyrbmkqywpj3vkt9bj9ss4f',X'a374c44858d0376d60b1bc947a6ce0a7dd2f504165bcfb8338bb4f798303fe0a','m_5qgy340eqaje2bpjeqdwfd1bvm',1795954745241);
INSERT INTO seen VALUES('cli cli:local:main|m_7y7dd7980tfxnkvkrh9ktmyzzj',X'350ab362cd7b31b8e6eb30b54132dfb129d425552545ac75bcca223b9aaf8fbd','m_3z0z83hgzaxpq1fmh3m4sh9jff',1795954742627);
CREATE TABLE deliveries (
    message_id TEXT PRIMARY KEY NOT NULL,
    seq INTEGER NOT NULL,
    incarnation INTEGER NOT NULL,
    turn TEXT NOT NULL,
    kind TEXT NOT NULL,
    channel_type TEXT,
    platform_id TEXT,
    thread_id TEXT,
    in_reply_to TEXT,
    content TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('sending', 'delivered', 'retry', 'failed', 'unknown')),
    attempts INTEGER NOT NULL DEFAULT 0,
    next_attempt INTEGER,
    parts_done INTEGER NOT NULL DEFAULT 0,
    platform_message_id TEXT,
    error TEXT,
    recorded_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
INSERT INTO deliveries VALUES('m_1b3zd14a13s47pcdbcqbgxksye',3,1,'t_0f9de5qebwj8fdpcf003reh8wt','chat','cli','cli:local:main',NULL,'m_2tnefa1er155f4max9jwej4pen','{"files":[],"text":"No model is configured, so I cannot think yet; only plain commands work. Here is how to give me a model:\nnanoclaw providers add NAME --kind openai|anthropic --base-url URL --model M [--key-file FILE]\nnanoclaw groups config update GROUP --provider NAME\n\nSay \"help\" for the commands."}','delivered',1,NULL,1,'m_1b3zd14a13s47pcdbcqbgxksye',NULL,1795954742567,1795954742568);
INSERT INTO deliveries VALUES('m_4g1f4vtm4cm15dfzr85f21tmvv',5,1,'t_52r4zd4cxv9hrja79erehcaz4g','chat','cli','cli:local:main',NULL,'m_7z9g6dh1v9hp3wzqp10zr9khrf','{"files":[],"text":"Wrote 17 bytes to notes.txt."}','delivered',1,NULL,1,'m_4g1f4vtm4cm15dfzr85f21tmvv',NULL,1795954742601,1795954742602);
INSERT INTO deliveries VALUES('m_335b53dd2gbs228s3pg4ww2kjr',7,1,'t_3xef702ats49s19vaa6jc55fea','chat','cli','cli:local:main',NULL,'m_3z0z83hgzaxpq1fmh3m4sh9jff','{"files":[],"text":"42\nagent\ninbound\ninstructions"}','delivered',1,NULL,1,'m_335b53dd2gbs228s3pg4ww2kjr',NULL,1795954742635,1795954742636);
INSERT INTO deliveries VALUES('m_55vx4t2zzsn5jbtdmhwxq57n0x',9,1,'t_09tytg09pa68ha58ga0b4a7wy1','chat','cli','cli:local:main',NULL,'m_2t5je4v5pag60ems7jn85qkt8p','{"files":[],"text":"Remembered in memory/notes.md."}','delivered',1,NULL,1,'m_55vx4t2zzsn5jbtdmhwxq57n0x',NULL,1795954742667,1795954742668);
CREATE TABLE destinations (
    name TEXT PRIMARY KEY NOT NULL,
    display_name TEXT,
    target_type TEXT NOT NULL CHECK (target_type IN ('channel', 'agent')),
    channel_type TEXT,
    platform_id TEXT,
    agent_group_id TEXT,
    CHECK ((target_type = 'channel' AND channel_type IS NOT NULL AND platform_id IS NOT NULL)
        OR (target_type = 'agent' AND agent_group_id IS NOT NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO destinations VALUES('cli','cli','channel','cli','cli:local:main',NULL);
INSERT INTO destinations VALUES('research','Research','agent',NULL,NULL,'ag_71qsdjhzzt0772vf3dk3axg2fw');
CREATE TABLE session_routing (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    channel_type TEXT,
    platform_id TEXT,
    thread_id TEXT,
    CHECK ((channel_type IS NULL) = (platform_id IS NULL))
) STRICT;
INSERT INTO session_routing VALUES(1,'cli','cli:local:main',NULL);
CREATE TABLE meta (
    key TEXT PRIMARY KEY NOT NULL CHECK (key IN ('incarnation', 'seq', 'recorded_through', 'configuration')),
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES('configuration','{"agentGroupID":"ag_4zamy48n4d47ygd7n5hfsjhrny","agentName":"Main","limits":{"attachmentBytes":26214400,"idleSeconds":300,"maximumOutputTokens":8192,"maximumToolTimeout":3600,"messageAttachmentBytes":104857600,"messagesPerPrompt":50,"modelCallsPerTurn":50,"toolOutput":32768,"toolTimeout":120},"provider":{"kind":"offline","model":"offline","name":"offline"},"queueMode":"steer","timeZone":"Etc/UTC","tools":{"denied":[],"shell":"allow"}}');
INSERT INTO meta VALUES('incarnation','1');
INSERT INTO meta VALUES('recorded_through','9');
INSERT INTO meta VALUES('seq','10');
CREATE INDEX messages_in_open ON messages_in (status, seq);
CREATE INDEX messages_in_series ON messages_in (series_id) WHERE series_id IS NOT NULL;
CREATE INDEX seen_age ON seen (seen_at);
CREATE INDEX deliveries_seq ON deliveries (seq);
CREATE INDEX deliveries_open ON deliveries (seq) WHERE state IN ('sending', 'retry');
COMMIT;
PRAGMA user_version=2;
