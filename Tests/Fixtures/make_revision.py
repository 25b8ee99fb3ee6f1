#!/usr/bin/env python3
"""make_revision.py NUMBER FOLDER: writes a home as it was with that revision of the central database, 4 to 6.

Takes the home of 2026-11-21, which a real host has left, applies the migrations up to that number, and adds to the tables
that these have made rows as that revision's code wrote them. The databases of one session are of that time too, those
of the other were not opened since."""

import hashlib
import pathlib
import shutil
import sqlite3
import sys

here = pathlib.Path(__file__).parent
number, folder = int(sys.argv[1]), pathlib.Path(sys.argv[2])
now = 1795845600000
main, research = "ag_2c8tqk8ek7dn69pn0mf0rd4ekd", "ag_25kxhmdty5wm8bm6c4k3hay23q"
chat, work = "mg_5r6bmdas38qqatmzgr52h8bg8r", "mg_6ah5299d9q455hfhgndrz04a77"
session, other = "se_19afgv23vv7zn6hsgtbg880bkp", "se_20yeabxprkq5fjze5f4rq6mgnw"
ann, twin = "mail:ann@example.org", "matrix:@ann:example.org"

ROWS = {
    3: [
        ("INSERT INTO users VALUES (?, 'matrix', 'Ann on Matrix', ?, 'ann')", (twin, now)),
        ("INSERT INTO user_roles VALUES ('ro_5k1n6a6qc7jyjqtynqgewgs1gz', ?, 'admin', ?, 'cli:0', ?)", (ann, main, now)),
        ("INSERT INTO agent_group_members VALUES (?, ?, 'cli:0', ?, 'matrix')", (twin, main, now)),
        ("INSERT INTO user_dms VALUES ('cli:0', 'cli', ?, ?)", (chat, now)),
        ("INSERT INTO identities VALUES ('id_4bt82vxdwwabb0mrgsb4wt5zg1', ?)", (now,)),
        ("INSERT INTO identity_handles VALUES (?, 'id_4bt82vxdwwabb0mrgsb4wt5zg1', 'cli:0', ?)", (ann, now)),
        ("INSERT INTO identity_handles VALUES (?, 'id_4bt82vxdwwabb0mrgsb4wt5zg1', 'cli:0', ?)", (twin, now)),
        ("INSERT INTO pending_identity_links VALUES ('cli:0', ?, ?, ?)", (twin, now + 3600000, now)),
        ("INSERT INTO pairing_codes VALUES ('5d7e', zeroblob(16), zeroblob(32), 'member', ?, 'mail', NULL, 'cli:0', 1, ?, ?)",
         (research, now + 3600000, now)),
        ("INSERT INTO pairing_tries VALUES ('mail:eve@example.org', 2, ?)", (now,)),
        ("INSERT INTO dropped_messages VALUES ('mail', 'mail:door', 'mail:eve@example.org', 'pairing_limit', 'Eve', NULL, "
         "NULL, 3, ?, ?)", (now, now)),
    ],
    4: [
        ("INSERT INTO performed_actions VALUES (?, 'm_3543qbj4da5z6e6hfg0smkwnc1', '[\"done\"]', ?)", (session, now)),
        ("INSERT INTO pending_questions VALUES ('qu_1', ?, 'm_2bs9crgb4dmk2zn2wr9bcr4bnc', 'cli', 'cli:local:main', NULL, "
         "'Tea?', '[{\"label\":\"Yes\",\"value\":\"yes\"}]', ?, ?)", (session, now + 86400000, now)),
    ],
    5: [
        ("UPDATE agent_groups SET parent_id = ? WHERE id = ?", (main, research)),
        ("INSERT INTO agent_destinations VALUES (?, 'research', 'agent', NULL, ?, ?)", (main, research, now)),
        ("INSERT INTO agent_messages VALUES (?, 'm_2ff2879e1fnh1rgpkzf07w3wmz', ?, ?, ?, 1, ?)",
         (session, main, research, other, now)),
        ("INSERT INTO agent_limit_notices VALUES (?, ?, 'rate', ?)", (research, main, now)),
    ],
    6: [
        ("INSERT INTO tasks VALUES ('tk_7wtnfq2dcnjdjkbd9mw4j87tw5', ?, 'plan', 'shared', ?, NULL, 'Send the plan.', NULL, 0, "
         "0, 'cron', '0 7 * * *', NULL, 'Europe/Berlin', 'skip', 'active', 1795932000000, 1, 'cli:0', NULL, ?, ?)",
         (research, work, now, now)),
        ("INSERT INTO tasks VALUES ('tk_1fmnaz06dvkg669vs4a7gcr6fp', ?, 'plants', 'shared', ?, NULL, 'Water the plants.', "
         "'exit 0', 1, 1, 'once', '2126-01-01T09:00', 4922931600000, 'Etc/UTC', 'latest', 'paused', 4922931600000, 0, "
         "'agent', ?, ?, ?)", (main, chat, session, now, now)),
        ("INSERT INTO task_runs VALUES ('tr_0x2c8tqk8ek7dn69pn0mf0rd4e', 'tk_7wtnfq2dcnjdjkbd9mw4j87tw5', ?, 0, 'failed', "
         "'Send the plan.', NULL, 0, ?, NULL, 'no model', NULL, ?, ?)", (now - 1, other, now - 1, now)),
    ],
}


def dumped(database):
    lines = [f"PRAGMA {name}={database.execute(f'PRAGMA {name}').fetchone()[0]};" for name in ("page_size", "auto_vacuum")]
    version = database.execute("PRAGMA user_version").fetchone()[0]
    return "\n".join(lines + ["PRAGMA foreign_keys=OFF;", *database.iterdump(), f"PRAGMA user_version={version};"]) + "\n"


def loaded(file):
    database = sqlite3.connect(":memory:", isolation_level=None)
    database.executescript(file.read_text())
    return database


shutil.copytree(here / "Homes/2026-11-21", folder)
file = folder / "data/nanoclaw.sql"
central = loaded(file)
for migration in sorted((here / "../../migrations/central").glob("*.sql"))[1:number]:
    level = int(migration.name[8:12])
    central.executescript(migration.read_text())
    digest = hashlib.sha256(migration.read_bytes()).hexdigest()
    central.execute("INSERT INTO schema_version VALUES (?, ?, ?, ?)", (migration.stem, level, now, digest))
    for statement, values in ROWS.get(level, []):
        central.execute(statement, values)
assert central.execute("PRAGMA foreign_key_check").fetchall() == []
file.write_text(dumped(central))
file = folder / f"data/sessions/{research}/{other}/inbound/inbound.sql"
inbound = loaded(file)
inbound.executescript((here / "../../migrations/inbound/inbound_0002_ended.sql").read_text())
inbound.execute("PRAGMA user_version = 2")
file.write_text(dumped(inbound))
