"""Two builds of policy that claim the same epoch and fold differently: whoever reads what they wrote notices, stops
that partition, and says so.
"""

import sys
import time
import unittest

from stages import Stages, shared_broker
from world import BIN, cell, contract, documents, main, service, wait_until

OTHER_POLICY = BIN.parent / "tests" / "other_policy"
# Two orgs in different partitions of all topics, by murmur2.
DIVERGED, SOUND = "acme", "globex"
LONG_SETTINGS = "state: {commit_every: 60s}\n"


class TheSameLaneNumberWithOtherBytes(unittest.TestCase):
    def test_stops_the_partition_that_reads_it_and_no_other(self):
        with Stages(shared_broker(), (DIVERGED, SOUND), 2, settings=LONG_SETTINGS) as stages:
            stages.start()
            stages.apply(documents(cell(), *[contract(org, 1) for org in (DIVERGED, SOUND)],
                                   *[service(org) for org in (DIVERGED, SOUND)]))
            self.assertEqual(stages.scale(SOUND, 1).status, 202)
            self.assertEqual(stages.scale(DIVERGED, 1).status, 202)
            # The first refusal is followed by what became of its mail; the second ends what policy wrote to audit.
            for _ in range(2):
                self.assertEqual(stages.scale(DIVERGED, 1).status, 429)
            stages.wait_settled([DIVERGED], 3)
            stages.wait_settled([SOUND], 1)
            lines = stages.lines(DIVERGED)
            # Its state was not written since it began, so another owner folds all of it again, and writes it again.
            stages.one("policy").kill()
            stages.add("policy", OTHER_POLICY).start()
            audit = stages.one("audit")
            wait_until("audit says what it found", lambda: "came twice with different" in audit.output(), 20)
            incident = next(line for line in audit.output().splitlines() if "came twice" in line)
            print(incident)
            for word in ("stage audit stopped", "outcomes partition", "offset", "from policy partition", "lane number"):
                self.assertIn(word, incident)
            self.check_readiness(audit)
            self.assertEqual(stages.scale(SOUND, -1).status, 202)
            wait_until("the other partition goes on", lambda: len(stages.lines(SOUND)) == 2, 20)
            self.assertEqual(stages.scale(DIVERGED, 1).status, 429)
            time.sleep(1)
            self.assertEqual(stages.lines(DIVERGED), lines, "nothing is written from what was folded differently")
            for org in (DIVERGED, SOUND):
                stages.verify_ledger(org)

    def check_readiness(self, audit):
        answer = audit.ask("GET", "/readyz")
        self.assertEqual(answer.status, 503, answer)
        stopped = {row["partition"]: row["stopped"] for row in answer.json["partitions"]}
        self.assertEqual(sorted(stopped.values()), [False, True], answer)


if __name__ == "__main__":
    sys.exit(main())
