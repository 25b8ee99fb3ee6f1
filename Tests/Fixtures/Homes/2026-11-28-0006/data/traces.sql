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
INSERT INTO schema_version VALUES('traces_0001_initial',1,1795601928217,'555ee0b82505666000c4bb239991aea812111bbe25492b483edf3768c88fe04f');
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
INSERT INTO trace_entries VALUES(1,1795601928467,'m_2jm52mdqajq291p3trkae78gwk',NULL,NULL,NULL,'received','{"chat":"cli cli:local:main","us":"19863426822"}');
INSERT INTO trace_entries VALUES(2,1795601928502,'m_2jm52mdqajq291p3trkae78gwk','m_2bs9crgb4dmk2zn2wr9bcr4bnc','se_19afgv23vv7zn6hsgtbg880bkp',NULL,'routed','{"agentGroup":"ag_2c8tqk8ek7dn69pn0mf0rd4ekd","chat":"cli cli:local:main","sender":"cli:0","us":"19863469373","why":"wired to this chat; pattern . matches; cli:0 is owner"}');
INSERT INTO trace_entries VALUES(3,1795601928665,NULL,'m_2bs9crgb4dmk2zn2wr9bcr4bnc','se_19afgv23vv7zn6hsgtbg880bkp','t_54dv919q8snb3pc3aj9m0gmfea','claimed','{"us":"19863624756"}');
INSERT INTO trace_entries VALUES(4,1795601928677,NULL,NULL,'se_19afgv23vv7zn6hsgtbg880bkp','t_54dv919q8snb3pc3aj9m0gmfea','model_call','{"model":"offline","provider":"offline","us":"19863636296"}');
INSERT INTO trace_entries VALUES(5,1795601928677,NULL,NULL,'se_19afgv23vv7zn6hsgtbg880bkp','t_54dv919q8snb3pc3aj9m0gmfea','model','{"error":"","inputTokens":"","milliseconds":"0","outputTokens":"","us":"19863636425"}');
INSERT INTO trace_entries VALUES(6,1795601928726,NULL,'m_7tgfnc62b69xy9d3efbyqtpezn','se_19afgv23vv7zn6hsgtbg880bkp','t_54dv919q8snb3pc3aj9m0gmfea','handed','{"attempt":"1","in_reply_to":"m_2bs9crgb4dmk2zn2wr9bcr4bnc","us":"19863685757"}');
INSERT INTO trace_entries VALUES(7,1795601928731,NULL,'m_7tgfnc62b69xy9d3efbyqtpezn','se_19afgv23vv7zn6hsgtbg880bkp','t_54dv919q8snb3pc3aj9m0gmfea','delivered','{"in_reply_to":"m_2bs9crgb4dmk2zn2wr9bcr4bnc","platformMessageID":"m_7tgfnc62b69xy9d3efbyqtpezn","to":"cli cli:local:main","us":"19863690326"}');
INSERT INTO trace_entries VALUES(8,1795601928812,'m_70vtg9mzqx77y205qkqr8bx089',NULL,NULL,NULL,'received','{"chat":"cli cli:local:main","us":"19863771933"}');
INSERT INTO trace_entries VALUES(9,1795601928818,'m_70vtg9mzqx77y205qkqr8bx089','m_3543qbj4da5z6e6hfg0smkwnc1','se_19afgv23vv7zn6hsgtbg880bkp',NULL,'routed','{"agentGroup":"ag_2c8tqk8ek7dn69pn0mf0rd4ekd","chat":"cli cli:local:main","sender":"cli:0","us":"19863796112","why":"wired to this chat; pattern . matches; cli:0 is owner"}');
INSERT INTO trace_entries VALUES(10,1795601928845,NULL,'m_3543qbj4da5z6e6hfg0smkwnc1','se_19afgv23vv7zn6hsgtbg880bkp','t_7bg0rp16q8azch5nezq61t4jq8','claimed','{"us":"19863804679"}');
INSERT INTO trace_entries VALUES(11,1795601928845,NULL,NULL,'se_19afgv23vv7zn6hsgtbg880bkp','t_7bg0rp16q8azch5nezq61t4jq8','model_call','{"model":"offline","provider":"offline","us":"19863804760"}');
INSERT INTO trace_entries VALUES(12,1795601928845,NULL,NULL,'se_19afgv23vv7zn6hsgtbg880bkp','t_7bg0rp16q8azch5nezq61t4jq8','model','{"error":"","inputTokens":"","milliseconds":"0","outputTokens":"","us":"19863804788"}');
INSERT INTO trace_entries VALUES(13,1795601928845,NULL,NULL,'se_19afgv23vv7zn6hsgtbg880bkp','t_7bg0rp16q8azch5nezq61t4jq8','write_file','{"arguments":"{\"path\":\"notes.txt\",\"content\":\"remember the milk\"}","call":"offline_1","phase":"started","tool":"write_file","us":"19863804836"}');
INSERT INTO trace_entries VALUES(14,1795601928879,NULL,NULL,'se_19afgv23vv7zn6hsgtbg880bkp','t_7bg0rp16q8azch5nezq61t4jq8','write_file','{"call":"offline_1","milliseconds":"28","outcome":"ok","phase":"ended","result":"Wrote 17 bytes to notes.txt.","tool":"write_file","us":"19863838336"}');
INSERT INTO trace_entries VALUES(15,1795601928879,NULL,NULL,'se_19afgv23vv7zn6hsgtbg880bkp','t_7bg0rp16q8azch5nezq61t4jq8','model_call','{"model":"offline","provider":"offline","us":"19863838430"}');
INSERT INTO trace_entries VALUES(16,1795601928879,NULL,NULL,'se_19afgv23vv7zn6hsgtbg880bkp','t_7bg0rp16q8azch5nezq61t4jq8','model','{"error":"","inputTokens":"","milliseconds":"0","outputTokens":"","us":"19863838466"}');
INSERT INTO trace_entries VALUES(17,1795601928889,NULL,'m_2ff2879e1fnh1rgpkzf07w3wmz','se_19afgv23vv7zn6hsgtbg880bkp','t_7bg0rp16q8azch5nezq61t4jq8','handed','{"attempt":"1","in_reply_to":"m_3543qbj4da5z6e6hfg0smkwnc1","us":"19863848196"}');
INSERT INTO trace_entries VALUES(18,1795601928890,NULL,'m_2ff2879e1fnh1rgpkzf07w3wmz','se_19afgv23vv7zn6hsgtbg880bkp','t_7bg0rp16q8azch5nezq61t4jq8','delivered','{"in_reply_to":"m_3543qbj4da5z6e6hfg0smkwnc1","platformMessageID":"m_2ff2879e1fnh1rgpkzf07w3wmz","to":"cli cli:local:main","us":"19863849103"}');
INSERT INTO trace_entries VALUES(19,1795601929019,'m_0sbprdhtqdhzd51gsvjqme962b',NULL,NULL,NULL,'received','{"chat":"cli cli:local:main","us":"19863978218"}');
INSERT INTO trace_entries VALUES(20,1795601929021,'m_0sbprdhtqdhzd51gsvjqme962b','m_1pse9brnzfczm1d9xh7vbzzzr1','se_19afgv23vv7zn6hsgtbg880bkp',NULL,'routed','{"agentGroup":"ag_2c8tqk8ek7dn69pn0mf0rd4ekd","chat":"cli cli:local:main","sender":"cli:0","us":"19864011210","why":"wired to this chat; pattern . matches; cli:0 is owner"}');
INSERT INTO trace_entries VALUES(21,1795601929054,NULL,'m_1pse9brnzfczm1d9xh7vbzzzr1','se_19afgv23vv7zn6hsgtbg880bkp','t_1s4r4t4ktgepf6ypcehf56jt68','claimed','{"us":"19864013375"}');
INSERT INTO trace_entries VALUES(22,1795601929054,NULL,NULL,'se_19afgv23vv7zn6hsgtbg880bkp','t_1s4r4t4ktgepf6ypcehf56jt68','model_call','{"model":"offline","provider":"offline","us":"19864013491"}');
INSERT INTO trace_entries VALUES(23,1795601929054,NULL,NULL,'se_19afgv23vv7zn6hsgtbg880bkp','t_1s4r4t4ktgepf6ypcehf56jt68','model','{"error":"","inputTokens":"","milliseconds":"0","outputTokens":"","us":"19864013517"}');
INSERT INTO trace_entries VALUES(24,1795601929068,NULL,NULL,'se_19afgv23vv7zn6hsgtbg880bkp','t_1s4r4t4ktgepf6ypcehf56jt68','shell','{"arguments":"{\"command\":\"echo $((6*7)); ls /workspace\"}","call":"offline_2","phase":"started","tool":"shell","us":"19864027125"}');
INSERT INTO trace_entries VALUES(25,1795601929091,NULL,NULL,'se_19afgv23vv7zn6hsgtbg880bkp','t_1s4r4t4ktgepf6ypcehf56jt68','shell','{"call":"offline_2","milliseconds":"25","outcome":"ok","phase":"ended","result":"42\nagent\ninbound\ninstructions","tool":"shell","us":"19864050080"}');
INSERT INTO trace_entries VALUES(26,1795601929091,NULL,NULL,'se_19afgv23vv7zn6hsgtbg880bkp','t_1s4r4t4ktgepf6ypcehf56jt68','model_call','{"model":"offline","provider":"offline","us":"19864050478"}');
INSERT INTO trace_entries VALUES(27,1795601929091,NULL,NULL,'se_19afgv23vv7zn6hsgtbg880bkp','t_1s4r4t4ktgepf6ypcehf56jt68','model','{"error":"","inputTokens":"","milliseconds":"0","outputTokens":"","us":"19864050814"}');
INSERT INTO trace_entries VALUES(28,1795601929134,NULL,'m_41f1xfkn1mtv2pbsxkrzfmvzx0','se_19afgv23vv7zn6hsgtbg880bkp','t_1s4r4t4ktgepf6ypcehf56jt68','handed','{"attempt":"1","in_reply_to":"m_1pse9brnzfczm1d9xh7vbzzzr1","us":"19864093292"}');
INSERT INTO trace_entries VALUES(29,1795601929149,NULL,'m_41f1xfkn1mtv2pbsxkrzfmvzx0','se_19afgv23vv7zn6hsgtbg880bkp','t_1s4r4t4ktgepf6ypcehf56jt68','delivered','{"in_reply_to":"m_1pse9brnzfczm1d9xh7vbzzzr1","platformMessageID":"m_41f1xfkn1mtv2pbsxkrzfmvzx0","to":"cli cli:local:main","us":"19864108179"}');
INSERT INTO trace_entries VALUES(30,1795601929249,'m_2hmbzafh05gdqpvhbn4ywq23tk',NULL,NULL,NULL,'received','{"chat":"cli cli:local:main","us":"19864208835"}');
INSERT INTO trace_entries VALUES(31,1795601929251,'m_2hmbzafh05gdqpvhbn4ywq23tk','m_253xq0dwt8qft06y1mv7jxyk0h','se_19afgv23vv7zn6hsgtbg880bkp',NULL,'routed','{"agentGroup":"ag_2c8tqk8ek7dn69pn0mf0rd4ekd","chat":"cli cli:local:main","sender":"cli:0","us":"19864248272","why":"wired to this chat; pattern . matches; cli:0 is owner"}');
INSERT INTO trace_entries VALUES(32,1795601929291,NULL,'m_253xq0dwt8qft06y1mv7jxyk0h','se_19afgv23vv7zn6hsgtbg880bkp','t_0rhb4ysp58zb3f1cqshxjn4j5t','claimed','{"us":"19864250169"}');
INSERT INTO trace_entries VALUES(33,1795601929291,NULL,NULL,'se_19afgv23vv7zn6hsgtbg880bkp','t_0rhb4ysp58zb3f1cqshxjn4j5t','model_call','{"model":"offline","provider":"offline","us":"19864250230"}');
INSERT INTO trace_entries VALUES(34,1795601929291,NULL,NULL,'se_19afgv23vv7zn6hsgtbg880bkp','t_0rhb4ysp58zb3f1cqshxjn4j5t','model','{"error":"","inputTokens":"","milliseconds":"0","outputTokens":"","us":"19864250254"}');
INSERT INTO trace_entries VALUES(35,1795601929302,NULL,NULL,'se_19afgv23vv7zn6hsgtbg880bkp','t_0rhb4ysp58zb3f1cqshxjn4j5t','remember','{"arguments":"{\"text\":\"the door code is in the safe\"}","call":"offline_3","phase":"started","tool":"remember","us":"19864261281"}');
INSERT INTO trace_entries VALUES(36,1795601929321,NULL,NULL,'se_19afgv23vv7zn6hsgtbg880bkp','t_0rhb4ysp58zb3f1cqshxjn4j5t','remember','{"call":"offline_3","milliseconds":"20","outcome":"ok","phase":"ended","result":"Remembered in memory/notes.md.","tool":"remember","us":"19864280418"}');
INSERT INTO trace_entries VALUES(37,1795601929321,NULL,NULL,'se_19afgv23vv7zn6hsgtbg880bkp','t_0rhb4ysp58zb3f1cqshxjn4j5t','model_call','{"model":"offline","provider":"offline","us":"19864280499"}');
INSERT INTO trace_entries VALUES(38,1795601929321,NULL,NULL,'se_19afgv23vv7zn6hsgtbg880bkp','t_0rhb4ysp58zb3f1cqshxjn4j5t','model','{"error":"","inputTokens":"","milliseconds":"0","outputTokens":"","us":"19864280537"}');
INSERT INTO trace_entries VALUES(39,1795601929369,NULL,'m_4cscx8rztxyjyv3c6nrtngnsxk','se_19afgv23vv7zn6hsgtbg880bkp','t_0rhb4ysp58zb3f1cqshxjn4j5t','handed','{"attempt":"1","in_reply_to":"m_253xq0dwt8qft06y1mv7jxyk0h","us":"19864329034"}');
INSERT INTO trace_entries VALUES(40,1795601929370,NULL,'m_4cscx8rztxyjyv3c6nrtngnsxk','se_19afgv23vv7zn6hsgtbg880bkp','t_0rhb4ysp58zb3f1cqshxjn4j5t','delivered','{"in_reply_to":"m_253xq0dwt8qft06y1mv7jxyk0h","platformMessageID":"m_4cscx8rztxyjyv3c6nrtngnsxk","to":"cli cli:local:main","us":"19864329938"}');
INSERT INTO trace_entries VALUES(41,1795601929928,'m_4ndghym78qnzkdmw7dwx71abgn',NULL,NULL,NULL,'received','{"chat":"cli cli:local:work","us":"19864888053"}');
INSERT INTO trace_entries VALUES(42,1795601929989,'m_4ndghym78qnzkdmw7dwx71abgn','m_5b2d8jh3hhd3exk63y2n6vx7a7','se_20yeabxprkq5fjze5f4rq6mgnw',NULL,'routed','{"agentGroup":"ag_25kxhmdty5wm8bm6c4k3hay23q","chat":"cli cli:local:work","sender":"cli:0","us":"19865000118","why":"wired to this chat; pattern . matches; cli:0 is owner"}');
INSERT INTO trace_entries VALUES(43,1795601930222,NULL,'m_5b2d8jh3hhd3exk63y2n6vx7a7','se_20yeabxprkq5fjze5f4rq6mgnw','t_19q4wttp2p8rbz0asf3ma8mqd8','claimed','{"us":"19865181405"}');
INSERT INTO trace_entries VALUES(44,1795601930222,NULL,NULL,'se_20yeabxprkq5fjze5f4rq6mgnw','t_19q4wttp2p8rbz0asf3ma8mqd8','model_call','{"model":"offline","provider":"offline","us":"19865181514"}');
INSERT INTO trace_entries VALUES(45,1795601930222,NULL,NULL,'se_20yeabxprkq5fjze5f4rq6mgnw','t_19q4wttp2p8rbz0asf3ma8mqd8','model','{"error":"","inputTokens":"","milliseconds":"0","outputTokens":"","us":"19865181608"}');
INSERT INTO trace_entries VALUES(46,1795601930277,NULL,NULL,'se_20yeabxprkq5fjze5f4rq6mgnw','t_19q4wttp2p8rbz0asf3ma8mqd8','write_file','{"arguments":"{\"path\":\"plan.md\",\"content\":\"# Plan\"}","call":"offline_1","phase":"started","tool":"write_file","us":"19865236340"}');
INSERT INTO trace_entries VALUES(47,1795601930321,NULL,NULL,'se_20yeabxprkq5fjze5f4rq6mgnw','t_19q4wttp2p8rbz0asf3ma8mqd8','write_file','{"call":"offline_1","milliseconds":"51","outcome":"ok","phase":"ended","result":"Wrote 6 bytes to plan.md.","tool":"write_file","us":"19865280249"}');
INSERT INTO trace_entries VALUES(48,1795601930321,NULL,NULL,'se_20yeabxprkq5fjze5f4rq6mgnw','t_19q4wttp2p8rbz0asf3ma8mqd8','model_call','{"model":"offline","provider":"offline","us":"19865280331"}');
INSERT INTO trace_entries VALUES(49,1795601930321,NULL,NULL,'se_20yeabxprkq5fjze5f4rq6mgnw','t_19q4wttp2p8rbz0asf3ma8mqd8','model','{"error":"","inputTokens":"","milliseconds":"0","outputTokens":"","us":"19865280369"}');
INSERT INTO trace_entries VALUES(50,1795601930409,NULL,'m_303cgnz1vf17kzky1g36jwa9mg','se_20yeabxprkq5fjze5f4rq6mgnw','t_19q4wttp2p8rbz0asf3ma8mqd8','handed','{"attempt":"1","in_reply_to":"m_5b2d8jh3hhd3exk63y2n6vx7a7","us":"19865368290"}');
INSERT INTO trace_entries VALUES(51,1795601930425,NULL,'m_303cgnz1vf17kzky1g36jwa9mg','se_20yeabxprkq5fjze5f4rq6mgnw','t_19q4wttp2p8rbz0asf3ma8mqd8','delivered','{"in_reply_to":"m_5b2d8jh3hhd3exk63y2n6vx7a7","platformMessageID":"m_303cgnz1vf17kzky1g36jwa9mg","to":"cli cli:local:work","us":"19865384249"}');
INSERT INTO trace_entries VALUES(52,1795601930513,'m_731z7eecc7csgmm3s80hhnr9bp',NULL,NULL,NULL,'received','{"chat":"cli cli:local:work","us":"19865472478"}');
INSERT INTO trace_entries VALUES(53,1795601930514,'m_731z7eecc7csgmm3s80hhnr9bp','m_1bqhdq2j3ztyfws6dnbpkrtv7m','se_20yeabxprkq5fjze5f4rq6mgnw',NULL,'routed','{"agentGroup":"ag_25kxhmdty5wm8bm6c4k3hay23q","chat":"cli cli:local:work","sender":"cli:0","us":"19865474688","why":"wired to this chat; pattern . matches; cli:0 is owner"}');
INSERT INTO trace_entries VALUES(54,1795601930517,NULL,'m_1bqhdq2j3ztyfws6dnbpkrtv7m','se_20yeabxprkq5fjze5f4rq6mgnw','t_6s5jnw2pcgef1z2fzzf3709enk','claimed','{"us":"19865476498"}');
INSERT INTO trace_entries VALUES(55,1795601930517,NULL,NULL,'se_20yeabxprkq5fjze5f4rq6mgnw','t_6s5jnw2pcgef1z2fzzf3709enk','model_call','{"model":"offline","provider":"offline","us":"19865476546"}');
INSERT INTO trace_entries VALUES(56,1795601930517,NULL,NULL,'se_20yeabxprkq5fjze5f4rq6mgnw','t_6s5jnw2pcgef1z2fzzf3709enk','model','{"error":"","inputTokens":"","milliseconds":"0","outputTokens":"","us":"19865476569"}');
INSERT INTO trace_entries VALUES(57,1795601930518,NULL,NULL,'se_20yeabxprkq5fjze5f4rq6mgnw','t_6s5jnw2pcgef1z2fzzf3709enk','read_file','{"arguments":"{\"path\":\"plan.md\"}","call":"offline_2","phase":"started","tool":"read_file","us":"19865477699"}');
INSERT INTO trace_entries VALUES(58,1795601930528,NULL,NULL,'se_20yeabxprkq5fjze5f4rq6mgnw','t_6s5jnw2pcgef1z2fzzf3709enk','read_file','{"call":"offline_2","milliseconds":"8","outcome":"ok","phase":"ended","result":"# Plan\n","tool":"read_file","us":"19865487159"}');
INSERT INTO trace_entries VALUES(59,1795601930528,NULL,NULL,'se_20yeabxprkq5fjze5f4rq6mgnw','t_6s5jnw2pcgef1z2fzzf3709enk','model_call','{"model":"offline","provider":"offline","us":"19865487232"}');
INSERT INTO trace_entries VALUES(60,1795601930528,NULL,NULL,'se_20yeabxprkq5fjze5f4rq6mgnw','t_6s5jnw2pcgef1z2fzzf3709enk','model','{"error":"","inputTokens":"","milliseconds":"0","outputTokens":"","us":"19865487265"}');
INSERT INTO trace_entries VALUES(61,1795601931053,NULL,'m_54s5bvf4kn9sqfmbjrkbc2g834','se_20yeabxprkq5fjze5f4rq6mgnw','t_6s5jnw2pcgef1z2fzzf3709enk','handed','{"attempt":"1","in_reply_to":"m_1bqhdq2j3ztyfws6dnbpkrtv7m","us":"19866012953"}');
INSERT INTO trace_entries VALUES(62,1795601931066,NULL,'m_54s5bvf4kn9sqfmbjrkbc2g834','se_20yeabxprkq5fjze5f4rq6mgnw','t_6s5jnw2pcgef1z2fzzf3709enk','delivered','{"in_reply_to":"m_1bqhdq2j3ztyfws6dnbpkrtv7m","platformMessageID":"m_54s5bvf4kn9sqfmbjrkbc2g834","to":"cli cli:local:work","us":"19866025484"}');
INSERT INTO trace_entries VALUES(63,1795601931119,'m_0xw6ajdkjmyszb72cjsvw9c5a8',NULL,NULL,NULL,'received','{"chat":"cli cli:local:main","us":"19866079019"}');
INSERT INTO trace_entries VALUES(64,1795601931120,'m_0xw6ajdkjmyszb72cjsvw9c5a8','m_14j82qavt2j76m6nenykd81pm8','se_19afgv23vv7zn6hsgtbg880bkp',NULL,'routed','{"agentGroup":"ag_2c8tqk8ek7dn69pn0mf0rd4ekd","chat":"cli cli:local:main","sender":"cli:0","us":"19866084970","why":"wired to this chat; pattern . matches; cli:0 is owner"}');
INSERT INTO trace_entries VALUES(65,1795601931127,NULL,'m_14j82qavt2j76m6nenykd81pm8','se_19afgv23vv7zn6hsgtbg880bkp','t_2vv3jreywvyakp1jtnbetw3x1k','claimed','{"us":"19866086791"}');
INSERT INTO trace_entries VALUES(66,1795601931127,NULL,NULL,'se_19afgv23vv7zn6hsgtbg880bkp','t_2vv3jreywvyakp1jtnbetw3x1k','model_call','{"model":"offline","provider":"offline","us":"19866086866"}');
INSERT INTO trace_entries VALUES(67,1795601931127,NULL,NULL,'se_19afgv23vv7zn6hsgtbg880bkp','t_2vv3jreywvyakp1jtnbetw3x1k','model','{"error":"","inputTokens":"","milliseconds":"0","outputTokens":"","us":"19866086894"}');
INSERT INTO trace_entries VALUES(68,1795601931137,NULL,NULL,'se_19afgv23vv7zn6hsgtbg880bkp','t_2vv3jreywvyakp1jtnbetw3x1k','shell','{"arguments":"{\"command\":\"sleep 3; echo late-answer\"}","call":"offline_4","phase":"started","tool":"shell","us":"19866096757"}');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('trace_entries',68);
CREATE INDEX trace_entries_by_source ON trace_entries (source_id) WHERE source_id IS NOT NULL;
CREATE INDEX trace_entries_by_message ON trace_entries (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX trace_entries_by_turn ON trace_entries (turn_id) WHERE turn_id IS NOT NULL;
CREATE INDEX trace_entries_age ON trace_entries (at);
COMMIT;
PRAGMA user_version=0;
