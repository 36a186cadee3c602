"""Shadows of a running Virtscale: `virtscale-replay what-if --shadow` as processes beside it, and what they tell."""

import json
import pathlib
import signal
import sys

sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[1]))
from processes import popen
from world import BIN, wait_until

REPLAY = BIN / "virtscale-replay"
BEGUN_S, TOLD_S, ENDED_S = 30.0, 30.0, 30.0


class Shadow:
    """One shadow, begun when this returns; it tells into a file. A context manager."""

    def __init__(self, directory, name, log, *words):
        self.file = directory / f"{name}.told"
        self.errors = directory / f"{name}.errors"
        with open(self.file, "wb") as out, open(self.errors, "wb") as err:
            self.process = popen([REPLAY, "what-if", "--shadow", "--json", "--log", log, *words], stdout=out,
                                 stderr=err)
        wait_until(f"the shadow {name} has begun", lambda: self.told("shadow") or self.has_ended(), BEGUN_S, 0.1)

    def has_ended(self):
        if self.process.poll() is not None and self.process.returncode != 0:
            raise AssertionError(f"{self.file.stem} ended with {self.process.returncode}: {self.errors.read_text()}")
        return self.process.poll() is not None

    def told(self, kind):
        """What it has told so far: all of `shadow`, `turned` or `summary`."""
        lines = [line for line in self.file.read_text().splitlines(keepends=True) if line.endswith("\n")]
        return [line[kind] for line in map(json.loads, lines) if kind in line]

    def turned(self):
        """The events that turned, each with how."""
        return {one["event"]: one["change"] for one in self.told("turned")}

    def wait_told(self, turned):
        wait_until(f"{self.file.stem} tells of {turned}", lambda: self.turned() == turned or self.has_ended(), TOLD_S,
                   0.1)

    def end(self, how=signal.SIGINT):
        """Ends it, as Ctrl-C does, or waits for its end; its summary."""
        if how is not None:
            self.process.send_signal(how)
        if self.process.wait(ENDED_S) != 0:
            raise AssertionError(f"{self.file.stem} ended with {self.process.returncode}: {self.errors.read_text()}")
        return self.told("summary")[0]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def changes_in(summary):
    """The events of a summary's decisions, each with how it changed."""
    return {decision["event"]: decision["change"] for org in summary["orgs"] for decision in org["decisions"]}
