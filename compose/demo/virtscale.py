"""Virtscale as the demo uses it: its settings and documents, its start in one process or in five, and its commands."""

import hashlib
import json
import os
import urllib.error
import urllib.request

from places import BIN, CELL, KEY, ORG, OWNER, ROOT, SERVICE, STAGES
from processes import Failed

PROGRAM = os.path.join(BIN, "virtscale")
SHOP = os.path.join(BIN, "virtscale-demo-shop")
DONE, REFUSED = 0, 3

# The worked example, with cooldowns short enough to watch. After eight domains the least-loaded NUMA node is the first
# of the node in zone-b.
DOCUMENTS = """\
kind: Contract
org: {org}
version: 1
signed: 2025-11-02
quota: {{vcpu: 100, ram: 480GiB, disk: 10TiB}}
overage: 10%
owner: {owner}
---
kind: Cell
name: {cell}
nodes:
  - {{name: r1.02.nd-01b7e4, zone: zone-a, numa: [{{vcpu: 32, ram: 128GiB}}, {{vcpu: 32, ram: 128GiB}}]}}
  - {{name: r3.05.nd-04a2c1, zone: zone-b, numa: [{{vcpu: 32, ram: 128GiB}}, {{vcpu: 32, ram: 128GiB}}]}}
  - {{name: r5.11.nd-09c3d8, zone: zone-c, numa: [{{vcpu: 32, ram: 128GiB}}, {{vcpu: 32, ram: 128GiB}}]}}
---
kind: Service
org: {org}
name: {service}
cell: {cell}
domain: {{vcpu: 10, ram: 48GiB, disk: 100GiB, template: web-warm,
         command: ['{shop}', '--name', '{{name}}', '--port', '{{port}}']}}
replicas: {{min: 2, max: 40}}
scale:
  - {{on: autoscale.cpu.hi, change: +1}}
  - {{on: autoscale.cpu.lo, change: -1}}
cooldown: {{out: 5s, in: 5s}}
health: {{path: /healthz, every: 100ms, deadline: 10s}}
vip: 10.10.4.12/32
haproxy: {{backend: {service}}}
"""


SETTINGS = """\
http: {{{http}}}
haproxy: {{address: '127.0.0.1:{haproxy}'}}
smtp: {{url: 'smtp://127.0.0.1:{smtp}', from: virtscale@example.org}}
ledger: {{key: {key}, keys: {keys}}}
sweep: {{every: 5s}}
tokens:
  - {{org: {org}, sha256: {org_hash}}}
  - {{operator: true, sha256: {operator_hash}}}
"""


# What stages share when each is a process of its own. One broker: nothing to replicate to.
SHARED = """\
kafka: {{bootstrap: '{bootstrap}', replication: 1, in_sync_min: 1}}
log: {{partitions: {{alerts: 3, signals: 3, decisions: 3, placements: 3, outcomes: 3, ledger: 3}}}}
domains: {{directory: {domains}}}
"""


def settings(places):
    """The settings file: where the neighbours are, the key's name, and the hashes of the tokens."""
    def hashed(token):
        return hashlib.sha256(token.encode()).hexdigest()

    http = ", ".join(f"{stage}: '127.0.0.1:{port}'" for stage, port in places.stages.items())
    return SETTINGS.format(http=http, haproxy=places.haproxy_admin, smtp=places.smtp, key=KEY, keys=places.file("keys"),
                           org=ORG, org_hash=hashed(places.org_token), operator_hash=hashed(places.operator_token))


class Virtscale:
    """All five stages in one process, on the embedded log."""

    def __init__(self, places, processes):
        self.places, self.processes = places, processes
        self.environment = dict(os.environ, VIRTSCALE_TOKEN=places.operator_token)

    def run(self, *words, seconds=60.0):
        """Runs a command of the operator's; its exit status, standard output and standard error."""
        server = ["--server", self.places.url(self.places.signal)]
        return self.processes.run([PROGRAM, *words, *server], seconds, env=self.environment)

    def must(self, *words, seconds=60.0):
        status, out, err = self.run(*words, seconds=seconds)
        if status != DONE:
            raise Failed(f"virtscale {' '.join(words)} ended with status {status}: {err.strip() or out.strip()}",
                         log="virtscale")
        return out

    def start(self):
        config = self.places.write(settings(self.places), "virtscale.yml", mode=0o600)
        self.processes.start("virtscale", [PROGRAM, "up", "--config", config, "--data", self.places.file("data")])
        self.processes.wait_for_http("virtscale", self.places.url(self.places.signal, "/readyz"))
        self.processes.wait_for_http("virtscale", self.places.url(self.places.audit, "/readyz"))

    def stop_log(self):
        """The embedded log ends with its process."""

    def apply_documents(self):
        text = DOCUMENTS.format(org=ORG, owner=OWNER, cell=CELL, service=SERVICE, shop=SHOP)
        return self.must("apply", "-f", self.places.write(text, "documents.yml"))

    def lines(self):
        """The ledger's lines so far, the oldest first."""
        return parse_lines(self.must("ledger", "show", ORG, "--json"))

    def line_where(self, true):
        return next((line for line in self.lines() if true(line)), None)

    def ask_over_http(self, change):
        """The same question without our own client: status, content type and body."""
        request = urllib.request.Request(
            self.places.url(self.places.signal, f"/v1/orgs/{ORG}/services/{SERVICE}/scale"), method="POST",
            data=json.dumps({"change": change}).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self.places.org_token}"})
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return response.status, response.headers.get_content_type(), response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers.get_content_type(), error.read().decode()


class VirtscaleOverKafka(Virtscale):
    """Each stage a process of its own, over a real broker of the demo's own."""

    def start(self):
        self.start_broker()
        with open(self.places.file("bootstrap"), encoding="ascii") as file:
            shared = SHARED.format(bootstrap=file.readline().strip(), domains=self.places.file("domains"))
        config = self.places.write(settings(self.places) + shared, "virtscale.yml", mode=0o600)
        self.must("keys", "generate", KEY, "--dir", self.places.file("keys"))
        self.must("topics", "create", "--config", config)
        for stage in STAGES:
            self.processes.start(f"virtscale-{stage}", [os.path.join(BIN, f"virtscale-{stage}"), "--config", config,
                                                        "--data", self.places.file("data", stage)])
        for stage, port in self.places.stages.items():
            self.processes.wait_for_http(f"virtscale-{stage}", self.places.url(port, "/readyz"), seconds=30)

    def kafka(self, *words):
        status, out, err = self.processes.run(
            [os.path.join(ROOT, "compose", "kafka", "run"), *words, "--data", self.places.file("kafka")], seconds=120)
        if status != DONE:
            raise Failed(f"./run kafka {' '.join(words)} ended with status {status}: {err.strip() or out.strip()}")

    def start_broker(self):
        self.kafka("up", "--bootstrap-file", self.places.file("bootstrap"))

    def stop_log(self):
        self.kafka("down")


def parse_lines(text):
    """Lines of a ledger from `ledger show --json`: one document that holds them, or one a line."""
    try:
        found = json.loads(text) if text.strip() else []
    except json.JSONDecodeError:
        found = [json.loads(line) for line in text.splitlines() if line.strip()]
    if isinstance(found, dict):
        found = found.get("lines", [found])
    return [line.get("line", line) if isinstance(line.get("line"), dict) else line for line in found]
