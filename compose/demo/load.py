"""Load on the demo's service: an open loop, so that demand does not sink when answers get slow.

Reads commands from its standard input: `rate N` (requests a second); the end of the input ends it, once every request
under way has been answered. Writes its counters to a JSON file twice a second, and at the end.

A request is dropped if it did not get status 200: refused, cut off, answered with an error, or not answered in time.
They are counted here, at the client, because a proxy's own counters miss those that it cuts off.
"""

import asyncio
import json
import os
import sys
import time

TICK_S = 0.01
# More than the service can have under way at any rate that the demo asks for.
CONNECTIONS_MAX = 512
ANSWER_DEADLINE_S = 10.0
LATENCY_MS_MAX = 10_000


class Counters:
    def __init__(self):
        self.served = 0
        self.dropped = 0
        self.reasons = {}
        self.latency_ms = [0] * (LATENCY_MS_MAX + 1)

    def serve(self, seconds):
        self.served += 1
        self.latency_ms[min(LATENCY_MS_MAX, int(seconds * 1000))] += 1

    def drop(self, reason):
        self.dropped += 1
        self.reasons[reason] = self.reasons.get(reason, 0) + 1

    def quantile_ms(self, share):
        rest = self.served * share
        for ms, count in enumerate(self.latency_ms):
            rest -= count
            if rest <= 0 and self.served:
                return ms
        return None

    def as_json(self, rate):
        return {"rate": rate, "served": self.served, "dropped": self.dropped, "reasons": self.reasons,
                "p50_ms": self.quantile_ms(0.5), "p99_ms": self.quantile_ms(0.99)}


class Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request under way."""

    def __init__(self, load):
        self.load = load
        self.transport = None
        self.begun = None
        self.received = b""

    def connection_made(self, transport):
        self.transport = transport

    def ask(self):
        self.begun = time.monotonic()
        self.received = b""
        self.transport.write(self.load.request)

    def data_received(self, data):
        self.received += data
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if not separator or self.begun is None:
            return
        fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:] if b":" in line)
        if len(body) < int(fields.get(b"content-length", b"0")):
            return
        status = head.split(b" ", 2)[1].decode("ascii", "replace")
        begun, self.begun = self.begun, None
        if status == "200":
            self.load.counters.serve(time.monotonic() - begun)
        else:
            self.load.counters.drop(f"status {status}")
        if fields.get(b"connection", b"").strip() == b"close":
            self.transport.close()
        else:
            self.load.free.append(self)

    def connection_lost(self, _error):
        self.load.forget(self)
        if self.begun is not None:
            self.begun = None
            self.load.counters.drop("cut off")


class Load:
    def __init__(self, host, port, stats_path):
        self.host, self.port, self.stats_path = host, port, stats_path
        self.request = f"GET / HTTP/1.1\r\nHost: {host}\r\nUser-Agent: virtscale-demo\r\n\r\n".encode()
        self.counters = Counters()
        self.rate = 0.0
        self.free = []
        self.open = set()
        self.opening = set()
        self.ended = False

    def forget(self, connection):
        self.open.discard(connection)
        if connection in self.free:
            self.free.remove(connection)

    async def ask_once(self):
        """Sends one request, on a free connection or on a new one."""
        while self.free:
            connection = self.free.pop()
            if not connection.transport.is_closing():
                return connection.ask()
        if len(self.open) >= CONNECTIONS_MAX:
            return self.counters.drop("no connection left")
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: Connection(self), self.host, self.port)
        except OSError as error:
            return self.counters.drop(f"connect: {error.strerror}")
        self.open.add(connection)
        connection.ask()

    def cut_off_late(self):
        now = time.monotonic()
        for connection in list(self.open):
            if connection.begun is not None and now - connection.begun > ANSWER_DEADLINE_S:
                connection.begun = None
                self.counters.drop("no answer in time")
                connection.transport.abort()

    async def keep_pace(self):
        """Spends the rate in ticks. A tick that comes late makes up for it, by at most a tenth of a second."""
        owed, last = 0.0, time.monotonic()
        while not self.ended:
            await asyncio.sleep(TICK_S)
            now = time.monotonic()
            owed = min(owed + self.rate * (now - last), max(1.0, self.rate * 0.1))
            last = now
            while owed >= 1.0:
                owed -= 1.0
                task = asyncio.ensure_future(self.ask_once())
                self.opening.add(task)
                task.add_done_callback(self.opening.discard)

    def write_stats(self):
        draft = self.stats_path + ".draft"
        with open(draft, "w", encoding="utf-8") as file:
            json.dump(self.counters.as_json(self.rate), file)
        os.replace(draft, self.stats_path)

    async def keep_stats(self):
        while not self.ended:
            self.cut_off_late()
            self.write_stats()
            await asyncio.sleep(0.5)

    async def obey(self):
        """Commands, until the end of the input."""
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            words = line.decode().split()
            if len(words) == 2 and words[0] == "rate":
                self.rate = float(words[1])
        self.ended = True

    async def run(self):
        work = [asyncio.ensure_future(each) for each in (self.keep_pace(), self.keep_stats())]
        await self.obey()
        await asyncio.gather(*work)
        while self.opening or any(connection.begun is not None for connection in self.open):
            self.cut_off_late()
            await asyncio.sleep(TICK_S)
        self.write_stats()


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: load.py HOST PORT STATS_FILE")
    asyncio.run(Load(sys.argv[1], int(sys.argv[2]), sys.argv[3]).run())
