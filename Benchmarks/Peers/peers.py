#!/usr/bin/env python3
"""NanoClaw beside nanobot and hermes-agent: the same turns on the same instant model server, in one run.

    ./nanoclaw.sh bench --peers [--only nanoclaw,nanobot,hermes] [--turns N] [--json FILE]

Each peer is installed by name from PyPI into .build-peers/ and configured as its documentation says for a model server
of one's own (their modules beside this one say how). Every time is a client's, from sending "hello" until the whole answer is there.
"""
import argparse
import datetime
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import hermes
import nanobot
import nanoclaw
from measure import pss_megabytes, quantile

PEERS = {"nanoclaw": nanoclaw.NanoClaw, "nanobot": nanobot.Nanobot, "hermes": hermes.Hermes}


def start_model(binary):
    process = subprocess.Popen([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    return process, int(process.stdout.readline())


def converse(peer, conversations, turns):
    """Drives this many conversations side by side; answers the seconds of each turn and of all."""
    times, failures, lock = [], [], threading.Lock()
    ready = threading.Barrier(conversations + 1)

    def one(index):
        try:
            with peer.conversation(index) as say:
                say()
                ready.wait(300)
                for _ in range(turns):
                    start = time.monotonic()
                    say()
                    with lock:
                        times.append(time.monotonic() - start)
        except Exception as error:  # told by the caller: a thread's own exception would be lost
            failures.append(f"{type(error).__name__}: {error}")
            ready.abort()

    threads = [threading.Thread(target=one, args=(index,)) for index in range(conversations)]
    for thread in threads:
        thread.start()
    try:
        ready.wait(300)
    except threading.BrokenBarrierError:
        pass
    start = time.monotonic()
    for thread in threads:
        thread.join()
    if failures:
        raise RuntimeError(f"{len(failures)} of {conversations} conversations failed, the first: {failures[0][:300]}")
    return times, time.monotonic() - start


def measure(name, kind, options, model_port):
    home = tempfile.mkdtemp(prefix=f"nanoclaw-peer-{name}-", dir="/tmp")
    os.chmod(home, 0o755)
    rows = []

    def row(what, **fields):
        rows.append({"name": f"{name}.{what}", "floor": None, **fields})
        print(f"{name + '.' + what:32}" + "  ".join(f"{key} {value}" for key, value in fields.items()), flush=True)

    def times(what, seconds):
        ms = sorted(second * 1e3 for second in seconds)
        row(what, n=len(ms), **{f"p{q}_ms": round(quantile(ms, q / 100), 2) for q in (50, 95, 99)})

    def value(what, number, unit, n):
        row(what, n=n, value=round(number, 2), unit=unit)

    try:
        peer = kind(home, model_port, options)
        print(f"{name}: {peer.version()}", flush=True)
        for what, samples in peer.one_shots(options.one_shots).items():
            times(what, samples)
        with peer:
            value("ready", peer.startup, "s", 1)
            value("idle-memory-fresh", pss_megabytes(peer.pid), "MB", 1)
            seconds, _ = converse(peer, 1, options.turns)
            times("warm-turn", seconds)
            time.sleep(3)
            value("idle-memory-after-turns", pss_megabytes(peer.pid), "MB", options.turns)
            for conversations in (10, 100):
                seconds, whole = converse(peer, conversations, max(3, options.turns // 10))
                times(f"turn-of-{conversations}", seconds)
                value(f"rate-of-{conversations}", len(seconds) / whole, "turns/s", len(seconds))
                time.sleep(3)
                value(f"memory-of-{conversations}", pss_megabytes(peer.pid), "MB", conversations)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return {"version": peer.version(), "rows": rows}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(PEERS))
    parser.add_argument("--turns", type=int, default=50)
    parser.add_argument("--one-shots", type=int, default=5)
    parser.add_argument("--json")
    parser.add_argument("--binaries", required=True)
    parser.add_argument("--model", required=True)
    options = parser.parse_args()
    options.place = os.path.abspath(".build-peers")
    os.makedirs(options.place, exist_ok=True)
    names = options.only.split(",")
    unknown = [name for name in names if name not in PEERS]
    if unknown:
        parser.error(f"--only: nothing is called {unknown[0]}: choose of {','.join(PEERS)}")
    for name in names:
        PEERS[name].install(options.place)
    model, port = start_model(options.model)
    rows, failed = [], []
    print(f"{datetime.date.today()}, {platform.platform()}, {os.cpu_count()} cores", flush=True)
    try:
        for name in names:
            try:
                rows += measure(name, PEERS[name], options, port)["rows"]
            except (RuntimeError, OSError, subprocess.SubprocessError) as error:
                print(f"{name}: {error}", file=sys.stderr, flush=True)
                failed.append(name)
    finally:
        model.stdin.close()
        model.wait()
    if options.json:
        with open(options.json, "w") as file:
            json.dump(rows, file, indent=2)
    if failed:
        sys.exit(f"not measured to the end: {', '.join(failed)}")


if __name__ == "__main__":
    main()
