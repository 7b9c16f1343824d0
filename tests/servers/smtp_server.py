"""A real SMTP server for tests: STARTTLS and AUTH required, a certificate authority of its own, on loopback only.

    smtp_server.py FOLDER [--tls starttls|implicit|none] [--inject] [--unread]

The first line on standard output is the port. Received letters are written into FOLDER before they are accepted: `1.eml` as
received, `1.json` as Python's own mail parser reads it. `ca.pem` in FOLDER is the authority to trust. The server ends when its
standard input closes. User `rexue`, password `correct horse`.

The recipient's local part says what happens:
  full    452 to RCPT                      gone     550 to RCPT, quoting the address
  grey    451 to RCPT                      spam     554 to the letter
  slow    RCPT is never answered           halfway  the connection is closed at RCPT
  hang    the letter is never answered     vanish   the connection is closed after the letter, without an answer
  bye     accepted, then the connection is closed
--unread writes letters down as received, and does not read them: for measuring how fast they come.
--inject adds plain answers to the one that begins TLS, as somebody on the way could.
"""

import argparse
import asyncio
import datetime
import email
import email.policy
import ipaddress
import json
import logging
import ssl
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

USER, PASSWORD = b"rexue", b"correct horse"
REFUSALS = {
    "full": "452 4.3.1 Insufficient system storage",
    "gone": "550 5.1.1 <{address}>: no such user {local}",
    "grey": "451 4.7.1 Greylisted, come back later",
}


class Mailbox:
    """Writes letters down, and misbehaves as the recipient asks."""

    def __init__(self, folder: Path, unread: bool):
        self.folder = folder
        self.unread = unread
        self.letters = 0
        self.connections = {}

    async def handle_RCPT(self, server, session, envelope, address, _options):
        local = address.split("@")[0]
        if local in REFUSALS:
            return REFUSALS[local].format(address=address, local=local)
        if local == "slow":
            await asyncio.Event().wait()
        if local == "halfway":
            server.transport.close()
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        local = envelope.rcpt_tos[0].split("@")[0]
        if local == "spam":
            return "554 5.7.1 Message content rejected"
        self.write_down(session, envelope)
        if local == "hang":
            await asyncio.Event().wait()
        if local == "vanish":
            server.transport.close()
        if local == "bye":
            asyncio.get_running_loop().call_soon(server.transport.close)
        return f"250 2.0.0 Queued as {self.letters} for {envelope.rcpt_tos[0]}"

    def write_down(self, session, envelope):
        self.letters += 1
        target = self.folder / f"{self.letters}"
        if self.unread:
            target.with_suffix(".eml").write_bytes(envelope.content)
            return
        connection = self.connections.setdefault(id(session), len(self.connections) + 1)
        parsed = email.message_from_bytes(envelope.content, policy=email.policy.default)
        described = {
            "connection": connection,
            "encrypted": session.ssl is not None,
            "user": session.auth_data.decode() if session.auth_data else None,
            "mail_from": envelope.mail_from,
            "rcpt_tos": envelope.rcpt_tos,
            "headers": {name: str(value) for name, value in parsed.items()},
            "structure": structure(parsed),
            "parts": [part_of(part) for part in parsed.walk() if not part.is_multipart()],
        }
        target.with_suffix(".eml").write_bytes(envelope.content)
        # Whoever sees the description sees all of it.
        unfinished = target.with_suffix(".new")
        unfinished.write_text(json.dumps(described), encoding="utf-8")
        unfinished.rename(target.with_suffix(".json"))


def structure(part):
    kind = part.get_content_type()
    return f"{kind}({', '.join(map(structure, part.iter_parts()))})" if part.is_multipart() else kind


def part_of(part):
    content = part.get_content()
    return {
        "type": part.get_content_type(),
        "disposition": part.get("Content-Disposition"),
        "content_id": part.get("Content-ID"),
        "content": content.replace("\r\n", "\n") if isinstance(content, str) else content.hex(),
    }


def authenticate(_server, _session, _envelope, _mechanism, data):
    if (data.login, data.password) == (USER, PASSWORD):
        return AuthResult(success=True, auth_data=data.login)
    return AuthResult(success=False, handled=False)


class InjectingSMTP(SMTP):
    """Answers STARTTLS and adds, in the same packet, what a man in the middle could add."""

    async def push(self, status):
        if status.startswith("220 Ready to start TLS"):
            status += "\r\n250-injected\r\n250 AUTH PLAIN"
        await super().push(status)


def signed(subject, subject_key, issuer, issuer_key, *extensions):
    now = datetime.datetime.now(datetime.timezone.utc)
    name = lambda text: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(subject_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
    return builder.sign(issuer_key, hashes.SHA256())


def tls_context(folder: Path):
    authority_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = signed("Test CA", authority_key, "Test CA", authority_key, x509.BasicConstraints(True, None))
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = signed(
        "localhost", server_key, "Test CA", authority_key,
        x509.BasicConstraints(False, None), x509.SubjectAlternativeName(names),
    )
    pem = serialization.Encoding.PEM
    key_pem = server_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "ca.pem").write_bytes(authority.public_bytes(pem))
    server_pem = folder / "server.pem"
    server_pem.write_bytes(key_pem + certificate.public_bytes(pem))

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server_pem)
    return context


async def serve(options):
    context = tls_context(options.folder)
    mailbox = Mailbox(options.folder, options.unread)
    kind = InjectingSMTP if options.inject else SMTP

    def conversation():
        return kind(
            mailbox,
            hostname="mail.rexue.example",
            tls_context=context if options.tls == "starttls" else None,
            require_starttls=options.tls == "starttls",
            authenticator=authenticate,
            auth_required=options.tls != "none",
            # aiosmtpd knows only its own STARTTLS as encrypted; with implicit TLS the whole connection is.
            auth_require_tls=options.tls == "starttls",
        )

    implicit = context if options.tls == "implicit" else None
    loop = asyncio.get_running_loop()
    server = await loop.create_server(conversation, "127.0.0.1", 0, ssl=implicit)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


def main():
    logging.disable(logging.WARNING)
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tls", choices=["starttls", "implicit", "none"], default="starttls")
    parser.add_argument("--inject", action="store_true")
    parser.add_argument("--unread", action="store_true")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
