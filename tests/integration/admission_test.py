"""Many at once: the gate admits what fits and not one more."""

import collections
import concurrent.futures
import sys
import threading
import unittest

from world import World, cell, contract, documents, main, service, wait_until

ROOM = 10
ASKING = 100


def all_at_once(ask):
    """`ask(i)` for each asker, on threads that begin together."""
    gate = threading.Barrier(ASKING)
    with concurrent.futures.ThreadPoolExecutor(ASKING) as pool:
        return list(pool.map(lambda i: gate.wait() and None or ask(i), range(ASKING)))


class AHundredAtOnce(unittest.TestCase):
    def setUp(self):
        self.world = self.enterContext(World()).start()
        self.world.apply(documents(cell(), contract("acme", ROOM), service("acme")))

    def test_as_many_as_fit_are_admitted_and_the_others_refused(self):
        answers = all_at_once(lambda i: self.world.scale("acme", 1, key=f"key-{i}"))
        self.assertEqual(collections.Counter(answer.status for answer in answers), {202: ROOM, 429: ASKING - ROOM})
        self.world.wait_settled(["acme"], ASKING)
        lines = self.world.lines("acme")
        self.assertEqual(collections.Counter(line["decision"] for line in lines),
                         {"admitted": ROOM, "refused": ASKING - ROOM})
        self.assertEqual({line["event"] for line in lines}, {answer.json["event"] for answer in answers})
        self.assertEqual(len(self.world.domain_processes()), ROOM)
        self.world.verify_ledger("acme")

    def test_one_key_is_one_scale_however_many_ask(self):
        answers = all_at_once(lambda _: self.world.scale("acme", 1, key="the-same"))
        self.assertEqual({(answer.status, answer.json["event"]) for answer in answers},
                         {(202, answers[0].json["event"])})
        self.world.wait_settled(["acme"], 1)
        self.assertEqual([line["event"] for line in self.world.lines("acme")], [answers[0].json["event"]])
        wait_until("one domain runs", lambda: len(self.world.domain_processes()) == 1, 5)


if __name__ == "__main__":
    sys.exit(main())
