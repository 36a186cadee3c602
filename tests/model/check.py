"""Searches the model of the hand-over: nothing of it breaks as it is, and each weakening breaks what it must.

  check.py            everything below
  check.py NAME       one row of the weakenings, and how it breaks, step by step
  check.py --larger   the sound model with more owners at once: minutes
"""

import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile

MODEL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "hand_over.pml")
DEPTH_MAX = 10_000  # steps of one run; the longest has about a hundred
MEMORY_MAX = 4_096  # MiB; the largest search needs a tenth of it

# Properties that end with a cycle or an end state, and not with a bad one.
LIVENESS = {"all_arrives", "sound"}

COMPILER = os.environ.get("CC", "gcc")

Row = collections.namedtuple("Row", "name switches holds breaks")

TWO = "OWNERS=2 INPUTS=4 "
THREE = "OWNERS=3 INPUTS=4 "
ACTS = "OWNERS=2 INPUTS=4 WITH_EFFECT "
DIVERGES = TWO + "NONDETERMINISTIC_FOLD "

ROWS = [
    Row("sound", THREE, ["sound"], []),
    Row("sound_with_effect", ACTS, ["sound"], []),
    Row("unordered", TWO + "UNORDERED", ["each_once_in_order"], ["all_arrives"]),
    Row("unordered_gap_ignored", TWO + "UNORDERED GAP_IGNORED", [], ["each_once_in_order"]),
    Row("no_duplicate_check", TWO + "NO_DUPLICATE_CHECK", [], ["each_once_in_order"]),
    Row("commit_before_durable", TWO + "COMMIT_BEFORE_DURABLE", ["each_once_in_order"],
        ["behind_the_log", "all_arrives"]),
    Row("commit_before_durable_gap_ignored", TWO + "COMMIT_BEFORE_DURABLE GAP_IGNORED", [], ["each_once_in_order"]),
    Row("offset_before_durable", TWO + "OFFSET_BEFORE_DURABLE", ["each_once_in_order"],
        ["behind_the_log", "all_arrives"]),
    Row("effect_before_durable", ACTS + "EFFECT_BEFORE_DURABLE", [], ["effect_after_cause"]),
    Row("effects_add_up", ACTS + "EFFECTS_ADD_UP", ["effect_after_cause"], ["one_result"]),
    Row("forgotten_when_sent", ACTS + "FORGOTTEN_WHEN_SENT", ["one_result"], ["all_arrives"]),
    Row("nondeterministic_fold", DIVERGES + "DIVERGES_OUT_OF_SIGHT", ["one_history", "each_once_in_order"],
        ["all_arrives"]),
    Row("nondeterministic_fold_no_hash_check", DIVERGES + "STATE_SURVIVES NO_HASH_CHECK", [], ["one_history"]),
    # What the hash of single events could not see.
    Row("unchained_behind_the_committed_offset", DIVERGES + "UNCHAINED_HASH", [], ["one_history"]),
    Row("unchained_out_of_sight", DIVERGES + "STATE_SURVIVES DIVERGES_OUT_OF_SIGHT UNCHAINED_HASH", [],
        ["one_history"]),
]
LARGER = [
    Row("three_owners_with_effect", "OWNERS=3 INPUTS=2 WITH_EFFECT", ["sound"], []),
    Row("five_inputs", "OWNERS=3 INPUTS=5", ["sound"], []),
    Row("three_owners_hash_check", "OWNERS=3 INPUTS=4 NONDETERMINISTIC_FOLD DIVERGES_OUT_OF_SIGHT", ["one_history"],
        []),
]


class Model:
    """The model under one set of switches, made ready for searches in a folder of its own."""

    def __init__(self, row, folder):
        self.row = row
        self.folder = folder
        self.defines = ["-D" + switch for switch in row.switches.split()]
        self.run("spin", *self.defines, "-a", MODEL)
        safety = [] if LIVENESS & {*row.holds, *row.breaks} else ["-DSAFETY"]
        # A small search is over before the compiler would have made it fast.
        speed = "-O2" if "OWNERS=3" in row.switches else "-O0"
        self.run(COMPILER, speed, "-w", "-DNOFAIR", f"-DMEMLIM={MEMORY_MAX}", *safety, "-o", "pan", "pan.c")

    def run(self, *command):
        done = subprocess.run(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=600)
        if done.returncode != 0:
            raise SystemExit(f"{self.row.name}: {' '.join(command)} failed:\n{done.stdout}")
        return done.stdout

    def search(self, claim, depth_max=DEPTH_MAX):
        """What pan says about a property; a run of more than `depth_max` steps is cut off, and pan says so."""
        acceptance = ["-a"] if claim in LIVENESS else []
        return self.run("./pan", *acceptance, f"-m{depth_max}", "-w22", "-N", claim)

    def story(self):
        """The steps that led to what was found last."""
        return self.run("spin", *self.defines, "-t", "-p", "-g", "-l", "hand_over.pml")


def verdict(said):
    """'holds' only if every state was seen, 'breaks' only if a property did; any other text is no verdict."""
    errors = re.search(r"errors: (\d+)", said)
    if errors is None or re.search(r"max search depth too small|out of memory|memory limit", said):
        return "could not be searched:\n" + said
    whole = "Search not completed" not in said
    if errors[1] == "0" and whole and states(said) > 0:
        return "holds"
    if re.search(r"pan:\d+: (acceptance cycle|end state in claim reached|assertion violated +!\()", said):
        return "breaks"
    return "is not clear:\n" + said


def states(said):
    found = re.search(r"^ *(\S+) states, stored", said, re.MULTILINE)
    return int(float(found[1])) if found else 0


def faults(row):
    """Prints a line for each property of the row; yields what is otherwise than it must be."""
    with tempfile.TemporaryDirectory(prefix="hand_over.") as folder:
        model = Model(row, folder)
        for claim, wanted in [(claim, "holds") for claim in row.holds] + [(claim, "breaks") for claim in row.breaks]:
            said = model.search(claim)
            got = verdict(said)
            print(f"{row.name:40} {claim:20} {got.splitlines()[0]:8} {states(said):>9,} states", flush=True)
            if got != wanted:
                yield f"{row.name}: {claim} should be '{wanted}', and '{got}'"


def tell(row):
    with tempfile.TemporaryDirectory(prefix="hand_over.") as folder:
        model = Model(row, folder)
        shutil.copy(MODEL, folder)
        for claim in row.breaks:
            model.search(claim)
            print(claim, model.story(), sep="\n")


def main(arguments):
    for program in ("spin", COMPILER):
        if shutil.which(program) is None:
            raise SystemExit(f"{program} is not installed: compose/packages/install.sh installs it")
    named = [row for row in ROWS if row.name in arguments]
    if named:
        return tell(named[0])
    if arguments not in ([], ["--larger"]):
        raise SystemExit(__doc__)
    found = [fault for row in (LARGER if arguments else ROWS) for fault in faults(row)]
    if found:
        raise SystemExit("\n".join(found))


if __name__ == "__main__":
    main(sys.argv[1:])
