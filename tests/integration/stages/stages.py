"""The five stages as processes over Kafka: any number of each, started, killed, held still and stopped by a test.

The one thing to know: `Stages` is a context manager over a broker that is there, with topics of its own; when it ends,
no process that it started, or that they started, is left. With VIRTSCALE_KEEP=1 the directory stays, to be looked at.
"""

import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import sys
import tempfile
import time
import unittest

sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[1]))
from processes import become_reaper, popen, run  # pylint: disable=wrong-import-position
from world import BIN, PROGRAM, Operator, ask, free_port, tokens, wait_until  # pylint: disable=wrong-import-position

NAMES = ("signal", "policy", "orchestration", "dataplane", "audit")
INBOX = dict(zip(NAMES, ("alerts", "signals", "decisions", "placements", "outcomes")))
TOPICS = (*INBOX.values(), "ledger", "deadletters")
# A group may take a session's length to notice a member that died, and five processes share two cores.
READY_S = 60.0
SESSION_S = 6.0
STOP_S = 25.0


def shared_broker():
    """The address of the broker that ctest's fixture `kafka` keeps, or that is named; skips the test without one."""
    if os.environ.get("VIRTSCALE_TEST_KAFKA"):
        return os.environ["VIRTSCALE_TEST_KAFKA"]
    file = BIN.parent / "tests" / "kafka.bootstrap"
    if file.exists():
        return file.read_text().strip()
    if os.environ.get("CI") == "true":
        raise AssertionError(f"{file} is not there: run the test with ctest, whose fixture starts a broker")
    raise unittest.SkipTest("no Kafka broker: tests/kafka/README.md says how the suite gets one")


class Stage:
    """One process of a stage, which may die and come back on the same data and the same port."""

    def __init__(self, stages, kind, number, program=None):
        self.stages, self.kind, self.number = stages, kind, number
        self.name = f"{kind}-{number}"
        self.port = free_port()
        self.data = stages.directory / self.name
        self.log = stages.directory / f"{self.name}.log"
        self.program = program or BIN / f"virtscale-{kind}"
        self.process = None
        self.paused = False

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def spawn(self, config=None):
        with open(self.log, "ab") as log:
            self.process = popen([self.program, "--config", config or self.stages.config, "--data", self.data,
                                  "--listen", f"127.0.0.1:{self.port}"], stdout=log, stderr=log)
        return self

    def start(self, seconds=READY_S):
        return self.spawn().wait_ready(seconds)

    def wait_ready(self, seconds=READY_S):
        wait_until(f"{self.name} is ready", self.is_ready, seconds, 0.05)
        return self

    def runs(self):
        return self.process is not None and self.process.poll() is None

    def is_ready(self):
        if not self.runs():
            raise AssertionError(f"{self.name} ended with status {self.process.returncode}: {self.output()[-2000:]}")
        return self.readiness() == 200

    def readiness(self):
        """The status of /readyz, or None if the process does not answer."""
        try:
            return self.ask("GET", "/readyz", timeout=5).status
        except (OSError, http.client.HTTPException):
            return None

    def ask(self, method, path, body=None, **options):
        return ask(self.port, method, path, body, **options)

    def owned(self):
        """The partitions that this process itself says it folds, by number."""
        rows = self.ask("GET", "/v1/stages", headers={"Virtscale-Relayed": "1"}).json["partitions"]
        return {row["partition"]: row for row in rows}

    def output(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def metric(self, name):
        """The sum of a metric over its labels; None if the process does not answer."""
        try:
            text = self.ask("GET", "/metrics", timeout=5).body
        except (OSError, http.client.HTTPException):
            return None
        return sum(float(value) for value in re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE))

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.paused = False

    def pause(self):
        """SIGSTOP: the process is there, and does nothing."""
        self.process.send_signal(signal.SIGSTOP)
        self.paused = True

    def resume(self):
        self.process.send_signal(signal.SIGCONT)
        self.paused = False

    def stop(self, seconds=STOP_S + 5):
        """SIGTERM; its exit status and the seconds that it took."""
        began = time.monotonic()
        self.process.terminate()
        status = self.process.wait(seconds)
        return status, time.monotonic() - began

    def run_to_end(self, seconds=30.0, config=None):
        """For a process that must not start: its exit status and what it said."""
        before = len(self.output())
        self.spawn(config)
        try:
            return self.process.wait(seconds), self.output()[before:]
        finally:
            self.process.kill()


class Stages(Operator):
    """The settings, keys and topics of a log on Kafka, and the processes that run on it."""

    def __init__(self, bootstrap, orgs=("acme",), partitions=1, replication=1, in_sync_min=1, settings="",
                 prefix=None, properties=None):
        become_reaper()
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="virtscale-it-"))
        self.domains = self.directory / "domains"
        self.prefix = f"{self.directory.name}-" if prefix is None else prefix
        self.all = []
        self.properties = properties or {}
        self.config = self.write("settings.yml", self.settings(bootstrap, partitions, replication, in_sync_min) +
                                 tokens(orgs) + settings)
        self.offline("keys", "generate", "stages-2026", "--dir", self.directory / "keys")
        self.offline("topics", "create", "--config", self.config)

    def settings(self, bootstrap, partitions, replication, in_sync_min):
        layout = ", ".join(f"{topic}: {partitions}" for topic in TOPICS)
        return (f"kafka: {{bootstrap: '{bootstrap}', prefix: '{self.prefix}', replication: {replication}, "
                f"in_sync_min: {in_sync_min}, session_timeout: {SESSION_S:.0f}s, "
                f"properties: {json.dumps(self.properties)}}}\n"
                f"log: {{partitions: {{{layout}}}}}\n"
                f"domains: {{directory: {self.domains}}}\n"
                f"ledger: {{key: stages-2026, keys: {self.directory / 'keys'}}}\n"
                "sweep: {every: 2s}\n")

    @staticmethod
    def offline(*words):
        """A command that asks no server; fails if it does."""
        status, out, err = run([PROGRAM, *words])
        if status != 0:
            raise AssertionError(f"virtscale {' '.join(map(str, words))} ended with status {status}: {err or out}")
        return out

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        failed = failure[0] not in (None, unittest.SkipTest)
        for stage in self.all:
            if failed:
                print(f"--- the end of the output of {stage.name}:\n{stage.output()[-3000:]}", file=sys.stderr)
            if stage.runs():
                stage.kill()
        self.end_domains()
        if os.environ.get("VIRTSCALE_KEEP"):
            print(f"kept: {self.directory}", file=sys.stderr)
        else:
            shutil.rmtree(self.directory, ignore_errors=True)

    # --- The processes -------------------------------------------------------------------------------------------

    def add(self, kind, program=None):
        """One more process of a stage, not started yet."""
        number = 1 + sum(stage.kind == kind for stage in self.all)
        self.all.append(Stage(self, kind, number, program))
        return self.all[-1]

    def start(self, kinds=NAMES):
        """One process of each kind, all ready."""
        for stage in [self.add(kind).spawn() for kind in kinds]:
            stage.wait_ready()
        return self

    def of(self, kind):
        return [stage for stage in self.all if stage.kind == kind]

    def one(self, kind):
        """The first process of a stage."""
        return self.of(kind)[0]

    @property
    def port(self):
        """Where requests go: the first process of signal that runs."""
        able = [stage for stage in self.of("signal") if stage.runs() and not stage.paused]
        return able[0].port if able else self.one("signal").port

    # --- Looking -------------------------------------------------------------------------------------------------

    def stages(self):
        """Partitions, owners and offsets of all stages."""
        return self.ask("GET", "/v1/stages").json

    def owners(self, kind):
        """By partition, the names that the owners of a stage's partitions have for the brokers."""
        return {row["partition"]: row["owner"] for row in self.stages()["owners"] if row["stage"] == kind}

    def wait_owned(self, kind, by, seconds=READY_S):
        """Until each of `by` folds some partitions of its stage, and together they fold all."""
        def shared():
            owned = [stage.owned() for stage in by]
            return all(owned) and len(set().union(*owned)) == len(self.owners(kind))
        wait_until(f"{[stage.name for stage in by]} share the partitions of {kind}", shared, seconds, 0.1)
