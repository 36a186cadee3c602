"""The processes of the demo: started here, logged to files, and all of them stopped, whatever happens.

The one thing to know: this process adopts what its children leave behind (a Linux sub-reaper), so domains that
Virtscale started, and that rightly outlive it, are found and stopped as well.
"""

import ctypes
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

PR_SET_CHILD_SUBREAPER = 36
# Below the ports that domains draw and those that the kernel hands out to clients: none of them takes one before its
# server does.
PORTS = range(10000, 20000)
# Virtscale drains for up to 25 s.
STOP_GRACE_S = 30.0
LOG_TAIL_LINES = 30


class Failed(Exception):
    """The demo did not show what it claims. `log` names the process whose log says more."""

    def __init__(self, what, log=None):
        super().__init__(what)
        self.log = log


class Ports:
    """Hands out loopback ports that nobody listens on."""

    def __init__(self):
        self.untried = iter(PORTS[os.getpid() % 9000:])

    def pick(self):
        for port in self.untried:
            with socket.socket() as probe:
                try:
                    probe.bind(("127.0.0.1", port))
                    return port
                except OSError:
                    continue
        raise Failed(f"no free port left in {PORTS}")


class Processes:
    def __init__(self, log_dir):
        self.log_dir = log_dir
        self.started = []
        self.own = set()
        self.lock = threading.Lock()
        os.makedirs(log_dir, exist_ok=True)
        if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
            raise Failed("prctl(PR_SET_CHILD_SUBREAPER) is refused here: processes could be left behind")
        threading.Thread(target=self.keep_reaping, daemon=True).start()

    def open(self, argv, **options):
        """A child of our own, which whoever asked for it waits for."""
        with self.lock:
            try:
                process = subprocess.Popen(argv, start_new_session=True, **options)
            except OSError as error:
                raise Failed(f"{argv[0]}: {error.strerror}") from error
            self.own.add(process.pid)
            return process

    def run(self, argv, seconds=60.0, **options):
        """Runs `argv` to its end; its status, standard output and standard error."""
        process = self.open(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            **options)
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise Failed(f"{' '.join(argv)} did not end within {seconds:.0f} s") from None
        return process.returncode, out, err

    def keep_reaping(self):
        """An adopted process that has ended would look alive to Virtscale until somebody reaps it."""
        while True:
            self.reap_adopted()
            time.sleep(0.2)

    def reap_adopted(self):
        with self.lock:
            for pid in children():
                if pid not in self.own:
                    reap(pid)

    def log_path(self, name):
        return os.path.join(self.log_dir, name + ".log")

    def start(self, name, argv, **options):
        """Starts `argv` in a session of its own: a Ctrl-C reaches this process only, which then stops it in order."""
        with open(self.log_path(name), "ab") as log:
            process = self.open(argv, stdout=log, stderr=log, **{"stdin": subprocess.DEVNULL, **options})
        self.started.append((name, process))
        return process

    def check(self):
        """Fails if a process has ended by itself."""
        for name, process in self.started:
            if process.poll() is not None:
                raise Failed(f"{name} ended with status {process.returncode}", log=name)

    def wait_for_http(self, name, url, seconds=15.0):
        wait_until(f"{name} answers at {url}", lambda: self.check() or answers(url), seconds, log=name)

    def tail(self, name):
        try:
            with open(self.log_path(name), encoding="utf-8", errors="replace") as log:
                return "".join(log.readlines()[-LOG_TAIL_LINES:])
        except OSError:
            return ""

    def stop(self, name):
        for entry in [entry for entry in self.started if entry[0] == name]:
            self.started.remove(entry)
            end(entry[1])

    def stop_all(self):
        """Stops everything, the youngest first, then what was left behind and adopted."""
        while self.started:
            self.stop(self.started[-1][0])
        deadline = time.monotonic() + STOP_GRACE_S
        while adopted := children():
            late = time.monotonic() > deadline
            for pid in adopted:
                signal_process(pid, signal.SIGKILL if late else signal.SIGTERM)
            time.sleep(0.1)


def end(process):
    if process.stdin:
        process.stdin.close()
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(STOP_GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def children():
    """Processes whose parent is this one; those that have ended and are not yet reaped too."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", encoding="ascii", errors="replace") as stat:
                # The name in parentheses may hold anything; the parent is the second field after it.
                if int(stat.read().rpartition(")")[2].split()[1]) == os.getpid():
                    found.append(int(entry))
        except (OSError, IndexError):
            continue
    return found


def reap(pid):
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass


def signal_process(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return response.status == 200
    except (urllib.error.URLError, OSError):
        return False


def wait_until(what, true, seconds, log=None, pause=0.1):
    """Waits until `true()` is truthy and returns what it returned; fails with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        result = true()
        if result:
            return result
        if time.monotonic() > deadline:
            raise Failed(f"waited {seconds:.0f} s in vain until {what}", log=log)
        time.sleep(pause)
