#!/usr/bin/env python3
"""recovery.py ROUNDS SERVICES: `virtscale up` with so many services is killed with kill -9 and started again at once, round
after round: how long until it has decided about the next scale request.

Prints one JSON object, in seconds.
"""

import http.client
import json
import pathlib
import sys
import time

sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[2] / "integration"))
from world import World, cell, contract, documents, service  # pylint: disable=wrong-import-position

RETRY_S = 0.002
WORK_S = 0.5
DOCUMENTS_MAX = 1_000  # in one text


def seconds_until_decision(world, key):
    """A kill, a start, and a request that is sent until it is answered: it asks for too much, so it is refused."""
    began = time.monotonic()
    world.kill()
    world.spawn()
    while True:
        try:
            answer = world.scale("acme", 90, "s0", key)
            if answer.status == 429:
                return time.monotonic() - began
            if answer.status not in (503, 504):
                raise AssertionError(answer)
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(RETRY_S)


def main():
    rounds, services = int(sys.argv[1]), int(sys.argv[2])
    with World() as world:
        world.start()
        world.apply(documents(cell(), contract("acme", 10)))
        for first in range(0, services, DOCUMENTS_MAX):
            names = [f"s{n}" for n in range(first, min(services, first + DOCUMENTS_MAX))]
            world.apply(documents(*[service("acme", name) for name in names]))
        took = []
        for number in range(rounds):
            time.sleep(WORK_S)
            took.append(seconds_until_decision(world, f"key-{number}"))
        print(json.dumps({f"round_{number}": seconds for number, seconds in enumerate(took)}))


main()
