"""Epochs as an operator sees them, with programs that have one: which is active, and why no other begins."""

import sys
import unittest

from world import World, main, token_of

STAGES = ("signal", "policy", "orchestration", "dataplane", "audit")


class Epochs(unittest.TestCase):
    def setUp(self):
        self.world = self.enterContext(World()).start()

    def test_are_listed_with_what_the_programs_have(self):
        rows = [line.split() for line in self.world.must("epochs", "list").splitlines()]
        self.assertEqual(rows[1:], [[stage, "0", "1", "1"] for stage in STAGES])

    def test_none_begins_that_a_program_lacks(self):
        before = self.world.ask("GET", "/v1/stages").json
        status, _, errors = self.world.command("epochs", "activate", "--stage", "policy", "--epoch", "2")
        self.assertEqual(status, 1)
        self.assertIn("partition 0 of policy is folded by a program that has epoch 1: install the version", errors)
        answer = self.world.ask("POST", "/v1/stages/policy/epochs", {"epoch": 2})
        self.assertEqual((answer.status, answer.json["type"].rpartition(":")[2]), (409, "not_installed"), answer)
        answer = self.world.ask("POST", "/v1/stages/policy/epochs", {"epoch": 2}, token=token_of("acme"))
        self.assertEqual(answer.status, 403, answer)
        self.assertEqual(self.world.ask("GET", "/v1/stages").json, before, "the log has nothing of it")

    def test_words_that_make_no_sense_are_refused(self):
        for words in (("--stage", "kitchen", "--epoch", "2"), ("--stage", "policy", "--epoch", "1"), ()):
            with self.subTest(words=words):
                self.assertEqual(self.world.command("epochs", "activate", *words)[0], 2)


if __name__ == "__main__":
    sys.exit(main())
