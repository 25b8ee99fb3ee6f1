"""Proves telegram_server.py: python-telegram-bot holds a conversation against it, by long polling and by webhook."""

import asyncio
import json
import re

from aiohttp import web
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    ReactionTypeEmoji,
    ReplyParameters,
    Update,
)
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter
from telegram.ext import ApplicationBuilder, CallbackQueryHandler, ChatMemberHandler, MessageHandler
from telegram.ext import MessageReactionHandler, filters

from prove import Rig, requests

TOKEN = "4242:JUDGE-TOKEN"
seen = []


async def on_message(update, context):
    message = update.effective_message
    kind = "edit" if update.edited_message else "post" if update.channel_post else "message"
    topic = message.message_thread_id if message.is_topic_message else None
    seen.append((kind, message.chat.type, topic, message.text or message.caption))
    text = message.text or message.caption or ""
    if kind != "message" or message.migrate_to_chat_id:
        return
    if message.document:
        file = await message.document.get_file()
        seen.append(("file", message.document.file_name, bytes(await file.download_as_bytearray())))
    if "ask" in text:
        await message.reply_text(
            "<b>Really?</b> &amp; now",
            parse_mode="HTML",
            reply_markup=InlineKeyboardMarkup(
                [
                    [
                        InlineKeyboardButton("Yes", callback_data="q:1:0"),
                        InlineKeyboardButton("No", callback_data="q:1:1"),
                    ]
                ]
            ),
        )
    elif "files" in text:
        await message.reply_document(b"hello", filename="o.txt", caption="one")
        await context.bot.send_media_group(
            message.chat_id,
            [InputMediaDocument(b"first", filename="1.txt"), InputMediaDocument(b"second", filename="2.txt")],
        )
    elif "hello" in text:
        await message.reply_chat_action("typing")
        answer = await message.reply_text(
            "*echo* 🎉 \\- v1\\.0", parse_mode="MarkdownV2", reply_parameters=ReplyParameters(message.message_id)
        )
        await message.set_reaction("👀")
        await answer.edit_text("edited")


async def on_click(update, context):
    seen.append(("click", update.callback_query.data))
    await update.callback_query.answer("noted")
    await update.callback_query.edit_message_text("picked", reply_markup=None)


async def on_reaction(update, context):
    seen.append(("reaction", [each.emoji for each in update.message_reaction.new_reaction]))


async def on_membership(update, context):
    seen.append(("membership", update.my_chat_member.new_chat_member.status))


def application(rig):
    app = (
        ApplicationBuilder()
        .token(TOKEN)
        .base_url(f"{rig.base}/bot")
        .base_file_url(f"{rig.base}/file/bot")
        .get_updates_read_timeout(15)
        .build()
    )
    app.add_handler(MessageHandler(filters.ALL, on_message))
    app.add_handler(CallbackQueryHandler(on_click))
    app.add_handler(MessageReactionHandler(on_reaction))
    app.add_handler(ChatMemberHandler(on_membership))
    return app


async def conversation(rig, app):
    say = rig.control
    await say("wait", open=1)
    hello = await say("say", chat="dm:alice", user="alice", text="/start hello-code")
    await say("wait", messages={"chat": "dm:alice", "from": "bot", "edited": True})
    await say("say", chat="forum", user="bob", text="hello topic", thread=7)
    await say("wait", messages={"chat": "forum", "from": "bot", "edited": True})
    silent = await say("say", chat="group", text="hello nobody")
    rig.equal(silent["delivered"], False, "privacy mode hides what does not speak to the bot")
    await say("say", chat="group", text="hello you", mention=True)
    await say("wait", messages={"chat": "group", "from": "bot", "edited": True})
    ask = await say("say", chat="dm:alice", text="ask me")
    asked = (await say("wait", messages={"chat": "dm:alice", "from": "bot", "contains": "Really"}))["found"][0]
    rig.equal(asked["text"], "Really? & now", "HTML is shown as text")
    click = await say("click", chat="dm:alice", message=asked["id"], button="Yes")
    rig.equal((await say("wait", click=click["click"]))["found"]["text"], "noted", "the click is answered")
    await say("wait", messages={"chat": "dm:alice", "contains": "picked"})
    await say("say", chat="dm:alice", text="files", files=[{"name": "a.txt", "text": "body", "mime": "text/plain"}])
    await say("wait", messages={"chat": "dm:alice", "from": "bot", "count": 5})
    await say("edit", chat="dm:alice", message=hello["id"], text="changed")
    await say("react", chat="dm:alice", message=ask["id"], emoji="🔥")
    await say("say", chat="channel", text="news")
    await say("membership", chat="group", action="promote")
    await say("command", chat="small", user="bob", name="hello", text="x")
    await say("wait", messages={"chat": "small", "from": "bot", "edited": True})
    moved = await say("migrate", chat="small")
    await say("wait", pending=0)
    rig.equal(moved["chat"], "-1001000000500", "a supergroup's id")
    await faults(rig, app)


async def faults(rig, app):
    say, bot = rig.control, app.bot
    for work, kind, contains, what in (
        (bot.send_message(1001, "a.b", parse_mode="MarkdownV2"), BadRequest, "character '.' is reserved", "MarkdownV2"),
        (bot.send_message(1001, "😀" * 2049), BadRequest, "too long", "4098 UTF-16 units"),
        (bot.send_message(77, "x"), BadRequest, "Chat not found", "an unknown chat"),
        (bot.send_message(5000000003, "x"), Forbidden, "can't initiate", "who has not started"),
        (bot.send_message(-500, "x"), ChatMigrated, "", "the old id of a group"),
        (
            bot.send_message(
                1001, "x", reply_markup=InlineKeyboardMarkup([[InlineKeyboardButton("Y", callback_data="z" * 65)]])
            ),
            BadRequest,
            "",
            "65 bytes of data",
        ),
        (bot.send_message(1001, "x", api_kwargs={"bogus": 1}), BadRequest, "JUDGE", "an unknown parameter"),
        (
            bot.set_message_reaction(1001, 51, ReactionTypeEmoji("🧨")),
            BadRequest,
            "eaction_invalid",
            "an emoji that is no reaction",
        ),
        (bot.send_message(-1001000000002, "x", message_thread_id=99), BadRequest, "thread not found", "a wrong topic"),
    ):
        await rig.refused(work, kind, contains, what)
    await say("fault", on="sendMessage", mode="429", retry_after=3)
    await rig.refused(bot.send_message(1001, "x"), RetryAfter, "3", "too many requests")
    await say("fault", on="sendMessage", mode="5xx", status=502)
    await rig.refused(bot.send_message(1001, "x"), NetworkError, "Bad Gateway", "a bad gateway")
    await say("fault", on="sendMessage", mode="drop")
    await rig.refused(bot.send_message(1001, "dropped"), NetworkError, "", "a cut connection")
    await say("fault", on="sendMessage", mode="lost")
    await rig.refused(bot.send_message(1001, "lost"), NetworkError, "", "a lost answer")
    texts = [message["text"] for message in (await say("messages", chat="dm:alice"))["messages"]]
    rig.equal(("dropped" in texts, "lost" in texts), (False, True), "what was dropped and what was done")
    await say("membership", chat="dm:bob", action="block")
    await rig.refused(bot.send_message(1002, "x"), Forbidden, "blocked", "who has blocked the bot")
    await say("fault", on="message", mode="duplicate")
    await say("say", chat="dm:alice", text="twice")
    await say("wait", pending=0)
    await say("fault", on="message", mode="reorder")
    await say("say", chat="dm:alice", text="second")
    await say("say", chat="dm:alice", text="first")
    await say("wait", pending=0)


async def webhook(rig, app):
    """The same bot by webhook: updates in order, the secret in the header, again when refused."""
    posts, refuse = [], [True]

    async def hook(request):
        posts.append((request.headers.get("X-Telegram-Bot-Api-Secret-Token"), (await request.json())["update_id"]))
        return web.Response(status=500 if refuse and refuse.pop() else 200)

    server = web.Application()
    server.router.add_post("/hook", hook)
    runner = web.AppRunner(server)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    await rig.refused(app.bot.set_webhook("http://example.org/x"), BadRequest, "https", "a webhook without TLS")
    await app.bot.set_webhook(f"http://127.0.0.1:{port}/hook", secret_token="s3cret")
    await rig.refused(app.bot.get_updates(), Conflict, "webhook is active", "polling beside a webhook")
    await rig.control("say", chat="dm:alice", text="by webhook")
    await rig.control("wait", pending=0)
    rig.equal([secret for secret, _ in posts], ["s3cret", "s3cret"], "the secret, and again after a refusal")
    rig.equal(posts[0][1], posts[1][1], "the same update came again")
    await app.bot.delete_webhook()
    await runner.cleanup()


async def pollers(rig, bot):
    """A second poller ends the first."""
    first = asyncio.create_task(bot.get_updates(offset=-1, timeout=10))
    await rig.control("wait", open=1)
    async with Bot(TOKEN, base_url=f"{rig.base}/bot") as other:
        await other.get_updates(timeout=0)
    await rig.refused(first, Conflict, "terminated by other", "two pollers")


async def run(rig):
    app = application(rig)
    await app.initialize()
    await app.start()
    try:
        await app.updater.start_polling(timeout=10, allowed_updates=Update.ALL_TYPES)
        try:
            await conversation(rig, app)
        finally:
            await app.updater.stop()
        await pollers(rig, app.bot)
        await webhook(rig, app)
        await rig.control("fault", mode="revoke")
        await rig.refused(app.bot.get_me(), InvalidToken, "", "a revoked token")
    finally:
        await app.stop()
        await app.shutdown()
    log = await rig.control("log")
    marks = [problem["problem"].split(":")[0] for problem in log["problems"]]
    rig.equal(marks, ["JUDGE"], "the only problem is the one that was meant")
    return log


def main():
    with Rig("telegram_server.py") as rig:
        log = asyncio.run(run(rig))
        told = [each for each in seen if each[0] == "message" and each[3] in ("twice", "first", "second")]
        rig.equal([each[3] for each in told], ["twice", "twice", "first", "second"], "duplicates and order")
        for wanted in (
            ("message", "private", None, "/start hello-code"),
            ("message", "supergroup", 7, "hello topic"),
            ("click", "q:1:0"),
            ("file", "a.txt", b"body"),
            ("edit", "private", None, "changed"),
            ("reaction", ["🔥"]),
            ("post", "channel", None, "news"),
            ("membership", "administrator"),
            ("membership", "kicked"),
        ):
            rig.expect(wanted in seen, f"the client has seen {wanted}")
        port = str(rig.port)
        # The client makes up the names of the parts of an album.
        text = re.sub(r"attached[0-9a-f]{32}", "attached", json.dumps(requests(log, without=("getUpdates",))))
        lines = json.loads(text)
        for line in lines:
            if line["name"] == "setWebhook" and line["body"]["url"].startswith("http://127"):
                line["body"]["url"] = "http://127.0.0.1/hook"
        rig.expect(port not in str(lines), "the transcript names no port")
    rig.finish("telegram", lines)


main()
