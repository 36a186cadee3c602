"""Each broker of three dies in its turn, and comes back: every process lives on, decides, and tells who owns what.

Whichever broker coordinates a stage's group, or leads a partition, is among them.
"""

import http.client
import subprocess
import sys
import time
import unittest

from stages import NAMES, Stages
from kafka import Cluster
from processes import popen
from world import BIN, cell, contract, documents, main, service, wait_until

SCRIBE = BIN.parent / "tests" / "scribe"

# An election, at most two attempts of whoever asks, and what a busy machine adds.
DECIDED_S = 30.0
# A broker that is back catches up; a record needs two of three that have.
CATCH_UP_S = 6.0
BROKERS = 3
PARTITIONS = 3


def bystander(bootstrap, prefix):
    """A client that only asks where topics end; it neither writes to any nor reads one. A context manager."""
    return popen([SCRIBE, bootstrap, prefix, "ends"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def end_of(bystander, topic):
    print(topic, file=bystander.stdin, flush=True)
    return int(bystander.stdout.readline() or -1)


class ABroker(unittest.TestCase):
    def test_may_die_while_stages_run(self):
        with Cluster(BROKERS) as cluster, Stages(cluster.bootstrap, partitions=PARTITIONS, replication=3,
                                                 in_sync_min=2) as stages:
            stages.start()
            stages.apply(documents(cell(), contract("acme", 1), service("acme")))
            with bystander(cluster.bootstrap, stages.prefix) as asking:
                self.assertGreater(end_of(asking, "decisions"), 0)
                for broker in range(1, BROKERS + 1):
                    cluster.kill(broker)
                    self.look(stages, f"without broker {broker}")
                    self.assertGreater(end_of(asking, "decisions"), 0)
                    cluster.start(broker)
                    self.look(stages, f"with broker {broker} again")
                    time.sleep(CATCH_UP_S)
            for stage in stages.all:
                self.assertTrue(stage.runs(), stage.name)
                self.assertEqual(stage.output().count("log is tried again"), 0, stage.output())
            stages.wait_settled(["acme"], 2 * BROKERS)
            self.assertEqual(len(stages.lines("acme")), 2 * BROKERS)
            stages.verify_ledger("acme")

    def look(self, stages, when):
        key = f"key {when}"
        decided = self.seconds_until(f"a scale is decided {when}", lambda: self.decided(stages, key))
        told = [self.seconds_until(f"{stage.name} tells the owners {when}", lambda of=stage: self.owners(of))
                for stage in stages.all]
        print(f"{when}: decided after {decided:.1f} s; then a process tells the owners after {max(told):.1f} s at most")

    @staticmethod
    def seconds_until(what, true):
        began = time.monotonic()
        wait_until(what, true, DECIDED_S, 0.2)
        return time.monotonic() - began

    @staticmethod
    def decided(stages, key):
        try:
            return stages.scale("acme", 1, key=key, timeout=DECIDED_S).status in (202, 429)
        except (OSError, http.client.HTTPException):
            return False

    @staticmethod
    def owners(stage):
        """True if every partition of every stage has one."""
        try:
            answer = stage.ask("GET", "/v1/stages", timeout=DECIDED_S)
        except (OSError, http.client.HTTPException):
            return False
        owners = answer.json["owners"] if answer.status == 200 else []
        return len(owners) == len(NAMES) * PARTITIONS and all(row["owner"] for row in owners)


if __name__ == "__main__":
    sys.exit(main())
