"""Checks that the schemas of today can read what was written with the released ones, and the other way round.

`flatc --conform` finds changed types, places and defaults. What it does not find is checked here: fields, values,
members, tables and files that are gone or have moved, structs that have grown, and fields that are required now.
"""

import argparse
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
DECLARATION = re.compile(r"\b(table|struct|enum|union)\s+(\w+)\s*(?::\s*\w+\s*)?\{(.*?)\}", re.DOTALL)


class Declaration:
    """A table, struct, enum or union: its kind, its members in order, and which of them are required."""

    def __init__(self, kind, body):
        self.kind = kind
        parts = body.split(";" if kind in ("table", "struct") else ",")
        texts = [part.strip() for part in parts if part.strip()]
        self.members = [re.split(r"[\s:=]", text)[0] for text in texts]
        self.required = {member for member, text in zip(self.members, texts) if re.search(r"\(.*\brequired\b.*\)", text)}


def schema_files(folder):
    """The paths of all schemas below `folder`, relative to it."""
    return sorted(os.path.relpath(os.path.join(place, name), folder)
                  for place, _, names in os.walk(folder) for name in names if name.endswith(".fbs"))


def declarations(file):
    with open(file, encoding="utf-8") as opened:
        text = re.sub(r"//[^\n]*", "", opened.read())
    return {name: Declaration(kind, body) for kind, name, body in DECLARATION.findall(text)}


def faults_of(name, released, today):
    """What of `released` is not kept, as sentences."""
    if today is None or today.kind != released.kind:
        return [f"{released.kind} {name} is gone"]
    kept = today.members[:len(released.members)]
    faults = [f"{name}.{old} is gone or has moved: {new or 'nothing'} is in its place"
              for old, new in zip(released.members, kept + [""] * len(released.members)) if old != new]
    added = today.members[len(released.members):]
    if released.kind == "struct":
        faults += [f"{name}.{member} is new: a struct cannot grow" for member in added]
    faults += [f"{name}.{member} is required now: what was written without it could not be read"
               for member in today.members if member in today.required - released.required]
    faults += [f"{name}.{member} is not required any more: what is written without it could not be read by the release"
               for member in released.members if member in released.required - today.required]
    return faults


def faults_by_flatc(released, today, file):
    flatc = os.environ.get("FLATC", "flatc")
    run = subprocess.run([flatc, "--conform", os.path.join(released, file), os.path.join(today, file)],
                         capture_output=True, text=True, check=False)
    text = (run.stdout + run.stderr).strip()
    return [f"flatc: {text or run.returncode}"] if run.returncode else []


def check(released, today):
    """All faults, each with its file; empty if what was released can go on."""
    faults = []
    for file in schema_files(released):
        if not os.path.exists(os.path.join(today, file)):
            faults.append(f"{file}: the file is gone")
            continue
        now = declarations(os.path.join(today, file))
        for name, declaration in declarations(os.path.join(released, file)).items():
            faults += [f"{file}: {fault}" for fault in faults_of(name, declaration, now.get(name))]
        faults += [f"{file}: {fault}" for fault in faults_by_flatc(released, today, file)]
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--released", default=os.path.join(HERE, "released"))
    parser.add_argument("--today", default=os.path.join(HERE, "..", "..", "schemas"))
    options = parser.parse_args()
    files = schema_files(options.released)
    if not files:
        sys.exit(f"conform: {options.released} holds no schemas: nothing was checked")
    faults = check(options.released, options.today)
    print("\n".join(faults + [f"conform: {len(files)} files, {len(faults)} faults"]))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
