"""`kill -9` of Virtscale, again and again, while scale requests arrive: nothing that was acknowledged is lost, nothing
is done twice, no envelope is passed, no domain is forgotten.

    kill_test.py [--kills N] [--requests N] [--seed N]      the moments of the kills come from the seed
"""

import collections
import http.client
import json
import random
import sys
import threading
import time
import unittest

from processes import run
from world import BIN, World, any_change, cell, contract, documents, main, option, service, wait_until

ORGS = 20
DOMAINS_MAX = 2  # that the contract of an org admits; what is more is refused, and so the machine is not swamped
KILLS = option("--kills", 200)
REQUESTS = option("--requests", 1000)
SEED = option("--seed", random.randrange(1 << 32))
RETRY_PAUSE_S = 0.05
# Kills hit the first moments of a start (recovery, folding of history) and the work after it alike.
START_S, WORK_S = 0.3, 0.35
AIM_S, REQUEST_S = 0.1, 0.003
KILLS_WHILE_STARTING = 0.25
TRIES_MAX = 2000


class Client(threading.Thread):
    """One org's: a request after the other, each sent again under its Idempotency-Key until there is an answer."""

    def __init__(self, world, number, storm):
        super().__init__(daemon=True)
        self.world, self.number, self.storm = world, number, storm
        self.org, self.name_of_service = f"org{number}", f"s{number}"
        self.random = random.Random(f"{SEED}/{number}")
        self.acknowledged = {}  # key -> answer
        self.failure = None

    def run(self):
        try:
            for i in range(REQUESTS // ORGS):
                self.storm.wait_for_turn(i + self.number / ORGS)
                time.sleep(self.random.uniform(0, START_S + WORK_S))
                self.acknowledged[f"key-{i}"] = self.request(f"key-{i}", any_change(self.random, DOMAINS_MAX))
        except Exception as failure:  # pylint: disable=broad-except
            self.failure = failure

    def request(self, key, change):
        for _ in range(TRIES_MAX):
            try:
                with self.storm.under_way:
                    answer = self.world.scale(self.org, change, self.name_of_service, key)
                if answer.status in (202, 422, 429):
                    return answer
                if answer.status not in (503, 504):
                    raise AssertionError(f"{self.org} {key}: {answer}")
            except ConnectionRefusedError:
                pass
            except (OSError, http.client.HTTPException):
                self.storm.seen["requests cut off"] += 1
            time.sleep(RETRY_PAUSE_S)
        raise AssertionError(f"{self.org} {key} was not answered in {TRIES_MAX} tries")


class Counter:
    """How many are inside."""

    def __init__(self):
        self.lock, self.inside = threading.Lock(), 0

    def __enter__(self):
        with self.lock:
            self.inside += 1

    def __exit__(self, *_):
        with self.lock:
            self.inside -= 1


class Storm:
    """The kills, and the clients that are spread over them."""

    def __init__(self, world):
        self.world, self.random = world, random.Random(SEED)
        self.kills, self.under_way = 0, Counter()
        self.turn = threading.Condition()
        self.seen = collections.Counter()  # what the kills hit

    def wait_for_turn(self, request):
        due = int(request * KILLS / (REQUESTS // ORGS))
        with self.turn:
            self.turn.wait_for(lambda: self.kills >= due)

    def strike(self):
        """One life of Virtscale, from its start to its `kill -9`, and a look at what is left."""
        self.world.spawn()
        if self.random.random() < KILLS_WHILE_STARTING:
            time.sleep(self.random.uniform(0, START_S))
        else:
            self.world.wait_ready()
            time.sleep(self.random.uniform(0, WORK_S))
            self.aim()
            self.seen["ready processes"] += 1
        self.world.kill()
        self.check_domains(self.world.domain_processes())
        with self.turn:
            self.kills += 1
            self.turn.notify_all()

    def aim(self):
        """Waits for a request, though not for long, and lets it come a little further."""
        deadline = time.monotonic() + AIM_S
        while self.under_way.inside == 0 and time.monotonic() < deadline:
            time.sleep(0.0005)
        time.sleep(self.random.uniform(0, REQUEST_S))

    @staticmethod
    def check_domains(names):
        """Committed or reserved is what starts, runs or stops: so many at most, at any moment."""
        for name, count in collections.Counter(name.split("-")[0] for name in names).items():
            if count > DOMAINS_MAX:
                raise AssertionError(f"{count} domains of {name} run, and its contract admits {DOMAINS_MAX}")


class AKilledVirtscale(unittest.TestCase):
    def test_loses_nothing(self):
        print(f"seed {SEED}, {KILLS} kills, {REQUESTS} requests")
        orgs = [f"org{i}" for i in range(ORGS)]
        with World(orgs, settings="state: {commit_every: 100ms}\nlog: {segment_size: 1MiB}\n") as world:
            world.start()
            world.apply(documents(cell(), *[contract(org, DOMAINS_MAX) for org in orgs],
                                  *[service(f"org{i}", f"s{i}") for i in range(ORGS)]))
            world.kill()
            storm = Storm(world)
            clients = [Client(world, i, storm) for i in range(ORGS)]
            for client in clients:
                client.start()
            for _ in range(KILLS):
                storm.strike()
            world.start()
            for client in clients:
                client.join()
            print(f"{KILLS} kills hit {dict(storm.seen)}")
            self.check(world, storm, clients)

    def check(self, world, storm, clients):
        for client in clients:
            self.assertIsNone(client.failure, client.org)
        self.assertGreater(storm.seen["requests cut off"], KILLS // 10, "the storm was too calm to prove a thing")
        world.wait_settled([client.org for client in clients], REQUESTS // ORGS)
        for client in clients:
            self.check_ledger(client, world.lines(client.org))
            world.verify_ledger(client.org)
        self.check_domains(world, clients)
        decided = collections.Counter(answer.status for c in clients for answer in c.acknowledged.values())
        print(f"answers by status: {dict(decided)}; {len(world.domain_rows())} domains at the end")
        self.assertGreater(min(decided[202], decided[429]), REQUESTS // 20)
        self.check_replay(world)

    def check_replay(self, world):
        """What all those lives recorded is what the folds decide, to the byte; copies are the same as what they copy."""
        world.kill()
        status, out, err = run([BIN / "virtscale-replay", "verify", "--log", world.data, "--json"], 60)
        self.assertEqual(status, 0, err or out)
        report = json.loads(out)
        self.assertEqual(report["lines"], REQUESTS)
        self.assertEqual(report["signatures"], report["checkpoints"])
        self.assertGreater(report["duplicates"], 0, "no kill came between an append and the commit behind it")
        print(f"replayed: {report}")

    def check_ledger(self, client, lines):
        """Each acknowledged request has one line that says the same, and there is no other line."""
        by_event = {line["event"]: line for line in lines}
        self.assertEqual(len(lines), len(by_event), f"{client.org}: two lines for one event")
        self.assertEqual(len(lines), REQUESTS // ORGS, f"{client.org}: one line for each request, no more, no less")
        for key, answer in client.acknowledged.items():
            line = by_event.get(answer.json["event"])
            self.assertIsNotNone(line, f"{client.org} {key} was acknowledged and has no line")
            self.assertEqual(line["decision"], answer.json["decision"], f"{client.org} {key}: {line}")
        for line in lines:
            for dimension in line["projection"].values():
                used = dimension["committed"] + dimension["reserved"]
                asked = dimension["asked"] if line["decision"] != "refused" else 0
                self.assertLessEqual(used + asked, dimension["envelope"], f"{client.org}: {line}")

    def check_domains(self, world, clients):
        """What runs is what orchestration knows is what policy has committed."""
        wait_until("what runs is what is known", lambda: set(world.domain_processes()) == set(world.domain_rows()), 20)
        running = world.domain_processes()
        Storm.check_domains(running)
        of = collections.Counter(name.split("-")[0] for name in running)
        for client in clients:
            replicas = world.replicas(client.org)[client.name_of_service]
            self.assertEqual((replicas["committed"], replicas["reserved"], replicas["leaving"]),
                             (of[client.name_of_service], 0, 0), client.org)


if __name__ == "__main__":
    sys.exit(main())
