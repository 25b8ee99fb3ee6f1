"""Plays the Telegram Bot API on loopback: long polling, webhooks, topics, replies, reactions, buttons, files.

Each request is checked by aiogram's method models (unknown parameters at any depth are refused), each text goes through
TDLib's own parser, each update is checked by aiogram's types. Base of the API: http://127.0.0.1:PORT/bot<token>/METHOD;
files: http://127.0.0.1:PORT/file/bot<token>/PATH. Control: README.md.
"""

import json
import typing

import aiogram.methods
from aiogram.types import BufferedInputFile, ChatMemberAdministrator
from aiohttp import web
from pydantic import ValidationError

from control import Fields, Judge, Refused, arguments, described, given_files, main
from faults import abort, hang
from telegram_methods import ApiError, Methods
from telegram_text import automatic, units
from telegram_updates import Updates, unknown_fields
from telegram_world import World

TOKEN = "4242:JUDGE-TOKEN"
MODELS = {}
for each in aiogram.methods.__all__:
    model = getattr(aiogram.methods, each)
    if isinstance(getattr(model, "__api_method__", None), str):
        MODELS[model.__api_method__.lower()] = model


def is_text(annotation):
    return annotation is str or str in typing.get_args(annotation)


class Telegram(Judge):
    """The platform and its people."""

    title = "Telegram"

    def clear(self):
        super().clear()
        self.token, self.revoked = self.options.token, False
        self.world_state = World(int(self.token.split(":")[0]))
        self.updates = Updates(self)
        self.methods = Methods(self)

    def routes(self, app):
        app.router.add_route("*", "/bot{token}/{method}", self.api)
        app.router.add_get("/file/bot{token}/{path:.*}", self.file)

    # The platform's side.

    async def fields_of(self, request):
        """Parameters from query, form or JSON, and the parts that are files."""
        fields, files = dict(request.query), {}
        if request.content_type.startswith("multipart/"):
            async for part in await request.multipart():
                data = bytes(await part.read())
                if part.filename is not None:
                    files[part.name] = (part.filename, data, part.headers.get("Content-Type"))
                else:
                    fields[part.name] = data.decode()
        elif request.content_type == "application/x-www-form-urlencoded":
            fields |= dict(await request.post())
        elif request.can_read_body:
            if request.content_type != "application/json":
                raise ApiError(400, f"JUDGE: content type {request.content_type!r} is none that the API takes")
            fields |= json.loads(await request.text())
        return fields, files

    def checked(self, name, fields, files):
        """The parameters as values; what aiogram's model of the method does not know is refused."""
        model = MODELS.get(name.lower())
        if model is None:
            self.problem(f"JUDGE: the Bot API has no method {name}")
            raise ApiError(404, "Not Found")
        known = model.model_fields
        for key, value in fields.items():
            # In forms all values are strings: those of another type are written as JSON.
            if isinstance(value, str) and key in known and not is_text(known[key].annotation) and value[:1] in "[{":
                try:
                    fields[key] = json.loads(value)
                except ValueError:
                    raise ApiError(400, f"Bad Request: can't parse {key} JSON object") from None
        deprecated = [
            key for key in fields if (known.get(key) and known[key].json_schema_extra or {}).get("deprecated")
        ]
        referred = json.dumps(fields)
        stray = [key for key in files if key not in known and f"attach://{key}" not in referred]
        probe = {**fields, **{key: BufferedInputFile(part[1], part[0]) for key, part in files.items() if key in known}}
        try:
            unknown = list(unknown_fields(model.model_validate(probe)))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise ApiError(400, f"JUDGE: {model.__api_method__}: {where}: {first['msg']}") from None
        if unknown or deprecated or stray:
            raise ApiError(
                400,
                f"JUDGE: {model.__api_method__}: unknown {unknown}, deprecated {deprecated}, "
                f"files that nothing names {stray}",
            )
        return model.__api_method__, fields

    async def api(self, request):
        name = request.match_info["method"]
        entry = self.note("request", name, method=request.method, status=None, body=None, files=[])
        try:
            try:
                fields, files = await self.fields_of(request)
                entry["body"] = fields
                entry["files"] = [described(part[0], part[1], part[2], field=key) for key, part in files.items()]
                if self.revoked or request.match_info["token"] != self.token:
                    raise ApiError(401, "Unauthorized")
                fault = self.faults.of_request(name)
                if fault and fault["mode"] in ("drop", "hang"):
                    return abort(request) if fault["mode"] == "drop" else await hang(request)
                if fault:
                    self.answer_fault(fault)
                entry["name"], fields = self.checked(name, fields, files)
                result = await self.methods.call(entry["name"], fields, files, request)
                if fault and fault["mode"] == "lost":
                    return abort(request)
                entry["status"] = 200
                entry["result"] = result if entry["name"] != "getUpdates" else [u["update_id"] for u in result]
                return web.json_response({"ok": True, "result": result})
            except ApiError as error:
                return self.refusal(entry, error)
        finally:
            if entry["status"] is None:
                entry["status"] = 0
            self.touch()

    def refusal(self, entry, error):
        entry["status"], entry["error"] = error.code, error.description
        if "JUDGE" in error.description and error.code != 501:
            self.problem(error.description)
        answer = {"ok": False, "error_code": error.code, "description": error.description}
        headers = {}
        if error.parameters:
            answer["parameters"] = error.parameters
            if "retry_after" in error.parameters:
                headers["Retry-After"] = str(error.parameters["retry_after"])
        return web.json_response(answer, status=error.code, headers=headers)

    def answer_fault(self, fault):
        """Raises the answer that a fault asks for; one of the mode `lost` has none."""
        mode = fault["mode"]
        if mode == "429":
            after = int(fault.get("retry_after", 1))
            raise ApiError(429, f"Too Many Requests: retry after {after}", {"retry_after": after})
        if mode == "5xx":
            status = fault.get("status", 502)
            raise ApiError(status, "Bad Gateway" if status == 502 else "Internal Server Error")
        if mode == "error":
            raise ApiError(int(fault.get("status", fault.get("code", 400))), fault.get("description", "Bad Request"))

    async def file(self, request):
        entry = self.note("request", "download", method="GET", path=request.match_info["path"], status=None)
        fault = self.faults.of_request("download")
        path = request.match_info["path"].removeprefix("documents/")
        try:
            if fault and fault["mode"] in ("drop", "hang", "lost"):
                return await hang(request) if fault["mode"] == "hang" else abort(request)
            if fault:
                self.answer_fault(fault)
            if self.revoked or request.match_info["token"] != self.token or path not in self.world_state.files:
                raise ApiError(404, "Not Found")
            entry["status"] = 200
            return web.Response(body=self.world_state.files[path]["data"], content_type="application/octet-stream")
        except ApiError as error:
            return self.refusal(entry, error)
        finally:
            if entry["status"] is None:
                entry["status"] = 0
            self.touch()

    # What every judge tells.

    def open_connections(self):
        return len(self.updates.polls)

    def pending_events(self):
        return len(self.updates.queue) + len(self.updates.replay) + (self.updates.held is not None)

    def visible(self, chat):
        return self.world_state.visible(self.world_state.chat_id(chat))

    def world(self):
        return {**self.world_state.table(), "token": self.token, "api": f"http://127.0.0.1:{self.port}"}

    async def kick(self, code):
        return self.updates.kick()

    async def act_at_once(self, fault):
        if fault["mode"] == "revoke":
            self.revoked = True
            self.updates.kick()
        elif fault["mode"] == "restore":
            self.revoked = False
        elif fault["mode"] == "conflict":
            self.updates.conflicts += fault["count"]
            self.touch()
        elif fault["mode"] in ("reconnect", "invalid_session", "close"):
            raise Refused(f"fault: Telegram has no '{fault['mode']}': it has no gateway")

    # What people do.

    def delivered(self, chat, message, kind):
        """Whether the bot gets a message: in groups privacy mode hides what does not speak to it."""
        world = self.world_state
        if world.standing[chat] in ("blocked", "kicked", "left", "robot"):
            return False
        text = message.get("text", message.get("caption", ""))
        if world.chats[chat]["type"] in ("group", "supergroup") and world.standing[chat] == "member":
            me, reply = world.bot["username"].lower(), message.get("reply_to_message", {})
            mentioned = f"@{me}" in text.lower()
            command = text.startswith("/") and (mentioned or "@" not in text.split()[0])
            if not (mentioned or command or reply.get("from", {}).get("id") == world.bot["id"]):
                return False
        if message.get("from", {}).get("is_bot"):
            return False
        return self.updates.add(kind, message)

    async def verb_say(self, fields: Fields):
        world = self.world_state
        chat, user = world.chat_id(fields.need("chat")), world.user(fields.get("user", default="alice"))
        text, thread = fields.get("text", str), fields.get("thread")
        reply_to, mention = fields.get("reply_to"), fields.get("mention", bool)
        is_bot, files = fields.get("is_bot", bool), given_files(fields)
        fields.end()
        if is_bot:
            user = world.users["robot"]
        if mention:
            text = f"@{world.bot['username']} {text or ''}".strip()
        if not text and not files:
            raise Refused("say: a message has text or files")
        if text and units(text) > (1024 if files else 4096):
            raise Refused("say: a person's client splits such a text: 4096 UTF-16 units, 1024 with a file")
        more = {}
        if thread is not None:
            if chat not in world.topics:
                raise Refused("say: only a forum has threads")
            if int(thread) not in world.topics[chat]:
                raise Refused(f"say: there is no thread {thread}; there are {sorted(world.topics[chat])}")
            # Without a reply a message of a topic answers the one that made the topic.
            first = world.topics[chat][int(thread)].data
            more = {"message_thread_id": int(thread), "is_topic_message": True, "reply_to_message": first}
        if reply_to is not None:
            target = world.record(chat, reply_to).data
            more["reply_to_message"] = {key: value for key, value in target.items() if key != "reply_to_message"}
            if world.chats[chat]["type"] == "supergroup" and not world.chats[chat].get("is_forum"):
                # Chains of replies carry a thread's number too, without being a topic.
                more["message_thread_id"] = target.get("message_thread_id", target["message_id"])
        kind = "channel_post" if world.chats[chat]["type"] == "channel" else "message"
        if world.standing[chat] == "never":
            world.standing[chat] = "started"
        album = f"people{world.last[chat]}" if len(files) > 1 else None
        ids, delivered = [], True
        for number, file in enumerate(files or [None]):
            content = {"text": text, "entities": automatic(text)} if file is None else {}
            if file:
                name, data, mime, size = file
                what = {"image": "photo", "audio": "audio", "video": "video"}.get(mime.split("/")[0], "document")
                if mime == "audio/ogg":
                    what = "voice"
                file_id, found = world.store(name, data, mime, size, what)
                content = {what: found, "media_group_id": album}
                if number == 0 and text:
                    content |= {"caption": text, "caption_entities": automatic(text)}
            record = world.post(
                chat, None if kind == "channel_post" else user, files=[file_id] if file else (), **more, **content
            )
            delivered &= self.delivered(chat, record.data, kind)
            ids.append(str(record.data["message_id"]))
        return {"id": ids[0], "ids": ids, "chat": str(chat), "delivered": delivered}

    async def verb_edit(self, fields):
        world = self.world_state
        chat = world.chat_id(fields.need("chat"))
        record, text = world.record(chat, fields.need("message")), fields.need("text", str)
        fields.end()
        key = "caption" if record.files else "text"
        entities = "caption_entities" if record.files else "entities"
        record.data = {**record.data, key: text, entities: automatic(text), "edit_date": record.data["date"] + 1}
        record.edited = True
        kind = "edited_channel_post" if world.chats[chat]["type"] == "channel" else "edited_message"
        return {"delivered": self.delivered(chat, record.data, kind)}

    async def verb_delete(self, fields):
        """People's deletions: the Bot API tells bots nothing of them."""
        world = self.world_state
        chat = world.chat_id(fields.need("chat"))
        record = world.record(chat, fields.need("message"))
        fields.end()
        del world.records[(chat, record.data["message_id"])]
        return {"delivered": False}

    async def verb_react(self, fields):
        world = self.world_state
        chat, user = world.chat_id(fields.need("chat")), world.user(fields.get("user", default="alice"))
        record, emoji = world.record(chat, fields.need("message")), fields.need("emoji", str)
        action = fields.get("action", str, "add")
        fields.end()
        before = record.reactions.get(user["id"], [])
        after = [each for each in before if each != emoji] + ([emoji] if action == "add" else [])
        record.reactions[user["id"]] = after

        def listed(emojis):
            return [{"type": "emoji", "emoji": each} for each in emojis]

        if world.standing[chat] not in ("started", "administrator"):
            return {"delivered": False}
        return {
            "delivered": self.updates.add(
                "message_reaction",
                {
                    "chat": world.chats[chat],
                    "message_id": record.data["message_id"],
                    "user": user,
                    "date": record.data["date"],
                    "old_reaction": listed(before),
                    "new_reaction": listed(after),
                },
            )
        }

    async def verb_click(self, fields):
        world = self.world_state
        chat, user = world.chat_id(fields.need("chat")), world.user(fields.get("user", default="alice"))
        record, wanted = world.record(chat, fields.need("message")), fields.need("button", str)
        fields.end()
        buttons = [b for row in record.data.get("reply_markup", {}).get("inline_keyboard", []) for b in row]
        button = next((b for b in buttons if wanted in (b["text"], b.get("callback_data"))), None)
        if button is None or "callback_data" not in button:
            raise Refused(f"click: no such button; the message has {[b['text'] for b in buttons]}")
        click = str(9000 + len(self.clicks))
        self.clicks[click] = {"id": click, "answered": False, "text": None}
        delivered = self.updates.add(
            "callback_query",
            {
                "id": click,
                "from": user,
                "chat_instance": str(-chat),
                "message": record.data,
                "data": button["callback_data"],
            },
        )
        return {"click": click, "delivered": delivered}

    async def verb_command(self, fields):
        """`/name text`, as the client's menu sends it; in groups with the bot's name behind it."""
        world = self.world_state
        chat, name, text = fields.need("chat"), fields.need("name", str), fields.get("text", str, "")
        user = fields.get("user", default="alice")
        fields.end()
        private = world.chats[world.chat_id(chat)]["type"] == "private"
        command = f"/{name}" if private else f"/{name}@{world.bot['username']}"
        return await self.verb_say(Fields("say", {"chat": chat, "user": user, "text": f"{command} {text}".strip()}))

    def membership_of(self, user, standing):
        status = {"started": "member", "blocked": "kicked"}.get(standing, standing)
        member = {"status": status, "user": user}
        if status == "kicked":
            member["until_date"] = 0
        if status == "administrator":
            known = ChatMemberAdministrator.model_fields.items()
            member |= {name: False for name, field in known if field.is_required() and field.annotation is bool}
        return member

    async def verb_membership(self, fields):
        """What becomes of the bot (join, leave, kick, promote, demote; start, block) or of a user (join, leave)."""
        world = self.world_state
        chat, action = world.chat_id(fields.need("chat")), fields.need("action", str)
        who = fields.get("user")
        fields.end()
        private = world.chats[chat]["type"] == "private"
        table = (
            {"start": "started", "block": "blocked"}
            if private
            else {"join": "member", "leave": "left", "kick": "kicked", "promote": "administrator", "demote": "member"}
        )
        if action not in table:
            raise Refused(f"membership: in this chat it is one of {sorted(table)}")
        if who is not None and not private:
            user = world.user(who)
            (world.members[chat].add if action == "join" else world.members[chat].discard)(user["id"])
            more = {"new_chat_members": [user]} if action == "join" else {"left_chat_member": user}
            record = world.post(chat, user, **more)
            return {"delivered": self.updates.add("message", record.data)}
        before, world.standing[chat] = world.standing[chat], table[action]
        by = world.user(chat) if private else world.users["alice"]
        return {
            "delivered": self.updates.add(
                "my_chat_member",
                {
                    "chat": world.chats[chat],
                    "from": by,
                    "date": 1,
                    "old_chat_member": self.membership_of(world.bot, before if before != "never" else "left"),
                    "new_chat_member": self.membership_of(world.bot, table[action]),
                },
            )
        }

    async def verb_thread(self, fields):
        """A new topic in a forum."""
        chat, name = self.world_state.chat_id(fields.need("chat")), fields.need("name", str)
        fields.end()
        if chat not in self.world_state.topics:
            raise Refused("thread: only a forum has topics")
        record = self.world_state.make_topic(chat, name)
        return {"thread": str(record.data["message_id"]), "delivered": self.delivered(chat, record.data, "message")}

    async def verb_migrate(self, fields):
        """The small group becomes a supergroup with another id; the old one is refused from then on."""
        world = self.world_state
        old = world.chat_id(fields.need("chat"))
        fields.end()
        if world.chats[old]["type"] != "group":
            raise Refused("migrate: only a basic group becomes a supergroup")
        new = -1001000000000 + old
        world.chats[new] = {**world.chats[old], "id": new, "type": "supergroup"}
        world.standing[new], world.members[new], world.last[new] = world.standing[old], world.members[old], 1
        world.moved[old] = new
        name = next(name for name, chat in world.names.items() if chat == old)
        first = world.post(old, world.users["alice"], migrate_to_chat_id=new)
        world.names[name] = new
        second = world.post(new, world.users["alice"], migrate_from_chat_id=old)
        delivered = [self.updates.add("message", each.data) for each in (first, second)]
        return {"chat": str(new), "delivered": all(delivered)}


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--token", default=TOKEN)
    main(Telegram, parser)
