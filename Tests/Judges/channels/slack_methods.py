"""The methods of Slack's Web API that the judge plays."""

import base64
import hashlib
import uuid

from slack_calls import CallError
from slack_text import EMOJI


class Methods:
    """`call` finds a method by its name with dots as underscores."""

    def __init__(self, judge):
        self.judge = judge

    async def call(self, name, fields):
        method = getattr(self, "do_" + name.replace(".", "_"), None)
        if method is None:
            raise CallError("JUDGE_not_played", method=name)
        return await method(fields)

    def channel(self, fields, key="channel", member=True):
        """The channel of a request; a user's id stands for the conversation with that user."""
        wanted, world = fields[key], self.judge
        if wanted in world.people and not world.people[wanted].get("deleted"):
            wanted = world.open_dm(wanted)
        if wanted not in world.channels:
            raise CallError("channel_not_found")
        if member and not world.channels[wanted].get("is_member", True):
            raise CallError("not_in_channel")
        return wanted

    def record(self, channel, ts, error="message_not_found"):
        found = self.judge.records.get((channel, ts))
        if found is None:
            raise CallError(error)
        return found

    # Who and where.

    async def do_auth_test(self, fields):
        judge = self.judge
        return {
            "url": f"http://127.0.0.1:{judge.port}/",
            "team": "Judge",
            "user": judge.bot["name"],
            "team_id": judge.team,
            "user_id": judge.bot["id"],
            "bot_id": judge.bot_id,
            "is_enterprise_install": False,
        }

    async def do_apps_connections_open(self, fields):
        if self.judge.events.disabled:
            raise CallError("link_disabled")
        url = self.judge.events.ticket()
        if url is None:
            raise CallError("too_many_websockets")
        return {"url": url}

    async def do_users_info(self, fields):
        if fields["user"] not in self.judge.people:
            raise CallError("user_not_found")
        return {"user": self.judge.people[fields["user"]]}

    async def do_users_lookupByEmail(self, fields):
        for person in self.judge.people.values():
            if person["profile"].get("email") == fields["email"] and not person.get("deleted"):
                return {"user": person}
        raise CallError("users_not_found")

    async def do_conversations_open(self, fields):
        users = fields.get("users")
        users = users.split(",") if isinstance(users, str) else users or []
        if len(users) != 1:
            raise CallError("JUDGE_not_played", method="conversations.open with other than one user")
        person = self.judge.people.get(users[0])
        if person is None:
            raise CallError("user_not_found")
        if person.get("deleted"):
            raise CallError("user_disabled")
        if person["is_bot"]:
            raise CallError("cannot_dm_bot")
        known = self.judge.dms.get(users[0])
        channel = self.judge.open_dm(users[0])
        more = {"no_op": True, "already_open": True} if known == channel else {}
        shown = self.judge.channels[channel] if fields.get("return_im") else {"id": channel}
        return {"channel": shown, **more}

    async def do_conversations_info(self, fields):
        return {"channel": self.judge.channels[self.channel(fields, member=False)]}

    async def do_users_conversations(self, fields):
        kinds = (fields.get("types") or "public_channel").split(",")
        found = [c for c in self.judge.channels.values() if c.get("is_member", True) and self.judge.kind(c) in kinds]
        return {"channels": found, "response_metadata": {"next_cursor": ""}}

    def page(self, messages, fields):
        """By time and by cursor, as the API pages."""
        oldest, latest = fields.get("oldest") or "0", fields.get("latest") or "9999999999.999999"
        whole = fields.get("inclusive") in (True, "true", "1")
        messages = [m for m in messages if oldest < m["ts"] < latest or whole and m["ts"] in (oldest, latest)]
        start, limit = int(fields.get("cursor") or 0), int(fields.get("limit") or 100)
        if not 1 <= limit <= 999:
            raise CallError("invalid_limit")
        more = start + limit < len(messages)
        return {
            "messages": messages[start : start + limit],
            "has_more": more,
            **({"response_metadata": {"next_cursor": str(start + limit)}} if more else {}),
        }

    async def do_conversations_history(self, fields):
        """The newest first; answers in threads are not part of it."""
        channel = self.channel(fields)
        found = [
            r.data
            for (where, _), r in sorted(self.judge.records.items(), reverse=True)
            if where == channel and (r.data.get("thread_ts") in (None, r.data["ts"]) or r.broadcast)
        ]
        return self.page(found, fields)

    async def do_conversations_replies(self, fields):
        """The root first, then its answers by time."""
        channel = self.channel(fields)
        self.record(channel, fields["ts"], "thread_not_found")
        found = [
            r.data
            for (where, _), r in sorted(self.judge.records.items())
            if where == channel and fields["ts"] in (r.data["ts"], r.data.get("thread_ts"))
        ]
        return self.page(found, fields)

    # Messages.

    def content(self, fields):
        """What a message says, checked: text and blocks, or standard Markdown alone."""
        text, markdown = fields.get("text") or "", fields.get("markdown_text")
        if markdown is not None and (fields.get("text") or fields.get("blocks")):
            raise CallError("markdown_text_conflict")
        if fields.get("attachments"):
            raise CallError("JUDGE_not_played", method="attachments")
        if len(text) > 40000 or len(markdown or "") > 12000:
            raise CallError("msg_too_long")
        blocks = fields.get("blocks")
        if not text and not blocks and not markdown:
            raise CallError("no_text")
        if markdown is not None:
            blocks = [{"type": "markdown", "block_id": uuid.uuid4().hex[:5], "text": markdown}]
        elif blocks:
            blocks = [{"block_id": uuid.uuid4().hex[:5], **block} for block in blocks]
        return text or markdown or "", blocks, markdown

    async def do_chat_postMessage(self, fields):
        channel = self.channel(fields)
        text, blocks, markdown = self.content(fields)
        thread = fields.get("thread_ts")
        if thread:
            root = self.record(channel, thread, "thread_not_found")
            if root.data.get("thread_ts", thread) != thread:
                self.judge.problem("JUDGE: thread_ts is that of an answer, not that of the thread's root")
        if fields.get("reply_broadcast") and not thread:
            raise CallError("invalid_arguments")
        data = {"text": text, "blocks": blocks, "thread_ts": thread, "metadata": fields.get("metadata")}
        record = await self.judge.post(
            channel, self.judge.bot["id"], data, markdown=markdown, broadcast=bool(fields.get("reply_broadcast"))
        )
        return {"channel": channel, "ts": record.data["ts"], "message": record.data}

    async def do_chat_postEphemeral(self, fields):
        self.channel(fields)
        self.content(fields)
        if fields["user"] not in self.judge.people:
            raise CallError("user_not_in_channel")
        return {"message_ts": self.judge.stamp()}

    async def do_chat_update(self, fields):
        channel = self.channel(fields)
        record = self.record(channel, fields["ts"])
        if record.data["user"] != self.judge.bot["id"]:
            raise CallError("cant_update_message")
        if record.streaming:
            raise CallError("streaming_state_conflict")
        clearing = fields.get("blocks") == [] and fields.get("text")
        text, blocks, markdown = self.content({**fields, "blocks": None} if clearing else fields)
        change = {"text": text}
        if clearing or blocks:
            change["blocks"] = blocks or []
        await self.judge.change(channel, record, change, markdown)
        return {"channel": channel, "ts": fields["ts"], "text": text, "message": record.data}

    async def do_chat_delete(self, fields):
        channel = self.channel(fields)
        record = self.record(channel, fields["ts"])
        if record.data["user"] != self.judge.bot["id"]:
            raise CallError("cant_delete_message")
        await self.judge.remove(channel, record)
        return {"channel": channel, "ts": fields["ts"]}

    async def do_chat_getPermalink(self, fields):
        channel = self.channel(fields)
        self.record(channel, fields["message_ts"])
        return {
            "channel": channel,
            "permalink": f"https://judge.slack.com/archives/{channel}/p" + fields["message_ts"].replace(".", ""),
        }

    async def do_chat_startStream(self, fields):
        channel = self.channel(fields)
        self.record(channel, fields["thread_ts"], "thread_not_found")
        if not channel.startswith("D") and not (fields.get("recipient_user_id") and fields.get("recipient_team_id")):
            raise CallError("missing_recipient_user_id")
        text = fields.get("markdown_text") or ""
        record = await self.judge.post(
            channel, self.judge.bot["id"], {"text": text, "thread_ts": fields["thread_ts"]}, markdown=text
        )
        record.streaming = True
        return {"channel": channel, "ts": record.data["ts"]}

    def streamed(self, fields):
        channel = self.channel(fields)
        record = self.record(channel, fields["ts"])
        if not record.streaming:
            raise CallError("message_not_in_streaming_state")
        text = fields.get("markdown_text") or ""
        if len(text) > 12000:
            raise CallError("msg_too_long")
        record.data["text"] += text
        record.markdown = record.data["text"]
        return channel, record

    async def do_chat_appendStream(self, fields):
        channel, record = self.streamed(fields)
        return {"channel": channel, "ts": record.data["ts"]}

    async def do_chat_stopStream(self, fields):
        channel, record = self.streamed(fields)
        record.streaming = False
        if fields.get("blocks"):
            record.data["blocks"] = fields["blocks"]
        return {"channel": channel, "ts": record.data["ts"], "message": record.data}

    async def do_assistant_threads_setStatus(self, fields):
        channel = self.channel(fields, "channel_id")
        self.record(channel, fields["thread_ts"], "thread_not_found")
        return {}

    # Reactions.

    def reaction(self, fields):
        channel = self.channel(fields)
        if fields["name"].split("::")[0] not in EMOJI:
            raise CallError("invalid_name")
        return channel, self.record(channel, fields["timestamp"])

    async def do_reactions_add(self, fields):
        channel, record = self.reaction(fields)
        if self.judge.bot["id"] in record.reactions.get(fields["name"], []):
            raise CallError("already_reacted")
        await self.judge.react(channel, record, self.judge.bot["id"], fields["name"], True)
        return {}

    async def do_reactions_remove(self, fields):
        channel, record = self.reaction(fields)
        if self.judge.bot["id"] not in record.reactions.get(fields["name"], []):
            raise CallError("no_reaction")
        await self.judge.react(channel, record, self.judge.bot["id"], fields["name"], False)
        return {}

    # Files.

    async def do_files_getUploadURLExternal(self, fields):
        if int(fields["length"]) <= 0:
            raise CallError("invalid_arguments")
        file_id = self.judge.new_file(fields["filename"], None, int(fields["length"]), None, self.judge.bot["id"])
        return {"upload_url": f"http://127.0.0.1:{self.judge.port}/upload/v1/{file_id}", "file_id": file_id}

    async def do_files_completeUploadExternal(self, fields):
        judge = self.judge
        for file in fields["files"]:
            if set(file) - {"id", "title", "highlight_type"}:
                raise CallError("JUDGE_unknown_parameters", parameters=sorted(file))
            if file["id"] not in judge.files or judge.files[file["id"]]["data"] is None:
                raise CallError("file_not_found")
        if fields.get("channel_id"):
            channel = self.channel(fields, "channel_id")
            if fields.get("thread_ts"):
                self.record(channel, fields["thread_ts"], "thread_not_found")
            await judge.post(
                channel,
                judge.bot["id"],
                {"text": fields.get("initial_comment") or "", "thread_ts": fields.get("thread_ts")},
                files=[file["id"] for file in fields["files"]],
            )
        return {"files": [{"id": file["id"], "title": file.get("title")} for file in fields["files"]]}

    async def do_files_info(self, fields):
        if fields["file"] not in self.judge.files:
            raise CallError("file_not_found")
        return {"file": self.judge.file_object(fields["file"]), "comments": []}

    # Installing.

    async def do_oauth_v2_access(self, fields):
        judge = self.judge
        if fields.get("client_id") != judge.client[0]:
            raise CallError("invalid_client_id")
        if fields.get("client_secret") != judge.client[1]:
            raise CallError("bad_client_secret")
        grant = judge.codes.pop(fields.get("code"), None)
        if grant is None:
            raise CallError("invalid_code")
        if fields.get("redirect_uri") != grant["redirect_uri"]:
            raise CallError("bad_redirect_uri")
        if grant["challenge"]:
            digest = hashlib.sha256((fields.get("code_verifier") or "").encode()).digest()
            if base64.urlsafe_b64encode(digest).decode().rstrip("=") != grant["challenge"]:
                raise CallError("invalid_code_verifier")
        elif fields.get("code_verifier"):
            raise CallError("invalid_code_verifier")
        return {
            "access_token": judge.token,
            "token_type": "bot",
            "scope": grant["scope"],
            "bot_user_id": judge.bot["id"],
            "app_id": judge.app_id,
            "team": {"id": judge.team, "name": "Judge"},
            "enterprise": None,
            "authed_user": {"id": grant["user"]},
            "is_enterprise_install": False,
        }
