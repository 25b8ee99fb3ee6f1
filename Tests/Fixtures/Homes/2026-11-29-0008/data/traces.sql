PRAGMA page_size=4096;
PRAGMA auto_vacuum=2;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE schema_version (
    name TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    applied_at INTEGER NOT NULL,
    checksum TEXT NOT NULL
) STRICT;
INSERT INTO schema_version VALUES('traces_0001_initial',1,1795954742378,'555ee0b82505666000c4bb239991aea812111bbe25492b483edf3768c88fe04f');
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
INSERT INTO trace_entries VALUES(1,1795954742527,'m_4fna90az9rxm7960ham6es0xp8',NULL,NULL,NULL,'received','{"chat":"cli cli:local:main","us":"16944786513"}');
INSERT INTO trace_entries VALUES(2,1795954742536,'m_4fna90az9rxm7960ham6es0xp8','m_2tnefa1er155f4max9jwej4pen','se_7jjj962gfjqaa0nnhqd2cnqynx',NULL,'routed','{"agentGroup":"ag_4zamy48n4d47ygd7n5hfsjhrny","chat":"cli cli:local:main","sender":"cli:0","us":"16944798409","why":"wired to this chat; pattern . matches; cli:0 is owner"}');
INSERT INTO trace_entries VALUES(3,1795954742563,NULL,'m_2tnefa1er155f4max9jwej4pen','se_7jjj962gfjqaa0nnhqd2cnqynx','t_0f9de5qebwj8fdpcf003reh8wt','claimed','{"us":"16944822622"}');
INSERT INTO trace_entries VALUES(4,1795954742564,NULL,NULL,'se_7jjj962gfjqaa0nnhqd2cnqynx','t_0f9de5qebwj8fdpcf003reh8wt','model_call','{"model":"offline","provider":"offline","us":"16944823128"}');
INSERT INTO trace_entries VALUES(5,1795954742565,NULL,NULL,'se_7jjj962gfjqaa0nnhqd2cnqynx','t_0f9de5qebwj8fdpcf003reh8wt','model','{"error":"","inputTokens":"","milliseconds":"0","outputTokens":"","us":"16944824694"}');
INSERT INTO trace_entries VALUES(6,1795954742567,NULL,'m_1b3zd14a13s47pcdbcqbgxksye','se_7jjj962gfjqaa0nnhqd2cnqynx','t_0f9de5qebwj8fdpcf003reh8wt','handed','{"attempt":"1","in_reply_to":"m_2tnefa1er155f4max9jwej4pen","us":"16944826396"}');
INSERT INTO trace_entries VALUES(7,1795954742568,NULL,'m_1b3zd14a13s47pcdbcqbgxksye','se_7jjj962gfjqaa0nnhqd2cnqynx','t_0f9de5qebwj8fdpcf003reh8wt','delivered','{"in_reply_to":"m_2tnefa1er155f4max9jwej4pen","platformMessageID":"m_1b3zd14a13s47pcdbcqbgxksye","to":"cli cli:local:main","us":"16944827167"}');
INSERT INTO trace_entries VALUES(8,1795954742592,'m_50348xm7rcgk9qak5jphk5dtgk',NULL,NULL,NULL,'received','{"chat":"cli cli:local:main","us":"16944851443"}');
INSERT INTO trace_entries VALUES(9,1795954742592,'m_50348xm7rcgk9qak5jphk5dtgk','m_7z9g6dh1v9hp3wzqp10zr9khrf','se_7jjj962gfjqaa0nnhqd2cnqynx',NULL,'routed','{"agentGroup":"ag_4zamy48n4d47ygd7n5hfsjhrny","chat":"cli cli:local:main","sender":"cli:0","us":"16944852487","why":"wired to this chat; pattern . matches; cli:0 is owner"}');
INSERT INTO trace_entries VALUES(10,1795954742594,NULL,'m_7z9g6dh1v9hp3wzqp10zr9khrf','se_7jjj962gfjqaa0nnhqd2cnqynx','t_52r4zd4cxv9hrja79erehcaz4g','claimed','{"us":"16944853175"}');
INSERT INTO trace_entries VALUES(11,1795954742594,NULL,NULL,'se_7jjj962gfjqaa0nnhqd2cnqynx','t_52r4zd4cxv9hrja79erehcaz4g','model_call','{"model":"offline","provider":"offline","us":"16944853228"}');
INSERT INTO trace_entries VALUES(12,1795954742595,NULL,NULL,'se_7jjj962gfjqaa0nnhqd2cnqynx','t_52r4zd4cxv9hrja79erehcaz4g','model','{"error":"","inputTokens":"","milliseconds":"0","outputTokens":"","us":"16944854058"}');
INSERT INTO trace_entries VALUES(13,1795954742595,NULL,NULL,'se_7jjj962gfjqaa0nnhqd2cnqynx','t_52r4zd4cxv9hrja79erehcaz4g','write_file','{"arguments":"{\"path\":\"notes.txt\",\"content\":\"remember the milk\"}","call":"offline_1","phase":"started","tool":"write_file","us":"16944854831"}');
INSERT INTO trace_entries VALUES(14,1795954742599,NULL,NULL,'se_7jjj962gfjqaa0nnhqd2cnqynx','t_52r4zd4cxv9hrja79erehcaz4g','write_file','{"call":"offline_1","milliseconds":"4","outcome":"ok","phase":"ended","result":"Wrote 17 bytes to notes.txt.","tool":"write_file","us":"16944858828"}');
INSERT INTO trace_entries VALUES(15,1795954742599,NULL,NULL,'se_7jjj962gfjqaa0nnhqd2cnqynx','t_52r4zd4cxv9hrja79erehcaz4g','model_call','{"model":"offline","provider":"offline","us":"16944858854"}');
INSERT INTO trace_entries VALUES(16,1795954742600,NULL,NULL,'se_7jjj962gfjqaa0nnhqd2cnqynx','t_52r4zd4cxv9hrja79erehcaz4g','model','{"error":"","inputTokens":"","milliseconds":"0","outputTokens":"","us":"16944859663"}');
INSERT INTO trace_entries VALUES(17,1795954742601,NULL,'m_4g1f4vtm4cm15dfzr85f21tmvv','se_7jjj962gfjqaa0nnhqd2cnqynx','t_52r4zd4cxv9hrja79erehcaz4g','handed','{"attempt":"1","in_reply_to":"m_7z9g6dh1v9hp3wzqp10zr9khrf","us":"16944860933"}');
INSERT INTO trace_entries VALUES(18,1795954742602,NULL,'m_4g1f4vtm4cm15dfzr85f21tmvv','se_7jjj962gfjqaa0nnhqd2cnqynx','t_52r4zd4cxv9hrja79erehcaz4g','delivered','{"in_reply_to":"m_7z9g6dh1v9hp3wzqp10zr9khrf","platformMessageID":"m_4g1f4vtm4cm15dfzr85f21tmvv","to":"cli cli:local:main","us":"16944861555"}');
INSERT INTO trace_entries VALUES(19,1795954742626,'m_7y7dd7980tfxnkvkrh9ktmyzzj',NULL,NULL,NULL,'received','{"chat":"cli cli:local:main","us":"16944885902"}');
INSERT INTO trace_entries VALUES(20,1795954742626,'m_7y7dd7980tfxnkvkrh9ktmyzzj','m_3z0z83hgzaxpq1fmh3m4sh9jff','se_7jjj962gfjqaa0nnhqd2cnqynx',NULL,'routed','{"agentGroup":"ag_4zamy48n4d47ygd7n5hfsjhrny","chat":"cli cli:local:main","sender":"cli:0","us":"16944886984","why":"wired to this chat; pattern . matches; cli:0 is owner"}');
INSERT INTO trace_entries VALUES(21,1795954742628,NULL,'m_3z0z83hgzaxpq1fmh3m4sh9jff','se_7jjj962gfjqaa0nnhqd2cnqynx','t_3xef702ats49s19vaa6jc55fea','claimed','{"us":"16944887701"}');
INSERT INTO trace_entries VALUES(22,1795954742628,NULL,NULL,'se_7jjj962gfjqaa0nnhqd2cnqynx','t_3xef702ats49s19vaa6jc55fea','model_call','{"model":"offline","provider":"offline","us":"16944887744"}');
INSERT INTO trace_entries VALUES(23,1795954742628,NULL,NULL,'se_7jjj962gfjqaa0nnhqd2cnqynx','t_3xef702ats49s19vaa6jc55fea','model','{"error":"","inputTokens":"","milliseconds":"0","outputTokens":"","us":"16944887996"}');
INSERT INTO trace_entries VALUES(24,1795954742629,NULL,NULL,'se_7jjj962gfjqaa0nnhqd2cnqynx','t_3xef702ats49s19vaa6jc55fea','shell','{"arguments":"{\"command\":\"echo $((6*7)); ls /workspace\"}","call":"offline_2","phase":"started","tool":"shell","us":"16944888899"}');
INSERT INTO trace_entries VALUES(25,1795954742633,NULL,NULL,'se_7jjj962gfjqaa0nnhqd2cnqynx','t_3xef702ats49s19vaa6jc55fea','shell','{"call":"offline_2","milliseconds":"3","outcome":"ok","phase":"ended","result":"42\nagent\ninbound\ninstructions","tool":"shell","us":"16944892990"}');
INSERT INTO trace_entries VALUES(26,1795954742633,NULL,NULL,'se_7jjj962gfjqaa0nnhqd2cnqynx','t_3xef702ats49s19vaa6jc55fea','model_call','{"model":"offline","provider":"offline","us":"16944893018"}');
INSERT INTO trace_entries VALUES(27,1795954742634,NULL,NULL,'se_7jjj962gfjqaa0nnhqd2cnqynx','t_3xef702ats49s19vaa6jc55fea','model','{"error":"","inputTokens":"","milliseconds":"0","outputTokens":"","us":"16944893481"}');
INSERT INTO trace_entries VALUES(28,1795954742635,NULL,'m_335b53dd2gbs228s3pg4ww2kjr','se_7jjj962gfjqaa0nnhqd2cnqynx','t_3xef702ats49s19vaa6jc55fea','handed','{"attempt":"1","in_reply_to":"m_3z0z83hgzaxpq1fmh3m4sh9jff","us":"16944894786"}');
INSERT INTO trace_entries VALUES(29,1795954742636,NULL,'m_335b53dd2gbs228s3pg4ww2kjr','se_7jjj962gfjqaa0nnhqd2cnqynx','t_3xef702ats49s19vaa6jc55fea','delivered','{"in_reply_to":"m_3z0z83hgzaxpq1fmh3m4sh9jff","platformMessageID":"m_335b53dd2gbs228s3pg4ww2kjr","to":"cli cli:local:main","us":"16944895803"}');
INSERT INTO trace_entries VALUES(30,1795954742660,'m_20my6jst32432dqxwwp3d04hfe',NULL,NULL,NULL,'received','{"chat":"cli cli:local:main","us":"16944919949"}');
INSERT INTO trace_entries VALUES(31,1795954742660,'m_20my6jst32432dqxwwp3d04hfe','m_2t5je4v5pag60ems7jn85qkt8p','se_7jjj962gfjqaa0nnhqd2cnqynx',NULL,'routed','{"agentGroup":"ag_4zamy48n4d47ygd7n5hfsjhrny","chat":"cli cli:local:main","sender":"cli:0","us":"16944921002","why":"wired to this chat; pattern . matches; cli:0 is owner"}');
INSERT INTO trace_entries VALUES(32,1795954742662,NULL,'m_2t5je4v5pag60ems7jn85qkt8p','se_7jjj962gfjqaa0nnhqd2cnqynx','t_09tytg09pa68ha58ga0b4a7wy1','claimed','{"us":"16944921780"}');
INSERT INTO trace_entries VALUES(33,1795954742662,NULL,NULL,'se_7jjj962gfjqaa0nnhqd2cnqynx','t_09tytg09pa68ha58ga0b4a7wy1','model_call','{"model":"offline","provider":"offline","us":"16944921830"}');
INSERT INTO trace_entries VALUES(34,1795954742662,NULL,NULL,'se_7jjj962gfjqaa0nnhqd2cnqynx','t_09tytg09pa68ha58ga0b4a7wy1','model','{"error":"","inputTokens":"","milliseconds":"0","outputTokens":"","us":"16944921927"}');
INSERT INTO trace_entries VALUES(35,1795954742663,NULL,NULL,'se_7jjj962gfjqaa0nnhqd2cnqynx','t_09tytg09pa68ha58ga0b4a7wy1','remember','{"arguments":"{\"text\":\"the door code is in the safe\"}","call":"offline_3","phase":"started","tool":"remember","us":"16944922994"}');
INSERT INTO trace_entries VALUES(36,1795954742666,NULL,NULL,'se_7jjj962gfjqaa0nnhqd2cnqynx','t_09tytg09pa68ha58ga0b4a7wy1','remember','{"call":"offline_3","milliseconds":"2","outcome":"ok","phase":"ended","result":"Remembered in memory/notes.md.","tool":"remember","us":"16944925122"}');
INSERT INTO trace_entries VALUES(37,1795954742666,NULL,NULL,'se_7jjj962gfjqaa0nnhqd2cnqynx','t_09tytg09pa68ha58ga0b4a7wy1','model_call','{"model":"offline","provider":"offline","us":"16944925149"}');
INSERT INTO trace_entries VALUES(38,1795954742666,NULL,NULL,'se_7jjj962gfjqaa0nnhqd2cnqynx','t_09tytg09pa68ha58ga0b4a7wy1','model','{"error":"","inputTokens":"","milliseconds":"0","outputTokens":"","us":"16944925263"}');
INSERT INTO trace_entries VALUES(39,1795954742667,NULL,'m_55vx4t2zzsn5jbtdmhwxq57n0x','se_7jjj962gfjqaa0nnhqd2cnqynx','t_09tytg09pa68ha58ga0b4a7wy1','handed','{"attempt":"1","in_reply_to":"m_2t5je4v5pag60ems7jn85qkt8p","us":"16944926846"}');
INSERT INTO trace_entries VALUES(40,1795954742668,NULL,'m_55vx4t2zzsn5jbtdmhwxq57n0x','se_7jjj962gfjqaa0nnhqd2cnqynx','t_09tytg09pa68ha58ga0b4a7wy1','delivered','{"in_reply_to":"m_2t5je4v5pag60ems7jn85qkt8p","platformMessageID":"m_55vx4t2zzsn5jbtdmhwxq57n0x","to":"cli cli:local:main","us":"16944927476"}');
INSERT INTO trace_entries VALUES(41,1795954743096,'m_1y2twj4a2gqne1h0djy7phrx49',NULL,NULL,NULL,'received','{"chat":"cli cli:local:work","us":"16945355106"}');
INSERT INTO trace_entries VALUES(42,1795954743105,'m_1y2twj4a2gqne1h0djy7phrx49','m_0r2592bdp9gj97asgk905e8acj','se_2znxe0ystczbfvpv1f5y5z2hy9',NULL,'routed','{"agentGroup":"ag_71qsdjhzzt0772vf3dk3axg2fw","chat":"cli cli:local:work","sender":"cli:0","us":"16945366714","why":"wired to this chat; the agent is mentioned; cli:0 is owner"}');
INSERT INTO trace_entries VALUES(43,1795954743128,NULL,'m_0r2592bdp9gj97asgk905e8acj','se_2znxe0ystczbfvpv1f5y5z2hy9','t_0bvafmed3rrjz8hev9an20xjw0','claimed','{"us":"16945387788"}');
INSERT INTO trace_entries VALUES(44,1795954743129,NULL,NULL,'se_2znxe0ystczbfvpv1f5y5z2hy9','t_0bvafmed3rrjz8hev9an20xjw0','model_call','{"model":"offline","provider":"offline","us":"16945388301"}');
INSERT INTO trace_entries VALUES(45,1795954743129,NULL,NULL,'se_2znxe0ystczbfvpv1f5y5z2hy9','t_0bvafmed3rrjz8hev9an20xjw0','model','{"error":"","inputTokens":"","milliseconds":"0","outputTokens":"","us":"16945388682"}');
INSERT INTO trace_entries VALUES(46,1795954743134,NULL,NULL,'se_2znxe0ystczbfvpv1f5y5z2hy9','t_0bvafmed3rrjz8hev9an20xjw0','write_file','{"arguments":"{\"path\":\"plan.md\",\"content\":\"# Plan\"}","call":"offline_1","phase":"started","tool":"write_file","us":"16945393090"}');
INSERT INTO trace_entries VALUES(47,1795954743145,NULL,NULL,'se_2znxe0ystczbfvpv1f5y5z2hy9','t_0bvafmed3rrjz8hev9an20xjw0','write_file','{"call":"offline_1","milliseconds":"11","outcome":"ok","phase":"ended","result":"Wrote 6 bytes to plan.md.","tool":"write_file","us":"16945404188"}');
INSERT INTO trace_entries VALUES(48,1795954743145,NULL,NULL,'se_2znxe0ystczbfvpv1f5y5z2hy9','t_0bvafmed3rrjz8hev9an20xjw0','model_call','{"model":"offline","provider":"offline","us":"16945404940"}');
INSERT INTO trace_entries VALUES(49,1795954743146,NULL,NULL,'se_2znxe0ystczbfvpv1f5y5z2hy9','t_0bvafmed3rrjz8hev9an20xjw0','model','{"error":"","inputTokens":"","milliseconds":"0","outputTokens":"","us":"16945405698"}');
INSERT INTO trace_entries VALUES(50,1795954743152,NULL,'m_7c184p29zr2w11gtt4bjcjrq5a','se_2znxe0ystczbfvpv1f5y5z2hy9','t_0bvafmed3rrjz8hev9an20xjw0','handed','{"attempt":"1","in_reply_to":"m_0r2592bdp9gj97asgk905e8acj","us":"16945411257"}');
INSERT INTO trace_entries VALUES(51,1795954743152,NULL,'m_7c184p29zr2w11gtt4bjcjrq5a','se_2znxe0ystczbfvpv1f5y5z2hy9','t_0bvafmed3rrjz8hev9an20xjw0','delivered','{"in_reply_to":"m_0r2592bdp9gj97asgk905e8acj","platformMessageID":"m_7c184p29zr2w11gtt4bjcjrq5a","to":"cli cli:local:work","us":"16945411953"}');
INSERT INTO trace_entries VALUES(52,1795954743178,'m_39fbs6dk96hf3tm84bjcex945y',NULL,NULL,NULL,'received','{"chat":"cli cli:local:work","us":"16945437593"}');
INSERT INTO trace_entries VALUES(53,1795954743178,'m_39fbs6dk96hf3tm84bjcex945y','m_6tm7eg4pxnt178j8mtyk31ydkm','se_2znxe0ystczbfvpv1f5y5z2hy9',NULL,'routed','{"agentGroup":"ag_71qsdjhzzt0772vf3dk3axg2fw","chat":"cli cli:local:work","sender":"cli:0","us":"16945438650","why":"wired to this chat; the agent is mentioned; cli:0 is owner"}');
INSERT INTO trace_entries VALUES(54,1795954743180,NULL,'m_6tm7eg4pxnt178j8mtyk31ydkm','se_2znxe0ystczbfvpv1f5y5z2hy9','t_34gr3vftw5ejtfprnebkaj0kwj','claimed','{"us":"16945439872"}');
INSERT INTO trace_entries VALUES(55,1795954743180,NULL,NULL,'se_2znxe0ystczbfvpv1f5y5z2hy9','t_34gr3vftw5ejtfprnebkaj0kwj','model_call','{"model":"offline","provider":"offline","us":"16945439958"}');
INSERT INTO trace_entries VALUES(56,1795954743180,NULL,NULL,'se_2znxe0ystczbfvpv1f5y5z2hy9','t_34gr3vftw5ejtfprnebkaj0kwj','model','{"error":"","inputTokens":"","milliseconds":"0","outputTokens":"","us":"16945439978"}');
INSERT INTO trace_entries VALUES(57,1795954743185,NULL,NULL,'se_2znxe0ystczbfvpv1f5y5z2hy9','t_34gr3vftw5ejtfprnebkaj0kwj','read_file','{"arguments":"{\"path\":\"plan.md\"}","call":"offline_2","phase":"started","tool":"read_file","us":"16945444763"}');
INSERT INTO trace_entries VALUES(58,1795954743187,NULL,NULL,'se_2znxe0ystczbfvpv1f5y5z2hy9','t_34gr3vftw5ejtfprnebkaj0kwj','read_file','{"call":"offline_2","milliseconds":"1","outcome":"ok","phase":"ended","result":"# Plan\n","tool":"read_file","us":"16945446563"}');
INSERT INTO trace_entries VALUES(59,1795954743187,NULL,NULL,'se_2znxe0ystczbfvpv1f5y5z2hy9','t_34gr3vftw5ejtfprnebkaj0kwj','model_call','{"model":"offline","provider":"offline","us":"16945446647"}');
INSERT INTO trace_entries VALUES(60,1795954743188,NULL,NULL,'se_2znxe0ystczbfvpv1f5y5z2hy9','t_34gr3vftw5ejtfprnebkaj0kwj','model','{"error":"","inputTokens":"","milliseconds":"0","outputTokens":"","us":"16945447195"}');
INSERT INTO trace_entries VALUES(61,1795954743191,NULL,'m_41aqnjrj1bqwwej890kg9dy565','se_2znxe0ystczbfvpv1f5y5z2hy9','t_34gr3vftw5ejtfprnebkaj0kwj','handed','{"attempt":"1","in_reply_to":"m_6tm7eg4pxnt178j8mtyk31ydkm","us":"16945450999"}');
INSERT INTO trace_entries VALUES(62,1795954743194,NULL,'m_41aqnjrj1bqwwej890kg9dy565','se_2znxe0ystczbfvpv1f5y5z2hy9','t_34gr3vftw5ejtfprnebkaj0kwj','delivered','{"in_reply_to":"m_6tm7eg4pxnt178j8mtyk31ydkm","platformMessageID":"m_41aqnjrj1bqwwej890kg9dy565","to":"cli cli:local:work","us":"16945453402"}');
INSERT INTO trace_entries VALUES(63,1795954743225,'m_3xc3s8r7ahj9xcpa3f0acs0gvf',NULL,NULL,NULL,'received','{"chat":"cli cli:local:work","us":"16945484326"}');
INSERT INTO trace_entries VALUES(64,1795954743225,'m_3xc3s8r7ahj9xcpa3f0acs0gvf','m_5qy3czvrt2hkq0ydbrayxa7vbq','se_2znxe0ystczbfvpv1f5y5z2hy9',NULL,'routed','{"agentGroup":"ag_71qsdjhzzt0772vf3dk3axg2fw","chat":"cli cli:local:work","sender":"cli:0","us":"16945487409","why":"wired to this chat; the agent is mentioned; cli:0 is owner"}');
INSERT INTO trace_entries VALUES(65,1795954743229,NULL,'m_5qy3czvrt2hkq0ydbrayxa7vbq','se_2znxe0ystczbfvpv1f5y5z2hy9','t_1rhjwq6qbs40n5g3qcqr0p1r5p','claimed','{"us":"16945488446"}');
INSERT INTO trace_entries VALUES(66,1795954743231,NULL,NULL,'se_2znxe0ystczbfvpv1f5y5z2hy9','t_1rhjwq6qbs40n5g3qcqr0p1r5p','model_call','{"model":"offline","provider":"offline","us":"16945490541"}');
INSERT INTO trace_entries VALUES(67,1795954743231,NULL,NULL,'se_2znxe0ystczbfvpv1f5y5z2hy9','t_1rhjwq6qbs40n5g3qcqr0p1r5p','model','{"error":"","inputTokens":"","milliseconds":"0","outputTokens":"","us":"16945490793"}');
INSERT INTO trace_entries VALUES(68,1795954743233,NULL,NULL,'se_2znxe0ystczbfvpv1f5y5z2hy9','t_1rhjwq6qbs40n5g3qcqr0p1r5p','shell','{"arguments":"{\"command\":\"touch allowed\"}","call":"offline_3","phase":"started","tool":"shell","us":"16945492610"}');
INSERT INTO trace_entries VALUES(69,1795954744141,NULL,NULL,'se_2znxe0ystczbfvpv1f5y5z2hy9','t_1rhjwq6qbs40n5g3qcqr0p1r5p','shell','{"call":"offline_3","milliseconds":"908","outcome":"ok","phase":"ended","result":"A person is asked whether this may run. Once they allow it, it runs by itself and you are told what came of it; do not ask again.\nThe outcome will come as a <system_response> with about=\"m_1phhz057m18k3337bs0z05tank\".","tool":"shell","us":"16946400857"}');
INSERT INTO trace_entries VALUES(70,1795954744141,NULL,NULL,'se_2znxe0ystczbfvpv1f5y5z2hy9','t_1rhjwq6qbs40n5g3qcqr0p1r5p','model_call','{"model":"offline","provider":"offline","us":"16946400925"}');
INSERT INTO trace_entries VALUES(71,1795954744141,NULL,NULL,'se_2znxe0ystczbfvpv1f5y5z2hy9','t_1rhjwq6qbs40n5g3qcqr0p1r5p','model','{"error":"","inputTokens":"","milliseconds":"0","outputTokens":"","us":"16946400978"}');
INSERT INTO trace_entries VALUES(72,1795954744152,NULL,'m_12ddvk2pepxxa1mj84g9e31f12','se_2znxe0ystczbfvpv1f5y5z2hy9','t_1rhjwq6qbs40n5g3qcqr0p1r5p','handed','{"attempt":"1","in_reply_to":"m_5qy3czvrt2hkq0ydbrayxa7vbq","us":"16946411219"}');
INSERT INTO trace_entries VALUES(73,1795954744153,NULL,'m_12ddvk2pepxxa1mj84g9e31f12','se_2znxe0ystczbfvpv1f5y5z2hy9','t_1rhjwq6qbs40n5g3qcqr0p1r5p','delivered','{"in_reply_to":"m_5qy3czvrt2hkq0ydbrayxa7vbq","platformMessageID":"m_12ddvk2pepxxa1mj84g9e31f12","to":"cli cli:local:work","us":"16946412340"}');
INSERT INTO trace_entries VALUES(74,1795954744486,NULL,'m_6rnm1vcng1gdh30ve0j20pqf1z','se_2znxe0ystczbfvpv1f5y5z2hy9','t_06q4587fs1s6wfmynam6sg9kqq','claimed','{"us":"16946746020"}');
INSERT INTO trace_entries VALUES(75,1795954744494,NULL,NULL,'se_2znxe0ystczbfvpv1f5y5z2hy9','t_06q4587fs1s6wfmynam6sg9kqq','model_call','{"model":"offline","provider":"offline","us":"16946753143"}');
INSERT INTO trace_entries VALUES(76,1795954744494,NULL,NULL,'se_2znxe0ystczbfvpv1f5y5z2hy9','t_06q4587fs1s6wfmynam6sg9kqq','model','{"error":"","inputTokens":"","milliseconds":"0","outputTokens":"","us":"16946753168"}');
INSERT INTO trace_entries VALUES(77,1795954744658,'m_47v32h275kpcjnkw6wj3ynrnzy',NULL,NULL,NULL,'received','{"chat":"cli cli:local:work","us":"16946917325"}');
INSERT INTO trace_entries VALUES(78,1795954744658,'m_47v32h275kpcjnkw6wj3ynrnzy','m_12kybzn9tqtr1jgjtbg5ghxpss','se_2znxe0ystczbfvpv1f5y5z2hy9',NULL,'routed','{"agentGroup":"ag_71qsdjhzzt0772vf3dk3axg2fw","chat":"cli cli:local:work","sender":"cli:0","us":"16946919580","why":"wired to this chat; the agent is mentioned; cli:0 is owner"}');
INSERT INTO trace_entries VALUES(79,1795954744661,NULL,'m_12kybzn9tqtr1jgjtbg5ghxpss','se_2znxe0ystczbfvpv1f5y5z2hy9','t_3beqj56fyb83vtr02558w5nsv2','claimed','{"us":"16946920435"}');
INSERT INTO trace_entries VALUES(80,1795954744662,NULL,NULL,'se_2znxe0ystczbfvpv1f5y5z2hy9','t_3beqj56fyb83vtr02558w5nsv2','model_call','{"model":"offline","provider":"offline","us":"16946921567"}');
INSERT INTO trace_entries VALUES(81,1795954744662,NULL,NULL,'se_2znxe0ystczbfvpv1f5y5z2hy9','t_3beqj56fyb83vtr02558w5nsv2','model','{"error":"","inputTokens":"","milliseconds":"0","outputTokens":"","us":"16946922014"}');
INSERT INTO trace_entries VALUES(82,1795954744663,NULL,NULL,'se_2znxe0ystczbfvpv1f5y5z2hy9','t_3beqj56fyb83vtr02558w5nsv2','shell','{"arguments":"{\"command\":\"touch waiting\"}","call":"offline_4","phase":"started","tool":"shell","us":"16946922744"}');
INSERT INTO trace_entries VALUES(83,1795954745135,NULL,NULL,'se_2znxe0ystczbfvpv1f5y5z2hy9','t_3beqj56fyb83vtr02558w5nsv2','shell','{"call":"offline_4","milliseconds":"471","outcome":"ok","phase":"ended","result":"A person is asked whether this may run. Once they allow it, it runs by itself and you are told what came of it; do not ask again.\nThe outcome will come as a <system_response> with about=\"m_1zq11x2gdxj9r1jj0mjh00pac2\".","tool":"shell","us":"16947394366"}');
INSERT INTO trace_entries VALUES(84,1795954745135,NULL,NULL,'se_2znxe0ystczbfvpv1f5y5z2hy9','t_3beqj56fyb83vtr02558w5nsv2','model_call','{"model":"offline","provider":"offline","us":"16947394437"}');
INSERT INTO trace_entries VALUES(85,1795954745136,NULL,NULL,'se_2znxe0ystczbfvpv1f5y5z2hy9','t_3beqj56fyb83vtr02558w5nsv2','model','{"error":"","inputTokens":"","milliseconds":"0","outputTokens":"","us":"16947395091"}');
INSERT INTO trace_entries VALUES(86,1795954745139,NULL,'m_70j8w8fqmcxyt7b8b39w5wfy7k','se_2znxe0ystczbfvpv1f5y5z2hy9','t_3beqj56fyb83vtr02558w5nsv2','handed','{"attempt":"1","in_reply_to":"m_12kybzn9tqtr1jgjtbg5ghxpss","us":"16947398286"}');
INSERT INTO trace_entries VALUES(87,1795954745141,NULL,'m_70j8w8fqmcxyt7b8b39w5wfy7k','se_2znxe0ystczbfvpv1f5y5z2hy9','t_3beqj56fyb83vtr02558w5nsv2','delivered','{"in_reply_to":"m_12kybzn9tqtr1jgjtbg5ghxpss","platformMessageID":"m_70j8w8fqmcxyt7b8b39w5wfy7k","to":"cli cli:local:work","us":"16947400211"}');
INSERT INTO trace_entries VALUES(88,1795954745241,'m_67btyrbmkqywpj3vkt9bj9ss4f',NULL,NULL,NULL,'received','{"chat":"cli cli:local:main","us":"16947500324"}');
INSERT INTO trace_entries VALUES(89,1795954745241,'m_67btyrbmkqywpj3vkt9bj9ss4f','m_5qgy340eqaje2bpjeqdwfd1bvm','se_7jjj962gfjqaa0nnhqd2cnqynx',NULL,'routed','{"agentGroup":"ag_4zamy48n4d47ygd7n5hfsjhrny","chat":"cli cli:local:main","sender":"cli:0","us":"16947501243","why":"wired to this chat; pattern . matches; cli:0 is owner"}');
INSERT INTO trace_entries VALUES(90,1795954745243,NULL,'m_5qgy340eqaje2bpjeqdwfd1bvm','se_7jjj962gfjqaa0nnhqd2cnqynx','t_22m25swj9ez0t92v6w5g5efztr','claimed','{"us":"16947502451"}');
INSERT INTO trace_entries VALUES(91,1795954745243,NULL,NULL,'se_7jjj962gfjqaa0nnhqd2cnqynx','t_22m25swj9ez0t92v6w5g5efztr','model_call','{"model":"offline","provider":"offline","us":"16947502536"}');
INSERT INTO trace_entries VALUES(92,1795954745243,NULL,NULL,'se_7jjj962gfjqaa0nnhqd2cnqynx','t_22m25swj9ez0t92v6w5g5efztr','model','{"error":"","inputTokens":"","milliseconds":"0","outputTokens":"","us":"16947502566"}');
INSERT INTO trace_entries VALUES(93,1795954745253,NULL,NULL,'se_7jjj962gfjqaa0nnhqd2cnqynx','t_22m25swj9ez0t92v6w5g5efztr','shell','{"arguments":"{\"command\":\"sleep 3; echo late-answer\"}","call":"offline_4","phase":"started","tool":"shell","us":"16947512744"}');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('trace_entries',93);
CREATE INDEX trace_entries_by_source ON trace_entries (source_id) WHERE source_id IS NOT NULL;
CREATE INDEX trace_entries_by_message ON trace_entries (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX trace_entries_by_turn ON trace_entries (turn_id) WHERE turn_id IS NOT NULL;
CREATE INDEX trace_entries_age ON trace_entries (at);
COMMIT;
PRAGMA user_version=0;
