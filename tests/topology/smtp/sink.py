"""A real SMTP server (aiosmtpd) that keeps what it gets: prints its port, then one JSON line for each mail.

Recipients that begin with `full` are answered 451, with `nobody` 550; `slow` is not answered at all.
Ends when its input ends.
"""
import asyncio
import json
import sys

from aiosmtpd.smtp import SMTP


class Sink:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("full"):
            return "451 try again later"
        if address.startswith("nobody"):
            return "550 no such user"
        if address.startswith("slow"):
            await asyncio.sleep(3600)
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server, session, envelope):
        mail = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "data": envelope.content.decode("latin-1")}
        print(json.dumps(mail), flush=True)
        return "250 kept"


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Sink(), hostname="sink.test"), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
