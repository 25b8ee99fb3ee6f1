"""The people, chats and messages of the Telegram judge, and what a person sees of them."""

import time

from control import Refused, described

GROUP, FORUM, CHANNEL, SMALL = -1001000000001, -1001000000002, -1001000000003, -500
TOPIC = 7


class Record:
    """One message as stored: what the API shows of it, and what it does not show."""

    def __init__(self, data, files=()):
        self.data, self.files = data, list(files)
        self.source, self.reactions, self.edited = None, {}, False


class World:
    """Everything that exists; ids of messages count in each chat by itself, as those of supergroups do."""

    def __init__(self, bot_id):
        self.bot = {"id": bot_id, "is_bot": True, "first_name": "Judge", "username": "judge_bot"}
        self.users = {
            "alice": {"id": 1001, "is_bot": False, "first_name": "Alice", "username": "alice", "language_code": "en"},
            "bob": {"id": 1002, "is_bot": False, "first_name": "Bob", "last_name": "B", "language_code": "fr"},
            "carol": {"id": 5000000003, "is_bot": False, "first_name": "Carol"},
            "robot": {"id": 1009, "is_bot": True, "first_name": "Robot", "username": "other_bot"},
        }
        self.chats = {
            GROUP: {"id": GROUP, "type": "supergroup", "title": "Group"},
            FORUM: {"id": FORUM, "type": "supergroup", "title": "Forum", "is_forum": True},
            CHANNEL: {"id": CHANNEL, "type": "channel", "title": "Channel", "username": "judge_channel"},
            SMALL: {"id": SMALL, "type": "group", "title": "Small"},
        }
        self.names = {"group": GROUP, "forum": FORUM, "channel": CHANNEL, "small": SMALL}
        for name, user in self.users.items():
            chat = {key: user[key] for key in ("id", "first_name", "last_name", "username") if key in user}
            self.chats[user["id"]] = {**chat, "type": "private"}
            self.names[f"dm:{name}"] = user["id"]
        # What the bot is in a chat; in a private one, whether its person has started it.
        self.standing = {
            GROUP: "member",
            FORUM: "administrator",
            CHANNEL: "administrator",
            SMALL: "member",
            1001: "started",
            1002: "started",
            5000000003: "never",
            1009: "robot",
        }
        self.members = {chat: {1001, 1002, 5000000003, 1009} for chat in (GROUP, FORUM, CHANNEL, SMALL)}
        self.moved = {}
        self.topics = {FORUM: {}}
        self.records, self.last = {}, {}
        self.files = {}
        for chat in self.chats:
            self.last[chat] = 10 + 10 * sorted(self.chats).index(chat)
        self.make_topic(FORUM, "Topic", TOPIC)

    def user(self, name):
        for key, user in self.users.items():
            if name in (key, user["id"], str(user["id"])):
                return user
        raise Refused(f"there is no user {name!r}; there are {sorted(self.users)}")

    def chat_id(self, name):
        if name in self.names:
            return self.names[name]
        try:
            if int(name) in self.chats:
                return int(name)
        except (TypeError, ValueError):
            pass
        raise Refused(f"there is no chat {name!r}; there are {sorted(self.names)}")

    def record(self, chat, message):
        found = self.records.get((chat, int(message)))
        if found is None:
            raise Refused(f"there is no message {message} in chat {chat}")
        return found

    def make_topic(self, chat, name, number=None):
        """A topic is its first message: that one says that it was created, and replies to nothing point to it."""
        record = self.post(
            chat, self.users["alice"], number=number, forum_topic_created={"name": name, "icon_color": 7322096}
        )
        record.data |= {"message_thread_id": record.data["message_id"], "is_topic_message": True}
        self.topics[chat][record.data["message_id"]] = record
        return record

    def post(self, chat, author, number=None, files=(), **fields):
        """Stores a message; fields without a value are left out, as the API leaves them out."""
        if number is None:
            self.last[chat] += 1
            number = self.last[chat]
        data = {"message_id": number, "date": int(time.time()), "chat": self.chats[chat]}
        if author is None:
            data["sender_chat"] = self.chats[chat]
        else:
            data["from"] = author
        data |= {key: value for key, value in fields.items() if value not in (None, [], {})}
        record = Record(data, files)
        self.records[(chat, number)] = record
        return record

    def store(self, name, data, mime, size=None, kind="document"):
        """Keeps a file and returns the object by which messages speak of it."""
        file_id = f"{kind}-{len(self.files) + 1}"
        self.files[file_id] = {"name": name, "data": data, "mime": mime, "size": len(data) if size is None else size}
        base = {"file_id": file_id, "file_unique_id": f"u{len(self.files)}", "file_size": self.files[file_id]["size"]}
        return file_id, {
            "document": {**base, "file_name": name, "mime_type": mime},
            "photo": [{**base, "width": 640, "height": 480}],
            "voice": {**base, "duration": 1, "mime_type": mime},
            "audio": {**base, "duration": 1, "file_name": name, "mime_type": mime},
            "video": {**base, "duration": 1, "width": 64, "height": 48, "file_name": name, "mime_type": mime},
            "animation": {**base, "duration": 1, "width": 64, "height": 48, "file_name": name, "mime_type": mime},
        }[kind]

    def visible(self, chat):
        """The chat from top to bottom as a person's client shows it."""
        shown = []
        for (where, number), record in sorted(self.records.items(), key=lambda item: item[0]):
            data = record.data
            if where != chat or not ({"text", "caption", "rich_message"} & set(data) or record.files):
                continue
            author = data.get("from") or {"id": chat, "first_name": "channel", "is_bot": False}
            key = next((name for name, user in self.users.items() if user["id"] == author["id"]), None)
            reply = data.get("reply_to_message")
            topic = data.get("message_thread_id") if data.get("is_topic_message") else None
            shown.append(
                {
                    "id": str(number),
                    "chat": str(chat),
                    "thread": None if topic is None else str(topic),
                    "from": "bot" if author["id"] == self.bot["id"] else key or str(author["id"]),
                    "is_bot": author["is_bot"],
                    "is_self": author["id"] == self.bot["id"],
                    "text": record.source if "rich_message" in data else data.get("text", data.get("caption", "")),
                    "source": record.source or data.get("text", data.get("caption", "")),
                    "rich": "rich_message" in data,
                    "entities": data.get("entities", data.get("caption_entities", [])),
                    "reply_to": str(reply["message_id"]) if reply and "forum_topic_created" not in reply else None,
                    "edited": record.edited,
                    "reactions": [
                        {"emoji": emoji, "by": self.name_of(user)}
                        for user, emojis in record.reactions.items()
                        for emoji in emojis
                    ],
                    "files": [
                        described(self.files[f]["name"], self.files[f]["data"], self.files[f]["mime"])
                        for f in record.files
                    ],
                    "buttons": [
                        [{"label": b["text"], "id": b.get("callback_data"), "url": b.get("url")} for b in row]
                        for row in data.get("reply_markup", {}).get("inline_keyboard", [])
                    ],
                    "group": data.get("media_group_id"),
                }
            )
        return shown

    def name_of(self, user_id):
        if user_id == self.bot["id"]:
            return "bot"
        return next(name for name, user in self.users.items() if user["id"] == user_id)

    def table(self):
        """Names and native ids, for tests."""
        return {
            "bot": {"id": str(self.bot["id"]), "name": self.bot["username"]},
            "users": {name: {"id": str(user["id"]), "is_bot": user["is_bot"]} for name, user in self.users.items()},
            "chats": {name: {"id": str(chat), "type": self.chats[chat]["type"]} for name, chat in self.names.items()},
            "threads": {"forum": [str(topic) for topic in self.topics[FORUM]]},
        }
