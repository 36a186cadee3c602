"""The five stages over a Kafka that asks for a password and speaks TLS, as a cluster of others does: a scale to its
signed line, the log replayed, and what is said where the password or the authority is wrong. The password is told to
nobody.
"""

import sys
import unittest

import yaml

from stages import NAMES, Stages
from kafka import Cluster
from processes import run
from world import BIN, PROGRAM, cell, contract, documents, main, service

SCALES = 3


class Secure(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster(secure=True))
        cls.properties = cls.cluster.properties
        cls.stages = cls.enterClassContext(Stages(cls.cluster.bootstrap, properties=cls.properties))

    def told_with(self, **changed):
        """What `virtscale topics check` says with other properties, in one line; it must fail."""
        settings = yaml.safe_load(self.stages.config.read_text())
        properties = {**self.properties, **{name.replace("_", "."): value for name, value in changed.items()}}
        settings["kafka"]["properties"] = {name: value for name, value in properties.items() if value is not None}
        file = self.stages.write("other.yml", yaml.safe_dump(settings))
        status, out, err = run([PROGRAM, "topics", "check", "--config", file])
        self.assertEqual((status, out, err.count("\n")), (1, "", 1), err)
        self.assertIn(self.cluster.bootstrap, err)
        for secret in (self.properties["sasl.password"], properties["sasl.password"]):
            self.assertNotIn(secret, err)
        return err

    def test_a_scale_becomes_a_line_and_the_log_replays(self):
        self.stages.start()
        self.stages.apply(documents(cell(), contract("acme", SCALES), service("acme")))
        for _ in range(SCALES):
            self.assertEqual(self.stages.scale("acme", 1).status, 202)
        self.stages.wait_settled(["acme"], SCALES)
        self.stages.verify_ledger("acme")
        status, out, err = run([BIN / "virtscale-replay", "verify", "--config", self.stages.config, "--keys",
                                self.stages.directory / "keys"])
        self.assertEqual(status, 0, out + err)
        for stage in self.stages.all:
            self.assertNotIn(self.properties["sasl.password"], stage.output(), stage.name)
        self.assertEqual(len(self.stages.all), len(NAMES))

    def test_a_replay_without_the_password_gets_nothing(self):
        status, _, err = run([BIN / "virtscale-replay", "verify", "--log",
                              f"kafka:{self.cluster.bootstrap}/{self.stages.prefix}"])
        self.assertEqual(status, 1, err)
        self.assertIn(self.cluster.bootstrap, err)

    def test_another_password_is_refused_in_words(self):
        self.assertIn("Authentication failed", self.told_with(sasl_password="not-the-password"))

    def test_a_broker_of_an_unknown_authority_is_not_trusted(self):
        self.assertIn("certificate verify failed", self.told_with(ssl_ca_location=None))


if __name__ == "__main__":
    sys.exit(main())
