"""A redis-server and proxies on free loopback ports, for the tests of this folder."""
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "support"))
from ports import free_port  # noqa: E402

MIGRATION = """apiVersion: keyshift.io/v1alpha1
kind: Migration
metadata: {name: users-v2}
spec:
  from: {schema: shop, version: 1.4.0}
  to:   {schema: shop, version: 2.0.0}
  source: {url: "redis://127.0.0.1:%d/0"}
  rules:
    - name: profile
      from: {key: "user:<id:int>"}
      to:   {key: "{user:<id>}:profile"}
"""
TOKEN = "a-token-for-tests"


def until(condition, seconds=10.0, what="it"):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError(f"{what} did not happen in {seconds} s")


def connects(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def redis_call(port, *words):
    """One command, the raw reply as far as one read gives it."""
    with socket.create_connection(("127.0.0.1", port), 5) as s:
        s.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w.encode()) for w in words))
        return s.recv(65536)


# Seconds for a process to end after a signal. The thread sanitizer hands a signal over when the thread that it reached next
# wakes by itself: an idle proxy's main thread does so each 16 s.
PATIENCE = 40 if os.environ.get("KEYSHIFT_SANITIZED") else 15


class World:
    """Owns a folder and every process that is started; end() leaves nothing behind."""

    def __init__(self, program):
        self.program = program
        self.folder = tempfile.mkdtemp(prefix="keyshift-admin-")
        self.processes = []
        self.redis_port = free_port()
        self.redis = self.start_redis()
        self.migration = self.file("migration.yaml", MIGRATION % self.redis_port)
        self.token_file = self.file("token", TOKEN + "\n")

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as f:
            f.write(text)
        return path

    def spawn(self, argv, name, **more):
        with open(os.path.join(self.folder, name + ".log"), "ab") as log:
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, **more)
        self.processes.append(process)
        return process

    def start_redis(self):
        process = self.spawn(["redis-server", "--port", str(self.redis_port), "--bind", "127.0.0.1", "--save", ""], "redis")
        until(lambda: connects(self.redis_port), what="redis-server")
        return process

    def log(self, name):
        with open(os.path.join(self.folder, name + ".log")) as f:
            return f.read()

    def proxy(self, *extra, name="proxy", env=None):
        return Proxy(self, extra, name, env)

    def run(self, *arguments, env=None):
        return subprocess.run([self.program, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30,
                              cwd=self.folder, env={**os.environ, **(env or {})})

    def end(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Proxy:
    def __init__(self, world, extra, name, env):
        self.port, self.admin, self.health = free_port(), free_port(), free_port()
        argv = [world.program, "proxy", "--listen", f"127.0.0.1:{self.port}", "--upstream", f"redis://127.0.0.1:{world.redis_port}/0",
                "--admin", f"127.0.0.1:{self.admin}", "--health", f"127.0.0.1:{self.health}", *extra]
        self.process = world.spawn(argv, name, env={**os.environ, **(env or {})})
        until(lambda: self.process.poll() is not None or connects(self.health), what="the proxy")
        assert self.process.poll() is None, world.log(name)

    def ask(self, method, path, body=None, headers=None, port=None):
        """Status, headers and body of one request."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.admin, timeout=15)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()
        finally:
            connection.close()

    def get(self, path, port=None):
        return self.ask("GET", path, port=port)

    def raw(self, data, port=None, limit=15):
        """Everything that comes back for bytes as they are."""
        with socket.create_connection(("127.0.0.1", port or self.admin), limit) as s:
            s.settimeout(limit)
            try:
                s.sendall(data)
                s.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            out = b""
            try:
                while True:
                    got = s.recv(65536)
                    if not got:
                        return out
                    out += got
            except ConnectionResetError:
                return out

    def end(self, number=signal.SIGTERM, seconds=None):
        self.process.send_signal(number)
        return self.process.wait(seconds or PATIENCE)


def run_all(tests, world):
    """Runs every function whose name begins with test_; the last line is the sum."""
    passed = failed = 0
    try:
        for name, test in sorted(tests.items()):
            if not name.startswith("test_"):
                continue
            try:
                test(world)
                passed += 1
            except Exception as problem:  # a test may fail in any way; the others still run
                failed += 1
                print(f"FAILED {name}: {type(problem).__name__}: {problem}")
    finally:
        world.end()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0
