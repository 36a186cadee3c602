"""The real parts around Virtscale: HAProxy, Prometheus, Alertmanager and a mail server; their files and their start."""

import email
import json
import socket
import threading
import time
import urllib.parse
import urllib.request

from aiosmtpd.controller import Controller

from places import ORG, SERVICE
from processes import Failed

# The demand at which nine domains are enough and eight are not: 72 % busy with eight, 64 % with nine.
HOT_PERCENT = 68
COLD_PERCENT = 20

HAPROXY = """\
global
    stats socket ipv4@127.0.0.1:{admin} level admin
    stats timeout 30s
    maxconn 4000
defaults
    mode http
    timeout connect 2s
    timeout client 10m
    timeout server 30s
    timeout queue 10s
    timeout check 1s
    retries 2
    option redispatch
frontend vip
    bind 127.0.0.1:{port}
    default_backend web
frontend pages
    bind 127.0.0.1:{stats}
    http-request use-service prometheus-exporter if {{ path /metrics }}
    stats enable
    stats uri /
    stats refresh 2s
backend web
    balance roundrobin
    option httpchk GET /healthz
"""

PROMETHEUS = """\
global: {{scrape_interval: 1s, evaluation_interval: 1s, scrape_timeout: 900ms}}
rule_files: ['{rules}']
alerting: {{alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:{alertmanager}']}}]}}]}}
scrape_configs:
  - job_name: web
    file_sd_configs: [{{files: ['{targets}'], refresh_interval: 1s}}]
  - job_name: haproxy
    static_configs: [{{targets: ['127.0.0.1:{haproxy}']}}]
"""

# `avg` of no series is no alert: before the first shop is scraped nothing fires.
RULES = """\
groups:
  - name: autoscale
    rules:
      - record: service:busy_percent
        expr: 100 * avg(shop_busy_ratio{{job="web"}})
        labels: {{service: web}}
      - alert: autoscale.cpu.hi
        expr: service:busy_percent > {hot}
        for: 2s
        annotations: &annotations
          value: '{{{{ $value | printf "%.1f" }}}}'
          summary: 'web is {{{{ $value | printf "%.1f" }}}} % busy'
      - alert: autoscale.cpu.lo
        expr: service:busy_percent < {cold}
        for: 2s
        annotations: *annotations
"""

ALERTMANAGER = """\
route: {{receiver: virtscale, group_by: [alertname, service], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers:
  - name: virtscale
    webhook_configs:
      - url: '{url}'
        send_resolved: true
        max_alerts: 0
        http_config: {{authorization: {{type: Bearer, credentials_file: '{token}'}}}}
"""


def start_haproxy(places, processes):
    config = places.write(HAPROXY.format(admin=places.haproxy_admin, port=places.haproxy, stats=places.haproxy_stats),
                          "haproxy.cfg")
    processes.start("haproxy", ["/usr/sbin/haproxy", "-db", "-f", config])
    processes.wait_for_http("haproxy", places.url(places.haproxy_stats, "/metrics"))


def start_alertmanager(places, processes):
    token = places.write(places.org_token, "alertmanager-token", mode=0o600)
    url = places.url(places.signal, f"/v1/orgs/{ORG}/alerts")
    config = places.write(ALERTMANAGER.format(url=url, token=token), "alertmanager.yml")
    processes.start("alertmanager", [
        "/usr/bin/prometheus-alertmanager", "--config.file=" + config, "--storage.path=" + places.file("alertmanager"),
        f"--web.listen-address=127.0.0.1:{places.alertmanager}", "--cluster.listen-address=",
        "--web.external-url=" + places.url(places.alertmanager, "/")])
    processes.wait_for_http("alertmanager", places.url(places.alertmanager, "/-/ready"))


def start_prometheus(places, processes):
    rules = places.write(RULES.format(hot=HOT_PERCENT, cold=COLD_PERCENT), "rules.yml")
    config = places.write(PROMETHEUS.format(rules=rules, alertmanager=places.alertmanager,
                                            targets=places.file("targets.json"), haproxy=places.haproxy_stats),
                          "prometheus.yml")
    processes.start("prometheus", [
        "/usr/bin/prometheus", "--config.file=" + config, "--storage.tsdb.path=" + places.file("prometheus"),
        f"--web.listen-address=127.0.0.1:{places.prometheus}",
        "--web.external-url=" + places.url(places.prometheus, "/")])
    processes.wait_for_http("prometheus", places.url(places.prometheus, "/-/ready"))


def query(places, expression):
    """The first value of an instant query, or None."""
    url = places.url(places.prometheus, "/api/v1/query?" + urllib.parse.urlencode({"query": expression}))
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            result = json.load(response)["data"]["result"]
    except OSError:
        return None
    return float(result[0]["value"][1]) if result else None


def busy_percent(places):
    return query(places, "service:busy_percent")


def firing_since(places, alert):
    """When Prometheus saw the condition of a firing alert for the first time, in seconds of the epoch, or None."""
    return query(places, f'ALERTS_FOR_STATE{{alertname="{alert}"}} and ignoring(alertstate) '
                         f'ALERTS{{alertname="{alert}",alertstate="firing"}}')


def ask_haproxy(places, command):
    with socket.create_connection(("127.0.0.1", places.haproxy_admin), timeout=2) as admin:
        admin.sendall(command.encode() + b"\n")
        reply = b""
        while part := admin.recv(65536):
            reply += part
    return reply.decode()


def servers(places):
    """The servers of the backend that take traffic: name to address."""
    found = {}
    for line in ask_haproxy(places, f"show servers state {SERVICE}").splitlines():
        words = line.split()
        # be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state ... srv_port; 2 is running, 0 is ready.
        if len(words) > 18 and words[1] == SERVICE and words[5] == "2" and words[6] == "0":
            found[words[3]] = f"{words[4]}:{words[18]}"
    return found


class TargetsFile:
    """Tells Prometheus which shops there are: those that HAProxy sends traffic to, each half second."""

    def __init__(self, places):
        self.places = places
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.keep, daemon=True)

    def start(self):
        self.write([])
        self.thread.start()

    def write(self, targets):
        self.places.write(json.dumps(targets, indent=1) + "\n", "targets.json")

    def stop(self):
        self.ended.set()
        if self.thread.is_alive():
            self.thread.join()

    def keep(self):
        written = []
        while not self.ended.wait(0.5):
            try:
                targets = [{"targets": [address], "labels": {"domain": name}}
                           for name, address in sorted(servers(self.places).items())]
            except OSError:
                continue
            if targets != written:
                self.write(targets)
                written = targets


class MailServer:
    """Takes every mail, and keeps it."""

    def __init__(self, places):
        self.places = places
        self.mails = []
        self.controller = Controller(self, hostname="127.0.0.1", port=places.smtp)

    def start(self):
        try:
            self.controller.start()
        except OSError as error:
            raise Failed(f"mail server on port {self.places.smtp}: {error}") from error

    def stop(self):
        self.controller.stop(no_assert=True)

    async def handle_DATA(self, _server, _session, envelope):
        mail = {"at": time.time(), "from": envelope.mail_from, "to": list(envelope.rcpt_tos),
                "message": email.message_from_bytes(envelope.content)}
        self.places.write(envelope.content.decode("utf-8", "replace"), "mail", f"{len(self.mails) + 1}.eml")
        self.mails.append(mail)
        return "250 taken"
