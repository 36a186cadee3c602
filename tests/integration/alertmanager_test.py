"""Real Alertmanagers: what one says becomes a scale, and what the other of the pair says again changes nothing."""

import sys
import time
import unittest

from processes import run
from world import World, ask, cell, contract, documents, free_port, main, service, token_of, wait_until

CONFIG = """\
route: {{receiver: virtscale, group_by: [alertname, service], group_wait: 0s, group_interval: 1s, repeat_interval: 2s}}
receivers:
  - name: virtscale
    webhook_configs:
      - url: 'http://127.0.0.1:{port}/v1/orgs/acme/alerts'
        send_resolved: true
        http_config: {{authorization: {{type: Bearer, credentials: '{token}'}}}}
"""


class Alertmanager:
    """In the directory of a world, and ended with it."""

    def __init__(self, world, name):
        self.port = free_port()
        config = world.write(f"{name}.yml", CONFIG.format(port=world.port, token=token_of("acme")))
        world.companion("/usr/bin/prometheus-alertmanager", f"--config.file={config}",
                        f"--storage.path={world.directory / name}", f"--web.listen-address=127.0.0.1:{self.port}",
                        "--cluster.listen-address=")
        wait_until(f"alertmanager {name} is ready", self.is_ready, 20)

    def is_ready(self):
        try:
            return ask(self.port, "GET", "/-/ready").status == 200
        except OSError:
            return False

    def add(self, *words):
        """An alert, as Prometheus would post it; each Alertmanager of a pair is told the same."""
        status, _, err = run(["/usr/bin/amtool", f"--alertmanager.url=http://127.0.0.1:{self.port}", "alert", "add",
                              "alertname=busy", "service=web", *words])
        if status != 0:
            raise AssertionError(f"amtool: {err}")

    def notified(self):
        """How often it has posted to Virtscale, without those that failed."""
        metrics = dict(line.rsplit(" ", 1) for line in ask(self.port, "GET", "/metrics").body.splitlines()
                       if 'integration="webhook"' in line)
        of = '_total{integration="webhook"}'
        return (float(metrics.get("alertmanager_notifications" + of, 0))
                - float(metrics.get("alertmanager_notifications_failed" + of, 0)))


class AnAlert(unittest.TestCase):
    def test_scales_once_though_two_alertmanagers_repeat_it(self):
        world = self.enterContext(World()).start()
        world.apply(documents(cell(), contract("acme", 5), service("acme", least=1)))
        pair = [Alertmanager(world, "one"), Alertmanager(world, "two")]
        start = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        pair[0].add(f"--start={start}")
        world.wait_settled(["acme"], 2)
        pair[1].add(f"--start={start}")
        wait_until("each has posted the alert, one of them twice",
                   lambda: pair[0].notified() >= 2 and pair[1].notified() >= 1, 30)
        lines = world.lines("acme")
        self.assertEqual([line["signal"]["name"] for line in lines], ["replicas.min", "busy"])
        self.assertEqual(lines[1]["replicas"], {"from": 1, "to": 2})
        self.assertEqual(len(world.domain_processes()), 2)
        self.assertEqual(world.unanswered(), 0)


if __name__ == "__main__":
    sys.exit(main())
