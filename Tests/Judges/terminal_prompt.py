"""Drives `nanoclaw channels add` at a terminal; prints one line a check, exits 1 at the first that fails."""

import os
import sys

import pexpect

nanoclaw, home, key = sys.argv[1:4]
environment = {"PATH": os.environ["PATH"], "TERM": "xterm", "LANG": "C.UTF-8"}


def check(name, condition, child=None):
    print(("ok   " if condition else "FAIL ") + name, flush=True)
    if not condition:
        if child is not None:
            print(repr(child.before), repr(child.buffer), flush=True)
        sys.exit(1)


def wait(child, pattern, name):
    try:
        child.expect(pattern)
        check(name, True)
    except (pexpect.TIMEOUT, pexpect.EOF):
        check(name, False, child)


words = ["--home", home, "channels", "add", "webhook", "--name", "door", "--set", "auth=bearer"]
child = pexpect.spawn(nanoclaw, words, encoding="utf-8", timeout=30, dimensions=(24, 200), env=environment)
wait(child, r"name: [^\n]+\n", "a value that is missing is asked for")
child.send("door\r")
wait(child, r"key: [^\n]+\n", "and so is a secret")
check("which is typed unseen", child.waitnoecho())
child.send(key + "\r")
wait(child, "added door", "nothing that may be left out is asked for")
check("the secret was not shown", key not in child.before)
child.expect(pexpect.EOF)
child.close()
check("it leaves with 0", child.exitstatus == 0)
