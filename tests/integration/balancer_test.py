"""A real HAProxy under real load, while Virtscale puts servers behind it and takes them away."""

import re
import signal
import socket
import sys
import unittest

from processes import popen
from world import World, cell, contract, documents, free_port, main, service, wait_until

ROUNDS, STEPS = 4, 5  # 20 scale-outs and 20 scale-ins
LEAST = 2

HAPROXY = """\
global
    stats socket ipv4@127.0.0.1:{admin} level admin
    maxconn 1000
defaults
    mode http
    timeout connect 2s
    timeout client 1m
    timeout server 30s
    timeout queue 10s
    timeout check 1s
    retries 2
    option redispatch
frontend vip
    bind 127.0.0.1:{port}
    default_backend web
backend web
    balance roundrobin
    option httpchk GET /healthz
"""


class Haproxy:
    """In the directory of a world, and ended with it."""

    def __init__(self, world):
        self.world, self.admin, self.port = world, free_port(), free_port()
        self.config = world.write("haproxy.cfg", HAPROXY.format(admin=self.admin, port=self.port))
        with open(world.config, "a", encoding="ascii") as settings:
            settings.write(f"haproxy: {{address: '127.0.0.1:{self.admin}'}}\n")
        self.start()

    def start(self):
        self.process = self.world.companion("/usr/sbin/haproxy", "-db", "-f", self.config)
        wait_until("haproxy answers", lambda: self.servers() is not None, 10)

    def restart(self):
        self.process.kill()
        self.process.wait()
        self.start()

    def servers(self):
        """The names of the servers that take traffic; None if HAProxy does not answer."""
        try:
            with socket.create_connection(("127.0.0.1", self.admin), timeout=5) as admin:
                admin.sendall(b"show servers state web\n")
                text = b"".join(iter(lambda: admin.recv(65536), b"")).decode()
        except OSError:
            return None
        rows = [line.split() for line in text.splitlines()]
        # be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state: 2 is running, 0 is ready.
        return {row[3] for row in rows if len(row) > 18 and row[1] == "web" and row[5:7] == ["2", "0"]}


class Balanced(unittest.TestCase):
    def setUp(self):
        self.world = self.enterContext(World())
        self.haproxy = Haproxy(self.world)
        self.world.start()
        self.world.apply(documents(cell(), contract("acme", 20), service("acme", least=LEAST, backend="web")))
        self.wait_for_servers(LEAST)

    def wait_for_servers(self, count):
        """Until HAProxy has as many, and they are those that run."""
        wait_until(f"{count} servers take traffic", lambda: len(self.haproxy.servers() or []) == count
                   and self.haproxy.servers() == set(self.world.domain_processes()), 60)

    def scale_and_wait(self, change, servers, lines):
        self.assertEqual(self.world.scale("acme", change).status, 202)
        self.wait_for_servers(servers)
        self.world.wait_settled(["acme"], lines)


class NoRequestIsDropped(Balanced):
    def test_while_twenty_scale_outs_and_twenty_scale_ins_happen(self):
        wrk = popen(["/usr/bin/wrk", "-t1", "-c16", "-d600s", f"http://127.0.0.1:{self.haproxy.port}/"],
                    stdout=-1, text=True)
        self.world.others.append(wrk)
        lines = 1  # that of `replicas.min`
        for _ in range(ROUNDS):
            for change in (+1, -1):
                for step in range(1, STEPS + 1):
                    lines += 1
                    self.scale_and_wait(change, LEAST + (step if change > 0 else STEPS - step), lines)
        self.assertIsNone(wrk.poll(), "wrk ended before the scaling did")
        wrk.send_signal(signal.SIGINT)
        report = wrk.communicate(timeout=20)[0]
        requests = int(re.search(r"(\d+) requests in", report)[1])
        print(f"{requests} requests during {lines - 1} scales")
        self.assertGreater(requests, 1000, report)
        # wrk tells of failures only if there are any.
        self.assertNotIn("Socket errors", report)
        self.assertNotIn("Non-2xx", report)
        self.assertEqual({line["decision"] for line in self.world.lines("acme")}, {"admitted"})


class ARestartedHaproxy(Balanced):
    def test_gets_its_servers_back(self):
        self.world.scale("acme", +1)
        self.wait_for_servers(LEAST + 1)
        self.world.wait_settled(["acme"], 2)
        self.haproxy.restart()
        self.wait_for_servers(LEAST + 1)
        self.scale_and_wait(-1, LEAST, 3)

    def test_gets_them_back_though_virtscale_was_killed_in_between(self):
        self.world.kill()
        self.haproxy.restart()
        self.world.start()
        self.wait_for_servers(LEAST)
        self.scale_and_wait(+1, LEAST + 1, 2)


if __name__ == "__main__":
    sys.exit(main())
