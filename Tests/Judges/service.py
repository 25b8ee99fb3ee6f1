"""Runs the system's service as its units say, where no systemd does.

Usage: service.py NANOCLAW FOLDER SCENARIO. Installs the units below FOLDER with `service install --root`, then plays
systemd's part: binds the broker's socket and passes it (LISTEN_FDS), starts broker and host with the users, bounding
sets and environment of the units, and listens to the host's notifications. Prints one JSON object.
"""

import json
import os
import pathlib
import pwd
import select
import shlex
import signal
import socket
import subprocess
import sys
import time

nanoclaw, folder, scenario = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
root = folder / "root"
user = pwd.getpwnam("nanoclaw")
result = {}


def unit(name):
    """The settings of a unit, continued lines joined, paths moved below the folder."""
    text = (root / "etc/systemd/system" / name).read_text().replace("\\\n", " ")
    settings = {}
    for line in text.splitlines():
        key, mark, value = line.partition("=")
        if mark and not line.startswith("#"):
            settings[key] = moved(value)
    return settings


def moved(text):
    for path in ("/usr/local/lib/nanoclaw", "/var/lib/nanoclaw", "/etc/nanoclaw", "/run/nanoclaw"):
        text = text.replace(path, f"{root}{path}")
    return text


def install():
    root.mkdir()
    os.chmod(folder, 0o755)
    os.chmod(root, 0o755)
    subprocess.run([nanoclaw, "service", "install", "--root", str(root)], check=True, stdout=subprocess.DEVNULL,
                   env={"PATH": os.environ["PATH"]})
    policy = root / "etc/nanoclaw/broker.conf"
    policy.write_text(moved(policy.read_text()))


def environment(settings):
    return dict(word.partition("=")[::2] for word in shlex.split(settings.get("Environment", "")))


def bounding(settings):
    names = [name.lower().removeprefix("cap_") for name in settings["CapabilityBoundingSet"].split()]
    return ",".join(["-all", *("+" + name for name in names)])


class Broker:
    def __init__(self):
        settings = unit("nanoclaw-broker.socket")
        path = settings["ListenSequentialPacket"]
        pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
        os.chmod(pathlib.Path(path).parent, 0o755)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(path)
        owner = pwd.getpwnam(settings["SocketUser"])
        os.chown(path, owner.pw_uid, owner.pw_gid)
        os.chmod(path, int(settings["SocketMode"], 8))
        self.listener.listen(16)
        self.path = path
        self.process = None

    def start(self):
        """The shell's pid is the broker's: it execs in place, as LISTEN_PID demands."""
        settings = unit("nanoclaw-broker.service")
        command = shlex.join(["setpriv", "--bounding-set", bounding(settings), *shlex.split(settings["ExecStart"])])
        number = self.listener.fileno()
        self.process = subprocess.Popen(
            ["/bin/bash", "-c", f"exec 3<&{number}; export LISTEN_FDS=1 LISTEN_PID=$$; exec {command}"],
            pass_fds=[number], env={"PATH": os.environ["PATH"], **environment(settings)},
            stdin=subprocess.DEVNULL, stderr=open(folder / "broker.log", "w"))


class Host:
    def __init__(self, watchdog=None, **more):
        settings = unit("nanoclaw.service")
        self.home = f"{root}/var/lib/nanoclaw"
        self.notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = f"{folder}/notify-{time.monotonic_ns()}"
        self.notices.bind(path)
        os.chmod(path, 0o666)
        variables = {"PATH": os.environ["PATH"], "NOTIFY_SOCKET": path, **environment(settings), **more}
        if watchdog:
            variables["WATCHDOG_USEC"] = str(watchdog)
        command = ["setpriv", "--reuid", settings["User"], "--regid", settings["Group"], "--init-groups",
                   "--no-new-privs", "--bounding-set", "-all", "--inh-caps", "-all",
                   *shlex.split(settings["ExecStart"])]
        self.process = subprocess.Popen(command, env=variables, stdin=subprocess.DEVNULL, umask=0o077,
                                        stdout=subprocess.DEVNULL, stderr=open(folder / "host.log", "w"))

    def notice(self, word, seconds):
        """Waits for an assignment; its line, or None."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if select.select([self.notices], [], [], left)[0]:
                text = self.notices.recv(4096).decode()
                for line in text.splitlines():
                    if line.startswith(word):
                        return line
        return None

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(40)


def verb(*words, uid=None, seconds=60, **variables):
    command = [nanoclaw, "--home", f"{root}/var/lib/nanoclaw", *words]
    if uid is not None:
        groups = ["--groups", str(user.pw_gid)] if uid != user.pw_uid else ["--init-groups"]
        command = ["setpriv", "--reuid", str(uid), "--regid", str(uid if uid != user.pw_uid else user.pw_gid),
                   *groups, *command]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds,
                          env={"PATH": os.environ["PATH"], **variables})
    return {"status": done.returncode, "output": done.stdout, "errors": done.stderr}


def sandboxes(broker):
    """Pids below the broker."""
    listing = subprocess.run(["ps", "-eo", "pid,ppid"], capture_output=True, text=True).stdout.split("\n")[1:]
    children = {}
    for pid, parent in (line.split() for line in listing if line.strip()):
        children.setdefault(int(parent), []).append(int(pid))
    found, open_pids = [], [broker.process.pid]
    while open_pids:
        below = children.get(open_pids.pop(), [])
        found += below
        open_pids += below
    return found


def until(seconds, condition):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def conversation():
    broker = Broker()
    broker.start()
    host = Host(watchdog=3_000_000)
    result["ready"] = host.notice("READY=1", 20)
    result["watchdog"] = [host.notice("WATCHDOG=1", 5) for _ in range(3)]
    result["chat"] = verb("chat", "-m", "run id -u; cat /proc/self/uid_map; echo from-the-sandbox > made.txt")
    made = root / "var/lib/nanoclaw/groups/main/made.txt"
    result["madeBy"] = made.stat().st_uid if made.exists() else None
    result["serviceUID"] = user.pw_uid
    sessions = json.loads(verb("sessions", "list", "--json")["output"])
    result["session"] = json.loads(verb("sessions", "get", sessions[0]["id"], "--json")["output"])
    result["hostStatus"] = pathlib.Path(f"/proc/{host.process.pid}/status").read_text()
    result["brokerStatus"] = pathlib.Path(f"/proc/{broker.process.pid}/status").read_text()
    # Somebody else opens the way to the socket, and is turned away by who they are.
    os.chmod(broker.path, 0o666)
    stranger = subprocess.run(
        ["setpriv", "--reuid", "12345", "--regid", "12345", "--clear-groups", "python3", "-c",
         "import socket,sys; s=socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.settimeout(5)\n"
         "s.connect(sys.argv[1])\n"
         "try: s.send(b'\\5\\1' + len(sys.argv[2]).to_bytes(4,'little') + sys.argv[2].encode()); print(len(s.recv(4096)))\n"
         "except OSError as error: print('closed', error)", broker.path, f"{root}/var/lib/nanoclaw"],
        capture_output=True, text=True)
    result["stranger"] = stranger.stdout + stranger.stderr
    # The service's own user asks for more than the policy gives.
    result["foreignHome"] = asked(broker, b"\5\1" + text("/etc"))
    result["secondHost"] = asked(broker, b"\5\0" + text(f"{root}/var/lib/nanoclaw"))
    result["configured"] = asked(broker, b"\1" + text("/"))
    # A host that dies takes its sandboxes along; the next one has its conversation back.
    verb("chat", "-m", "hello")
    before = sandboxes(broker)
    host.process.kill()
    host.process.wait()
    result["before"] = len(before)
    result["ended"] = until(10, lambda: not sandboxes(broker))
    host = Host()
    result["readyAgain"] = host.notice("READY=1", 30)
    result["chatAgain"] = verb("chat", "-m", "run cat made.txt")
    # A broker that dies, with all below it as systemd has it, is back for the next message.
    for pid in [*sandboxes(broker), broker.process.pid]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    broker.process.wait()
    broker.start()
    result["chatAfterBroker"] = verb("chat", "-m", "run echo third", "--timeout", "50")
    stopping = host.stop()
    result["stopped"] = stopping
    result["stopping"] = host.notice("STOPPING=1", 1)
    result["left"] = not until(10, lambda: not sandboxes(broker))
    broker.process.terminate()
    broker.process.wait()


def text(value):
    return len(value).to_bytes(4, "little") + value.encode()


def asked(broker, message):
    """What the broker answers to the service's user."""
    code = ("import socket,sys; s=socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.settimeout(8)\n"
            "s.connect(sys.argv[1]); s.send(bytes.fromhex(sys.argv[2])); print(s.recv(4096))")
    done = subprocess.run(["setpriv", "--reuid", "nanoclaw", "--regid", "nanoclaw", "--clear-groups", "python3", "-c",
                           code, broker.path, message.hex()], capture_output=True, text=True)
    return done.stdout + done.stderr


def control():
    """Another user of the group: what their roles allow, and no more."""
    broker = Broker()
    broker.start()
    host = Host()
    result["ready"] = host.notice("READY=1", 20)
    path = f"{host.home}/data/nanoclaw.sock"
    status = os.stat(path)
    result["mode"], result["group"] = oct(status.st_mode & 0o777), status.st_gid
    result["serviceGID"] = user.pw_gid
    result["open"] = [name for name in os.listdir(f"{host.home}/data")
                      if os.lstat(f"{host.home}/data/{name}").st_mode & 0o077 and name != "nanoclaw.sock"]
    someone = 23456
    result["nothing"] = verb("groups", "list", uid=someone)
    result["noChat"] = verb("chat", "-m", "hello", uid=someone)
    verb("members", "add", "--user", f"cli:{someone}", "--group", "main")
    result["chat"] = verb("chat", "-m", "run echo as-member", uid=someone)
    result["stillNothing"] = verb("groups", "list", uid=someone)
    verb("roles", "grant", "--user", f"cli:{someone}", "--role", "admin", "--group", "main")
    result["ownGroup"] = verb("groups", "config", "get", "main", uid=someone)
    result["notAll"] = verb("users", "list", uid=someone)
    verb("roles", "grant", "--user", f"cli:{someone}", "--role", "admin")
    result["admin"] = verb("users", "list", uid=someone)
    result["notOwner"] = verb("roles", "grant", "--user", f"cli:{someone}", "--role", "owner", uid=someone)
    verb("roles", "revoke", "--user", f"cli:{someone}", "--role", "admin")
    result["revoked"] = verb("users", "list", uid=someone)
    result["service"] = verb("users", "list", uid=user.pw_uid)
    result["doctor"] = verb("doctor", uid=user.pw_uid, **environment(unit("nanoclaw.service")))
    host.stop()
    broker.process.terminate()
    broker.process.wait()


install()
try:
    {"conversation": conversation, "control": control}[scenario]()
finally:
    for log in ("host.log", "broker.log"):
        if (folder / log).exists():
            result[log] = (folder / log).read_text()[-3000:]
    print(json.dumps(result))
