PRAGMA page_size=4096;
PRAGMA auto_vacuum=0;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE action_answers (
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    request_id TEXT NOT NULL,
    content TEXT NOT NULL CHECK (json_valid(content)),
    trigger INTEGER NOT NULL DEFAULT 1 CHECK (trigger IN (0, 1)),
    channel_type TEXT,
    platform_id TEXT,
    thread_id TEXT,
    posted_at INTEGER NOT NULL,
    PRIMARY KEY (session_id, request_id),
    CHECK ((channel_type IS NULL) = (platform_id IS NULL))
) STRICT, WITHOUT ROWID;
CREATE TABLE agent_destinations (
    agent_group_id TEXT NOT NULL REFERENCES agent_groups (id) ON DELETE CASCADE,
    local_name TEXT NOT NULL,
    target_type TEXT NOT NULL CHECK (target_type IN ('channel', 'agent')),
    messaging_group_id TEXT REFERENCES messaging_groups (id) ON DELETE CASCADE,
    target_agent_group_id TEXT REFERENCES agent_groups (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (agent_group_id, local_name),
    CHECK ((target_type = 'channel' AND messaging_group_id IS NOT NULL AND target_agent_group_id IS NULL)
        OR (target_type = 'agent' AND target_agent_group_id IS NOT NULL AND messaging_group_id IS NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO "agent_destinations" VALUES('ag_25kxhmdty5wm8bm6c4k3hay23q','work','channel','mg_6ah5299d9q455hfhgndrz04a77',NULL,1795601929521);
INSERT INTO "agent_destinations" VALUES('ag_2c8tqk8ek7dn69pn0mf0rd4ekd','cli','channel','mg_5r6bmdas38qqatmzgr52h8bg8r',NULL,1795601928242);
INSERT INTO "agent_destinations" VALUES('ag_2c8tqk8ek7dn69pn0mf0rd4ekd','research','agent',NULL,'ag_25kxhmdty5wm8bm6c4k3hay23q',1795845600000);
CREATE TABLE agent_group_configs (
    agent_group_id TEXT PRIMARY KEY NOT NULL REFERENCES agent_groups (id) ON DELETE CASCADE,
    provider TEXT REFERENCES providers (name) ON DELETE RESTRICT,
    config TEXT NOT NULL CHECK (json_valid(config)),
    updated_at INTEGER NOT NULL
) STRICT;
INSERT INTO "agent_group_configs" VALUES('ag_2c8tqk8ek7dn69pn0mf0rd4ekd',NULL,'{"cliScope":"group","deniedTools":[],"limits":{},"mcpServers":{},"mounts":[],"packages":{"apt":[],"pip":[]},"skills":"all"}',1795601928242);
INSERT INTO "agent_group_configs" VALUES('ag_25kxhmdty5wm8bm6c4k3hay23q',NULL,'{"assistantName":"Ada","cliScope":"group","deniedTools":[],"limits":{"idleSeconds":600},"mcpServers":{},"mounts":[],"packages":{"apt":[],"pip":[]},"skills":"all","timeZone":"Europe\/Berlin"}',1795601929653);
CREATE TABLE agent_group_members (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    agent_group_id TEXT NOT NULL REFERENCES agent_groups (id) ON DELETE CASCADE,
    added_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    added_at INTEGER NOT NULL, channel_type TEXT,
    PRIMARY KEY (user_id, agent_group_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "agent_group_members" VALUES('mail:ann@example.org','ag_25kxhmdty5wm8bm6c4k3hay23q','cli:0',1795601929871,NULL);
INSERT INTO "agent_group_members" VALUES('matrix:@ann:example.org','ag_2c8tqk8ek7dn69pn0mf0rd4ekd','cli:0',1795845600000,'matrix');
CREATE TABLE agent_groups (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    folder TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
, parent_id TEXT REFERENCES agent_groups (id) ON DELETE SET NULL) STRICT;
INSERT INTO "agent_groups" VALUES('ag_2c8tqk8ek7dn69pn0mf0rd4ekd','Main','main',1795601928242,NULL);
INSERT INTO "agent_groups" VALUES('ag_25kxhmdty5wm8bm6c4k3hay23q','Research','research',1795601929429,'ag_2c8tqk8ek7dn69pn0mf0rd4ekd');
CREATE TABLE agent_limit_notices (
    first_group_id TEXT NOT NULL REFERENCES agent_groups (id) ON DELETE CASCADE,
    second_group_id TEXT NOT NULL REFERENCES agent_groups (id) ON DELETE CASCADE,
    limit_kind TEXT NOT NULL CHECK (limit_kind IN ('hops', 'rate')),
    told_at INTEGER NOT NULL,
    PRIMARY KEY (first_group_id, second_group_id, limit_kind)
) STRICT, WITHOUT ROWID;
INSERT INTO "agent_limit_notices" VALUES('ag_25kxhmdty5wm8bm6c4k3hay23q','ag_2c8tqk8ek7dn69pn0mf0rd4ekd','rate',1795845600000);
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
INSERT INTO "agent_messages" VALUES('se_19afgv23vv7zn6hsgtbg880bkp','m_2ff2879e1fnh1rgpkzf07w3wmz','ag_2c8tqk8ek7dn69pn0mf0rd4ekd','ag_25kxhmdty5wm8bm6c4k3hay23q','se_20yeabxprkq5fjze5f4rq6mgnw',1,1795845600000);
CREATE TABLE cli_messages (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    platform_id TEXT NOT NULL,
    direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),
    message_id TEXT NOT NULL,
    user_id TEXT,
    agent_name TEXT,
    in_reply_to TEXT,
    content TEXT NOT NULL CHECK (json_valid(content)),
    created_at INTEGER NOT NULL,
    UNIQUE (platform_id, message_id)
) STRICT;
INSERT INTO "cli_messages" VALUES(1,'cli:local:main','in','m_2jm52mdqajq291p3trkae78gwk','cli:0','root',NULL,'{"kind":"message","text":"hello"}',1795601928464);
INSERT INTO "cli_messages" VALUES(2,'cli:local:main','out','m_7tgfnc62b69xy9d3efbyqtpezn',NULL,'Main','m_2bs9crgb4dmk2zn2wr9bcr4bnc','{"kind":"message","text":"No model is configured, so I cannot think yet; only plain commands work. Here is how to give me a model:\nnanoclaw providers add NAME --kind openai|anthropic --base-url URL --model M [--key-file FILE]\nnanoclaw groups config update GROUP --provider NAME\n\nSay \"help\" for the commands.","turn":"t_54dv919q8snb3pc3aj9m0gmfea"}',1795601928726);
INSERT INTO "cli_messages" VALUES(3,'cli:local:main','in','m_70vtg9mzqx77y205qkqr8bx089','cli:0','root',NULL,'{"kind":"message","text":"write notes.txt remember the milk"}',1795601928808);
INSERT INTO "cli_messages" VALUES(4,'cli:local:main','out','m_2ff2879e1fnh1rgpkzf07w3wmz',NULL,'Main','m_3543qbj4da5z6e6hfg0smkwnc1','{"kind":"message","text":"Wrote 17 bytes to notes.txt.","turn":"t_7bg0rp16q8azch5nezq61t4jq8"}',1795601928889);
INSERT INTO "cli_messages" VALUES(5,'cli:local:main','in','m_0sbprdhtqdhzd51gsvjqme962b','cli:0','root',NULL,'{"kind":"message","text":"run echo $((6*7)); ls /workspace"}',1795601929010);
INSERT INTO "cli_messages" VALUES(6,'cli:local:main','out','m_41f1xfkn1mtv2pbsxkrzfmvzx0',NULL,'Main','m_1pse9brnzfczm1d9xh7vbzzzr1','{"kind":"message","text":"42\nagent\ninbound\ninstructions","turn":"t_1s4r4t4ktgepf6ypcehf56jt68"}',1795601929134);
INSERT INTO "cli_messages" VALUES(7,'cli:local:main','in','m_2hmbzafh05gdqpvhbn4ywq23tk','cli:0','root',NULL,'{"kind":"message","text":"remember the door code is in the safe"}',1795601929216);
INSERT INTO "cli_messages" VALUES(8,'cli:local:main','out','m_4cscx8rztxyjyv3c6nrtngnsxk',NULL,'Main','m_253xq0dwt8qft06y1mv7jxyk0h','{"kind":"message","text":"Remembered in memory/notes.md.","turn":"t_0rhb4ysp58zb3f1cqshxjn4j5t"}',1795601929370);
INSERT INTO "cli_messages" VALUES(9,'cli:local:work','in','m_4ndghym78qnzkdmw7dwx71abgn','cli:0','root',NULL,'{"kind":"message","text":"write plan.md # Plan"}',1795601929898);
INSERT INTO "cli_messages" VALUES(10,'cli:local:work','out','m_303cgnz1vf17kzky1g36jwa9mg',NULL,'Ada','m_5b2d8jh3hhd3exk63y2n6vx7a7','{"kind":"message","text":"Wrote 6 bytes to plan.md.","turn":"t_19q4wttp2p8rbz0asf3ma8mqd8"}',1795601930409);
INSERT INTO "cli_messages" VALUES(11,'cli:local:work','in','m_731z7eecc7csgmm3s80hhnr9bp','cli:0','root',NULL,'{"kind":"message","text":"read plan.md"}',1795601930497);
INSERT INTO "cli_messages" VALUES(12,'cli:local:work','out','m_54s5bvf4kn9sqfmbjrkbc2g834',NULL,'Ada','m_1bqhdq2j3ztyfws6dnbpkrtv7m','{"kind":"message","text":"# Plan","turn":"t_6s5jnw2pcgef1z2fzzf3709enk"}',1795601931053);
INSERT INTO "cli_messages" VALUES(13,'cli:local:main','in','m_0xw6ajdkjmyszb72cjsvw9c5a8','cli:0','root',NULL,'{"kind":"message","text":"run sleep 3; echo late-answer"}',1795601931118);
CREATE TABLE cli_readers (
    platform_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (platform_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE dirty (
    session_id TEXT PRIMARY KEY NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    next_due INTEGER,
    reason TEXT NOT NULL,
    marked_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "dirty" VALUES('se_19afgv23vv7zn6hsgtbg880bkp',NULL,'message',1795601928502);
INSERT INTO "dirty" VALUES('se_20yeabxprkq5fjze5f4rq6mgnw',NULL,'message',1795601929990);
CREATE TABLE "dropped_messages" (
    channel_type TEXT NOT NULL,
    platform_id TEXT NOT NULL,
    sender_id TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL CHECK (reason IN (
        'no_agent_wired', 'no_agent_engaged', 'unknown_sender_strict', 'unknown_sender_request_approval',
        'sender_scope', 'command_denied', 'command_filtered', 'rejected', 'bot_sender', 'pairing_limit')),
    sender_name TEXT,
    messaging_group_id TEXT REFERENCES messaging_groups (id) ON DELETE SET NULL,
    agent_group_id TEXT REFERENCES agent_groups (id) ON DELETE SET NULL,
    message_count INTEGER NOT NULL DEFAULT 1 CHECK (message_count > 0),
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    PRIMARY KEY (channel_type, platform_id, sender_id, reason)
) STRICT, WITHOUT ROWID;
INSERT INTO "dropped_messages" VALUES('mail','mail:door','mail:eve@example.org','pairing_limit','Eve',NULL,NULL,3,1795845600000,1795845600000);
CREATE TABLE identities (
    id TEXT PRIMARY KEY NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
INSERT INTO "identities" VALUES('id_4bt82vxdwwabb0mrgsb4wt5zg1',1795845600000);
CREATE TABLE identity_handles (
    user_id TEXT PRIMARY KEY NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    identity_id TEXT NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
    linked_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    linked_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "identity_handles" VALUES('mail:ann@example.org','id_4bt82vxdwwabb0mrgsb4wt5zg1','cli:0',1795845600000);
INSERT INTO "identity_handles" VALUES('matrix:@ann:example.org','id_4bt82vxdwwabb0mrgsb4wt5zg1','cli:0',1795845600000);
CREATE TABLE messaging_groups (
    id TEXT PRIMARY KEY NOT NULL,
    channel_type TEXT NOT NULL,
    platform_id TEXT NOT NULL,
    name TEXT,
    is_group INTEGER NOT NULL DEFAULT 0 CHECK (is_group IN (0, 1)),
    unknown_sender_policy TEXT NOT NULL DEFAULT 'strict'
        CHECK (unknown_sender_policy IN ('strict', 'request_approval', 'public')),
    denied_at INTEGER,
    created_at INTEGER NOT NULL, allows_bots INTEGER NOT NULL DEFAULT 0 CHECK (allows_bots IN (0, 1)),
    UNIQUE (channel_type, platform_id)
) STRICT;
INSERT INTO "messaging_groups" VALUES('mg_5r6bmdas38qqatmzgr52h8bg8r','cli','cli:local:main','cli',0,'strict',NULL,1795601928242,0);
INSERT INTO "messaging_groups" VALUES('mg_6ah5299d9q455hfhgndrz04a77','cli','cli:local:work','work',0,'strict',NULL,1795601929521,0);
CREATE TABLE pairing_codes (
    id TEXT PRIMARY KEY NOT NULL,
    salt BLOB NOT NULL CHECK (length(salt) = 16),
    code_hash BLOB NOT NULL CHECK (length(code_hash) = 32),
    purpose TEXT NOT NULL CHECK (purpose IN ('owner', 'member', 'link')),
    agent_group_id TEXT REFERENCES agent_groups (id) ON DELETE CASCADE,
    channel_type TEXT,
    wires_agent_group_id TEXT REFERENCES agent_groups (id) ON DELETE CASCADE,
    made_by TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    is_of_home_owner INTEGER NOT NULL DEFAULT 0 CHECK (is_of_home_owner IN (0, 1)),
    expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    CHECK ((purpose = 'member') = (agent_group_id IS NOT NULL)),
    CHECK (purpose <> 'link' OR wires_agent_group_id IS NULL)
) STRICT;
INSERT INTO "pairing_codes" VALUES('5d7e',X'00000000000000000000000000000000',X'0000000000000000000000000000000000000000000000000000000000000000','member','ag_25kxhmdty5wm8bm6c4k3hay23q','mail',NULL,'cli:0',1,1795849200000,1795845600000);
CREATE TABLE pairing_tries (
    sender_id TEXT PRIMARY KEY NOT NULL,
    tries INTEGER NOT NULL CHECK (tries > 0),
    last_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "pairing_tries" VALUES('mail:eve@example.org',2,1795845600000);
CREATE TABLE pending_approvals (
    id TEXT PRIMARY KEY NOT NULL,
    session_id TEXT REFERENCES sessions (id) ON DELETE CASCADE,
    agent_group_id TEXT REFERENCES agent_groups (id) ON DELETE CASCADE,
    action TEXT NOT NULL,
    plan TEXT NOT NULL CHECK (json_valid(plan)),
    plan_hash BLOB NOT NULL,
    channel_type TEXT,
    platform_id TEXT,
    platform_message_id TEXT,
    status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'approved', 'rejected', 'expired')),
    expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE pending_channel_approvals (
    messaging_group_id TEXT PRIMARY KEY NOT NULL REFERENCES messaging_groups (id) ON DELETE CASCADE,
    agent_group_id TEXT NOT NULL REFERENCES agent_groups (id) ON DELETE CASCADE,
    event TEXT NOT NULL CHECK (json_valid(event)),
    approver_user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL
, approval_id TEXT, is_approved INTEGER NOT NULL DEFAULT 0 CHECK (is_approved IN (0, 1))) STRICT;
CREATE TABLE pending_identity_links (
    user_id TEXT PRIMARY KEY NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    other_user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    CHECK (user_id <> other_user_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "pending_identity_links" VALUES('cli:0','matrix:@ann:example.org',1795849200000,1795845600000);
CREATE TABLE pending_names (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    channel_type TEXT NOT NULL,
    platform_id TEXT NOT NULL,
    messaging_group_id TEXT NOT NULL UNIQUE REFERENCES messaging_groups (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, channel_type, platform_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE pending_questions (
    id TEXT PRIMARY KEY NOT NULL,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    message_out_id TEXT NOT NULL,
    channel_type TEXT NOT NULL,
    platform_id TEXT NOT NULL,
    thread_id TEXT,
    title TEXT NOT NULL,
    options TEXT NOT NULL CHECK (json_valid(options)),
    expires_at INTEGER,
    created_at INTEGER NOT NULL
) STRICT;
INSERT INTO "pending_questions" VALUES('qu_1','se_19afgv23vv7zn6hsgtbg880bkp','m_2bs9crgb4dmk2zn2wr9bcr4bnc','cli','cli:local:main',NULL,'Tea?','[{"label":"Yes","value":"yes"}]',1795932000000,1795845600000);
CREATE TABLE pending_sender_approvals (
    id TEXT PRIMARY KEY NOT NULL,
    messaging_group_id TEXT NOT NULL REFERENCES messaging_groups (id) ON DELETE CASCADE,
    agent_group_id TEXT NOT NULL REFERENCES agent_groups (id) ON DELETE CASCADE,
    sender_id TEXT NOT NULL,
    sender_name TEXT,
    event TEXT NOT NULL CHECK (json_valid(event)),
    approver_user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL, approval_id TEXT, is_approved INTEGER NOT NULL DEFAULT 0 CHECK (is_approved IN (0, 1)),
    UNIQUE (messaging_group_id, agent_group_id, sender_id)
) STRICT;
CREATE TABLE performed_actions (
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    request_id TEXT NOT NULL,
    result TEXT NOT NULL CHECK (json_valid(result)),
    performed_at INTEGER NOT NULL,
    PRIMARY KEY (session_id, request_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "performed_actions" VALUES('se_19afgv23vv7zn6hsgtbg880bkp','m_3543qbj4da5z6e6hfg0smkwnc1','["done"]',1795845600000);
CREATE TABLE providers (
    name TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('openai', 'anthropic')),
    base_url TEXT NOT NULL,
    model TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
INSERT INTO "providers" VALUES('local','openai','http://127.0.0.1:9/v1','qwen3',1795601929560);
CREATE TABLE retention (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    periods TEXT NOT NULL
) STRICT;
CREATE TABLE runners (
    session_id TEXT PRIMARY KEY NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    incarnation INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'stopped' CHECK (state IN ('starting', 'running', 'stopped')),
    boot_id TEXT,
    pid INTEGER,
    start_time INTEGER,
    spawn_failures INTEGER NOT NULL DEFAULT 0,
    recovery_failures INTEGER NOT NULL DEFAULT 0,
    retry_at INTEGER,
    last_error TEXT,
    report TEXT,
    updated_at INTEGER NOT NULL,
    CHECK (state = 'stopped' OR (boot_id IS NOT NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO "runners" VALUES('se_19afgv23vv7zn6hsgtbg880bkp',1,'running','aca728ad-f8f8-436d-a5ba-cf05c31502d4',15575,1986349,0,0,NULL,NULL,'{"cgroup":"v1 memory,swap,pids,cpu","degraded":["cgroup: cgroup v2: memory and pids controllers for this service: ENOENT (2)"],"mode":"root","processes":[{"capabilities":["0","0","0","0","0"],"cgroup":"9:name=systemd:/ 8:pids:/ 7:blkio:/ 6:freezer:/ 5:devices:/ 4:memory:/ 3:cpuset:/ 2:cpuacct:/ 1:cpu:/ 0::/","dumpable":false,"gid":0,"gidMap":"0 2142623232 3","groups":0,"landlock":0,"landlockDenies":true,"limits":[96365,20000,null,null],"mounts":49,"namespaces":{"cgroup":"[4026532259]","ipc":"[4026532188]","mnt":"[4026532186]","net":"[4026532190]","pid":"[4026532189]","user":"[4026532185]","uts":"[4026532187]"},"noNewPrivileges":true,"pid":1,"role":"init","rootReadOnly":true,"seccomp":2,"seccompFilters":1,"secureBits":239,"uid":0,"uidMap":"0 2142623232 3","userNamespaceErrno":-1},{"capabilities":["0","0","0","0","0"],"cgroup":"9:name=systemd:/ 8:pids:/ 7:blkio:/ 6:freezer:/ 5:devices:/ 4:memory:/ 3:cpuset:/ 2:cpuacct:/ 1:cpu:/ 0::/","dumpable":true,"gid":1000,"gidMap":"1000 1 1","groups":0,"landlock":7,"landlockDenies":true,"limits":[256,1024,1073741824,1],"mounts":49,"namespaces":{"cgroup":"[4026532259]","ipc":"[4026532188]","mnt":"[4026532186]","net":"[4026532190]","pid":"[4026532189]","user":"[4026532332]","uts":"[4026532187]"},"noNewPrivileges":true,"pid":3,"role":"runner","rootReadOnly":true,"seccomp":2,"seccompFilters":2,"secureBits":239,"uid":1000,"uidMap":"1000 1 1","userNamespaceErrno":1},{"capabilities":["0","0","0","0","0"],"cgroup":"9:name=systemd:/ 8:pids:/ 7:blkio:/ 6:freezer:/ 5:devices:/ 4:memory:/ 3:cpuset:/ 2:cpuacct:/ 1:cpu:/ 0::/","dumpable":false,"gid":1000,"gidMap":"1000 2 1","groups":0,"landlock":7,"landlockDenies":true,"limits":[256,1024,1073741824,1],"mounts":57,"namespaces":{"cgroup":"[4026532259]","ipc":"[4026532261]","mnt":"[4026532260]","net":"[4026532263]","pid":"[4026532262]","user":"[4026532333]","uts":"[4026532187]"},"noNewPrivileges":true,"pid":1,"role":"tool","rootReadOnly":true,"seccomp":2,"seccompFilters":2,"secureBits":239,"uid":1000,"uidMap":"1000 2 1","userNamespaceErrno":1}]}',1795601928553);
INSERT INTO "runners" VALUES('se_20yeabxprkq5fjze5f4rq6mgnw',1,'running','aca728ad-f8f8-436d-a5ba-cf05c31502d4',15794,1986508,0,0,NULL,NULL,'{"cgroup":"v1 memory,swap,pids,cpu","degraded":["cgroup: cgroup v2: memory and pids controllers for this service: ENOENT (2)"],"mode":"root","processes":[{"capabilities":["0","0","0","0","0"],"cgroup":"9:name=systemd:/ 8:pids:/ 7:blkio:/ 6:freezer:/ 5:devices:/ 4:memory:/ 3:cpuset:/ 2:cpuacct:/ 1:cpu:/ 0::/","dumpable":false,"gid":0,"gidMap":"0 2142623236 3","groups":0,"landlock":0,"landlockDenies":true,"limits":[96365,20000,null,null],"mounts":49,"namespaces":{"cgroup":"[4026532411]","ipc":"[4026532340]","mnt":"[4026532338]","net":"[4026532342]","pid":"[4026532341]","user":"[4026532337]","uts":"[4026532339]"},"noNewPrivileges":true,"pid":1,"role":"init","rootReadOnly":true,"seccomp":2,"seccompFilters":1,"secureBits":239,"uid":0,"uidMap":"0 2142623236 3","userNamespaceErrno":-1},{"capabilities":["0","0","0","0","0"],"cgroup":"9:name=systemd:/ 8:pids:/ 7:blkio:/ 6:freezer:/ 5:devices:/ 4:memory:/ 3:cpuset:/ 2:cpuacct:/ 1:cpu:/ 0::/","dumpable":true,"gid":1000,"gidMap":"1000 1 1","groups":0,"landlock":7,"landlockDenies":true,"limits":[256,1024,1073741824,1],"mounts":49,"namespaces":{"cgroup":"[4026532411]","ipc":"[4026532340]","mnt":"[4026532338]","net":"[4026532342]","pid":"[4026532341]","user":"[4026532635]","uts":"[4026532339]"},"noNewPrivileges":true,"pid":3,"role":"runner","rootReadOnly":true,"seccomp":2,"seccompFilters":2,"secureBits":239,"uid":1000,"uidMap":"1000 1 1","userNamespaceErrno":1},{"capabilities":["0","0","0","0","0"],"cgroup":"9:name=systemd:/ 8:pids:/ 7:blkio:/ 6:freezer:/ 5:devices:/ 4:memory:/ 3:cpuset:/ 2:cpuacct:/ 1:cpu:/ 0::/","dumpable":false,"gid":1000,"gidMap":"1000 2 1","groups":0,"landlock":7,"landlockDenies":true,"limits":[256,1024,1073741824,1],"mounts":57,"namespaces":{"cgroup":"[4026532411]","ipc":"[4026532413]","mnt":"[4026532412]","net":"[4026532415]","pid":"[4026532414]","user":"[4026532634]","uts":"[4026532339]"},"noNewPrivileges":true,"pid":1,"role":"tool","rootReadOnly":true,"seccomp":2,"seccompFilters":2,"secureBits":239,"uid":1000,"uidMap":"1000 2 1","userNamespaceErrno":1}]}',1795601930169);
CREATE TABLE schema_version (
    name TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    applied_at INTEGER NOT NULL,
    checksum TEXT NOT NULL
) STRICT;
INSERT INTO "schema_version" VALUES('central_0001_initial',1,1795601928194,'e42700c030b57a6c41abf12dc73f4795e54d4f4484fc99ae44e1f14842fcd4f0');
INSERT INTO "schema_version" VALUES('central_0002_retention',2,1795845600000,'ddd135d21ec97ee5b31d70587670a0f07610368dac2c0ff0f25d74b15c65d612');
INSERT INTO "schema_version" VALUES('central_0003_people',3,1795845600000,'998d1e938646a3721b05002e5a0c8c9978c51f440785feefa64178396a8c72a7');
INSERT INTO "schema_version" VALUES('central_0004_asks',4,1795845600000,'ef783de4af32262c1855d638c7a1ec51e3444aa27f8228c5c395453a650994b7');
INSERT INTO "schema_version" VALUES('central_0005_agents',5,1795845600000,'d89e7567b0d9c118093272451eb5858fd79ba15a623270c3a10366b47cae08de');
INSERT INTO "schema_version" VALUES('central_0006_tasks',6,1795845600000,'e660e308551ce7c68cf70ea2e7dedf243a3f9dbdc1c77addf3de53c624249b82');
CREATE TABLE sessions (
    id TEXT PRIMARY KEY NOT NULL,
    agent_group_id TEXT NOT NULL REFERENCES agent_groups (id) ON DELETE CASCADE,
    mode TEXT NOT NULL CHECK (mode IN ('shared', 'per-thread', 'agent-shared')),
    messaging_group_id TEXT REFERENCES messaging_groups (id) ON DELETE SET NULL,
    thread_id TEXT,
    status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'closed', 'quarantined')),
    status_reason TEXT,
    engaged_at INTEGER,
    last_active INTEGER NOT NULL,
    created_at INTEGER NOT NULL
, closed_at INTEGER, reopens INTEGER NOT NULL DEFAULT 0 CHECK (reopens IN (0, 1)), retention_due_at INTEGER) STRICT;
INSERT INTO "sessions" VALUES('se_19afgv23vv7zn6hsgtbg880bkp','ag_2c8tqk8ek7dn69pn0mf0rd4ekd','shared','mg_5r6bmdas38qqatmzgr52h8bg8r',NULL,'active',NULL,1795601928502,1795601928502,1795601928468,NULL,0,0);
INSERT INTO "sessions" VALUES('se_20yeabxprkq5fjze5f4rq6mgnw','ag_25kxhmdty5wm8bm6c4k3hay23q','shared','mg_6ah5299d9q455hfhgndrz04a77',NULL,'active',NULL,1795601929989,1795601929990,1795601929945,NULL,0,0);
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
INSERT INTO "task_runs" VALUES('tr_0x2c8tqk8ek7dn69pn0mf0rd4e','tk_7wtnfq2dcnjdjkbd9mw4j87tw5',1795845599999,0,'failed','Send the plan.',NULL,0,'se_20yeabxprkq5fjze5f4rq6mgnw',NULL,'no model',NULL,1795845599999,1795845600000);
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
INSERT INTO "tasks" VALUES('tk_7wtnfq2dcnjdjkbd9mw4j87tw5','ag_25kxhmdty5wm8bm6c4k3hay23q','plan','shared','mg_6ah5299d9q455hfhgndrz04a77',NULL,'Send the plan.',NULL,0,0,'cron','0 7 * * *',NULL,'Europe/Berlin','skip','active',1795932000000,1,'cli:0',NULL,1795845600000,1795845600000);
INSERT INTO "tasks" VALUES('tk_1fmnaz06dvkg669vs4a7gcr6fp','ag_2c8tqk8ek7dn69pn0mf0rd4ekd','plants','shared','mg_5r6bmdas38qqatmzgr52h8bg8r',NULL,'Water the plants.','exit 0',1,1,'once','2126-01-01T09:00',4922931600000,'Etc/UTC','latest','paused',4922931600000,0,'agent','se_19afgv23vv7zn6hsgtbg880bkp',1795845600000,1795845600000);
CREATE TABLE user_dms (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    channel_type TEXT NOT NULL,
    messaging_group_id TEXT NOT NULL REFERENCES messaging_groups (id) ON DELETE CASCADE,
    resolved_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, channel_type)
) STRICT, WITHOUT ROWID;
INSERT INTO "user_dms" VALUES('cli:0','cli','mg_5r6bmdas38qqatmzgr52h8bg8r',1795845600000);
CREATE TABLE user_roles (
    id TEXT PRIMARY KEY NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin')),
    agent_group_id TEXT REFERENCES agent_groups (id) ON DELETE CASCADE,
    granted_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    granted_at INTEGER NOT NULL,
    CHECK (role <> 'owner' OR agent_group_id IS NULL)
) STRICT;
INSERT INTO "user_roles" VALUES('ro_5rkh9hvmbj2z90czrpb61kea3d','cli:0','owner',NULL,NULL,1795601928242);
INSERT INTO "user_roles" VALUES('ro_5k1n6a6qc7jyjqtynqgewgs1gz','mail:ann@example.org','admin','ag_2c8tqk8ek7dn69pn0mf0rd4ekd','cli:0',1795845600000);
CREATE TABLE users (
    id TEXT PRIMARY KEY NOT NULL CHECK (instr(id, ':') > 1),
    channel_type TEXT NOT NULL,
    display_name TEXT,
    created_at INTEGER NOT NULL
, handle TEXT COLLATE NOCASE) STRICT;
INSERT INTO "users" VALUES('cli:0','cli','root',1795601928242,NULL);
INSERT INTO "users" VALUES('mail:ann@example.org','mail','Ann',1795601929851,NULL);
INSERT INTO "users" VALUES('matrix:@ann:example.org','matrix','Ann on Matrix',1795845600000,'ann');
CREATE TABLE wirings (
    id TEXT PRIMARY KEY NOT NULL,
    agent_group_id TEXT NOT NULL REFERENCES agent_groups (id) ON DELETE CASCADE,
    side TEXT NOT NULL CHECK (side IN ('chat', 'account', 'person')),
    messaging_group_id TEXT REFERENCES messaging_groups (id) ON DELETE CASCADE,
    channel_type TEXT,
    account TEXT,
    user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
    engage_modes TEXT NOT NULL CHECK (engage_modes <> '[]' AND replace(replace(replace(replace(engage_modes,
        '"pattern"', ''), '"mention"', ''), '"mention-sticky"', ''), '"reply"', '') IN ('[]', '[,]', '[,,]', '[,,,]')),
    engage_pattern TEXT,
    chats TEXT NOT NULL DEFAULT 'all' CHECK (chats IN ('all', 'dm', 'group')),
    sender_scope TEXT NOT NULL DEFAULT 'all' CHECK (sender_scope IN ('all', 'known')),
    ignored_message_policy TEXT NOT NULL DEFAULT 'drop' CHECK (ignored_message_policy IN ('drop', 'accumulate')),
    session_mode TEXT NOT NULL DEFAULT 'shared' CHECK (session_mode IN ('shared', 'per-thread', 'agent-shared')),
    queue_mode TEXT NOT NULL DEFAULT 'steer' CHECK (queue_mode IN ('steer', 'serial', 'concurrent')),
    reply_channel_type TEXT,
    reply_platform_id TEXT,
    priority INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    CHECK ((side = 'chat' AND messaging_group_id IS NOT NULL AND channel_type IS NULL AND user_id IS NULL)
        OR (side = 'account' AND messaging_group_id IS NULL AND channel_type IS NOT NULL AND user_id IS NULL)
        OR (side = 'person' AND messaging_group_id IS NULL AND channel_type IS NULL AND user_id IS NOT NULL)),
    CHECK (instr(engage_modes, '"pattern"') = 0 OR engage_pattern IS NOT NULL),
    CHECK (side = 'account' OR account IS NULL),
    CHECK ((reply_channel_type IS NULL) = (reply_platform_id IS NULL))
) STRICT;
INSERT INTO "wirings" VALUES('wi_5fwgp7dndw0491adqkt2qw9ggs','ag_2c8tqk8ek7dn69pn0mf0rd4ekd','chat','mg_5r6bmdas38qqatmzgr52h8bg8r',NULL,NULL,NULL,'["pattern"]','.','all','all','drop','shared','steer',NULL,NULL,0,1795601928242);
INSERT INTO "wirings" VALUES('wi_4pn1e6jc1v4kedsayz2qxas112','ag_25kxhmdty5wm8bm6c4k3hay23q','chat','mg_6ah5299d9q455hfhgndrz04a77',NULL,NULL,NULL,'["pattern"]','.','all','all','drop','shared','steer',NULL,NULL,0,1795601929521);
CREATE UNIQUE INDEX wirings_once ON wirings (
    agent_group_id, side, coalesce(messaging_group_id, ''), coalesce(channel_type, ''), coalesce(account, ''),
    coalesce(user_id, ''));
CREATE INDEX wirings_by_chat ON wirings (messaging_group_id);
CREATE UNIQUE INDEX user_roles_once ON user_roles (user_id, role, coalesce(agent_group_id, ''));
CREATE INDEX user_roles_by_group ON user_roles (agent_group_id, role);
CREATE INDEX sessions_by_group ON sessions (agent_group_id, last_active);
CREATE INDEX sessions_by_chat ON sessions (messaging_group_id, thread_id);
CREATE UNIQUE INDEX agent_destinations_once ON agent_destinations (
    agent_group_id, target_type, coalesce(messaging_group_id, ''), coalesce(target_agent_group_id, ''));
CREATE INDEX pending_approvals_by_action ON pending_approvals (action, status);
CREATE INDEX dirty_due ON dirty (next_due);
CREATE INDEX sessions_retention ON sessions (retention_due_at, id) WHERE retention_due_at IS NOT NULL;
CREATE UNIQUE INDEX sessions_once ON sessions (
    agent_group_id, mode, coalesce(messaging_group_id, ''), coalesce(thread_id, ''))
    WHERE (status <> 'closed' OR reopens = 1) AND (mode = 'agent-shared' OR messaging_group_id IS NOT NULL);
CREATE UNIQUE INDEX users_by_handle ON users (channel_type, handle) WHERE handle IS NOT NULL;
CREATE INDEX identity_handles_by_identity ON identity_handles (identity_id);
CREATE INDEX dropped_messages_age ON dropped_messages (last_seen);
CREATE INDEX performed_actions_age ON performed_actions (performed_at);
CREATE INDEX agent_groups_by_parent ON agent_groups (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX agent_destinations_by_agent ON agent_destinations (target_agent_group_id)
    WHERE target_agent_group_id IS NOT NULL;
CREATE INDEX agent_messages_by_pair ON agent_messages (source_group_id, target_group_id, accepted_at);
CREATE INDEX agent_messages_by_target ON agent_messages (target_session_id);
CREATE INDEX agent_messages_by_target_group ON agent_messages (target_group_id);
CREATE INDEX agent_messages_age ON agent_messages (accepted_at);
CREATE INDEX tasks_due ON tasks (next_due) WHERE state = 'active' AND next_due IS NOT NULL;
CREATE INDEX tasks_by_group ON tasks (agent_group_id, state);
CREATE INDEX tasks_by_chat ON tasks (messaging_group_id);
CREATE INDEX task_runs_open ON task_runs (claimed_at, due_at) WHERE state IN ('claimed', 'running');
CREATE INDEX task_runs_untold ON task_runs (ended_at) WHERE notice IS NOT NULL;
CREATE INDEX task_runs_by_session ON task_runs (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX task_runs_due ON task_runs (due_at);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('cli_messages',13);
COMMIT;
PRAGMA user_version=0;
