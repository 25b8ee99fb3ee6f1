"""What a scenario of machine.py does on the machine itself, as root; it says what it saw as JSON lines on ttyS1."""

import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import time
import traceback

HOME, PROGRAMS, BUILT = "/var/lib/nanoclaw", "/usr/local/lib/nanoclaw", "/opt/nanoclaw"
CGROUPS = pathlib.Path("/sys/fs/cgroup")
PORT = open("/dev/ttyS1", "w", buffering=1)


def say(**what):
    PORT.write(json.dumps(what) + "\n")


def run(*words, user=None, seconds=120, **more):
    if user:
        words = ("setpriv", "--reuid", user, "--regid", user, "--init-groups", "env", *(f"{k}={v}" for k, v in more.items()),
                 *words)
    done = subprocess.run(words, text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=seconds)
    return {"status": done.returncode, "output": done.stdout, "errors": done.stderr}


def chat(text, home=HOME, programs=PROGRAMS, **options):
    return run(f"{programs}/nanoclaw", "--home", home, "chat", "--timeout", "100", "-m", text, **options)


def until(seconds, condition):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.2)
    return False


def read(path):
    try:
        return path.read_text().strip()
    except OSError as error:
        return os.strerror(error.errno)


def sandboxes(beneath):
    """The cgroups of sandboxes: those with a bound on memory that have processes."""
    found = []
    for folder, _, files in os.walk(beneath):
        place = pathlib.Path(folder)
        if "memory.max" in files and read(place / "memory.max") != "max" and read(place / "cgroup.procs"):
            found.append(place)
    return found


def limits(place):
    return {name: read(place / name) for name in
            ("memory.max", "memory.swap.max", "pids.max", "cpu.max", "memory.events", "pids.events", "cpu.stat")}


def freezes(place, **options):
    """How often the cgroup of one who writes without end is frozen, in some fifteen seconds."""
    writer = "run timeout 15 sh -c 'while :; do head -c 16M /dev/zero > fill; done'; rm fill; echo over"
    with concurrent.futures.ThreadPoolExecutor() as pool:
        job, times, last = pool.submit(chat, writer, **options), 0, "0"
        while not job.done():
            now = read(place / "cgroup.freeze")
            times += (last, now) == ("0", "1")
            last = now
            time.sleep(0.002)
        return {"times": times, "end": read(place / "cgroup.freeze"), "answer": job.result()["output"]}


def machine():
    return {"kernel": os.uname().release, "systemd": run("systemctl", "--version")["output"].split("\n")[0],
            "cgroup": run("stat", "-fc", "%T", "/sys/fs/cgroup")["output"].strip()}


def bombs(beneath, **options):
    """What a session may take, and what becomes of it, of its neighbours' turns and of the host when it takes more."""
    result = {"hello": chat("run id -u", **options)}
    places = sandboxes(beneath)
    if len(places) != 1:
        tree = {str(place): read(place / "cgroup.procs").split() for place in beneath.rglob("*") if place.is_dir()}
        return {**result, "places": [str(place) for place in places], "tree": tree}
    result["before"] = limits(places[0])
    result["memory"] = chat("run python3 -c 'x = bytearray(900 << 20)'; echo ended $?", **options)
    result["forks"] = chat("run for i in $(seq 400); do sleep 20 & done; echo over", **options)
    result["spin"] = chat("run for i in 1 2 3; do timeout 3 sh -c 'while :; do :; done' & done; wait; echo spun", **options)
    places = sandboxes(beneath)
    result["after"] = limits(places[0]) if len(places) == 1 else [str(place) for place in places]
    result["alive"] = chat("run echo still-here", **options)
    if len(places) == 1:
        result["freezes"] = freezes(places[0], **options)
    return result


def service():
    """The system's service: its installation, limits that are held, its death, what it leaves."""
    say(machine=machine())
    say(install=run(f"{BUILT}/nanoclaw", "service", "install", "--no-start"))
    nanoclaw = f"{PROGRAMS}/nanoclaw"
    for key, value in {"sandbox.memory": "256MiB", "sandbox.pids": "64", "sandbox.cpuPercent": "100"}.items():
        say(**{key: run(nanoclaw, "--home", HOME, "config", "set", key, value, user="nanoclaw")})
    with open("/etc/nanoclaw/broker.conf", "a") as policy:
        policy.write(f"write {8 << 20}\n")
    say(start=run(f"{BUILT}/nanoclaw", "service", "install"))
    say(status=run(nanoclaw, "service", "status"))
    slice = CGROUPS / "system.slice/nanoclaw-broker.service"
    say(bombs=bombs(slice))
    say(doctor=run(nanoclaw, "--home", HOME, "doctor"))
    pid = run("systemctl", "show", "-P", "MainPID", "nanoclaw.service")["output"].strip()
    run("kill", "-KILL", pid)
    active = lambda: run("systemctl", "is-active", "nanoclaw.service")["output"].strip() == "active"
    changed = lambda: run("systemctl", "show", "-P", "MainPID", "nanoclaw.service")["output"].strip() not in (pid, "0")
    say(back=until(60, lambda: active() and changed()), again=chat("run echo back"))
    say(stop=run("systemctl", "stop", "nanoclaw.service", "nanoclaw-broker.service", "nanoclaw-broker.socket"))
    say(left=[str(place) for place in CGROUPS.rglob("nanoclaw*") if place.is_dir()],
        processes=run("pgrep", "-l", "agent-runner|nanoclaw")["output"])
    say(journal=run("journalctl", "-b", "-p", "warning", "-u", "nanoclaw*", "-o", "cat", "--no-pager")["output"][-3000:])


def own():
    """The service of a user without root, in the session that systemd keeps for it."""
    say(machine=machine())
    run("loginctl", "enable-linger", "ann")
    until(60, lambda: pathlib.Path("/run/user/1000/systemd/private").exists())
    options = {"user": "ann", "XDG_RUNTIME_DIR": "/run/user/1000", "HOME": "/home/ann", "PATH": os.environ["PATH"]}
    nanoclaw, home = f"{BUILT}/nanoclaw", "/home/ann/nanoclaw"
    for key, value in {"sandbox.memory": "256MiB", "sandbox.pids": "64", "sandbox.cpuPercent": "100",
                       "sandbox.writeRate": "8MiB"}.items():
        pathlib.Path(home).mkdir(exist_ok=True)
        os.chown(home, 1000, 1000)
        say(**{key: run(nanoclaw, "--home", home, "config", "set", key, value, **options)})
    say(install=run(nanoclaw, "service", "install", "--user", "--home", home, **options))
    say(status=run(nanoclaw, "service", "status", "--user", **options))
    slice = CGROUPS / "user.slice/user-1000.slice/user@1000.service"
    say(bombs=bombs(slice, home=home, programs=BUILT, **options))
    say(doctor=run(nanoclaw, "--home", home, "doctor", **options))
    say(host=run(nanoclaw, "--home", home, "status", **options))


def homes():
    """Homes where no home may be: on NFS and on 9p."""
    say(machine=machine())
    run("useradd", "--system", "--no-create-home", "nanoclaw")
    pathlib.Path("/srv/nfs").mkdir()
    pathlib.Path("/etc/exports").write_text("/srv/nfs 127.0.0.1(rw,no_root_squash,insecure,no_subtree_check)\n")
    say(server=run("systemctl", "start", "nfs-server.service"))
    for name, words in {"nfs": ["-t", "nfs4", "127.0.0.1:/srv/nfs"], "9p": ["-t", "9p", "-o", "trans=virtio", "shared"]}.items():
        place = pathlib.Path(f"/mnt/{name}")
        place.mkdir()
        mounted = run("mount", *words, str(place))
        before = sorted(os.listdir(place))
        answer = run(f"{BUILT}/nanoclaw", "up", "--home", f"{place}/home", seconds=60)
        say(**{name: {"mounted": mounted, "up": answer, "left": sorted(set(os.listdir(place)) - set(before))}})


def attacks():
    """The attack suite in a cgroup that is delegated, as the unit of the broker has it."""
    say(machine=machine())
    environment = {"NANOCLAW_DIST": BUILT, "NANOCLAW_DIST_FAULTS": "/opt/faults",
                   "PATH": os.environ["PATH"], "HOME": "/root"}
    run("useradd", "--system", "--no-create-home", "nanoclaw")
    pathlib.Path("/etc/ld.so.conf.d/tests.conf").write_text("/opt/tests\n")
    run("ldconfig")
    done = run("systemd-run", "--quiet", "--scope", "-p", "Delegate=yes", "env",
               *(f"{name}={value}" for name, value in environment.items()),
               "/opt/tests/tests", "--testing-library", "swift-testing", "--no-parallel", "--filter",
               r"^SandboxTests\.(AttackTests|CgroupTests|MissingLayerTests)", seconds=3400)
    lines = (done["output"] + done["errors"]).splitlines()
    failed = [number for number, line in enumerate(lines) if "recorded an issue" in line]
    say(status=done["status"], last=lines[-1:], failed=["\n".join(lines[number:number + 6])[:1500] for number in failed[:20]])


def write():
    """A host that people write to until the power is cut."""
    if not pathlib.Path("/etc/systemd/system/nanoclaw.service").exists():
        run(f"{BUILT}/nanoclaw", "service", "install", "--no-start")
        run("sync")
    started = run("systemctl", "start", "nanoclaw.service")
    if started["status"]:
        say(failed=started)
        return
    life = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
    for number in range(1000):
        text = f"{life}-{number}"
        say(sent=text)
        answer = chat(f"run echo {text} | tee -a /workspace/agent/ledger.txt")
        # A message that the last cut left unanswered may share the turn.
        if answer["status"] or text not in answer["output"].splitlines():
            say(failed=answer)
            return
        say(answered=text)


def look():
    """What is left after the cuts."""
    say(start=run("systemctl", "start", "nanoclaw.service"))
    say(hello=chat("run echo all-is-well"), doctor=run(f"{PROGRAMS}/nanoclaw", "--home", HOME, "doctor"))
    # What was being worked on at the cut is due again some seconds later.
    say(settled=until(120, lambda: all(
        run("sqlite3", str(path), "SELECT count(*) FROM messages_in WHERE status = 'pending'")["output"] == "0\n"
        for path in pathlib.Path(HOME, "data").rglob("inbound.db"))))
    say(rows=rows(), transcript=transcript())


def rows():
    """The messages of the session as its databases hold them: which texts came in, and which went out for each."""
    found = {"in": [], "out": [], "errors": []}
    run("systemctl", "stop", "nanoclaw.service", "nanoclaw-broker.service", "nanoclaw-broker.socket")
    # What went out has its lasting record with what came in.
    for table, pattern, key in (("messages_in", r"echo ([0-9a-f]{8}-[0-9]+)", "in"),
                                ("deliveries", r"[0-9a-f]{8}-[0-9]+", "out")):
        for path in pathlib.Path(HOME, "data").rglob("inbound.db"):
            said = run("sqlite3", str(path), f"SELECT content FROM {table}")
            found[key] += re.findall(pattern, said["output"])
            found["errors"] += [said["errors"]] if said["status"] else []
    return found


def transcript():
    """The turns that the agent remembers, line by line; a line that is no JSON is told."""
    found = {"texts": [], "torn": []}
    for path in pathlib.Path(HOME, "data").rglob("*.jsonl"):
        for line in path.read_text(errors="replace").splitlines():
            try:
                json.loads(line)
            except ValueError:
                found["torn"].append(f"{path}: {line[:200]}")
            found["texts"] += re.findall(r"echo ([0-9a-f]{8}-[0-9]+)", line)
    return found


if __name__ == "__main__":
    wanted = re.search(r"machine\.scenario=(\w+)", pathlib.Path("/proc/cmdline").read_text()).group(1)
    try:
        {"service": service, "own": own, "homes": homes, "attacks": attacks, "write": write, "look": look}[wanted]()
        say(end=True)
    except Exception:
        say(problem=traceback.format_exc())
