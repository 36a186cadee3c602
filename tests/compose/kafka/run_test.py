"""compose/kafka/run: brokers come, are killed one by one, come back, and never outlive whoever wanted them."""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "integration"))

from kafka import SCRIPT, Cluster  # noqa: E402
from processes import pids, run  # noqa: E402


def kafka(*words, **options):
    return run([SCRIPT, *words], seconds=180, **options)


def brokers_of(directory):
    """The processes whose command line names a broker's settings in `directory`."""
    def command(pid):
        try:
            return pathlib.Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
        except OSError:
            return ""
    return [pid for pid in pids() if f"{directory}/" in command(pid) and "kafka.Kafka" in command(pid)]


def until(what, condition, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.1)


class Run(unittest.TestCase):
    def test_one_broker_of_three_is_killed_and_comes_back(self):
        with Cluster(nodes=3) as cluster:
            here = ("--data", cluster.directory)
            self.assertEqual(cluster.bootstrap.count(","), 2)
            self.assertEqual(kafka("status", *here)[0], 0)

            cluster.kill(2)
            status, out, _ = kafka("status", *here)
            self.assertEqual(status, 3)
            self.assertIn("broker 2 is down", out)
            until("the others miss it", lambda: kafka("status", *here)[1].count("sees 2 of 3") == 2)
            cluster.start(2)
            until("all see it again", lambda: kafka("status", *here)[1].count("sees 3 of 3") == 3)

            cluster.kill(1)
            cluster.stop_broker(3)
            status, out, errors = kafka("up", *here)
            self.assertEqual(status, 0, errors)
            self.assertIn("started: broker 1 3", out)
            self.assertIn(cluster.bootstrap, out)

            self.assertIn("was running", kafka("up", *here)[1])
            before = time.monotonic()
            self.assertEqual(kafka("down", *here)[0], 0)
            self.assertLess(time.monotonic() - before, 30)
            self.assertEqual(brokers_of(cluster.directory), [])
            self.assertTrue((cluster.directory / "cluster").exists(), "what it holds stays")
        self.assertFalse(cluster.directory.exists())

    def test_a_cluster_ends_with_the_process_that_wanted_it(self):
        with tempfile.TemporaryDirectory() as parent:
            data = pathlib.Path(parent) / "data"
            wanting = subprocess.Popen(["sleep", "600"])
            try:
                self.assertEqual(kafka("up", "--data", data, "--while", wanting.pid)[0], 0)
                self.assertEqual(len(brokers_of(data)), 1)
            finally:
                wanting.send_signal(signal.SIGKILL)
                wanting.wait()
            until("the broker is gone", lambda: not brokers_of(data))
            until("its data is gone", lambda: not data.exists())

    def test_what_cannot_be_done_is_said(self):
        with tempfile.TemporaryDirectory() as parent:
            here = ("--data", pathlib.Path(parent) / "data")
            for words, said, expected in ((("up", "--nodes", "2", *here), "one or three", 2),
                                          (("up", "--port", "80", *here), "between 1000", 2),
                                          (("status", *here), "there is no cluster", 1),
                                          (("grow", *here), "not a command", 2),
                                          (("up", "--version", "latest", *here), "not a version", 2)):
                status, _, errors = kafka(*words)
                self.assertEqual(status, expected, words)
                self.assertIn(said, errors)

    def test_without_maven_it_says_how_to_go_on(self):
        with tempfile.TemporaryDirectory() as parent:
            bin_ = pathlib.Path(parent)
            for name in ("bash", "java", "sed", "mkdir", "flock", "dirname", "realpath"):
                found = subprocess.run(["which", name], capture_output=True, text=True, check=True).stdout.strip()
                (bin_ / name).symlink_to(found)
            status, _, errors = kafka("fetch", "--version", "3.0.0.1", env={**os.environ, "PATH": str(bin_)})
            self.assertEqual(status, 1)
            self.assertIn("apt-get install maven", errors)


if __name__ == "__main__":
    unittest.main()
