PRAGMA page_size=4096;
PRAGMA auto_vacuum=1;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
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
INSERT INTO "deliveries" VALUES('m_303cgnz1vf17kzky1g36jwa9mg',3,1,'t_19q4wttp2p8rbz0asf3ma8mqd8','chat','cli','cli:local:work',NULL,'m_5b2d8jh3hhd3exk63y2n6vx7a7','{"files":[],"text":"Wrote 6 bytes to plan.md."}','delivered',1,NULL,1,'m_303cgnz1vf17kzky1g36jwa9mg',NULL,1795601930408,1795601930425);
INSERT INTO "deliveries" VALUES('m_54s5bvf4kn9sqfmbjrkbc2g834',5,1,'t_6s5jnw2pcgef1z2fzzf3709enk','chat','cli','cli:local:work',NULL,'m_1bqhdq2j3ztyfws6dnbpkrtv7m','{"files":[],"text":"# Plan"}','delivered',1,NULL,1,'m_54s5bvf4kn9sqfmbjrkbc2g834',NULL,1795601931053,1795601931066);
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
INSERT INTO "destinations" VALUES('work','work','channel','cli','cli:local:work',NULL);
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
INSERT INTO "messages_in" VALUES('m_5b2d8jh3hhd3exk63y2n6vx7a7',2,'chat','completed',1,0,1795601929898,1795601929989,NULL,NULL,NULL,0,NULL,'cli','cli:local:work',NULL,'m_4ndghym78qnzkdmw7dwx71abgn',NULL,'{"attachments":[],"sender":"root","senderID":"cli:0","text":"write plan.md # Plan"}',NULL);
INSERT INTO "messages_in" VALUES('m_1bqhdq2j3ztyfws6dnbpkrtv7m',4,'chat','completed',1,0,1795601930497,1795601930514,NULL,NULL,NULL,0,NULL,'cli','cli:local:work',NULL,'m_731z7eecc7csgmm3s80hhnr9bp',NULL,'{"attachments":[],"sender":"root","senderID":"cli:0","text":"read plan.md"}',NULL);
CREATE TABLE meta (
    key TEXT PRIMARY KEY NOT NULL CHECK (key IN ('incarnation', 'seq', 'recorded_through', 'configuration')),
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "meta" VALUES('configuration','{"agentGroupID":"ag_25kxhmdty5wm8bm6c4k3hay23q","agentName":"Ada","limits":{"attachmentBytes":26214400,"idleSeconds":600,"maximumOutputTokens":8192,"maximumToolTimeout":3600,"messageAttachmentBytes":104857600,"messagesPerPrompt":50,"modelCallsPerTurn":50,"toolOutput":32768,"toolTimeout":120},"provider":{"kind":"offline","model":"offline","name":"offline"},"queueMode":"steer","timeZone":"Europe/Berlin","tools":{"denied":[]}}');
INSERT INTO "meta" VALUES('incarnation','1');
INSERT INTO "meta" VALUES('recorded_through','5');
INSERT INTO "meta" VALUES('seq','4');
CREATE TABLE seen (
    source_id TEXT NOT NULL,
    content_hash BLOB NOT NULL,
    message_id TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (source_id, content_hash)
) STRICT, WITHOUT ROWID;
INSERT INTO "seen" VALUES('cli cli:local:work|m_4ndghym78qnzkdmw7dwx71abgn',X'DF6982A47650EE05572E0E715E010AF3E382545FAA5A76746051C4CF444FF223','m_5b2d8jh3hhd3exk63y2n6vx7a7',1795601930006);
INSERT INTO "seen" VALUES('cli cli:local:work|m_731z7eecc7csgmm3s80hhnr9bp',X'FE05210AA2393044ACFFEE1CF6C1FE5F0CB6BFE42D899A7C709E9018061BFCC4','m_1bqhdq2j3ztyfws6dnbpkrtv7m',1795601930514);
CREATE TABLE session_routing (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    channel_type TEXT,
    platform_id TEXT,
    thread_id TEXT,
    CHECK ((channel_type IS NULL) = (platform_id IS NULL))
) STRICT;
INSERT INTO "session_routing" VALUES(1,'cli','cli:local:work',NULL);
CREATE INDEX messages_in_open ON messages_in (status, seq);
CREATE INDEX messages_in_series ON messages_in (series_id) WHERE series_id IS NOT NULL;
CREATE INDEX seen_age ON seen (seen_at);
CREATE INDEX deliveries_seq ON deliveries (seq);
CREATE INDEX deliveries_open ON deliveries (seq) WHERE state IN ('sending', 'retry');
COMMIT;
PRAGMA user_version=2;
