"""Drives `nanoclaw chat` through a pseudo-terminal; prints one line a check, exits 1 at the first that fails."""

import os
import sys
import termios
import time

import pexpect

nanoclaw, home = sys.argv[1:3]


def check(name, condition, child=None):
    print(("ok   " if condition else "FAIL ") + name, flush=True)
    if not condition:
        if child is not None:
            print(repr(child.before), repr(child.buffer), flush=True)
        sys.exit(1)


def chat():
    child = pexpect.spawn(nanoclaw, ["chat", "--home", home], encoding="utf-8", timeout=30, dimensions=(24, 80),
                          env={"PATH": os.environ["PATH"], "TERM": "xterm", "LANG": "C.UTF-8"})
    child.expect("> ")
    return child


def leave(child, keys):
    child.send(keys)
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus


def wait(child, pattern, name):
    try:
        child.expect(pattern)
        check(name, True)
    except (pexpect.TIMEOUT, pexpect.EOF):
        check(name, False, child)


def drain(child):
    """What the terminal shows until it is silent for a second."""
    text, child.buffer = child.buffer, ""
    while True:
        try:
            text += child.read_nonblocking(65536, timeout=1)
        except pexpect.TIMEOUT:
            return text


# Ways out.
check("Ctrl-D leaves with 0", leave(chat(), "\x04") == 0)
check("Ctrl-C at an empty prompt leaves with 130", leave(chat(), "\x03") == 130)
child = chat()
child.send("half a thought")
wait(child, "half a thought", "typed text is shown")
child.send("\x03")
time.sleep(0.2)
check("Ctrl-C with text throws it away and stays", child.isalive())
check("then leaves with 130", leave(child, "\x03") == 130)

# Editing: the middle of a line, words, UTF-8, the history.
child = chat()
child.send("run echo middel\x7f\x7fle-\u00fc\u65e5")
child.send("\x01\x1b[C\x1b[C\x1b[C\x1b[C\x05!\x7f\r")
wait(child, "middle-\u00fc\u65e5", "an edited line is sent")
wait(child, "\u2190 ", "the tool's end is shown")
child.send("\x1b[A")
wait(child, "run echo middle-\u00fc\u65e5", "the history comes back")
child.send("\x15run echo after-kill\r")
wait(child, "after-kill[\\s\\S]*after-kill", "a killed line leaves nothing")

# Pasted text is not sent by itself.
drain(child)
child.send("\x1b[200~run echo one\nrun echo two\x1b[201~")
check("a paste with line ends sends nothing", "\u2190" not in drain(child))
child.send("\x03")
drain(child)
check("and Ctrl-C throws it away", child.isalive())

# Resize and go on.
child.setwinsize(30, 40)
child.send("run echo " + "wide-" * 20 + "end\r")
wait(child, "end", "a line longer than the terminal is sent")

# A turn is stopped.
child.send("run sleep 61\r")
wait(child, "\u2192 shell", "each tool is shown as it runs")
started = time.monotonic()
child.send("\x03")
wait(child, "stopped|Stopped", "Ctrl-C during a turn stops it")
check("within five seconds", time.monotonic() - started < 5)
child.send("run echo still-here\r")
wait(child, "still-here[\\s\\S]*still-here", "and the chat goes on")
check("Ctrl-D leaves it", leave(child, "\x04") == 0)

# What came since the last one left.
os.system(f"{nanoclaw} chat --home {home} -m 'run echo while-you-were-away' > /dev/null")
child = chat()
wait(child, "while-you-were-away", "a new client is shown what it missed")
leave(child, "\x04")
child = chat()
time.sleep(0.5)
check("and only once", leave(child, "\x04") == 0 and "while-you-were-away" not in child.before)

# The terminal is as it was.
# A signal counts from the first prompt on, as a key does: several times, because it was once lost in a race.
for keys in (b"\x04", b"\x03", *[None] * 6):
    master, slave = os.openpty()
    before = termios.tcgetattr(slave)
    pid = os.fork()
    if pid == 0:
        os.setsid()
        for number in (0, 1, 2):
            os.dup2(slave, number)
        os.execv(nanoclaw, [nanoclaw, "chat", "--home", home])
    text = b""
    while b"> " not in text:
        text += os.read(master, 4096)
    if keys is None:
        os.kill(pid, 15)
    else:
        os.write(master, keys)
    deadline = time.monotonic() + 10
    while os.waitpid(pid, os.WNOHANG)[0] == 0:
        if time.monotonic() > deadline:
            os.kill(pid, 9)
            check(f"it ends by {keys!r}", False)
        time.sleep(0.01)
    check(f"the terminal is restored after {keys!r}", termios.tcgetattr(slave) == before)
