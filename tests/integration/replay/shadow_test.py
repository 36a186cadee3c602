"""What-if, live: shadows beside a running Virtscale tell what turns, and a program that folds opens nothing."""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[1]))
from processes import popen
from shadows import Shadow, changes_in
from world import BIN, World, cell, contract, documents, main, service

GENEROUS_POLICY = BIN.parent / "tests" / "generous_policy"  # 20 % overage for everybody
QUOTA, MORE = 5, 7


class BesideARunningVirtscale(unittest.TestCase):
    def setUp(self):
        self.world = self.enterContext(World(("acme", "bolt"))).start()
        self.world.apply(documents(cell(), *[contract(org, QUOTA) for org in ("acme", "bolt")],
                                   *[service(org) for org in ("acme", "bolt")]))
        self.assertEqual(self.world.scale("bolt", 1).status, 202)
        self.world.wait_settled(["bolt"], 1)

    def shadow(self, name, *words):
        return self.enterContext(Shadow(self.world.directory, name, self.world.data, *words))

    def contract_of(self, vcpu):
        return self.world.write(f"acme-{vcpu}.yml", contract("acme", vcpu))

    def refusals(self):
        """Five domains are admitted, and two more are refused, before and after a `kill -9`; the events of these."""
        self.assertEqual(self.world.scale("acme", QUOTA).status, 202)
        self.world.wait_settled(["acme"], 1)
        answers = [self.world.scale("acme", 1)]
        self.world.kill()
        self.world.start()
        answers.append(self.world.scale("acme", 1))
        self.assertEqual([answer.status for answer in answers], [429, 429], answers)
        return [answer.json["event"] for answer in answers]

    def test_what_turns_is_told_while_it_turns_and_no_more(self):
        same = self.shadow("same", "--with", self.contract_of(QUOTA), "--for", "20s")
        more = self.shadow("more", "--with", self.contract_of(MORE))
        generous = self.shadow("generous", "--policy-binary", GENEROUS_POLICY)
        own = self.shadow("own", "--policy-binary", BIN / "virtscale-policy")
        first, second = self.refusals()
        more.wait_told({first: "refused_to_admitted", second: "refused_to_admitted"})
        generous.wait_told({first: "refused_to_admitted"})
        self.assertEqual([one["modelled"] for one in more.told("turned")], [False, True],
                         "the second counts a domain that never was")
        summary = more.end(signal.SIGINT)
        self.assertEqual(changes_in(summary), more.turned())
        self.assertTrue(summary["modelled"])
        self.assertTrue(all(one["samples"] > 0 for one in summary["modelled"] if one["asked"] == "StartDomain"))
        self.assertEqual(changes_in(generous.end(signal.SIGTERM)), {first: "refused_to_admitted"})
        for shadow, how in ((same, None), (own, signal.SIGINT)):
            summary = shadow.end(how)
            self.assertEqual((shadow.turned(), summary["orgs"]), ({}, []))
            self.assertGreaterEqual(summary["decisions"], 3)
        self.assertEqual(self.world.replicas("acme")["web"]["now"], QUOTA, "nothing of it happened")


class AProgramThatFolds(unittest.TestCase):
    def test_opens_nothing_but_what_it_is_given(self):
        for stage in ("signal", "policy", "orchestration", "dataplane", "audit"):
            with self.subTest(stage=stage), tempfile.TemporaryDirectory() as directory:
                process = popen([BIN / f"virtscale-{stage}", "fold"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                cwd=directory)
                try:
                    words = process.stdout.readline().split()
                    self.assertEqual(words[0::2][:2], [b"virtscale-fold", stage.encode()])
                    self.assertEqual(sorted(os.listdir(f"/proc/{process.pid}/fd")), ["0", "1", "2"])
                    self.assertEqual(len(os.listdir(f"/proc/{process.pid}/task")), 1)
                    process.stdin.close()
                    self.assertEqual(process.wait(10), 0)
                    self.assertEqual(list(pathlib.Path(directory).iterdir()), [])
                finally:
                    process.kill()
                    process.stdout.close()


if __name__ == "__main__":
    sys.exit(main())
