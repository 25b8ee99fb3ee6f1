#!/usr/bin/env python3
"""Runs NanoClaw on a machine of its own: a Debian with its kernel and systemd, emulated by qemu, without a network.

Usage: machine.py SCENARIO [--suite bookworm|trixie] [--work DIR] --programs DIR [--tests PROGRAM --faults DIR]

SCENARIO is a function of inside.py, which runs there as a unit and says what it saw; `power` is started several times, and
the machine's power is cut while people write; `attacks` takes the tests' own program along. Root, debootstrap and
qemu-system-x86 are needed, for `power` nbdkit-plugin-python too. The root of the system is made below --work and kept
there for the next run. Prints one JSON object.
"""

import argparse
import contextlib
import json
import os
import pathlib
import random
import re
import shlex
import shutil
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
# What a machine has that runs the programs: libraries, systemd with the sessions of users, file servers to refuse.
PACKAGES = [
    "linux-image-amd64", "systemd", "systemd-sysv", "dbus", "dbus-user-session", "libpam-systemd", "util-linux", "procps",
    "iproute2", "kmod", "ca-certificates", "tzdata", "python3", "strace", "sqlite3", "nfs-kernel-server", "libcap-dev",
    "libseccomp-dev", "libcmark-gfm-dev", "libcmark-gfm-extensions-dev", "libolm-dev", "libsqlite3-dev", "libssl-dev",
    "zlib1g-dev", "gcc", "libc6-dev",
]
UNIT = """[Unit]
Description=What a test of NanoClaw does here
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/usr/bin/python3 /opt/machine/inside.py
ExecStopPost=/bin/systemctl poweroff --force
"""


def must(*command):
    done = subprocess.run(command, text=True, capture_output=True)
    if done.returncode:
        sys.exit(f"{shlex.join(command)}: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def make_root(root, suite):
    mark, made = root / "machine-is-made", "\n".join([suite, UNIT, *PACKAGES])
    if mark.exists() and mark.read_text() == made:
        return
    shutil.rmtree(root, ignore_errors=True)
    root.parent.mkdir(parents=True, exist_ok=True)
    must("debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", suite, str(root),
         "http://deb.debian.org/debian")
    # Only what the emulated machine has: the whole set of drivers takes longer to unpack than all else.
    modules = "/etc/initramfs-tools/modules"
    (root / modules[1:]).write_text("virtio_pci\nvirtio_blk\next4\n")
    (root / "etc/initramfs-tools/conf.d/machine").write_text("MODULES=list\nCOMPRESS=gzip\n")
    must("chroot", str(root), "update-initramfs", "-u", "-k", "all")
    (root / "etc/fstab").write_text("/dev/vda / ext4 rw,relatime 0 1\n")
    (root / "etc/hostname").write_text("machine\n")
    must("chroot", str(root), "useradd", "--create-home", "--shell", "/bin/bash", "ann")
    units = root / "etc/systemd/system"
    (units / "machine.service").write_text(UNIT)
    must("chroot", str(root), "systemctl", "disable", "nfs-server.service")
    # Begun by a timer: what starts a service must not itself be part of the start of the system.
    (units / "machine.timer").write_text("[Timer]\nOnActiveSec=0\n[Install]\nWantedBy=timers.target\n")
    must("chroot", str(root), "systemctl", "enable", "machine.timer")
    mark.write_text(made)


def take_tests(root, program, faults):
    """The tests' program with the libraries of Swift that it needs, and the checkout where it stands here."""
    for name in ("opt/faults", "opt/tests", f"{CHECKOUT}"[1:]):
        shutil.rmtree(root / name, ignore_errors=True)
    shutil.copytree(faults, root / "opt/faults")
    (root / "opt/tests").mkdir()
    shutil.copy2(program, root / "opt/tests/tests")
    for line in must("ldd", str(program)).splitlines():
        library = re.search(r"=> (\S*/swift/\S+)", line)
        if library:
            shutil.copy2(library.group(1), root / "opt/tests")
    for name in must("git", "-C", str(CHECKOUT), "ls-files", "Sources", "Tests", "container").splitlines():
        place = root / str(CHECKOUT)[1:] / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(CHECKOUT / name, place)


def make_disk(root, programs, disk):
    built = [programs / name for name in ("nanoclaw", "nanoclaw-sandbox", "agent-runner")]
    for place, files in {"opt/nanoclaw": built, "opt/machine": [HERE / "inside.py"]}.items():
        (root / place).mkdir(parents=True, exist_ok=True)
        for file in files:
            shutil.copy2(file, root / place / file.name)
    disk.unlink(missing_ok=True)
    must("mke2fs", "-q", "-t", "ext4", "-d", str(root), str(disk), "6G")


class Machine:
    """One life of the machine. What the scenario says comes as JSON lines through its second serial port."""

    def __init__(self, work, root, drive, scenario, shared):
        boot = root / "boot"
        kernel, = boot.glob("vmlinuz-*")
        initrd, = boot.glob("initrd.img-*")
        self.console = work / "console.log"
        # Beside each other two processors have met code that the kernel was changing: an int3 in enqueue_task_fair, which
        # ended a life. How fast those of `power` are does not count, and they are the most.
        threads = "single" if scenario in ("write", "look") else "multi"
        self.process = subprocess.Popen(
            ["qemu-system-x86_64", "-accel", f"tcg,thread={threads}", "-cpu", "max", "-smp", "2", "-m", "3072", "-no-reboot",
             "-display", "none", "-monitor", "none", "-nic", "none", "-kernel", str(kernel), "-initrd", str(initrd),
             "-append", f"root=/dev/vda rw console=ttyS0 quiet panic=-1 machine.scenario={scenario}",
             "-drive", f"{drive},if=virtio,format=raw,cache=writeback",
             "-virtfs", f"local,path={shared},mount_tag=shared,security_model=none",
             "-serial", f"file:{self.console}", "-serial", "stdio"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, errors="replace")

    def lines(self, seconds):
        """What the scenario says, until the machine is off; it is switched off after so many seconds."""
        clock = threading.Timer(seconds, self.process.kill)
        clock.start()
        try:
            for line in self.process.stdout:
                try:
                    yield json.loads(line)
                except ValueError:
                    print(line.rstrip(), file=sys.stderr)
        finally:
            clock.cancel()
            self.process.kill()
            self.process.wait()

    def stop_when(self, file):
        """Switches it off as soon as the file is there, or after a minute."""
        for _ in range(6000):
            if file.exists() and file.read_text():
                break
            time.sleep(0.01)
        self.process.kill()


def once(boot, scenario):
    """All that a scenario says, each step by its name."""
    said = {}
    for line in boot(scenario).lines(3600):
        said.update(line)
    return said


@contextlib.contextmanager
def forgetful(disk, cut, lost):
    """The disk behind a cache that is lost with the power (disk.py), as nbdkit serves it; what qemu calls it."""
    socket = disk.with_suffix(".sock")
    for file in (socket, cut, lost):
        file.unlink(missing_ok=True)
    server = subprocess.Popen(["nbdkit", "--exit-with-parent", "--foreground", "--unix", str(socket), "python",
                               str(HERE / "disk.py"), f"file={disk}", f"cut={cut}", f"lost={lost}"])
    try:
        while not socket.exists():
            if server.poll() is not None:
                sys.exit("nbdkit did not start; is nbdkit-plugin-python installed?")
            time.sleep(0.05)
        yield f"file=nbd+unix:///?socket={socket}"
    finally:
        # Without power it serves nobody; with it, the machine has flushed all before it was off.
        server.kill()
        server.wait()


def power(boot, disk):
    """Three lives that end while people write, and a last one that looks at what is left; else what went wrong in which."""
    cut, lost = disk.with_suffix(".cut"), disk.with_suffix(".lost")
    answered, sent, cuts = [], [], []
    for life in range(3):
        # Another moment of a turn in each life.
        turns, write = 5 + 2 * life, random.randint(1, 60)
        here = 0
        with forgetful(disk, cut, lost) as drive:
            machine = boot("write", drive)
            for line in machine.lines(600):
                if "answered" in line:
                    answered.append(line["answered"])
                    here += 1
                if "failed" in line or "problem" in line:
                    return {"life": life, **line}
                if "sent" in line:
                    on_its_way = line["sent"]
                    if here == turns:
                        cut.write_text(str(write))
                        threading.Thread(target=machine.stop_when, args=[lost]).start()
            if not lost.exists():
                return {"failed": f"life {life} ended by itself", "console": machine.console.read_text(errors="replace")[-3000:]}
            sent.append(on_its_way)
            cuts.append({"turns": here, "write": write, **json.loads(lost.read_text())})
    with forgetful(disk, cut, lost) as drive:
        return {"cuts": cuts, "answered": answered, "sent": sent, **once(lambda scenario: boot(scenario, drive), "look")}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("scenario")
    parser.add_argument("--suite", default="trixie", choices=["bookworm", "trixie"])
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("/var/tmp/nanoclaw-machine"))
    parser.add_argument("--programs", type=pathlib.Path, required=True)
    parser.add_argument("--tests", type=pathlib.Path)
    parser.add_argument("--faults", type=pathlib.Path)
    arguments = parser.parse_args()
    work = arguments.work / arguments.suite
    root, disk, shared = work / "root", work / "disk.img", work / "shared"
    make_root(root, arguments.suite)
    shared.mkdir(exist_ok=True)
    os.chmod(shared, 0o777)
    if arguments.tests:
        take_tests(root, arguments.tests, arguments.faults)
    make_disk(root, arguments.programs, disk)

    def boot(scenario, drive=f"file={disk}"):
        return Machine(work, root, drive, scenario, shared)

    try:
        said = power(boot, disk) if arguments.scenario == "power" else once(boot, arguments.scenario)
    finally:
        disk.unlink()
    if "end" not in said:
        said["console"] = (work / "console.log").read_text(errors="replace")[-3000:]
    print(json.dumps(said))
    return 0 if "end" in said else 1


if __name__ == "__main__":
    sys.exit(main())
