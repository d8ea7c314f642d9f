"""The processes of a run: started on free loopback ports, pinned to a core, ended at the end."""
import os
import shutil
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "test", "support"))
from ports import free_port  # noqa: E402

PROXY_CORE, SERVER_CORE = "0", "1"


def cpu_seconds(pid):
    """User and system time of a process since its start, to the nanosecond (the kernel's clock of another process)."""
    return time.clock_gettime((~pid << 3) | 2)


def pss_kib(pid):
    with open(f"/proc/{pid}/smaps_rollup") as f:
        return int(next(line for line in f if line.startswith("Pss:")).split()[1])


class Process:
    """One pinned child process that listens on `port`."""

    def __init__(self, name, core, argv, port, directory):
        self.name, self.core, self.argv, self.port = name, core, argv, port
        self.log = os.path.join(directory, name + ".log")
        self.child = None

    def start(self):
        with open(self.log, "w") as log:
            self.child = subprocess.Popen(["taskset", "-c", self.core, *self.argv], stdout=log, stderr=subprocess.STDOUT)
        until = time.monotonic() + 10
        while time.monotonic() < until:
            if self.child.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.02)
        with open(self.log) as log:
            raise SystemExit(f"bench: {self.name} does not listen on port {self.port}:\n{log.read()[-2000:]}")

    @property
    def pid(self):
        return self.child.pid

    def stop(self):
        if self.child and self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(5)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()


def redis(directory):
    port = free_port()
    argv = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", directory]
    return Process("redis", SERVER_CORE, argv, port, directory)


def nutcracker(directory, upstream):
    port, path = free_port(), os.path.join(directory, "nutcracker.yml")
    with open(path, "w") as f:
        f.write(f"bench:\n  listen: 127.0.0.1:{port}\n  redis: true\n  preconnect: true\n"
                f"  servers:\n   - 127.0.0.1:{upstream}:1\n")
    argv = [shutil.which("nutcracker", path="/usr/sbin:/usr/bin:/usr/local/bin"), "-c", path, "-a", "127.0.0.1", "-s", str(free_port())]
    return Process("nutcracker", PROXY_CORE, argv, port, directory)


def haproxy(directory, upstream):
    port, path = free_port(), os.path.join(directory, "haproxy.cfg")
    with open(path, "w") as f:
        f.write("global\n  nbthread 1\n  maxconn 4000\ndefaults\n  mode tcp\n  timeout connect 5s\n  timeout client 1h\n"
                f"  timeout server 1h\nlisten bench\n  bind 127.0.0.1:{port}\n  server redis 127.0.0.1:{upstream}\n")
    argv = [shutil.which("haproxy", path="/usr/sbin:/usr/bin:/usr/local/sbin"), "-f", path, "-db"]
    return Process("haproxy", PROXY_CORE, argv, port, directory)


def floor(directory, upstream, program, loop):
    port = free_port()
    return Process("floor-" + loop, PROXY_CORE, [program, "--listen", str(port), "--upstream", str(upstream), "--loop", loop], port, directory)


MIGRATION = """apiVersion: keyshift.io/v1alpha1
kind: Migration
metadata: {{name: bench}}
spec:
  from: {{schema: bench, version: 1.0.0}}
  to:   {{schema: bench, version: 2.0.0}}
  source: {{url: "redis://127.0.0.1:{upstream}/0"}}
  rules:
    - name: small
      from: {{key: "s00064:<id:int>"}}
      to:   {{key: "n00064:<id>"}}
    - name: big
      from: {{key: "s16384:<id:int>"}}
      to:   {{key: "n16384:<id>"}}
"""


def keyshift(directory, upstream, program, name, mode=None, extra=()):
    """`mode`: None for no migration at all."""
    port = free_port()
    argv = [program, "proxy", "--listen", f"127.0.0.1:{port}", "--upstream", f"redis://127.0.0.1:{upstream}/0",
            "--admin", f"127.0.0.1:{free_port()}", "--health", f"127.0.0.1:{free_port()}", "--threads", "1", *extra]
    if mode:
        path = os.path.join(directory, "migration.yaml")
        with open(path, "w") as f:
            f.write(MIGRATION.format(upstream=upstream))
        argv += ["--migration", path, "--mode", mode, "--sweep", "off"]
    return Process(name, PROXY_CORE, argv, port, directory)
