"""The owner of a stage's partitions dies while another process stands by; and state is lost, with a long history in the
log.

    failover_test.py [--alerts N]      so many alerts are the history
"""

import datetime
import http.client
import shutil
import sys
import threading
import time
import unittest

from stages import READY_S, SESSION_S, Stages, shared_broker
from processes import run
from world import BIN, cell, contract, documents, main, option, service, wait_until

SCRIBE = BIN.parent / "tests" / "scribe"
ALERTS = option("--alerts", 20_000)
SHIPPED_BOUND_S = 10.0
AT_MAX = """\
kind: Service
org: acme
name: full
cell: local
domain: {vcpu: 1, ram: 1GiB, disk: 1GiB}
replicas: {min: 0, max: 0}
scale: [{on: busy, change: +1, every: 1h}]
health: {path: /, every: 1s, deadline: 20s}
"""


class AStandby(unittest.TestCase):
    def test_decides_soon_after_the_only_owner_was_killed(self):
        with Stages(shared_broker()) as stages:
            stages.start()
            stages.apply(documents(cell(), contract("acme", 1), service("acme")))
            standby = stages.add("policy").start()
            owner = wait_until("one of two owns the only partition", lambda: self.owner(stages))
            self.assertEqual(stages.scale("acme", 1).status, 202)
            stages.wait_settled(["acme"], 1)
            owner.kill()
            killed = time.monotonic()
            answer = self.ask_until_answered(stages)
            took = time.monotonic() - killed
            print(f"kill -9 of the only owner of a policy partition to the next decision: {took:.2f} s "
                  f"(session timeout {SESSION_S:.0f} s)")
            self.assertEqual(answer.status, 429, answer)
            self.assertLess(took, SESSION_S + 1)
            self.assertLess(took, SHIPPED_BOUND_S)
            self.assertTrue(standby.runs())
            stages.wait_settled(["acme"], 2)
            self.assertEqual(len(stages.lines("acme")), 2)
            stages.verify_ledger("acme")

    @staticmethod
    def owner(stages):
        owning = [one for one in stages.of("policy") if one.owned()]
        return owning[0] if len(owning) == 1 else None

    @staticmethod
    def ask_until_answered(stages):
        while True:
            try:
                answer = stages.scale("acme", 1, key="the only one", timeout=60)
                if answer.status not in (503, 504):
                    return answer
            except (OSError, http.client.HTTPException):
                pass


class Watch(threading.Thread):
    """What /readyz of a process says while it starts."""

    def __init__(self, stage):
        super().__init__(daemon=True)
        self.stage, self.seen, self.ready_at, self.over = stage, [], None, threading.Event()

    def run(self):
        while not self.over.wait(0.01):
            try:
                answer = self.stage.ask("GET", "/readyz", timeout=5)
            except (OSError, http.client.HTTPException):
                continue
            self.seen.append((answer.status, answer.json or {}))
            if answer.status == 200:
                self.ready_at = time.time()
                return


class StateThatIsLost(unittest.TestCase):
    def test_is_folded_again_from_the_log(self):
        bootstrap = shared_broker()
        with Stages(bootstrap) as stages:
            stages.start()
            stages.apply(documents(cell(), contract("acme", 1), service("acme"), AT_MAX))
            self.assertEqual(stages.scale("acme", 1).status, 202)
            stages.wait_settled(["acme"], 1)
            began = time.monotonic()
            status, _, err = run([SCRIBE, bootstrap, stages.prefix, "alerts", "acme", "full", "busy", ALERTS], 120)
            self.assertEqual(status, 0, err)
            wait_until("all alerts are folded", lambda: self.end_of(stages, "policy") >= 2 * ALERTS and
                       stages.unanswered() == 0, 120, 0.2)
            print(f"{ALERTS} alerts through signal and policy in {time.monotonic() - began:.1f} s")
            for kind in ("signal", "policy"):
                with self.subTest(kind):
                    self.lose(stages, kind)
            self.assertEqual(stages.scale("acme", 1).status, 429)
            stages.wait_settled(["acme"], 2)
            self.assertEqual(len(stages.lines("acme")), 2)
            stages.verify_ledger("acme")

    @staticmethod
    def end_of(stages, kind):
        return sum(row["end_offset"] for row in stages.stages()["partitions"] if row["stage"] == kind)

    def lose(self, stages, kind):
        stage, records = stages.one(kind), self.end_of(stages, kind)
        before = {other: self.end_of(stages, other) for other in ("policy", "audit")}
        self.assertGreaterEqual(records, ALERTS)
        self.assertEqual(stage.stop()[0], 0)
        shutil.rmtree(stage.data)
        stage.spawn()
        wait_until("it answers", lambda: stage.readiness() is not None, 30, 0.001)
        watch = Watch(stage)
        watch.start()
        watch.join(READY_S)
        watch.over.set()
        self.assertIsNotNone(watch.ready_at, stage.output())
        owned = [line for line in stage.output().splitlines() if "owns partitions" in line][-1]
        took = watch.ready_at - datetime.datetime.fromisoformat(owned.split()[0]).timestamp()
        progress = [row for status, rows in watch.seen if status == 503 for row in rows.get("partitions", [])]
        print(f"{kind}: {records} records folded again in {took:.2f} s, {records / took:.0f} a second; "
              f"/readyz told {len(progress)} times how far")
        self.assertTrue([row for row in progress if 0 < row["next_offset"] < row["end_offset"]], progress[:3])
        self.assertGreaterEqual(stage.metric("virtscale_records_folded_total"), records)
        # What it emitted the first time it did not append again.
        self.assertEqual({other: self.end_of(stages, other) for other in before}, before)


if __name__ == "__main__":
    sys.exit(main())
