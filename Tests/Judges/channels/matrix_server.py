"""Runs a real Matrix homeserver (Synapse on SQLite) on loopback, with its rate limits lifted and the users named here.

  matrix_server.py --port 0 --user bot:pw --user alice:pw     prints `ready PORT`; ends by signal and removes its folder.

Users are @NAME:localhost. The admin API takes the shared secret `judge`, for users made later.
"""

import argparse
import hashlib
import hmac
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request

from signedjson.key import generate_signing_key, write_signing_keys

from child import die_with_parent, free_port

SECRET = "judge"
LOOSE = {"per_second": 10000, "burst_count": 10000}


def configuration(folder, port, upload):
    """Synapse's settings; JSON is YAML."""
    key = folder / "signing.key"
    with key.open("w") as file:
        write_signing_keys(file, [generate_signing_key("judge")])
    logs = folder / "log.json"
    logs.write_text(
        json.dumps(
            {
                "version": 1,
                "disable_existing_loggers": False,
                "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
                "handlers": {
                    "file": {"class": "logging.FileHandler", "formatter": "plain", "filename": str(folder / "log")}
                },
                "root": {"level": "WARNING", "handlers": ["file"]},
            }
        )
    )
    return {
        "server_name": "localhost",
        "public_baseurl": f"http://127.0.0.1:{port}/",
        "pid_file": str(folder / "pid"),
        "listeners": [
            {
                "port": port,
                "type": "http",
                "tls": False,
                "bind_addresses": ["127.0.0.1"],
                "x_forwarded": False,
                "resources": [{"names": ["client", "media"], "compress": False}],
            }
        ],
        "database": {"name": "sqlite3", "args": {"database": str(folder / "homeserver.db")}},
        "log_config": str(logs),
        "media_store_path": str(folder / "media"),
        "signing_key_path": str(key),
        "registration_shared_secret": SECRET,
        "macaroon_secret_key": SECRET,
        "form_secret": SECRET,
        "report_stats": False,
        "trusted_key_servers": [],
        "suppress_key_server_warning": True,
        "enable_registration": False,
        "url_preview_enabled": False,
        "max_upload_size": upload,
        "federation_domain_whitelist": [],
        "presence": {"enabled": True},
        "bcrypt_rounds": 4,
        "rc_message": LOOSE,
        "rc_registration": LOOSE,
        "rc_presence": {"per_user": LOOSE},
        "rc_login": {"address": LOOSE, "account": LOOSE, "failed_attempts": LOOSE},
        "rc_joins": {"local": LOOSE, "remote": LOOSE},
        "rc_joins_per_room": LOOSE,
        "rc_invites": {"per_room": LOOSE, "per_user": LOOSE, "per_issuer": LOOSE},
        "rc_admin_redaction": LOOSE,
        "rc_3pid_validation": LOOSE,
        "rc_media_create": LOOSE,
        "rc_key_requests": LOOSE,
        "rc_room_creation": LOOSE,
        "rc_reports": LOOSE,
    }


def ask(port, path, body=None):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=json.dumps(body).encode() if body else None)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def register(port, name, password):
    """Makes a user through the admin API and its shared secret."""
    nonce = ask(port, "/_synapse/admin/v1/register")["nonce"]
    text = "\0".join([nonce, name, password, "notadmin"])
    mac = hmac.new(SECRET.encode(), text.encode(), hashlib.sha1).hexdigest()
    ask(
        port,
        "/_synapse/admin/v1/register",
        {"nonce": nonce, "username": name, "password": password, "admin": False, "mac": mac},
    )


def wait_for_stdin(stop):
    while os.read(0, 4096):
        pass
    stop.set()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--user", action="append", default=[], metavar="NAME:PASSWORD")
    parser.add_argument("--max-upload", default="50M", help="the largest medium, as Synapse writes it")
    parser.add_argument("--watch-stdin", action="store_true", help="end when stdin closes")
    options = parser.parse_args()
    port = options.port or free_port()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="judge-matrix-"))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    (folder / "homeserver.yaml").write_text(json.dumps(configuration(folder, port, options.max_upload)))
    command = [sys.executable, "-m", "synapse.app.homeserver", "--config-path", str(folder / "homeserver.yaml")]
    server = subprocess.Popen(
        command,
        cwd=folder,
        preexec_fn=die_with_parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=(folder / "stderr").open("w"),
    )
    try:
        for _ in range(600):
            try:
                ask(port, "/_matrix/client/versions")
                break
            except (OSError, urllib.error.URLError):
                if server.poll() is not None or stop.wait(0.1):
                    sys.exit(f"Synapse did not start: {(folder / 'stderr').read_text()[-2000:]}")
        for user in options.user:
            register(port, *user.split(":", 1))
        print(f"ready {port}", flush=True)
        if options.watch_stdin:
            threading.Thread(target=wait_for_stdin, args=(stop,), daemon=True).start()
        while server.poll() is None and not stop.wait(0.5):
            pass
        if server.poll() is not None and not stop.is_set():
            sys.exit(f"Synapse has ended: {(folder / 'stderr').read_text()[-2000:]}")
    finally:
        server.terminate()
        try:
            server.wait(5)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
