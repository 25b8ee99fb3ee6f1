"""How the Slack judge tells the app: Socket Mode with acknowledged envelopes, or signed posts with retries."""

import asyncio
import json
import time
import urllib.parse
import uuid

import aiohttp
from aiohttp import WSMsgType, web
from slack_sdk.signature import SignatureVerifier

MOST_SOCKETS = 10


class Events:
    """Sockets, envelopes not yet acknowledged, and the addresses of HTTP mode."""

    def __init__(self, judge):
        self.judge = judge
        self.sockets, self.tickets, self.waiting = [], {}, {}
        self.addresses, self.turn, self.held, self.posting, self.lost = {}, 0, None, 0, 0
        self.disabled = False

    # Telling.

    async def event(self, event):
        """One event of the Events API; says whether it went out."""
        judge = self.judge
        body = {
            "token": "legacy",
            "team_id": judge.team,
            "api_app_id": judge.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": f"Ev{uuid.uuid4().hex[:9].upper()}",
            "event_time": int(time.time()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": judge.team,
                    "user_id": judge.bot["id"],
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
            "event_context": f"4-{uuid.uuid4().hex}",
        }
        fault = judge.faults.of_event(event["type"], event.get("subtype", event["type"]))
        if fault and fault["mode"] == "reorder":
            self.held = body
            return True
        told = self.tell("events_api", body)
        if fault:
            self.tell("events_api", body, 1, "timeout")
        if self.held:
            held, self.held = self.held, None
            self.tell("events_api", held)
        return told

    def tell(self, kind, body, attempt=0, reason="", click=None):
        """Sends by the socket whose turn it is, or by HTTP; with neither it is lost, as live."""
        body = json.loads(json.dumps(body))
        if self.sockets:
            self.turn += 1
            socket = self.sockets[self.turn % len(self.sockets)]
            envelope = {
                "envelope_id": str(uuid.uuid4()),
                "type": kind,
                "payload": body,
                "accepts_response_payload": kind != "events_api",
            }
            if kind == "events_api":
                envelope |= {"retry_attempt": attempt, "retry_reason": reason}
            self.waiting[envelope["envelope_id"]] = (kind, body, attempt, click)
            socket["queue"].put_nowait(json.dumps(envelope))
            self.judge.spawn(self.expire(envelope["envelope_id"]))
            self.judge.touch()
            return True
        if self.addresses:
            self.judge.spawn(self.post(kind, body, click))
            return True
        self.lost += 1
        return False

    async def expire(self, envelope):
        await asyncio.sleep(self.judge.options.ack_timeout)
        if envelope not in self.waiting:
            return
        kind, body, attempt, click = self.waiting.pop(envelope)
        self.judge.note("frame", "UNACKED", body={"type": kind, "attempt": attempt})
        if kind == "events_api" and attempt < 3:
            self.tell(kind, body, attempt + 1, "timeout")

    # Sockets.

    def ticket(self):
        if len(self.sockets) >= MOST_SOCKETS:
            return None
        name = uuid.uuid4().hex
        self.tickets[name] = time.monotonic()
        return f"ws://127.0.0.1:{self.judge.port}/link/?ticket={name}&app_id={self.judge.app_id}"

    async def link(self, request):
        made = self.tickets.pop(request.query.get("ticket", ""), None)
        if made is None or time.monotonic() - made > 30:
            self.judge.problem("JUDGE: a socket's address is used once and within 30 seconds")
            return web.Response(status=403)
        socket = web.WebSocketResponse(heartbeat=10)
        await socket.prepare(request)
        mine = {"socket": socket, "queue": asyncio.Queue(), "request": request}
        writer = self.judge.spawn(self.write(mine))
        self.sockets.append(mine)
        self.judge.ever += 1
        mine["queue"].put_nowait(
            json.dumps(
                {
                    "type": "hello",
                    "num_connections": len(self.sockets),
                    "connection_info": {"app_id": self.judge.app_id},
                    "debug_info": {"host": "judge", "build_number": 1, "approximate_connection_time": 18060},
                }
            )
        )
        self.judge.touch()
        try:
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    self.acknowledge(message.data)
        finally:
            writer.cancel()
            if mine in self.sockets:
                self.sockets.remove(mine)
            self.judge.touch()
        return socket

    async def write(self, mine):
        while True:
            text = await mine["queue"].get()
            try:
                await mine["socket"].send_str(text)
            except (ConnectionError, RuntimeError):
                return

    def acknowledge(self, text):
        try:
            frame = json.loads(text)
            assert isinstance(frame, dict) and set(frame) <= {"envelope_id", "payload", "type"}
        except (ValueError, AssertionError):
            return self.judge.problem(f"JUDGE: a frame that is no acknowledgement: {text[:200]}")
        found = self.waiting.pop(frame.get("envelope_id"), None)
        self.judge.note("frame", "ACK", body={"payload": frame.get("payload"), "type": found and found[0]})
        if found is None:
            return self.judge.problem(f"JUDGE: an acknowledgement that is late or of no envelope: {text[:200]}")
        kind, _, _, click = found
        if kind == "events_api" and frame.get("payload"):
            self.judge.problem("JUDGE: an event takes no payload in its acknowledgement")
        self.judge.answered(click, frame.get("payload"))

    def disconnect(self, reason):
        """Asks all sockets to be renewed; they close a while later."""
        for mine in list(self.sockets):
            mine["queue"].put_nowait(
                json.dumps({"type": "disconnect", "reason": reason, "debug_info": {"host": "judge"}})
            )
            # No event goes there any more; what is on its way still counts.
            if reason != "warning":
                self.sockets.remove(mine)
            self.judge.spawn(self.close_later(mine, {"warning": 10, "refresh_requested": 2}.get(reason, 0.2)))
        self.disabled |= reason == "link_disabled"

    async def close_later(self, mine, seconds):
        await asyncio.sleep(seconds)
        await mine["socket"].close()

    # HTTP mode.

    def signed(self, raw):
        now = str(int(time.time()))
        signature = SignatureVerifier(self.judge.options.signing_secret).generate_signature(timestamp=now, body=raw)
        return {"X-Slack-Request-Timestamp": now, "X-Slack-Signature": signature}

    async def verify(self, url):
        """The handshake by which the platform takes an address: the challenge comes back."""
        challenge = uuid.uuid4().hex
        raw = json.dumps({"token": "legacy", "challenge": challenge, "type": "url_verification"})
        async with aiohttp.ClientSession() as session:
            headers = {**self.signed(raw), "Content-Type": "application/json"}
            async with session.post(url, data=raw, headers=headers) as answer:
                text = await answer.text()
                return answer.status == 200 and challenge in text, answer.status

    async def post(self, kind, body, click):
        url = self.addresses.get(kind) or self.addresses["events_api"]
        if kind == "events_api":
            raw, mime = json.dumps(body), "application/json"
        elif kind == "interactive":
            raw, mime = urllib.parse.urlencode({"payload": json.dumps(body)}), "application/x-www-form-urlencoded"
        else:
            raw, mime = urllib.parse.urlencode(body), "application/x-www-form-urlencoded"
        reason = ""
        self.posting += 1
        try:
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=3)) as session:
                for attempt, delay in enumerate((0, 0.1, 0.3, 1)):
                    await asyncio.sleep(delay)
                    headers = {**self.signed(raw), "Content-Type": mime}
                    if attempt:
                        headers |= {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason}
                    entry = self.judge.note("delivery", kind, url=url, body=body, attempt=attempt, status=None)
                    try:
                        async with session.post(url, data=raw, headers=headers) as answer:
                            entry["status"], text = answer.status, await answer.text()
                            again = answer.headers.get("X-Slack-No-Retry") != "1"
                    except asyncio.TimeoutError:
                        entry["status"], reason, again = 0, "http_timeout", True
                    except aiohttp.ClientError:
                        entry["status"], reason, again = 0, "connection_failed", True
                    else:
                        reason = "http_error"
                    if 200 <= entry["status"] < 300:
                        payload = json.loads(text) if text.strip()[:1] == "{" else {"text": text} if text else None
                        return self.judge.answered(click, payload)
                    if not again or kind != "events_api":
                        return None
        finally:
            self.posting -= 1
            self.judge.touch()
