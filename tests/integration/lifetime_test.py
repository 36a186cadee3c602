"""Virtscale's own life: small while idle, gone in time when asked to, and going on where it was."""

import concurrent.futures
import http.client
import os
import sys
import time
import unittest

from processes import resident_mib
from world import World, cell, contract, documents, main, service, wait_until

IDLE_MIB_MAX = 100
STOP_S_MAX = 25
READY_S_MAX = 10  # of a start on a busy machine
# More than the 1,000 lines of a ledger that one answer holds.
REQUESTS = 1100


class Idle(unittest.TestCase):
    @unittest.skipIf("VIRTSCALE_INSTRUMENTED" in os.environ, "most of the memory would be the sanitizer's")
    def test_it_is_small(self):
        world = self.enterContext(World()).start()
        world.apply(documents(cell(), contract("acme", 5), service("acme", least=2)))
        world.wait_settled(["acme"], 1)
        time.sleep(2)
        resident = resident_mib(world.process.pid)
        print(f"resident memory of an idle virtscale: {resident:.1f} MiB")
        self.assertLess(resident, IDLE_MIB_MAX)


class Sigterm(unittest.TestCase):
    def setUp(self):
        self.events = []  # that were acknowledged
        self.world = self.enterContext(World()).start()
        self.world.apply(documents(cell(), contract("acme", 4), service("acme", least=2)))

    def ask_until_it_is_gone(self, number):
        while True:
            try:
                answer = self.world.scale("acme", +1 if number % 2 else -1)
            except (OSError, http.client.HTTPException):
                return
            if answer.status == 503:
                return
            self.assertIn(answer.status, (202, 422, 429), answer)
            self.events.append(answer.json["event"])

    def test_drains_under_load_and_a_restart_goes_on(self):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            asking = [pool.submit(self.ask_until_it_is_gone, i) for i in range(8)]
            wait_until(f"{REQUESTS} requests are acknowledged", lambda: len(self.events) >= REQUESTS)
            status, took = self.world.stop(STOP_S_MAX)
            for one in asking:
                one.result()
        began = time.monotonic()
        self.world.start()
        ready = time.monotonic() - began
        print(f"{len(self.events)} requests acknowledged; stopped in {took:.2f} s, ready again in {ready:.2f} s")
        self.assertEqual(status, 0)
        self.assertLess(ready, READY_S_MAX)
        self.world.wait_settled(["acme"], len(self.events) + 1)
        lines = self.world.lines("acme")
        self.assertEqual([line["index"] for line in lines], list(range(len(lines))))
        self.assertLessEqual(set(self.events), {line["event"] for line in lines})
        self.assertEqual(len(self.world.must("ledger", "show", "acme", "--json").splitlines()), len(lines))
        self.assertEqual(self.world.replicas("acme")["web"]["now"], len(self.world.domain_processes()))
        self.world.verify_ledger("acme")

    def test_domains_and_books_outlive_it(self):
        self.world.scale("acme", {"replicas": 3})
        self.world.wait_settled(["acme"], 2)
        domains = self.world.domain_processes()
        self.assertEqual(self.world.stop(STOP_S_MAX)[0], 0)
        self.assertEqual(self.world.domain_processes(), domains)
        self.world.start()
        self.assertEqual(set(self.world.domain_rows()), set(domains))
        self.assertEqual(self.world.replicas("acme")["web"]["now"], 3)
        self.assertEqual(self.world.scale("acme", +2).status, 429)
        answer = self.world.scale("acme", -1)
        self.world.wait_settled(["acme"], 4)
        last = self.world.lines("acme")[3]
        self.assertEqual((last["index"], last["event"]), (3, answer.json["event"]))
        self.assertEqual(len(self.world.domain_processes()), 2)


if __name__ == "__main__":
    sys.exit(main())
