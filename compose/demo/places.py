"""Where everything of one run of the demo is: directories, ports, addresses, names."""

import os
import secrets
from dataclasses import dataclass, field

from processes import Ports

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DATA = os.path.join(ROOT, "var", "demo")
BIN = os.path.join(ROOT, "build", "bin")

STAGES = ("signal", "policy", "orchestration", "dataplane", "audit")
ORG = "acme-tickets"
SERVICE = "web"
CELL = "prod-eu-a"
OWNER = "owner@acme-tickets.example"
KEY = "policy-gate-2026-q1"


@dataclass
class Places:
    """The ports of one run, picked when it is made, and its tokens, which are drawn."""

    ports: Ports = field(default_factory=Ports)

    def __post_init__(self):
        pick = self.ports.pick
        self.stages = {stage: pick() for stage in STAGES}
        self.signal, self.audit = self.stages["signal"], self.stages["audit"]
        self.haproxy, self.haproxy_admin, self.haproxy_stats = pick(), pick(), pick()
        self.prometheus, self.alertmanager, self.smtp = pick(), pick(), pick()
        self.org_token = secrets.token_urlsafe(24)
        self.operator_token = secrets.token_urlsafe(24)

    def url(self, port, path=""):
        return f"http://127.0.0.1:{port}{path}"

    def file(self, *parts):
        path = os.path.join(DATA, *parts)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def write(self, text, *parts, mode=0o644):
        """Writes a file of this run; returns its path. Whoever watches the file never sees half of it."""
        path = self.file(*parts)
        draft = path + ".draft"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(draft, path)
        return path
