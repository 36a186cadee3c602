"""What the files of compose/docker name, and what there is: metrics, libraries, copied paths."""

import functools
import json
import re
import subprocess

import yaml

PROMQL_WORDS = set("""
sum by on avg count rate increase histogram_quantile and or unless offset without ignoring max min le
""".split())


@functools.cache
def exported(root):
    """Every metric that our programs and the demo's shop export, under all names that Prometheus gives it."""
    names = {"up"}
    text = (root / "topology" / "adapters" / "metrics" / "metrics.cpp").read_text()
    for kind, name in re.findall(r'(counter|gauge|histogram)\(registry, "(\w+)"', text):
        names |= {f"virtscale_{name}{end}" for end in (("_bucket", "_sum", "_count") if kind == "histogram" else ("",))}
    names |= set(re.findall(r"# TYPE (shop_\w+)", (root / "compose" / "demo" / "shop.cpp").read_text()))
    return names


def metrics_in(expression):
    """The names of metrics in a PromQL expression."""
    bare = re.sub(r'"[^"]*"', "", re.sub(r"\$\w+", "", expression))
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", bare)
    bare = re.sub(r"\b(?:by|on|without|ignoring)\s*\([^)]*\)", "", bare)
    return set(re.findall(r"\b[a-z_][\w:]*", bare)) - PROMQL_WORDS


def rules(root):
    groups = yaml.safe_load((root / "compose" / "docker" / "rules.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def unknown_metrics(expressions, root):
    recorded = {rule["record"] for rule in rules(root) if "record" in rule}
    for expression in expressions:
        for name in sorted(metrics_in(expression) - exported(root) - recorded):
            yield f"{name} in {expression!r}: nothing exports it"


def dashboard(root):
    return json.loads((root / "compose" / "docker" / "grafana" / "virtscale.json").read_text())


def queries(board):
    return [target["expr"] for panel in board["panels"] for target in panel["targets"]]


def dockerfile(root):
    return re.sub(r"\\\n", " ", (root / "compose" / "docker" / "Dockerfile").read_text())


def copied(text):
    """The paths of the tree that the Dockerfile copies."""
    for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE):
        yield from line.split()[:-1]


def programs(text):
    return re.search(r"--target((?:[ \t]+[\w-]+)+)", text).group(1).split()


def installed_in_the_end(text):
    """The packages of the last stage of the build."""
    last = text.rsplit("\nFROM ", 1)[1]
    return set(re.search(r"--no-install-recommends ([^&]*)", last).group(1).split())


def packages_of(program):
    """Debian's packages of the libraries that a program names itself; those of every Debian left out."""
    needed = re.findall(r"NEEDED.*\[(.*)\]", subprocess.run(["readelf", "-d", program], capture_output=True, text=True,
                                                            check=True).stdout)
    found = set()
    for library in needed:
        owners = subprocess.run(["dpkg", "-S", f"*/{library}"], capture_output=True, text=True, check=True).stdout
        # Compilers bring the libraries of 32-bit programs along.
        found |= {line.split(":")[0] for line in owners.splitlines() if not re.search(r": (?:/usr)?/lib32/", line)}
    return found - {"libc6", "libstdc++6", "libgcc-s1"}
