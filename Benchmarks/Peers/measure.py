"""What the peers' drivers share: memory, quantiles, processes, HTTP."""
import contextlib
import http.client
import json
import os
import signal
import subprocess
import time


def tree(root):
    """The process and all below it."""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat") as file:
                parent = int(file.read().rsplit(")", 1)[1].split()[1])
                children.setdefault(parent, []).append(int(name))
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return found


def pss_megabytes(root):
    """Proportional memory of a process and all below it."""
    total = 0
    for pid in tree(root):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/smaps_rollup") as file:
            total += sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
    return total * 1024 / 1e6


def quantile(ordered, part):
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def run(command, **options):
    """Runs a program to its end; its output, or an error with the end of what it said."""
    result = subprocess.run(command, text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=600, **options)
    if result.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {result.returncode}: {(result.stdout + result.stderr)[-600:]}")
    return result.stdout


def install(place, name, packages):
    """A virtual environment with these packages, made once."""
    folder = os.path.join(place, name)
    if os.path.exists(os.path.join(folder, ".complete")):
        return
    run(["python3", "-m", "venv", "--clear", folder])
    run([os.path.join(folder, "bin", "pip"), "install", "-q", *packages])
    with open(os.path.join(folder, ".complete"), "w") as file:
        file.write(" ".join(packages))


class Server:
    """A peer's long-lived process."""

    def launch(self, command, environment, is_ready, log):
        start = time.monotonic()
        self.process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=open(log, "w"),
                                        stderr=subprocess.STDOUT, start_new_session=True)
        self.pid = self.process.pid
        while not is_ready():
            if self.process.poll() is not None or time.monotonic() - start > 120:
                with open(log) as file:
                    said = file.read()[-600:]
                self.end()
                raise RuntimeError(f"{' '.join(command)} did not get ready: {said}")
            time.sleep(0.005)
        self.startup = time.monotonic() - start

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def __exit__(self, *_):
        self.end()


def answers(port, path, headers=None):
    """Whether an HTTP server answers 200 there."""
    with contextlib.suppress(OSError, http.client.HTTPException):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", path, headers=headers or {})
        return connection.getresponse().status == 200
    return False


@contextlib.contextmanager
def http_conversation(port, path, headers, body):
    """Gives a function that says "hello" on a connection that is kept, and returns when the answer is there."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)

    def say():
        data = json.dumps(body).encode()
        connection.request("POST", path, body=data, headers={"Content-Type": "application/json", **headers})
        response = connection.getresponse()
        text = response.read().decode()
        if response.status != 200 or "hello" not in text:
            raise RuntimeError(f"{path} answered {response.status}: {text[:300]}")

    try:
        yield say
    finally:
        connection.close()


def timed(count, action):
    times = []
    for _ in range(count):
        start = time.monotonic()
        action()
        times.append(time.monotonic() - start)
    return times
