"""A real world for a test: `virtscale up` with real domains on loopback ports, in a directory of its own.

The one thing to know: a `World` is a context manager, and when it ends nothing that it started, or that Virtscale
started for it, is left.
"""

import hashlib
import http.client
import json
import os
import pathlib
import shutil
import socket
import sys
import tempfile
import time
import unittest

from processes import become_reaper, environment, is_alive, kill_group, pids, popen, reap_adopted, run

BIN = pathlib.Path(os.environ.get("VIRTSCALE_BIN") or pathlib.Path(__file__).parents[2] / "build" / "bin")
PROGRAM = str(BIN / "virtscale")
SHOP = str(BIN / "virtscale-demo-shop")

OPERATOR = "operator-token"
# Above the ports that domains draw and those that the kernel hands out to clients: none of them can take one before its
# server does, or while that is dead.
PORTS = range(61000, 65536)
READY_S = 30.0
SETTLED_S = 60.0

CELL = """\
kind: Cell
name: local
nodes:
  - {{name: n1, zone: zone-a, numa: [{{vcpu: {vcpu}, ram: {ram}GiB}}, {{vcpu: {vcpu}, ram: {ram}GiB}}]}}
"""

CONTRACT = """\
kind: Contract
org: {org}
version: {version}
signed: 2025-11-02
quota: {{vcpu: {vcpu}, ram: 1000GiB, disk: 1000GiB}}
overage: {overage}%
owner: owner@{org}.example
"""

SERVICE = """\
kind: Service
org: {org}
name: {name}
cell: {cell}
domain: {{vcpu: 1, ram: 1GiB, disk: 1GiB, command: ['{command}', '--name', '{{name}}', '--port', '{{port}}']}}
replicas: {{min: {least}, max: 100}}
scale: [{{on: busy, change: +1, every: 1h}}]
cooldown: {{out: 0s, in: 0s}}
health: {{path: /healthz, every: 100ms, deadline: {deadline}}}
"""


def cell(vcpu=100, ram=100):
    return CELL.format(vcpu=vcpu, ram=ram)


def contract(org, vcpu, version=1, overage=0):
    return CONTRACT.format(org=org, vcpu=vcpu, version=version, overage=overage)


def service(org, name="web", least=0, backend=None, command=SHOP, cell="local", deadline="20s"):
    text = SERVICE.format(org=org, name=name, least=least, command=command, cell=cell, deadline=deadline)
    return text + (f"haproxy: {{backend: {backend}}}\n" if backend else "")


def documents(*texts):
    return "---\n".join(texts)


def token_of(org):
    return f"token-of-{org}"


def tokens(orgs):
    """The section of the settings."""
    rows = [f"  - {{operator: true, sha256: {sha256(OPERATOR)}}}"]
    rows += [f"  - {{org: {org}, sha256: {sha256(token_of(org))}}}" for org in orgs]
    return "tokens:\n" + "\n".join(rows) + "\n"


def any_change(random, domains_max):
    """What a client asks for: one more or less, or a number of replicas, now and then one too many."""
    kind = random.random()
    if kind < 0.5:
        return {"change": 1}
    return {"change": -1} if kind < 0.9 else {"replicas": random.randrange(domains_max + 2)}


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def free_port(taken=set()):
    """A loopback port that nobody listens on and that no earlier call in this process has given out."""
    first = os.getpid() * 37 % len(PORTS)
    for port in [*PORTS[first:], *PORTS[:first]]:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            if port not in taken:
                taken.add(port)
                return port
    raise AssertionError(f"no free port in {PORTS}")


def wait_until(what, true, seconds=SETTLED_S, pause=0.02):
    """Waits until `true()` is truthy and returns that; fails with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        result = true()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s in vain until {what}")
        time.sleep(pause)


def option(name, otherwise):
    """The number after `name` on the command line, which is taken off it, or `otherwise`."""
    if name not in sys.argv:
        return otherwise
    at = sys.argv.index(name)
    value = int(sys.argv[at + 1])
    del sys.argv[at:at + 2]
    return value


def main():
    """Runs the tests of the program; what is skipped is told in the words by which `./run test` finds it."""
    sys.stdout.reconfigure(line_buffering=True)
    result = unittest.main(exit=False, verbosity=2).result
    for test, reason in result.skipped:
        print(f"[  SKIPPED ] {test.id().removeprefix('__main__.')}: {reason}")
    return 0 if result.wasSuccessful() and (result.testsRun > 0 or result.skipped) else 1


class Answer:
    """What came back over HTTP. `json` is None if the body is none."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        try:
            self.json = json.loads(body)
        except ValueError:
            self.json = None

    def __repr__(self):
        return f"{self.status} {self.body[:500]!r}"


def ask(port, method, path, body=None, token=OPERATOR, headers=(), timeout=30.0):
    """One request over a connection of its own. `body` is bytes, text, or what becomes JSON."""
    if body is not None and not isinstance(body, (bytes, str)):
        body = json.dumps(body)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        authorized = {"Authorization": f"Bearer {token}"} if token else {}
        connection.request(method, path, body, {**authorized, **dict(headers)})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read().decode(errors="replace"))
    finally:
        connection.close()


class Operator:
    """What is asked of a running Virtscale, and seen of it. Whoever is one has a `port`, where it answers, a
    `directory` of its own, and `domains`, the directory that the domains' driver was given.
    """

    def write(self, name, text):
        file = self.directory / name
        file.write_text(text)
        return file

    # --- Asking --------------------------------------------------------------------------------------------------

    def ask(self, method, path, body=None, **options):
        return ask(self.port, method, path, body, **options)

    def command(self, *words, seconds=60.0):
        """A command of the operator's: exit status, output, errors."""
        return run([PROGRAM, *words, "--server", f"http://127.0.0.1:{self.port}"], seconds,
                   env={**os.environ, "VIRTSCALE_TOKEN": OPERATOR})

    def must(self, *words):
        status, out, err = self.command(*words)
        if status != 0:
            raise AssertionError(f"virtscale {' '.join(words)} ended with status {status}: {err or out}")
        return out

    def apply(self, text):
        return self.must("apply", "-f", str(self.write("documents.yml", text)))

    def scale(self, org, change, name="web", key=None, **options):
        headers = {"Idempotency-Key": key} if key else {}
        body = change if isinstance(change, dict) else {"change": change}
        return self.ask("POST", f"/v1/orgs/{org}/services/{name}/scale", body, token=token_of(org), headers=headers,
                        **options)

    def alert(self, org, fingerprint, name="busy", of="web", status="firing", starts="2026-04-21T07:00:00Z"):
        body = {"version": "4", "status": status, "alerts": [
            {"status": status, "labels": {"alertname": name, "service": of}, "annotations": {},
             "startsAt": starts, "endsAt": starts, "fingerprint": fingerprint}]}
        return self.ask("POST", f"/v1/orgs/{org}/alerts", body, token=token_of(org))

    # --- Looking -------------------------------------------------------------------------------------------------

    def org(self, org):
        return self.ask("GET", f"/v1/status?org={org}").json["orgs"][0]

    def replicas(self, org):
        """By service."""
        return {one["service"]: one["replicas"] for one in self.org(org)["services"]}

    def domain_rows(self):
        """What orchestration knows, by name."""
        return {row["name"]: row for row in self.ask("GET", "/v1/domains").json["domains"]}

    def domain_processes(self):
        """What really runs: the pid of each domain of this world, by name."""
        reap_adopted()
        owner = str(self.domains.resolve())
        found = {}
        for pid in pids():
            variables = environment(pid)
            if variables.get("VIRTSCALE_OWNER") == owner and is_alive(pid):
                found[variables["VIRTSCALE_DOMAIN"]] = pid
        return found

    def end_domains(self):
        """Kills all domains, for the end of a test."""
        for pid in self.domain_processes().values():
            kill_group(pid)
        reap_adopted()

    def lines(self, org):
        """The ledger's lines, the oldest first."""
        lines = []
        while True:
            page = self.ask("GET", f"/v1/orgs/{org}/ledger/lines?from={len(lines)}")
            if page.status == 404:
                return lines
            new = [json.loads(line) for line in page.body.splitlines()]
            if not new:
                return lines
            lines += new

    def unanswered(self):
        """Requests of all stages that wait for the outside, and records that wait to be folded."""
        partitions = self.ask("GET", "/v1/stages").json["partitions"]
        return sum(one["requests_pending"] + one["lag"] for one in partitions)

    def wait_settled(self, orgs, lines, seconds=SETTLED_S):
        """Until every org's ledger has `lines` lines and no stage has anything to do."""
        wait_until(f"every ledger has {lines} lines, and nothing is under way",
                   lambda: all(len(self.lines(org)) >= lines for org in orgs) and self.unanswered() == 0, seconds, 0.1)

    def verify_ledger(self, org):
        """By our verifier, and, exported, by the one that shares no code with it."""
        self.must("ledger", "verify", org)
        out = self.directory / f"export-{org}"
        self.must("ledger", "export", org, "--out", str(out))
        second = pathlib.Path(__file__).parents[1] / "ledger_verifier" / "verify.py"
        status, _, err = run([sys.executable, "-B", second, out])
        if status != 0:
            raise AssertionError(f"the second verifier does not accept {org}'s ledger: {err}")
        shutil.rmtree(out)


class World(Operator):
    """A data directory, its settings, and the Virtscale that runs on them, if one does."""

    def __init__(self, orgs=("acme",), settings="", wrapper=()):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="virtscale-it-"))
        self.data = self.directory / "data"
        self.domains = self.data / "domains"
        self.port, self.audit_port = free_port(), free_port()
        self.log = self.directory / "virtscale.log"
        self.wrapper = list(wrapper)
        self.process = None
        self.others = []
        self.config = self.write("settings.yml", self.settings(orgs) + settings)
        become_reaper()

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        for process in [self.process, *self.others]:
            if process and process.poll() is None:
                process.kill()
                process.wait()
        self.end_domains()
        if failure[0] not in (None, unittest.SkipTest):
            print(f"--- the end of virtscale's output:\n{self.output()[-6000:]}", file=sys.stderr)
        shutil.rmtree(self.directory, ignore_errors=True)

    def settings(self, orgs):
        return (f"http: {{signal: '127.0.0.1:{self.port}', audit: '127.0.0.1:{self.audit_port}'}}\n"
                "sweep: {every: 1s}\n" + tokens(orgs))

    def output(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def companion(self, *argv):
        """Another program of this world, ended with it; it speaks into the same log."""
        with open(self.log, "ab") as log:
            process = popen(argv, stdout=log, stderr=log)
        self.others.append(process)
        return process

    # --- The process ---------------------------------------------------------------------------------------------

    def spawn(self, **options):
        """Starts Virtscale and does not wait for it."""
        with open(self.log, "ab") as log:
            self.process = popen([*self.wrapper, PROGRAM, "up", "--config", self.config, "--data", self.data],
                                 stdout=log, stderr=log, **options)
        return self.process

    def start(self, **options):
        self.spawn(**options)
        self.wait_ready()
        return self

    def wait_ready(self, seconds=READY_S):
        wait_until("virtscale is ready", self.is_ready, seconds, pause=0.01)

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"virtscale ended with status {self.process.returncode}: {self.output()[-2000:]}")
        try:
            return ask(self.port, "GET", "/readyz", timeout=5).status == 200
        except (OSError, http.client.HTTPException):
            return False

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self, seconds=25.0):
        """SIGTERM; its exit status and the seconds that it took."""
        began = time.monotonic()
        self.process.terminate()
        status = self.process.wait(seconds)
        return status, time.monotonic() - began

    def run_to_end(self, seconds=20.0, **options):
        """For a Virtscale that must not start: its exit status and what it said."""
        before = len(self.output())
        self.spawn(**options)
        status = self.process.wait(seconds)
        return status, self.output()[before:]
