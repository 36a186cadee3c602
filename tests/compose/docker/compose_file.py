"""compose/docker-compose.yml against the rules of the compose format that a wrong word breaks, and against the tree."""

import re

import yaml

CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}
# Of the compose specification: what our services may say. A word that is not here is refused until it is looked up.
WORDS = {"build", "cap_drop", "command", "depends_on", "deploy", "environment", "healthcheck", "hostname", "image", "init",
         "network_mode", "pid", "ports", "restart", "security_opt", "stop_grace_period", "volumes"}
STAGES = ("signal", "policy", "orchestration", "dataplane", "audit")


def load(root):
    return yaml.safe_load((root / "compose" / "docker-compose.yml").read_text())


def depends_on(service):
    wanted = service.get("depends_on", {})
    return wanted if isinstance(wanted, dict) else {name: {"condition": "service_started"} for name in wanted}


def faults(file, root):
    """What is wrong, one sentence each."""
    for key in file:
        if key not in ("name", "services", "volumes") and not key.startswith("x-"):
            yield f"top level: no such word: {key}"
    for name, service in file["services"].items():
        for fault in [*of_service(service, file), *of_places(service, file, root), *of_ports(service)]:
            yield f"{name}: {fault}"
    for stage in STAGES:
        if replicas_of(stage, file) < 2:
            yield f"{stage}: fewer than two of it"


def of_service(service, file):
    services = file["services"]
    for word in set(service) - WORDS:
        yield f"no such word: {word}"
    if not service.get("image"):
        yield "no image"
    for other, how in depends_on(service).items():
        if other not in services:
            yield f"depends on {other}, which is not there"
        elif how["condition"] not in CONDITIONS:
            yield f"no such condition: {how['condition']}"
        elif how["condition"] == "service_healthy" and "healthcheck" not in services[other]:
            yield f"waits for the health of {other}, which has no check"
        elif how["condition"] == "service_completed_successfully" and services[other].get("restart") == "unless-stopped":
            yield f"waits for the end of {other}, which is always started again"
    for word in ("network_mode", "pid"):
        shared = service.get(word, "service:site").removeprefix("service:")
        if shared not in services:
            yield f"{word} of {shared}, which is not there"
    if "network_mode" in service and ("ports" in service or "hostname" in service):
        yield "has ports or a host name, but the network of another"


def of_places(service, file, root):
    for volume in service.get("volumes", []):
        parts = volume.split(":")
        if len(parts) == 1:
            continue
        if parts[0].startswith("."):
            if not (root / "compose" / parts[0]).is_file():
                yield f"{parts[0]} is not a file"
        elif parts[0] not in file["volumes"]:
            yield f"the volume {parts[0]} is not declared"
        if len(parts) > 2 and parts[2] != "ro":
            yield f"no such mode: {volume}"
    if "build" in service:
        context = root / "compose" / service["build"]["context"]
        if not (context / service["build"]["dockerfile"]).is_file():
            yield "its Dockerfile is not there"


def of_ports(service):
    for port in service.get("ports", []):
        if not re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port):
            yield f"{port} is not published on loopback"


def replicas_of(stage, file):
    return sum(service.get("deploy", {}).get("replicas", 1) for service in file["services"].values()
               if str(service.get("command", [""])[0]) == f"virtscale-{stage}")


def broker_settings(file):
    """The settings of each broker, in Kafka's own words."""
    for name, service in file["services"].items():
        if service["image"].startswith("apache/kafka"):
            yield name, {key.removeprefix("KAFKA_").lower().replace("_", "."): str(value)
                         for key, value in service["environment"].items() if key.startswith("KAFKA_")}
