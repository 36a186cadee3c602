"""A Kafka cluster of a test's own, whose brokers may be killed: compose/kafka/run, with free ports and its own data.

The one thing to know: it ends with the process that made it, however that ends.
"""

import os
import pathlib
import shutil
import tempfile
import unittest

import yaml

from processes import run

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "compose" / "kafka" / "run"


class Cluster:
    """One or three brokers, up when this returns; a context manager. Brokers are numbered from 1.

    `bootstrap` is where clients go, and `properties` what they need beside it: of librdkafka, by name.
    """

    def __init__(self, nodes=1, version=None, secure=False):
        """Skips the test if the jars cannot be had; in CI that fails. `secure`: clients log in, over TLS."""
        options = ["--version", version] if version else []
        status, _, errors = run([SCRIPT, "fetch", *options], seconds=280)
        if status != 0:
            raise (AssertionError if os.environ.get("CI") == "true" else unittest.SkipTest)(errors.strip())
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="virtscale-kafka-"))
        address = self.directory / "bootstrap"
        try:
            self._do("up", "--nodes", nodes, "--while", os.getpid(), "--bootstrap-file", address, *options,
                     *(["--secure"] if secure else []))
        except AssertionError:
            self.stop()
            raise
        self.bootstrap = address.read_text().strip()
        settings = yaml.safe_load((self.directory / "secure" / "settings.yml").read_text()) if secure else {}
        self.properties = settings.get("kafka", {}).get("properties", {})

    def kill(self, n):
        """Broker `n` dies at once, by kill -9."""
        self._do("kill", n)

    def stop_broker(self, n):
        """Broker `n` hands over what it leads, and ends."""
        self._do("stop", n)

    def start(self, n):
        """Broker `n` is back, with what it had, and answers when this returns."""
        self._do("start", n)

    def log(self, n):
        """What broker `n` has said."""
        return (self.directory / str(n) / "log").read_text(errors="replace")

    def stop(self):
        """Every broker dies, and the data goes."""
        self._do("down", "--wipe")
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _do(self, *words):
        status, _, errors = run([SCRIPT, *words, "--data", self.directory], seconds=180)
        if status != 0:
            raise AssertionError(f"kafka {words[0]}: {errors.strip()}")
