"""A mail server (aiosmtpd) for tests: server.py MODE [CERTIFICATE KEY].

Prints its port, then each message that it takes, read by Python's email, as a
line of JSON. MODE: plain, starttls (and a login), tls, busy (451), full (552).
"""

import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Taker:
    async def handle_DATA(self, server, session, envelope):
        if MODE in ("busy", "full"):
            return "451 later" if MODE == "busy" else "552 no room"
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        print(json.dumps({
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "hello": session.host_name,
            "tls": session.ssl is not None or MODE == "tls",
            "login": session.auth_data,
            "headers": {name: str(value) for name, value in message.items()},
            "text": message.get_body(("plain",)).get_content(),
            "html": message.get_body(("html",)).get_content(),
            "defects": [repr(d) for part in message.walk() for d in part.defects],
        }), flush=True)
        return "250 taken"


def login(server, session, envelope, mechanism, data):
    right = (data.login, data.password) == (b"hub", "lösen".encode())
    # Not handled: the server itself is to say 535.
    return AuthResult(success=right, handled=False, auth_data=data.login.decode() if right else None)


async def main():
    context = None
    if len(sys.argv) > 2:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
    options = {}
    if MODE == "starttls":
        options = {
            "tls_context": context, "require_starttls": True,
            "authenticator": login, "auth_required": True,
        }
    wrap = context if MODE == "tls" else None
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(Taker(), **options), "127.0.0.1", 0, ssl=wrap)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


MODE = sys.argv[1]
asyncio.run(main())
