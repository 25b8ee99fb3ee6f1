"""Proves discord_server.py: discord.py holds a conversation against it, through resumes and faults."""

import asyncio
import io
import json
import re

import aiohttp
import discord
import yarl
from discord import app_commands

from prove import Rig, requests

seen, resumed = [], []


class Buttons(discord.ui.View):
    @discord.ui.button(label="Yes", custom_id="q:1:0")
    async def yes(self, interaction, button):
        seen.append(("click", interaction.user.name))
        await interaction.response.edit_message(content="picked", view=None)


class Bot(discord.Client):
    def __init__(self):
        wanted = discord.Intents(
            guilds=True,
            guild_messages=True,
            guild_reactions=True,
            dm_messages=True,
            dm_reactions=True,
            message_content=True,
        )
        super().__init__(intents=wanted, max_ratelimit_timeout=30)
        self.tree = app_commands.CommandTree(self)

        @self.tree.command(name="ping", description="Says pong")
        async def ping(interaction: discord.Interaction, word: str):
            seen.append(("command", word))
            await interaction.response.defer()
            await interaction.followup.send(f"pong {word}")

    async def on_message(self, message):
        if message.author.bot:
            return
        seen.append(
            (
                "message",
                message.content.split("> ")[-1],
                message.guild is None,
                [attachment.filename for attachment in message.attachments],
                isinstance(message.channel, discord.Thread),
            )
        )
        text = message.content
        if "ask" in text:
            await message.channel.send("Question?", view=Buttons(timeout=None))
        elif "file" in text:
            data = await message.attachments[0].read()
            await message.channel.send("here", file=discord.File(io.BytesIO(data * 2), "out.txt", description="twice"))
        elif "branch" in text:
            thread = await message.create_thread(name="Topic")
            await thread.send("in the thread")
        elif "hello" in text:
            async with message.channel.typing():
                answer = await message.reply(
                    "**echo** " + discord.utils.escape_markdown("a_b*c"),
                    mention_author=False,
                    allowed_mentions=discord.AllowedMentions.none(),
                )
            await answer.edit(content="edited")
            await message.add_reaction("👀")

    async def on_raw_reaction_add(self, payload):
        if payload.user_id != self.user.id:
            seen.append(("reaction", str(payload.emoji)))

    async def on_raw_message_edit(self, payload):
        if payload.data["author"]["id"] != str(self.user.id):
            seen.append(("edit", payload.data["content"], payload.data["edited_timestamp"] is not None))

    async def on_raw_message_delete(self, payload):
        seen.append(("delete",))

    async def on_resumed(self):
        resumed.append(1)


async def conversation(rig, bot):
    say = rig.control
    hello = await say("say", chat="group", text="hello", mention=True)
    answer = (await say("wait", messages={"chat": "group", "from": "bot", "edited": True}))["found"][0]
    rig.equal(answer["reply_to"], hello["id"], "the reply")
    await say("wait", reaction={"chat": "group", "message": hello["id"], "emoji": "👀"})
    await say("say", chat="group", text="ask")
    asked = (await say("wait", messages={"chat": "group", "contains": "Question"}))["found"][0]
    click = await say("click", chat="group", message=asked["id"], button="Yes", user="bob")
    rig.equal((await say("wait", click=click["click"]))["found"]["type"], 7, "the click updates its message")
    await say("wait", messages={"chat": "group", "contains": "picked"})
    await say("react", chat="group", message=asked["id"], emoji="🔥")
    await say("say", chat="group", text="file", files=[{"name": "in.txt", "text": "abc", "mime": "text/plain"}])
    sent = (await say("wait", messages={"chat": "group", "contains": "here"}))["found"][0]
    rig.equal((sent["files"][0]["name"], sent["files"][0]["size"]), ("out.txt", 6), "the file that came back")
    await say("say", chat="group", text="branch")
    inner = (await say("wait", messages={"chat": "group", "contains": "in the thread"}))["found"][0]
    await say("say", chat="group", text="hello thread", thread=inner["thread"], user="bob")
    await say("wait", messages={"chat": "group", "from": "bot", "edited": True, "thread": inner["thread"]})
    await say("edit", chat="group", message=hello["id"], text="changed")
    await say("unfurl", chat="group", message=hello["id"])
    await say("say", chat="dm:alice", text="hello in private")
    await say("wait", messages={"chat": "dm:alice", "from": "bot", "edited": True})
    await bot.tree.sync()
    click = await say("command", chat="group", name="ping", text="word")
    await say("wait", click=click["click"])
    await say("wait", messages={"chat": "group", "contains": "pong word"})


async def endings(rig, bot):
    """Every end of a connection, with something said while nobody listens."""
    say = rig.control

    for number, (verb, fields) in enumerate(
        (
            ("kick", {"code": 4000}),
            ("kick", {}),
            ("fault", {"mode": "reconnect"}),
            ("fault", {"mode": "invalid_session", "resumable": True}),
        )
    ):
        before = len(resumed)
        await say(verb, **fields)
        await say("say", chat="group", text=f"while away {number}")
        for _ in range(400):
            if len(resumed) > before:
                break
            await asyncio.sleep(0.05)
        rig.equal(len(resumed), before + 1, f"resumed after {verb} {fields}")
    opened = (await say("state"))["ever"]
    # wait_until_ready is content with the first session: that the new one has its guilds is what this tells.
    ready = bot.wait_for("ready", timeout=20)
    await say("fault", mode="invalid_session")
    await say("wait", ever=opened + 1, timeout=20)
    await say("wait", requests={"name": "IDENTIFY", "count": 2}, timeout=20)
    await ready


async def faults(rig, bot):
    say, channel = rig.control, bot.get_channel(int((rig.ask("world"))["chats"]["group"]["id"]))
    for status, code, work, what in (
        (400, 50035, channel.send("x" * 2001), "2001 characters"),
        (
            400,
            50035,
            channel.send("x", view=discord.ui.View().add_item(discord.ui.Button(label="y" * 81, custom_id="z"))),
            "a label of 81 characters",
        ),
        (403, 50007, bot.get_user_dm("carol").send("x"), "a person who takes no messages"),
        (
            400,
            10014,
            (await channel.fetch_message(channel.last_message_id)).add_reaction("x"),
            "a reaction that is none",
        ),
        (
            413,
            40005,
            channel.send(file=discord.File(io.BytesIO(b"0" * (10 << 20) + b"1"), "big")),
            "a file of more than 10 MiB",
        ),
    ):
        try:
            await work
            rig.expect(False, f"{what}: was not refused")
        except discord.HTTPException as error:
            rig.equal((error.status, error.code), (status, code), what)
    await say("fault", on="POST /channels/:id/messages", mode="429", retry_after=0.3)
    await channel.send("after a wait")
    await say("fault", on="POST /channels/:id/messages", mode="lost")
    try:
        await channel.send("lost")
        rig.expect(False, "an answer that was lost came")
    except aiohttp.ServerDisconnectedError:
        pass
    found = (await say("messages", chat="group"))["messages"]
    texts = [message["text"] for message in found]
    rig.equal((texts.count("after a wait"), texts.count("lost")), (1, 1), "a 429 is asked again, a lost answer is not")
    await say("fault", on="MESSAGE_CREATE", mode="duplicate")
    await say("say", chat="group", text="twice")
    await say("fault", on="MESSAGE_CREATE", mode="reorder")
    await say("say", chat="group", text="second")
    await say("say", chat="group", text="first")
    await say("wait", pending=0)


async def nonces(rig, world):
    """What discord.py cannot say: nonces that are enforced, and unknown fields."""
    headers = {"Authorization": f"Bot {world['token']}", "User-Agent": "DiscordBot (https://example.org, 1)"}
    url = f"{world['api']}/channels/{world['chats']['group']['id']}/messages"
    async with aiohttp.ClientSession(headers=headers) as session:
        ids = []
        for _ in range(2):
            async with session.post(url, json={"content": "x", "nonce": "n1", "enforce_nonce": True}) as answer:
                ids.append((await answer.json())["id"])
        rig.equal(ids[0], ids[1], "an enforced nonce makes one message")
        async with session.post(url, json={"content": "x", "bogus": 1}) as answer:
            rig.equal(answer.status, 501, "an unknown field")
        async with session.post(url, json={"content": "x"}, headers={"User-Agent": "curl"}) as answer:
            rig.equal(answer.status, 403, "another User-Agent")
        async with session.post(url, json={"content": "x"}, headers={"Authorization": "Bot no"}) as answer:
            rig.equal(answer.status, 401, "another token")


async def run(rig):
    world = await rig.control("world")
    discord.http.Route.BASE = world["api"]
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(f"ws://127.0.0.1:{rig.port}/gateway")
    bot = Bot()
    bot.get_user_dm = lambda name: bot.get_partial_messageable(int(world["chats"][f"dm:{name}"]["id"]))
    task = asyncio.create_task(bot.start(world["token"]))
    await rig.control("wait", requests={"name": "IDENTIFY"})
    await bot.wait_until_ready()
    try:
        await conversation(rig, bot)
        await endings(rig, bot)
        await faults(rig, bot)
        await nonces(rig, world)
        log = await rig.control("log")
        await rig.control("fault", mode="close", code=4014)
        for _ in range(100):
            if task.done():
                break
            await asyncio.sleep(0.05)
        rig.expect(
            task.done() and isinstance(task.exception(), discord.PrivilegedIntentsRequired), "4014 ends the client"
        )
    finally:
        await bot.close()
    marks = [problem["problem"][:40] for problem in log["problems"]]
    rig.equal(len(marks), 2, f"the problems that were meant: {marks}")
    return world, log


def main():
    with Rig("discord_server.py", "--heartbeat", "1000") as rig:
        world, log = asyncio.run(run(rig))
        told = [each[1] for each in seen if each[0] == "message" and each[1] in ("twice", "first", "second")]
        rig.equal(told, ["twice", "twice", "first", "second"], "duplicates and order")
        for wanted in (
            ("message", "hello", False, [], False),
            ("message", "hello thread", False, [], True),
            ("message", "file", False, ["in.txt"], False),
            ("message", "hello in private", True, [], False),
            ("click", "bob"),
            ("reaction", "🔥"),
            ("edit", "changed", True),
            ("command", "word"),
            *[("message", f"while away {number}", False, [], False) for number in range(4)],
        ):
            rig.expect(wanted in seen, f"the client has seen {wanted}")
        # Snowflakes are told apart by the order of their first appearance.
        text, known = json.dumps(requests(log, without=("HEARTBEAT", "CLOSE"))), {}
        text = re.sub(r"([:\[,] )(\d{17,20})(?=[,}\]])", r'\1"number \2"', text)
        text = re.sub(r"\b\d{17,20}\b", lambda found: f"id{known.setdefault(found[0], len(known))}", text)
        text = re.sub(r"127.0.0.1:\d+", "…", re.sub(r'"seq": \d+', '"seq": "…"', text))
        text = re.sub(r'"nonce": "[^"]*"', '"nonce": "…"', text)
        lines = json.loads(text)
    rig.finish("discord", lines)


main()
