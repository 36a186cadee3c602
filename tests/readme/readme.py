"""Types the commands of the top README, and compares its list of folders with the tree."""

import argparse
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
# Made by builds and runs, not part of the tree.
MADE = {"build", "var"}
COMMANDS_SECONDS_MAX = 60
FENCE = re.compile(r"^```(\w*)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ANNOTATION = re.compile(r"\s+# exit status (\d+)$")


class Command:
    def __init__(self, text, status):
        self.text, self.status = text, status


def commands_in(text):
    """The `$ ` lines of all console blocks."""
    commands = []
    for language, _, body in FENCE.findall(text):
        for line in body.splitlines() if language == "console" else ():
            if line.startswith("$ "):
                annotation = ANNOTATION.search(line)
                commands.append(Command(ANNOTATION.sub("", line[2:]), int(annotation[1]) if annotation else 0))
    return commands


def files_in(text):
    """The blocks that are files, by name."""
    return {info.split("file=")[1].strip(): body for _, info, body in FENCE.findall(text) if "file=" in info}


def faults_of_folders(text, folders):
    """`folders`: those at the top of the tree, without the hidden ones."""
    listed = set(re.findall(r"^\| \[(\w+)\]\(\1/README\.md\) \|", text, re.MULTILINE))
    if not listed:
        return ["the README lists no folders"]
    return [f"{folder}/ is not in the README's list" for folder in sorted(folders - listed)] + \
           [f"{folder}/ is in the README's list, and not in the tree" for folder in sorted(listed - folders)]


def faults_of_links(text, root):
    links = re.findall(r"\]\(([^)#:]+)\)", text)
    return [f"the README links to {link}, which is not there"
            for link in links if not os.path.exists(os.path.join(root, link))]


def folders_of(root):
    return {name for name in os.listdir(root)
            if os.path.isdir(os.path.join(root, name)) and not name.startswith(".") and name not in MADE}


def free_ports():
    """Two ports that nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def put_virtscale(folder, virtscale, ports):
    """A `virtscale` on the path that is the built one, on ports of its own; and the tools beside it."""
    settings = os.path.join(folder, "settings.yml")
    with open(settings, "w", encoding="utf-8") as file:
        file.write(f"http: {{signal: 127.0.0.1:{ports[0]}, audit: 127.0.0.1:{ports[1]}}}\n")
    script = os.path.join(folder, "virtscale")
    built = shlex.quote(os.path.abspath(virtscale))
    with open(script, "w", encoding="utf-8") as file:
        file.write(f'#!/bin/sh\nif [ "$1" = up ]; then exec {built} "$@" --config {shlex.quote(settings)}; fi\n'
                   f'exec {built} --server http://127.0.0.1:{ports[0]} "$@"\n')
    os.chmod(script, 0o755)
    replay = "virtscale-replay"
    os.symlink(os.path.join(os.path.dirname(os.path.abspath(virtscale)), replay), os.path.join(folder, replay))


def script_of(commands, ports):
    """One shell that says on descriptor 3 how each command ended."""
    lines = []
    for number, command in enumerate(commands):
        text = command.text.replace(":7070", f":{ports[0]}").replace(":7071", f":{ports[1]}")
        lines += [text, f'echo "{number} $?" >&3']
    return "\n".join(lines) + "\n"


def stop_domains(folder):
    """Local processes that a failed run has left; each leads a group."""
    for place, _, names in os.walk(folder):
        if not place.endswith(os.path.join("domains", "domains")):
            continue
        for name in names:
            with open(os.path.join(place, name), encoding="utf-8") as file:
                pid = re.search(r"^pid (\d+)$", file.read(), re.MULTILINE)
            try:
                if pid:
                    os.killpg(int(pid[1]), signal.SIGKILL)
            except ProcessLookupError:
                pass


def run(commands, folder, path, ports):
    """The status of each command, as far as it came; and what was printed."""
    environment = {**os.environ, "PATH": path + os.pathsep + os.environ["PATH"], "HOME": folder}
    for name in ("VIRTSCALE_TOKEN", "VIRTSCALE_TOKEN_FILE"):
        environment.pop(name, None)
    with open(os.path.join(path, "statuses"), "w+", encoding="utf-8") as statuses, \
            open(os.path.join(path, "output"), "w+", encoding="utf-8") as output:
        # 3 is where the script tells.
        shell = subprocess.Popen(["bash", "-c", f"exec 3>&{statuses.fileno()}\n" + script_of(commands, ports)],
                                 cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                 pass_fds=(statuses.fileno(),), start_new_session=True)
        try:
            shell.wait(COMMANDS_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            pass
        finally:
            try:
                os.killpg(shell.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            shell.wait()
        statuses.seek(0)
        output.seek(0)
        return [int(line.split()[1]) for line in statuses], output.read()


def faults_of_commands(text, virtscale, root):
    """Types all commands; the faults, the first with all that was printed."""
    commands = commands_in(text)
    if not commands:
        return ["the README has no commands: nothing was typed"]
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as path:
        os.symlink(os.path.join(root, "tests"), os.path.join(folder, "tests"))
        for name, body in files_in(text).items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(body)
        ports = free_ports()
        put_virtscale(path, virtscale, ports)
        try:
            statuses, output = run(commands, folder, path, ports)
        finally:
            stop_domains(folder)
    faults = [f"`{command.text}` ended in {status}, not in {command.status}"
              for command, status in zip(commands, statuses) if status != command.status]
    if len(statuses) < len(commands):
        faults.append(f"`{commands[len(statuses)].text}` did not come to an end in {COMMANDS_SECONDS_MAX} s")
    return faults + ([output] if faults else [])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--virtscale", required=True, metavar="FILE", help="the program that was built")
    options = parser.parse_args()
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        text = file.read()
    faults = faults_of_folders(text, folders_of(ROOT)) + faults_of_links(text, ROOT)
    faults += faults_of_commands(text, options.virtscale, ROOT)
    print("\n".join(faults + [f"readme: {len(commands_in(text))} commands, {len(faults)} faults"]))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
