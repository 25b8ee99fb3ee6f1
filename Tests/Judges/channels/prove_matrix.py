"""Proves matrix_server.py, matrix_user.py and fault_proxy.py: two people talk, encrypted and not, through the proxy."""

import urllib.error
import urllib.request

from prove import Rig


def conversation(rig, alice, bot, encrypted):
    name = "secret" if encrypted else "plain"
    room = alice.ask("room", name=name, invite=["@bot:localhost"], dm=True, encrypted=encrypted)["chat"]
    for _ in range(100):
        if room in bot.ask("state")["invites"]:
            break
    bot.ask("membership", chat=room, action="join")
    bot.ask("name", name=name, chat=room)
    # A client sends keys to those it knows to be there.
    for _ in range(200):
        if "@bot:localhost" in alice.ask("world")["rooms"][room]["members"]:
            break
    said = alice.ask(
        "say", chat=name, text="hello", mention=True, files=[{"name": "a.txt", "text": "abc", "mime": "text/plain"}]
    )
    found = bot.ask("wait", messages={"chat": name, "count": 2})["found"]
    rig.equal(
        [(m["text"], m["encrypted"], m["undecryptable"]) for m in found],
        [("bot: hello", encrypted, False), ("a.txt", encrypted, False)],
        "what has arrived",
    )
    rig.equal(found[1]["files"][0]["size"], 3, "the file")
    answer = bot.ask("say", chat=name, text="**hi**", html="<b>hi</b><blink>!</blink>", reply_to=said["id"])
    shown = alice.ask("wait", messages={"chat": name, "from": "bot"})["found"][0]
    rig.equal((shown["text"], shown["reply_to"]), ("hi!", said["id"]), "the answer")
    bot.ask("edit", chat=name, message=answer["id"], text="changed")
    alice.ask("wait", messages={"chat": name, "from": "bot", "edited": True, "contains": "changed"})
    alice.ask("react", chat=name, message=answer["id"], emoji="🔥")
    bot.ask("wait", reaction={"chat": name, "message": answer["id"], "emoji": "🔥"})
    bot.ask("say", chat=name, text="in the thread", thread=said["id"])
    alice.ask("wait", messages={"chat": name, "thread": said["id"]})
    alice.ask("delete", chat=name, message=said["id"])
    for _ in range(100):
        if said["id"] not in [m["id"] for m in bot.ask("messages", chat=name)["messages"]]:
            return
    rig.expect(False, "what was deleted is still there")


def faults(rig, proxy):
    url = f"{proxy.base}/_matrix/client/versions"
    for fields, wanted in (({"mode": "429", "retry_after": 3}, 429), ({"mode": "5xx", "status": 503}, 503)):
        proxy.ask("fault", on="GET /_matrix/client/ver*", **fields)
        try:
            urllib.request.urlopen(url)
            rig.expect(False, f"{fields}: nothing went wrong")
        except urllib.error.HTTPError as error:
            rig.equal(error.code, wanted, "the proxy's answer")
            rig.expect(wanted != 429 or error.headers["Retry-After"] == "3", "when to come again")
    for mode in ("drop", "lost"):
        proxy.ask("fault", on="GET /_matrix/client/versions", mode=mode)
        try:
            urllib.request.urlopen(url)
            rig.expect(False, f"{mode}: nothing went wrong")
        except OSError:
            pass
    rig.equal(urllib.request.urlopen(url).status, 200, "and then it works")


def main():
    with Rig("matrix_server.py", "--user", "bot:pw", "--user", "alice:pw") as rig:
        home = f"http://127.0.0.1:{rig.port}"
        with Rig("fault_proxy.py", "--upstream", home) as proxy:
            person = ("--homeserver", proxy.base, "--password", "pw", "--e2ee", "--user")
            with Rig("matrix_user.py", *person, "alice") as alice, Rig("matrix_user.py", *person, "bot") as bot:
                conversation(rig, alice, bot, False)
                conversation(rig, alice, bot, True)
                with Rig("matrix_user.py", *person, "alice", "--device", "SECOND") as second:
                    room = alice.ask("world")["chats"]["secret"]["id"]
                    # A new device cannot read what came before, but all that comes after.
                    bot.ask("say", chat="secret", text="for all devices")
                    found = second.ask("wait", messages={"chat": room, "contains": "for all devices"})["found"]
                    rig.equal(found[0]["encrypted"], True, "what a new device reads")
                    before = [m for m in second.ask("messages", chat=room)["messages"] if m["id"] != found[0]["id"]]
                    rig.expect(before and all(m["undecryptable"] for m in before), "what came before stays closed")
                    rig.failures += second.failures
                marks = {problem["problem"] for problem in alice.ask("state")["problems"]}
                rig.equal(
                    marks, {"JUDGE: formatted_body has tags that clients drop: ['blink']"}, "the tag that clients drop"
                )
            faults(rig, proxy)
            rig.failures += proxy.failures + alice.failures + bot.failures
    if rig.failures:
        raise SystemExit(1)
    print("ok   matrix: two people, plain and encrypted, through the proxy and its faults")


main()
