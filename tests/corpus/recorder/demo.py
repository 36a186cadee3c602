"""The demo, recorded: a capsule of its org, made while Prometheus, Alertmanager, HAProxy and the domains are real.

    demo.py FILE       needs build/bin and what the demo needs
"""

import os
import pathlib
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
        org = play_in(os.path.join(directory, "demo"))
        subprocess.run([BIN / "virtscale-replay", "capsule", "--log", os.path.join(directory, "demo", "data"),
                        "--org", org, "--out", file], check=True)


if __name__ == "__main__":
    main()
