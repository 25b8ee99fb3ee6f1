"""The methods of the Bot API that the Telegram judge plays; any other is refused loudly."""

import re

from telegram.constants import ReactionEmoji

from telegram_text import TextError, parsed
from telegram_updates import Conflict
from telegram_world import World

REACTIONS = {emoji.value for emoji in ReactionEmoji}
ACTIONS = {
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
}
LARGEST_UPLOAD, LARGEST_PHOTO, LARGEST_DOWNLOAD = 50 << 20, 10 << 20, 20 << 20
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)


class ApiError(Exception):
    """An answer of the API that is no success."""

    def __init__(self, code, description, parameters=None):
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters


def bad(description, parameters=None):
    return ApiError(400, f"Bad Request: {description}", parameters)


class Methods:
    """One method of the class for each of the API, named in lower case; `call` finds it."""

    def __init__(self, judge):
        self.judge = judge
        self.world: World = judge.world_state
        self.updates = judge.updates
        self.commands, self.albums = [], 0

    async def call(self, name, fields, files, request):
        method = getattr(self, f"do_{name.lower()}", None)
        if method is None:
            self.judge.problem(f"JUDGE: {name} is a method that this judge does not play")
            raise ApiError(501, f"JUDGE: {name} exists, but this judge does not play it")
        try:
            return await method(fields, files, request)
        except TextError as error:
            raise bad(str(error)) from None
        except Conflict as error:
            raise ApiError(409, f"Conflict: {error}") from None

    # Targets.

    def chat(self, fields):
        """The chat of a request that writes there, refused as the platform refuses."""
        chat = self.known_chat(fields["chat_id"])
        if chat in self.world.moved:
            raise bad("group chat was upgraded to a supergroup chat", {"migrate_to_chat_id": self.world.moved[chat]})
        standing = self.world.standing.get(chat)
        kind = self.world.chats[chat]["type"]
        refusal = {
            "never": "bot can't initiate conversation with a user",
            "blocked": "bot was blocked by the user",
            "robot": "bots can't send messages to bots",
            "kicked": f"bot was kicked from the {kind} chat",
            "left": f"bot is not a member of the {kind} chat",
        }.get(standing)
        if refusal:
            raise ApiError(403, f"Forbidden: {refusal}")
        return chat

    def known_chat(self, value):
        if isinstance(value, str) and value.startswith("@"):
            for chat in self.world.chats.values():
                if chat.get("username") == value[1:] and chat["type"] != "private":
                    return chat["id"]
        try:
            number = int(value)
        except (TypeError, ValueError):
            raise bad("chat not found") from None
        if number not in self.world.chats and number not in self.world.moved:
            raise bad("chat not found")
        return number

    def record(self, chat, fields, what):
        record = self.world.records.get((chat, int(fields["message_id"])))
        if record is None:
            raise bad(f"message to {what} not found")
        return record

    def thread(self, chat, fields):
        """The fields of a message by the topic it was sent to."""
        number = fields.get("message_thread_id")
        if number is None:
            return {}
        if int(number) not in self.world.topics.get(chat, {}):
            raise bad("message thread not found")
        return {"message_thread_id": int(number), "is_topic_message": True}

    def reply(self, chat, fields):
        wanted = fields.get("reply_parameters")
        if not wanted:
            return None
        if "chat_id" in wanted and int(wanted["chat_id"]) != chat:
            self.judge.problem("JUDGE: replies into another chat are not played here")
        record = self.world.records.get((chat, int(wanted["message_id"])))
        if record is None:
            if wanted.get("allow_sending_without_reply"):
                return None
            raise bad("message to be replied not found")
        quote = wanted.get("quote")
        if quote and quote not in record.data.get("text", record.data.get("caption", "")):
            raise bad("quote not found")
        return {key: value for key, value in record.data.items() if key != "reply_to_message"}

    def markup(self, fields):
        markup = fields.get("reply_markup")
        if not markup:
            return None
        if set(markup) != {"inline_keyboard"}:
            self.judge.problem(f"JUDGE: only inline keyboards are played here, not {sorted(markup)}")
            raise bad("JUDGE: only inline keyboards are played here")
        count = 0
        for row in markup["inline_keyboard"]:
            if not 1 <= len(row) <= 8:
                raise bad("JUDGE: a row of an inline keyboard has 1 to 8 buttons")
            for button in row:
                count += 1
                if len(set(button) - {"text", "style", "icon_custom_emoji_id"}) != 1 or not button["text"].strip():
                    raise bad("text buttons are unallowed in the inline keyboard")
                if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= 64:
                    raise bad("BUTTON_DATA_INVALID")
        if count > 100:
            raise bad("REPLY_MARKUP_TOO_LONG")
        return markup if count else None

    def post(self, chat, fields, files=(), reply_to=True, **content):
        author = None if self.world.chats[chat]["type"] == "channel" else self.world.bot
        record = self.world.post(
            chat,
            author,
            files=files,
            reply_to_message=self.reply(chat, fields) if reply_to else None,
            reply_markup=self.markup(fields),
            **self.thread(chat, fields),
            **content,
        )
        self.judge.touch()
        return record

    # Who and what.

    async def do_getme(self, fields, files, request):
        return {
            **self.world.bot,
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
            "has_main_web_app": False,
            "can_connect_to_business": False,
        }

    async def do_getchat(self, fields, files, request):
        chat = self.known_chat(fields["chat_id"])
        gifts = dict.fromkeys(
            ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), True
        )
        return {**self.world.chats[chat], "accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": gifts}

    async def do_getchatmember(self, fields, files, request):
        chat, user = self.known_chat(fields["chat_id"]), int(fields["user_id"])
        if user == self.world.bot["id"]:
            return self.judge.membership_of(self.world.bot, self.world.standing[chat])
        found = next((each for each in self.world.users.values() if each["id"] == user), None)
        if found is None:
            raise bad("user not found")
        return self.judge.membership_of(found, "member" if user in self.world.members.get(chat, {user}) else "left")

    async def do_setmycommands(self, fields, files, request):
        for command in fields["commands"]:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", command["command"]):
                raise bad("BOT_COMMAND_INVALID")
            if not 1 <= len(command["description"]) <= 256:
                raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
        if len(fields["commands"]) > 100:
            raise bad("BOT_COMMANDS_TOO_MUCH")
        self.commands = fields["commands"]
        return True

    async def do_getmycommands(self, fields, files, request):
        return self.commands

    async def do_deletemycommands(self, fields, files, request):
        self.commands = []
        return True

    async def accepted(self, fields, files, request):
        return True

    do_setmyname = do_setmydescription = do_setmyshortdescription = do_setchatmenubutton = accepted

    # Updates.

    async def do_getupdates(self, fields, files, request):
        limit, timeout = int(fields.get("limit", 100)), float(fields.get("timeout", 0))
        if not 1 <= limit <= 100:
            raise bad("limit must be between 1 and 100")
        return await self.updates.poll(
            request, int(fields.get("offset", 0)), limit, min(max(timeout, 0), 50), fields.get("allowed_updates")
        )

    async def do_setwebhook(self, fields, files, request):
        url, secret = fields["url"], fields.get("secret_token")
        # The platform takes https alone; here the other side is on loopback.
        if url and not re.match(r"https://|http://127\.0\.0\.1[:/]", url):
            raise bad("bad webhook: An HTTPS URL must be provided for webhook")
        if secret is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
            raise bad("secret token contains unallowed characters")
        self.updates.set_webhook(url, secret, fields.get("allowed_updates"), fields.get("drop_pending_updates"))
        return True

    async def do_deletewebhook(self, fields, files, request):
        self.updates.set_webhook("", None, None, fields.get("drop_pending_updates"))
        return True

    async def do_getwebhookinfo(self, fields, files, request):
        hook = self.updates.webhook
        info = {
            "url": hook["url"] if hook else "",
            "has_custom_certificate": False,
            "pending_update_count": len(self.updates.queue),
        }
        if self.updates.webhook_error:
            info |= {"last_error_date": 1, "last_error_message": self.updates.webhook_error}
        return info

    async def do_answercallbackquery(self, fields, files, request):
        click = self.judge.clicks.get(fields["callback_query_id"])
        if click is None or click["answered"]:
            raise bad("query is too old and response timeout expired or query ID is invalid")
        if len(fields.get("text") or "") > 200:
            raise bad("MESSAGE_TOO_LONG")
        click |= {"answered": True, "text": fields.get("text")}
        self.judge.touch()
        return True

    # Messages.

    async def do_sendmessage(self, fields, files, request):
        chat = self.chat(fields)
        text, entities = parsed(fields["text"], fields.get("parse_mode"), fields.get("entities"), 4096)
        return self.post(chat, fields, text=text, entities=entities).data

    async def do_sendrichmessage(self, fields, files, request):
        chat, rich = self.chat(fields), fields["rich_message"]
        source = [rich[key] for key in ("html", "markdown", "blocks") if rich.get(key)]
        if len(source) != 1 or not isinstance(source[0], str):
            raise bad("JUDGE: a rich message has exactly one of html and markdown here")
        if len(source[0]) > 32768:
            raise bad("message is too long")
        # The fake shows the source: only a client of the platform lays it out.
        blocks = {"blocks": [{"type": "paragraph", "text": source[0]}]}
        record = self.post(chat, fields, rich_message=blocks)
        record.source = source[0]
        return record.data

    async def do_sendmessagedraft(self, fields, files, request):
        chat = self.chat(fields)
        if self.world.chats[chat]["type"] != "private":
            raise bad("JUDGE: drafts are for private chats")
        if int(fields["draft_id"]) == 0:
            raise bad("JUDGE: a draft's id is not zero")
        if fields.get("text"):
            parsed(fields["text"], fields.get("parse_mode"), fields.get("entities"), 4096)
        return True

    async def do_sendchataction(self, fields, files, request):
        chat = self.chat(fields)
        self.thread(chat, fields)
        if fields["action"] not in ACTIONS:
            raise bad("wrong parameter action in request")
        return True

    def editable(self, fields):
        if "inline_message_id" in fields or "chat_id" not in fields:
            raise bad("JUDGE: only messages of chats are edited here")
        chat = self.chat(fields)
        record = self.record(chat, fields, "edit")
        if record.data.get("from", self.world.bot)["id"] != self.world.bot["id"]:
            raise bad("message can't be edited")
        return record

    def edited(self, record, fields, **content):
        markup = self.markup(fields)
        after = {key: value for key, value in record.data.items() if key not in ("reply_markup", "edit_date")}
        after |= content
        after = {key: value for key, value in after.items() if value not in (None, [], {})}
        if markup:
            after["reply_markup"] = markup
        if after == {key: value for key, value in record.data.items() if key != "edit_date"}:
            raise bad(NOT_MODIFIED)
        record.data = {**after, "edit_date": after["date"] + 1}
        record.edited = True
        self.judge.touch()
        return record.data

    async def do_editmessagetext(self, fields, files, request):
        record = self.editable(fields)
        if "text" not in record.data:
            raise bad("there is no text in the message to edit")
        if fields.get("rich_message") or not fields.get("text"):
            raise bad("JUDGE: only the text of a message is edited here")
        text, entities = parsed(fields["text"], fields.get("parse_mode"), fields.get("entities"), 4096)
        return self.edited(record, fields, text=text, entities=entities)

    async def do_editmessagecaption(self, fields, files, request):
        record = self.editable(fields)
        text, entities = parsed(
            fields.get("caption") or "", fields.get("parse_mode"), fields.get("caption_entities"), 1024
        )
        return self.edited(record, fields, caption=text, caption_entities=entities)

    async def do_editmessagereplymarkup(self, fields, files, request):
        return self.edited(self.editable(fields), fields)

    def remove(self, chat, fields):
        record = self.record(chat, fields, "delete")
        own = record.data.get("from", self.world.bot)["id"] == self.world.bot["id"]
        if not own and self.world.chats[chat]["type"] != "private" and self.world.standing[chat] != "administrator":
            raise bad("message can't be deleted")
        del self.world.records[(chat, int(fields["message_id"]))]
        self.judge.touch()

    async def do_deletemessage(self, fields, files, request):
        self.remove(self.chat(fields), fields)
        return True

    async def do_deletemessages(self, fields, files, request):
        chat, numbers = self.chat(fields), fields["message_ids"]
        if not 1 <= len(numbers) <= 100:
            raise bad("too many messages to delete")
        for number in numbers:
            if (chat, int(number)) in self.world.records:
                self.remove(chat, {"message_id": number})
        return True

    async def do_setmessagereaction(self, fields, files, request):
        chat = self.chat(fields)
        record = self.record(chat, fields, "react")
        reactions = fields.get("reaction") or []
        if len(reactions) > 1:
            raise bad("REACTIONS_TOO_MANY")
        for reaction in reactions:
            if reaction["type"] != "emoji" or reaction["emoji"] not in REACTIONS:
                raise bad("REACTION_INVALID")
        record.reactions[self.world.bot["id"]] = [reaction["emoji"] for reaction in reactions]
        self.judge.touch()
        return True

    async def do_createforumtopic(self, fields, files, request):
        chat = self.chat(fields)
        if chat not in self.world.topics:
            raise bad("the chat is not a forum")
        if not 1 <= len(fields["name"]) <= 128:
            raise bad("TOPIC_TITLE_INVALID")
        record = self.world.make_topic(chat, fields["name"])
        return {"message_thread_id": record.data["message_id"], **record.data["forum_topic_created"]}

    # Files.

    def upload(self, kind, source, files):
        """The stored file and its object, from a part of the request or from an id known already."""
        part = files.get(kind) if source is None else files.get(str(source).removeprefix("attach://"))
        if part is None:
            if source in self.world.files:
                known = self.world.files[source]
                return self.world.store(known["name"], known["data"], known["mime"], kind=kind)
            raise bad("wrong file identifier/HTTP URL specified")
        name, data, mime = part
        if not data:
            raise bad("file must be non-empty")
        if len(data) > (LARGEST_PHOTO if kind == "photo" else LARGEST_UPLOAD):
            raise ApiError(413, "Request Entity Too Large")
        return self.world.store(name, data, mime, kind=kind)

    def send_file(kind):
        async def send(self, fields, files, request):
            chat = self.chat(fields)
            text, entities = parsed(
                fields.get("caption") or "", fields.get("parse_mode"), fields.get("caption_entities"), 1024
            )
            file_id, found = self.upload(kind, fields.get(kind), files)
            return self.post(
                chat, fields, files=[file_id], caption=text, caption_entities=entities, **{kind: found}
            ).data

        return send

    do_senddocument, do_sendphoto, do_sendvoice = send_file("document"), send_file("photo"), send_file("voice")
    do_sendaudio, do_sendvideo, do_sendanimation = send_file("audio"), send_file("video"), send_file("animation")

    async def do_sendmediagroup(self, fields, files, request):
        chat, media = self.chat(fields), fields["media"]
        if not 2 <= len(media) <= 10:
            raise bad("JUDGE: an album has 2 to 10 files")
        kinds = {item["type"] for item in media}
        if len(kinds) > 1 and kinds - {"photo", "video"}:
            raise bad("JUDGE: documents and audio do not mix with other kinds in an album")
        self.albums += 1
        parts = []
        for item in media:
            text, entities = parsed(
                item.get("caption") or "", item.get("parse_mode"), item.get("caption_entities"), 1024
            )
            parts.append((item["type"], *self.upload(item["type"], item["media"], files), text, entities))
        return [
            self.post(
                chat,
                fields,
                files=[file_id],
                caption=text,
                caption_entities=entities,
                media_group_id=f"album{self.albums}",
                **{kind: found},
            ).data
            for kind, file_id, found, text, entities in parts
        ]

    async def do_getfile(self, fields, files, request):
        file = self.world.files.get(fields["file_id"])
        if file is None:
            raise bad("invalid file_id")
        if file["size"] > LARGEST_DOWNLOAD:
            raise bad("file is too big")
        return {
            "file_id": fields["file_id"],
            "file_unique_id": "u",
            "file_size": file["size"],
            "file_path": f"documents/{fields['file_id']}",
        }
