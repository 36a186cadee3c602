#!/usr/bin/env python3
"""./run sim --mutants [NAME...]: breaks the code on purpose, one way at a time, and sees whether the simulator notices.

Each */*.patch beside this file is one deliberate fault. It is applied to copies of the files that it changes; what
includes them is compiled again into build/mutants, linked with the rest of the build, and run. The tree stays as it is.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
BUILD = ROOT / "build"
# The same place every time: then ccache knows what was compiled before.
WORK = BUILD / "mutants"
PROGRAM = "bin/virtscale-sim"
SEEDS = 500
RUN_SECONDS_MAX = 1800


def ninja(*words):
    return subprocess.run(["ninja", "-C", str(BUILD), *words], check=True, capture_output=True, text=True).stdout


class Build:
    """What the build says about itself: how each object of the program is compiled, from what, and how all is linked."""

    def __init__(self):
        commands = ninja("-t", "commands", PROGRAM).splitlines()
        self.compile = {}
        for command in commands:
            found = re.search(r" -o (\S+\.o) -c (\S+)$", command)
            if found and "/cmake_pch" not in found.group(1):
                self.compile[found.group(1)] = command
        self.link = commands[-1]
        self.depends = self.dependencies()
        self.linked = self.members()

    def members(self):
        """(library, object) of all that the linker takes from archives."""
        WORK.mkdir(parents=True, exist_ok=True)
        chart = WORK / "map"
        subprocess.run(self.link.replace(f"-o {PROGRAM}", f"-Wl,-Map={chart} -o {WORK / 'unbroken'}"), shell=True,
                       cwd=BUILD, check=True)
        return set(re.findall(r"lib(\w+)\.a\((\w+\.cpp\.o)\)", chart.read_text()))

    def is_linked(self, name):
        target, member = re.search(r"CMakeFiles/([^/]+)\.dir/(?:.*/)?([^/]+)$", name).groups()
        return (target, member) in self.linked or f" {name} " in self.link

    def dependencies(self):
        depends, target = {}, None
        for line in ninja("-t", "deps").splitlines():
            if line and not line.startswith(" "):
                target = line.split(":")[0]
                depends[target] = set()
            elif target and line.strip():
                depends[target].add(str((BUILD / line.strip()).resolve()))
        return depends

    def objects_from(self, files):
        files = {str(ROOT / file) for file in files}
        return [name for name, command in self.compile.items()
                if self.is_linked(name) and files & (self.depends.get(name, set()) | {command.split()[-1]})]


def files_in(patch):
    return re.findall(r"^\+\+\+ b/(\S+)", patch.read_text(), flags=re.MULTILINE)


def apply(patch, tree):
    for file in files_in(patch):
        (tree / file).parent.mkdir(parents=True, exist_ok=True)
        (tree / file).write_bytes((ROOT / file).read_bytes())
    done = subprocess.run(["patch", "-p1", "-s", "-d", str(tree), "-i", str(patch)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{patch.name} does not apply any more: {done.stdout.strip()}\nmake it anew from the code as it is")


def compile_mutant(build, patch, work):
    """Compiles what the patch changes; the objects' files."""
    tree = work / "tree"
    apply(patch, tree)
    files, running, objects = files_in(patch), [], []
    for name in build.objects_from(files):
        made = work / name.replace("/", "_")
        command = build.compile[name].replace(f"-I{ROOT} ", f"-I{tree} -I{ROOT} ", 1)
        source = command.split()[-1]
        mutated = tree / os.path.relpath(source, ROOT)
        command = re.sub(r" -MF \S+", f" -MF {made}.d", command)
        command = re.sub(r" -o \S+ -c \S+$", f" -w -o {made} -c {mutated if mutated.exists() else source}", command)
        objects.append((name, made))
        running.append(subprocess.Popen(command, shell=True, cwd=BUILD))
        if len(running) >= (os.cpu_count() or 1):
            finish(running.pop(0), patch)
    for one in running:
        finish(one, patch)
    if not objects:
        sys.exit(f"{patch.name} changes nothing that the simulator is made of")
    return objects


def finish(process, patch):
    if process.wait() != 0:
        sys.exit(f"{patch.name} does not compile")


def link_mutant(build, objects, work):
    program = work / "sim"
    command = build.link.replace(f"-o {PROGRAM}", f"-o {program}")
    for name, made in objects:
        # One of the program's own, or one before the archive that has it: then the archive's is not taken.
        if f" {name} " in command:
            command = command.replace(f" {name} ", f" {made} ", 1)
        else:
            command = command.replace(" -o ", f" {made} -o ", 1)
    subprocess.run(command, shell=True, cwd=BUILD, check=True)
    return program


def run_mutant(program, work, seeds):
    """(seeds until caught or None, by which check)."""
    figures = work / "figures.json"
    try:
        done = subprocess.run([str(program), "--seeds", str(seeds), "--failures", "1", "--no-shrinking", "--json",
                               str(figures)], capture_output=True, text=True, timeout=RUN_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        return None, f"not done within {RUN_SECONDS_MAX} s"
    killed = re.search(r"killed by signal \d+ in seed (\d+)", done.stderr)
    if killed:
        return int(killed.group(1)), "the program died"
    failed = json.loads(figures.read_text())["failed"]
    if not failed:
        return None, "not caught"
    first = min(failed, key=lambda failure: failure["seed"])
    return first["seed"], first["check"]


def try_mutant(build, patch, seeds):
    work = WORK / patch.stem
    shutil.rmtree(work, ignore_errors=True)
    objects = compile_mutant(build, patch, work)
    caught = run_mutant(link_mutant(build, objects, work), work, seeds)
    shutil.rmtree(work)
    return caught


def seeds_for(patch):
    """As many as it states, if what it breaks shows in few histories; else as for all."""
    stated = re.search(r"^Seeds: (\d+)$", patch.read_text(), re.MULTILINE)
    return int(stated.group(1)) if stated else SEEDS


def main():
    arguments = argparse.ArgumentParser(prog="./run sim --mutants", description=__doc__.splitlines()[0])
    arguments.add_argument("names", nargs="*", metavar="NAME", help="only these; default: all")
    arguments.add_argument("--apply-only", action="store_true", help="only see whether each still fits the code")
    arguments.add_argument("--seeds", type=int,
                           help=f"at most so many for each; default {SEEDS}, or what a mutant states")
    options = arguments.parse_args()
    patches = [patch for patch in sorted(HERE.rglob("*.patch")) if not options.names or patch.stem in options.names]
    if not patches:
        sys.exit("there is no mutant of that name: " + ", ".join(patch.stem for patch in sorted(HERE.rglob("*.patch"))))
    if options.apply_only:
        with tempfile.TemporaryDirectory() as tree:
            for patch in patches:
                apply(patch, pathlib.Path(tree))
        print(f"{len(patches)} mutants fit the code")
        return 0
    subprocess.run(["compose/packages/build", "virtscale-sim"], cwd=ROOT, check=True, stdout=sys.stderr)
    build, alive = Build(), []
    print(f"{'mutant':44} {'seeds':>5} {'s':>4}  caught by")
    for patch in patches:
        began = time.monotonic()
        seed, check = try_mutant(build, patch, options.seeds or seeds_for(patch))
        print(f"{patch.stem:44} {seed or '-':>5} {time.monotonic() - began:4.0f}  {check}", flush=True)
        if seed is None:
            alive.append(patch.stem)
    print(f"{len(patches) - len(alive)} of {len(patches)} mutants were caught")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
