"""Epochs of five processes: any of them lists all, and hands an operator's wish to the stage that it is about."""

import sys
import unittest

from stages import NAMES, Stages, shared_broker
from world import main

PARTITIONS = 2


class EpochsOfFiveProcesses(unittest.TestCase):
    def test_are_listed_and_none_begins_that_a_program_lacks(self):
        with Stages(shared_broker(), ("acme",), PARTITIONS) as stages:
            stages.start()
            rows = sorted(line.split() for line in stages.must("epochs", "list").splitlines()[1:])
            self.assertEqual(rows, sorted([name, str(p), "1", "1"] for name in NAMES for p in range(PARTITIONS)))
            ends = {name: self.ends(stages, name) for name in NAMES}
            for name in NAMES:
                answer = stages.ask("POST", f"/v1/stages/{name}/epochs", {"epoch": 2})
                self.assertEqual(answer.status, 409, answer)
                self.assertIn(f"this program has epoch 1 of {name}", answer.json["detail"])
            self.assertEqual({name: self.ends(stages, name) for name in NAMES}, ends, "the log has nothing of it")

    @staticmethod
    def ends(stages, name):
        return [row["end_offset"] for row in stages.stages()["partitions"] if row["stage"] == name]


if __name__ == "__main__":
    sys.exit(main())
