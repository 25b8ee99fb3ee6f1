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
    content TEXT NOT NULL,
    CHECK ((channel_type IS NULL) = (platform_id IS NULL))
) STRICT;
INSERT INTO messages_in VALUES('m_2bs9crgb4dmk2zn2wr9bcr4bnc',2,'chat','completed',1,0,1795601928464,1795601928502,NULL,NULL,NULL,0,NULL,'cli','cli:local:main',NULL,'m_2jm52mdqajq291p3trkae78gwk',NULL,'{"attachments":[],"sender":"root","senderID":"cli:0","text":"hello"}');
INSERT INTO messages_in VALUES('m_3543qbj4da5z6e6hfg0smkwnc1',4,'chat','completed',1,0,1795601928808,1795601928818,NULL,NULL,NULL,0,NULL,'cli','cli:local:main',NULL,'m_70vtg9mzqx77y205qkqr8bx089',NULL,'{"attachments":[],"sender":"root","senderID":"cli:0","text":"write notes.txt remember the milk"}');
INSERT INTO messages_in VALUES('m_1pse9brnzfczm1d9xh7vbzzzr1',6,'chat','completed',1,0,1795601929010,1795601929021,NULL,NULL,NULL,0,NULL,'cli','cli:local:main',NULL,'m_0sbprdhtqdhzd51gsvjqme962b',NULL,'{"attachments":[],"sender":"root","senderID":"cli:0","text":"run echo $((6*7)); ls /workspace"}');
INSERT INTO messages_in VALUES('m_253xq0dwt8qft06y1mv7jxyk0h',8,'chat','completed',1,0,1795601929216,1795601929251,NULL,NULL,NULL,0,NULL,'cli','cli:local:main',NULL,'m_2hmbzafh05gdqpvhbn4ywq23tk',NULL,'{"attachments":[],"sender":"root","senderID":"cli:0","text":"remember the door code is in the safe"}');
INSERT INTO messages_in VALUES('m_14j82qavt2j76m6nenykd81pm8',10,'chat','pending',1,0,1795601931118,1795601931120,NULL,NULL,NULL,0,NULL,'cli','cli:local:main',NULL,'m_0xw6ajdkjmyszb72cjsvw9c5a8',NULL,'{"attachments":[],"sender":"root","senderID":"cli:0","text":"run sleep 3; echo late-answer"}');
CREATE TABLE seen (
    source_id TEXT NOT NULL,
    content_hash BLOB NOT NULL,
    message_id TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (source_id, content_hash)
) STRICT, WITHOUT ROWID;
INSERT INTO seen VALUES('cli cli:local:main|m_0sbprdhtqdhzd51gsvjqme962b',X'fdb639c4696eb2cde9ef0cabf2b4964dfdd4630b811b402c7d6de665d4abe6a6','m_1pse9brnzfczm1d9xh7vbzzzr1',1795601929022);
INSERT INTO seen VALUES('cli cli:local:main|m_0xw6ajdkjmyszb72cjsvw9c5a8',X'2a292c53b3501f0358d4a45de197a405ce3c9a249419bd74452b12902ba1bfe3','m_14j82qavt2j76m6nenykd81pm8',1795601931121);
INSERT INTO seen VALUES('cli cli:local:main|m_2hmbzafh05gdqpvhbn4ywq23tk',X'038684c90ac14a4d6f6aa1729235cdeb28ef7c1e8e0239183c7929ca6c1e6455','m_253xq0dwt8qft06y1mv7jxyk0h',1795601929251);
INSERT INTO seen VALUES('cli cli:local:main|m_2jm52mdqajq291p3trkae78gwk',X'1b5edfa57074a41a7d3bc4da4948589a439f0c8abe97fb67f0fcfa3ca42ac88d','m_2bs9crgb4dmk2zn2wr9bcr4bnc',1795601928504);
INSERT INTO seen VALUES('cli cli:local:main|m_70vtg9mzqx77y205qkqr8bx089',X'b4ff77d12c3d7f01b554f6f03c175d494e8cd4b943d0af39b322727328f5e239','m_3543qbj4da5z6e6hfg0smkwnc1',1795601928818);
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
INSERT INTO deliveries VALUES('m_7tgfnc62b69xy9d3efbyqtpezn',3,1,'t_54dv919q8snb3pc3aj9m0gmfea','chat','cli','cli:local:main',NULL,'m_2bs9crgb4dmk2zn2wr9bcr4bnc','{"files":[],"text":"No model is configured, so I cannot think yet; only plain commands work. Here is how to give me a model:\nnanoclaw providers add NAME --kind openai|anthropic --base-url URL --model M [--key-file FILE]\nnanoclaw groups config update GROUP --provider NAME\n\nSay \"help\" for the commands."}','delivered',1,NULL,1,'m_7tgfnc62b69xy9d3efbyqtpezn',NULL,1795601928726,1795601928731);
INSERT INTO deliveries VALUES('m_2ff2879e1fnh1rgpkzf07w3wmz',5,1,'t_7bg0rp16q8azch5nezq61t4jq8','chat','cli','cli:local:main',NULL,'m_3543qbj4da5z6e6hfg0smkwnc1','{"files":[],"text":"Wrote 17 bytes to notes.txt."}','delivered',1,NULL,1,'m_2ff2879e1fnh1rgpkzf07w3wmz',NULL,1795601928888,1795601928890);
INSERT INTO deliveries VALUES('m_41f1xfkn1mtv2pbsxkrzfmvzx0',7,1,'t_1s4r4t4ktgepf6ypcehf56jt68','chat','cli','cli:local:main',NULL,'m_1pse9brnzfczm1d9xh7vbzzzr1','{"files":[],"text":"42\nagent\ninbound\ninstructions"}','delivered',1,NULL,1,'m_41f1xfkn1mtv2pbsxkrzfmvzx0',NULL,1795601929134,1795601929149);
INSERT INTO deliveries VALUES('m_4cscx8rztxyjyv3c6nrtngnsxk',9,1,'t_0rhb4ysp58zb3f1cqshxjn4j5t','chat','cli','cli:local:main',NULL,'m_253xq0dwt8qft06y1mv7jxyk0h','{"files":[],"text":"Remembered in memory/notes.md."}','delivered',1,NULL,1,'m_4cscx8rztxyjyv3c6nrtngnsxk',NULL,1795601929369,1795601929370);
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
INSERT INTO meta VALUES('configuration','{"agentGroupID":"ag_2c8tqk8ek7dn69pn0mf0rd4ekd","agentName":"Main","limits":{"attachmentBytes":26214400,"idleSeconds":300,"maximumOutputTokens":8192,"maximumToolTimeout":3600,"messageAttachmentBytes":104857600,"messagesPerPrompt":50,"modelCallsPerTurn":50,"toolOutput":32768,"toolTimeout":120},"provider":{"kind":"offline","model":"offline","name":"offline"},"queueMode":"steer","timeZone":"Etc/UTC","tools":{"denied":[]}}');
INSERT INTO meta VALUES('incarnation','1');
INSERT INTO meta VALUES('recorded_through','9');
INSERT INTO meta VALUES('seq','10');
CREATE INDEX messages_in_open ON messages_in (status, seq);
CREATE INDEX messages_in_series ON messages_in (series_id) WHERE series_id IS NOT NULL;
CREATE INDEX seen_age ON seen (seen_at);
CREATE INDEX deliveries_seq ON deliveries (seq);
CREATE INDEX deliveries_open ON deliveries (seq) WHERE state IN ('sending', 'retry');
COMMIT;
PRAGMA user_version=1;
