"""Checks the fences and the shape of the tree: tidy.py [--root DIR] [fences|shape]...; ends in 1 if there is a fault."""

import argparse
import os
import sys

import fences
import shape
from tree import Tree

CHECKS = {"fences": fences.check, "shape": shape.check}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    parser.add_argument("checks", nargs="*", metavar="CHECK", help=" or ".join(CHECKS) + "; default: all")
    options = parser.parse_args()
    if unknown := set(options.checks) - set(CHECKS):
        parser.error(f"no check is called {unknown.pop()}")
    tree = Tree(options.root)
    if not tree.sources(".hpp"):
        sys.exit(f"tidy: {options.root} holds no sources: nothing was checked")
    faults = sorted({fault for name in options.checks or CHECKS for fault in CHECKS[name](tree)})
    for fault in faults:
        print(fault)
    print(f"tidy: {len(tree.files)} files, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
