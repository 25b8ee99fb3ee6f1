#!/usr/bin/env python3
"""Installs NanoClaw in a fresh Debian as README says, up to the first reply; then lets it fail on purpose.

Usage: install.py [--suite bookworm|trixie] [--work DIR] [--built CHECKOUT] [--user root|plain] [--failures]

Root and debootstrap are needed. The root of the new system is made below --work and kept there for the next run; each
run uses a copy of it. Swift comes from this machine, bound read-only. The build is a cold one; with --built it is spared:
the programs of a built checkout are put where it would have put them, once the packages are there. Prints one JSON object.
"""

import argparse
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parents[2]
PLAIN = "ann"


def run(*command, **options):
    return subprocess.run(command, text=True, capture_output=True, **options)


def must(*command, **options):
    done = run(*command, **options)
    if done.returncode:
        sys.exit(f"{shlex.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout


def readme():
    """The commands of README's first conversation, word for word: set up, and one message from a script."""
    text = (HERE / "README.md").read_text()
    setup = re.search(r"```sh\n(\./nanoclaw\.sh)\s+#", text).group(1)
    message = re.search(r"One message from a script: `(bin/nanoclaw chat -m [^`]+)`", text).group(1)
    return setup, message


class System:
    """A Debian of its own: mounts, processes and root are gone with its first process."""

    def __init__(self, root, checkout_at):
        self.root, self.checkout = root, checkout_at
        swift = pathlib.Path(os.path.realpath(shutil.which("swift") or sys.exit("no swift on PATH"))).parents[2]
        binds = [swift]
        # Where this machine has copies of the Swift packages, the new one uses them too.
        lines = run("git", "config", "--system", "--get-regexp", r"^url\.").stdout.splitlines()
        for place, origin in re.findall(r"^url\.(.*)\.insteadof (.*)$", "\n".join(lines), re.M):
            binds.append(pathlib.Path(place))
            must("git", "config", "--file", f"{root}/etc/gitconfig", "--add", f"url.{place}.insteadOf", origin)
        self.path = f"{swift}/usr/bin:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
        script = ["set -e", f"mount --bind {root} {root}", f"cd {root}"]
        for place in dict.fromkeys(binds):
            if place.is_absolute() and place.is_dir():
                script += [f"mkdir -p .{place}", f"mount --bind {place} .{place}",
                           f"mount -o remount,bind,ro .{place}"]
        shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
        script += ["mount -t proc proc proc", "mount --rbind /dev dev", "mount --rbind /sys sys",
                   "mount -t tmpfs -o mode=1777 tmp tmp", "mkdir -p .before", "pivot_root . .before",
                   "umount -l /.before", "rmdir /.before || true", "exec sleep infinity"]
        self.process = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private", "bash", "-c",
             "\n".join(script)])
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
            if children and os.path.basename(os.path.realpath(f"/proc/{children[0]}/exe")) == "sleep":
                self.first = children[0]
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        sys.exit("the new system did not come up")

    def words(self, command, user="root", path=None, directory=None):
        uid = "0" if user == "root" else "1000"
        home = "/root" if user == "root" else f"/home/{user}"
        return ["nsenter", "-t", self.first, "--mount", "--pid", "--root", "--", "/usr/bin/env", "-i",
                f"PATH={path or self.path}", f"HOME={home}", f"USER={user}", "LANG=C.UTF-8",
                "/usr/bin/setpriv", "--reuid", uid, "--regid", uid, "--clear-groups", "/bin/bash", "-c",
                f"cd {shlex.quote(directory or self.checkout)} && {command}"]

    def call(self, command, **options):
        return subprocess.run(self.words(command, **options), text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def start(self, command, log, **options):
        return subprocess.Popen(self.words(command, **options), text=True, stdin=subprocess.DEVNULL,
                                stdout=open(log, "w"), stderr=subprocess.STDOUT)

    def files(self):
        """Everything in the checkout that git does not know, ignored or not."""
        return sorted(run("git", "-C", f"{self.root}{self.checkout}", "-c", "safe.directory=*", "status", "--porcelain",
                          "--ignored").stdout.splitlines())

    def end(self):
        self.process.kill()
        self.process.wait()


def prepare(arguments, user):
    """A fresh root with a clone of this checkout, ready to be entered."""
    base = arguments.work / arguments.suite
    if not (base / "etc/debian_version").exists():
        must("debootstrap", "--variant=minbase", "--include=ca-certificates", arguments.suite, str(base),
             "http://deb.debian.org/debian")
    root = arguments.work / f"{arguments.suite}-{user}"
    must("rm", "-rf", "--one-file-system", str(root))
    must("cp", "-a", str(base), str(root))
    with open(root / "etc/passwd", "a") as file:
        file.write(f"{PLAIN}:x:1000:1000::/home/{PLAIN}:/bin/bash\n")
    with open(root / "etc/group", "a") as file:
        file.write(f"{PLAIN}:x:1000:\n")
    (root / f"home/{PLAIN}").mkdir(parents=True)
    checkout = f"/home/{PLAIN}/nanoclaw" if user == PLAIN else "/root/nanoclaw"
    must("git", "clone", "-q", "--no-hardlinks", str(HERE), f"{root}{checkout}")
    if user == PLAIN:
        must("chown", "-R", "1000:1000", f"{root}/home/{PLAIN}")
    return System(root, checkout)


def wait_for(log, process, word, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if word in pathlib.Path(log).read_text():
            return True
        if process.poll() is not None:
            return word in pathlib.Path(log).read_text()
        time.sleep(0.05)
    return False


def spare_build(system, user, built):
    """Puts the programs of a built checkout into place, with the mark by which nanoclaw.sh knows its own build."""
    must("cp", "-r", f"{built}/.build-dist", f"{system.root}{system.checkout}/.build-dist")
    owner = "0" if user == "root" else "1000"
    must("chown", "-R", f"{owner}:{owner}", f"{system.root}{system.checkout}/.build-dist")
    done = system.call("sed -n '/^fingerprint()/,/^}/p' nanoclaw.sh >/tmp/mark && . /tmp/mark && "
                       "printf %s \"$(fingerprint)\" >.build-dist/.built", user=user)
    if done.returncode:
        sys.exit(f"no mark of a build: {done.stdout}")


def install(system, user, log, built):
    """README's commands until the first reply; the seconds of each part."""
    setup, message = readme()
    times, begin = {}, time.monotonic()

    def lap(name):
        nonlocal begin
        times[name] = round(time.monotonic() - begin, 1)
        begin = time.monotonic()

    if user != "root":
        # Without root it names one command, which root then runs as it stands.
        said = system.call(setup, user=user)
        command = re.search(r"^  sudo (apt-get update && )sudo (apt-get install .*)$", said.stdout, re.M)
        if said.returncode == 0 or not command:
            sys.exit(f"no command for the missing packages: {said.stdout}")
        done = system.call(f"export DEBIAN_FRONTEND=noninteractive; {command.group(1)}{command.group(2)}")
        if done.returncode:
            sys.exit(f"the command that was named fails: {done.stdout}")
        lap("packages")
    elif built:
        # It installs what is missing before it looks for Swift.
        said = system.call(setup, path="/usr/bin:/bin:/usr/sbin:/sbin")
        if "no swift on PATH" not in said.stdout:
            sys.exit(f"the packages were not installed: {said.stdout}")
        lap("packages")
    if built:
        spare_build(system, user, built)
        lap("copying_programs")
    process = system.start(setup, log, user=user)
    if not built:
        if user == "root":
            wait_for(log, process, "building the release", 600)
            lap("packages")
        wait_for(log, process, "Build of product 'nanoclaw' complete", 3000)
        lap("build")
    if not wait_for(log, process, "NanoClaw is ready", 60):
        sys.exit(f"the host is not ready: {pathlib.Path(log).read_text()[-3000:]}")
    lap("start")
    answer = system.call(message, user=user)
    lap("first_reply")
    if answer.returncode or "No model is configured" not in answer.stdout:
        sys.exit(f"no reply: {answer.stdout}\n{pathlib.Path(log).read_text()[-2000:]}")
    return times, process


def expect(name, done, words, problems, status=None):
    """What failed on purpose says why, and names what to do."""
    missing = [word for word in words if word not in done.stdout]
    if done.returncode == 0 or missing or (status is not None and done.returncode != status):
        problems.append(f"{name}: status {done.returncode}, without {missing}: {done.stdout[-600:]}")


def expect_command(name, done, pattern, system, problems):
    """A command stands in what was said, and the machine has it; it may well fail, as what it looks at did."""
    found = re.search(pattern, done.stdout, re.M)
    tried = system.call(found.group(1)) if found else None
    if tried is None or tried.returncode in (126, 127):
        problems.append(f"{name}: no command that exists: {(tried or done).stdout[-600:]}")


def early_failures(system, user, problems):
    """Before anything is installed."""
    setup, _ = readme()
    before = system.files()
    if user == "root":
        # Nobody listens on that port.
        sources = system.root / "etc/apt/sources.list"
        kept = sources.read_text()
        sources.write_text(re.sub(r"http://[^/\s]+", "http://127.0.0.1:9", kept))
        done = system.call(setup)
        expect("no package server", done, ["a package server does not answer", "run me again"], problems, 1)
        expect_command("no package server", done, r"^  (apt-get update)$", system, problems)
        sources.write_text(kept)
    if user != "root":
        done = system.call(setup, user=user)
        expect("missing packages", done, ["are missing", "sudo apt-get install -y", "libsqlite3-dev"], problems, 1)
        names = re.search(r"apt-get install -y (.*)$", done.stdout, re.M).group(1)
        simulated = system.call(f"apt-get update -qq && apt-get install -s -y {names}")
        if simulated.returncode:
            problems.append(f"the named packages cannot be installed: {simulated.stdout[-600:]}")
    if system.files() != before:
        problems.append(f"partial files: {set(system.files()) ^ set(before)}")


def late_failures(system, user, problems):
    """With everything installed and the host running."""
    setup, _ = readme()
    before = system.files()
    expect("lock taken", system.call(setup, user=user), ["another host (pid", "stop it first", "--home"], problems, 1)
    # No swift: only a build looks for it.
    mark = f"{system.root}{system.checkout}/.build-dist/.built"
    kept = pathlib.Path(mark).read_text()
    pathlib.Path(mark).write_text("older")
    done = system.call(setup, user=user, path="/usr/bin:/bin:/usr/sbin:/sbin")
    expect("no swift", done, ["no swift on PATH", "https://www.swift.org/install/linux", "run me again"], problems, 1)
    # Neither on a full disk nor without the servers of the Swift packages does a build come far.
    scratch = f"{system.checkout}/.build-inner"
    system.call(f"mv {scratch} {scratch}.kept; true")
    away = "export GIT_CONFIG_SYSTEM=/dev/null https_proxy=http://127.0.0.1:9;"
    done = system.call(f"{away} {setup} build", user=user)
    expect("no Swift packages", done, ["the Swift packages could not be fetched", "run me again"], problems, 1)
    expect_command("no Swift packages", done, r"^  (git ls-remote .*)$", system, problems)
    system.call(f"rm -rf {scratch}; mkdir {scratch} && mount -t tmpfs -o size=1m,mode=1777 full {scratch}")
    done = system.call(f"{setup} build", user=user)
    expect("full disk of a build", done, ["the disk is full", "run me again"], problems, 1)
    expect_command("full disk of a build", done, r"^  (df -h .*)$", system, problems)
    system.call(f"umount {scratch}; rmdir {scratch}; mv {scratch}.kept {scratch}; true")
    pathlib.Path(mark).write_text(kept)
    # A full disk: a small one of its own.
    place = "/tmp/full"
    owner = "0" if user == "root" else "1000"
    system.call(f"mkdir {place} && mount -t tmpfs -o size=1m,uid={owner},mode=755 full {place} && "
                f"dd if=/dev/zero of={place}/filler bs=1M; chown {owner}:{owner} {place}/filler; true")
    full = system.call(f"bin/nanoclaw up --home {place}", user=user)
    expect("full disk", full, ["No space left on device"], problems, 1)
    expect_command("full disk", full, r"`(df -h [^`]+)`", system, problems)
    left = system.call(f"find {place} -type f ! -name filler ! -empty; umount {place}").stdout.split()
    if left:
        problems.append(f"full disk: partial files: {left}")
    if user != "root":
        # Only for the one who is in it: a user namespace that gives out no more of them.
        closed = ("unshare --user --map-current-user --keep-caps bash -c "
                  "'echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --inh-caps=-all --ambient-caps=-all "
                  "bin/nanoclaw doctor'")
        done = system.call(closed, user=user)
        expect("no user namespaces", done, ["user namespaces", "nanoclaw service install"], problems, 1)
    if system.files() != before:
        problems.append(f"partial files: {set(system.files()) ^ set(before)}")


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    parser = argparse.ArgumentParser()
    parser.add_argument("--suite", default="bookworm", choices=["bookworm", "trixie"])
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("/var/tmp/nanoclaw-install"))
    parser.add_argument("--built", type=pathlib.Path)
    parser.add_argument("--user", default="root", choices=["root", "plain"])
    parser.add_argument("--failures", action="store_true")
    arguments = parser.parse_args()
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        sys.exit("root and debootstrap are needed: apt-get install debootstrap")
    arguments.work = arguments.work.resolve()
    arguments.work.mkdir(parents=True, exist_ok=True)
    user = "root" if arguments.user == "root" else PLAIN
    log = arguments.work / f"{arguments.suite}-{user}.log"
    system = prepare(arguments, user)
    problems = []
    try:
        if arguments.failures:
            early_failures(system, user, problems)
        times, host = install(system, user, log, arguments.built)
        if arguments.failures:
            late_failures(system, user, problems)
        host.terminate()
    finally:
        system.end()
    print(json.dumps({
        "suite": arguments.suite, "user": arguments.user, "built": bool(arguments.built), "seconds": times,
        "minutes": round((sum(times.values()) - times.get("build", 0)) / 60, 2), "problems": problems,
    }))
    sys.exit(1 if problems else 0)


main()
