"""What may not grow, and by how much it may: README.md has the table.

The one thing to know: pure functions over samples, so that the judge can be judged.
"""

import dataclasses
import statistics

WARM_UP = 0.2  # of the time: caches fill, pools reach their size
MEMORY_SHARE_PER_HOUR, MEMORY_MIB_PER_HOUR = 0.1, 8.0
# What a stage rightly keeps of each request for a while: policy the answers of a day, by idempotency key; audit the
# 10,000 newest closed scale events of a partition (stages/audit/state.hpp).
KEPT_KIB_PER_REQUEST = {"policy": 2.0, "audit": 4.0}
COUNT_SLACK = 8
DISK_KIB_PER_REQUEST = 16.0
LATENCY_FACTOR, LATENCY_SLACK_S = 2.0, 0.05


@dataclasses.dataclass
class Sample:
    """One look at one process, `at` seconds after the beginning."""
    at: float
    memory_mib: float
    descriptors: int
    threads: int
    disk_kib: float


def slope(points):
    """Of the least-squares line through (x, y)."""
    mean_x = statistics.fmean(x for x, _ in points)
    mean_y = statistics.fmean(y for _, y in points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0


def after_warm_up(samples, seconds):
    return [sample for sample in samples if sample.at >= seconds * WARM_UP]


def grown_memory(name, samples, requests_per_s):
    per_hour = slope([(sample.at / 3600, sample.memory_mib) for sample in samples])
    allowed = max(MEMORY_MIB_PER_HOUR, MEMORY_SHARE_PER_HOUR * statistics.fmean(s.memory_mib for s in samples))
    allowed += KEPT_KIB_PER_REQUEST.get(name.split("-")[0], 0.0) * requests_per_s * 3600 / 1024
    if per_hour <= allowed:
        return []
    return [f"{name}: memory grows by {per_hour:.1f} MiB an hour; {allowed:.1f} are allowed"]


def grown_count(name, what, samples):
    third = len(samples) // 3
    before = max(getattr(sample, what) for sample in samples[third:2 * third])
    last = max(getattr(sample, what) for sample in samples[2 * third:])
    if last <= before + COUNT_SLACK:
        return []
    return [f"{name}: {what} grew from {before} to {last} within a third of the time"]


def grown_disk(name, samples, requests_per_s):
    # Medians: a store that is opened or closed at the moment of a sample has its write-ahead log's size more or less.
    third = len(samples) // 3
    first, last = samples[:third], samples[-third:]
    kib = statistics.median(s.disk_kib for s in last) - statistics.median(s.disk_kib for s in first)
    seconds = statistics.median(s.at for s in last) - statistics.median(s.at for s in first)
    per_request = kib / max(1.0, requests_per_s * seconds)
    if per_request <= DISK_KIB_PER_REQUEST:
        return []
    return [f"{name}: its state grows by {per_request:.1f} KiB a request; {DISK_KIB_PER_REQUEST:.0f} are allowed"]


def faults_of(name, samples, seconds, requests_per_s):
    """What grew that should not, of one process that lived all the time; in words."""
    judged = after_warm_up(samples, seconds)
    if len(judged) < 6:
        return [f"{name}: {len(judged)} samples after the warm-up are too few to judge: run it longer"]
    return (grown_memory(name, judged, requests_per_s) + grown_count(name, "descriptors", judged) +
            grown_count(name, "threads", judged) + grown_disk(name, judged, requests_per_s))


def slowed(answers, seconds):
    """`answers`: when it was asked, seconds to the answer. What the end has against the middle."""
    middle = [took for at, took in answers if seconds / 3 <= at < seconds * 2 / 3]
    last = [took for at, took in answers if at >= seconds * 2 / 3]
    if not middle or not last:
        return ["no answer in the middle third, or in the last"]
    before, now = statistics.median(middle), statistics.median(last)
    if now <= before * LATENCY_FACTOR + LATENCY_SLACK_S:
        return []
    return [f"half of the answers took {before:.3f} s in the middle third, and {now:.3f} s in the last"]
