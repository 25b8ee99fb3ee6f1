"""What a judge is told to do wrong, and when: faults of requests, of events, and those that happen at once."""

import asyncio
import fnmatch

from aiohttp import web

# Of a request: answered with an error, or its connection ends before or after the work.
REQUEST_MODES = {"429", "5xx", "error", "drop", "lost", "hang", "garbled", "huge"}
# Of the next event: sent twice, or after the one that follows it.
EVENT_MODES = {"duplicate", "reorder"}
# At once: what they do is the platform's own.
IMMEDIATE_MODES = {"reconnect", "invalid_session", "close", "revoke", "restore", "conflict"}


class Faults:
    """The faults that wait for their moment, in the order they came."""

    def __init__(self):
        self.waiting = []

    def add(self, fields):
        """A fault from a control request, and whether it happens now: the gateway's do unless `on` names a frame."""
        mode = fields.need("mode", str)
        known = REQUEST_MODES | EVENT_MODES | IMMEDIATE_MODES
        if mode not in known:
            from control import Refused

            raise Refused(f"fault: unknown mode '{mode}'; it is one of {sorted(known)}")
        at_once = mode in IMMEDIATE_MODES and fields.body.get("on", "*") == "*"
        fault = {
            "on": fields.get("on", str, "*"),
            "count": fields.get("count", int, 1),
            "mode": mode,
            "skip": fields.get("skip", int, 0),
        }
        for name, kinds in (
            ("retry_after", (int, float)),
            ("status", int),
            ("code", (int, str)),
            ("description", str),
            ("resumable", bool),
            ("reason", str),
            ("scope", str),
            ("over", int),
        ):
            value = fields.get(name, kinds)
            if value is not None:
                fault[name] = value
        fields.end()
        if not at_once:
            self.waiting.append(fault)
        return fault, at_once

    def _take(self, modes, names, exact=False):
        for fault in list(self.waiting):
            if fault["mode"] not in modes or not (
                fault["on"] == "*" and not exact or any(fnmatch.fnmatchcase(n, fault["on"].lower()) for n in names)
            ):
                continue
            if fault["skip"] > 0:
                fault["skip"] -= 1
                continue
            fault["count"] -= 1
            if fault["count"] <= 0:
                self.waiting.remove(fault)
            return fault
        return None

    def of_request(self, *names):
        """The fault of this request, if any, by any of its names; it is used up."""
        return self._take(REQUEST_MODES, {name.lower() for name in names})

    def of_frame(self, name):
        """The fault of this frame of a gateway, if any; it is used up."""
        return self._take({"close", "invalid_session", "hang", "drop"}, {name.lower()}, exact=True)

    def of_event(self, *names):
        """The fault of this event, if any; it is used up."""
        return self._take(EVENT_MODES, {name.lower() for name in names})


def abort(request):
    """Ends a connection without a word, as a cut cable does; the response it returns reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


async def hang(request):
    """Says nothing until the other side gives up or the judge ends."""
    while request.transport is not None and not request.transport.is_closing():
        await asyncio.sleep(0.05)
    return web.Response(status=500)
