"""The demo, recorded: a capsule of its org, made while Prometheus, Alertmanager, HAProxy and the domains are real.

    demo.py FILE       needs build/bin and what the demo needs
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
BIN = ROOT / "build/bin"
sys.path.insert(0, str(ROOT / "compose/demo"))


def play_in(directory):
    """Runs the demo with its data in `directory`, and its shop found by name, so that no path of a machine is recorded."""
    import places
    import virtscale
    places.DATA = directory
    virtscale.SHOP = "virtscale-demo-shop"
    os.environ["PATH"] = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    import demo
    sys.argv = ["demo"]
    if demo.main() != 0:
        raise SystemExit("the demo did not hold what it claims: nothing is recorded")
    return places.ORG


def main():
    file = sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="virtscale-demo-") as directory:
        demo = pathlib.Path(directory) / "demo"
        org = play_in(str(demo))
        # The demo keeps its keys beside its data; a capsule takes those that are in it.
        (demo / "data" / "keys").mkdir(exist_ok=True)
        for key in (demo / "keys").glob("*.public"):
            shutil.copy(key, demo / "data" / "keys")
        subprocess.run([BIN / "virtscale-replay", "capsule", "--log", demo / "data", "--org", org, "--out", file],
                       check=True)


if __name__ == "__main__":
    main()
