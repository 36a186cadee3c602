"""virtscale-replay touches nothing: no driver of the outside is in the program, whatever its sources include.

    links_test.py PROGRAM BUILD      BUILD has the adapters' archives; the test of the test looks into virtscale beside it
"""

import pathlib
import re
import subprocess
import sys

# What reads logs, keys and archives; every other adapter drives something.
READERS = {"kafka", "segment", "memory", "sodium", "directory", "s3"}


def symbols(file, kinds):
    """The names of functions in the file, in the words of C++. A linker makes local (t) what an archive has global (T)."""
    listed = subprocess.run(["nm", "-C", file], capture_output=True, text=True, check=True).stdout
    return set(re.findall(rf"^[0-9a-f]+ [{kinds}] (virtscale::.*)$", listed, re.MULTILINE))


def driven_by(program, build):
    """The driver adapters of which the program has a function, with one of them."""
    inside = symbols(program, "Tt")
    found = {}
    for archive in sorted(pathlib.Path(build).glob("topology/adapters/*/libadapter_*.a")):
        adapter = archive.parent.name
        own = symbols(archive, "T")
        if adapter not in READERS and own & inside:
            found[adapter] = sorted(own & inside)[0]
    return found


def main():
    program, build = pathlib.Path(sys.argv[1]), sys.argv[2]
    found = driven_by(program, build)
    for adapter, function in found.items():
        print(f"{program.name} links the driver {adapter}: {function}")
    seen = driven_by(program.with_name("virtscale"), build)
    missed = {"haproxy", "process", "smtp"} - set(seen)
    if missed:
        print(f"virtscale links {', '.join(sorted(missed))}, and this check does not see it: the check is blind")
    return 1 if found or missed else 0


if __name__ == "__main__":
    sys.exit(main())
