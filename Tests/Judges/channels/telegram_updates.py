"""The queue of updates of the Telegram judge: long polling with its conflicts, or a webhook with its retries."""

import asyncio
import json

import aiogram.types
import aiohttp
from pydantic import BaseModel

from faults import abort

# What is sent only to those who name it.
ON_REQUEST = {"message_reaction", "message_reaction_count", "chat_member"}


def unknown_fields(value, path=""):
    """The paths of fields that aiogram's models do not know, at any depth."""
    if isinstance(value, BaseModel):
        for name in value.model_extra or {}:
            yield f"{path}{name}"
        for name in type(value).model_fields:
            yield from unknown_fields(getattr(value, name), f"{path}{name}.")
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            yield from unknown_fields(item, f"{path}{number}.")


class Conflict(Exception):
    """Another poller, or a webhook: the words of the API after `Conflict: `."""


class Updates:
    """What is to be told to the bot, in order, each once it is confirmed never again (unless a fault says so)."""

    def __init__(self, judge):
        self.judge = judge
        self.queue, self.replay, self.held = [], [], None
        self.number, self.allowed, self.webhook, self.webhook_error = 1000, None, None, None
        self.polls, self.conflicts = {}, 0
        self.posting = None

    def wants(self, kind):
        return kind in self.allowed if self.allowed else kind not in ON_REQUEST

    def add(self, kind, payload):
        """Queues an update if the bot asked for its kind; says whether it did."""
        if not self.wants(kind):
            return False
        fault = self.judge.faults.of_event(kind)
        if fault and fault["mode"] == "reorder":
            self.held = (kind, payload)
            return True
        self._number(kind, payload, fault is not None)
        if self.held:
            held, self.held = self.held, None
            self._number(*held, False)
        return True

    def _number(self, kind, payload, twice):
        self.number += 1
        update = {"update_id": self.number, kind: payload}
        update = json.loads(json.dumps(update))
        for path in unknown_fields(aiogram.types.Update.model_validate(update)):
            self.judge.problem(f"JUDGE: made an update with the unknown field {path}")
        self.queue.append(update)
        if twice:
            self.replay.append(update)
        self.judge.touch()

    async def poll(self, request, offset, limit, timeout, allowed):
        """One getUpdates: what there is, or what comes within the timeout."""
        if self.webhook:
            raise Conflict(
                "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
            )
        if allowed is not None:
            self.allowed = set(allowed) or None
        again = []
        if offset > 0:
            again = [update for update in self.replay if update["update_id"] < offset]
            self.replay = [update for update in self.replay if update not in again]
            self.queue = [update for update in self.queue if update["update_id"] >= offset]
        elif offset < 0:
            self.queue = self.queue[offset:]
        for other in self.polls.values():
            other["over"] = True
        me = {"over": False, "request": request}
        self.judge.ever += 1
        self.polls[self.judge.ever] = me
        key = self.judge.ever
        self.judge.touch()
        try:

            def holds():
                return me["over"] or self.conflicts or (again + self.queue)

            await self.judge.until(holds, timeout)
            if me["over"] or self.conflicts:
                self.conflicts = max(0, self.conflicts - (not me["over"]))
                raise Conflict(
                    "terminated by other getUpdates request; make sure that only one bot instance is running"
                )
            return (again + self.queue)[:limit]
        finally:
            del self.polls[key]
            self.judge.touch()

    def kick(self):
        """Cuts the connections of all open polls."""
        polls = list(self.polls.values())
        for poll in polls:
            abort(poll["request"])
        return len(polls)

    def set_webhook(self, url, secret, allowed, drop):
        if drop:
            self.queue = []
        if allowed is not None:
            self.allowed = set(allowed) or None
        self.webhook, self.webhook_error = ({"url": url, "secret": secret} if url else None), None
        if self.posting:
            self.posting.cancel()
            self.posting = None
        for poll in self.polls.values():
            poll["over"] = True
        if self.webhook:
            self.posting = self.judge.spawn(self.post(dict(self.webhook)))
        self.judge.touch()

    async def post(self, hook):
        """Posts one update after the other; one that is not answered with 2xx comes again."""
        headers = {"X-Telegram-Bot-Api-Secret-Token": hook["secret"]} if hook["secret"] else {}
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
            delay = 0.1
            while True:
                await self.judge.until(lambda: self.queue, 3600)
                if not self.queue:
                    continue
                update = self.queue[0]
                entry = self.judge.note("delivery", "webhook", url=hook["url"], body=update, status=None)
                try:
                    async with session.post(hook["url"], json=update, headers=headers) as response:
                        text = await response.text()
                        entry["status"] = response.status
                except (aiohttp.ClientError, asyncio.TimeoutError) as error:
                    entry["status"], text = 0, repr(error)
                if 200 <= entry["status"] < 300:
                    delay = 0.1
                    self.queue = [other for other in self.queue if other is not update]
                    if update in self.replay:
                        self.replay.remove(update)
                        self.queue.insert(0, dict(update))
                    if text.strip()[:1] == "{" and "method" in json.loads(text):
                        self.judge.problem("JUDGE: methods in the answer to a webhook are not played here")
                else:
                    self.webhook_error = f"Wrong response from the webhook: {entry['status']}"
                    await asyncio.sleep(delay)
                    delay = min(2, delay * 2)
                self.judge.touch()
