"""A mail server for tests: aiosmtpd on a free port of this machine. Prints the port, then one JSON line per message it has taken on.

DATA is answered by the given codes, one after the other, and by 250 after the last; RCPT to unknown@... is refused for good."""
import argparse
import asyncio
import json
import ssl

from aiosmtpd.smtp import SMTP, AuthResult


class Box:
    def __init__(self, answers):
        self.answers = answers

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("unknown@"):
            return f"550 5.1.1 <{address}>: no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        code = self.answers.pop(0) if self.answers else "250"
        if code != "250":
            return f"{code} not now"
        tls = session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None
        taken = {"to": envelope.rcpt_tos, "from": envelope.mail_from, "data": envelope.content.decode("ascii"), "tls": tls, "user": (session.auth_data or "")}
        print(json.dumps(taken), flush=True)
        return "250 OK"


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--wrapped", action="store_true")
    parser.add_argument("--user")
    parser.add_argument("--password")
    parser.add_argument("--answers", nargs="*", default=[])
    given = parser.parse_args()

    def authenticate(server, session, envelope, mechanism, data):
        right = (data.login.decode(), data.password.decode()) == (given.user, given.password)
        return AuthResult(success=right, handled=False, auth_data=data.login.decode() if right else None)

    tls = None
    if given.certificate:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(given.certificate, given.key)
    box = Box(list(given.answers))
    starttls = tls if tls and not given.wrapped else None

    def serve():
        return SMTP(box, hostname="test", tls_context=starttls, require_starttls=starttls is not None, authenticator=authenticate if given.user else None, auth_required=given.user is not None, auth_require_tls=starttls is not None)

    loop = asyncio.get_running_loop()
    server = await loop.create_server(serve, "127.0.0.1", given.port, ssl=tls if given.wrapped else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
