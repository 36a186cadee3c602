"""Five processes over Kafka, one or two of each stage: what they do together, what any of them answers, how one joins
and leaves, and what they say where something is missing.
"""

import subprocess
import sys
import time
import unittest

from stages import NAMES, SESSION_S, STOP_S, Stages, shared_broker
from processes import popen, run
from world import BIN, OPERATOR, PROGRAM, cell, contract, documents, free_port, main, service, wait_until

SCRIBE = BIN.parent / "tests" / "scribe"
PARTITIONS = 2
# Two that share no partition, and one that is there to be looked at.
ORGS = ("acme", "globex", "initech")


class Running(unittest.TestCase):
    """One set of five for all tests of a class."""

    @classmethod
    def setUpClass(cls):
        cls.bootstrap = shared_broker()
        began = time.monotonic()
        cls.stages = cls.enterClassContext(Stages(cls.bootstrap, ORGS, PARTITIONS)).start()
        print(f"five processes are ready after {time.monotonic() - began:.1f} s")
        cls.token_file = cls.stages.write("operator.token", OPERATOR)
        cls.token_file.chmod(0o600)
        cls.stages.apply(documents(cell(), *[contract(org, 2) for org in ORGS], *[service(org) for org in ORGS]))

    def through(self, stage, *words):
        """A command of the operator's, asked of one process."""
        return run([PROGRAM, *words, "--server", stage.url, "--token-file", self.token_file])

    def scaled(self, org, change=1):
        """The event of a scale that was admitted."""
        answer = self.stages.scale(org, change)
        self.assertEqual(answer.status, 202, answer)
        return answer.json["event"]


class FiveProcesses(Running):
    def test_take_a_scale_to_a_signed_line_and_refuse_the_next(self):
        began = time.monotonic()
        events = [self.scaled("acme"), self.scaled("acme")]
        self.stages.wait_settled(["acme"], 2)
        print(f"two scales are lines after {time.monotonic() - began:.2f} s")
        refused = self.stages.scale("acme", 1)
        self.assertEqual((refused.status, refused.json["dimension"]), (429, "vcpu"), refused)
        self.stages.wait_settled(["acme"], 3)
        lines = [(line["event"], line["decision"]) for line in self.stages.lines("acme")]
        # A line is written when its domain has come to serve: the second may be first.
        self.assertEqual(sorted(lines[:2]), sorted((event, "admitted") for event in events))
        self.assertEqual(lines[2:], [(refused.json["event"], "refused")])
        of_acme = {name for name, row in self.stages.domain_rows().items() if row["org"] == "acme"}
        self.assertEqual(len(of_acme & set(self.stages.domain_processes())), 2)
        self.stages.verify_ledger("acme")

    def test_show_owners_lag_and_offsets_of_every_partition(self):
        rows = wait_until("everything is owned and folded", self.rows_if_calm)
        self.assertEqual([(row[0], row[1]) for row in rows],
                         [(kind, str(p)) for kind in NAMES for p in range(PARTITIONS)])
        for kind, _, owner, _, folded, end, lag, _, _, _ in rows:
            self.assertRegex(owner, rf"^{kind}@\S+:{self.stages.one(kind).process.pid}$")
            self.assertEqual((int(folded) + 1, lag), (int(end), "0"))

    def rows_if_calm(self):
        table = self.stages.must("status").partition("STAGE ")[2].splitlines()[1:]
        rows = [line.split() for line in table]
        return rows if all(row[-1] == "ready" and row[6] == "0" for row in rows) else None

    def test_answer_each_question_wherever_it_is_asked(self):
        event = self.scaled("initech")
        self.stages.wait_settled(["initech"], 1)
        said = {}
        for stage in self.stages.all:
            for words in (["explain", event], ["events", "--org", "initech"], ["ledger", "show", "initech"],
                          ["ledger", "verify", "initech"], ["status", "initech/web"], ["deadletters", "list"]):
                status, out, err = self.through(stage, *words)
                self.assertEqual(status, 0, f"{words} through {stage.name}: {err}")
                if words[0] != "status":
                    self.assertEqual(said.setdefault(words[0] + words[1], out), out, f"{words} through {stage.name}")
        self.assertIn(event, said["explain" + event])
        for stage in self.stages.all:
            answer = stage.ask("POST", "/v1/orgs/initech/services/web/scale", {"change": 1})
            self.assertIn(answer.status, (202, 429), f"through {stage.name}: {answer}")

    def test_tell_events_as_they_happen_wherever_they_are_asked(self):
        followers = [popen([PROGRAM, "events", "--follow", "--org", "globex", "--server", stage.url, "--token-file",
                            self.token_file], stdout=subprocess.PIPE, text=True) for stage in self.stages.all]
        try:
            time.sleep(1)
            event = self.scaled("globex")
            for stage, follower in zip(self.stages.all, followers):
                self.assertIn(event, follower.stdout.readline(), stage.name)
        finally:
            for follower in followers:
                follower.kill()
                follower.communicate()

    def test_keep_what_they_cannot_read_as_dead_letters(self):
        status, _, err = run([SCRIBE, self.bootstrap, self.stages.prefix, "junk", "signals", "acme"])
        self.assertEqual(status, 0, err)
        letter = wait_until("the dead letter is listed", lambda: self.stages.ask(
            "GET", "/v1/deadletters").json["deadletters"])[0]
        self.assertEqual((letter["topic"], letter["bytes"]), ("signals", len("this is no event")))
        self.assertEqual(self.stages.one("policy").readiness(), 200)


class ASecondProcess(Running):
    def test_of_each_stage_shares_the_partitions_and_gives_them_back(self):
        for kind in NAMES:
            with self.subTest(kind):
                self.join_and_leave(kind)
        self.stages.wait_settled(["globex"], len(NAMES) * 2)
        self.stages.verify_ledger("globex")

    def join_and_leave(self, kind):
        first, second = self.stages.one(kind), self.stages.add(kind)
        began = time.monotonic()
        second.start()
        self.stages.wait_owned(kind, [first, second])
        joined = time.monotonic()
        answer = self.stages.scale("globex", 1)
        self.assertEqual(answer.status, 202, f"with two of {kind}: {answer}")
        status, seconds = second.stop()
        left = time.monotonic()
        self.stages.wait_owned(kind, [first], SESSION_S)
        print(f"a second {kind}: shares after {joined - began:.1f} s, stops in {seconds:.1f} s, and all is the first's "
              f"{time.monotonic() - left:.1f} s later")
        self.assertEqual(status, 0, second.output())
        self.assertLess(seconds, STOP_S)
        # It left; nobody had to wait until it was missed.
        self.assertLess(time.monotonic() - joined - seconds, SESSION_S)
        self.assertEqual(self.stages.scale("globex", -1).status, 202)


class AStageThatCannotRun(unittest.TestCase):
    """It says what is wrong and what to do, and is not ready."""

    @classmethod
    def setUpClass(cls):
        cls.stages = cls.enterClassContext(Stages(shared_broker(), partitions=PARTITIONS))

    def config(self, was, now):
        text = self.stages.config.read_text()
        self.assertIn(was, text)
        return self.stages.write("other.yml", text.replace(was, now))

    def assert_told(self, stage, config, *words):
        stage.spawn(config)
        wait_until(f"{stage.name} says {words}", lambda: all(word in stage.output() for word in words), 20, 0.1)
        print(stage.output().splitlines()[0])
        if stage.runs():
            self.assertIn(stage.readiness(), (503, None))
            stage.kill()
        else:
            self.assertEqual(stage.process.returncode, 1)

    def test_on_another_layout_does_not_start_and_names_both(self):
        stage = self.stages.add("policy")
        status, said = stage.run_to_end(config=self.config("signals: 2", "signals: 3"))
        self.assertEqual(status, 2)
        self.assertIn("partitions of signals is 2, and should be 3", said)

    def test_without_topics_names_the_command_that_makes_them(self):
        self.assert_told(self.stages.add("policy"), self.config(self.stages.prefix, "nowhere-"),
                         "virtscale topics create")

    def test_without_its_key_names_the_command_that_makes_it(self):
        self.assert_told(self.stages.add("audit"), self.config("key: stages-2026", "key: lost-2026"), "lost-2026",
                         "virtscale keys generate")

    def test_without_a_broker_names_its_address(self):
        port = free_port()
        self.assert_told(self.stages.add("policy"),
                         self.config(shared_broker(), f"127.0.0.1:{port}"), f"127.0.0.1:{port}")

    def test_without_kafka_in_its_settings_is_wrong_usage(self):
        status, said = self.stages.add("policy").run_to_end(config=self.stages.write("empty.yml", ""))
        self.assertEqual(status, 2)
        self.assertIn("kafka: {bootstrap: HOST:PORT}", said)


if __name__ == "__main__":
    sys.exit(main())
