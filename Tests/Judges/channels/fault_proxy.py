"""An HTTP proxy in front of a real server that does things wrong when told so: 429, 5xx, cut connections, lost answers.

  fault_proxy.py --port 0 --upstream http://127.0.0.1:8008      prints `ready PORT`

Requests are named `METHOD PATH`; a fault's `on` may be a pattern: "PUT /_matrix/client/v3/rooms/*/send/*". Control verbs:
fault, log, state, wait, kick, reset (README.md); the other side's people are driven elsewhere.
"""

import json

import aiohttp
from aiohttp import web
from yarl import URL

from control import Judge, Refused, arguments, main
from faults import abort, hang

# Of this hop alone; what a proxy does not pass on.
HOP = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "host", "content-length", "content-encoding"}


# Bytes that a huge answer has besides its own: over what a client should read of one.
HUGE = 20 << 20


def timeline_limit(request):
    """The events of one room that a sync of Matrix asks for; of other requests a large number."""
    try:
        return json.loads(request.query["filter"])["room"]["timeline"]["limit"]
    except (KeyError, ValueError, TypeError):
        return 1 << 30


class Proxy(Judge):
    """Passes requests on and notes them."""

    title = "the proxy"
    takes_every_path = True

    def clear(self):
        super().clear()
        self.open = []

    def routes(self, app):
        app.router.add_route("*", "/{rest:.*}", self.handle)

    async def started(self):
        self.session = aiohttp.ClientSession(
            auto_decompress=True, timeout=aiohttp.ClientTimeout(total=None), connector=aiohttp.TCPConnector(limit=0)
        )

    async def ended(self):
        await self.session.close()

    async def handle(self, request):
        data = await request.read()
        name = f"{request.method} {request.path}"
        body = data.decode(errors="replace")[:4000]
        try:
            body = json.loads(data) if data else None
        except ValueError:
            pass
        entry = self.note(
            "request",
            name,
            query=dict(request.query),
            body=body,
            size=len(data),
            status=None,
            authorised="Authorization" in request.headers,
        )
        self.open.append(request)
        self.ever += 1
        try:
            fault = self.faults.of_request(name, request.path)
            if fault and fault["mode"] in ("drop", "hang"):
                return abort(request) if fault["mode"] == "drop" else await hang(request)
            if fault and fault["mode"] not in ("lost", "huge"):
                return self.answer(fault, entry)
            headers = {key: value for key, value in request.headers.items() if key.lower() not in HOP}
            url = URL(self.options.upstream.rstrip("/") + request.raw_path, encoded=True)
            async with self.session.request(
                request.method, url, data=data or None, headers=headers, allow_redirects=False
            ) as upstream:
                content = await upstream.read()
                if fault and fault["mode"] == "lost":
                    return abort(request)
                if fault and timeline_limit(request) > fault.get("over", 0):
                    content = content.rstrip()[:-1] + b', "padding": "' + b"x" * HUGE + b'"}'
                entry["status"] = upstream.status
                kept = {key: value for key, value in upstream.headers.items() if key.lower() not in HOP}
                return web.Response(body=content, status=upstream.status, headers=kept)
        finally:
            self.open.remove(request)
            if entry["status"] is None:
                entry["status"] = 0
            self.touch()

    def answer(self, fault, entry):
        if fault["mode"] == "429":
            after = fault.get("retry_after", 1)
            body = {"errcode": "M_LIMIT_EXCEEDED", "error": "Too Many Requests", "retry_after_ms": int(after * 1000)}
            entry["status"] = 429
            return web.json_response(body, status=429, headers={"Retry-After": str(max(1, int(after + 0.999)))})
        if fault["mode"] == "garbled":
            entry["status"] = 200
            return web.Response(text="<html><body>Please log in to this network</body></html>", content_type="text/html")
        if fault["mode"] == "5xx":
            entry["status"] = fault.get("status", 502)
            return web.Response(
                status=entry["status"], text="<html><body>Bad gateway</body></html>", content_type="text/html"
            )
        entry["status"] = fault.get("status", 400)
        code, text = str(fault.get("code", "M_UNKNOWN")), fault.get("description", "fault")
        return web.json_response({"errcode": code, "error": text}, status=entry["status"])

    def open_connections(self):
        return len(self.open)

    def pending_events(self):
        return 0

    def visible(self, chat):
        raise Refused("the proxy knows no chats; ask the server behind it")

    def world(self):
        return {"upstream": self.options.upstream}

    async def kick(self, code):
        requests = list(self.open)
        for request in requests:
            abort(request)
        return len(requests)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--upstream", required=True)
    main(Proxy, parser)
