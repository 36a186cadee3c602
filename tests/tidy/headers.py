"""Every header compiles alone, with warnings as errors: headers.py --build DIR [--root DIR] [-- FLAG...].

A header that is the first include of its own .cpp is compiled alone by every build, so that is looked at and no more.
The others are read by themselves with the flags given. What has passed is remembered in the build folder under a hash
of the header, of all that it includes and of the flags, so that only what changed is compiled again.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import sys

from fences import includes
from tree import Tree

JOBS = 2
COMPLAINT_LINES_MAX = 8


class Passed:
    """What has passed: the files that each header was made of, and the hash of all of them and the flags."""

    def __init__(self, path):
        self.path = path
        self.hashes = {}
        try:
            with open(path, encoding="utf-8") as file:
                self.entries = json.load(file)
        except (OSError, ValueError):
            self.entries = {}

    def hash_of(self, file):
        if file not in self.hashes:
            try:
                with open(file, "rb") as opened:
                    self.hashes[file] = hashlib.sha256(opened.read()).hexdigest()
            except OSError:
                self.hashes[file] = "gone"
        return self.hashes[file]

    def digest(self, files, command):
        return hashlib.sha256("\n".join([*command, *map(self.hash_of, files)]).encode()).hexdigest()

    def holds(self, header, command):
        entry = self.entries.get(header)
        return entry is not None and entry["digest"] == self.digest(entry["files"], command)

    def add(self, header, files, command):
        self.entries[header] = {"files": files, "digest": self.digest(files, command)}

    def save(self):
        with open(self.path, "w", encoding="utf-8") as file:
            json.dump(self.entries, file)


def files_in(rule):
    """The files that a rule of the compiler's -MD names, without its target."""
    return re.split(r"(?<!\\)\s+", rule.replace("\\\n", " ").split(":", 1)[1].strip())


def compile_alone(root, header, command):
    """(what the compiler complains about, the files that the header is made of)."""
    # Through standard input, since a header given as the main file is warned about for its #pragma once.
    ended = subprocess.run([*command, "-fsyntax-only", "-MD", "-MF", "/dev/stdout", "-x", "c++", "-"], cwd=root, text=True,
                           input=f'#include "{header}"\n', capture_output=True, check=False)
    if ended.returncode != 0:
        lines = ended.stderr.strip().splitlines() or ["the compiler failed and said nothing"]
        return "\n".join(lines[:COMPLAINT_LINES_MAX]), []
    files = [os.path.join(root, file) for file in files_in(ended.stdout) if file and file != "-"]
    return None, files


def is_first_of_its_own(tree, header):
    """Whether the header's own .cpp includes it before anything else."""
    source = header[:-4] + ".cpp"
    return tree.has(source) and next((name for _, name in includes(tree.read(source))), None) == header


def check(root, build, command):
    """The headers that do not compile alone, with the compiler's words; how many there are, and were compiled here."""
    tree = Tree(root)
    headers = tree.sources(".hpp")
    passed = Passed(os.path.join(build, "headers_passed.json"))
    new = [header for header in headers
           if not is_first_of_its_own(tree, header) and not passed.holds(header, command)]
    faults = []
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        for header, (complaint, files) in zip(new, pool.map(lambda each: compile_alone(root, each, command), new)):
            if complaint:
                faults.append(f"{header}:1: does not compile alone:\n{complaint}")
            else:
                passed.add(header, files, command)
    passed.save()
    return faults, len(headers), len(new)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, help="folder for what has passed")
    parser.add_argument("--root", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    parser.add_argument("command", nargs="+", help="the compiler and its flags, after --")
    options = parser.parse_args()
    faults, count, compiled = check(os.path.realpath(options.root), options.build, options.command)
    for fault in faults:
        print(fault)
    print(f"headers: {count}, {compiled} compiled, {len(faults)} faults")
    return 1 if faults or not count else 0


if __name__ == "__main__":
    sys.exit(main())
