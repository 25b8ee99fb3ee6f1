"""Proves mail_server.py by Python's own imaplib and smtplib: IDLE, STARTTLS, AUTH, delivery, faults, cut connections."""

import email.message
import imaplib
import smtplib
import ssl
import subprocess

from prove import Rig


class MailRig(Rig):
    """A rig whose ready line names more ports."""

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline().split()
        if line[:1] != ["ready"]:
            raise SystemExit(f"mail_server.py did not start: it said {line}")
        self.port, self.base = int(line[1]), f"http://127.0.0.1:{line[1]}"
        self.given = dict(part.split("=", 1) for part in line[2:])
        return self


def letter(**headers):
    message = email.message.EmailMessage()
    for name, value in {
        "From": "bot@example.org",
        "To": "alice@example.org",
        "Subject": "Grüße",
        "Date": "Mon, 01 Jan 2026 10:00:00 +0000",
        "Message-ID": "<m1@example.org>",
        **headers,
    }.items():
        message[name] = value
    message.set_content("Guten Tag 🎉")
    message.add_attachment(b"abc", maintype="text", subtype="plain", filename="a.txt")
    return message


def idle(rig):
    """A client that waits by IDLE is woken by a delivery, and cut off by a kick."""
    connection = imaplib.IMAP4("127.0.0.1", int(rig.given["imap"]))
    connection.login("bot@example.org", "pw")
    rig.expect("IDLE" in connection.capabilities, "IDLE is offered")
    connection.select("INBOX")
    connection.send(b"a1 IDLE\r\n")
    rig.equal(connection.readline()[:1], b"+", "IDLE is taken")
    rig.ask(
        "say",
        chat="bot@example.org",
        user="bob@example.net",
        text="wake up",
        subject="Hi",
        files=[{"name": "in.txt", "text": "xyz", "mime": "text/plain"}],
    )
    rig.expect(b"EXISTS" in connection.readline(), "IDLE wakes up")
    connection.send(b"DONE\r\n")
    while not connection.readline().startswith(b"a1 "):
        pass
    body = connection.fetch("1", "(BODY.PEEK[])")[1][0][1]
    rig.expect(
        b"Authentication-Results: judge.example; dkim=pass header.d=example.net" in body, "the results come first"
    )
    connection.send(b"a2 IDLE\r\n")
    connection.readline()
    rig.equal(rig.ask("kick")["kicked"], 1, "one connection is cut")
    try:
        rig.equal(connection.readline(), b"", "the cut connection ends")
    except (OSError, imaplib.IMAP4.abort):
        pass


def secured(rig):
    context = ssl.create_default_context(cafile=rig.given["ca"])
    connection = imaplib.IMAP4_SSL("localhost", int(rig.given["imaps"]), ssl_context=context)
    connection.login("bot@example.org", "pw")
    rig.equal(connection.select("INBOX")[0], "OK", "IMAP over TLS")
    connection.logout()
    try:
        imaplib.IMAP4("127.0.0.1", int(rig.given["imap"])).login("bot@example.org", "wrong")
        rig.expect(False, "a wrong password was taken")
    except imaplib.IMAP4.error:
        pass
    with smtplib.SMTP_SSL("localhost", int(rig.given["smtps"]), context=context) as connection:
        connection.login("bot@example.org", "pw")


def submission(rig):
    context = ssl.create_default_context(cafile=rig.given["ca"])
    with smtplib.SMTP("localhost", int(rig.given["smtp"])) as connection:
        connection.ehlo()
        code = connection.docmd("MAIL", "FROM:<bot@example.org>")[0]
        rig.equal(code, 530, "submission without AUTH")
        connection.starttls(context=context)
        connection.login("bot@example.org", "pw")
        connection.send_message(letter())
        for on, mode, wanted in (
            ("RCPT", "5xx", smtplib.SMTPRecipientsRefused),
            ("DATA", "429", smtplib.SMTPDataError),
            ("MAIL", "error", smtplib.SMTPSenderRefused),
        ):
            rig.ask("fault", on=on, mode=mode)
            try:
                connection.send_message(letter())
                rig.expect(False, f"{on} {mode} was not refused")
            except wanted:
                pass
        rig.ask("fault", on="DATA", mode="lost")
        try:
            connection.send_message(letter(**{"Message-ID": "<m2@example.org>"}))
            rig.expect(False, "an answer that was lost came")
        except (smtplib.SMTPException, OSError):
            pass
    found = rig.ask("wait", messages={"chat": "alice@example.org", "count": 2})["found"]
    rig.equal([each["id"] for each in found], ["<m1@example.org>", "<m2@example.org>"], "what was submitted")
    rig.equal(
        (found[0]["text"].strip(), found[0]["subject"], found[0]["files"][0]["size"]),
        ("Guten Tag 🎉", "Grüße", 3),
        "as read",
    )
    connection = imaplib.IMAP4("127.0.0.1", int(rig.given["imap"]))
    connection.login("alice@example.org", "pw")
    rig.equal(connection.select("INBOX")[1], [b"2"], "what has arrived")
    connection.logout()
    rig.ask("fault", on="connect imap", mode="drop")
    try:
        imaplib.IMAP4("127.0.0.1", int(rig.given["imap"]))
        rig.expect(False, "a connection that was to be cut came to be")
    except (OSError, imaplib.IMAP4.abort):
        pass


def main():
    with MailRig("mail_server.py", "--user", "bot@example.org:pw", "--user", "alice@example.org:pw") as rig:
        idle(rig)
        secured(rig)
        submission(rig)
        rig.ask(
            "deliver",
            to="bot+tag@example.org",
            raw="From: x@y.z\nSubject: raw\n\nhi\n",
            results="forged.example; dmarc=fail",
        )
        problems = rig.ask("state")["problems"]
        rig.equal(problems, [], "no problems")
    if rig.failures:
        raise SystemExit(1)
    print("ok   mail: IDLE, TLS, AUTH, delivery and faults")


main()
