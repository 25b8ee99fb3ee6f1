"""NanoClaw itself: a provider of kind `openai` with the server's base URL, every conversation a chat of its own with a
sandbox of its own; driven over the control socket as `nanoclaw chat` does."""
import contextlib
import json
import os
import socket
import subprocess
import uuid

from measure import Server, run, timed

CHATS, CHATS_PER_GROUP = 100, 10


class NanoClaw(Server):
    @staticmethod
    def install(place):
        pass

    def __init__(self, home, model_port, options):
        self.home = home
        self.model_port = model_port
        self.binary = os.path.abspath(os.path.join(options.binaries, "nanoclaw"))
        with open(os.path.join(home, "config.yaml"), "w") as file:
            file.write("maxRunners: 200\ncontrol:\n  maximumClients: 300\n")
        with self:
            self.verb("providers", "add", "instant", "--kind", "openai", "--model", "instant",
                      "--base-url", f"http://127.0.0.1:{model_port}/v1")
            self.verb("groups", "config", "update", "main", "--provider", "instant")
            for group in range(CHATS // CHATS_PER_GROUP):
                self.verb("groups", "create", f"bench{group}")
                self.verb("groups", "config", "update", f"bench{group}", "--provider", "instant")
                for chat in range(group * CHATS_PER_GROUP, (group + 1) * CHATS_PER_GROUP):
                    self.verb("wirings", "create", "--group", f"bench{group}", "--chat", f"cli:local:bench{chat}",
                              "--pattern", ".")

    def verb(self, *words):
        return run([self.binary, "--home", self.home, *words])

    def version(self):
        revision = subprocess.run(["git", "rev-parse", "--short", "HEAD"], text=True, capture_output=True)
        return f"revision {revision.stdout.strip()}"

    def say(self):
        if "hello" not in self.verb("chat", "-m", "hello"):
            raise RuntimeError("nanoclaw chat -m said nothing")

    def one_shots(self, count):
        def from_nothing():
            with self:
                self.say()

        def without_runner():
            self.say()

        times = {"one-shot-host-and-all": timed(count, from_nothing), "one-shot": []}
        with self:
            self.say()
            for _ in range(count):
                self.verb("groups", "restart", "main")
                while "running" in self.verb("sessions", "list", "--group", "main", "--json"):
                    pass
                times["one-shot"] += timed(1, without_runner)
        return times

    def __enter__(self):
        self.launch([self.binary, "up", "--home", self.home], dict(os.environ), self.is_ready,
                    os.path.join(self.home, "host.log"))
        return self

    def is_ready(self):
        with contextlib.suppress(OSError), Client(self.home) as client:
            return client.call("status")["isReady"]
        return False

    @contextlib.contextmanager
    def conversation(self, index):
        with Client(self.home) as client:
            client.attach(f"bench{index}")
            yield lambda: client.say(f"bench{index}")


class Client:
    """A connection to the control socket: one JSON object a line."""

    def __init__(self, home):
        self.socket = socket.socket(socket.AF_UNIX)
        try:
            # With a timeout a full queue of the listener would be an error at once, not a wait.
            self.socket.connect(os.path.join(home, "data", "nanoclaw.sock"))
            self.socket.settimeout(300)
        except OSError:
            self.socket.close()
            raise
        self.lines = self.socket.makefile("rb")
        self.last = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lines.close()
        self.socket.close()

    def send(self, command, **arguments):
        self.last += 1
        frame = {"v": 1, "id": str(self.last), "command": command, "arguments": arguments}
        self.socket.sendall(json.dumps(frame).encode() + b"\n")
        return str(self.last)

    def frames(self):
        for line in self.lines:
            frame = json.loads(line)
            if "error" in frame:
                raise RuntimeError(frame["error"])
            yield frame
        raise OSError("the host ended the connection")

    def call(self, command, **arguments):
        request = self.send(command, **arguments)
        return next(frame["result"] for frame in self.frames() if frame["id"] == request and "result" in frame)

    def attach(self, chat):
        self.send("chat attach", chat=chat)
        next(frame for frame in self.frames() if "attached" in frame.get("event", {}))

    def say(self, chat):
        message, is_answered = uuid.uuid4().hex, False
        self.send("chat send", chat=chat, text="hello", id=message)
        for frame in self.frames():
            event = frame.get("event", {})
            if event.get("entry", {}).get("_0", {}).get("direction") == "out":
                is_answered = True
            if message in event.get("turnEnded", {}).get("platformMessageIDs", []):
                if not is_answered:
                    raise RuntimeError(f"a turn ended without an answer: {event}")
                return
