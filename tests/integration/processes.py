"""The processes of a test: started here, found, and ended.

The one thing to know: this process becomes the parent of what its children leave behind (a Linux sub-reaper), so a
domain that outlives its Virtscale can still be waited for.
"""

import ctypes
import os
import pathlib
import signal
import subprocess
import threading

PR_SET_CHILD_SUBREAPER = 36


def become_reaper():
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise AssertionError("prctl(PR_SET_CHILD_SUBREAPER) is refused here: processes could be left behind")


own = set()
spawning = threading.Lock()


def popen(argv, **options):
    """A child of our own, which whoever asked for it waits for; in a session of its own, out of reach of a Ctrl-C."""
    with spawning:
        process = subprocess.Popen([str(word) for word in argv], start_new_session=True,
                                   **{"stdin": subprocess.DEVNULL, **options})
        own.add(process.pid)
    return process


def run(argv, seconds=60.0, **options):
    """Runs `argv` to its end: exit status, output, errors."""
    process = popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    try:
        out, err = process.communicate(timeout=seconds)
    finally:
        process.kill()
    return process.returncode, out, err


def pids():
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]


def stat(pid):
    """State and parent; a process that is gone is dead."""
    try:
        # The name in parentheses may hold anything; what follows it is state, parent.
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return fields[0], int(fields[1])
    except OSError:
        return "X", 0


def is_alive(pid):
    return stat(pid)[0] not in "XZ"


def environment(pid):
    try:
        text = pathlib.Path(f"/proc/{pid}/environ").read_text(errors="replace")
    except OSError:
        return {}
    return dict(word.split("=", 1) for word in text.split("\0") if "=" in word)


def reap_adopted():
    """A domain whose Virtscale is gone is our child; it would be a zombie until we have waited for it."""
    with spawning:
        for pid in pids():
            if pid not in own and stat(pid) == ("Z", os.getpid()):
                os.waitpid(pid, os.WNOHANG)


def kill_group(pid):
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def resident_mib(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024
