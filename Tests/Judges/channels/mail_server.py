"""Runs a mail server on loopback: Dovecot for IMAP (with IDLE) and delivery, aiosmtpd for submission.

  mail_server.py --user bot@example.org:pw --user alice@example.org:pw
prints `ready PORT imap=… imaps=… smtp=… smtps=… lmtp=… ca=FILE`; PORT is that of the control verbs (README.md). What is
submitted goes through Dovecot's LMTP into the mailboxes of its recipients. Everything lives in a folder that is removed.
"""

import asyncio
import email
import email.policy
import email.utils
import logging
import os
import pathlib
import shutil
import smtplib
import ssl
import tempfile
import warnings

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from control import Judge, Refused, arguments, described, given_files, main
from mail_dovecot import Dovecot
from relay import Relay

# Submission without TLS is wanted here: everything is on loopback.
warnings.filterwarnings("ignore", module="aiosmtpd")
logging.getLogger("mail.log").setLevel(logging.ERROR)


def parsed(raw):
    """A message as its reader sees it: headers, text parts, files."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    texts, files = {}, []
    for part in message.walk():
        if part.is_multipart():
            continue
        data = part.get_payload(decode=True) or b""
        if part.get_filename() or part.get_content_disposition() == "attachment":
            files.append(described(part.get_filename(), data, part.get_content_type(), cid=part.get("Content-ID")))
        elif part.get_content_maintype() == "text":
            texts[part.get_content_subtype()] = data.decode(part.get_content_charset() or "utf-8", "replace")
    return {
        "headers": [[key, str(value)] for key, value in message.items()],
        "subject": str(message["Subject"] or ""),
        "message_id": message["Message-ID"],
        "in_reply_to": message["In-Reply-To"],
        "references": message["References"],
        "text": texts.get("plain"),
        "html": texts.get("html"),
        "files": files,
        "defects": [repr(defect) for part in message.walk() for defect in part.defects],
    }


class Submission:
    """What aiosmtpd asks about a session: faults first, then the message goes on to Dovecot."""

    def __init__(self, judge):
        self.judge = judge

    async def refuse(self, name, envelope):
        fault = self.judge.faults.of_request(name)
        if fault is None:
            return None
        if fault["mode"] == "hang":
            await asyncio.sleep(3600)
        if fault["mode"] in ("429", "5xx", "error"):
            status = {"429": 451, "5xx": 554}.get(fault["mode"], 550)
            return f"{fault.get('status', status)} {fault.get('description', 'the judge refuses this')}"
        return fault

    async def handle_MAIL(self, server, session, envelope, address, options):
        refusal = await self.refuse("MAIL", envelope)
        if refusal:
            return refusal if isinstance(refusal, str) else None
        if address and address.lower() != session.auth_data.lower():
            self.judge.problem(f"JUDGE: {session.auth_data} submits as {address}")
            return "553 5.7.1 Sender address rejected: not owned by user"
        envelope.mail_from, envelope.mail_options = address, envelope.mail_options + options
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        refusal = await self.refuse("RCPT", envelope)
        if refusal:
            return refusal if isinstance(refusal, str) else None
        if (
            address.split("@")[-1] in {user.split("@")[-1] for user in self.judge.users}
            and self.judge.mailbox(address, strict=False) is None
        ):
            return "550 5.1.1 no such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        judge = self.judge
        refusal = await self.refuse("DATA", envelope)
        entry = judge.note(
            "request",
            "DATA",
            status=None,
            envelope={
                "from": envelope.mail_from,
                "to": envelope.rcpt_tos,
                "options": envelope.mail_options,
                "user": session.auth_data,
                "tls": session.ssl is not None,
                "utf8": envelope.smtp_utf8,
            },
            size=len(envelope.content),
        )
        if isinstance(refusal, str):
            entry["status"] = int(refusal[:3])
            return refusal
        if refusal and refusal["mode"] == "drop":
            entry["status"] = 0
            return None
        raw = envelope.content
        if b"\n" in raw.replace(b"\r\n", b"") or b"\r" in raw.replace(b"\r\n", b""):
            judge.problem("JUDGE: lines of a message end with CR LF alone")
        if any(len(line) > 998 for line in raw.split(b"\r\n")):
            judge.problem("JUDGE: a line of more than 998 bytes")
        entry |= parsed(raw)
        for needed in ("From", "Date", "Message-ID"):
            if needed.lower() not in {key.lower() for key, _ in entry["headers"]}:
                judge.problem(f"JUDGE: a message without {needed}")
        judge.submitted.append(entry)
        local = [address for address in envelope.rcpt_tos if judge.mailbox(address, strict=False)]
        if local:
            await asyncio.to_thread(judge.deliver, envelope.mail_from, local, raw)
        entry["status"] = 0 if refusal else 250
        judge.touch()
        return None if refusal else "250 2.0.0 OK queued"


class Server(SMTP):
    """aiosmtpd, but a fault can end the connection instead of answering."""

    async def push(self, status):
        if status is None:
            self.transport.abort()
            return
        await super().push(status)


class Mail(Judge):
    """The mail server and the people who write to its users."""

    title = "the mail server"

    def clear(self):
        super().clear()
        self.submitted, self.count = [], 0
        self.users = dict(user.split(":", 1) for user in self.options.user)

    def routes(self, app):
        pass

    async def started(self):
        self.loop = asyncio.get_running_loop()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="judge-mail-"))
        os.chmod(self.folder, 0o755)
        self.dovecot = Dovecot(self.folder, self.users)
        self.dovecot.start()
        self.ports = dict(self.dovecot.ports)
        self.relays = {name: Relay(name, self.ports[name], self) for name in ("imap", "imaps")}
        for name, relay in self.relays.items():
            await relay.start(getattr(self.options, f"{name}_port"))
        await self.start_submission()
        await asyncio.to_thread(self.dovecot.wait)

    async def start_submission(self):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.folder / "cert.pem", self.folder / "key.pem")
        judge, options = self, self.options

        def authenticate(server, session, envelope, mechanism, data):
            judge.note("request", "AUTH", mechanism=mechanism)
            user = data.login.decode() if isinstance(data, LoginPassword) else ""
            known = not judge.faults.of_request("AUTH") and judge.users.get(user.lower()) == data.password.decode()
            return AuthResult(success=known, handled=False, auth_data=user)

        def factory(tls):
            return lambda: Server(
                Submission(judge),
                hostname="localhost",
                auth_required=True,
                auth_require_tls=options.require_tls,
                authenticator=authenticate,
                enable_SMTPUTF8=True,
                data_size_limit=options.max_size,
                tls_context=None if tls else context,
                loop=judge.loop,
            )

        self.smtp = await self.loop.create_server(factory(False), "127.0.0.1", options.smtp_port)
        self.smtps = await self.loop.create_server(factory(True), "127.0.0.1", 0, ssl=context)
        self.ports |= {"smtp": self.smtp.sockets[0].getsockname()[1], "smtps": self.smtps.sockets[0].getsockname()[1]}

    async def ended(self):
        self.dovecot.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def addresses(self):
        return {
            "imap": self.relays["imap"].port,
            "imaps": self.relays["imaps"].port,
            "smtp": self.ports["smtp"],
            "smtps": self.ports["smtps"],
            "lmtp": self.ports["lmtp"],
        }

    def ready_line(self):
        ports = " ".join(f"{name}={port}" for name, port in self.addresses().items())
        return f"ready {self.port} {ports} ca={self.folder / 'cert.pem'}"

    def mailbox(self, address, strict=True):
        """The user who gets an address's mail; `user+tag@` is the user's."""
        local, _, domain = address.lower().partition("@")
        found = f"{local.split('+')[0]}@{domain}"
        if found in self.users:
            return found
        if strict:
            raise Refused(f"there is no mailbox {address!r}; there are {sorted(self.users)}")
        return None

    def deliver(self, sender, recipients, raw):
        with smtplib.LMTP("127.0.0.1", self.ports["lmtp"]) as connection:
            connection.sendmail(
                sender, recipients, raw, mail_options=["SMTPUTF8"] if connection.has_extn("smtputf8") else []
            )

    # What it tells.

    def open_connections(self):
        return sum(len(relay.open) for relay in self.relays.values())

    def pending_events(self):
        return 0

    def world(self):
        return {
            "users": {user: {"id": user} for user in self.users},
            "chats": {},
            "threads": {},
            **self.addresses(),
            "ca": str(self.folder / "cert.pem"),
            "bot": {},
        }

    def visible(self, chat):
        """The mail submitted to an address, oldest first: what that person would find."""
        return [
            {
                "id": entry["message_id"],
                "chat": chat,
                "thread": (entry["references"] or "").split(" ")[0] or None,
                "from": entry["envelope"]["from"],
                "is_bot": False,
                "is_self": True,
                "text": entry["text"] or "",
                "source": entry["text"] or "",
                "html": entry["html"],
                "subject": entry["subject"],
                "headers": entry["headers"],
                "rich": False,
                "entities": [],
                "reply_to": entry["in_reply_to"],
                "edited": False,
                "reactions": [],
                "files": entry["files"],
                "buttons": [],
                "group": None,
            }
            for entry in self.submitted
            if chat.lower() in [to.lower() for to in entry["envelope"]["to"]]
        ]

    async def verb_submitted(self, fields):
        """Everything submitted: envelope and parsed message."""
        fields.end()
        return {"submitted": self.submitted}

    async def kick(self, code):
        return sum(relay.kick() for relay in self.relays.values())

    async def act_at_once(self, fault):
        raise Refused(
            "fault: on is MAIL, RCPT, DATA, AUTH (429 gives 451, 5xx 554, error, drop, lost, hang) or "
            "'connect imap' (drop, hang); kick drops the IDLE connections"
        )

    # What people do.

    async def verb_deliver(self, fields):
        """A raw message as it is into a mailbox: {to, raw, from?, results?: value of Authentication-Results}."""
        to, raw = self.mailbox(fields.need("to", str)), fields.need("raw", str)
        sender, results = fields.get("from", str, ""), fields.get("results", str)
        fields.end()
        data = raw.encode("utf-8", "surrogateescape").replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        if results is not None:
            data = f"Authentication-Results: {results}\r\n".encode() + data
        await asyncio.to_thread(self.deliver, sender, [to], data)
        return {"to": to, "size": len(data)}

    async def verb_say(self, fields):
        """A person's mail to a mailbox; `user` is the sender's address, `reply_to` a Message-ID."""
        to, sender = self.mailbox(fields.need("chat", str)), fields.get("user", str, "alice@example.net")
        text, subject = fields.get("text", str, ""), fields.get("subject", str, "Hello")
        reply_to, references = fields.get("reply_to", str), fields.get("references", str)
        html, name = fields.get("html", str), fields.get("name", str, "")
        results = fields.get(
            "results", str, "judge.example; dkim=pass header.d=%s; spf=pass; dmarc=pass" % sender.split("@")[-1]
        )
        files, automatic = given_files(fields), fields.get("is_bot", bool)
        fields.end()
        self.count += 1
        message = email.message.EmailMessage(policy=email.policy.SMTP.clone(utf8=False))
        message["From"] = email.utils.formataddr((name, sender))
        message["To"], message["Subject"] = to, subject
        message["Date"] = email.utils.formatdate(localtime=False)
        message["Message-ID"] = f"<judge-{self.count}-{os.getpid()}@{sender.split('@')[-1]}>"
        if reply_to:
            message["In-Reply-To"], message["References"] = reply_to, references or reply_to
        if automatic:
            message["Auto-Submitted"] = "auto-replied"
        message.set_content(text)
        if html:
            message.add_alternative(html, subtype="html")
        for file_name, data, mime, _ in files:
            message.add_attachment(data, maintype=mime.split("/")[0], subtype=mime.split("/")[1], filename=file_name)
        raw = message.as_bytes()
        if results:
            raw = f"Authentication-Results: {results}\r\n".encode() + raw
        await asyncio.to_thread(self.deliver, sender, [to], raw)
        return {"id": message["Message-ID"], "ids": [message["Message-ID"]], "chat": to, "delivered": True}


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--user", action="append", default=[], metavar="ADDRESS:PASSWORD", required=True)
    parser.add_argument("--imap-port", type=int, default=0)
    parser.add_argument("--imaps-port", type=int, default=0)
    parser.add_argument("--smtp-port", type=int, default=0)
    parser.add_argument("--require-tls", action="store_true", help="refuse AUTH before STARTTLS")
    parser.add_argument("--max-size", type=int, default=25 << 20)
    main(Mail, parser)
