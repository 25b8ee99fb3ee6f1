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
INSERT INTO messages_in VALUES('m_0r2592bdp9gj97asgk905e8acj',2,'chat','completed',1,0,1795954743094,1795954743105,NULL,NULL,NULL,0,NULL,'cli','cli:local:work',NULL,'m_1y2twj4a2gqne1h0djy7phrx49',NULL,'{"attachments":[],"sender":"root","senderID":"cli:0","text":"write plan.md # Plan"}',1795954743153);
INSERT INTO messages_in VALUES('m_6tm7eg4pxnt178j8mtyk31ydkm',4,'chat','completed',1,0,1795954743177,1795954743178,NULL,NULL,NULL,0,NULL,'cli','cli:local:work',NULL,'m_39fbs6dk96hf3tm84bjcex945y',NULL,'{"attachments":[],"sender":"root","senderID":"cli:0","text":"read plan.md"}',1795954743194);
INSERT INTO messages_in VALUES('m_5qy3czvrt2hkq0ydbrayxa7vbq',6,'chat','completed',1,0,1795954743221,1795954743225,NULL,NULL,NULL,0,NULL,'cli','cli:local:work',NULL,'m_3xc3s8r7ahj9xcpa3f0acs0gvf',NULL,'{"attachments":[],"sender":"root","senderID":"cli:0","text":"run touch allowed"}',1795954744153);
INSERT INTO messages_in VALUES('m_04nhxpexyrjb5efyefvm5jv5tz',8,'system','completed',0,0,1795954743254,1795954743254,NULL,NULL,NULL,0,NULL,'cli','cli:local:work',NULL,NULL,NULL,'{"about":"m_1phhz057m18k3337bs0z05tank","action":"shell_command","status":"pending","text":"A person is asked whether this may run. Once they allow it, it runs by itself and you are told what came of it; do not ask again."}',1795954744153);
INSERT INTO messages_in VALUES('m_6rnm1vcng1gdh30ve0j20pqf1z',10,'system','completed',1,0,1795954744480,1795954744480,NULL,NULL,NULL,0,NULL,'cli','cli:local:work',NULL,NULL,NULL,'{"about":"m_1phhz057m18k3337bs0z05tank","action":"shell_command","result":{"background":false,"command":"touch allowed"},"status":"ok","text":"The command was allowed."}',1795954744496);
INSERT INTO messages_in VALUES('m_12kybzn9tqtr1jgjtbg5ghxpss',12,'chat','completed',1,0,1795954744657,1795954744658,NULL,NULL,NULL,0,NULL,'cli','cli:local:work',NULL,'m_47v32h275kpcjnkw6wj3ynrnzy',NULL,'{"attachments":[],"sender":"root","senderID":"cli:0","text":"run touch waiting"}',1795954745142);
INSERT INTO messages_in VALUES('m_50tjz5p3xg4w4s8z39yvxv6sj9',14,'system','completed',0,0,1795954744675,1795954744675,NULL,NULL,NULL,0,NULL,'cli','cli:local:work',NULL,NULL,NULL,'{"about":"m_1zq11x2gdxj9r1jj0mjh00pac2","action":"shell_command","status":"pending","text":"A person is asked whether this may run. Once they allow it, it runs by itself and you are told what came of it; do not ask again."}',1795954745142);
CREATE TABLE seen (
    source_id TEXT NOT NULL,
    content_hash BLOB NOT NULL,
    message_id TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (source_id, content_hash)
) STRICT, WITHOUT ROWID;
INSERT INTO seen VALUES('answer:m_1phhz057m18k3337bs0z05tank',X'6bf9d3c7914034113076ee8687f6e799b3fea314a8bf0a9734330628fb52b57e','m_04nhxpexyrjb5efyefvm5jv5tz',1795954743255);
INSERT INTO seen VALUES('answer:m_1phhz057m18k3337bs0z05tank',X'c0b8e61ef7a761e1868a1ed8f1068a57d65f00fd410846f96bf65e7bbc3042ed','m_6rnm1vcng1gdh30ve0j20pqf1z',1795954744481);
INSERT INTO seen VALUES('answer:m_1zq11x2gdxj9r1jj0mjh00pac2',X'022db1153c9adab8133fe789af12d5108126da0a90e54d03a861a9d6d1351407','m_50tjz5p3xg4w4s8z39yvxv6sj9',1795954744675);
INSERT INTO seen VALUES('cli cli:local:work|m_1y2twj4a2gqne1h0djy7phrx49',X'8b9726fee7236561f5f5b5a63bb0b38b9c913b987445361abccbc60335b298cf','m_0r2592bdp9gj97asgk905e8acj',1795954743106);
INSERT INTO seen VALUES('cli cli:local:work|m_39fbs6dk96hf3tm84bjcex945y',X'fa55f93bd6be565064c17d46dc33c3eb8a6553310f4528fbb75b108ab51a4dac','m_6tm7eg4pxnt178j8mtyk31ydkm',1795954743178);
INSERT INTO seen VALUES('cli cli:local:work|m_3xc3s8r7ahj9xcpa3f0acs0gvf',X'9101c2a0716b69d12b176e478304d04dd6f8172c3d429d95e4a2dd88872cc3bb','m_5qy3czvrt2hkq0ydbrayxa7vbq',1795954743225);
INSERT INTO seen VALUES('cli cli:local:work|m_47v32h275kpcjnkw6wj3ynrnzy',X'153c728e8012b50a54946b2512deb12f540bbb409f03f42c9fefb768e372beaf','m_12kybzn9tqtr1jgjtbg5ghxpss',1795954744658);
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
INSERT INTO deliveries VALUES('m_7c184p29zr2w11gtt4bjcjrq5a',3,1,'t_0bvafmed3rrjz8hev9an20xjw0','chat','cli','cli:local:work',NULL,'m_0r2592bdp9gj97asgk905e8acj','{"files":[],"text":"Wrote 6 bytes to plan.md."}','delivered',1,NULL,1,'m_7c184p29zr2w11gtt4bjcjrq5a',NULL,1795954743152,1795954743152);
INSERT INTO deliveries VALUES('m_41aqnjrj1bqwwej890kg9dy565',5,1,'t_34gr3vftw5ejtfprnebkaj0kwj','chat','cli','cli:local:work',NULL,'m_6tm7eg4pxnt178j8mtyk31ydkm','{"files":[],"text":"# Plan"}','delivered',1,NULL,1,'m_41aqnjrj1bqwwej890kg9dy565',NULL,1795954743191,1795954743194);
INSERT INTO deliveries VALUES('m_1phhz057m18k3337bs0z05tank',7,1,'t_1rhjwq6qbs40n5g3qcqr0p1r5p','system',NULL,NULL,NULL,'m_5qy3czvrt2hkq0ydbrayxa7vbq','{"action":"shell_command","arguments":"{\"background\":false,\"command\":\"touch allowed\"}"}','delivered',1,NULL,0,NULL,NULL,1795954743244,1795954743254);
INSERT INTO deliveries VALUES('m_12ddvk2pepxxa1mj84g9e31f12',9,1,'t_1rhjwq6qbs40n5g3qcqr0p1r5p','chat','cli','cli:local:work',NULL,'m_5qy3czvrt2hkq0ydbrayxa7vbq','{"files":[],"text":"A person is asked whether this may run. Once they allow it, it runs by itself and you are told what came of it; do not ask again.\nThe outcome will come as a <system_response> with about=\"m_1phhz057m18k3337bs0z05tank\"."}','delivered',1,NULL,1,'m_12ddvk2pepxxa1mj84g9e31f12',NULL,1795954744152,1795954744153);
INSERT INTO deliveries VALUES('m_1zq11x2gdxj9r1jj0mjh00pac2',13,1,'t_3beqj56fyb83vtr02558w5nsv2','system',NULL,NULL,NULL,'m_12kybzn9tqtr1jgjtbg5ghxpss','{"action":"shell_command","arguments":"{\"background\":false,\"command\":\"touch waiting\"}"}','delivered',1,NULL,0,NULL,NULL,1795954744667,1795954744675);
INSERT INTO deliveries VALUES('m_70j8w8fqmcxyt7b8b39w5wfy7k',15,1,'t_3beqj56fyb83vtr02558w5nsv2','chat','cli','cli:local:work',NULL,'m_12kybzn9tqtr1jgjtbg5ghxpss','{"files":[],"text":"A person is asked whether this may run. Once they allow it, it runs by itself and you are told what came of it; do not ask again.\nThe outcome will come as a <system_response> with about=\"m_1zq11x2gdxj9r1jj0mjh00pac2\"."}','delivered',1,NULL,1,'m_70j8w8fqmcxyt7b8b39w5wfy7k',NULL,1795954745139,1795954745141);
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
INSERT INTO destinations VALUES('work','work','channel','cli','cli:local:work',NULL);
CREATE TABLE session_routing (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    channel_type TEXT,
    platform_id TEXT,
    thread_id TEXT,
    CHECK ((channel_type IS NULL) = (platform_id IS NULL))
) STRICT;
INSERT INTO session_routing VALUES(1,'cli','cli:local:work',NULL);
CREATE TABLE meta (
    key TEXT PRIMARY KEY NOT NULL CHECK (key IN ('incarnation', 'seq', 'recorded_through', 'configuration')),
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES('configuration','{"agentGroupID":"ag_71qsdjhzzt0772vf3dk3axg2fw","agentName":"Ada","limits":{"attachmentBytes":26214400,"idleSeconds":600,"maximumOutputTokens":8192,"maximumToolTimeout":3600,"messageAttachmentBytes":104857600,"messagesPerPrompt":50,"modelCallsPerTurn":50,"toolOutput":32768,"toolTimeout":120},"provider":{"kind":"offline","model":"offline","name":"offline"},"queueMode":"steer","timeZone":"Europe/Berlin","tools":{"denied":[],"shell":"ask"}}');
INSERT INTO meta VALUES('incarnation','1');
INSERT INTO meta VALUES('recorded_through','15');
INSERT INTO meta VALUES('seq','14');
CREATE INDEX messages_in_open ON messages_in (status, seq);
CREATE INDEX messages_in_series ON messages_in (series_id) WHERE series_id IS NOT NULL;
CREATE INDEX seen_age ON seen (seen_at);
CREATE INDEX deliveries_seq ON deliveries (seq);
CREATE INDEX deliveries_open ON deliveries (seq) WHERE state IN ('sending', 'retry');
COMMIT;
PRAGMA user_version=2;
