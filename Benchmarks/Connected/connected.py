#!/usr/bin/env python3
"""A host with an account on every platform, connected to the judges and left alone.

    ./nanoclaw.sh bench --connected [--seconds N] [--json FILE]

Ten minutes by default. Prints the host's memory at the end and the share of a core that it used; design §14 allows
45 MB and 0.1 %. Every account must be connected before and after.
"""
import argparse
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
JUDGES = os.path.join(ROOT, "Tests/Judges/channels")
sys.path.insert(0, os.path.join(ROOT, "Benchmarks/Peers"))

from measure import Server, run  # noqa: E402

# Where the host has become quiet: the sweep that gives back the pages of its start has passed.
SETTLE = 150
MEMORY_MB, CPU_PERCENT = 45, 0.1


class Judge:
    """A platform on loopback; ends with its standard input."""

    def __init__(self, name, *arguments):
        run([os.path.join(JUDGES, "setup.sh"), name])
        python = os.path.join(ROOT, f".build-judges/channels/{name}/bin/python")
        self.process = subprocess.Popen(
            [python, os.path.join(JUDGES, f"{name}_server.py"), "--port", "0", "--watch-stdin", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        words = self.process.stdout.readline().split()
        if not words or words[0] != "ready":
            raise RuntimeError(f"the judge of {name} did not start: {words}")
        self.base = f"http://127.0.0.1:{words[1]}"
        self.words = dict(word.split("=", 1) for word in words[2:])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(30)


def accounts(telegram, discord, slack, matrix, mail):
    """Platform, values and secrets of one account each."""
    return [
        ("telegram", {"api": telegram.base}, {"token": "4242:JUDGE-TOKEN"}),
        ("discord", {"api": f"{discord.base}/api/v10"}, {"token": "judge.discord.token"}),
        ("slack", {"api": f"{slack.base}/api"}, {"token": "xoxb-judge-token", "app-token": "xapp-judge-token"}),
        ("matrix", {"homeserver": matrix.base, "user": "bot"}, {"password": "pw"}),
        ("email", {
            "address": "bot@example.org", "imap": f"localhost:{mail.words['imaps']}",
            "smtp": f"localhost:{mail.words['smtps']}/tls", "certificates": mail.words["ca"],
            "authserv-id": "none",
        }, {"password": "pw"}),
        ("webhook", {"name": "door", "auth": "bearer"}, {"key": "a-key-of-more-than-16"}),
    ]


class Host(Server):
    def __init__(self, binary, home):
        self.binary, self.home = binary, home
        with socket.create_server(("127.0.0.1", 0)) as free, open(os.path.join(home, "config.yaml"), "w") as file:
            file.write(f"webhooks:\n  port: {free.getsockname()[1]}\n")

    def verb(self, *words):
        return run([self.binary, "--home", self.home, *words])

    def __enter__(self):
        def is_ready():
            return subprocess.run([self.binary, "--home", self.home, "status"], capture_output=True).returncode == 0
        self.launch([self.binary, "up", "--home", self.home], dict(os.environ), is_ready,
                    os.path.join(self.home, "host.log"))
        return self

    def add(self, platform, values, secrets):
        words = ["channels", "add", platform]
        for key, value in values.items():
            words += ["--set", f"{key}={value}"]
        for key, value in secrets.items():
            file = os.path.join(self.home, f"{platform}-{key}")
            with open(file, "w") as handle:
                handle.write(value)
            words += ["--secret", f"{key}={file}"]
        self.verb(*words)

    def unconnected(self):
        rows = json.loads(self.verb("channels", "status", "--json"))
        return [f"{row['name']}: {row['health']}" for row in rows
                if row["name"] != "cli" and row["health"]["state"] != "connected"]

    def memory(self):
        """Resident and proportional megabytes."""
        with open(f"/proc/{self.pid}/status") as file:
            resident = int(re.search(r"VmRSS:\s+(\d+)", file.read())[1])
        with open(f"/proc/{self.pid}/smaps_rollup") as file:
            proportional = int(re.search(r"^Pss:\s+(\d+)", file.read(), re.M)[1])
        return resident * 1024 / 1e6, proportional * 1024 / 1e6

    def processor_seconds(self):
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    parser = argparse.ArgumentParser(prog="./nanoclaw.sh bench --connected", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binaries", default=os.path.join(ROOT, ".build-dist"))
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    binary = os.path.abspath(os.path.join(options.binaries, "nanoclaw"))
    with (
        Judge("telegram") as telegram,
        # As live: the judge's own interval is for tests.
        Judge("discord", "--heartbeat", "41250") as discord,
        Judge("slack") as slack,
        Judge("matrix", "--user", "bot:pw") as matrix,
        Judge("mail", "--user", "bot@example.org:pw") as mail,
        tempfile.TemporaryDirectory(prefix="nanoclaw-connected-") as home,
        Host(binary, home) as host,
    ):
        all_accounts = accounts(telegram, discord, slack, matrix, mail)
        for platform, values, secrets in all_accounts:
            host.add(platform, values, secrets)
        deadline = time.monotonic() + 60
        while host.unconnected() and time.monotonic() < deadline:
            time.sleep(1)
        if host.unconnected():
            sys.exit(f"bench: not connected: {'; '.join(host.unconnected())}")
        print(f"connected: {', '.join(name for name, _, _ in all_accounts)}; quiet for {SETTLE} s", flush=True)
        time.sleep(SETTLE)
        before, start = host.processor_seconds(), time.monotonic()
        time.sleep(options.seconds)
        share = 100 * (host.processor_seconds() - before) / (time.monotonic() - start)
        resident, proportional = host.memory()
        lost = host.unconnected()
        if lost:
            sys.exit(f"bench: no longer connected: {'; '.join(lost)}")
    rows = [
        {"name": "connected.host-rss", "value": round(resident, 1), "unit": "MB", "floor": None, "goal": MEMORY_MB, "n": 1},
        {"name": "connected.host-pss", "value": round(proportional, 1), "unit": "MB", "floor": None, "goal": None, "n": 1},
        {"name": "connected.host-cpu", "value": round(share, 3), "unit": "%", "floor": None, "goal": CPU_PERCENT,
         "n": options.seconds},
    ]
    for row in rows:
        row["met"] = None if row["goal"] is None else row["value"] <= row["goal"]
        print(f"{row['name']:<22}{row['value']:>9} {row['unit']:<3} goal {row['goal']}  met {row['met']}")
    if options.json:
        with open(options.json, "w") as file:
            json.dump(rows, file, indent=2)


if __name__ == "__main__":
    main()
