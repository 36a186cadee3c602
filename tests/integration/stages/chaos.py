"""What the chaos campaign does to the stages and their brokers, and who asks them meanwhile.

The one thing to know: the whole sequence of faults, with its times, is drawn from the seed before the first one
happens. How far the stages are when one hits is up to the machine.
"""

import collections
import dataclasses
import http.client
import random
import threading
import time

from stages import NAMES, SESSION_S
from world import any_change, ask, token_of

DOMAINS_MAX = 2  # that the contract of an org admits: what is more is refused, and the machine is not swamped
BROKERS = 3
PAUSE_BETWEEN_FAULTS_S = (2.0, 6.0)
# A stage rests after a fault: a group needs a session's length to notice, and then there is something to disturb again.
REST_S = SESSION_S
BROKERS_REST_S = 15.0
WEIGHTS = {"kill": 8, "zombie": 4, "second": 4, "broker": 3}
LENGTHS_S = {"kill": (0.0, 2.0), "zombie": (SESSION_S + 2, SESSION_S + 4), "second": (8.0, 20.0), "broker": (2.0, 8.0)}
TRY_S, RETRY_PAUSE_S = 8.0, 0.2


@dataclasses.dataclass
class Fault:
    """`at` seconds after the beginning, for `length` seconds; `victim` is a stage, or the number of a broker."""
    at: float
    kind: str
    victim: object
    length: float

    def __str__(self):
        return f"{self.at:6.1f} s  {self.kind:<7} {self.victim}, {self.length:.1f} s"


def plan(seed, seconds):
    """The faults of a campaign, by time. Two never meet on one stage, nor on two brokers; other pairs may."""
    draw = random.Random(seed)
    free_at = collections.defaultdict(float)
    faults, at = [], draw.uniform(*PAUSE_BETWEEN_FAULTS_S)
    while at < seconds:
        kind = draw.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        length = draw.uniform(*LENGTHS_S[kind])
        if kind == "broker":
            victim, site, rest = draw.randrange(1, BROKERS + 1), "brokers", BROKERS_REST_S
        else:
            victim = site = draw.choice(NAMES)
            rest = REST_S
        if free_at[site] <= at:
            faults.append(Fault(at, kind, victim, length))
            free_at[site] = at + length + rest
        at += draw.uniform(*PAUSE_BETWEEN_FAULTS_S)
    return faults


class Chaos:
    """Does the faults, each on a thread of its own, and counts what the processes had dropped before they died."""

    def __init__(self, stages, cluster, faults):
        self.stages, self.cluster, self.faults = stages, cluster, faults
        self.done, self.failures = collections.Counter(), []
        self.dropped = collections.Counter()  # duplicates, by stage
        self.began = time.monotonic()

    def run(self):
        """Returns when every fault is over and everything that was killed is back."""
        threads = []
        for fault in self.faults:
            time.sleep(max(0.0, self.began + fault.at - time.monotonic()))
            print(fault)
            threads.append(threading.Thread(target=self.strike, args=[fault], daemon=True))
            threads[-1].start()
        for thread in threads:
            thread.join()

    def strike(self, fault):
        try:
            getattr(self, fault.kind)(fault)
            self.done[fault.kind] += 1
        except Exception as failure:  # pylint: disable=broad-except
            self.failures.append(f"{fault}: {failure!r}")

    def count_dropped(self, process):
        self.dropped[process.kind] += int(process.metric("virtscale_duplicates_dropped_total") or 0)

    def kill(self, fault):
        process = self.stages.one(fault.victim)
        self.count_dropped(process)
        process.kill()
        time.sleep(fault.length)
        process.spawn()

    def zombie(self, fault):
        process = self.stages.one(fault.victim)
        process.pause()
        time.sleep(fault.length)
        process.resume()

    def second(self, fault):
        """It leaves in order, or by kill -9, turn and turn about."""
        process = self.stages.add(fault.victim).spawn()
        time.sleep(fault.length)
        self.count_dropped(process)
        if process.number % 2:
            process.kill()
            return
        status, seconds = process.stop()
        if status != 0:
            raise AssertionError(f"{process.name} ended with status {status} after {seconds:.1f} s")

    def broker(self, fault):
        self.cluster.kill(fault.victim)
        time.sleep(fault.length)
        self.cluster.start(fault.victim)


class Client(threading.Thread):
    """One org's: a request after the other, each sent again under its Idempotency-Key until there is an answer."""

    def __init__(self, stages, number, seed, requests, seconds):
        super().__init__(daemon=True)
        self.stages, self.requests, self.period = stages, requests, seconds / requests
        self.org, self.service = f"org{number}", f"s{number}"
        self.random = random.Random(f"{seed}/{number}")
        self.first_at = self.random.uniform(0, self.period)
        self.acknowledged, self.tries = {}, 0
        self.took_s = []  # when it was asked, and the seconds to the answer
        self.failure = None
        self.ended = threading.Event()

    def run(self):
        began = time.monotonic()
        try:
            for i in range(self.requests):
                time.sleep(max(0.0, began + self.first_at + i * self.period - time.monotonic()))
                asked = time.monotonic() - began
                self.acknowledged[f"key-{i}"] = self.request(f"key-{i}", any_change(self.random, DOMAINS_MAX))
                self.took_s.append((asked, time.monotonic() - began - asked))
        except Exception as failure:  # pylint: disable=broad-except
            self.failure = failure

    def request(self, key, change):
        """The answer, however often it takes; 422 is a scale beyond the service's own bounds."""
        while not self.ended.is_set():
            self.tries += 1
            answer = self.attempt(key, change)
            if answer is not None and answer.status in (202, 422, 429):
                return answer
            if answer is not None and answer.status not in (503, 504):
                raise AssertionError(f"{self.org} {key}: {answer}")
            self.ended.wait(RETRY_PAUSE_S)
        raise AssertionError(f"{self.org} {key} was not answered; the last was {answer}")

    def attempt(self, key, change):
        processes = [one for one in self.stages.of("signal") if one.runs()]
        if not processes:
            return None
        try:
            return ask(self.random.choice(processes).port, "POST",
                       f"/v1/orgs/{self.org}/services/{self.service}/scale", change, token=token_of(self.org),
                       headers={"Idempotency-Key": key}, timeout=TRY_S)
        except (OSError, http.client.HTTPException):
            return None
