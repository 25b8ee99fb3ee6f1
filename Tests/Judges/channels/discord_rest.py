"""The REST half of the Discord judge: bodies, files, nonces, rate limits around simcord's routes."""

import collections
import io
import json
import re
import time

from aiohttp import web
from simcord.backend import serializers
from simcord.backend.errors import BackendError
from simcord.http import router, routes

from control import described
from faults import abort, hang

assert routes  # Importing it registers the handlers.
LARGEST_FILE = 10 << 20
# Which parts of a path make a bucket of its own.
MAJOR = re.compile(r"/(channels|guilds|webhooks)/(\d+)")
REACTION = re.compile(r"/channels/\d+/messages/\d+/reactions/([^/]+)/@me$")
SEARCH = re.compile(r"/guilds/(\d+)/members/search$")
MESSAGES = re.compile(r"/channels/(\d+)/messages$")
PERMITTED_AGENT = re.compile(r"DiscordBot \(\S+,? [^)]+\)")


class Upload:
    """A file of a request in the form that simcord's routes take."""

    def __init__(self, name, data, description):
        self.filename, self.fp, self.description = name, io.BytesIO(data), description


class Answer(Exception):
    """An error of the API: status, code, message."""

    def __init__(self, status, code, message, **more):
        super().__init__(message)
        self.status, self.body, self.headers = status, {"message": message, "code": code, **more}, {}


class Rest:
    """Takes requests below /api/v10."""

    def __init__(self, judge):
        self.judge = judge
        self.nonces, self.buckets = {}, collections.defaultdict(collections.deque)
        self.nonce = None

    async def body_of(self, request, entry):
        """The JSON body and the files, from JSON or multipart; any other content type is refused."""
        if not request.can_read_body:
            return None, []
        if request.content_type == "application/json":
            if request.charset not in (None, "utf-8"):
                raise Answer(400, 50035, "JUDGE: JSON is UTF-8")
            entry["body"] = json.loads(await request.text() or "null")
            return entry["body"], []
        if request.content_type != "multipart/form-data":
            raise Answer(400, 50035, "Expected \"Content-Type\" header to be one of {'application/json'}.")
        body, parts = None, []
        async for part in await request.multipart():
            data = bytes(await part.read())
            if part.name == "payload_json":
                body = json.loads(data)
            elif part.name and re.fullmatch(r"files\[\d+\]", part.name) and part.filename:
                parts.append((part.name[6:-1], part.filename, data, part.headers.get("Content-Type")))
            else:
                raise Answer(400, 50035, f"JUDGE: unknown part {part.name!r}; parts are payload_json and files[n]")
        entry["body"] = body
        entry["files"] = [described(name, data, mime, field=f"files[{key}]") for key, name, data, mime in parts]
        if any(len(data) > LARGEST_FILE for _, _, data, _ in parts):
            raise Answer(413, 40005, "Request entity too large")
        target = (body or {}).get("data", body) or {}
        notes = {str(note.get("id")): note for note in target.get("attachments", [])}
        uploads = []
        for key, name, data, _ in parts:
            if notes and key not in notes:
                raise Answer(400, 50035, f"JUDGE: files[{key}] has no entry in attachments")
            uploads.append(
                Upload(notes.get(key, {}).get("filename", name), data, notes.get(key, {}).get("description"))
            )
        return body, uploads

    def check_attachments(self, body, uploads):
        """New attachments are numbers of files of this request."""
        target = (body or {}).get("data", body) if isinstance(body, dict) else None
        for note in (target or {}).get("attachments", []) or []:
            number = str(note.get("id"))
            if set(note) - {"id", "filename", "description", "title"}:
                raise Answer(400, 50035, f"JUDGE: unknown fields in the attachment {note}")
            if len(number) < 5 and int(number) >= len(uploads):
                raise Answer(400, 50035, f"JUDGE: attachment {number} has no files[{number}]")

    def limit_headers(self, method, path):
        """What the platform says about the bucket: five requests a second in each."""
        major = MAJOR.match(path)
        key = (method, re.sub(r"\d{6,}", "#", path), major.group(2) if major else "")
        window, now = self.buckets[key], time.monotonic()
        while window and now - window[0] > 1:
            window.popleft()
        over = len(window) >= 5
        if not over:
            window.append(now)
        after = max(0.001, 1 - (now - window[0]))
        headers = {
            "X-RateLimit-Limit": "5",
            "X-RateLimit-Remaining": str(5 - len(window)),
            "X-RateLimit-Reset-After": f"{after:.3f}",
            "X-RateLimit-Reset": f"{time.time() + after:.3f}",
            # Clients take a 429 without it for one of the proxy in front of the platform.
            "Via": "1.1 google",
            "X-RateLimit-Bucket": f"{abs(hash(key)):x}"[:16],
        }
        return headers, over and self.judge.options.enforce_limits, after

    @staticmethod
    def too_many(after, scope):
        answer = Answer(429, 0, "You are being rate limited.", retry_after=after, **{"global": scope == "global"})
        del answer.body["code"]
        answer.headers = {"Retry-After": str(max(1, int(after + 0.999))), "X-RateLimit-Scope": scope}
        if scope == "global":
            answer.headers["X-RateLimit-Global"] = "true"
        return answer

    def answer_fault(self, fault):
        if fault["mode"] == "429":
            raise self.too_many(float(fault.get("retry_after", 1)), fault.get("scope", "user"))
        if fault["mode"] == "5xx":
            raise Answer(fault.get("status", 502), 0, "upstream request timeout")
        if fault["mode"] == "error":
            raise Answer(fault.get("status", 400), int(fault.get("code", 0)), fault.get("description", "error"))

    async def handle(self, request):
        path = "/" + request.match_info["rest"]
        raw = request.rel_url.raw_path.removeprefix("/api/v10")
        name = f"{request.method} {re.sub(r'/[0-9]{6,}', '/:id', path)}"
        name = re.sub(r"/(interactions|webhooks)/:id/[^/]+", r"/\1/:id/:token", name)
        entry = self.judge.note(
            "request",
            name,
            method=request.method,
            path=path,
            query=dict(request.query),
            body=None,
            files=[],
            status=None,
        )
        headers = {}
        try:
            try:
                body, uploads = await self.body_of(request, entry)
                fault = self.judge.faults.of_request(name, f"{request.method} {path}", path, request.method)
                if fault and fault["mode"] in ("drop", "hang"):
                    return abort(request) if fault["mode"] == "drop" else await hang(request)
                headers, over, after = self.limit_headers(request.method, path)
                if fault:
                    self.answer_fault(fault)
                if over:
                    raise self.too_many(after, "user")
                result = self.dispatch(request, path, raw, body, uploads)
                if fault and fault["mode"] == "lost":
                    return abort(request)
                entry["status"] = 204 if result is None else 200
                entry["result"] = result
                return self.response(result, entry["status"], headers)
            except Answer as answer:
                entry["status"], entry["error"] = answer.status, str(answer)
                if "JUDGE" in str(answer):
                    self.judge.problem(str(answer))
                return self.response(answer.body, answer.status, {**headers, **answer.headers})
        finally:
            if entry["status"] is None:
                entry["status"] = 0
            self.judge.touch()

    def response(self, body, status, headers):
        if body is None:
            return web.Response(status=204, headers=headers)
        # As the platform: the type of JSON carries no charset.
        return web.Response(
            body=json.dumps(body).encode(), status=status, headers={**headers, "Content-Type": "application/json"}
        )

    def dispatch(self, request, path, raw, body, uploads):
        judge = self.judge
        by_token = path.startswith(("/interactions/", "/webhooks/"))
        agent = request.headers.get("User-Agent", "")
        if not by_token and not PERMITTED_AGENT.match(agent):
            judge.problem(f"JUDGE: the User-Agent is not DiscordBot (url, version): {agent!r}")
            raise Answer(403, 40333, "internal network error")
        if not by_token and (judge.revoked or request.headers.get("Authorization") != f"Bot {judge.token}"):
            raise Answer(401, 0, "401: Unauthorized")
        if path in ("/gateway", "/gateway/bot") and request.method == "GET":
            url = {"url": f"ws://127.0.0.1:{judge.port}/gateway"}
            limit = {
                "total": 1000,
                "remaining": 1000 - len(judge.gateway.sessions),
                "reset_after": 14400000,
                "max_concurrency": 1,
            }
            return url if path == "/gateway" else {**url, "shards": 1, "session_start_limit": limit}
        search = SEARCH.fullmatch(path)
        if search and request.method == "GET":
            return self.members(int(search.group(1)), request.query)
        self.check_attachments(body, uploads)
        emoji = REACTION.search(path)
        if emoji and request.method == "PUT" and ":" not in emoji.group(1) and max(map(ord, emoji.group(1))) < 0x203C:
            raise Answer(400, 10014, "Unknown Emoji")
        sending = MESSAGES.fullmatch(path) if request.method == "POST" else None
        if sending:
            judge.refuse_closed(int(sending.group(1)))
            body = self.without_lost_reference(int(sending.group(1)), body)
            known = self.known_nonce(int(sending.group(1)), body or {})
            if known:
                return known
        try:
            result = router.dispatch(
                judge.backend,
                request.method,
                raw,
                json=body,
                params=dict(request.query),
                files=uploads,
                reason=request.headers.get("X-Audit-Log-Reason"),
            )
        except (router.RouteNotImplemented, router.UnsupportedField) as error:
            raise Answer(501, 0, f"JUDGE: {error}") from None
        except BackendError as error:
            if error.status == 429:
                raise self.too_many(0.5, "user") from None
            raise Answer(
                error.status, error.code, error.message, **({"errors": error.errors} if error.errors else {})
            ) from None
        except (ValueError, KeyError, TypeError) as error:
            raise Answer(400, 50035, f"JUDGE: Invalid Form Body: {error!r}") from None
        finally:
            nonce, self.nonce = self.nonce, None
        result = judge.wire(result)
        if path == "/oauth2/applications/@me":
            # What the portal has approved, as small applications are told (the "limited" bits).
            result["flags"] = 1 << 19 if "message_content" in judge.approved else 0
        if sending and nonce is not None:
            result["nonce"] = nonce
            if body.get("enforce_nonce"):
                self.nonces[(int(sending.group(1)), str(nonce))] = (result, time.monotonic())
        if path.endswith("/callback") and request.method == "POST":
            judge.answered(path.split("/")[2], body)
            return result if request.query.get("with_response") in ("true", "1", "True") else None
        return result

    def members(self, guild, query):
        """Members whose name or nickname begins with the query; simcord knows no such route."""
        if set(query) - {"query", "limit"} or not query.get("query"):
            raise Answer(400, 50035, "JUDGE: the search takes query and limit")
        backend, wanted = self.judge.backend, query["query"].lower()
        found = []
        for member in backend.get_guild(guild).members.values():
            user = backend.get_user(member.user_id)
            if any((name or "").lower().startswith(wanted) for name in (user.name, user.global_name, member.nick)):
                found.append(serializers.member_payload(backend, backend.get_guild(guild), member))
        return self.judge.wire(found[:int(query.get("limit", 1))])

    def without_lost_reference(self, channel, body):
        """A reply to what is not there is refused, or sent as a plain message when the request allows that."""
        reference = (body or {}).get("message_reference")
        if not isinstance(reference, dict) or reference.get("type", 0) != 0:
            return body
        if str(reference.get("message_id")) in map(str, self.judge.backend.messages.get(channel, {})):
            return body
        if reference.get("fail_if_not_exists", True):
            raise Answer(
                400,
                50035,
                "Invalid Form Body",
                errors={
                    "message_reference": {
                        "_errors": [{"code": "REPLIES_UNKNOWN_MESSAGE", "message": "Unknown message"}]
                    }
                },
            )
        return {key: value for key, value in body.items() if key != "message_reference"}

    def known_nonce(self, channel, body):
        """The message that was sent before with the same enforced nonce; checks the nonce."""
        nonce, enforce = body.get("nonce"), body.get("enforce_nonce")
        if nonce is None:
            if enforce:
                raise Answer(400, 50035, "JUDGE: enforce_nonce without a nonce")
            return None
        if not isinstance(nonce, (str, int)) or len(str(nonce)) > 25:
            raise Answer(400, 50035, "Invalid Form Body: nonce: Must be 25 or fewer in length.")
        self.nonce = nonce
        message, sent = self.nonces.get((channel, str(nonce)), (None, 0))
        if enforce and message and time.monotonic() - sent < self.judge.options.nonce_life:
            self.nonce = None
            return message
        return None
