"""The redis-server of a sweep bench, filled afresh for each measurement, and the sweep on it: `keyshift sweep`."""
import os
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "test", "support"))
from ports import free_port  # noqa: E402

CLIENT_CORE, SERVER_CORE = "0", "1"
MIGRATION = """apiVersion: keyshift.io/v1alpha1
kind: Migration
metadata: {{name: bench-sweep}}
spec:
  from: {{schema: bench, version: 1.0.0}}
  to:   {{schema: bench, version: 2.0.0}}
  source: {{url: "redis://127.0.0.1:{port}/0"}}
  sweep: {{max_keys_per_second: {rate}}}
  rules:
    - name: profile
      from: {{key: "user:<id:int>"}}
      to:   {{key: "{{user:<id>}}:profile"}}
"""


class Server:
    def __init__(self):
        self.port = free_port()
        self.directory = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen(
            ["taskset", "-c", SERVER_CORE, "redis-server", "--port", str(self.port), "--save", "", "--bind", "127.0.0.1", "--dir", self.directory.name],
            stdout=subprocess.DEVNULL)
        for _ in range(100):
            try:
                self.socket = socket.create_connection(("127.0.0.1", self.port))
                break
            except OSError:
                time.sleep(0.05)
        self.reader = self.socket.makefile("rb")

    def pipeline(self, commands):
        self.socket.sendall(b"".join(
            b"*%d\r\n" % len(c) + b"".join(b"$%d\r\n%s\r\n" % (len(a), a) for a in c) for c in commands))
        for _ in commands:
            self.reader.readline()

    def fill(self, keys):
        self.pipeline([[b"FLUSHALL"]])
        for begin in range(0, keys, 1000):
            self.pipeline([[b"SET", b"user:%d" % i, b"x" * 64] for i in range(begin, min(begin + 1000, keys))])

    def sweep(self, keyshift, rate):
        """The command line of a sweep at `rate` keys per second; 0: as fast as it goes."""
        path = os.path.join(self.directory.name, f"sweep-{rate}.yaml")
        with open(path, "w") as f:
            f.write(MIGRATION.format(port=self.port, rate=rate))
        return ["taskset", "-c", CLIENT_CORE, keyshift, "sweep", "--migration", path, "--mode", "to-new", "--json", "--log-level", "error"]

    def cpu(self):
        with open(f"/proc/{self.process.pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.directory.cleanup()
