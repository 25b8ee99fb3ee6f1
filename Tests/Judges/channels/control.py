"""What all judges of channels share: control verbs over HTTP, the log of requests, waiting, the start of a program.

A judge is a server on loopback that plays a platform. Tests drive its people through `/_ctl/VERB` (JSON both ways; the
verbs are named in README.md) and the adapter under test talks to the platform's own routes. A verb refuses fields that it
does not know, so that a misspelt test fails. Everything is kept in memory; `reset` starts afresh.
"""

import argparse
import asyncio
import base64
import hashlib
import json
import signal
import sys
import time
import traceback

from aiohttp import web

from faults import Faults

LARGEST_BODY = 64 << 20


class Refused(Exception):
    """A control request that makes no sense: what is wrong and what would be right."""

    def __init__(self, message, status=400):
        super().__init__(message)
        self.status = status


class Fields:
    """The fields of one control request; those nobody has taken by the end are refused."""

    def __init__(self, verb, body):
        if not isinstance(body, dict):
            raise Refused(f"{verb}: the body must be a JSON object")
        self.verb, self.body, self.taken = verb, body, set()

    def need(self, name, kinds=(str, int)):
        if name not in self.body:
            raise Refused(f"{self.verb}: the field '{name}' is missing")
        return self.get(name, kinds)

    def get(self, name, kinds=(str, int), default=None):
        self.taken.add(name)
        value = self.body.get(name, default)
        if value is not None and not isinstance(value, kinds):
            raise Refused(f"{self.verb}: the field '{name}' has the wrong type: {value!r}")
        return value

    def end(self):
        unknown = sorted(set(self.body) - self.taken)
        if unknown:
            raise Refused(f"{self.verb}: unknown fields {unknown}; it knows {sorted(self.taken)}")


def given_files(fields):
    """The files of a `say`: [{name, text | base64 | size, mime?}] as (name, bytes, mime, claimed size)."""
    files = []
    for file in fields.get("files", list, []) or []:
        inner = Fields("files", file)
        name, mime = inner.need("name", str), inner.get("mime", str, "application/octet-stream")
        text, encoded, size = inner.get("text", str), inner.get("base64", str), inner.get("size", int)
        inner.end()
        data = base64.b64decode(encoded) if encoded is not None else (text or "").encode()
        files.append((name, data, mime, len(data) if size is None else size))
    return files


def described(name, data, mime=None, **more):
    """A file as logs and `messages` show it: never its bytes, always what tells two apart."""
    return {"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "type": mime, **more}


class Judge:
    """The verbs that are the same everywhere; a platform adds `verb_say` and the others as methods."""

    title = "a platform"
    # Whether its own routes leave no path over.
    takes_every_path = False

    def __init__(self, options):
        self.options, self.port = options, None
        self.changed = asyncio.Event()
        self.tasks = set()
        self.clear()

    def clear(self):
        """Back to the first moment; a platform clears its own state after calling this."""
        self.began = time.monotonic()
        self.log, self.problems, self.clicks = [], [], {}
        self.faults = Faults()
        self.ever = 0
        self.touch()

    # What the platform gives.

    def open_connections(self):
        """How many polls or sockets are open now."""
        raise NotImplementedError

    def pending_events(self):
        """How many events the client has not confirmed."""
        raise NotImplementedError

    def visible(self, chat):
        """What a person sees in a chat, in order."""
        raise NotImplementedError

    def world(self):
        """Who and what there is, with native ids."""
        raise NotImplementedError

    # Notes and waiting.

    def touch(self):
        """Wakes those who wait: something has changed."""
        self.changed.set()
        self.changed = asyncio.Event()

    def note(self, kind, name, **more):
        """Appends to the log and returns the entry, whose `status` may be filled in later."""
        entry = {"n": len(self.log), "at": round(time.monotonic() - self.began, 3), "kind": kind, "name": name, **more}
        self.log.append(entry)
        self.touch()
        return entry

    def problem(self, text):
        """What the client did that the real platform would never accept, or that this judge does not know."""
        self.problems.append({"n": len(self.log) - 1, "problem": text})
        print(f"problem: {text}", file=sys.stderr, flush=True)
        self.touch()

    def spawn(self, work):
        """Runs work beside; a failure there is a problem of the judge that tests shall see."""
        task = asyncio.ensure_future(work)
        self.tasks.add(task)

        def ended(task):
            self.tasks.discard(task)
            if not task.cancelled() and task.exception():
                self.problem(f"JUDGE: {task.exception()!r}")

        task.add_done_callback(ended)
        return task

    async def until(self, holds, timeout):
        """Waits until `holds()` gives something true; returns it, or None after `timeout` seconds."""
        end = time.monotonic() + timeout
        while True:
            changed, found = self.changed, holds()
            if found:
                return found
            try:
                await asyncio.wait_for(changed.wait(), max(0.001, end - time.monotonic()))
            except asyncio.TimeoutError:
                return holds() or None
            # Python 3.11 forgets a cancellation that comes with the event (bpo-37658): a cut connection would live on.
            if asyncio.current_task().cancelling():
                raise asyncio.CancelledError

    # The verbs.

    async def verb_world(self, fields):
        fields.end()
        return self.world()

    async def verb_messages(self, fields):
        chat = fields.need("chat")
        fields.end()
        return {"messages": self.visible(chat)}

    async def verb_log(self, fields):
        since, name = fields.get("since", int, 0), fields.get("name", str)
        fields.end()
        entries = [entry for entry in self.log[since:] if name in (None, entry["name"])]
        return {"entries": entries, "problems": self.problems}

    async def verb_fault(self, fields):
        fault, at_once = self.faults.add(fields)
        self.note("control", "fault", fault=dict(fault))
        if at_once:
            await self.act_at_once(fault)
        return {"fault": fault}

    async def act_at_once(self, fault):
        """For faults that do not wait for a request or an event; a platform extends it."""

    async def verb_state(self, fields):
        fields.end()
        return self.state()

    def state(self):
        return {
            "open": self.open_connections(),
            "ever": self.ever,
            "pending": self.pending_events(),
            "faults": self.faults.waiting,
            "problems": self.problems,
            "clicks": list(self.clicks.values()),
        }

    async def verb_reset(self, fields):
        fields.end()
        await self.kick(None)
        for task in list(self.tasks):
            task.cancel()
        self.clear()
        return self.world()

    async def verb_kick(self, fields):
        code = fields.get("code", int)
        fields.end()
        return {"kicked": await self.kick(code)}

    async def kick(self, code):
        """Drops every open poll or socket without a word, or with a close code; returns how many."""
        raise NotImplementedError

    async def verb_wait(self, fields):
        timeout = fields.get("timeout", (int, float), 30)
        holds = self.predicate(fields)
        fields.end()
        found = await self.until(holds, timeout)
        if found:
            return {"found": found if isinstance(found, (list, dict)) else True}
        raise Refused(f"wait: not within {timeout} s: {json.dumps(fields.body)}; now {json.dumps(self.state())}", 408)

    def predicate(self, fields):
        """What to wait for, as a function; exactly one kind is asked."""
        asked = [
            name
            for name in ("messages", "requests", "open", "ever", "pending", "click", "reaction")
            if name in fields.body
        ]
        if len(asked) != 1:
            raise Refused("wait: name exactly one of messages, requests, open, ever, pending, click, reaction")
        kind = asked[0]
        if kind == "messages":
            return self.messages_predicate(Fields("wait.messages", fields.need("messages", dict)))
        if kind == "requests":
            inner = Fields("wait.requests", fields.need("requests", dict))
            name, count = inner.need("name", str), inner.get("count", int, 1)
            inner.end()

            def requests():
                done = [entry for entry in self.log if entry["name"] == name and entry.get("status", 0) is not None]
                return len(done) >= count and done

            return requests
        if kind == "reaction":
            inner = Fields("wait.reaction", fields.need("reaction", dict))
            chat, message, emoji = inner.need("chat"), str(inner.need("message")), inner.get("emoji", str)
            inner.end()
            return lambda: [
                r
                for m in self.visible(chat)
                if m["id"] == message
                for r in m["reactions"]
                if emoji in (None, r["emoji"])
            ]
        value = fields.need(kind)
        if kind == "open":
            return lambda: self.open_connections() == value
        if kind == "ever":
            return lambda: self.ever >= value
        if kind == "pending":
            return lambda: self.pending_events() == value
        return lambda: self.clicks.get(str(value), {}).get("answered") and self.clicks[str(value)]

    def messages_predicate(self, inner):
        chat, count = inner.need("chat"), inner.get("count", int, 1)
        author, contains = inner.get("from", str), inner.get("contains", str)
        thread, edited = inner.get("thread"), inner.get("edited", bool)
        inner.end()

        def messages():
            found = [
                message
                for message in self.visible(chat)
                if (author is None or author == message["from"] or (author == "bot" and message["is_self"]))
                and (contains is None or contains in message["text"])
                and (thread is None or str(thread) == message["thread"])
                and (edited is None or edited == message["edited"])
            ]
            return len(found) >= count and found

        return messages

    async def control(self, request):
        """One control request: `POST /_ctl/VERB` with a JSON object; GET asks with none."""
        name = request.match_info["verb"]
        try:
            verb = getattr(self, f"verb_{name}", None)
            if verb is None:
                known = sorted(each[5:] for each in dir(self) if each.startswith("verb_"))
                raise Refused(f"there is no verb '{name}'; {self.title} knows {known}", 404)
            try:
                body = json.loads(await request.text() or "{}")
            except ValueError as error:
                raise Refused(f"{name}: the body is no JSON: {error}") from None
            result = await verb(Fields(name, body))
            self.touch()
            return web.json_response(result)
        except Refused as error:
            return web.json_response({"error": str(error)}, status=error.status)
        except Exception as error:
            # A mistake of the judge itself: the test shall see it, not only the terminal.
            traceback.print_exc()
            return web.json_response({"error": f"JUDGE: {name}: {error!r}"}, status=500)

    def routes(self, app):
        """The platform's own routes."""
        raise NotImplementedError

    async def unknown_route(self, request):
        """What is no route of the platform is a mistake of the client, never a success."""
        self.note("request", f"{request.method} {request.path}", status=501)
        self.problem(f"JUDGE: there is no route {request.method} {request.path}")
        return web.json_response({"error": "JUDGE: no such route"}, status=501)

    def ready_line(self):
        return f"ready {self.port}"

    async def started(self):
        """Called once with the port known, before `ready` is printed."""

    async def ended(self):
        """Called once at the end."""


async def serve(judge):
    """Listens on loopback, prints `ready PORT`, and ends by signal (or with stdin, when asked)."""
    app = web.Application(client_max_size=LARGEST_BODY)
    app.router.add_route("*", "/_ctl/{verb}", judge.control)
    judge.routes(app)
    if not judge.takes_every_path:
        app.router.add_route("*", "/{rest:.*}", judge.unknown_route)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.2, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", judge.options.port)
    await site.start()
    judge.port = site._server.sockets[0].getsockname()[1]
    await judge.started()
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    if judge.options.watch_stdin:
        loop.add_reader(0, lambda: stop.set() if not sys.stdin.buffer.read1(4096) else None)
    print(judge.ready_line(), flush=True)
    await stop.wait()
    await judge.ended()
    for task in list(judge.tasks):
        task.cancel()
    await runner.cleanup()


def arguments(description):
    """The options that every judge has."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; 0 lets the system choose")
    parser.add_argument("--watch-stdin", action="store_true", help="end when stdin closes")
    return parser


def main(kind, parser):
    """Runs a judge until it is told to stop."""
    options = parser.parse_args()

    async def run():
        await serve(kind(options))

    asyncio.run(run())
