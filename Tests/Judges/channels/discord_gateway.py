"""The gateway of the Discord judge: hello, identify, heartbeats, resume with replay, and every way it can end."""

import asyncio
import collections
import json
import time
import zlib

import discord
from aiohttp import WSMsgType, web
from simcord import intents
from simcord.backend import serializers

PRIVILEGED = {"members": 1 << 1, "presences": 1 << 8, "message_content": 1 << 15}
LARGEST_FRAME, MOST_FRAMES = 4096, 120
OPCODES = {1: "HEARTBEAT", 2: "IDENTIFY", 3: "PRESENCE", 4: "VOICE", 6: "RESUME", 8: "MEMBERS"}
FIELDS = {
    "IDENTIFY": ({"token", "intents", "properties"}, {"compress", "large_threshold", "shard", "presence"}),
    "RESUME": ({"token", "session_id", "seq"}, set()),
}


class Session:
    """What a client may resume: its events by number, and how far it has confirmed them."""

    def __init__(self, name, bits):
        self.name, self.intents = name, discord.Intents._from_value(bits)
        self.sequence, self.confirmed, self.events = 0, 0, collections.deque(maxlen=1000)
        self.connection, self.valid = None, True


class Closed(Exception):
    """A connection that ends with a close code."""

    def __init__(self, code, reason):
        super().__init__(reason)
        self.code = code


class Connection:
    """One socket: frames go out in order, compressed when the client asked for it."""

    def __init__(self, gateway, socket, request):
        self.gateway, self.judge, self.socket, self.request = gateway, gateway.judge, socket, request
        self.session, self.outgoing = None, asyncio.Queue()
        self.beat, self.frames = time.monotonic(), collections.deque(maxlen=MOST_FRAMES)
        self.packer = zlib.compressobj() if request.query.get("compress") == "zlib-stream" else None
        self.closed_here = False
        self.resuming = request.path.startswith("/gateway-resume")

    def send(self, op, data=None, sequence=None, event=None):
        self.outgoing.put_nowait({"op": op, "d": data, "s": sequence, "t": event})

    async def write(self):
        while True:
            frame = json.dumps(await self.outgoing.get())
            try:
                if self.packer:
                    packed = self.packer.compress(frame.encode()) + self.packer.flush(zlib.Z_SYNC_FLUSH)
                    await self.socket.send_bytes(packed)
                else:
                    await self.socket.send_str(frame)
            except (ConnectionError, RuntimeError):
                return

    async def watch(self, interval):
        while not self.socket.closed:
            await asyncio.sleep(interval)
            if time.monotonic() - self.beat > interval * 1.8:
                await self.close(4009, "Session timed out")

    async def close(self, code, reason=""):
        self.judge.note("control", "CLOSED", code=code, reason=reason)
        self.closed_here = True
        await self.socket.close(code=code, message=reason.encode())

    def abort(self):
        if self.request.transport:
            self.request.transport.abort()

    async def read(self):
        interval = self.judge.options.heartbeat
        version, encoding = self.request.query.get("v"), self.request.query.get("encoding")
        if version != "10" or encoding != "json":
            raise Closed(4012, f"JUDGE: the gateway is asked with v=10 and encoding=json, not {version} and {encoding}")
        if self.request.query.get("compress") not in (None, "zlib-stream"):
            raise Closed(4012, "JUDGE: of the compressions only zlib-stream is played here")
        self.send(10, {"heartbeat_interval": interval, "_trace": ["judge"]})
        async for message in self.socket:
            if message.type != WSMsgType.TEXT:
                raise Closed(4002, "JUDGE: a frame that is no text")
            if len(message.data.encode()) > LARGEST_FRAME:
                raise Closed(4002, "JUDGE: a frame of more than 4096 bytes")
            now = time.monotonic()
            self.frames.append(now)
            if len(self.frames) == MOST_FRAMES and now - self.frames[0] < 60:
                raise Closed(4008, "Rate limited")
            try:
                frame = json.loads(message.data)
            except ValueError:
                raise Closed(4002, "Decode error") from None
            if not isinstance(frame, dict) or set(frame) - {"op", "d", "s", "t"} or frame.get("op") not in OPCODES:
                raise Closed(4001, f"JUDGE: unknown frame {message.data[:200]}")
            await self.take(OPCODES[frame["op"]], frame.get("d"))

    async def take(self, name, data):
        shown = {**data, "token": "…"} if isinstance(data, dict) and "token" in data else data
        self.judge.note("frame", name, body=shown)
        fault = self.judge.faults.of_frame(name)
        if fault:
            if fault["mode"] == "hang":
                return
            if fault["mode"] == "drop":
                return self.abort()
            if fault["mode"] == "close":
                raise Closed(int(fault.get("code", 4000)), fault.get("reason", ""))
            return self.send(9, fault.get("resumable", False))
        if name in FIELDS:
            required, optional = FIELDS[name]
            if not required <= set(data) or set(data) - required - optional:
                raise Closed(4002, f"JUDGE: {name} has {sorted(data)}, not {sorted(required)}")
            await (self.identify(data) if name == "IDENTIFY" else self.resume(data))
        elif name == "HEARTBEAT":
            self.heartbeat(data)
        elif self.session is None:
            raise Closed(4003, "Not authenticated")
        elif name == "MEMBERS":
            self.gateway.send_members(self.session, data)

    def heartbeat(self, data):
        self.beat = time.monotonic()
        if self.session and data is not None:
            if not isinstance(data, int) or data > self.session.sequence:
                raise Closed(4007, f"JUDGE: a heartbeat with {data!r}; the last event was {self.session.sequence}")
            self.session.confirmed = max(self.session.confirmed, data)
            self.judge.touch()
        self.send(11)

    async def identify(self, data):
        if self.session:
            raise Closed(4005, "Already authenticated")
        if data["token"].removeprefix("Bot ") != self.judge.token or self.judge.revoked:
            raise Closed(4004, "Authentication failed")
        if not isinstance(data["intents"], int) or data["intents"] < 0 or data["intents"] >> 26:
            raise Closed(4013, "Invalid intent(s)")
        missing = [
            name for name, bit in PRIVILEGED.items() if data["intents"] & bit and name not in self.judge.approved
        ]
        if missing:
            raise Closed(4014, "Disallowed intent(s)")
        if not {"os", "browser", "device"} <= set(data["properties"]):
            raise Closed(4002, "JUDGE: properties need os, browser and device")
        self.session = self.gateway.new_session(data["intents"])
        self.session.connection = self
        self.gateway.greet(self.session)

    async def resume(self, data):
        session = self.gateway.sessions.get(data["session_id"])
        if data["token"].removeprefix("Bot ") != self.judge.token or self.judge.revoked:
            raise Closed(4004, "Authentication failed")
        if not self.resuming:
            self.judge.problem("JUDGE: RESUME went to the first address, not to resume_gateway_url")
        if session is None or not session.valid:
            return self.send(9, False)
        if not isinstance(data["seq"], int) or data["seq"] > session.sequence:
            raise Closed(4007, "Invalid seq")
        if session.events and data["seq"] < session.events[0][0] - 1:
            return self.send(9, False)
        self.session, session.connection = session, self
        session.confirmed = max(session.confirmed, data["seq"])
        for sequence, event, payload in session.events:
            if sequence > data["seq"]:
                self.send(0, payload, sequence, event)
        self.gateway.push(session, "RESUMED", {})


class Gateway:
    """All sessions, and the events that go to them."""

    def __init__(self, judge):
        self.judge = judge
        self.sessions, self.connections, self.held = {}, set(), None

    async def handle(self, request):
        socket = web.WebSocketResponse(autoclose=True, max_msg_size=1 << 20)
        await socket.prepare(request)
        connection = Connection(self, socket, request)
        self.connections.add(connection)
        self.judge.ever += 1
        self.judge.touch()
        interval = self.judge.options.heartbeat / 1000
        beside = [self.judge.spawn(connection.write()), self.judge.spawn(connection.watch(interval))]
        try:
            await connection.read()
            if not connection.closed_here:
                self.judge.note("frame", "CLOSE", code=socket.close_code)
            if socket.close_code in (1000, 1001) and connection.session and not connection.closed_here:
                # A client that says goodbye in order has no session to come back to; an echo is no goodbye.
                connection.session.valid = False
        except Closed as closed:
            if "JUDGE" in str(closed):
                self.judge.problem(str(closed))
            await connection.close(closed.code, str(closed)[:120])
        finally:
            for task in beside:
                task.cancel()
            self.connections.discard(connection)
            if connection.session and connection.session.connection is connection:
                connection.session.connection = None
            self.judge.touch()
        return socket

    def new_session(self, bits):
        session = Session(f"session{len(self.sessions) + 1}", bits)
        self.sessions[session.name] = session
        return session

    def greet(self, session):
        backend = self.judge.backend
        self.push(
            session,
            "READY",
            {
                "v": 10,
                "user": dict(serializers.user_payload(backend.bot_user)),
                "session_id": session.name,
                "guilds": [{"id": str(guild), "unavailable": True} for guild in backend.guilds],
                "resume_gateway_url": f"ws://127.0.0.1:{self.judge.port}/gateway-resume",
                "shard": [0, 1],
                "application": {"id": str(backend.application_id), "flags": 0},
                "private_channels": [],
            },
        )
        for guild in backend.guilds.values():
            payload = self.judge.wire(serializers.guild_create_payload(backend, guild))
            intents.prune_guild_create(payload, session.intents, backend.bot_user.id)
            self.push(session, "GUILD_CREATE", payload)

    def send_members(self, session, data):
        backend = self.judge.backend
        guild = backend.guilds[int(data["guild_id"])]
        members = [self.judge.wire(serializers.member_payload(backend, guild, each)) for each in guild.members.values()]
        self.push(
            session,
            "GUILD_MEMBERS_CHUNK",
            {
                "guild_id": data["guild_id"],
                "members": members,
                "chunk_index": 0,
                "chunk_count": 1,
                "nonce": data.get("nonce"),
            },
        )

    def push(self, session, event, payload):
        session.sequence += 1
        session.events.append((session.sequence, event, payload))
        if session.connection:
            session.connection.send(0, payload, session.sequence, event)
        self.judge.touch()

    def emit(self, event, payload):
        """An event of the platform to every session whose intents ask for it; says whether any did."""
        payload = self.judge.wire(payload)
        fault = self.judge.faults.of_event(event)
        if fault and fault["mode"] == "reorder":
            self.held = (event, payload)
            return True
        told = self._emit(event, payload)
        if fault:
            self._emit(event, payload)
        if self.held:
            held, self.held = self.held, None
            self._emit(*held)
        return told

    def _emit(self, event, payload):
        told = False
        for session in self.sessions.values():
            gate = intents.required_intent(event, payload)
            if not session.valid or gate and not getattr(session.intents, gate):
                continue
            shown = json.loads(json.dumps(payload))
            if event in ("MESSAGE_CREATE", "MESSAGE_UPDATE") and not session.intents.message_content:
                intents.censor_message(shown, self.judge.backend.bot_user.id, backend=self.judge.backend)
            self.push(session, event, shown)
            told = True
        return told
