"""Proves slack_server.py: slack-bolt holds a conversation against it, by Socket Mode and by signed HTTP."""

import asyncio
import base64
import hashlib
import json
import re

import aiohttp
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from prove import Rig, requests

seen = []
QUESTION = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "*Really?* &amp; now"}},
    {
        "type": "actions",
        "elements": [
            {"type": "button", "action_id": "q:1:0", "value": "0", "text": {"type": "plain_text", "text": "Yes"}}
        ],
    },
]


def application(world):
    client = AsyncWebClient(token=world["token"], base_url=world["api"], retry_handlers=[])
    app = AsyncApp(client=client, signing_secret=world["signing_secret"])

    @app.event("message")
    async def message(event, say, client):
        seen.append((event.get("subtype"), event.get("text"), event.get("channel_type")))
        if event.get("bot_id") or event.get("subtype") not in (None, "file_share"):
            return
        text = event["text"]
        if "ask" in text:
            await say(text="Really?", blocks=QUESTION)
        elif "file" in text:
            headers = {"Authorization": f"Bearer {client.token}"}
            async with aiohttp.ClientSession(headers=headers) as session:
                async with session.get(event["files"][0]["url_private_download"]) as answer:
                    seen.append(("file", await answer.read()))
            await client.files_upload_v2(
                channel=event["channel"], content="hello", filename="a.txt", thread_ts=event["ts"]
            )
        elif "hello" in text:
            answer = await say(text="_echo_ &lt;x&gt;", thread_ts=event.get("thread_ts") or event["ts"])
            await client.reactions_add(channel=event["channel"], timestamp=event["ts"], name="eyes")
            await client.chat_update(channel=event["channel"], ts=answer["ts"], markdown_text="**edited** `x*y`")

    @app.event("app_mention")
    async def mention(event):
        seen.append(("mention", event["text"]))

    @app.event("reaction_added")
    async def reaction(event):
        seen.append(("reaction", event["reaction"]))

    @app.action("q:1:0")
    async def click(ack, body, client):
        await ack()
        seen.append(("click", body["actions"][0]["value"]))
        await client.chat_update(
            channel=body["channel"]["id"], ts=body["container"]["message_ts"], text="picked", blocks=[]
        )

    @app.command("/ping")
    async def ping(ack, command):
        await ack(f"pong {command['text']}")

    return app, client


async def conversation(rig):
    say = rig.control
    hello = await say("say", chat="group", text="hello", mention=True)
    answer = (await say("wait", messages={"chat": "group", "from": "bot", "edited": True}))["found"][0]
    rig.equal(
        (answer["text"], answer["thread"]), ("edited x*y", hello["id"]), "Markdown is shown as text, in the thread"
    )
    await say("wait", reaction={"chat": "group", "message": hello["id"], "emoji": "👀"})
    ask = await say("say", chat="group", text="ask")
    asked = (await say("wait", messages={"chat": "group", "contains": "Really"}))["found"][0]
    rig.equal(asked["text"], "Really? & now", "mrkdwn is shown as text")
    clicked = await say("click", chat="group", message=asked["id"], button="Yes", user="bob")
    await say("wait", click=clicked["click"])
    await say("wait", messages={"chat": "group", "contains": "picked"})
    await say("react", chat="group", message=asked["id"], emoji="🔥")
    await say("say", chat="group", text="file", files=[{"name": "in.txt", "text": "abc", "mime": "text/plain"}])
    await say("wait", requests={"name": "files.completeUploadExternal"})
    ping = await say("command", chat="group", name="ping", text="word")
    rig.equal((await say("wait", click=ping["click"]))["found"]["text"], "pong word", "the command's answer")
    await say("edit", chat="group", message=hello["id"], text="changed")
    await say("delete", chat="group", message=ask["id"])
    await say("say", chat="dm:alice", text="hello in private")
    await say("wait", messages={"chat": "dm:alice", "from": "bot", "edited": True})


async def endings(rig):
    say = rig.control
    opened = (await say("state"))["ever"]
    await say("fault", mode="reconnect", reason="refresh_requested")
    await say("wait", ever=opened + 1, timeout=30)
    await say("wait", open=1, timeout=30)
    await say("say", chat="dm:alice", text="after the reconnect")
    await say("wait", pending=0)


async def faults(rig, client):
    say = rig.control
    wide = [{"type": "section", "text": {"type": "mrkdwn", "text": "y" * 3001}}]
    for work, error, what in (
        (
            client.chat_postMessage(channel="C0GROUP001", text="x", blocks=wide),
            "invalid_blocks",
            "3001 characters in a section",
        ),
        (client.chat_postMessage(channel="C404", text="x"), "channel_not_found", "an unknown channel"),
        (client.chat_postMessage(channel="C0OTHER001", text="x"), "not_in_channel", "a channel without the bot"),
        (client.chat_postMessage(channel="C0GROUP001", text="x", bogus="1"), "JUDGE_unknown", "an unknown parameter"),
        (
            client.chat_postMessage(channel="C0GROUP001", markdown_text="x" * 12001),
            "msg_too_long",
            "12001 characters of Markdown",
        ),
        (client.conversations_open(users="U0CAROL001"), "user_disabled", "a deactivated user"),
        (client.reactions_add(channel="C0GROUP001", timestamp="1.1", name="eyes"), "JUDGE_wrong_timestamp", "no ts"),
    ):
        await rig.refused(work, SlackApiError, error, what)
    opened = await client.conversations_open(users="U0BOB00001")
    rig.equal(opened["channel"]["id"], "D0BOB00001", "a conversation with one user")
    await say("fault", on="chat.postMessage", mode="429", retry_after=7)
    await rig.refused(client.chat_postMessage(channel="C0GROUP001", text="x"), SlackApiError, "ratelimited", "a 429")
    await say("fault", on="chat.postMessage", mode="lost")
    await rig.refused(
        client.chat_postMessage(channel="C0GROUP001", text="lost"), aiohttp.ClientError, "", "a lost answer"
    )
    texts = [message["text"] for message in (await say("messages", chat="group"))["messages"]]
    rig.equal(texts.count("lost"), 1, "what was done although its answer was lost")
    history = await client.conversations_history(channel="C0GROUP001", limit=2)
    rig.equal((history["messages"][0]["text"], history["has_more"]), ("lost", True), "the newest first")
    await say("fault", on="message", mode="duplicate")
    await say("say", chat="group", text="twice")
    await say("fault", on="message", mode="reorder")
    await say("say", chat="group", text="second")
    await say("say", chat="group", text="first")
    await say("wait", pending=0)


async def by_http(rig, app):
    """The same app behind an address: the handshake, signatures, a retry after an error."""
    fail = []

    async def events(request):
        if fail and request.headers.get("X-Slack-Retry-Num") is None:
            return web.Response(status=500)
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    server = web.Application()
    server.router.add_post("/events", events)
    runner = web.AppRunner(server)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}/events"
    rig.equal((await rig.control("events_url", url=url))["verified"], True, "the handshake")
    fail.append(True)
    await rig.control("say", chat="dm:bob", user="bob", text="hello by http")
    await rig.control("wait", messages={"chat": "dm:bob", "from": "bot", "edited": True})
    fail.clear()
    await rig.control("wait", pending=0)
    ping = await rig.control("command", chat="group", name="ping", text="http")
    rig.equal((await rig.control("wait", click=ping["click"]))["found"]["text"], "pong http", "a command by HTTP")
    await runner.cleanup()


async def installing(rig, world):
    """OAuth with a code, a state and a proof of the code's owner."""
    verifier = "v" * 43
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    base = f"http://127.0.0.1:{rig.port}"
    query = {
        "client_id": world["client_id"],
        "scope": "chat:write",
        "state": "s1",
        "redirect_uri": "http://127.0.0.1/back",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    async with aiohttp.ClientSession() as session:
        for given, wanted in (("wrong", False), (verifier, True)):
            async with session.get(f"{base}/oauth/v2/authorize", params=query, allow_redirects=False) as answer:
                back = answer.headers["Location"]
            code = re.search(r"code=(\w+)&state=s1$", back)[1]
            form = {
                "client_id": world["client_id"],
                "client_secret": world["client_secret"],
                "code": code,
                "redirect_uri": "http://127.0.0.1/back",
                "code_verifier": given,
            }
            async with session.post(f"{base}/api/oauth.v2.access", data=form) as answer:
                rig.equal((await answer.json())["ok"], wanted, f"a code with the verifier {given}")


async def run(rig):
    world = await rig.control("world")
    app, client = application(world)
    handler = AsyncSocketModeHandler(app, world["app_token"], web_client=AsyncWebClient(base_url=world["api"]))
    await handler.connect_async()
    await rig.control("wait", open=1)
    await conversation(rig)
    await endings(rig)
    await faults(rig, client)
    await handler.close_async()
    await rig.control("wait", open=0)
    await by_http(rig, app)
    await installing(rig, world)
    await rig.control("fault", mode="revoke")
    await rig.refused(client.auth_test(), SlackApiError, "token_revoked", "a revoked token")
    log = await rig.control("log")
    rig.equal(len(log["problems"]), 2, f"the problems that were meant: {log['problems']}")
    unacknowledged = [entry for entry in log["entries"] if entry["name"] == "UNACKED"]
    rig.equal(unacknowledged, [], "all envelopes were acknowledged")
    return log


def main():
    with Rig("slack_server.py") as rig:
        log = asyncio.run(run(rig))
        told = [each[1] for each in seen if each[1] in ("twice", "first", "second")]
        rig.equal(told, ["twice", "twice", "first", "second"], "duplicates and order")
        for wanted in (
            ("mention", "<@U0BOT00001> hello"),
            (None, "<@U0BOT00001> hello", "channel"),
            ("click", "0"),
            ("reaction", "fire"),
            ("file_share", "file", "channel"),
            ("file", b"abc"),
            (None, "after the reconnect", "im"),
            (None, "hello by http", "im"),
            ("message_deleted", None, "channel"),
            ("message_changed", None, "channel"),
        ):
            rig.expect(wanted in seen, f"the client has seen {wanted}")
        text, known = json.dumps(requests(log, without=("ACK", "auth.test"))), {}
        text = re.sub(r"\b1\d{9}\.\d{6}\b", lambda found: f"ts{known.setdefault(found[0], len(known))}", text)
        text = re.sub(r'"code(_challenge)?": "[0-9a-f]{32}"', '"code": "…"', text)
    rig.finish("slack", json.loads(text))


main()
