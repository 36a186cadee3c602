"""A postmortem from its draft to its end: drafted by replay, made known, due, overdue, closed, through a `kill -9`."""

import hashlib
import json
import pathlib
import re
import sys
import unittest

sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[1]))
from processes import run
from world import BIN, World, cell, contract, documents, main, service, token_of

ORG = "acme"
CALENDAR = """\
kind: Calendar
org: acme
name: de-berlin
version: {version}
zone: Europe/Berlin
holidays: [2026-05-01]
"""


def replay(*words):
    status, out, err = run([BIN / "virtscale-replay", *words])
    if status != 0:
        raise AssertionError(f"virtscale-replay {' '.join(map(str, words))} ended with status {status}: {err or out}")
    return out


class APostmortem(unittest.TestCase):
    def setUp(self):
        self.world = self.enterContext(World([ORG, "shop"])).start()
        self.world.apply(documents(cell(), contract(ORG, 1), service(ORG, least=1), CALENDAR.format(version=1)))
        self.event = self.world.scale(ORG, +1).json["event"]
        self.world.wait_settled([ORG], 2)
        self.file = self.world.directory / f"postmortem-{self.event}.md"

    def draft(self):
        self.world.stop()
        replay("postmortem", self.event, "--log", self.world.data, "--out", self.world.directory)
        text = self.file.read_text()
        self.world.start()
        return text

    def listed(self, *words):
        return json.loads(self.world.must("postmortem", "list", "--json", *words))["postmortems"]

    def one(self):
        rows = self.listed()
        self.assertEqual(len(rows), 1)
        return rows[0]

    def row_of(self, text, name):
        return re.search(rf"^\| {name} \| (.*) \|$", text, re.MULTILINE)[1]

    def write(self, text):
        """Everything that people write."""
        text = re.sub(r"to be written", "the shift", text.replace("**To be written.**", "Written:"))
        return re.sub(r"^\| Status \| Draft \|$", "| Status | Agreed |", text, flags=re.MULTILINE)

    def test_goes_its_way(self):
        draft = self.draft()
        self.assertIn("de-berlin, version 1", self.row_of(draft, "Calendar"))
        due = self.row_of(draft, "Due")
        self.assertIn(f"due {due}", self.world.must("postmortem", "add", str(self.file)))
        row = self.one()
        self.assertEqual((row["state"], row["due"], row["event"], row["calendar"], row["zone"]),
                         ("due", due, self.event, "de-berlin, version 1", "Europe/Berlin"))
        self.assertEqual(row["sha256"], hashlib.sha256(draft.encode()).hexdigest())

        # Drafted again it is the same, to the byte, though the log now knows of it.
        self.assertEqual(self.draft(), draft)
        self.assertIn("unchanged", self.world.must("postmortem", "add", str(self.file)))

        # What is left to write is named, and nothing is closed.
        status, _, err = self.world.command("postmortem", "close", str(self.file))
        self.assertEqual(status, 1)
        self.assertIn("still to be written", err)

        self.file.write_text(draft.replace(f"| Due | {due} |", "| Due | 2026-01-05 |"))
        self.world.must("postmortem", "add", str(self.file))
        self.assertEqual(self.one()["state"], "overdue")
        self.world.kill()
        self.world.start()
        self.assertEqual(self.one()["state"], "overdue")

        self.file.write_text(self.write(draft))
        self.assertIn("closed", self.world.must("postmortem", "close", str(self.file)))
        row = self.one()
        self.assertEqual(row["state"], "done")
        self.assertEqual(row["closed_sha256"], hashlib.sha256(self.file.read_bytes()).hexdigest())
        status, _, err = self.world.command("postmortem", "add", str(self.file))
        self.assertEqual(status, 1)
        self.assertIn("it was closed", err)
        self.world.stop()
        self.assertIn("no divergence", replay("verify", "--log", self.world.data))

    def test_is_due_on_the_same_day_by_a_capsule(self):
        draft = self.draft()
        self.world.stop()
        capsule, out = self.world.directory / "one.capsule", self.world.directory / "of-the-capsule"
        replay("capsule", self.event, "--log", self.world.data, "--out", capsule)
        out.mkdir()
        replay("postmortem", self.event, "--log", capsule, "--out", out)
        other = (out / self.file.name).read_text()
        self.assertEqual(self.row_of(other, "Due"), self.row_of(draft, "Due"))
        self.assertEqual(self.row_of(other, "Counted"), self.row_of(draft, "Counted"))
        self.assertIn("de-berlin, version 1", self.row_of(other, "Calendar"))

    def test_is_its_orgs_own(self):
        body = {"name": "theirs", "sha256": "0" * 64, "due": "2026-05-06"}
        path = f"/v1/orgs/{ORG}/postmortems"
        self.assertEqual(self.world.ask("POST", path, body, token=token_of("shop")).status, 403)
        self.assertEqual(self.world.ask("POST", path, {**body, "due": "soon"}, token=token_of(ORG)).status, 400)
        self.assertEqual(self.world.ask("POST", f"{path}/closed", {"name": "theirs", "sha256": "0" * 64}).status, 404)
        self.assertEqual(self.world.ask("POST", path, body, token=token_of(ORG)).status, 200)
        self.assertEqual(self.world.ask("GET", "/v1/postmortems", token=token_of(ORG)).status, 403)
        self.assertEqual(self.world.ask("GET", f"/v1/postmortems?org={ORG}", token=token_of("shop")).status, 403)
        own = self.world.ask("GET", f"/v1/postmortems?org={ORG}", token=token_of(ORG)).json["postmortems"]
        self.assertEqual([row["name"] for row in own], ["theirs"])
        self.assertEqual(self.listed("--org", "shop"), [])

    def test_has_a_calendar_that_only_grows(self):
        self.assertIn("unchanged", self.world.apply(CALENDAR.format(version=1)))
        self.assertIn("changed", self.world.apply(CALENDAR.format(version=2).replace("05-01", "05-14")))
        status, _, err = self.world.command("apply", "-f", str(self.world.write("old.yml", CALENDAR.format(version=1))))
        self.assertEqual(status, 1)
        self.assertIn("version 2 is in force", err)
        nowhere = CALENDAR.format(version=3).replace("Berlin", "Atlantis")
        status, _, err = self.world.command("apply", "-f", str(self.world.write("nowhere.yml", nowhere)))
        self.assertEqual(status, 1)
        self.assertIn("there is no such time zone", err)


if __name__ == "__main__":
    sys.exit(main())
