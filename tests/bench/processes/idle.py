#!/usr/bin/env python3
"""idle.py HOST:PORT: the five stages as processes over a broker, with nothing to do: what memory each takes.

Prints one JSON object, in MiB.
"""

import json
import pathlib
import sys
import time

INTEGRATION = pathlib.Path(__file__).resolve().parents[2] / "integration"
sys.path[1:1] = [str(INTEGRATION / "stages"), str(INTEGRATION)]
from processes import resident_mib  # pylint: disable=wrong-import-position
from stages import Stages  # pylint: disable=wrong-import-position

# What a start needs is given back by then, and timers have rung a few times.
REST_S = 10.0


def main():
    with Stages(sys.argv[1]) as stages:
        stages.start()
        time.sleep(REST_S)
        print(json.dumps({stage.kind: resident_mib(stage.process.pid) for stage in stages.all}))


main()
