"""Who may include whom: the table of the tree's layers, checked against every #include.

A layer's fold part is found, not named: events, state, fold*, invariants and all of their own stage that these include.
So a file cannot slip into a fold by having another name.
"""

import posixpath
import re

from tree import Fault, without_comments

# What of the standard library cannot tell the time, draw, wait, or reach outside the process.
PURE_STANDARD = set("""
algorithm any array bit bitset cassert cctype charconv climits compare concepts cstddef cstdint cstring deque exception
functional initializer_list iterator limits list map memory new numeric optional queue ranges ratio set span stack
stdexcept string string_view tuple type_traits typeinfo utility variant vector version
immintrin.h
""".split())  # immintrin.h is the compiler's own: instructions on registers, such as SHA-256's
IMPURE_STANDARD = set("""
atomic barrier cerrno cfenv chrono cinttypes clocale cmath codecvt complex condition_variable coroutine csetjmp csignal
cstdarg cstdio cstdlib ctime cuchar cwchar cwctype execution filesystem forward_list fstream future iomanip ios iosfwd
iostream istream latch locale memory_resource mutex numbers ostream random regex scoped_allocator semaphore
shared_mutex source_location sstream stop_token streambuf strstream syncstream system_error thread typeindex
unordered_map unordered_set valarray
""".split())
# The operating system's; no vendor's.
SYSTEM = re.compile(r"(sys|netinet|arpa|net|linux)/\w+\.h|(unistd|fcntl|signal|errno|poll|netdb|spawn|pthread|sched|time|"
                    r"dirent|stdlib|stdio|string|limits|stdint|ctype|immintrin|x86intrin|termios|syslog)\.h")
# Each adapter's vendor. Boost is every adapter's: it carries sockets and JSON, and is nobody's outside. An adapter of a
# vendor that is not here is refused until it has its row.
VENDORS = {
    "cilium": ("curl/",), "etcd": ("curl/",), "http": ("openssl/",), "kafka": ("librdkafka/",), "libvirt": ("libvirt/",),
    "logging": ("spdlog/", "fmt/"), "metrics": ("prometheus/",), "oneflow": ("curl/",), "rocksdb": ("rocksdb/",),
    "s3": ("curl/", "openssl/"), "segment": ("zstd",), "smtp": ("curl/",), "sodium": ("sodium",),
}
INCLUDE = re.compile(r"^[ \t]*#[ \t]*(?:include|import)\b[ \t]*(?:<([^>\n]+)>|\"([^\"\n]+)\")?", re.MULTILINE)
FOLD_ROOTS = re.compile(r"(events|state|fold\w*|invariants)\.(hpp|cpp)")
SHELL_ROOTS = re.compile(r"(effects|edges|main|role)(\.(hpp|cpp)|/|_\w+\.(hpp|cpp))")
FOLDS = "the fold of stage "


def includes(text):
    """(line, name) of each #include; the name is None if a macro hides it."""
    plain = without_comments(text, keep_texts=True)
    for match in INCLUDE.finditer(plain):
        yield plain.count("\n", 0, match.start()) + 1, match.group(1) or match.group(2)


def kind_of(tree, name):
    """What an included name is: ours (a path), or a word for what it is of."""
    top = name.split("/")[0]
    if top in ("schemas", "topology", "stages", "replay", "compose", "tests") or tree.has(name):
        return "ours"
    if name in PURE_STANDARD:
        return "pure"
    if name in IMPURE_STANDARD:
        return "impure"
    return "system" if SYSTEM.fullmatch(name) else "vendor"


def stage_of(file):
    return file.split("/")[1] if file.startswith("stages/") and file.count("/") > 1 else None


def fold_part(tree, stage):
    """The files of a stage that its fold is made of: the roots, and what they include of their own stage."""
    prefix = f"stages/{stage}/"
    found, open_files = set(), [file for file in tree.sources(".hpp", ".cpp")
                                if file.startswith(prefix) and FOLD_ROOTS.fullmatch(file[len(prefix):])]
    while open_files:
        file = open_files.pop()
        if file in found or not tree.has(file) or SHELL_ROOTS.match(file[len(prefix):]):
            continue
        found.add(file)
        if file.endswith(".hpp"):
            open_files.append(file[:-4] + ".cpp")
        open_files += [name for _, name in includes(tree.read(file)) if name and name.startswith(prefix)]
    return found


def layer_of(file, folds):
    """The row of the table that a file belongs to, or None if it may include anything."""
    stage = stage_of(file)
    if stage:
        return FOLDS + stage if file in folds.get(stage, ()) else "the shell of stage " + stage
    for prefix, layer in (("topology/contract/", "topology/contract"), ("schemas/", "schemas"),
                          ("topology/ports/", "topology/ports"), ("topology/graph", "topology/graph"),
                          ("topology/host/", "topology/host"), ("replay/", "replay")):
        if file.startswith(prefix):
            return layer
    return posixpath.dirname(file) if file.startswith("topology/adapters/") else None


def may(layer, file, name, kind, folds):
    """Whether a file of the layer may include the name."""
    def ours(*prefixes):
        return kind == "ours" and name.startswith(prefixes)

    if layer == "topology/contract":
        return kind == "pure" or ours("topology/contract/")
    if layer == "schemas":
        return kind == "pure" or ours("schemas/") or name.startswith("flatbuffers/")
    if layer.startswith(FOLDS):
        own = f"stages/{layer[len(FOLDS):]}/"
        return kind == "pure" or ours("topology/contract/", "schemas/") or (
            ours(own) and not SHELL_ROOTS.match(name[len(own):]))
    if layer in ("topology/ports", "topology/graph"):
        own = "topology/ports/" if layer == "topology/ports" else "topology/graph"
        return kind in ("pure", "impure") or ours("topology/contract/", own)
    if layer == "topology/host":
        return kind in ("pure", "impure", "system") or ours("topology/contract/", "topology/graph", "topology/ports/",
                                                            "topology/host/", "schemas/")
    if layer.startswith("topology/adapters/"):
        vendors = VENDORS.get(layer.split("/")[2], ()) + ("boost/",)
        return kind in ("pure", "impure", "system") or ours("topology/contract/", "topology/ports/", layer + "/") or (
            kind == "vendor" and name.startswith(vendors) and file.endswith(".cpp"))
    if layer == "replay":
        return may_replay(file, name, kind, folds)
    own = f"stages/{stage_of(file)}/"
    if file.endswith("/main.cpp") and ours("compose/process/"):
        return True
    return kind in ("pure", "impure", "system") or ours(own, "topology/", "schemas/") or (
        name.startswith("boost/json") and file.endswith(".cpp"))


def may_replay(file, name, kind, folds):
    if kind != "ours":
        return kind != "vendor" or (name.startswith(("boost/json", "CLI/")) and file.endswith(".cpp"))
    if name.startswith("stages/"):
        return name in folds.get(stage_of(name), ())
    # The reader of documents is handed to what-if as a function, as edges get it; and a cluster is named by its settings.
    if file == "replay/main.cpp" and name in ("compose/settings/documents.hpp", "compose/settings/cluster.hpp"):
        return True
    return name.startswith(("replay/", "schemas/", "topology/contract/", "topology/ports/", "topology/graph",
                            "topology/host/", "topology/adapters/segment/", "topology/adapters/kafka/",
                            "topology/adapters/memory/", "topology/adapters/sodium/", "compose/ledger/"))


ALLOWED = {
    "topology/contract": "the pure part of the standard library and nothing else",
    "schemas": "FlatBuffers and nothing of ours",
    FOLDS: "contract, schemas, its own fold and the pure part of the standard library: no clock, no randomness, no "
           "threads, no files, no unordered_*, no <cmath>, no vendor, no other stage",
    "topology/ports": "contract and the standard library",
    "topology/graph": "contract and the standard library",
    "topology/host": "contract, graph, ports, schemas and the standard library: no adapter, no stage, no vendor",
    "topology/adapters/": "contract, ports and its own folder, and its own vendor (VENDORS in tests/tidy/fences.py) in "
                          ".cpp files only",
    "the shell of": "its own stage, topology and schemas, and boost/json in .cpp files",
    "replay": "contract to host, every stage's fold, the log's adapters, the check of signatures (sodium), compose/ledger, "
              "and boost/json and CLI in .cpp files: no driver",
}


def fault_in(tree, file, name, folds):
    """Why this file may not include this name; None if it may."""
    if name is None:
        return "an #include that a macro hides: name the file"
    kind, layer = kind_of(tree, name), layer_of(file, folds)
    if layer is None:
        if kind == "vendor" and file.endswith(".hpp") and not file.startswith("tests/"):
            return f"<{name}>: vendors' headers belong in .cpp files"
        return None
    if may(layer, file, name, kind, folds):
        return None
    reason = next(text for prefix, text in ALLOWED.items() if layer.startswith(prefix))
    return f"{layer} may not include {name}: it may include {reason}"


def check(tree):
    stages = {stage for file in tree.files if (stage := stage_of(file))}
    folds = {stage: fold_part(tree, stage) for stage in stages}
    for file in tree.sources(".hpp", ".cpp"):
        for line, name in includes(tree.read(file)):
            what = fault_in(tree, file, name, folds)
            if what:
                yield Fault(file, line, what)
