"""The demo: from a real alert to a signed ledger line, and what the contract refuses.

Started by ./run demo. Every claim that it prints is checked; it ends in 0 only if all of them held.
"""

import argparse
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import neighbours
from places import DATA, ORG, OWNER, ROOT, SERVICE, Places
from processes import Failed, Processes, wait_until
from report import claim, complain, find, heading, print_figures, print_timeline, steps_of, tell, timeline
from virtscale import DONE, REFUSED, Virtscale, VirtscaleOverKafka

# Requests a second. A shop does 66: eight are half busy, then 72 % busy, of nine 64 %; the last is a trickle, there to
# notice a connection that a scale-in would drop.
RATE_NORMAL, RATE_HOT, RATE_TRICKLE = 267, 384, 15
FLEET = 8
# 110 vCPU by 10.
ENVELOPE_DOMAINS = 11
HOT, COLD = "autoscale.cpu.hi", "autoscale.cpu.lo"
MAIL_DEADLINE_S = 30.0


class Load:
    """The load generator, a process of its own."""

    def __init__(self, places, processes, name="load"):
        self.processes, self.name, self.stats_path = processes, name, places.file(name + ".json")
        script = os.path.join(ROOT, "compose", "demo", "load.py")
        self.process = processes.start(
            name, [sys.executable, script, "127.0.0.1", str(places.haproxy), self.stats_path], stdin=subprocess.PIPE,
            text=True)

    def rate(self, per_second):
        self.process.stdin.write(f"rate {per_second}\n")
        self.process.stdin.flush()

    def end(self):
        """Ends the load, once every request has its answer; its counters."""
        self.processes.started.remove((self.name, self.process))
        self.process.stdin.close()
        if self.process.wait(30) != 0:
            raise Failed("the load generator failed", log=self.name)
        with open(self.stats_path, encoding="utf-8") as file:
            return json.load(file)


class Demo:
    def __init__(self, kind):
        self.begun = time.monotonic()
        self.places = Places()
        self.processes = Processes(os.path.join(DATA, "log"))
        self.virtscale = kind(self.places, self.processes)
        self.mail = neighbours.MailServer(self.places)
        self.targets = neighbours.TargetsFile(self.places)
        self.figures, self.timeline = {}, []
        self.load = self.admitted = self.refused = None

    def play(self):
        self.open()
        self.run_hot()
        self.relieve()
        self.reach_the_envelope()
        self.read_the_mail()
        self.cool_down()
        self.prove()

    def wait(self, what, true, seconds, log="virtscale"):
        return wait_until(what, lambda: self.processes.check() or true(), seconds, log=log, pause=0.2)

    def open(self):
        heading("HAProxy, a mail server and Virtscale start; the contract allows 110 vCPU")
        neighbours.start_haproxy(self.places, self.processes)
        self.mail.start()
        self.targets.start()
        self.virtscale.start()
        tell(self.virtscale.apply_documents())
        tell(self.virtscale.must("scale", f"{ORG}/{SERVICE}", f"={FLEET}", "--wait"))
        self.wait(f"HAProxy has {FLEET} servers", lambda: len(neighbours.servers(self.places)) == FLEET, 20)
        claim(True, f"{FLEET} domains serve behind HAProxy")
        heading("Customers come; Alertmanager and Prometheus start")
        self.load = Load(self.places, self.processes)
        self.load.rate(RATE_NORMAL)
        neighbours.start_alertmanager(self.places, self.processes)
        neighbours.start_prometheus(self.places, self.processes)
        self.wait("Prometheus sees the shops", lambda: neighbours.busy_percent(self.places), 20, log="prometheus")
        tell(f"{RATE_NORMAL} requests a second: {neighbours.busy_percent(self.places):.1f} % busy")

    def run_hot(self):
        heading(f"More come: {RATE_HOT} requests a second")
        self.load.rate(RATE_HOT)
        since = self.wait(f"{HOT} fires", lambda: neighbours.firing_since(self.places, HOT), 30, log="prometheus")
        self.figures["cpu_percent_at_alert"] = neighbours.busy_percent(self.places)
        tell(f"{HOT} fires: {self.figures['cpu_percent_at_alert']:.1f} % busy")
        self.admitted = self.wait("the alert's line is in the ledger", lambda: self.virtscale.line_where(is_admitted), 30)
        line = self.admitted
        claim(line["replicas"] == {"from": FLEET, "to": FLEET + 1}, f"{FLEET} domains became {FLEET + 1}")
        claim(line["domains"][0]["zone"] == "zone-b", "the new one is on the least-loaded NUMA node, in zone-b")
        projection = line["projection"]["vcpu"]
        claim(projection["committed"] + projection["reserved"] + projection["asked"] == 90_000
              and projection["envelope"] == 110_000, "90 of 110 vCPU after the scale")
        claim(any(domain["name"] in neighbours.servers(self.places) for domain in line["domains"]),
              "HAProxy sends traffic to it", log="haproxy")
        self.figures["alert_condition_to_signal_s"] = steps_of(line)["signal"] / 1e6 - since
        self.figures["signal_to_signed_line_s"] = line["elapsed_us"] / 1e6

    def relieve(self):
        def relief():
            percent = neighbours.busy_percent(self.places)
            return percent if percent and percent < neighbours.HOT_PERCENT - 2 else None

        percent = self.wait("the pool's CPU has fallen", relief, 30, log="prometheus")
        now_us = int(time.time() * 1e6)
        self.figures["cpu_percent_after"] = percent
        explained = json.loads(self.virtscale.must("explain", self.admitted["event"], "--json"))
        heading(f"The timeline of {self.admitted['event']} (UTC)")
        self.timeline = timeline(self.admitted, find(explained, "probes"), (now_us, percent))
        print_timeline(self.timeline)
        self.wait(f"{HOT} is over", lambda: not neighbours.firing_since(self.places, HOT), 30, log="prometheus")

    def reach_the_envelope(self):
        heading("Scale by +1 until the contract refuses")
        status = DONE
        for _ in range(ENVELOPE_DOMAINS + 1 - FLEET):
            status, out, err = self.virtscale.run("scale", f"{ORG}/{SERVICE}", "+1", "--wait")
            tell(f"virtscale scale {ORG}/{SERVICE} +1   (exit status {status})")
            tell(out + err)
            if status != DONE:
                break
        claim(status == REFUSED, f"refused with exit status {REFUSED}", log="virtscale")
        self.refused = self.wait("the refusal is in the ledger", lambda: self.virtscale.line_where(is_refused), 10)
        claim(self.refused["replicas"]["from"] == ENVELOPE_DOMAINS, f"refused at {ENVELOPE_DOMAINS} domains, 110 vCPU")
        claim(len(neighbours.servers(self.places)) == ENVELOPE_DOMAINS, "nothing was started for it", log="haproxy")
        heading("The same question over HTTP")
        code, kind, body = self.virtscale.ask_over_http(1)
        tell(f"HTTP {code} {kind}")
        tell(json.dumps(json.loads(body), indent=1))
        claim(code == 429 and kind == "application/problem+json", "429, as a problem document (RFC 9457)")
        self.figures["domains_at_refusal"] = ENVELOPE_DOMAINS

    def read_the_mail(self):
        heading("The owner has mail")
        mail = self.wait("the owner's mail has come", lambda: self.mail.mails[:1], MAIL_DEADLINE_S)[0]
        message = mail["message"]
        tell(f"To: {message['To']}\nSubject: {message['Subject']}\n")
        tell(message.get_payload(decode=True).decode("utf-8", "replace"))
        claim(mail["to"] == [OWNER], f"it went to {OWNER}")
        self.figures["refusal_to_mail_s"] = mail["at"] - steps_of(self.refused)["policy"] / 1e6

    def cool_down(self):
        heading(f"The rush is over: {RATE_TRICKLE} requests a second, until {COLD}")
        before = len(neighbours.servers(self.places))
        self.load.rate(RATE_TRICKLE)
        line = self.wait("the scale-in's line is in the ledger", lambda: self.virtscale.line_where(is_scale_in), 40)
        claim(line["signal"]["name"] == COLD, f"{COLD} scaled in from {line['replicas']['from']} to "
                                              f"{line['replicas']['to']}")
        self.wait("HAProxy has a server less", lambda: len(neighbours.servers(self.places)) < before, 20)
        stats = self.load.end()
        heading("Requests, counted at the client")
        tell(f"{stats['served']} served, {stats['dropped']} dropped, p50 {stats['p50_ms']} ms, p99 {stats['p99_ms']} ms")
        claim(stats["served"] > 1000, "there was load")
        claim(stats["dropped"] == 0, f"no request was dropped {stats['reasons'] or ''}".rstrip())
        claim(len(self.mail.mails) == 1, "one mail for one violation, though it was asked twice")
        self.figures |= {f"requests_{name}": stats[name] for name in ("served", "dropped", "p50_ms", "p99_ms")}

    def prove(self):
        for title, line in (("Why it was admitted", self.admitted), ("Why it was refused", self.refused)):
            heading(f"{title}: virtscale explain {line['event']}")
            tell(self.virtscale.must("explain", line["event"]))
        heading(f"virtscale ledger verify {ORG}")
        tell(self.virtscale.must("ledger", "verify", ORG))
        claim(True, "the ledger verifies: every line is under a signed checkpoint")
        self.show_stages()
        self.figures["ledger_lines"] = len(self.virtscale.lines())
        self.figures["seconds"] = time.monotonic() - self.begun
        heading("Figures")
        print_figures(self.figures)

    def show_stages(self):
        heading("virtscale status")
        tell(self.virtscale.must("status"))

    def write_json(self, path):
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"timeline": self.timeline, "lines": self.virtscale.lines(), "figures": self.figures}, file, indent=1)
            file.write("\n")

    def stay_up(self):
        """Until Ctrl-C."""
        Load(self.places, self.processes, "trickle").rate(RATE_TRICKLE)
        url = self.places.url
        heading("It stays up until Ctrl-C; pages to open")
        pages = {
            "the service, through HAProxy": url(self.places.haproxy),
            "HAProxy: servers, load, queues": url(self.places.haproxy_stats),
            "Prometheus: how busy the pool is": url(self.places.prometheus, "/classic/graph?g0.range_input=5m&g0.tab=0"
                                                    "&g0.expr=service:busy_percent"),
            "Prometheus: alerts": url(self.places.prometheus, "/classic/alerts"),
            "Alertmanager (Debian's has no pages)": url(self.places.alertmanager, "/api/v2/alerts"),
            "Virtscale: metrics": url(self.places.signal, "/metrics"),
        }
        tell("\n".join(f"{what:<37}{page}" for what, page in pages.items()))
        token = self.places.write(self.places.operator_token + "\n", "operator-token", mode=0o600)
        tell(f"\nbuild/bin/virtscale status --server {url(self.places.signal)} --token-file {os.path.relpath(token)}")
        try:
            while True:
                self.processes.check()
                time.sleep(1)
        except KeyboardInterrupt:
            tell("stopping")

    def close(self):
        """Stops everything; an impatient second Ctrl-C must not leave half of it running."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self.targets.stop()
        self.processes.stop_all()
        self.virtscale.stop_log()
        self.mail.stop()


def is_admitted(line):
    return line["decision"] == "admitted" and line["signal"]["kind"] == "alert" and line["signal"]["name"] == HOT


def is_refused(line):
    return line["decision"] == "refused"


def is_scale_in(line):
    return line["decision"] == "admitted" and line["replicas"]["to"] < line["replicas"]["from"]


def parse():
    parser = argparse.ArgumentParser(prog="./run demo", description=__doc__.splitlines()[0])
    parser.add_argument("--keep", action="store_true", help="leave everything up, and say which pages to open")
    parser.add_argument("--kafka", action="store_true",
                        help="over a real Kafka broker, each stage a process of its own")
    parser.add_argument("--json", metavar="FILE", help="write the timeline, the ledger's lines and the figures")
    return parser.parse_args()


def lock():
    """One demo at a time: the data of one that runs must not be wiped."""
    os.makedirs(os.path.dirname(DATA), exist_ok=True)
    file = open(DATA + ".lock", "w", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise Failed("another demo runs on var/demo; stop it first") from None
    return file


def interrupt(number, _frame):
    raise SystemExit(128 + number)


def play(options):
    shutil.rmtree(DATA, ignore_errors=True)
    demo = Demo(VirtscaleOverKafka if options.kafka else Virtscale)
    try:
        demo.play()
        if options.json:
            demo.write_json(options.json)
        if options.keep:
            demo.stay_up()
    except Failed as failure:
        complain(failure, demo.processes.tail(failure.log) if failure.log else "")
        return 1
    except KeyboardInterrupt:
        print("\ndemo: stopping", file=sys.stderr)
        return 130
    finally:
        demo.close()
    return 0


def main():
    options = parse()
    signal.signal(signal.SIGTERM, interrupt)
    # A shell that starts us in the background has it ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        held = lock()
        status = play(options)
        held.close()
    except Failed as failure:
        complain(failure, "")
        return 1
    if status == 0:
        heading(f"Done: all claims held, every process is stopped; data is in {os.path.relpath(DATA)}")
    return status


if __name__ == "__main__":
    sys.exit(main())
