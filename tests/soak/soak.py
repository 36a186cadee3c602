"""Two processes of each stage over a real broker, under constant load, one of each pair killed in its turn: README.md.

    soak.py [--minutes M] [--seed N] [--out DIR]
"""

import argparse
import collections
import dataclasses
import json
import pathlib
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[1:1] = [str(HERE.parent / "integration" / "stages"), str(HERE.parent / "integration")]
from chaos import DOMAINS_MAX, Client  # pylint: disable=wrong-import-position
from kafka import Cluster  # pylint: disable=wrong-import-position
from picture import Panel, picture  # pylint: disable=wrong-import-position
from processes import resident_mib  # pylint: disable=wrong-import-position
from stages import NAMES, Stages  # pylint: disable=wrong-import-position
from verdict import Sample, faults_of, slowed  # pylint: disable=wrong-import-position
from world import cell, contract, documents, service, wait_until  # pylint: disable=wrong-import-position

ORGS = 20
PARTITIONS = 4
REQUESTS_PER_S = 4.0
SAMPLE_EVERY_S = 5.0
KILL_EVERY_S = 60.0
DEAD_S = 1.0
SETTLED_S = 120.0


def disk_kib(directory):
    sizes = []
    for file in directory.rglob("*"):
        try:
            sizes.append(file.stat().st_blocks / 2)
        except OSError:  # a file of the store that was dropped meanwhile
            pass
    return sum(sizes)


def look_at(stage, at):
    """Nothing if it is dead at this moment."""
    try:
        proc = pathlib.Path(f"/proc/{stage.process.pid}")
        return Sample(round(at, 1), round(resident_mib(stage.process.pid), 2), len(list((proc / "fd").iterdir())),
                      len(list((proc / "task").iterdir())), disk_kib(stage.data))
    except (OSError, StopIteration):
        return None


class Soak:
    """One campaign, and what it saw."""

    def __init__(self, seconds, seed):
        self.seconds, self.seed = seconds, seed
        self.samples = collections.defaultdict(list)  # by process
        self.kills = []
        self.clients = []
        self.lines = 0

    def run(self):
        orgs = [f"org{i}" for i in range(ORGS)]
        with Cluster(1) as cluster, Stages(cluster.bootstrap, orgs, PARTITIONS, prefix="") as stages:
            self.start(stages)
            stages.apply(documents(cell(), *[contract(org, DOMAINS_MAX) for org in orgs],
                                   *[service(f"org{i}", f"s{i}") for i in range(ORGS)]))
            self.load_and_kill(stages)
            self.check(stages)

    @staticmethod
    def start(stages):
        stages.start()
        for kind in NAMES:
            stages.add(kind).spawn()
        for stage in stages.all:
            stage.wait_ready()

    def load_and_kill(self, stages):
        began = time.monotonic()
        requests = int(REQUESTS_PER_S * self.seconds / ORGS)
        self.clients = [Client(stages, i, self.seed, requests, self.seconds) for i in range(ORGS)]
        for client in self.clients:
            client.start()
        killer = threading.Thread(target=self.kill_in_turn, args=[stages, began], daemon=True)
        killer.start()
        while (at := time.monotonic() - began) < self.seconds:
            for stage in stages.all:
                if sample := look_at(stage, at):
                    self.samples[stage.name].append(sample)
            self.show_progress(at)
            time.sleep(SAMPLE_EVERY_S)
        killer.join()
        for client in self.clients:
            client.join(SETTLED_S)
            client.ended.set()

    def kill_in_turn(self, stages, began):
        mortal = [stages.of(kind)[1] for kind in NAMES]
        at = KILL_EVERY_S
        while at < self.seconds - KILL_EVERY_S / 2:
            time.sleep(max(0.0, began + at - time.monotonic()))
            victim = mortal[len(self.kills) % len(mortal)]
            self.kills.append(round(time.monotonic() - began, 1))
            victim.kill()
            time.sleep(DEAD_S)
            victim.spawn()
            at += KILL_EVERY_S

    def show_progress(self, at):
        answered = sum(len(client.took_s) for client in self.clients)
        memory = max((samples[-1].memory_mib for samples in self.samples.values()), default=0)
        print(f"\r{at:6.0f} of {self.seconds:.0f} s, {answered} answers, {len(self.kills)} kills, "
              f"the largest process has {memory:.0f} MiB ", end="" if sys.stderr.isatty() else "\n", file=sys.stderr)

    def check(self, stages):
        """Every request was answered, and has one line in a ledger that verifies."""
        for client in self.clients:
            if client.failure is not None:
                raise client.failure
            expected = {answer.json["event"] for answer in client.acknowledged.values()}
            wait_until(f"{client.org} has {len(expected)} lines",
                       lambda org=client.org, least=len(expected): len(stages.lines(org)) >= least, SETTLED_S, 1)
            events = [line["event"] for line in stages.lines(client.org)]
            if sorted(events) != sorted(expected):
                raise AssertionError(f"{client.org}: {len(events)} lines for {len(expected)} requests")
            stages.verify_ledger(client.org)
            self.lines += len(events)

    def answers(self):
        return sorted(took for client in self.clients for took in client.took_s)

    def faults(self):
        found = []
        for kind in NAMES:
            found += faults_of(f"{kind}-1", self.samples[f"{kind}-1"], self.seconds, REQUESTS_PER_S)
        return found + slowed(self.answers(), self.seconds)


def of_processes(soak, measure):
    return [(name, name.endswith("-1"), [(sample.at, getattr(sample, measure)) for sample in samples])
            for name, samples in sorted(soak.samples.items()) if name.endswith("-1")]


def worst_by_window(answers, seconds, windows=120):
    """The slowest answer, and the one in the middle, of each window."""
    groups = collections.defaultdict(list)
    for at, took in answers:
        groups[int(at / seconds * windows)].append(took)
    middles = [(window * seconds / windows, sorted(took)[len(took) // 2]) for window, took in sorted(groups.items())]
    slowest = [(window * seconds / windows, max(took)) for window, took in sorted(groups.items())]
    return middles, slowest


def draw(soak):
    middles, slowest = worst_by_window(soak.answers(), soak.seconds)
    panels = [Panel("resident memory, MiB", of_processes(soak, "memory_mib")),
              Panel("descriptors", of_processes(soak, "descriptors")),
              Panel("state on disk, KiB", of_processes(soak, "disk_kib")),
              Panel("seconds to the answer", [("p50", True, middles), ("slowest", False, slowest)])]
    title = (f"{soak.seconds / 60:.0f} minutes, {REQUESTS_PER_S:.0f} requests/s, {len(soak.kills)} kills; "
             "the process of each stage that was never killed")
    return picture(title, panels, soak.kills, soak.seconds)


def report(soak, faults):
    print(f"\n{'process':<18}{'MiB':>16}{'descriptors':>14}{'threads':>10}{'disk MiB':>12}   (beginning, end)")
    for name, samples in sorted(soak.samples.items()):
        a, b = samples[0], samples[-1]
        print(f"{name:<18}{a.memory_mib:8.1f}{b.memory_mib:8.1f}{a.descriptors:7}{b.descriptors:7}{a.threads:5}"
              f"{b.threads:5}{a.disk_kib / 1024:6.1f}{b.disk_kib / 1024:6.1f}")
    took = sorted(seconds for _, seconds in soak.answers())
    print(f"{len(took)} answers, p50 {took[len(took) // 2]:.3f} s, p99 {took[len(took) * 99 // 100]:.3f} s, slowest "
          f"{took[-1]:.3f} s; {len(soak.kills)} kills; {soak.lines} lines in {ORGS} ledgers that verify")
    for fault in faults:
        print(f"grew: {fault}")
    if not faults:
        print("nothing grew that should not")


def main():
    parser = argparse.ArgumentParser(description="Real processes under constant load and kills; what grows is told.")
    parser.add_argument("--minutes", type=float, default=20, help="how long; 20, at least 3 for a judgement")
    parser.add_argument("--seed", type=int, default=1, help="of what the clients ask")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("var/soak"), help="for soak.svg, soak.json")
    options = parser.parse_args()
    soak = Soak(options.minutes * 60, options.seed)
    soak.run()
    faults = soak.faults()
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "soak.svg").write_text(draw(soak))
    samples = {name: [dataclasses.asdict(sample) for sample in samples] for name, samples in soak.samples.items()}
    (options.out / "soak.json").write_text(json.dumps(
        {"seconds": soak.seconds, "seed": soak.seed, "kills_at_s": soak.kills, "answers": soak.answers(),
         "samples": samples, "faults": faults}))
    report(soak, faults)
    print(f"{options.out / 'soak.svg'}, {options.out / 'soak.json'}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
