"""Audit's disk is lost, all of it: the state that is rebuilt from the log takes over, and the ledgers are what they were.

On the embedded log all stages share one disk; what is audit's on it is its state and the files of the ledgers.
"""

import pathlib
import shutil
import sys
import unittest

sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[1]))
from processes import run
from world import BIN, World, cell, contract, documents, main, service, wait_until

ORGS = ["acme", "shop"]
ADMITTED, REFUSED = 3, 2  # of each org, before the loss
LINES = 1 + ADMITTED + REFUSED  # the first raises the service to its minimum


def files_in(directory):
    """Every file below, by its path, as bytes; how far the mirror has read is its own matter."""
    return {str(file.relative_to(directory)): file.read_bytes() for file in sorted(pathlib.Path(directory).rglob("*"))
            if file.is_file() and file.name != ".positions"}


class LossOfTheAuditStagesDisk(unittest.TestCase):
    def setUp(self):
        self.world = self.enterContext(World(ORGS, "state: {commit_every: 50ms}\n")).start()
        self.world.apply(documents(cell(), *[contract(org, 1 + ADMITTED) for org in ORGS],
                                   *[service(org, least=1) for org in ORGS]))
        for org in ORGS:
            for _ in range(ADMITTED):
                self.assertEqual(self.world.scale(org, +1).status, 202)
            for _ in range(REFUSED):
                self.assertEqual(self.world.scale(org, +1).status, 429)
        self.world.wait_settled(ORGS, LINES)
        for org in ORGS:
            wait_until("all lines are signed", lambda org=org: self.signed(org) == LINES)
        self.before = self.exported("before")

    def signed(self, org):
        """How many lines the newest checkpoint covers."""
        answer = self.world.ask("GET", f"/v1/orgs/{org}/ledger/checkpoint")
        return int(answer.body.splitlines()[1]) if answer.status == 200 else 0

    def exported(self, name):
        for org in ORGS:
            self.world.must("ledger", "export", org, "--out", str(self.world.directory / name / org))
        return files_in(self.world.directory / name)

    def lose_the_disk(self):
        """Returns what there was: nothing may be missing that should have been lost."""
        lost = [*self.world.data.glob("state/audit-*"), self.world.data / "ledgers"]
        for directory in lost:
            shutil.rmtree(directory)
        return [directory.name for directory in lost]

    def test_is_made_good_from_the_log(self):
        self.world.kill()
        self.assertIn("ledgers", self.lose_the_disk())
        self.assertFalse(list(self.world.data.glob("state/audit-*")))
        self.world.start()
        for org in ORGS:
            wait_until("the ledger is served again", lambda org=org: self.signed(org) == LINES)
        after = self.exported("after")
        self.assertEqual(sorted(after), sorted(self.before))
        self.assertEqual(after, self.before)

        # The state that takes over is that of the one that was lost: the next line follows, and is signed.
        for more, change in enumerate((-1, +1), 1):
            for org in ORGS:
                self.assertEqual(self.world.scale(org, change).status, 202)
            self.world.wait_settled(ORGS, LINES + more)
        for org in ORGS:
            wait_until("the new lines are signed", lambda org=org: self.signed(org) == LINES + 2)
            lines = self.world.lines(org)
            self.assertEqual([line["index"] for line in lines], list(range(LINES + 2)))
            self.assertEqual(len({line["event"] for line in lines}), LINES + 2)
            self.assertTrue((self.world.data / "ledgers" / org / "lines.jsonl").read_bytes().startswith(
                self.before[f"{org}/lines.jsonl"]))
            self.world.verify_ledger(org)

    def test_is_made_good_by_replay_too_from_the_log_alone(self):
        self.world.stop()
        self.lose_the_disk()
        rebuilt = self.world.directory / "rebuilt"
        status, out, err = run([BIN / "virtscale-replay", "ledger", "--log", self.world.data, "--out", rebuilt])
        self.assertEqual(status, 0, err or out)
        self.assertEqual(files_in(rebuilt), self.before)
        status, out, err = run([BIN / "virtscale-replay", "verify", "--log", self.world.data])
        self.assertEqual(status, 0, err or out)


if __name__ == "__main__":
    sys.exit(main())
