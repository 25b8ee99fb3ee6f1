"""The control verbs by which the people of the Slack judge act."""

import time
import uuid

from control import Refused, given_files
from slack_text import emoji_name


class People:
    """Part of the judge; see slack_server.py."""

    async def verb_say(self, fields):
        channel, user = self.channel(fields.need("chat")), self.user(fields.get("user", default="alice"))
        text, thread = fields.get("text", str) or "", fields.get("thread")
        reply_to, mention = fields.get("reply_to"), fields.get("mention", bool)
        is_bot, files = fields.get("is_bot", bool), given_files(fields)
        fields.end()
        user = self.users["robot"] if is_bot else user
        if mention:
            text = f"<@{self.bot['id']}> {text}".strip()
        if not text and not files:
            raise Refused("say: a message has text or files")
        root = thread or reply_to
        if root is not None:
            # An answer to an answer is part of the same thread.
            root = self.record(channel, root).data.get("thread_ts", str(root))
        numbers = []
        for name, data, mime, size in files:
            numbers.append(self.new_file(name, data, size, mime, user))
        more = {"client_msg_id": str(uuid.uuid4())} if not is_bot else {"bot_id": "B0ROBOT001", "app_id": "A0ROBOT001"}
        if not self.channels[channel].get("is_member", True):
            raise Refused("say: the bot is not in this channel, nobody would be told")
        blocks = (
            [
                {
                    "type": "rich_text",
                    "block_id": "b",
                    "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}],
                }
            ]
            if text
            else None
        )
        record = await self.post(
            channel, user, {"text": text, "thread_ts": root, "blocks": blocks, **more}, files=numbers
        )
        told, ts = self.told, record.data["ts"]
        if f"<@{self.bot['id']}" in text and not self.channels[channel].get("is_im"):
            await self.tell({**record.data, "type": "app_mention", "channel": channel, "event_ts": ts})
        return {"id": ts, "ids": [ts], "chat": channel, "thread": root, "delivered": told}

    async def verb_edit(self, fields):
        channel = self.channel(fields.need("chat"))
        record, text = self.record(channel, fields.need("message")), fields.need("text", str)
        fields.end()
        await self.change(channel, record, {"text": text, "blocks": []})
        return {"delivered": self.told}

    async def verb_unfurl(self, fields):
        """The platform adds a preview of a link: a change of the message that is no edit."""
        channel = self.channel(fields.need("chat"))
        record = self.record(channel, fields.need("message"))
        fields.end()
        await self.change(
            channel,
            record,
            {"attachments": [{"id": 1, "title": "Example", "from_url": "https://example.org/"}]},
            record.markdown,
            edited=False,
        )
        return {"delivered": self.told}

    async def verb_delete(self, fields):
        channel = self.channel(fields.need("chat"))
        record = self.record(channel, fields.need("message"))
        fields.end()
        await self.remove(channel, record)
        return {"delivered": self.told}

    async def verb_react(self, fields):
        channel, user = self.channel(fields.need("chat")), self.user(fields.get("user", default="alice"))
        record, emoji = self.record(channel, fields.need("message")), fields.need("emoji", str)
        action = fields.get("action", str, "add")
        fields.end()
        name = emoji_name(emoji)
        if name is None:
            raise Refused(f"react: {emoji} is not among the emoji of this judge")
        await self.react(channel, record, user, name, action == "add")
        return {"delivered": self.told}

    async def verb_thread(self, fields):
        """A thread begins with its root: that message's ts is the thread."""
        channel, message = self.channel(fields.need("chat")), fields.need("message")
        fields.get("name", str)
        fields.end()
        return {"thread": self.record(channel, message).data["ts"], "delivered": False}

    def new_click(self, channel, ts):
        click = str(len(self.clicks) + 1)
        self.clicks[click] = {"id": click, "answered": False, "text": None}
        self.responses[click] = {"channel": channel, "ts": ts, "uses": 5, "made": time.monotonic()}
        return click, {"trigger_id": f"{click}.2.abc", "response_url": f"http://127.0.0.1:{self.port}/respond/{click}"}

    async def verb_click(self, fields):
        channel, user = self.channel(fields.need("chat")), self.user(fields.get("user", default="alice"))
        record, wanted = self.record(channel, fields.need("message")), fields.need("button", str)
        fields.end()
        found = [
            (block, each)
            for block in record.data.get("blocks", [])
            if block["type"] == "actions"
            for each in block["elements"]
            if each["type"] == "button"
        ]
        chosen = next(
            ((b, e) for b, e in found if wanted in (e["text"]["text"], e.get("action_id"), e.get("value"))), None
        )
        if chosen is None:
            raise Refused(f"click: no such button; the message has {[e['text']['text'] for _, e in found]}")
        block, button = chosen
        click, more = self.new_click(channel, record.data["ts"])
        action = {
            "type": "button",
            "action_id": button.get("action_id", "a"),
            "block_id": block["block_id"],
            "text": button["text"],
            "action_ts": self.stamp(),
        }
        action |= {"value": button["value"]} if "value" in button else {}
        container = {"type": "message", "message_ts": record.data["ts"], "channel_id": channel, "is_ephemeral": False}
        if record.data.get("thread_ts"):
            container["thread_ts"] = record.data["thread_ts"]
        person = self.people[user]
        told = self.events.tell(
            "interactive",
            {
                "type": "block_actions",
                "user": {"id": user, "username": person["name"], "name": person["name"], "team_id": self.team},
                "api_app_id": self.app_id,
                "token": "legacy",
                "container": container,
                "team": {"id": self.team, "domain": "judge"},
                "enterprise": None,
                "is_enterprise_install": False,
                "state": {"values": {}},
                "message": record.data,
                "channel": {"id": channel, "name": self.channels[channel].get("name", "directmessage")},
                "actions": [action],
                **more,
            },
            click=click,
        )
        return {"click": click, "delivered": told}

    async def verb_command(self, fields):
        channel, user = self.channel(fields.need("chat")), self.user(fields.get("user", default="alice"))
        name, text = fields.need("name", str), fields.get("text", str, "")
        fields.end()
        click, more = self.new_click(channel, None)
        told = self.events.tell(
            "slash_commands",
            {
                "token": "legacy",
                "team_id": self.team,
                "team_domain": "judge",
                "channel_id": channel,
                "channel_name": self.channels[channel].get("name", "directmessage"),
                "user_id": user,
                "user_name": self.people[user]["name"],
                "command": f"/{name.lstrip('/')}",
                "text": text,
                "api_app_id": self.app_id,
                "is_enterprise_install": "false",
                **more,
            },
            click=click,
        )
        return {"click": click, "delivered": told}

    async def verb_membership(self, fields):
        """A user or (without one) the bot joins or leaves a channel."""
        channel, action = self.channel(fields.need("chat")), fields.need("action", str)
        who = fields.get("user")
        fields.end()
        user = self.bot["id"] if who is None else self.user(who)
        if action not in ("join", "leave") or self.channels[channel].get("is_im"):
            raise Refused("membership: join or leave, in a channel")
        if who is None:
            self.channels[channel]["is_member"] = action == "join"
        kind = "member_joined_channel" if action == "join" else "member_left_channel"
        await self.tell(
            {
                "type": kind,
                "user": user,
                "channel": channel,
                "channel_type": "C",
                "team": self.team,
                "event_ts": self.stamp(),
            }
        )
        return {"delivered": self.told}

    async def verb_events_url(self, fields):
        """Events by HTTP from now on, where no socket is open; an empty url ends it."""
        url = fields.need("url", str)
        others = fields.get("interactivity_url", str), fields.get("commands_url", str)
        fields.end()
        if not url:
            self.events.addresses = {}
            return {"verified": False}
        verified, status = await self.events.verify(url)
        if verified:
            self.events.addresses = {
                "events_api": url,
                "interactive": others[0] or url,
                "slash_commands": others[1] or url,
            }
        return {"verified": verified, "status": status}
