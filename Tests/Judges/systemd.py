"""Runs the services under a systemd of their own: process 1 of new namespaces, with this machine's files below overlays.

Usage: systemd.py NANOCLAW FOLDER, as root. Installs the system's service with `nanoclaw service install` as anybody would,
talks to its agent, lets the host die, has the units start what only dies or what says that it cannot serve, and installs
once more when the host is started no more.
Nothing of the machine is changed. Prints one JSON object; status 3, with the reason, where such a systemd cannot be had.
"""

import json
import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import time

NANOCLAW, FOLDER = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
HOME, PROGRAMS = "/var/lib/nanoclaw", "/usr/local/lib/nanoclaw"
# Of the machine's own units there are none: what the services name is empty here.
TARGETS = ["sysinit", "basic", "sockets", "multi-user", "default", "shutdown"]
STAND_IN = """#!/bin/sh
echo started >>{log}
{end}
"""


def cannot(reason):
    print(reason)
    sys.exit(3)


class Cgroup:
    """One below this process's, so that the new systemd sees no other as its root."""

    def __init__(self):
        mounts = [line.split() for line in open("/proc/self/mountinfo")]
        top = next((line[4] for line in mounts if line[line.index("-") + 1] == "cgroup2"), None)
        own = next((line.strip()[3:] for line in open("/proc/self/cgroup") if line.startswith("0::")), None)
        if top is None or own is None:
            cannot("no cgroup2 is mounted")
        self.parent = pathlib.Path(top + own)
        self.path = self.parent / f"nanoclaw-test-{os.getpid()}"
        try:
            self.path.mkdir()
        except OSError as error:
            cannot(f"no cgroup can be made: {error}")

    def enter(self, path):
        (path / "cgroup.procs").write_text(str(os.getpid()))

    def remove(self):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                for folder, _, _ in os.walk(self.path, topdown=False):
                    os.rmdir(folder)
                return
            except OSError:
                time.sleep(0.05)


class System:
    def __init__(self):
        self.cgroup = Cgroup()
        for name in ("units", "none", "home", "upper"):
            (FOLDER / name).mkdir()
        os.chmod(FOLDER, 0o755)
        for name in TARGETS:
            (FOLDER / f"units/{name}.target").write_text("[Unit]\nDefaultDependencies=no\n")
        (FOLDER / "machine-id").write_text("0123456789abcdef" * 2 + "\n")
        shutil.chown(FOLDER / "home", "nanoclaw", "nanoclaw")
        script = ["set -e", "mount -t proc proc /proc", f"mount -t tmpfs none {FOLDER}/upper"]
        for place in ("/etc", "/usr/local", "/var/lib"):
            name = place.replace("/", "-")
            script += [f"mkdir {FOLDER}/upper/{name} {FOLDER}/upper/{name}-work",
                       f"mount -t overlay none {place} -o lowerdir={place},upperdir={FOLDER}/upper/{name},"
                       f"workdir={FOLDER}/upper/{name}-work"]
        script += ["mount -t tmpfs none /etc/systemd/system", f"cp {FOLDER}/machine-id /etc/machine-id",
                   # Sandboxes need id-mapped mounts of it, which an overlay has not.
                   f"mkdir -p {HOME}", f"mount --bind {FOLDER}/home {HOME}",
                   "mount -t tmpfs none /run", "mkdir -p /run/systemd/system",
                   "mount -t tmpfs none /sys/fs/cgroup", "mount -t cgroup2 none /sys/fs/cgroup",
                   "exec /lib/systemd/systemd --system --unit=default.target --show-status=no"]
        variables = {"PATH": os.environ["PATH"], "container": "test", "SYSTEMD_LOG_TARGET": "console",
                     "SYSTEMD_UNIT_PATH": f"/etc/systemd/system:{FOLDER}/units",
                     "SYSTEMD_GENERATOR_PATH": f"{FOLDER}/none", "SYSTEMD_ENVIRONMENT_GENERATOR_PATH": f"{FOLDER}/none"}
        self.log = open(FOLDER / "systemd.log", "w")
        self.process = subprocess.Popen(
            ["unshare", "-m", "-p", "-C", "-u", "-n", "-i", "--fork", "--kill-child", "--propagation", "private",
             "bash", "-c", "\n".join(script)],
            env=variables, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            preexec_fn=lambda: self.cgroup.enter(self.cgroup.path))
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")

        def is_up():
            if self.process.poll() is not None:
                cannot(f"no systemd: {(FOLDER / 'systemd.log').read_text()[-600:]}")
            found = children.read_text().split()
            if not found or os.path.basename(os.path.realpath(f"/proc/{found[0]}/exe")) != "systemd":
                return False
            self.first = found[0]
            return self.run("systemctl", "is-active", "default.target")["status"] == 0

        if not until(30, is_up):
            self.end()
            cannot(f"no systemd: {(FOLDER / 'systemd.log').read_text()[-600:]}")

    def run(self, *words):
        done = subprocess.run(
            ["nsenter", "-t", self.first, "-m", "-p", "-C", "-u", "-n", "-i", "--", "env", "-i",
             f"PATH={os.environ['PATH']}",
             "LANG=C.UTF-8", "HOME=/root", *words],
            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120)
        return {"status": done.returncode, "output": done.stdout, "errors": done.stderr}

    def unit(self, name):
        said = self.run("systemctl", "show", name, "-p", "ActiveState,Result,NRestarts,ExecMainStatus,MainPID")
        return dict(line.split("=", 1) for line in said["output"].splitlines())

    def write(self, path, text, mode=0o644):
        """Puts a file into the new system's place, which only its own processes see."""
        done = subprocess.run(["nsenter", "-t", self.first, "-m", "--", "sh", "-c",
                               'rm -f "$0" && cat >"$0" && chmod "$1" "$0"', path, oct(mode)[2:]], input=text, text=True)
        done.check_returncode()

    def end(self):
        self.process.kill()
        self.process.wait()
        self.cgroup.remove()


def until(seconds, condition):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


def serve(system, result):
    """The system's service from its installation to its end."""
    result["install"] = system.run(str(NANOCLAW), "service", "install", "--no-start")
    if "memory" not in (system.cgroup.path / "cgroup.controllers").read_text().split():
        # Where version 1 or another cgroup has the controllers, the new system has none.
        policy = system.run("cat", "/etc/nanoclaw/broker.conf")["output"]
        system.write("/etc/nanoclaw/broker.conf", policy.replace("require cgroup ", "require "), 0o600)
    # The machine's own systemd would have been told by the installation itself; here it begins with the second.
    system.run("rm", f"{PROGRAMS}/agent-runner")
    result["start"] = system.run(str(NANOCLAW), "service", "install")
    result["status"] = system.run(str(NANOCLAW), "service", "status")
    chat = (f"{PROGRAMS}/nanoclaw", "--home", HOME, "chat", "--timeout", "25", "-m")
    result["chat"] = system.run(*chat, "run id -u; echo from-the-sandbox > made.txt")
    host = system.unit("nanoclaw.service")
    result["first"] = host
    # In the names of the new system, as the pids are.
    system.run("kill", "-KILL", host["MainPID"])
    result["isBack"] = until(30, lambda: (now := system.unit("nanoclaw.service"))["ActiveState"] == "active"
                             and now["MainPID"] != host["MainPID"])
    result["second"] = system.unit("nanoclaw.service")
    result["chatAgain"] = system.run(*chat, "run cat made.txt")
    result["stop"] = system.run("systemctl", "stop", "nanoclaw.service", "nanoclaw-broker.service")
    result["stopped"] = system.unit("nanoclaw.service")


def own_unit(system, home):
    return system.run(str(NANOCLAW), "service", "install", "--user", "--print", "--home", home)["output"]


def serve_own(system, result):
    """A user's unit, with all that it closes and without root; the manager is the system's, told whose it is."""
    home, nobody = FOLDER / "own home", pwd.getpwnam("nobody")
    home.mkdir()
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    text = own_unit(system, str(home)).replace("[Service]\n", "[Service]\nUser=nobody\n")
    system.write("/etc/systemd/system/own.service", text)
    system.run("systemctl", "daemon-reload")
    result["ownStart"] = system.run("systemctl", "start", "own.service")
    result["ownChat"] = system.run(
        "setpriv", "--reuid", "nobody", "--regid", str(nobody.pw_gid), "--clear-groups", str(NANOCLAW), "--home", str(home),
        "chat", "--timeout", "25", "-m", "run id -u")
    result["ownStop"] = system.run("systemctl", "stop", "own.service")


def fail(system, result):
    """What the units do with programs that only die, and with those that say they cannot serve."""
    own = own_unit(system, HOME)
    names = ["nanoclaw.service", "nanoclaw-broker.service", "own.service"]
    programs = {"nanoclaw.service": f"{PROGRAMS}/nanoclaw", "nanoclaw-broker.service": f"{PROGRAMS}/nanoclaw-sandbox",
                "own.service": "/usr/local/own/nanoclaw"}
    system.run("mkdir", "/usr/local/own")
    system.write("/etc/systemd/system/own.service", own.replace(str(NANOCLAW.resolve().parent), "/usr/local/own"))
    system.run("mkdir", "-m", "777", "/run/starts")
    ends = {"crash": "kill -KILL $$", "wrong": "exit 78", "usage": "exit 64"}
    for kind, end in ends.items():
        system.run("systemctl", "daemon-reload")
        system.run("systemctl", "reset-failed")
        for name in names:
            # The host may write its home and nothing else, so each start is counted there.
            system.write(programs[name], STAND_IN.format(log=f"{HOME}/{name}-{kind}", end=end), 0o755)
        for name in names:
            system.run("systemctl", "start", "--no-block", name)
        is_over = until(60, lambda: all(system.unit(name)["ActiveState"] == "failed" for name in names))
        result[kind] = {"isOver": is_over}
        for name in names:
            log = FOLDER / "home" / f"{name}-{kind}"
            result[kind][name] = {**system.unit(name), "starts": len(log.read_text().split()) if log.exists() else 0}


def mend(system, result):
    """A host that has failed until nothing starts it any more, and then an installation that has nothing to change."""
    place = "/etc/systemd/system/nanoclaw.service.d"
    system.run("mkdir", place)
    system.write(f"{place}/broken.conf", "[Service]\nExecStartPre=/usr/bin/test ! -e /run/broken\n")
    system.run(str(NANOCLAW), "service", "install", "--no-start")
    system.run("systemctl", "daemon-reload")
    system.run("systemctl", "reset-failed")
    system.run("touch", "/run/broken")
    # By hand, so that nothing has to be waited for.
    result["broken"] = [system.run("systemctl", "start", "nanoclaw.service")["status"] for _ in range(6)]
    system.run("rm", "/run/broken")
    result["refused"] = system.run("systemctl", "start", "nanoclaw.service")
    result["mend"] = system.run(str(NANOCLAW), "service", "install")
    result["mended"] = system.unit("nanoclaw.service")


result = {}
system = System()
try:
    serve(system, result)
    serve_own(system, result)
    fail(system, result)
    mend(system, result)
finally:
    system.end()
    result["log"] = (FOLDER / "systemd.log").read_text()[-2000:]
print(json.dumps(result))
