"""Drives `nanoclaw chat` over a restart of the host; prints one line a check, exits 1 at the first that fails."""

import os
import signal
import subprocess
import sys
import time

import pexpect

nanoclaw, home = sys.argv[1:3]
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


def drain(child):
    """Waits until the terminal is silent for a second: the turn is over and its reply is known as seen."""
    while True:
        try:
            child.read_nonblocking(65536, timeout=1)
        except pexpect.TIMEOUT:
            child.buffer = ""
            return


def start():
    host = subprocess.Popen([nanoclaw, "up", "--home", home], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                            env=environment)
    for _ in range(200):
        if subprocess.run([nanoclaw, "status", "--home", home], capture_output=True, env=environment).returncode == 0:
            return host
        time.sleep(0.1)
    host.kill()
    check("the host is ready", False)


host = start()
try:
    child = pexpect.spawn(nanoclaw, ["chat", "--home", home], encoding="utf-8", timeout=30, dimensions=(24, 80),
                          env=environment)
    wait(child, "> ", "a prompt")
    child.send("run echo be-$((1+1))-fore\r")
    wait(child, "be-2-fore", "a reply before the restart")
    drain(child)
    for way in (signal.SIGTERM, signal.SIGKILL):
        host.send_signal(way)
        host.wait()
        wait(child, "the host is gone", f"the end by {way.name} is told")
        child.send("too early\r")
        wait(child, "not sent: ", "what cannot be sent is told")
        child.send("\x15")
        host = start()
        wait(child, "connected again", "the new connection is told")
        child.buffer = ""
        child.send(f"run echo af-$((1+1))-{way.name}\r")
        wait(child, f"af-2-{way.name}", "a reply after the restart")
        check("and nothing of before is shown again", "be-2-fore" not in child.before, child)
        drain(child)
    child.send("\x04")
    child.expect(pexpect.EOF)
    child.close()
    check("Ctrl-D leaves with 0", child.exitstatus == 0)
finally:
    host.send_signal(signal.SIGTERM)
    host.wait()
