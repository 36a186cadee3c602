"""What of the compose site can be checked without a Docker engine: its files against the tree, and each by the program
that reads it."""

import copy
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import yaml

import compose_file
import named

ROOT = pathlib.Path(__file__).resolve().parents[3]
DOCKER = ROOT / "compose" / "docker"
BIN = pathlib.Path(os.environ.get("VIRTSCALE_BIN", ROOT / "build" / "bin"))
sys.path.insert(0, str(ROOT / "tests" / "integration"))

from processes import become_reaper, kill_group, popen  # noqa: E402
from world import free_port  # noqa: E402


def told(*argv, **options):
    """What a program says of a file; fails the test unless it is content."""
    done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, timeout=120, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, argv))}: {done.stdout}{done.stderr}")
    return done.stdout


class ComposeFile(unittest.TestCase):
    def setUp(self):
        self.file = compose_file.load(ROOT)

    def test_it_says_nothing_that_is_not_there(self):
        self.assertEqual(list(compose_file.faults(self.file, ROOT)), [])

    def test_compose_itself_can_read_it(self):
        with tempfile.TemporaryDirectory() as directory:
            # Debian's is older than the word `name`.
            older = pathlib.Path(directory) / "docker-compose.yml"
            text = (ROOT / "compose" / "docker-compose.yml").read_text()
            older.write_text(re.sub(r"^name:.*\n", "", text, flags=re.MULTILINE))
            out = told("docker-compose", "--project-directory", ROOT / "compose", "-f", older, "config")
        self.assertEqual(set(yaml.safe_load(out)["services"]), set(self.file["services"]))

    def test_each_planted_fault_is_found(self):
        for plant, said in (
                (lambda file: file["services"]["topics"]["depends_on"].update(
                    kafka_4={"condition": "service_healthy"}), "topics: depends on kafka_4"),
                (lambda file: file["services"]["kafka-1"].pop("healthcheck"), "waits for the health of kafka-1"),
                (lambda file: file["volumes"].pop("targets"), "the volume targets is not declared"),
                (lambda file: file["services"]["haproxy"].update(volumes=["./docker/haproxy.conf:/x:ro"]), "not a file"),
                (lambda file: file["services"]["policy"]["deploy"].update(replicas=1), "policy: fewer than two"),
                (lambda file: file["services"]["grafana"].update(ports=["3000:3000"]), "not published on loopback"),
                (lambda file: file["services"]["signal"].update(replicas=2), "no such word: replicas"),
                (lambda file: file["services"]["haproxy"].update(network_mode="service:sight"), "of sight")):
            file = copy.deepcopy(self.file)
            plant(file)
            self.assertIn(said, " ".join(compose_file.faults(file, ROOT)))

    def test_three_brokers_agree_on_who_they_are(self):
        brokers = dict(compose_file.broker_settings(self.file))
        self.assertEqual(len(brokers), 3)
        voters = ",".join(f"{settings['node.id']}@{name}:9093" for name, settings in sorted(brokers.items()))
        script = (ROOT / "compose" / "kafka" / "run").read_text()
        for name, settings in brokers.items():
            self.assertEqual(settings["controller.quorum.voters"], voters)
            self.assertEqual(settings["advertised.listeners"], f"PLAINTEXT://{name}:9092")
            for key in set(settings) - {"heap.opts"}:
                self.assertIn(f"\n{key}=", script, "a setting that the local broker was never started with")

    def test_every_program_that_is_started_is_built_or_copied(self):
        text = named.dockerfile(ROOT)
        there = set(named.programs(text)) | {"sleep"} | {
            "/usr/local/bin/" + pathlib.Path(path).name for path in named.copied(text)}
        for name, service in self.file["services"].items():
            if service["image"] == "virtscale:local":
                self.assertIn(service["command"][0], there, name)


class Dockerfile(unittest.TestCase):
    def setUp(self):
        self.text = named.dockerfile(ROOT)

    def test_what_it_copies_is_there_and_not_ignored(self):
        ignored = (ROOT / ".dockerignore").read_text().split()
        for path in named.copied(self.text):
            self.assertTrue((ROOT / path).exists(), path)
            self.assertNotIn(path.split("/")[0], ignored)

    def test_what_it_copies_can_be_configured(self):
        with tempfile.TemporaryDirectory() as directory:
            context = pathlib.Path(directory) / "virtscale"
            for path in named.copied(self.text):
                place = context / path
                place.parent.mkdir(parents=True, exist_ok=True)
                if (ROOT / path).is_dir():
                    shutil.copytree(ROOT / path, place, dirs_exist_ok=True)
                else:
                    shutil.copy(ROOT / path, place)
            options = re.search(r"cmake --preset release ([^&]*)", self.text).group(1).split()
            told("cmake", "--preset", "release", *options, cwd=context)
            targets = told("cmake", "--build", "--preset", "release", "--target", "help", cwd=context)
        for program in named.programs(self.text):
            self.assertRegex(targets, rf"(?m)^{program}: ")

    @unittest.skipIf("VIRTSCALE_INSTRUMENTED" in os.environ, "these programs need the sanitizers' libraries as well")
    def test_it_installs_every_library_that_the_programs_name(self):
        for program in named.programs(self.text):
            self.assertTrue((BIN / program).exists(), f"{program} is not built")
            self.assertLessEqual(named.packages_of(BIN / program), named.installed_in_the_end(self.text), program)

    def test_it_runs_as_nobody(self):
        self.assertRegex(self.text.rsplit("\nFROM ", 1)[1], r"\nUSER 10001:10001\n")


class Configurations(unittest.TestCase):
    def test_prometheus_reads_its_file_and_rules(self):
        told("promtool", "check", "config", DOCKER / "prometheus.yml")

    def test_each_rule_fires_when_it_should(self):
        with tempfile.TemporaryDirectory() as directory:
            for file in (DOCKER / "rules.yml", ROOT / "tests" / "compose" / "docker" / "rules_cases.yml"):
                shutil.copy(file, directory)
            told("promtool", "test", "rules", "rules_cases.yml", cwd=directory)
            cases = yaml.safe_load((pathlib.Path(directory) / "rules_cases.yml").read_text())["tests"]
        fired = {case["alertname"] for test in cases for case in test.get("alert_rule_test", []) if case["exp_alerts"]}
        self.assertEqual(fired, {rule["alert"] for rule in named.rules(ROOT) if "alert" in rule})

    def test_alertmanager_reads_its_file_and_routes(self):
        file = DOCKER / "alertmanager.yml"
        told("amtool", "check-config", file)
        for alert, receiver in (("autoscale.cpu.hi", "virtscale"), ("VirtscaleLag", "operators")):
            out = told("amtool", "config", "routes", "test", f"--config.file={file}", f"alertname={alert}")
            self.assertEqual(out.strip(), receiver)

    def test_haproxy_reads_its_files(self):
        for name in ("haproxy.cfg", "edge.cfg"):
            told("haproxy", "-c", "-f", DOCKER / name)

    def test_every_metric_that_is_asked_for_is_exported(self):
        expressions = [rule["expr"] for rule in named.rules(ROOT)] + named.queries(named.dashboard(ROOT))
        self.assertEqual(list(named.unknown_metrics(expressions, ROOT)), [])
        self.assertTrue(list(named.unknown_metrics(["sum by (org) (rate(virtscale_refused_total[5m]))"], ROOT)))

    def test_the_dashboard_shows_each_thing_once_from_the_source_that_is_provisioned(self):
        board = named.dashboard(ROOT)
        source = yaml.safe_load((DOCKER / "grafana" / "datasource.yml").read_text())["datasources"][0]["uid"]
        self.assertEqual(len({panel["id"] for panel in board["panels"]}), len(board["panels"]))
        self.assertEqual({panel["datasource"]["uid"] for panel in board["panels"]}, {source})
        asked = set().union(*(named.metrics_in(query) for query in named.queries(board)))
        self.assertLessEqual({f"virtscale_{name}" for name in (
            "step_seconds_bucket", "lag_records", "refusals_total", "org_usage", "duplicates_dropped_total",
            "effects_in_flight", "dead_letters_total")}, asked)


class Scripts(unittest.TestCase):
    def test_prepare_makes_key_tokens_and_settings_once(self):
        with tempfile.TemporaryDirectory() as directory:
            place, token = pathlib.Path(directory) / "site", pathlib.Path(directory) / "token"
            place.mkdir()
            token.mkdir()
            words = (DOCKER / "prepare", place, DOCKER / "virtscale.yml", token)
            environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
            told(*words, env=environment)
            settings = (place / "virtscale.yml").read_text()
            told(*words, env=environment)
            self.assertEqual((place / "virtscale.yml").read_text(), settings)
            self.assertTrue(settings.startswith((DOCKER / "virtscale.yml").read_text()))
            self.assertRegex(settings, r"\ntokens:\n  - \{org: shop, sha256: [0-9a-f]{64}\}\n"
                                       r"  - \{operator: true, sha256: [0-9a-f]{64}\}\n$")
            self.assertTrue((place / "keys" / "demo-ledger.secret").exists())
            self.assertEqual((token / "token").read_text(), (place / "org.token").read_text())
            self.assertNotIn((place / "org.token").read_text().strip(), settings)
            self.assertEqual((place / "operator.token").stat().st_mode & 0o077, 0)

    def test_targets_follows_the_servers_of_haproxy(self):
        become_reaper()
        with tempfile.TemporaryDirectory() as directory:
            directory = pathlib.Path(directory)
            admin, customers, pages, shop = (free_port() for _ in range(4))
            text = (DOCKER / "haproxy.cfg").read_text()
            for old, new in ((":9999", admin), (":8080", customers), (":8404", pages)):
                text = text.replace(old, f":{new}")
            (directory / "haproxy.cfg").write_text(text)
            started = [popen(["haproxy", "-db", "-f", directory / "haproxy.cfg"]),
                       popen([DOCKER / "targets", f"127.0.0.1:{admin}", "web", directory / "web.json"])]
            try:
                self.wait_for(directory / "web.json", "[]")
                self.wait_until_listening(admin)
                self.ask(admin, f"add server web/shop-web-1 127.0.0.1:{shop}; enable server web/shop-web-1")
                self.wait_for(directory / "web.json",
                              f'[{{"targets": ["127.0.0.1:{shop}"], "labels": {{"domain": "shop-web-1"}}}}]')
                self.ask(admin, "set server web/shop-web-1 state drain")
                self.wait_for(directory / "web.json", "[]")
            finally:
                for process in started:
                    kill_group(process.pid)
                    process.wait()

    def ask(self, port, words):
        told("bash", "-c", f'exec 3<>/dev/tcp/127.0.0.1/{port}; echo "{words}" >&3; cat <&3')

    def wait_until_listening(self, port, seconds=20):
        deadline = time.monotonic() + seconds
        with socket.socket() as probe:
            while probe.connect_ex(("127.0.0.1", port)) != 0:
                self.assertLess(time.monotonic(), deadline, "HAProxy does not listen")
                time.sleep(0.1)

    def wait_for(self, file, text, seconds=20):
        deadline = time.monotonic() + seconds
        while not file.exists() or file.read_text().strip() != text:
            if time.monotonic() > deadline:
                raise AssertionError(f"{file.read_text() if file.exists() else 'no file'}, not {text}")
            time.sleep(0.1)


if __name__ == "__main__":
    unittest.main()
