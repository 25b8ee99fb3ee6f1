"""What the proofs share: they start a judge, drive its people, and compare what the client asked with a golden transcript.

A proof runs an independent client of the platform against the judge. Its transcript is kept in golden/NAME.json and must
come out the same each time; `--write` writes it anew after a change that was meant.
"""

import asyncio
import difflib
import json
import pathlib
import subprocess
import sys
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent


class Rig:
    """A judge that runs while the scope lasts, its control verbs, and what is expected of it."""

    def __init__(self, script, *arguments):
        self.command = [sys.executable, str(HERE / script), "--port", "0", "--watch-stdin", *arguments]
        self.failures, self.marks = [], []

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline().split()
        if line[:1] != ["ready"]:
            raise SystemExit(f"{self.command[1]} did not start: it said {line}")
        self.port = int(line[1])
        self.base = f"http://127.0.0.1:{self.port}"
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.failures.append("the judge did not end when its stdin closed")

    def ask(self, verb, **fields):
        request = urllib.request.Request(f"{self.base}/_ctl/{verb}", data=json.dumps(fields).encode())
        try:
            with urllib.request.urlopen(request, timeout=40) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{verb} {fields}: {error.code} {error.read().decode()}") from None

    async def control(self, verb, **fields):
        return await asyncio.to_thread(self.ask, verb, **fields)

    def expect(self, holds, what):
        if not holds:
            self.failures.append(what)
            print(f"FAIL {what}", file=sys.stderr)

    def equal(self, found, wanted, what):
        self.expect(found == wanted, f"{what}: {found!r}, not {wanted!r}")

    async def refused(self, work, kind, contains, what):
        """Work that must fail with an error of a kind whose words contain something."""
        try:
            await work
        except kind as error:
            self.expect(contains in str(error), f"{what}: refused with {error!r}, not with {contains!r}")
        else:
            self.expect(False, f"{what}: was not refused")

    def finish(self, name, transcript):
        """Compares the transcript with the golden one; ends the program with status 1 when anything is wrong."""
        golden = HERE / "golden" / f"{name}.json"
        text = "".join(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n" for line in transcript)
        if "--write" in sys.argv:
            golden.parent.mkdir(exist_ok=True)
            golden.write_text(text)
        before = golden.read_text() if golden.exists() else ""
        if text != before:
            sys.stderr.writelines(
                difflib.unified_diff(before.splitlines(True), text.splitlines(True), f"golden/{name}.json", "this run")
            )
            self.failures.append(f"the transcript is not that of golden/{name}.json")
        if self.failures:
            print(f"{name}: {len(self.failures)} wrong", file=sys.stderr)
            raise SystemExit(1)
        print(f"ok   {name}: {len(transcript)} requests as in golden/{name}.json")


def requests(log, without=()):
    """The requests of a log as golden transcripts keep them."""
    kept = []
    for entry in log["entries"]:
        if entry["kind"] not in ("request", "download", "frame") or entry["name"] in without:
            continue
        line = {"name": entry["name"], "body": entry.get("body"), "status": entry.get("status")}
        if entry.get("files"):
            line["files"] = [
                [file.get("field"), file["name"], file["size"], file["sha256"][:16]] for file in entry["files"]
            ]
        if entry.get("error"):
            line["error"] = entry["error"]
        kept.append(line)
    return kept
