"""What the demo prints: headings, claims, the timeline of a scale event, and the figures."""

import sys
from datetime import datetime, timezone

from places import KEY
from processes import Failed

UNITS = {"mvcpu": (1000, "vCPU"), "MiB": (1024, "GiB"), "GiB": (1, "GiB")}


def heading(text):
    print(f"\n== {text}", flush=True)


def tell(text):
    for line in str(text).rstrip().splitlines():
        print("   " + line, flush=True)


def claim(true, text, log=None):
    """What the demo says must be so, or the demo fails."""
    if not true:
        raise Failed(f"this should be so, and is not: {text}", log=log)
    print(f"   ok: {text}", flush=True)


def clock(at_us):
    """UTC, to the millisecond."""
    return datetime.fromtimestamp(at_us // 1000 / 1000, timezone.utc).strftime("%H:%M:%S.%f")[:-3]


def tenths(part, whole):
    """Percent with one place, half up, in integers."""
    value = (part * 2000 + whole) // (2 * whole)
    return f"{value // 10}.{value % 10}"


def usage(dimension):
    """`90 of 110 vCPU`, after the scale."""
    size, unit = UNITS[dimension["unit"]]
    return f"{after(dimension) // size} of {dimension['envelope'] // size} {unit}"


def after(dimension):
    return dimension["committed"] + dimension["reserved"] + dimension["asked"]


def fullest(line):
    return max(line["projection"].values(), key=lambda dimension: after(dimension) / dimension["envelope"])


def steps_of(line):
    return {step["step"]: step["at_us"] for step in line["steps"]}


def timeline(line, probes, relief):
    """The rows of the worked example's table, with this run's times. `relief`: (at_us, percent) when the load fell."""
    at, replicas, signal = steps_of(line), line["replicas"], line["signal"]
    domain, binding, projection = line["domains"][0], fullest(line), line["projection"]
    queue = f", queue depth {signal['queue_depth']} at HAProxy" if "queue_depth" in signal else ""
    probed = f" on probe {probes}" if probes else ""
    rows = [
        (at["signal"], "signal",
         f"Alertmanager fires {signal['name']} on {line['service']}: CPU {signal['value_milli'] / 1000:.1f} % across "
         f"{replicas['from']} domains{queue}"),
        (at["policy"], "policy",
         f"post-scale usage {usage(projection['vcpu'])} and {usage(projection['ram'])}, "
         f"{tenths(after(binding), binding['envelope'])} % of the envelope: within cap, admitted"),
        (at["orchestration"], "orchestration",
         f"scale {line['service']} by +{replicas['to'] - replicas['from']}: {domain['node']}, {domain['zone']}, "
         f"NUMA node {domain['numa']}, the least loaded"),
        (at["liveness"], "dataplane",
         f"liveness passes{probed}, {(at['liveness'] - at['orchestration']) / 1e6:.3f} s after the placement; "
         f"{domain['address']}:{domain['port']} joins the backend set"),
        (at["dataplane"], "dataplane",
         f"HAProxy takes the server through its runtime API, {domain['backends']} backends"),
        (at["signal"] + line["elapsed_us"], "audit",
         f"the line is signed with {KEY}: line {line['index']} of the ledger of {line['org']}; end to end "
         f"{line['elapsed_us'] / 1e6:.3f} s"),
        (relief[0], "service", f"CPU of the pool has fallen to {relief[1]:.1f} %"),
    ]
    return [{"at_us": at_us, "at": clock(at_us), "layer": layer, "what": what} for at_us, layer, what in rows]


def find(document, name):
    """The first value under the key `name`, however deep."""
    if isinstance(document, dict):
        if name in document and not isinstance(document[name], (dict, list)):
            return document[name]
        document = list(document.values())
    if isinstance(document, list):
        return next((value for each in document if (value := find(each, name)) is not None), None)
    return None


def print_timeline(rows):
    for row in rows:
        print(f"   {row['at']}  {row['layer']:<13}  {row['what']}", flush=True)


def print_figures(figures):
    width = max(map(len, figures))
    for name, value in figures.items():
        shown = f"{value:.3f}" if isinstance(value, float) else value
        print(f"   {name:<{width}}  {shown}", flush=True)


def complain(failure, tail):
    """Why the demo failed, and the end of the log that says more."""
    print(f"\ndemo: {failure}", file=sys.stderr)
    if tail:
        print(f"demo: the end of {failure.log}.log:\n{tail}", file=sys.stderr, end="")
