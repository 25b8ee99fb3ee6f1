"""Plays Discord on loopback: gateway and REST v10 with threads, buttons, slash commands, reactions, files, DMs.

simcord keeps the state and answers the routes with Discord's own permissions and error codes; what it does not know is
refused with 501. REST: http://127.0.0.1:PORT/api/v10; the gateway's address comes from there. Control: README.md.
"""

import datetime
import json
import urllib.parse

import simcord.backend.cdn
from aiohttp import web
from simcord import interactions
from simcord.backend import Backend, serializers

from control import Judge, Refused, arguments, described, given_files, main
from discord_gateway import Gateway
from discord_rest import Answer, Rest
from discord_text import visible
from faults import abort

TOKEN = "judge.discord.token"
FORUM = 15


class Clock:
    """The time of day, for snowflakes and deadlines."""

    def now(self):
        return datetime.datetime.now(datetime.timezone.utc)


class Discord(Judge):
    """The platform and its people."""

    title = "Discord"

    def clear(self):
        super().clear()
        self.token, self.revoked = self.options.token, False
        self.approved = {"members", "presences"} | (set() if self.options.without_content else {"message_content"})
        self.backend = Backend(clock=Clock())
        self.gateway, self.rest = Gateway(self), Rest(self)
        backend = self.backend
        owner = backend.make_user("owner")
        self.guild = backend.create_guild("Guild", owner_id=owner.id)
        self.users = {
            "alice": backend.make_user("alice", global_name="Alice"),
            "bob": backend.make_user("bob"),
            "carol": backend.make_user("carol"),
            "robot": backend.make_user("robot", bot=True),
        }
        for user in [backend.bot_user, *self.users.values()]:
            if user.id not in self.guild.members and user is not self.users["carol"]:
                backend.add_member(self.guild.id, user.id)
        self.names = {
            "group": backend.create_channel(self.guild.id, "general", type=0).id,
            "forum": backend.create_channel(self.guild.id, "forum", type=FORUM).id,
        }
        for name in ("alice", "bob", "carol"):
            self.names[f"dm:{name}"] = backend.get_dm_channel(self.users[name].id).id
        self.blocked = {self.names["dm:carol"]}
        backend.subscribers.append(self.emitted)

    def routes(self, app):
        app.router.add_get("/gateway", self.gateway_request)
        app.router.add_get("/gateway/", self.gateway_request)
        app.router.add_get("/gateway-resume", self.gateway_request)
        app.router.add_get("/gateway-resume/", self.gateway_request)
        app.router.add_get("/cdn/{rest:.*}", self.download)
        app.router.add_route("*", "/api/v10/{rest:.*}", self.rest_request)

    async def started(self):
        simcord.backend.cdn.CDN_BASE = f"http://127.0.0.1:{self.port}/cdn"

    async def gateway_request(self, request):
        return await self.gateway.handle(request)

    async def rest_request(self, request):
        return await self.rest.handle(request)

    async def download(self, request):
        """Attachments need no token but their signature in the query, as those of the platform do."""
        entry = self.note("request", "download", path=request.path, status=404)
        fault = self.faults.of_request("download")
        if fault and fault["mode"] in ("drop", "lost"):
            entry["status"] = 0
            return abort(request)
        if fault:
            entry["status"] = 429 if fault["mode"] == "429" else fault.get("status", 502)
            return web.Response(status=entry["status"], headers={"Retry-After": str(fault.get("retry_after", 1))})
        data = self.backend.cdn.get(f"http://127.0.0.1:{self.port}{request.path}")
        if data is None or request.query.get("hm") != "judge":
            return web.Response(status=404, text="This content is no longer available.")
        if request.headers.get("Authorization"):
            self.problem("JUDGE: the token was sent to the content server")
        entry["status"] = 200
        self.touch()
        return web.Response(body=data)

    def wire(self, value):
        """As JSON on the wire; addresses of attachments carry their signature."""
        if value is None:
            return None
        return self.signed(json.loads(json.dumps(value, default=str)))

    def signed(self, value):
        """Addresses of files are written as URLs are: names of files hold anything."""
        if isinstance(value, dict):
            return {key: self.signed(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.signed(each) for each in value]
        base = f"http://127.0.0.1:{self.port}/cdn/attachments/"
        if not isinstance(value, str) or not value.startswith(base) or value.endswith("&hm=judge"):
            return value
        return base + urllib.parse.quote(value.removeprefix(base)) + "?ex=1&is=1&hm=judge"

    def emitted(self, event, payload):
        payload = dict(payload)
        if event == "MESSAGE_CREATE" and self.rest.nonce is not None:
            payload["nonce"] = self.rest.nonce
        self.told = self.gateway.emit(event, payload)

    def refuse_closed(self, channel):
        """People who let nobody write to them, and forums, which take posts only."""
        if channel in self.blocked:
            raise Answer(403, 50007, "Cannot send messages to this user")
        if channel == self.names["forum"]:
            raise Answer(400, 50008, "Cannot send messages in a non-text channel")

    def answered(self, interaction, body):
        if interaction in self.clicks:
            self.clicks[interaction] |= {
                "answered": True,
                "type": body["type"],
                "text": (body.get("data") or {}).get("content"),
            }

    # What every judge tells.

    def open_connections(self):
        return len(self.gateway.connections)

    def pending_events(self):
        sessions = [session for session in self.gateway.sessions.values() if session.valid]
        return sum(session.sequence - session.confirmed for session in sessions) + (self.gateway.held is not None)

    def world(self):
        chats = {
            name: {"id": str(channel), "type": "private" if name.startswith("dm:") else name}
            for name, channel in self.names.items()
        }
        return {
            "bot": {
                "id": str(self.backend.bot_user.id),
                "name": self.backend.bot_user.name,
                "application": str(self.backend.application_id),
            },
            "users": {name: {"id": str(user.id), "is_bot": user.bot} for name, user in self.users.items()},
            "chats": chats,
            "threads": {},
            "guild": str(self.guild.id),
            "token": self.token,
            "api": f"http://127.0.0.1:{self.port}/api/v10",
        }

    def channel(self, name):
        found = self.names.get(name)
        if found is None and str(name).isdigit():
            found = int(name)
        if found not in self.backend.channels:
            raise Refused(f"there is no chat {name!r}; there are {sorted(self.names)} and threads by id")
        return self.backend.channels[found]

    def user(self, name):
        for key, user in self.users.items():
            if name in (key, str(user.id)):
                return user
        raise Refused(f"there is no user {name!r}; there are {sorted(self.users)}")

    def name_of(self, user):
        if user == self.backend.bot_user.id:
            return "bot"
        return next((name for name, each in self.users.items() if each.id == user), str(user))

    def message(self, channel, number):
        """A message of a channel or of one of its threads."""
        for where in [channel, *[each for each in self.backend.channels.values() if each.parent_id == channel.id]]:
            found = self.backend.messages.get(where.id, {}).get(int(number))
            if found:
                return found
        raise Refused(f"there is no message {number} in {channel.name or channel.id}")

    def visible(self, chat):
        channel = self.channel(chat)
        threads = [each for each in self.backend.channels.values() if each.parent_id == channel.id and each.is_thread]
        shown = []
        for where in [channel, *threads]:
            for message in self.backend.messages.get(where.id, {}).values():
                if message.type in (0, 19, 20, 23):
                    shown.append(self.shown(message, where))
        return sorted(shown, key=lambda message: int(message["id"]))

    def shown(self, message, where):
        reference = message.reference or {}
        cdn = self.backend.cdn
        return {
            "id": str(message.id),
            "chat": str(where.parent_id if where.is_thread else where.id),
            "thread": str(where.id) if where.is_thread else None,
            "from": self.name_of(message.author_id),
            "is_bot": self.backend.users[message.author_id].bot,
            "is_self": message.author_id == self.backend.bot_user.id,
            "text": visible(message.content),
            "source": message.content,
            "rich": bool(message.embeds),
            "embeds": message.embeds,
            "entities": [],
            "flags": message.flags,
            "pings": [self.name_of(user) for user in message.ping_user_ids] + ["everyone"] * message.mention_everyone,
            "reply_to": reference.get("message_id"),
            "edited": message.edited_timestamp is not None,
            "reactions": [
                {"emoji": each.emoji, "by": self.name_of(user)} for each in message.reactions for user in each.user_ids
            ],
            "files": [
                described(each["filename"], cdn.get(each["url"]), each["content_type"], description=each["description"])
                for each in message.attachments
            ],
            "buttons": [
                [
                    {
                        "label": button.get("label"),
                        "id": button.get("custom_id"),
                        "url": button.get("url"),
                        "disabled": button.get("disabled", False),
                    }
                    for button in row.get("components", [])
                ]
                for row in message.components
            ],
            "group": None,
        }

    async def kick(self, code):
        connections = list(self.gateway.connections)
        for connection in connections:
            if code is None:
                connection.abort()
            else:
                await connection.close(code, "kicked")
        return len(connections)

    async def act_at_once(self, fault):
        mode = fault["mode"]
        if mode == "revoke":
            self.revoked = True
            await self.kick(4004)
        elif mode == "restore":
            self.revoked = False
        elif mode == "close":
            await self.kick(int(fault.get("code", 4000)))
        elif mode == "conflict":
            raise Refused("fault: Discord lets two gateways be; there is no 'conflict'")
        for connection in list(self.gateway.connections):
            if mode == "reconnect":
                connection.send(7)
            elif mode == "invalid_session":
                resumable = fault.get("resumable", False)
                if connection.session and not resumable:
                    connection.session.valid = False
                connection.send(9, resumable)

    # What people do.

    async def verb_say(self, fields):
        channel, user = self.channel(fields.need("chat")), self.user(fields.get("user", default="alice"))
        text, thread = fields.get("text", str) or "", fields.get("thread")
        reply_to, mention = fields.get("reply_to"), fields.get("mention", bool)
        is_bot, files = fields.get("is_bot", bool), given_files(fields)
        fields.end()
        if is_bot:
            user = self.users["robot"]
        if mention:
            text = f"<@{self.backend.bot_user.id}> {text}".strip()
        if not text and not files:
            raise Refused("say: a message has text or files")
        if thread is not None:
            inner = self.channel(thread)
            if inner.parent_id != channel.id:
                raise Refused(f"say: {thread} is no thread of this chat")
            channel = inner
        if channel.type == FORUM:
            raise Refused("say: a forum has threads only; make one with the verb thread")
        reference = None
        if reply_to is not None:
            target = self.message(channel, reply_to)
            reference = {"message_id": str(target.id), "channel_id": str(channel.id)}
        attachments = self.backend.store_attachments(channel.id, [(name, data) for name, data, _, _ in files])
        for attachment, (_, _, mime, size) in zip(attachments, files):
            attachment |= {"content_type": mime, "size": size}
        self.told = False
        message = self.backend.create_message(channel.id, user.id, text, reference=reference, attachments=attachments)
        return {
            "id": str(message.id),
            "ids": [str(message.id)],
            "chat": str(channel.parent_id or channel.id),
            "thread": str(channel.id) if channel.is_thread else None,
            "delivered": self.told,
        }

    async def verb_edit(self, fields):
        message, text = (
            self.message(self.channel(fields.need("chat")), fields.need("message")),
            fields.need("text", str),
        )
        fields.end()
        self.told = False
        self.backend.edit_message(message.channel_id, message.id, {"content": text})
        return {"delivered": self.told}

    async def verb_unfurl(self, fields):
        """The platform adds a preview of a link: an update of the message that is no edit."""
        message = self.message(self.channel(fields.need("chat")), fields.need("message"))
        fields.end()
        message.embeds = [{"type": "link", "url": "https://example.org/", "title": "Example"}]
        self.told = False
        self.emitted("MESSAGE_UPDATE", serializers.message_payload(self.backend, message))
        return {"delivered": self.told}

    async def verb_delete(self, fields):
        message = self.message(self.channel(fields.need("chat")), fields.need("message"))
        fields.end()
        self.told = False
        self.backend.delete_message(message.channel_id, message.id)
        return {"delivered": self.told}

    async def verb_react(self, fields):
        message = self.message(self.channel(fields.need("chat")), fields.need("message"))
        user, emoji = self.user(fields.get("user", default="alice")), fields.need("emoji", str)
        action = fields.get("action", str, "add")
        fields.end()
        self.told = False
        change = self.backend.add_reaction if action == "add" else self.backend.remove_reaction
        change(message.channel_id, message.id, emoji, user.id)
        return {"delivered": self.told}

    async def verb_thread(self, fields):
        """A new thread: in a channel (from a message, when one is named) or a post in a forum."""
        channel, name = self.channel(fields.need("chat")), fields.need("name", str)
        user, message = self.user(fields.get("user", default="alice")), fields.get("message")
        fields.end()
        self.told = False
        thread = self.backend.create_thread(
            channel.id, name, user.id, message_id=self.message(channel, message).id if message else None
        )
        return {"thread": str(thread.id), "delivered": self.told}

    def interact(self, kind, channel, user, data, message=None):
        record, payload = interactions.base_payload(
            self.backend, type=kind, channel_id=channel.id, guild_id=channel.guild_id, user_id=user.id, data=data
        )
        if message is not None:
            payload["message"] = dict(serializers.message_payload(self.backend, message))
            record.source_message_id = message.id
        click = str(record.id)
        self.clicks[click] = {"id": click, "answered": False, "text": None}
        self.told = False
        self.emitted("INTERACTION_CREATE", payload)
        return {"click": click, "delivered": self.told}

    async def verb_click(self, fields):
        message = self.message(self.channel(fields.need("chat")), fields.need("message"))
        user, wanted = self.user(fields.get("user", default="alice")), fields.need("button", str)
        fields.end()
        buttons = [button for row in message.components for button in row.get("components", [])]
        button = next((b for b in buttons if wanted in (b.get("label"), b.get("custom_id"))), None)
        if button is None or button.get("disabled") or not button.get("custom_id"):
            raise Refused(f"click: no such button; the message has {[b.get('label') for b in buttons]}")
        data = {"custom_id": button["custom_id"], "component_type": button["type"], "id": 2}
        return self.interact(3, self.backend.channels[message.channel_id], user, data, message)

    async def verb_command(self, fields):
        """A slash command that the bot has registered; `text` fills its first option, `options` all by name."""
        channel, name = self.channel(fields.need("chat")), fields.need("name", str)
        user, text = self.user(fields.get("user", default="alice")), fields.get("text", str)
        options = fields.get("options", dict, {})
        fields.end()
        known = [
            command for scope in (None, self.guild.id) for command in self.backend.commands.get(scope, {}).values()
        ]
        command = next((each for each in known if each["name"] == name), None)
        if command is None:
            raise Refused(f"command: the bot has registered {sorted(each['name'] for each in known)}")
        declared = command.get("options") or []
        if text and not options and declared:
            options = {declared[0]["name"]: text}
        given = interactions.check_options(name, command, options)
        data = {
            "id": command["id"],
            "name": name,
            "type": command["type"],
            "options": [
                {"name": each["name"], "type": each["type"], "value": given[each["name"]]}
                for each in declared
                if each["name"] in given
            ],
        }
        return self.interact(2, channel, user, data)

    async def verb_membership(self, fields):
        """A person blocks the bot or not (dm: block, unblock), joins or leaves; without a user: the bot leaves."""
        channel, action = self.channel(fields.need("chat")), fields.need("action", str)
        who = fields.get("user")
        fields.end()
        self.told = False
        if channel.guild_id is None:
            if action not in ("block", "unblock"):
                raise Refused("membership: in a DM it is block or unblock")
            (self.blocked.add if action == "block" else self.blocked.discard)(channel.id)
        elif who is None and action in ("leave", "kick"):
            self.backend.remove_guild(self.guild.id)
        elif who is not None and action == "join":
            self.backend.add_member(self.guild.id, self.user(who).id, announce=True)
        elif who is not None and action == "leave":
            self.backend.remove_member(self.guild.id, self.user(who).id)
        else:
            raise Refused("membership: join or leave for a user, leave for the bot")
        return {"delivered": self.told}


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--heartbeat", type=int, default=5000, help="the interval in ms")
    parser.add_argument("--nonce-life", type=float, default=180, help="how long a nonce is known, in seconds")
    parser.add_argument("--without-content", action="store_true", help="the portal has not approved message content")
    parser.add_argument("--enforce-limits", action="store_true", help="answer 429 beyond five requests a second")
    main(Discord, parser)
