PRAGMA page_size=4096;
PRAGMA auto_vacuum=0;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE schema_version (
    name TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    applied_at INTEGER NOT NULL,
    checksum TEXT NOT NULL
) STRICT;
INSERT INTO schema_version VALUES('central_0001_initial',1,1795954742362,'e42700c030b57a6c41abf12dc73f4795e54d4f4484fc99ae44e1f14842fcd4f0');
INSERT INTO schema_version VALUES('central_0002_retention',2,1795954742362,'ddd135d21ec97ee5b31d70587670a0f07610368dac2c0ff0f25d74b15c65d612');
INSERT INTO schema_version VALUES('central_0003_people',3,1795954742362,'998d1e938646a3721b05002e5a0c8c9978c51f440785feefa64178396a8c72a7');
INSERT INTO schema_version VALUES('central_0004_asks',4,1795954742362,'ef783de4af32262c1855d638c7a1ec51e3444aa27f8228c5c395453a650994b7');
INSERT INTO schema_version VALUES('central_0005_agents',5,1795954742362,'d89e7567b0d9c118093272451eb5858fd79ba15a623270c3a10366b47cae08de');
INSERT INTO schema_version VALUES('central_0006_tasks',6,1795954742362,'e660e308551ce7c68cf70ea2e7dedf243a3f9dbdc1c77addf3de53c624249b82');
INSERT INTO schema_version VALUES('central_0007_approvals',7,1795954742362,'6fbb117238c9ad3ce0a525b9a4af765145b306d7cd8cc0f84261886b708984cd');
INSERT INTO schema_version VALUES('central_0008_channels',8,1795954742362,'f039f369878baa84147fc159a13f777eca2cc7d884137fdff08ded7f5bcccbf7');
CREATE TABLE agent_groups (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    folder TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
, parent_id TEXT REFERENCES agent_groups (id) ON DELETE SET NULL) STRICT;
INSERT INTO agent_groups VALUES('ag_4zamy48n4d47ygd7n5hfsjhrny','Main','main',1795954742380,NULL);
INSERT INTO agent_groups VALUES('ag_71qsdjhzzt0772vf3dk3axg2fw','Research','research',1795954742690,NULL);
CREATE TABLE providers (
    name TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('openai', 'anthropic')),
    base_url TEXT NOT NULL,
    model TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
INSERT INTO providers VALUES('local','openai','http://127.0.0.1:9/v1','qwen3',1795954742744);
CREATE TABLE agent_group_configs (
    agent_group_id TEXT PRIMARY KEY NOT NULL REFERENCES agent_groups (id) ON DELETE CASCADE,
    provider TEXT REFERENCES providers (name) ON DELETE RESTRICT,
    config TEXT NOT NULL CHECK (json_valid(config)),
    updated_at INTEGER NOT NULL
) STRICT;
INSERT INTO agent_group_configs VALUES('ag_4zamy48n4d47ygd7n5hfsjhrny',NULL,'{"cliScope":"group","deniedTools":[],"limits":{},"mcpServers":{},"mounts":[],"packages":{"apt":[],"pip":[]},"shellPolicy":"allow","skills":"all"}',1795954742380);
INSERT INTO agent_group_configs VALUES('ag_71qsdjhzzt0772vf3dk3axg2fw',NULL,'{"assistantName":"Ada","cliScope":"group","deniedTools":[],"limits":{"idleSeconds":600},"mcpServers":{},"mounts":[],"packages":{"apt":[],"pip":[]},"shellPolicy":"ask","skills":"all","timeZone":"Europe\/Berlin"}',1795954742775);
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
INSERT INTO messaging_groups VALUES('mg_4cw01rkjcj7n1whq3t99m0r0hx','cli','cli:local:main','cli',0,'strict',NULL,1795954742380,0);
INSERT INTO messaging_groups VALUES('mg_1c2dr75mdjemakatjkwcp09wym','cli','cli:local:work','work',0,'strict',NULL,1795954742716,0);
CREATE TABLE users (
    id TEXT PRIMARY KEY NOT NULL CHECK (instr(id, ':') > 1),
    channel_type TEXT NOT NULL,
    display_name TEXT,
    created_at INTEGER NOT NULL
, handle TEXT COLLATE NOCASE) STRICT;
INSERT INTO users VALUES('cli:0','cli','root',1795954742380,NULL);
INSERT INTO users VALUES('cli:65534','cli',NULL,1795954742380,NULL);
INSERT INTO users VALUES('mail:ann@example.org','mail','Ann',1795954742803,NULL);
INSERT INTO users VALUES('matrix:@ann:example.org','matrix','Ann on Matrix',1795954742833,NULL);
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
INSERT INTO wirings VALUES('wi_2rbm3pwtevfhg7f1n3p4p22qak','ag_4zamy48n4d47ygd7n5hfsjhrny','chat','mg_4cw01rkjcj7n1whq3t99m0r0hx',NULL,NULL,NULL,'["pattern"]','.','all','all','drop','shared','steer',NULL,NULL,0,1795954742380);
INSERT INTO wirings VALUES('wi_5z2123gry2w0dw4ssmza40jvch','ag_71qsdjhzzt0772vf3dk3axg2fw','chat','mg_1c2dr75mdjemakatjkwcp09wym',NULL,NULL,NULL,'["mention"]',NULL,'all','all','drop','shared','steer',NULL,NULL,0,1795954742716);
CREATE TABLE user_roles (
    id TEXT PRIMARY KEY NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin')),
    agent_group_id TEXT REFERENCES agent_groups (id) ON DELETE CASCADE,
    granted_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    granted_at INTEGER NOT NULL,
    CHECK (role <> 'owner' OR agent_group_id IS NULL)
) STRICT;
INSERT INTO user_roles VALUES('ro_1kxtmxrqqvntfz9fywqgenmgz1','cli:0','owner',NULL,NULL,1795954742380);
INSERT INTO user_roles VALUES('ro_62502fhrx40j7pab4thptxwgt8','cli:65534','owner',NULL,NULL,1795954742380);
INSERT INTO user_roles VALUES('ro_3e71e0ry5aw2m3nqnpamhsakrq','mail:ann@example.org','admin','ag_4zamy48n4d47ygd7n5hfsjhrny','cli:0',1795954742894);
CREATE TABLE agent_group_members (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    agent_group_id TEXT NOT NULL REFERENCES agent_groups (id) ON DELETE CASCADE,
    added_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    added_at INTEGER NOT NULL, channel_type TEXT,
    PRIMARY KEY (user_id, agent_group_id)
) STRICT, WITHOUT ROWID;
INSERT INTO agent_group_members VALUES('mail:ann@example.org','ag_71qsdjhzzt0772vf3dk3axg2fw','cli:0',1795954742921,NULL);
CREATE TABLE user_dms (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    channel_type TEXT NOT NULL,
    messaging_group_id TEXT NOT NULL REFERENCES messaging_groups (id) ON DELETE CASCADE,
    resolved_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, channel_type)
) STRICT, WITHOUT ROWID;
INSERT INTO user_dms VALUES('cli:0','cli','mg_4cw01rkjcj7n1whq3t99m0r0hx',1795954743247);
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
INSERT INTO sessions VALUES('se_7jjj962gfjqaa0nnhqd2cnqynx','ag_4zamy48n4d47ygd7n5hfsjhrny','shared','mg_4cw01rkjcj7n1whq3t99m0r0hx',NULL,'active',NULL,1795954742536,1795954742537,1795954742528,NULL,0,1796041142528);
INSERT INTO sessions VALUES('se_2znxe0ystczbfvpv1f5y5z2hy9','ag_71qsdjhzzt0772vf3dk3axg2fw','shared','mg_1c2dr75mdjemakatjkwcp09wym',NULL,'active',NULL,1795954743105,1795954743105,1795954743096,NULL,0,1796041143096);
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
INSERT INTO agent_destinations VALUES('ag_4zamy48n4d47ygd7n5hfsjhrny','cli','channel','mg_4cw01rkjcj7n1whq3t99m0r0hx',NULL,1795954742380);
INSERT INTO agent_destinations VALUES('ag_4zamy48n4d47ygd7n5hfsjhrny','research','agent',NULL,'ag_71qsdjhzzt0772vf3dk3axg2fw',1795954742948);
INSERT INTO agent_destinations VALUES('ag_71qsdjhzzt0772vf3dk3axg2fw','work','channel','mg_1c2dr75mdjemakatjkwcp09wym',NULL,1795954742716);
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
CREATE TABLE pending_channel_approvals (
    messaging_group_id TEXT PRIMARY KEY NOT NULL REFERENCES messaging_groups (id) ON DELETE CASCADE,
    agent_group_id TEXT NOT NULL REFERENCES agent_groups (id) ON DELETE CASCADE,
    event TEXT NOT NULL CHECK (json_valid(event)),
    approver_user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL
, approval_id TEXT, is_approved INTEGER NOT NULL DEFAULT 0 CHECK (is_approved IN (0, 1))) STRICT;
CREATE TABLE dirty (
    session_id TEXT PRIMARY KEY NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    next_due INTEGER,
    reason TEXT NOT NULL,
    marked_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO dirty VALUES('se_2znxe0ystczbfvpv1f5y5z2hy9',NULL,'message',1795954743105);
INSERT INTO dirty VALUES('se_7jjj962gfjqaa0nnhqd2cnqynx',NULL,'message',1795954742537);
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
INSERT INTO runners VALUES('se_2znxe0ystczbfvpv1f5y5z2hy9',1,'running','b1ab5695-5ee5-4f22-9956-1ecd95af1780',16883,1694537,0,0,NULL,NULL,'{"cgroup":"v1 memory,swap,pids,cpu","degraded":["cgroup: cgroup v2: memory and pids controllers for this service: ENOENT (2)"],"mode":"root","processes":[{"capabilities":["0","0","0","0","0"],"cgroup":"9:name=systemd:/ 8:pids:/ 7:blkio:/ 6:freezer:/ 5:devices:/ 4:memory:/ 3:cpuset:/ 2:cpuacct:/ 1:cpu:/ 0::/","dumpable":false,"gid":0,"gidMap":"0 1881032708 3","groups":0,"landlock":0,"landlockDenies":true,"limits":[96365,20000,null,null],"mounts":49,"namespaces":{"cgroup":"[4026532557]","ipc":"[4026532486]","mnt":"[4026532484]","net":"[4026532488]","pid":"[4026532487]","user":"[4026532483]","uts":"[4026532485]"},"noNewPrivileges":true,"pid":1,"role":"init","rootReadOnly":true,"seccomp":2,"seccompFilters":1,"secureBits":239,"uid":0,"uidMap":"0 1881032708 3","userNamespaceErrno":-1},{"capabilities":["0","0","0","0","0"],"cgroup":"9:name=systemd:/ 8:pids:/ 7:blkio:/ 6:freezer:/ 5:devices:/ 4:memory:/ 3:cpuset:/ 2:cpuacct:/ 1:cpu:/ 0::/","dumpable":true,"gid":1000,"gidMap":"1000 1 1","groups":0,"landlock":7,"landlockDenies":true,"limits":[256,1024,1073741824,1],"mounts":49,"namespaces":{"cgroup":"[4026532557]","ipc":"[4026532486]","mnt":"[4026532484]","net":"[4026532488]","pid":"[4026532487]","user":"[4026532631]","uts":"[4026532485]"},"noNewPrivileges":true,"pid":3,"role":"runner","rootReadOnly":true,"seccomp":2,"seccompFilters":2,"secureBits":239,"uid":1000,"uidMap":"1000 1 1","userNamespaceErrno":1},{"capabilities":["0","0","0","0","0"],"cgroup":"9:name=systemd:/ 8:pids:/ 7:blkio:/ 6:freezer:/ 5:devices:/ 4:memory:/ 3:cpuset:/ 2:cpuacct:/ 1:cpu:/ 0::/","dumpable":false,"gid":1000,"gidMap":"1000 2 1","groups":0,"landlock":7,"landlockDenies":true,"limits":[256,1024,1073741824,1],"mounts":59,"namespaces":{"cgroup":"[4026532557]","ipc":"[4026532559]","mnt":"[4026532558]","net":"[4026532561]","pid":"[4026532560]","user":"[4026532630]","uts":"[4026532485]"},"noNewPrivileges":true,"pid":1,"role":"tool","rootReadOnly":true,"seccomp":2,"seccompFilters":2,"secureBits":239,"uid":1000,"uidMap":"1000 2 1","userNamespaceErrno":1}]}',1795954743122);
INSERT INTO runners VALUES('se_7jjj962gfjqaa0nnhqd2cnqynx',1,'running','b1ab5695-5ee5-4f22-9956-1ecd95af1780',16755,1694480,0,0,NULL,NULL,'{"cgroup":"v1 memory,swap,pids,cpu","degraded":["cgroup: cgroup v2: memory and pids controllers for this service: ENOENT (2)"],"mode":"root","processes":[{"capabilities":["0","0","0","0","0"],"cgroup":"9:name=systemd:/ 8:pids:/ 7:blkio:/ 6:freezer:/ 5:devices:/ 4:memory:/ 3:cpuset:/ 2:cpuacct:/ 1:cpu:/ 0::/","dumpable":false,"gid":0,"gidMap":"0 1881032704 3","groups":0,"landlock":0,"landlockDenies":true,"limits":[96365,20000,null,null],"mounts":49,"namespaces":{"cgroup":"[4026532406]","ipc":"[4026532335]","mnt":"[4026532333]","net":"[4026532337]","pid":"[4026532336]","user":"[4026532332]","uts":"[4026532334]"},"noNewPrivileges":true,"pid":1,"role":"init","rootReadOnly":true,"seccomp":2,"seccompFilters":1,"secureBits":239,"uid":0,"uidMap":"0 1881032704 3","userNamespaceErrno":-1},{"capabilities":["0","0","0","0","0"],"cgroup":"9:name=systemd:/ 8:pids:/ 7:blkio:/ 6:freezer:/ 5:devices:/ 4:memory:/ 3:cpuset:/ 2:cpuacct:/ 1:cpu:/ 0::/","dumpable":true,"gid":1000,"gidMap":"1000 1 1","groups":0,"landlock":7,"landlockDenies":true,"limits":[256,1024,1073741824,1],"mounts":49,"namespaces":{"cgroup":"[4026532406]","ipc":"[4026532335]","mnt":"[4026532333]","net":"[4026532337]","pid":"[4026532336]","user":"[4026532480]","uts":"[4026532334]"},"noNewPrivileges":true,"pid":3,"role":"runner","rootReadOnly":true,"seccomp":2,"seccompFilters":2,"secureBits":239,"uid":1000,"uidMap":"1000 1 1","userNamespaceErrno":1},{"capabilities":["0","0","0","0","0"],"cgroup":"9:name=systemd:/ 8:pids:/ 7:blkio:/ 6:freezer:/ 5:devices:/ 4:memory:/ 3:cpuset:/ 2:cpuacct:/ 1:cpu:/ 0::/","dumpable":false,"gid":1000,"gidMap":"1000 2 1","groups":0,"landlock":7,"landlockDenies":true,"limits":[256,1024,1073741824,1],"mounts":59,"namespaces":{"cgroup":"[4026532406]","ipc":"[4026532408]","mnt":"[4026532407]","net":"[4026532410]","pid":"[4026532409]","user":"[4026532479]","uts":"[4026532334]"},"noNewPrivileges":true,"pid":1,"role":"tool","rootReadOnly":true,"seccomp":2,"seccompFilters":2,"secureBits":239,"uid":1000,"uidMap":"1000 2 1","userNamespaceErrno":1}]}',1795954742553);
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
INSERT INTO cli_messages VALUES(1,'cli:local:main','in','m_4fna90az9rxm7960ham6es0xp8','cli:0','root',NULL,'{"kind":"message","text":"hello"}',1795954742524);
INSERT INTO cli_messages VALUES(2,'cli:local:main','out','m_1b3zd14a13s47pcdbcqbgxksye',NULL,'Main','m_2tnefa1er155f4max9jwej4pen','{"kind":"message","text":"No model is configured, so I cannot think yet; only plain commands work. Here is how to give me a model:\nnanoclaw providers add NAME --kind openai|anthropic --base-url URL --model M [--key-file FILE]\nnanoclaw groups config update GROUP --provider NAME\n\nSay \"help\" for the commands.","turn":"t_0f9de5qebwj8fdpcf003reh8wt"}',1795954742567);
INSERT INTO cli_messages VALUES(3,'cli:local:main','in','m_50348xm7rcgk9qak5jphk5dtgk','cli:0','root',NULL,'{"kind":"message","text":"write notes.txt remember the milk"}',1795954742591);
INSERT INTO cli_messages VALUES(4,'cli:local:main','out','m_4g1f4vtm4cm15dfzr85f21tmvv',NULL,'Main','m_7z9g6dh1v9hp3wzqp10zr9khrf','{"kind":"message","text":"Wrote 17 bytes to notes.txt.","turn":"t_52r4zd4cxv9hrja79erehcaz4g"}',1795954742601);
INSERT INTO cli_messages VALUES(5,'cli:local:main','in','m_7y7dd7980tfxnkvkrh9ktmyzzj','cli:0','root',NULL,'{"kind":"message","text":"run echo $((6*7)); ls /workspace"}',1795954742626);
INSERT INTO cli_messages VALUES(6,'cli:local:main','out','m_335b53dd2gbs228s3pg4ww2kjr',NULL,'Main','m_3z0z83hgzaxpq1fmh3m4sh9jff','{"kind":"message","text":"42\nagent\ninbound\ninstructions","turn":"t_3xef702ats49s19vaa6jc55fea"}',1795954742635);
INSERT INTO cli_messages VALUES(7,'cli:local:main','in','m_20my6jst32432dqxwwp3d04hfe','cli:0','root',NULL,'{"kind":"message","text":"remember the door code is in the safe"}',1795954742660);
INSERT INTO cli_messages VALUES(8,'cli:local:main','out','m_55vx4t2zzsn5jbtdmhwxq57n0x',NULL,'Main','m_2t5je4v5pag60ems7jn85qkt8p','{"kind":"message","text":"Remembered in memory/notes.md.","turn":"t_09tytg09pa68ha58ga0b4a7wy1"}',1795954742667);
INSERT INTO cli_messages VALUES(9,'cli:local:work','in','m_1y2twj4a2gqne1h0djy7phrx49','cli:0','root',NULL,'{"kind":"message","text":"write plan.md # Plan"}',1795954743094);
INSERT INTO cli_messages VALUES(10,'cli:local:work','out','m_7c184p29zr2w11gtt4bjcjrq5a',NULL,'Ada','m_0r2592bdp9gj97asgk905e8acj','{"kind":"message","text":"Wrote 6 bytes to plan.md.","turn":"t_0bvafmed3rrjz8hev9an20xjw0"}',1795954743152);
INSERT INTO cli_messages VALUES(11,'cli:local:work','in','m_39fbs6dk96hf3tm84bjcex945y','cli:0','root',NULL,'{"kind":"message","text":"read plan.md"}',1795954743177);
INSERT INTO cli_messages VALUES(12,'cli:local:work','out','m_41aqnjrj1bqwwej890kg9dy565',NULL,'Ada','m_6tm7eg4pxnt178j8mtyk31ydkm','{"kind":"message","text":"# Plan","turn":"t_34gr3vftw5ejtfprnebkaj0kwj"}',1795954743191);
INSERT INTO cli_messages VALUES(13,'cli:local:work','in','m_3xc3s8r7ahj9xcpa3f0acs0gvf','cli:0','root',NULL,'{"kind":"message","text":"run touch allowed"}',1795954743221);
INSERT INTO cli_messages VALUES(14,'cli:local:main','out','cd_00bv6mgyvwv444t9e1mpqxrkpc',NULL,'NanoClaw',NULL,'{"kind":"message","text":"**Run a shell command: touch allowed**\n\nThe agent wants to run `touch allowed` in its sandbox. You are asked because \"touch\" is no program known to only read.\n\nExactly this is done:\n```json\n{\n  \"command\": {\n    \"background\": false,\n    \"command\": \"touch allowed\"\n  },\n  \"session\": \"se_2znxe0ystczbfvpv1f5y5z2hy9\"\n}\n```\nAction `shell_command` for agent `Research` (research) in `cli cli:local:work`. Plan sha256:2c7ff5b9eab240a230689c33922f1068e7a1406de61a7d469b5d1b753453f94a\n\nOpen until 2026-11-30T12:19:03.249Z.\n\n1. Allow once\n2. Allow always (30 days)\n3. Deny\n\nAnswer with a number from 1 to 3, or \"1 S3\" when several cards are open; \"3: words\" tells why.","turn":"t_26j0rdyth382z54qyzajmh717y"}',1795954743254);
INSERT INTO cli_messages VALUES(15,'cli:local:work','out','m_12ddvk2pepxxa1mj84g9e31f12',NULL,'Ada','m_5qy3czvrt2hkq0ydbrayxa7vbq','{"kind":"message","text":"A person is asked whether this may run. Once they allow it, it runs by itself and you are told what came of it; do not ask again.\nThe outcome will come as a <system_response> with about=\"m_1phhz057m18k3337bs0z05tank\".","turn":"t_1rhjwq6qbs40n5g3qcqr0p1r5p"}',1795954744152);
INSERT INTO cli_messages VALUES(16,'cli:local:main','out','cd_00bv6mgyvwv444t9e1mpqxrkpc-1795954744472',NULL,'NanoClaw',NULL,'{"about":"cd_00bv6mgyvwv444t9e1mpqxrkpc","kind":"edit","text":"**Run a shell command: touch allowed**\n\nThe agent wants to run `touch allowed` in its sandbox. You are asked because \"touch\" is no program known to only read.\n\nExactly this is done:\n```json\n{\n  \"command\": {\n    \"background\": false,\n    \"command\": \"touch allowed\"\n  },\n  \"session\": \"se_2znxe0ystczbfvpv1f5y5z2hy9\"\n}\n```\nAction `shell_command` for agent `Research` (research) in `cli cli:local:work`. Plan sha256:2c7ff5b9eab240a230689c33922f1068e7a1406de61a7d469b5d1b753453f94a\n\nAllow always (30 days): decided by `root`.","turn":"t_4whfpjpwnxmnm8y4m1q5cnzstw"}',1795954744476);
INSERT INTO cli_messages VALUES(17,'cli:local:main','out','cd_00bv6mgyvwv444t9e1mpqxrkpc-1795954744478',NULL,'NanoClaw',NULL,'{"about":"cd_00bv6mgyvwv444t9e1mpqxrkpc","kind":"edit","text":"**Run a shell command: touch allowed**\n\nThe agent wants to run `touch allowed` in its sandbox. You are asked because \"touch\" is no program known to only read.\n\nExactly this is done:\n```json\n{\n  \"command\": {\n    \"background\": false,\n    \"command\": \"touch allowed\"\n  },\n  \"session\": \"se_2znxe0ystczbfvpv1f5y5z2hy9\"\n}\n```\nAction `shell_command` for agent `Research` (research) in `cli cli:local:work`. Plan sha256:2c7ff5b9eab240a230689c33922f1068e7a1406de61a7d469b5d1b753453f94a\n\nAllow always (30 days): decided by `root`. Done.","turn":"t_5pe104hvsncwxvm2avp05yavne"}',1795954744479);
INSERT INTO cli_messages VALUES(18,'cli:local:work','in','m_47v32h275kpcjnkw6wj3ynrnzy','cli:0','root',NULL,'{"kind":"message","text":"run touch waiting"}',1795954744657);
INSERT INTO cli_messages VALUES(19,'cli:local:main','out','cd_5n5bbcwvne0gvs1gs841p384mz',NULL,'NanoClaw',NULL,'{"kind":"message","text":"**Run a shell command: touch waiting**\n\nThe agent wants to run `touch waiting` in its sandbox. You are asked because \"touch\" is no program known to only read.\n\nExactly this is done:\n```json\n{\n  \"command\": {\n    \"background\": false,\n    \"command\": \"touch waiting\"\n  },\n  \"session\": \"se_2znxe0ystczbfvpv1f5y5z2hy9\"\n}\n```\nAction `shell_command` for agent `Research` (research) in `cli cli:local:work`. Plan sha256:23492c39d3319b4139b159dc61a52541c5c3122ac235fae5cf864a817da6497a\n\nOpen until 2026-11-30T12:19:04.671Z.\n\n1. Allow once\n2. Allow always (30 days)\n3. Deny\n\nAnswer with a number from 1 to 3, or \"1 J9\" when several cards are open; \"3: words\" tells why.","turn":"t_6hcwe3zcnnx7vam97n9hz2wmp8"}',1795954744675);
INSERT INTO cli_messages VALUES(20,'cli:local:work','out','m_70j8w8fqmcxyt7b8b39w5wfy7k',NULL,'Ada','m_12kybzn9tqtr1jgjtbg5ghxpss','{"kind":"message","text":"A person is asked whether this may run. Once they allow it, it runs by itself and you are told what came of it; do not ask again.\nThe outcome will come as a <system_response> with about=\"m_1zq11x2gdxj9r1jj0mjh00pac2\".","turn":"t_3beqj56fyb83vtr02558w5nsv2"}',1795954745139);
INSERT INTO cli_messages VALUES(21,'cli:local:main','in','m_67btyrbmkqywpj3vkt9bj9ss4f','cli:0','root',NULL,'{"kind":"message","text":"run sleep 3; echo late-answer"}',1795954745237);
CREATE TABLE cli_readers (
    platform_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (platform_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE retention (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    periods TEXT NOT NULL
) STRICT;
INSERT INTO retention VALUES(1,'2592000 604800 2592000 7776000 7776000');
CREATE TABLE identities (
    id TEXT PRIMARY KEY NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
INSERT INTO identities VALUES('id_1s0027zrtpdx4hx16vy2ex09yc',1795954742866);
CREATE TABLE identity_handles (
    user_id TEXT PRIMARY KEY NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    identity_id TEXT NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
    linked_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    linked_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO identity_handles VALUES('mail:ann@example.org','id_1s0027zrtpdx4hx16vy2ex09yc','cli:0',1795954742866);
INSERT INTO identity_handles VALUES('matrix:@ann:example.org','id_1s0027zrtpdx4hx16vy2ex09yc','cli:0',1795954742866);
CREATE TABLE pending_identity_links (
    user_id TEXT PRIMARY KEY NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    other_user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    CHECK (user_id <> other_user_id)
) STRICT, WITHOUT ROWID;
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
CREATE TABLE pairing_tries (
    sender_id TEXT PRIMARY KEY NOT NULL,
    tries INTEGER NOT NULL CHECK (tries > 0),
    last_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE pending_names (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    channel_type TEXT NOT NULL,
    platform_id TEXT NOT NULL,
    messaging_group_id TEXT NOT NULL UNIQUE REFERENCES messaging_groups (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, channel_type, platform_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS "dropped_messages" (
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
CREATE TABLE performed_actions (
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    request_id TEXT NOT NULL,
    result TEXT NOT NULL CHECK (json_valid(result)),
    performed_at INTEGER NOT NULL,
    PRIMARY KEY (session_id, request_id)
) STRICT, WITHOUT ROWID;
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
CREATE TABLE agent_limit_notices (
    first_group_id TEXT NOT NULL REFERENCES agent_groups (id) ON DELETE CASCADE,
    second_group_id TEXT NOT NULL REFERENCES agent_groups (id) ON DELETE CASCADE,
    limit_kind TEXT NOT NULL CHECK (limit_kind IN ('hops', 'rate')),
    told_at INTEGER NOT NULL,
    PRIMARY KEY (first_group_id, second_group_id, limit_kind)
) STRICT, WITHOUT ROWID;
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
INSERT INTO tasks VALUES('tk_16vvkw3g6my4pm785w2bqc96pq','ag_71qsdjhzzt0772vf3dk3axg2fw','plan','shared','mg_1c2dr75mdjemakatjkwcp09wym',NULL,'Send the plan.',NULL,0,0,'cron','0 7 * * *',NULL,'Europe/Berlin','skip','active',1796018400000,0,'cli:0',NULL,1795954743006,1795954743006);
INSERT INTO tasks VALUES('tk_0qhq4jtf192g6xhgxent9xhd8t','ag_4zamy48n4d47ygd7n5hfsjhrny','plants','shared','mg_4cw01rkjcj7n1whq3t99m0r0hx',NULL,'Water the plants.',NULL,0,0,'once','2126-01-01T09:00',4922931600000,'Etc/UTC','latest','paused',4922931600000,0,'cli:0',NULL,1795954743033,1795954743069);
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
CREATE TABLE cards (
    id TEXT PRIMARY KEY NOT NULL,
    purpose TEXT NOT NULL,
    subject TEXT NOT NULL,
    channel_type TEXT NOT NULL,
    platform_id TEXT NOT NULL,
    thread_id TEXT,
    code TEXT NOT NULL,
    agent_name TEXT NOT NULL,
    content TEXT NOT NULL CHECK (json_valid(content)),
    state TEXT NOT NULL DEFAULT 'unsent' CHECK (state IN ('unsent', 'open', 'closing', 'closed')),
    outcome TEXT,
    is_lapsed INTEGER NOT NULL DEFAULT 0 CHECK (is_lapsed IN (0, 1)),
    platform_message_id TEXT,
    sent_at INTEGER,
    expires_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK ((outcome IS NULL) = (state IN ('unsent', 'open')))
) STRICT;
INSERT INTO cards VALUES('cd_00bv6mgyvwv444t9e1mpqxrkpc','approval','ap_6ex8dttncs8a75dj1vb394kp09','cli','cli:local:main',NULL,'S3','NanoClaw','{"body":"The agent wants to run `touch allowed` in its sandbox. You are asked because \"touch\" is no program known to only read.\n\nExactly this is done:\n```json\n{\n  \"command\": {\n    \"background\": false,\n    \"command\": \"touch allowed\"\n  },\n  \"session\": \"se_2znxe0ystczbfvpv1f5y5z2hy9\"\n}\n```\nAction `shell_command` for agent `Research` (research) in `cli cli:local:work`. Plan sha256:2c7ff5b9eab240a230689c33922f1068e7a1406de61a7d469b5d1b753453f94a","code":"S3","expiresAt":1796041143249,"id":"cd_00bv6mgyvwv444t9e1mpqxrkpc","options":[{"label":"Allow once","style":"primary","takesNote":false,"value":"once"},{"label":"Allow always (30 days)","style":"plain","takesNote":false,"value":"always"},{"label":"Deny","style":"danger","takesNote":true,"value":"deny"}],"title":"Run a shell command: touch allowed"}','closed','Allow always (30 days): decided by `root`. Done.',0,'cd_00bv6mgyvwv444t9e1mpqxrkpc',1795954743257,1796041143249,1795954743250,1795954744478);
INSERT INTO cards VALUES('cd_5n5bbcwvne0gvs1gs841p384mz','approval','ap_15ccgh64mnvxzm7f6pk2rdy4c1','cli','cli:local:main',NULL,'J9','NanoClaw','{"body":"The agent wants to run `touch waiting` in its sandbox. You are asked because \"touch\" is no program known to only read.\n\nExactly this is done:\n```json\n{\n  \"command\": {\n    \"background\": false,\n    \"command\": \"touch waiting\"\n  },\n  \"session\": \"se_2znxe0ystczbfvpv1f5y5z2hy9\"\n}\n```\nAction `shell_command` for agent `Research` (research) in `cli cli:local:work`. Plan sha256:23492c39d3319b4139b159dc61a52541c5c3122ac235fae5cf864a817da6497a","code":"J9","expiresAt":1796041144672,"id":"cd_5n5bbcwvne0gvs1gs841p384mz","options":[{"label":"Allow once","style":"primary","takesNote":false,"value":"once"},{"label":"Allow always (30 days)","style":"plain","takesNote":false,"value":"always"},{"label":"Deny","style":"danger","takesNote":true,"value":"deny"}],"title":"Run a shell command: touch waiting"}','open',NULL,0,'cd_5n5bbcwvne0gvs1gs841p384mz',1795954744676,1796041144672,1795954744673,1795954744673);
CREATE TABLE card_answers (
    source TEXT PRIMARY KEY NOT NULL,
    card_id TEXT NOT NULL REFERENCES cards (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    value TEXT NOT NULL,
    is_taken INTEGER NOT NULL CHECK (is_taken IN (0, 1)),
    answered_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE approvals (
    id TEXT PRIMARY KEY NOT NULL,
    action TEXT NOT NULL,
    agent_group_id TEXT REFERENCES agent_groups (id) ON DELETE CASCADE,
    plan TEXT NOT NULL CHECK (json_valid(plan)),
    plan_hash TEXT NOT NULL CHECK (length(plan_hash) = 64),
    scope_hash TEXT NOT NULL CHECK (length(scope_hash) = 64),
    level TEXT NOT NULL CHECK (level IN ('group_admin', 'global_admin', 'owner')),
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    choices TEXT NOT NULL CHECK (json_valid(choices)),
    status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN (
        'pending', 'executing', 'executed', 'failed', 'denied', 'expired', 'interrupted', 'cancelled')),
    choice TEXT,
    decided_by TEXT,
    grant_id TEXT,
    note TEXT,
    result TEXT,
    expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    decided_at INTEGER,
    ended_at INTEGER
) STRICT;
INSERT INTO approvals VALUES('ap_6ex8dttncs8a75dj1vb394kp09','shell_command','ag_71qsdjhzzt0772vf3dk3axg2fw','{"action":"shell_command","group":"ag_71qsdjhzzt0772vf3dk3axg2fw","payload":{"command":{"background":false,"command":"touch allowed"},"session":"se_2znxe0ystczbfvpv1f5y5z2hy9"},"version":1}','2c7ff5b9eab240a230689c33922f1068e7a1406de61a7d469b5d1b753453f94a','9ab49cbd56e86590dbc3bd8eaa5d4cae2e77a1d93c7c6fedb919c33615ec7bf1','group_admin','Run a shell command: touch allowed',replace('The agent wants to run `touch allowed` in its sandbox. You are asked because "touch" is no program known to only read.\n\nExactly this is done:\n```json\n{\n  "command": {\n    "background": false,\n    "command": "touch allowed"\n  },\n  "session": "se_2znxe0ystczbfvpv1f5y5z2hy9"\n}\n```\nAction `shell_command` for agent `Research` (research) in `cli cli:local:work`. Plan sha256:2c7ff5b9eab240a230689c33922f1068e7a1406de61a7d469b5d1b753453f94a','\n',char(10)),'[{"effect":"once","label":"Allow once","value":"once"},{"effect":"always","label":"Allow always (30 days)","value":"always"},{"effect":"deny","label":"Deny","value":"deny"}]','executed','always','cli:0','gr_3xyrjf9rt6x4t87dyjtcr9zdhe',NULL,'The command was allowed.',1796041143249,1795954743249,1795954744465,1795954744474);
INSERT INTO approvals VALUES('ap_15ccgh64mnvxzm7f6pk2rdy4c1','shell_command','ag_71qsdjhzzt0772vf3dk3axg2fw','{"action":"shell_command","group":"ag_71qsdjhzzt0772vf3dk3axg2fw","payload":{"command":{"background":false,"command":"touch waiting"},"session":"se_2znxe0ystczbfvpv1f5y5z2hy9"},"version":1}','23492c39d3319b4139b159dc61a52541c5c3122ac235fae5cf864a817da6497a','a19cd472dede65d32f93859ed816795c91f33bfd2d31d8903d57b369c4a23e89','group_admin','Run a shell command: touch waiting',replace('The agent wants to run `touch waiting` in its sandbox. You are asked because "touch" is no program known to only read.\n\nExactly this is done:\n```json\n{\n  "command": {\n    "background": false,\n    "command": "touch waiting"\n  },\n  "session": "se_2znxe0ystczbfvpv1f5y5z2hy9"\n}\n```\nAction `shell_command` for agent `Research` (research) in `cli cli:local:work`. Plan sha256:23492c39d3319b4139b159dc61a52541c5c3122ac235fae5cf864a817da6497a','\n',char(10)),'[{"effect":"once","label":"Allow once","value":"once"},{"effect":"always","label":"Allow always (30 days)","value":"always"},{"effect":"deny","label":"Deny","value":"deny"}]','pending',NULL,NULL,NULL,NULL,NULL,1796041144672,1795954744672,NULL,NULL);
CREATE TABLE approval_askers (
    approval_id TEXT NOT NULL REFERENCES approvals (id) ON DELETE CASCADE,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    request TEXT NOT NULL DEFAULT '',
    turn TEXT,
    is_told INTEGER NOT NULL DEFAULT 0 CHECK (is_told IN (0, 1)),
    asked_at INTEGER NOT NULL,
    PRIMARY KEY (approval_id, session_id, request)
) STRICT, WITHOUT ROWID;
INSERT INTO approval_askers VALUES('ap_15ccgh64mnvxzm7f6pk2rdy4c1','se_2znxe0ystczbfvpv1f5y5z2hy9','m_1zq11x2gdxj9r1jj0mjh00pac2','t_3beqj56fyb83vtr02558w5nsv2',0,1795954744672);
INSERT INTO approval_askers VALUES('ap_6ex8dttncs8a75dj1vb394kp09','se_2znxe0ystczbfvpv1f5y5z2hy9','m_1phhz057m18k3337bs0z05tank','t_1rhjwq6qbs40n5g3qcqr0p1r5p',1,1795954743249);
CREATE TABLE approval_grants (
    id TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('grant', 'bypass')),
    action TEXT,
    agent_group_id TEXT REFERENCES agent_groups (id) ON DELETE CASCADE,
    scope TEXT CHECK (scope IS NULL OR json_valid(scope)),
    scope_hash TEXT CHECK (scope_hash IS NULL OR length(scope_hash) = 64),
    approval_id TEXT,
    granted_by TEXT NOT NULL,
    is_home_owner INTEGER NOT NULL DEFAULT 0 CHECK (is_home_owner IN (0, 1)),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER,
    revoked_by TEXT,
    uses INTEGER NOT NULL DEFAULT 0,
    last_used_at INTEGER,
    CHECK ((kind = 'grant') = (scope_hash IS NOT NULL)),
    CHECK (kind <> 'bypass' OR expires_at - created_at <= 28800000),
    CHECK (expires_at - created_at <= 31536000000)
) STRICT;
INSERT INTO approval_grants VALUES('gr_3xyrjf9rt6x4t87dyjtcr9zdhe','grant','shell_command','ag_71qsdjhzzt0772vf3dk3axg2fw','{"background":false,"command":"touch allowed"}','9ab49cbd56e86590dbc3bd8eaa5d4cae2e77a1d93c7c6fedb919c33615ec7bf1','ap_6ex8dttncs8a75dj1vb394kp09','cli:0',1,1795954744465,1798546744465,NULL,NULL,0,NULL);
CREATE TABLE audit (
    position INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    event TEXT NOT NULL,
    approval_id TEXT,
    grant_id TEXT,
    agent_group_id TEXT,
    user_id TEXT,
    subject TEXT,
    detail TEXT NOT NULL,
    hash TEXT NOT NULL CHECK (length(hash) = 64)
) STRICT;
INSERT INTO audit VALUES(1,1795954742380,'role-granted',NULL,NULL,NULL,NULL,'cli:0','owner','45a9322d631b5d1ff16e500d33749ccd04219b4a4cd77ee2d4959c3597137959');
INSERT INTO audit VALUES(2,1795954742380,'role-granted',NULL,NULL,NULL,NULL,'cli:65534','owner','f628595b56eca5ae539a1d010cdd1494096a15bc79163b5acd7920069951e23b');
INSERT INTO audit VALUES(3,1795954742692,'command',NULL,NULL,NULL,'cli:0',NULL,'groups create name=Research','8359ab93d2792060c6d71aa9c97e400b146e0ebd6dd740791bc7c2233d18e3cb');
INSERT INTO audit VALUES(4,1795954742716,'setting',NULL,NULL,'ag_71qsdjhzzt0772vf3dk3axg2fw','cli:0',NULL,'wiring wi_5z2123gry2w0dw4ssmza40jvch senders=all','09e1cf266c45bad3797bcffb95b516b28dfb6760b2073aa88787c9a6ad8522b9');
INSERT INTO audit VALUES(5,1795954742719,'command',NULL,NULL,NULL,'cli:0',NULL,'wirings create group=research chat=cli:local:work','43681c5527d657fff64c11375d0b3f96dcc2f6845640cda9eff0787acce0c2fc');
INSERT INTO audit VALUES(6,1795954742749,'command',NULL,NULL,NULL,'cli:0',NULL,'providers add name=local','61a1c11fb09bd57c2440bd27ea62017cc3226458ac2b2eae339a972edbb2da56');
INSERT INTO audit VALUES(7,1795954742775,'setting',NULL,NULL,'ag_71qsdjhzzt0772vf3dk3axg2fw','cli:0',NULL,'agent shellPolicy=ask','227b940c2520e41c2aeeefcb392d882fcc833683bfefdc42f81688a5bc6b8170');
INSERT INTO audit VALUES(8,1795954742778,'command',NULL,NULL,NULL,'cli:0',NULL,'groups config update group=research','56f34457f923d3663cba113c18354a91670f60900d15e20db4db615a746258d5');
INSERT INTO audit VALUES(9,1795954742804,'command',NULL,NULL,NULL,'cli:0',NULL,'users create user=mail:ann@example.org name=Ann','863067946539824da28025ca1c37a1e4dcaee378f3d1df63e14a43469947237b');
INSERT INTO audit VALUES(10,1795954742837,'command',NULL,NULL,NULL,'cli:0',NULL,'users create user=matrix:@ann:example.org name=Ann on Matrix','b099203f22687d3ed1a2590bd3817807cdabfd1a53e98709aea18b5676935cbf');
INSERT INTO audit VALUES(11,1795954742866,'linked',NULL,NULL,NULL,'cli:0','matrix:@ann:example.org','mail:ann@example.org','57d0167880b9af8faa8f3800221e2c5a48d6b7aa61fdb32c95274c75d7cb8870');
INSERT INTO audit VALUES(12,1795954742868,'command',NULL,NULL,NULL,'cli:0',NULL,'users link user=mail:ann@example.org other=matrix:@ann:example.org','e527dfd6596a1505464b571164be92cd48bea79667bb12b9b907493c38059c9a');
INSERT INTO audit VALUES(13,1795954742894,'role-granted',NULL,NULL,'ag_4zamy48n4d47ygd7n5hfsjhrny','cli:0','mail:ann@example.org','admin','b000c012f6b55d2bded28411954965af8e52ae54a7f2d18f0a272853a3c3a169');
INSERT INTO audit VALUES(14,1795954742896,'command',NULL,NULL,NULL,'cli:0',NULL,'roles grant group=main user=mail:ann@example.org role=admin','ededfa7cb78516a7f3415bc7ae23391294dd6b7606cc15fa06cfa898f9f39da1');
INSERT INTO audit VALUES(15,1795954742921,'member-added',NULL,NULL,'ag_71qsdjhzzt0772vf3dk3axg2fw','cli:0','mail:ann@example.org','','a412d1e2cb14f53f47c6539f41d50af0165484e3c6c67f01a0eebe16fbb321fa');
INSERT INTO audit VALUES(16,1795954742923,'command',NULL,NULL,NULL,'cli:0',NULL,'members add group=research user=mail:ann@example.org','244102ba2fae0710f066340a5f3d810b817f2977f117c584e9527db4a2cd684c');
INSERT INTO audit VALUES(17,1795954742952,'command',NULL,NULL,NULL,'cli:0',NULL,'destinations add group=main agent=research name=research','697190fee4214ba8792ba5e850fa95ad3b8efb2b0eab8e9104c52f828c6d84e5');
INSERT INTO audit VALUES(18,1795954742981,'command',NULL,NULL,NULL,'cli:0',NULL,'channels add channel=webhook','1306b8309ece92a8eef282785b70a9a96a57242b9d19b3d1027db27ac775d769');
INSERT INTO audit VALUES(19,1795954743009,'command',NULL,NULL,NULL,'cli:0',NULL,'tasks create group=research chat=cli:local:work name=plan','ff2f2b8eefc1b95609a23b6e057b4eed28ffb5b49cbcbd2469834e0d6b283608');
INSERT INTO audit VALUES(20,1795954743041,'command',NULL,NULL,NULL,'cli:0',NULL,'tasks create group=main chat=cli:local:main name=plants','95be30d3cf6cfa44c9a80195c345217ff683b384af5ee6ef61e3a193ebd6dc5a');
INSERT INTO audit VALUES(21,1795954743070,'command',NULL,NULL,NULL,'cli:0',NULL,'tasks pause task=plants','3b0595b41a0bacdbd44bfd1126a88a317a55ba37770c46785babeb3094269660');
INSERT INTO audit VALUES(22,1795954743250,'asked','ap_6ex8dttncs8a75dj1vb394kp09',NULL,'ag_71qsdjhzzt0772vf3dk3axg2fw','cli:0',NULL,'shell_command sha256:2c7ff5b9eab240a230689c33922f1068e7a1406de61a7d469b5d1b753453f94a','910bc132f92ea25d2c14d598a1dbba7a4df978eb906c2989ebd8b2d5aaededfb');
INSERT INTO audit VALUES(23,1795954744469,'grant','ap_6ex8dttncs8a75dj1vb394kp09','gr_3xyrjf9rt6x4t87dyjtcr9zdhe','ag_71qsdjhzzt0772vf3dk3axg2fw','cli:0',NULL,'until 2026-12-29T12:19:04.464Z','d60a9635caddd24f608d0475e5886450c45c99159cba61006d9b7e2b412ef749');
INSERT INTO audit VALUES(24,1795954744469,'approved','ap_6ex8dttncs8a75dj1vb394kp09','gr_3xyrjf9rt6x4t87dyjtcr9zdhe','ag_71qsdjhzzt0772vf3dk3axg2fw','cli:0',NULL,'always','224b7db1a2eaa2b04281e25dda9503cba8dba79fa2f852a18ff0f246d534d4a8');
INSERT INTO audit VALUES(25,1795954744475,'executed','ap_6ex8dttncs8a75dj1vb394kp09',NULL,'ag_71qsdjhzzt0772vf3dk3axg2fw',NULL,NULL,'The command was allowed.','9167245f385a0f2ea6537db53a38d4dd5061f17457957bf9ad357303c818a4da');
INSERT INTO audit VALUES(26,1795954744673,'asked','ap_15ccgh64mnvxzm7f6pk2rdy4c1',NULL,'ag_71qsdjhzzt0772vf3dk3axg2fw','cli:0',NULL,'shell_command sha256:23492c39d3319b4139b159dc61a52541c5c3122ac235fae5cf864a817da6497a','51131a9c8769dceda6d84a249814a8b243d92f321e42e96dd5bcde186e26e801');
CREATE TABLE channel_accounts (
    name TEXT PRIMARY KEY NOT NULL,
    channel_type TEXT NOT NULL,
    account TEXT NOT NULL,
    title TEXT NOT NULL,
    settings TEXT NOT NULL CHECK (json_valid(settings)),
    created_at INTEGER NOT NULL,
    UNIQUE (channel_type, account)
) STRICT;
INSERT INTO channel_accounts VALUES('webhook','webhook','door','/hooks/door','{"auth":"bearer","event":"","name":"door","private-targets":"no","reply-url":"","sender":"","text":"","thread":"","wait":"0"}',1795954742980);
CREATE TABLE channel_state (
    name TEXT NOT NULL REFERENCES channel_accounts (name) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (name, key)
) STRICT, WITHOUT ROWID;
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('cli_messages',21);
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
CREATE UNIQUE INDEX cards_code ON cards (channel_type, platform_id, code) WHERE state IN ('unsent', 'open');
CREATE INDEX cards_subject ON cards (purpose, subject);
CREATE INDEX cards_state ON cards (state);
CREATE INDEX cards_chat ON cards (channel_type, platform_id, created_at);
CREATE INDEX card_answers_card ON card_answers (card_id);
CREATE UNIQUE INDEX approvals_once ON approvals (plan_hash) WHERE status = 'pending';
CREATE INDEX approvals_open ON approvals (status, expires_at) WHERE status IN ('pending', 'executing');
CREATE INDEX approvals_age ON approvals (created_at);
CREATE INDEX approval_askers_untold ON approval_askers (approval_id) WHERE is_told = 0;
CREATE INDEX approval_askers_turn ON approval_askers (session_id, turn);
CREATE INDEX approval_grants_scope ON approval_grants (scope_hash);
CREATE INDEX audit_approval ON audit (approval_id) WHERE approval_id IS NOT NULL;
CREATE TRIGGER audit_kept BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
COMMIT;
PRAGMA user_version=0;
