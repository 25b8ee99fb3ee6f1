"""The other person in a Matrix room, by matrix-nio: speaks, edits, reacts, and sees what a client would show.

  matrix_user.py --homeserver http://127.0.0.1:8008 --user alice --password pw [--device NAME] [--e2ee] --port 0

Control verbs as for the other judges (README.md); chats are room ids, or names given with the verb `room`. With --e2ee it
encrypts where the room asks for it and trusts every device. Another device of the same person is another such program.
"""

import asyncio
import html.parser
import logging
import re
import tempfile

import nio

from control import Judge, Refused, arguments, described, given_files, main

# Of rooms of earlier tests that one person was in, again and again; what counts is in `problems`.
logging.getLogger("nio").setLevel(logging.CRITICAL)

# What the specification lets a message's HTML have; clients drop the rest.
TAGS = set(
    "font del h1 h2 h3 h4 h5 h6 blockquote p a ul ol sup sub li b i u strong em s code hr br div table thead tbody "
    "tr th td caption pre span img details summary mx-reply".split()
)


class Visible(html.parser.HTMLParser):
    """The text of a message's HTML, and the tags it may not have."""

    def __init__(self, source):
        super().__init__()
        self.text, self.unknown, self.hidden, self.lists = "", set(), 0, []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attributes):
        if tag not in TAGS:
            self.unknown.add(tag)
        self.hidden += tag == "mx-reply"
        if (
            tag == "br"
            or tag in ("p", "li", "pre", "h1", "h2", "h3", "blockquote", "tr")
            and self.text[-1:] not in ("", "\n")
        ):
            self.text += "\n"
        if tag in ("ol", "ul"):
            start = dict(attributes).get("start") or "1"
            self.lists.append(int(start) if tag == "ol" and start.isdigit() else None)
        if tag == "li":
            number = self.lists[-1] if self.lists else None
            self.text += "• " if number is None else f"{number}. "
            if number is not None:
                self.lists[-1] += 1

    def handle_endtag(self, tag):
        self.hidden -= tag == "mx-reply"
        if tag in ("ol", "ul") and self.lists:
            self.lists.pop()

    def handle_data(self, data):
        if not self.hidden:
            self.text += data


class Message:
    """One message as a client keeps it: content, the edits and reactions that came since, files."""

    def __init__(self, event, room):
        self.id, self.room, self.sender = event.event_id, room, event.sender
        self.content = event.source.get("content", {})
        self.undecryptable = isinstance(event, nio.MegolmEvent)
        self.event = event
        self.encrypted = self.undecryptable or getattr(event, "decrypted", False)
        self.reactions, self.files, self.edited = {}, [], False


class User(Judge):
    """The person, their rooms and what they see there."""

    title = "a Matrix user"

    def clear(self):
        super().clear()
        self.rooms, self.messages, self.reactions, self.invites = {}, {}, {}, {}
        self.rotating = set()
        self.syncs, self.typing = 0, {}

    def routes(self, app):
        pass

    async def started(self):
        options = self.options
        folder = tempfile.TemporaryDirectory(prefix="judge-matrix-user-")
        self.folder = folder
        configuration = nio.AsyncClientConfig(encryption_enabled=options.e2ee, store_sync_tokens=False)
        self.client = nio.AsyncClient(
            options.homeserver,
            options.user,
            device_id=options.device or "",
            store_path=folder.name if options.e2ee else "",
            config=configuration,
        )
        answer = await self.client.login(options.password, device_name=options.device or "judge")
        if not isinstance(answer, nio.LoginResponse):
            raise SystemExit(f"cannot log in at {options.homeserver} as {options.user}: {answer}")
        await self.sync(0)
        self.spawn(self.follow())

    async def ended(self):
        await self.client.close()
        self.folder.cleanup()

    async def follow(self):
        while True:
            try:
                await self.sync(30000)
            except (OSError, asyncio.TimeoutError):
                await asyncio.sleep(0.5)

    async def sync(self, timeout):
        answer = await self.client.sync(timeout=timeout, full_state=self.syncs == 0)
        if not isinstance(answer, nio.SyncResponse):
            return self.problem(f"JUDGE: sync: {answer}")
        if self.client.olm:
            if self.client.should_upload_keys:
                await self.client.keys_upload()
            if self.client.should_query_keys:
                await self.client.keys_query()
            if self.client.should_claim_keys:
                await self.client.keys_claim(self.client.get_users_for_key_claiming())
            await self.client.send_to_device_messages()
            await self.decrypt_late()
        for room, info in answer.rooms.invite.items():
            self.invites[room] = [
                event.sender for event in info.invite_state if isinstance(event, nio.InviteMemberEvent)
            ]
        for room, info in answer.rooms.join.items():
            self.invites.pop(room, None)
            for event in info.timeline.events:
                await self.take(room, event)
            for event in info.ephemeral:
                if isinstance(event, nio.TypingNoticeEvent):
                    self.typing[room] = event.users
        self.syncs += 1
        self.ever = self.syncs
        self.touch()

    async def decrypt_late(self):
        """Keys may come after what they open."""
        for message in [m for room in self.messages.values() for m in room.values() if m.undecryptable]:
            try:
                event = self.client.decrypt_event(message.event)
            except nio.EncryptionError:
                continue
            message.content, message.undecryptable = event.source.get("content", {}), False
            await self.fetch(message)

    async def take(self, room, event):
        content = event.source.get("content", {})
        relation = content.get("m.relates_to", {}) if isinstance(content, dict) else {}
        kind = event.source.get("type")
        self.note("event", kind, sender=event.sender, room=room, id=event.event_id, body=content)
        if isinstance(event, nio.RedactionEvent):
            self.messages.get(room, {}).pop(event.redacts, None)
            target, key, sender = self.reactions.pop(event.redacts, (None, None, None))
            if target:
                target.reactions.get(key, []).remove(sender)
        elif kind == "m.reaction":
            target = self.messages.get(room, {}).get(relation.get("event_id"))
            if target:
                target.reactions.setdefault(relation["key"], []).append(event.sender)
                self.reactions[event.event_id] = (target, relation["key"], event.sender)
        elif relation.get("rel_type") == "m.replace":
            target = self.messages.get(room, {}).get(relation.get("event_id"))
            if target and target.sender == event.sender:
                target.content, target.edited = (
                    {**content.get("m.new_content", {}), "m.relates_to": target.content.get("m.relates_to", {})},
                    True,
                )
        elif kind == "m.room.message" or isinstance(event, nio.MegolmEvent):
            message = Message(event, room)
            await self.fetch(message)
            self.messages.setdefault(room, {})[message.id] = message
        if "formatted_body" in content:
            unknown = Visible(content["formatted_body"]).unknown
            if unknown:
                self.problem(f"JUDGE: formatted_body has tags that clients drop: {sorted(unknown)}")

    async def fetch(self, message):
        content = message.content
        url = content.get("url") or content.get("file", {}).get("url")
        if not url:
            return
        answer = await self.client.download(mxc=url)
        if not isinstance(answer, (nio.MemoryDownloadResponse, nio.DownloadResponse)):
            return self.problem(f"JUDGE: cannot download {url}: {answer}")
        data = answer.body
        if "file" in content:
            from nio.crypto.attachments import decrypt_attachment

            file = content["file"]
            data = decrypt_attachment(data, file["key"]["k"], file["hashes"]["sha256"], file["iv"])
        info = content.get("info", {})
        if info.get("size") not in (None, len(data)):
            self.problem(f"JUDGE: info.size is {info['size']}, the file has {len(data)} bytes")
        message.files = [
            described(
                content.get("filename") or content.get("body"), data, info.get("mimetype"), kind=content.get("msgtype")
            )
        ]

    # What it tells.

    def open_connections(self):
        return 1

    def pending_events(self):
        return 0

    def short(self, user):
        return user.split(":")[0].lstrip("@")

    def room(self, name):
        found = self.rooms.get(name, name)
        if found not in self.client.rooms and found not in self.invites:
            raise Refused(f"there is no room {name!r}; there are {sorted(self.rooms)}, {sorted(self.client.rooms)}")
        return found

    def visible(self, chat):
        return [self.shown(message) for message in self.messages.get(self.room(chat), {}).values()]

    def shown(self, message):
        content = message.content
        relation = content.get("m.relates_to", {})
        source = content.get("body", "")
        if content.get("format") == "org.matrix.custom.html":
            text = Visible(content.get("formatted_body", "")).text.strip()
        else:
            text = re.sub(r"\A(?:> .*\n)+\n", "", source) if "m.in_reply_to" in relation else source
        thread = relation.get("event_id") if relation.get("rel_type") == "m.thread" else None
        reply = relation.get("m.in_reply_to", {}).get("event_id")
        name = self.short(message.sender)
        return {
            "id": message.id,
            "chat": message.room,
            "thread": thread,
            "from": name,
            "is_bot": content.get("msgtype") == "m.notice",
            "is_self": name == self.options.bot,
            "text": text,
            "source": source,
            "html": content.get("formatted_body"),
            "kind": content.get("msgtype"),
            "rich": False,
            "entities": [],
            "mentions": content.get("m.mentions", {}),
            "reply_to": None if thread and relation.get("is_falling_back") else reply,
            "edited": message.edited,
            "encrypted": message.encrypted,
            "undecryptable": message.undecryptable,
            "reactions": [
                {"emoji": key, "by": self.short(user)} for key, users in message.reactions.items() for user in users
            ],
            "files": message.files,
            "buttons": [],
            "group": None,
        }

    def world(self):
        return {
            "bot": {"id": f"@{self.options.bot}:localhost"},
            "users": {self.options.user: {"id": self.client.user_id}},
            "device": self.client.device_id,
            "chats": {name: {"id": room} for name, room in self.rooms.items()},
            "threads": {},
            "invites": self.invites,
            "api": self.options.homeserver,
            "rooms": {
                room: {"encrypted": each.encrypted, "members": sorted(each.users)}
                for room, each in self.client.rooms.items()
            },
        }

    def state(self):
        return {
            **super().state(),
            "typing": {room: [self.short(user) for user in users] for room, users in self.typing.items()},
            "invites": self.invites,
        }

    async def kick(self, code):
        raise Refused("a user has nothing to kick: put fault_proxy.py in front of the server")

    async def act_at_once(self, fault):
        raise Refused("a real server does nothing wrong: put fault_proxy.py in front of it")

    async def verb_fault(self, fields):
        await self.act_at_once(None)

    async def verb_reset(self, fields):
        """Forgets log, problems and the names of rooms; the server keeps what it has."""
        fields.end()
        keep = self.messages, self.reactions, self.invites, self.syncs
        self.clear()
        self.messages, self.reactions, self.invites, self.syncs = keep
        return self.world()

    # What it does.

    def checked(self, answer, what):
        if isinstance(answer, nio.ErrorResponse):
            raise Refused(f"{what}: {answer}", 502)
        return answer

    async def send(self, room, kind, content):
        if room in self.rotating:
            # matrix-nio knows no such rule of a room.
            self.client.invalidate_outbound_session(room)
        answer = await self.client.room_send(room, kind, content, ignore_unverified_devices=True)
        return self.checked(answer, f"sending {kind}").event_id

    async def verb_room(self, fields):
        """Makes a room: {name, invite?: [user ids], dm?, encrypted?, rotates?} → {chat}.

        In one that rotates each message has a key of its own.
        """
        name, invite = fields.need("name", str), fields.get("invite", list, [])
        dm, encrypted = fields.get("dm", bool, False), fields.get("encrypted", bool, False)
        rotates = fields.get("rotates", bool, False)
        fields.end()
        state = [nio.EnableEncryptionBuilder().as_dict()] if encrypted else []
        if encrypted and rotates:
            state[0]["content"]["rotation_period_msgs"] = 1
        preset = nio.RoomPreset.trusted_private_chat if dm else nio.RoomPreset.private_chat
        answer = await self.client.room_create(
            name=None if dm else name, invite=invite, is_direct=dm, initial_state=state, preset=preset
        )
        self.rooms[name] = self.checked(answer, "making a room").room_id
        await self.until(lambda: self.rooms[name] in self.client.rooms, 10)
        if rotates:
            self.rotating.add(self.rooms[name])
        return {"chat": self.rooms[name]}

    async def verb_name(self, fields):
        """Gives a room that is there a name for the other verbs."""
        name, room = fields.need("name", str), fields.need("chat", str)
        fields.end()
        self.rooms[name] = self.room(room)
        return {"chat": room}

    async def verb_membership(self, fields):
        """{chat, action: join|leave|invite|kick|ban, user?} of oneself or of another."""
        room, action, user = fields.need("chat", str), fields.need("action", str), fields.get("user", str)
        fields.end()
        room = self.rooms.get(room, room)
        verbs = {
            "join": lambda: self.client.join(room),
            "leave": lambda: self.client.room_leave(room),
            "invite": lambda: self.client.room_invite(room, user),
            "kick": lambda: self.client.room_kick(room, user),
            "ban": lambda: self.client.room_ban(room, user),
        }
        if action not in verbs:
            raise Refused(f"membership: one of {sorted(verbs)}")
        self.checked(await verbs[action](), action)
        if action == "join":
            await self.until(lambda: room in self.client.rooms, 10)
        return {"chat": room}

    async def verb_say(self, fields):
        room, text = self.room(fields.need("chat")), fields.get("text", str) or ""
        thread, reply_to = fields.get("thread", str), fields.get("reply_to", str)
        mention, files, is_bot = fields.get("mention", bool), given_files(fields), fields.get("is_bot", bool)
        html_text = fields.get("html", str)
        fields.end()
        content = {"msgtype": "m.notice" if is_bot else "m.text", "body": text, "m.mentions": {}}
        if html_text:
            content |= {"format": "org.matrix.custom.html", "formatted_body": html_text}
        if mention:
            bot = f"@{self.options.bot}:localhost"
            content |= {
                "body": f"{self.options.bot}: {text}",
                "m.mentions": {"user_ids": [bot]},
                "format": "org.matrix.custom.html",
                "formatted_body": f'<a href="https://matrix.to/#/{bot}">{self.options.bot}</a>: {text}',
            }
        relation = {}
        if thread:
            relation = {
                "rel_type": "m.thread",
                "event_id": thread,
                "is_falling_back": not reply_to,
                "m.in_reply_to": {"event_id": reply_to or thread},
            }
        elif reply_to:
            relation = {"m.in_reply_to": {"event_id": reply_to}}
        related = {"m.relates_to": relation} if relation else {}
        ids = [await self.send(room, "m.room.message", {**content, **related})] if text else []
        for name, data, mime, _ in files:
            ids.append(
                await self.send(room, "m.room.message", {**await self.uploaded(room, name, data, mime), **related})
            )
        if not ids:
            raise Refused("say: a message has text or files")
        return {"id": ids[0], "ids": ids, "chat": room}

    async def uploaded(self, room, name, data, mime):
        import io

        encrypt = self.client.rooms[room].encrypted
        answer, keys = await self.client.upload(
            io.BytesIO(data), content_type=mime, filename=name, encrypt=encrypt, filesize=len(data)
        )
        uri = self.checked(answer, "uploading").content_uri
        kind = {"image": "m.image", "audio": "m.audio", "video": "m.video"}.get(mime.split("/")[0], "m.file")
        content = {"msgtype": kind, "body": name, "filename": name, "info": {"mimetype": mime, "size": len(data)}}
        return {**content, "file": {**keys, "url": uri}} if encrypt else {**content, "url": uri}

    async def verb_edit(self, fields):
        room, message, text = self.room(fields.need("chat")), fields.need("message", str), fields.need("text", str)
        fields.end()
        event = await self.send(
            room,
            "m.room.message",
            {
                "msgtype": "m.text",
                "body": f"* {text}",
                "m.new_content": {"msgtype": "m.text", "body": text},
                "m.relates_to": {"rel_type": "m.replace", "event_id": message},
            },
        )
        return {"id": event}

    async def verb_delete(self, fields):
        room, message = self.room(fields.need("chat")), fields.need("message", str)
        fields.end()
        self.checked(await self.client.room_redact(room, message), "redacting")
        return {}

    async def verb_react(self, fields):
        room, message, emoji = self.room(fields.need("chat")), fields.need("message", str), fields.need("emoji", str)
        action = fields.get("action", str, "add")
        fields.end()
        if action == "add":
            return {
                "id": await self.send(
                    room,
                    "m.reaction",
                    {"m.relates_to": {"rel_type": "m.annotation", "event_id": message, "key": emoji}},
                )
            }
        # A reaction of its own is known once the server has told of it, which others may have heard before.
        for _ in range(500):
            for event, (target, key, sender) in list(self.reactions.items()):
                if (target.id, key, sender) == (message, emoji, self.client.user_id):
                    self.checked(await self.client.room_redact(room, event), "redacting")
                    return {}
            await asyncio.sleep(0.02)
        raise Refused("react: there is no such reaction of this user")

    async def verb_send(self, fields):
        """Any event as it is: {chat, type, content} → {id}."""
        room, kind, content = self.room(fields.need("chat")), fields.need("type", str), fields.need("content", dict)
        fields.end()
        return {"id": await self.send(room, kind, content)}

    async def verb_typing(self, fields):
        room, on = self.room(fields.need("chat")), fields.get("on", bool, True)
        fields.end()
        self.checked(await self.client.room_typing(room, on, 5000), "typing")
        return {}


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--homeserver", required=True)
    parser.add_argument("--user", required=True)
    parser.add_argument("--password", required=True)
    parser.add_argument("--device", default="")
    parser.add_argument("--bot", default="bot", help="the localpart of the bot under test")
    parser.add_argument("--e2ee", action="store_true")
    main(User, parser)
