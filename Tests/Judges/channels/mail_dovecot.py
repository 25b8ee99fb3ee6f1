"""Dovecot on loopback with a folder of its own: IMAP with IDLE, IMAPS, LMTP; its certificate signs itself."""

import datetime
import ipaddress
import os
import pwd
import socket
import subprocess
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from child import die_with_parent, free_port

CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
ssl_min_protocol = TLSv1.2
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_username_format = %Lu
auth_verbose = yes
auth_failure_delay = 0
first_valid_uid = 1
mail_location = maildir:{folder}/mail/%u
mail_attribute_dict = file:{folder}/mail/%u/attributes
mailbox_list_index = yes
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
lmtp_save_to_detail_mailbox = no
recipient_delimiter = +
imap_idle_notify_interval = 2 mins
# Where the user's inotify instances are used up, IDLE looks for mail this often; half a minute is usual.
mailbox_idle_check_interval = 1 secs
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home/%u
}}
namespace inbox {{
  inbox = yes
  mailbox Sent {{
    auto = create
    special_use = \\Sent
  }}
  mailbox Junk {{
    auto = create
    special_use = \\Junk
  }}
  mailbox Archive {{
    auto = create
    special_use = \\Archive
  }}
}}
service imap-login {{
  chroot =
  # One process for all: with one each, links that are cut and made anew quickly meet its limit and wait in vain.
  service_count = 0
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


def make_certificate(folder):
    """A certificate for localhost and 127.0.0.1 that signs itself: clients are given it as their authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName(names), False)
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


class Dovecot:
    """The running server; `ports` names where it listens."""

    def __init__(self, folder, users):
        self.folder, self.users = folder, users
        make_certificate(folder)

    def start(self):
        root = os.geteuid() == 0
        me = pwd.getpwuid(os.geteuid())
        # As root Dovecot's own accounts take its parts; mail belongs to nobody in particular.
        internal = "dovecot" if root else me.pw_name
        owner = pwd.getpwnam("nobody") if root else me
        self.ports = {name: free_port() for name in ("imap", "imaps", "lmtp")}
        for name in ("mail", "home", "run", "state"):
            (self.folder / name).mkdir()
        for name in ("mail", "home"):
            os.chown(self.folder / name, owner.pw_uid, owner.pw_gid)
        (self.folder / "users").write_text(
            "".join(f"{user.lower()}:{{PLAIN}}{word}\n" for user, word in self.users.items())
        )
        (self.folder / "dovecot.conf").write_text(
            CONFIGURATION.format(
                folder=self.folder,
                internal=internal,
                login="dovenull" if root else me.pw_name,
                uid=owner.pw_uid,
                gid=owner.pw_gid,
                internal_group="dovecot" if root else owner.pw_gid,
                **self.ports,
            )
        )
        self.process = subprocess.Popen(
            ["/usr/sbin/dovecot", "-F", "-c", str(self.folder / "dovecot.conf")],
            preexec_fn=die_with_parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "stderr").open("w"),
        )

    def wait(self):
        for _ in range(200):
            try:
                for port in self.ports.values():
                    socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    raise SystemExit(f"Dovecot did not start: {(self.folder / 'stderr').read_text()}") from None
                time.sleep(0.05)
        raise SystemExit(f"Dovecot does not listen: {(self.folder / 'log').read_text()[-2000:]}")

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
