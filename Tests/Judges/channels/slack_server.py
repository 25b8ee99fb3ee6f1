"""Plays Slack on loopback: Web API, Socket Mode, signed events by HTTP, files, buttons, slash commands, installing.

Parameters are checked by slack_sdk's signatures and blocks by its models. API: http://127.0.0.1:PORT/api/METHOD. Control:
README.md.
"""

import json
import time
import urllib.parse
import uuid

from aiohttp import web

from control import Judge, Refused, arguments, described, main
from faults import abort, hang
from slack_calls import CallError, checked
from slack_events import Events
from slack_methods import Methods
from slack_people import People
from slack_routes import Routes
from slack_text import EMOJI, visible_markdown, visible_mrkdwn

OPEN_METHODS = {"oauth.v2.access"}


class Record:
    """One message: what the API shows of it, and what it does not show."""

    def __init__(self, data):
        self.data, self.markdown, self.broadcast, self.streaming = data, None, False, False
        self.reactions, self.files, self.edited = {}, [], False


class Slack(Routes, People, Judge):
    """The workspace and its people."""

    title = "Slack"
    team, app_id, bot_id, client = "T0JUDGE001", "A0JUDGE001", "B0JUDGE001", ("123.456", "judge-client-secret")

    def clear(self):
        super().clear()
        self.token, self.app_token = self.options.token, self.options.app_token
        self.revoked, self.count, self.responses, self.codes = False, 0, {}, {}
        self.people = {}
        for name, number, more in (
            ("bot", "U0BOT00001", {"is_bot": True}),
            ("alice", "U0ALICE001", {}),
            ("bob", "U0BOB00001", {}),
            ("carol", "U0CAROL001", {"deleted": True}),
            ("robot", "U0ROBOT001", {"is_bot": True}),
        ):
            self.people[number] = {
                "id": number,
                "team_id": self.team,
                "name": name,
                "real_name": name.title(),
                "is_bot": False,
                "deleted": False,
                "tz": "Europe/Paris",
                **more,
                "profile": {"display_name": name, "real_name": name.title(), "email": f"{name}@example.com"},
            }
        self.users = {person["name"]: number for number, person in self.people.items()}
        self.bot = self.people["U0BOT00001"]
        self.channels = {
            "C0GROUP001": {
                "id": "C0GROUP001",
                "name": "group",
                "is_channel": True,
                "is_private": False,
                "is_member": True,
            },
            "C0CLOSED01": {
                "id": "C0CLOSED01",
                "name": "closed",
                "is_channel": False,
                "is_group": True,
                "is_private": True,
                "is_member": True,
            },
            "C0OTHER001": {
                "id": "C0OTHER001",
                "name": "other",
                "is_channel": True,
                "is_private": False,
                "is_member": False,
            },
        }
        self.names = {"group": "C0GROUP001", "closed": "C0CLOSED01", "other": "C0OTHER001"}
        self.dms, self.records, self.files = {}, {}, {}
        for name in ("alice", "bob", "carol"):
            self.names[f"dm:{name}"] = self.open_dm(self.users[name])
        self.events, self.methods = Events(self), Methods(self)

    def routes(self, app):
        app.router.add_route("*", "/api/{method}", self.api)
        app.router.add_get("/link/", self.link)
        app.router.add_post("/upload/v1/{file}", self.upload)
        app.router.add_get("/files-pri/{file}/{name}", self.download)
        app.router.add_post("/respond/{name}", self.respond)
        app.router.add_get("/oauth/v2/authorize", self.authorize)

    async def link(self, request):
        return await self.events.link(request)

    # State.

    def stamp(self):
        self.count += 1
        return f"{int(time.time())}.{self.count:06d}"

    def open_dm(self, person):
        if person not in self.dms:
            channel = f"D0{person[2:]}"
            self.dms[person] = channel
            self.channels[channel] = {"id": channel, "is_im": True, "user": person, "is_member": True}
        return self.dms[person]

    def kind(self, channel):
        return "im" if channel.get("is_im") else "private_channel" if channel["is_private"] else "public_channel"

    def new_file(self, name, data, length, mime, owner):
        number = f"F0{len(self.files) + 1:08d}"
        self.files[number] = {"name": name, "data": data, "length": length, "mime": mime, "owner": owner, "shares": {}}
        return number

    def file_object(self, number):
        file = self.files[number]
        url = f"http://127.0.0.1:{self.port}/files-pri/{number}/{urllib.parse.quote(file['name'])}"
        kind = file["name"].rsplit(".", 1)[-1] if "." in file["name"] else "binary"
        return {
            "id": number,
            "created": int(time.time()),
            "timestamp": int(time.time()),
            "name": file["name"],
            "title": file["name"],
            "mimetype": file["mime"] or "application/octet-stream",
            "filetype": kind,
            "pretty_type": kind.upper(),
            "user": file["owner"],
            "user_team": self.team,
            "editable": False,
            "size": file["length"],
            "mode": "hosted",
            "is_external": False,
            "external_type": "",
            "is_public": True,
            "url_private": url,
            "url_private_download": url + "?download=1",
            "permalink": url,
            "has_rich_preview": False,
            "file_access": "visible",
            "shares": file["shares"],
        }

    def scene(self, channel):
        found = self.channels[channel]
        return "im" if found.get("is_im") else "group" if found["is_private"] else "channel"

    async def tell(self, event):
        self.told = await self.events.event(event)

    async def post(self, channel, author, fields, markdown=None, broadcast=False, files=()):
        """Stores a message and tells the app, of its own messages too."""
        ts = self.stamp()
        data = {"type": "message", "user": author, "ts": ts, "team": self.team}
        data |= {key: value for key, value in fields.items() if value not in (None, [], "")}
        data.setdefault("text", "")
        if author == self.bot["id"]:
            data |= {"bot_id": self.bot_id, "app_id": self.app_id}
        if files:
            for number in files:
                share = {"ts": ts, "channel_name": self.channels[channel].get("name", "")}
                self.files[number]["shares"].setdefault("public", {}).setdefault(channel, []).append(share)
            data |= {"subtype": "file_share", "files": [self.file_object(number) for number in files], "upload": True}
        if data.get("thread_ts"):
            data["parent_user_id"] = self.records[(channel, data["thread_ts"])].data["user"]
        if broadcast:
            data["subtype"] = "thread_broadcast"
        record = Record(data)
        record.markdown, record.broadcast, record.files = markdown, broadcast, list(files)
        self.records[(channel, ts)] = record
        await self.tell({**data, "channel": channel, "channel_type": self.scene(channel), "event_ts": ts})
        return record

    async def change(self, channel, record, change, markdown=None, edited=True):
        before = dict(record.data)
        record.data = {**record.data, **change}
        record.markdown = markdown
        if edited:
            record.data["edited"] = {"user": record.data["user"], "ts": self.stamp()}
            record.edited = True
        await self.tell(
            {
                "type": "message",
                "subtype": "message_changed",
                "hidden": True,
                "channel": channel,
                "ts": self.stamp(),
                "event_ts": self.stamp(),
                "channel_type": self.scene(channel),
                "message": record.data,
                "previous_message": before,
            }
        )

    async def remove(self, channel, record):
        del self.records[(channel, record.data["ts"])]
        await self.tell(
            {
                "type": "message",
                "subtype": "message_deleted",
                "hidden": True,
                "channel": channel,
                "ts": self.stamp(),
                "event_ts": self.stamp(),
                "channel_type": self.scene(channel),
                "deleted_ts": record.data["ts"],
                "previous_message": record.data,
            }
        )

    async def react(self, channel, record, user, name, add):
        users = record.reactions.setdefault(name, [])
        (users.append if add else users.remove)(user)
        await self.tell(
            {
                "type": "reaction_added" if add else "reaction_removed",
                "user": user,
                "reaction": name,
                "item": {"type": "message", "channel": channel, "ts": record.data["ts"]},
                "item_user": record.data["user"],
                "event_ts": self.stamp(),
            }
        )

    # The platform's routes.

    async def api(self, request):
        name = request.match_info["method"]
        entry = self.note("request", name, method=request.method, body=None, files=[], status=None)
        try:
            from_json = request.content_type == "application/json"
            fields = json.loads(await request.text() or "{}") if from_json else dict(await request.post())
            fields = {**request.query, **fields}
            entry["body"] = fields
            fault = self.faults.of_request(name)
            if fault and fault["mode"] in ("drop", "hang"):
                return abort(request) if fault["mode"] == "drop" else await hang(request)
            if fault and fault["mode"] == "429":
                entry["status"] = 429
                return web.json_response(
                    {"ok": False, "error": "ratelimited"},
                    status=429,
                    headers={"Retry-After": str(int(fault.get("retry_after", 1)))},
                )
            if fault and fault["mode"] == "5xx":
                entry["status"] = fault.get("status", 503)
                return web.Response(status=entry["status"], text="upstream connect error")
            try:
                if fault and fault["mode"] == "error":
                    raise CallError(str(fault.get("code", "internal_error")))
                self.authorise(name, request, fields)
                answer = {"ok": True, **await self.methods.call(name, checked(name, fields, from_json))}
            except CallError as error:
                answer = {"ok": False, "error": error.error, **error.more}
                entry["error"] = error.error
                if "JUDGE" in json.dumps(answer) or error.error == "unknown_method":
                    self.problem(f"JUDGE: {name}: {json.dumps(answer)}")
            if fault and fault["mode"] == "lost":
                return abort(request)
            entry["status"], entry["result"] = 200, answer
            return web.json_response(answer, headers={"X-Slack-Req-Id": uuid.uuid4().hex})
        finally:
            if entry["status"] is None:
                entry["status"] = 0
            self.touch()

    def authorise(self, name, request, fields):
        if name in OPEN_METHODS:
            return
        if "token" in fields:
            self.problem(f"JUDGE: {name}: the token belongs in the header")
            raise CallError("not_authed")
        given = request.headers.get("Authorization", "")
        wanted = self.app_token if name.startswith("apps.") else self.token
        if not given:
            raise CallError("not_authed")
        if self.revoked:
            raise CallError("token_revoked")
        if given not in (f"Bearer {self.token}", f"Bearer {self.app_token}"):
            raise CallError("invalid_auth")
        if given != f"Bearer {wanted}":
            raise CallError("not_allowed_token_type")

    # What every judge tells.

    def open_connections(self):
        return len(self.events.sockets)

    def pending_events(self):
        return len(self.events.waiting) + self.events.posting + (self.events.held is not None)

    def state(self):
        return {**super().state(), "lost": self.events.lost}

    def world(self):
        return {
            "bot": {"id": self.bot["id"], "name": self.bot["name"], "bot_id": self.bot_id, "app_id": self.app_id},
            "users": {
                name: {"id": number, "is_bot": self.people[number]["is_bot"]} for name, number in self.users.items()
            },
            "chats": {name: {"id": channel, "type": self.scene(channel)} for name, channel in self.names.items()},
            "threads": {},
            "team": self.team,
            "token": self.token,
            "app_token": self.app_token,
            "signing_secret": self.options.signing_secret,
            "client_id": self.client[0],
            "client_secret": self.client[1],
            "api": f"http://127.0.0.1:{self.port}/api/",
        }

    def channel(self, name):
        found = self.names.get(name, name)
        if found not in self.channels:
            raise Refused(f"there is no chat {name!r}; there are {sorted(self.names)}")
        return found

    def user(self, name):
        found = self.users.get(name, name)
        if found not in self.people:
            raise Refused(f"there is no user {name!r}; there are {sorted(self.users)}")
        return found

    def record(self, channel, ts):
        found = self.records.get((channel, str(ts)))
        if found is None:
            raise Refused(f"there is no message {ts} in {channel}")
        return found

    def visible(self, chat):
        channel = self.channel(chat)
        return [self.shown(channel, record) for (where, _), record in sorted(self.records.items()) if where == channel]

    def shown(self, channel, record):
        data, names = record.data, {number: person["name"] for number, person in self.people.items()}
        names |= {number: found.get("name", number) for number, found in self.channels.items()}
        source = record.markdown if record.markdown is not None else data["text"]
        parts = []
        for block in data.get("blocks", []):
            if block["type"] == "markdown":
                parts.append(visible_markdown(block["text"]))
            for text in [block.get("text"), *block.get("fields", [])]:
                if isinstance(text, dict):
                    parts.append(visible_mrkdwn(text["text"], names) if text["type"] == "mrkdwn" else text["text"])
        text = visible_markdown(source) if record.markdown is not None else visible_mrkdwn(source, names)
        return {
            "id": data["ts"],
            "chat": channel,
            "thread": data.get("thread_ts"),
            "from": self.people[data["user"]]["name"],
            "is_bot": self.people[data["user"]]["is_bot"],
            "is_self": data["user"] == self.bot["id"],
            "text": "\n".join(parts) if parts else text,
            "fallback": text,
            "source": source,
            "rich": record.markdown is not None,
            "entities": [],
            "blocks": data.get("blocks", []),
            "reply_to": data.get("thread_ts"),
            "edited": record.edited,
            "streaming": record.streaming,
            "reactions": [
                {"emoji": EMOJI.get(name.split("::")[0], name), "name": name, "by": self.people[user]["name"]}
                for name, users in record.reactions.items()
                for user in users
            ],
            "files": [
                described(self.files[f]["name"], self.files[f]["data"] or b"", self.files[f]["mime"])
                for f in record.files
            ],
            "buttons": [
                [
                    {
                        "label": each["text"]["text"],
                        "id": each.get("action_id"),
                        "value": each.get("value"),
                        "url": each.get("url"),
                    }
                    for each in block["elements"]
                    if each["type"] == "button"
                ]
                for block in data.get("blocks", [])
                if block["type"] == "actions"
            ],
            "group": None,
        }

    async def kick(self, code):
        sockets = list(self.events.sockets)
        for each in sockets:
            if code is None:
                abort(each["request"])
            else:
                await each["socket"].close(code=code)
        return len(sockets)

    async def act_at_once(self, fault):
        mode = fault["mode"]
        if mode == "revoke":
            self.revoked = True
            await self.tell({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [self.bot["id"]]}})
        elif mode == "restore":
            self.revoked = self.events.disabled = False
        elif mode == "reconnect":
            self.events.disconnect(fault.get("reason", "refresh_requested"))
        elif mode == "close":
            await self.kick(int(fault.get("code", 1001)))
        else:
            raise Refused(f"fault: Slack has no '{mode}'")

    def answered(self, click, payload):
        if click in self.clicks:
            self.clicks[click] |= {"answered": True, "text": (payload or {}).get("text"), "payload": payload}
            self.touch()


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--token", default="xoxb-judge-token")
    parser.add_argument("--app-token", default="xapp-judge-token")
    parser.add_argument("--signing-secret", default="judge-signing-secret")
    parser.add_argument("--ack-timeout", type=float, default=3, help="seconds to acknowledge an envelope")
    main(Slack, parser)
