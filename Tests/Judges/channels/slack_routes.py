"""What Slack serves beside its API: uploads, downloads, answers to clicks, the page on which an app is allowed."""

import json
import time
import urllib.parse
import uuid

from aiohttp import web

from control import described
from faults import abort, hang


class Routes:
    """Part of the judge; see slack_server.py."""

    async def upload(self, request):
        file = self.files.get(request.match_info["file"])
        entry = self.note("request", "upload", method="POST", body=None, files=[], status=None)
        if request.content_type.startswith("multipart/"):
            data = b"".join([bytes(await part.read()) async for part in await request.multipart()])
        else:
            data = await request.read()
        entry["files"] = [described(file["name"] if file else "?", data, request.content_type)]
        fault = self.faults.of_request("upload")
        if fault and fault["mode"] in ("drop", "hang", "lost"):
            return abort(request) if fault["mode"] != "hang" else await hang(request)
        if fault or file is None or len(data) != file["length"]:
            entry["status"] = fault.get("status", 500) if fault else 400
            return web.Response(status=entry["status"], text="the length is not the one that was named")
        file["data"], entry["status"] = data, 200
        self.touch()
        return web.Response(text=f"OK - {len(data)}")

    async def download(self, request):
        """Without the token the answer is a page for people, with status 200."""
        file = self.files.get(request.match_info["file"])
        allowed = request.headers.get("Authorization") == f"Bearer {self.token}" and not self.revoked
        entry = self.note("request", "download", path=request.path, authorised=allowed, status=200)
        fault = self.faults.of_request("download")
        if fault and fault["mode"] in ("drop", "lost"):
            entry["status"] = 0
            return abort(request)
        if fault:
            entry["status"] = 429 if fault["mode"] == "429" else fault.get("status", 503)
            return web.Response(status=entry["status"], headers={"Retry-After": str(int(fault.get("retry_after", 1)))})
        if not allowed:
            return web.Response(
                text="<!DOCTYPE html><html><title>Sign in | Slack</title></html>", content_type="text/html"
            )
        if file is None or file["data"] is None:
            entry["status"] = 404
            return web.Response(status=404)
        return web.Response(body=file["data"], headers={"Content-Type": file["mime"] or "application/octet-stream"})

    async def respond(self, request):
        """An address given with a click or a command: five answers, half an hour."""
        target, body = self.responses.get(request.match_info["name"]), json.loads(await request.text())
        entry = self.note("request", "response_url", body=body, status=200)
        unknown = sorted(
            set(body) - {"text", "blocks", "response_type", "replace_original", "delete_original", "thread_ts"}
        )
        if unknown:
            self.problem(f"JUDGE: response_url: unknown fields {unknown}")
        if target is None or target["uses"] <= 0 or time.monotonic() - target["made"] > 1800:
            entry["status"] = 404
            return web.Response(status=404, text="used_url")
        target["uses"] -= 1
        record = self.records.get((target["channel"], target["ts"]))
        if body.get("delete_original") and record:
            await self.remove(target["channel"], record)
        elif body.get("replace_original") and record:
            await self.change(
                target["channel"], record, {"text": body.get("text", ""), "blocks": body.get("blocks", [])}
            )
        elif body.get("response_type") == "in_channel":
            await self.post(
                target["channel"],
                self.bot["id"],
                {"text": body.get("text"), "blocks": body.get("blocks"), "thread_ts": body.get("thread_ts")},
            )
        return web.Response(text="ok")

    async def authorize(self, request):
        """The page on which a person allows the app: here alice allows at once."""
        query = dict(request.query)
        self.note("request", "authorize", body=query, status=302)
        unknown = set(query) - {
            "client_id",
            "scope",
            "user_scope",
            "redirect_uri",
            "state",
            "team",
            "code_challenge",
            "code_challenge_method",
        }
        missing = {"client_id", "scope", "redirect_uri", "state"} - set(query)
        method = query.get("code_challenge_method")
        if (
            unknown
            or missing
            or query["client_id"] != self.client[0]
            or ("code_challenge" in query) != (method == "S256")
        ):
            self.problem(f"JUDGE: authorize: unknown {sorted(unknown)}, missing {sorted(missing)}, method {method}")
            return web.Response(status=400, text="invalid_client_id or arguments")
        code = uuid.uuid4().hex
        self.codes[code] = {
            "redirect_uri": query["redirect_uri"],
            "challenge": query.get("code_challenge"),
            "scope": query["scope"],
            "user": self.users["alice"],
        }
        back = urllib.parse.urlencode({"code": code, "state": query["state"]})
        separator = "&" if "?" in query["redirect_uri"] else "?"
        raise web.HTTPFound(f"{query['redirect_uri']}{separator}{back}")
