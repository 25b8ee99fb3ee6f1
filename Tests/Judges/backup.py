#!/usr/bin/env python3
"""Judges backups with Python's own tar and SQLite: what is in one or in a home, whether a flipped byte is seen, and how a
conversation stands. Prints one JSON value; the tests of backups call it."""

import collections
import ctypes
import hashlib
import json
import os
import pathlib
import random
import select
import shutil
import sqlite3
import stat
import subprocess
import sys
import tarfile
import tempfile

# Everything of a home that no backup has: docs/operations.md tells of keys, logs and traces; the rest is a running host's
# own, or made anew.
LEFT_OUT = {
    "data/credentials": "keys",
    "data/channels": "keys of accounts",
    "data/logs": "logs",
    "data/traces.db": "traces",
    "data/traces.db-wal": "traces",
    "data/traces.db-shm": "traces",
    "data/nanoclaw.db-wal": "in the copy of the database",
    "data/nanoclaw.db-shm": "in the copy of the database",
    "data/host.lock": "a running host's",
    "data/nanoclaw.sock": "a running host's",
    "data/reserve": "made anew",
    "data/composed": "made anew",
    "data/media": "files on their way from a platform, fetched again",
    "data/upgrades": "of an upgrade that is under way",
    "data/upgrade.served": "of an upgrade that is under way",
    "data/sessions/scratch": "of a running turn",
}
# Tables that a backup changes: no process of this machine is a runner of the next host, which looks at every session.
SETTLED = ("runners", "dirty")


def database(path, ignored=()):
    """Every table but these by its rows in order, through a copy: reading must not change the judged one."""
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "db"
        for ending in ("", "-wal", "-journal"):
            if os.path.exists(f"{path}{ending}"):
                shutil.copy(f"{path}{ending}", f"{copy}{ending}")
        connection = sqlite3.connect(copy)
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {name: sorted(map(repr, connection.execute(f'SELECT * FROM "{name}"'))) for name in sorted(tables)
                if name not in ignored}


def contents(home, ignored=()):
    """Each file, folder and link of a home by what is in it; of the central database without these tables."""
    found = {}
    for folder, folders, files in os.walk(home):
        for name in folders + files:
            path = os.path.join(folder, name)
            key = os.path.relpath(path, home)
            if any(key == place or key.startswith(place + "/") for place in LEFT_OUT):
                continue
            status = os.lstat(path)
            if name in ("inbound.db-journal", "outbound.db-journal") and status.st_size == 0:
                continue
            mode = oct(stat.S_IMODE(status.st_mode))
            if stat.S_ISLNK(status.st_mode):
                found[key] = os.readlink(path)
            elif stat.S_ISDIR(status.st_mode):
                found[key] = mode
            elif name in ("nanoclaw.db", "inbound.db", "outbound.db"):
                rows = database(path, ignored if name == "nanoclaw.db" else ())
                found[key] = [mode, hashlib.sha256(json.dumps(rows).encode()).hexdigest()]
            else:
                found[key] = [mode, hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()]
    return found


def differing(left, right):
    return sorted(key for key in left.keys() | right.keys() if left.get(key) != right.get(key))


def same(file, home):
    """Where the contents of a backup and of a home differ."""
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(file) as tar:
            tar.extractall(folder)
        left = {key: value for key, value in contents(folder).items() if not key.startswith("nanoclaw-")}
        return {"files": len(left), "differing": differing(left, contents(home))}


def kept(home, copy):
    """Where the contents of a home at rest and of what was restored from its backup differ, and what has no place there."""
    left = contents(home, SETTLED)
    return {"names": sorted(left), "differing": differing(left, contents(copy, SETTLED)),
            "foreign": [place for place in LEFT_OUT if os.path.lexists(os.path.join(copy, place))]}


def regions(file):
    """Places of a backup by what stands there."""
    places = collections.defaultdict(list)
    end = os.path.getsize(file)
    with tarfile.open(file) as tar:
        members = tar.getmembers()
    for index, member in enumerate(members):
        after = members[index + 1].offset if index + 1 < len(members) else end
        data = "sums" if member.name == "nanoclaw-sha256sums.txt" else "data"
        if member.name == "nanoclaw-backup.sha256":
            places["trailer"] += range(member.offset, end)
            continue
        places["header"] += range(member.offset, member.offset_data)
        places[data] += range(member.offset_data, member.offset_data + member.size)
        places["padding"] += range(member.offset_data + member.size, after)
    return places


def flips(program, file, count):
    """Verifies a backup with one byte changed, in each region as often; which changes were not seen."""
    choices = random.Random(73)
    places = regions(file)
    missed, tried = [], 0
    with open(file, "r+b") as handle:
        for region in sorted(places):
            for place in choices.sample(places[region], min(len(places[region]), -(-count // len(places)))):
                handle.seek(place)
                good = handle.read(1)
                handle.seek(place)
                handle.write(bytes([good[0] ^ 1 << choices.randrange(8)]))
                handle.flush()
                done = subprocess.run([program, "backup", "verify", file], capture_output=True, text=True)
                tried += 1
                if done.returncode != 1 or not done.stderr.strip():
                    missed.append([region, place, done.returncode, done.stderr])
                handle.seek(place)
                handle.write(good)
                handle.flush()
    whole = subprocess.run([program, "backup", "verify", file], capture_output=True, text=True)
    return {"tried": tried, "regions": sorted(places), "missed": missed, "whole": whole.returncode}


def conversations(home):
    """Each message that came in: how it stands, and how often it was answered."""
    found = []
    for path in pathlib.Path(home).glob("data/sessions/*/*/inbound/inbound.db"):
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        for identity, status, content in connection.execute("SELECT id, status, content FROM messages_in"):
            answers = connection.execute("SELECT state FROM deliveries WHERE in_reply_to = ?", [identity]).fetchall()
            found.append({"text": json.loads(content).get("text", ""), "status": status,
                          "answers": sum(state == "delivered" for (state,) in answers)})
    return found


def untaken(home):
    """How many messages of terminals the home's histories hold that its host, which is down, has not brought into a session."""
    taken = set()
    for path in pathlib.Path(home).glob("data/sessions/*/*/inbound/inbound.db"):
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        taken |= set(connection.execute("SELECT platform_id, platform_message_id FROM messages_in WHERE channel_type = 'cli'"))
    # What was restored has no log beside it, and reading makes none.
    connection = sqlite3.connect(f"file:{home}/data/nanoclaw.db?immutable=1", uri=True)
    written = connection.execute("SELECT platform_id, message_id FROM cli_messages "
                                 "WHERE direction = 'in' AND json_extract(content, '$.isOpen')")
    return len(set(written) - taken)


def half_written(home):
    """Dies in the middle of a transaction on an outbound.db, as a runner would: its journal stays hot."""
    path = next(pathlib.Path(home).glob("data/sessions/*/*/outbound/outbound.db"))
    if os.fork() == 0:
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("PRAGMA journal_mode = TRUNCATE")
        connection.execute("PRAGMA cache_size = 5")
        connection.execute("BEGIN IMMEDIATE")
        for number in range(400):
            connection.execute("INSERT INTO session_state VALUES (?, ?, 0)", [f"half-{number}", "x" * 3000])
        os.kill(os.getpid(), 9)
    os.wait()
    return {"path": str(path), "journal": os.path.getsize(f"{path}-journal")}


def bomb(home):
    """Gives an outbound.db an index that takes minutes to check, as an agent can that has its file to itself."""
    path = next(pathlib.Path(home).glob("data/sessions/*/*/outbound/outbound.db"))
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("CREATE TABLE bomb (x TEXT)")
    connection.execute("CREATE INDEX bomb_index ON bomb (length(printf('%.1c', x)) > 0)")
    connection.executemany("INSERT INTO bomb VALUES (?)", [["x"]] * 1000)
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("UPDATE sqlite_schema SET sql = replace(sql, '%.1c', '%.20000000c')")
    connection.close()
    return str(path)


def half_rows(home):
    """How many rows of that transaction an outbound.db holds."""
    return sum(row.count("half-") for path in pathlib.Path(home).glob("data/sessions/*/*/outbound/outbound.db")
               for row in database(path)["session_state"])


def hold(home):
    """Takes a session's inbound.db as its writer does at a commit; the connection lets go of it when it is closed."""
    path = next(pathlib.Path(home).glob("data/sessions/*/*/inbound/inbound.db"))
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    return path, connection


def locked(program, home, file):
    """What becomes of a backup beside a writer that does not let go."""
    _, connection = hold(home)
    done = subprocess.run([program, "backup", "create", file, "--home", home], capture_output=True, text=True)
    connection.close()
    return {"status": done.returncode, "errors": done.stderr, "isThere": os.path.exists(file)}


def order(program, home, file):
    """Writes into outbound.db while the backup waits for inbound.db; whether the backup has that row."""
    path, connection = hold(home)
    # The backup opens it when it has come so far: inotify(7), IN_OPEN.
    kernel = ctypes.CDLL(None, use_errno=True)
    opened = kernel.inotify_init1(0)
    if opened < 0 or kernel.inotify_add_watch(opened, bytes(path), 0x20) < 0:
        raise OSError(ctypes.get_errno(), "inotify")
    making = subprocess.Popen([program, "backup", "create", file, "--home", home], stdout=subprocess.DEVNULL)
    if not select.select([opened], [], [], 30)[0]:
        return {"status": making.poll(), "isThere": None}
    with sqlite3.connect(path.parent.parent / "outbound/outbound.db") as outbound:
        outbound.execute("INSERT INTO session_state VALUES ('late', 'x', 0)")
    connection.close()
    status = making.wait()
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(file) as tar:
            tar.extractall(folder)
        copy = pathlib.Path(folder) / path.relative_to(home).parent.parent / "outbound/outbound.db"
        return {"status": status, "isThere": any("late" in row for row in database(copy)["session_state"])}


def main():
    verb, arguments = sys.argv[1], sys.argv[2:]
    verbs = {"same": same, "kept": kept, "conversations": conversations, "untaken": untaken,
             "half-written": half_written, "half-rows": half_rows,
             "locked": locked, "order": order, "bomb": bomb,
             "flips": lambda program, file, count: flips(program, file, int(count))}
    print(json.dumps(verbs[verb](*arguments)))


main()
