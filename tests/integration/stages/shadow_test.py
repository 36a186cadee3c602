"""A shadow of five processes over Kafka: it reads, joins no group, and tells what turns."""

import pathlib
import sys
import unittest

from stages import NAMES, Stages, shared_broker

sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[1] / "replay"))
from shadows import Shadow, changes_in
from world import cell, contract, documents, main, service

QUOTA, MORE = 2, 3


class BesideFiveProcesses(unittest.TestCase):
    def test_it_tells_the_refusal_that_turns_and_owns_nothing(self):
        broker = shared_broker()
        with Stages(broker, ("acme",), 2) as stages:
            stages.start()
            stages.apply(documents(cell(), contract("acme", QUOTA), service("acme")))
            more = stages.write("more.yml", contract("acme", MORE))
            with Shadow(stages.directory, "more", f"kafka:{broker}/{stages.prefix}", "--with", more) as shadow:
                self.assertEqual(stages.scale("acme", QUOTA).status, 202)
                stages.wait_settled(["acme"], 1)
                refused = stages.scale("acme", 1)
                self.assertEqual(refused.status, 429, refused)
                shadow.wait_told({refused.json["event"]: "refused_to_admitted"})
                owners = {row["owner"].split("@")[0] for row in stages.stages()["owners"]}
                self.assertEqual(owners, set(NAMES))
                self.assertEqual(changes_in(shadow.end()), shadow.turned())


if __name__ == "__main__":
    sys.exit(main())
