"""The real program under `kill -9`, recorded: a capsule of its log, with the copies that restarts leave taken out.

    chaos.py FILE      needs build/bin; the moments of the kills come from a seed, what they hit does not
"""

import os
import pathlib
import random
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/integration"))
from world import BIN, World, cell, contract, documents, service  # noqa: E402

ORGS = ("north", "south", "east")
KILLS = 9
# Found by its name, so that no path of a machine is recorded.
SHOP = "virtscale-demo-shop"


def ask_for_scales(world, draw, turn):
    for org in ORGS:
        world.scale(org, draw.choice([1, 1, -1]), key=f"key-{turn}")
        if turn % 3 == 0:
            world.alert(org, f"alert-{turn}")


def live_through(world, draw):
    world.start()
    world.apply(documents(cell(), *[contract(org, 3) for org in ORGS], *[service(org, command=SHOP) for org in ORGS]))
    for turn in range(KILLS):
        ask_for_scales(world, draw, turn)
        time.sleep(draw.uniform(0, 0.5))
        world.kill()
        world.start()
    time.sleep(2)
    world.stop()


def main():
    os.environ["PATH"] = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    with World(ORGS) as world:
        live_through(world, random.Random(11))
        subprocess.run([BIN / "virtscale-replay", "capsule", "--log", world.data, "--out", sys.argv[1]], check=True)


if __name__ == "__main__":
    main()
