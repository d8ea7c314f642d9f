"""A redis-server with a connection to it, and records to move, for the tests of this folder."""
import os
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "support"))
from ports import free_port  # noqa: E402


class Redis:
    """A redis-server on a free loopback port, and one connection to it."""

    def __init__(self, *options, environment=None):
        self.port = free_port()
        self.directory = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", self.directory.name,
             "--enable-debug-command", "yes", *options],
            stdout=subprocess.DEVNULL, env={**os.environ, **(environment or {})})
        for _ in range(100):
            try:
                self.client = Client(self.port)
                break
            except OSError:
                time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.directory.cleanup()

    def __call__(self, *argv):
        return self.client(*argv)


class Client:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.reader = self.socket.makefile("rb")

    def __call__(self, *argv):
        return self.pipeline([argv])[0]

    def pipeline(self, commands):
        out = []
        for argv in commands:
            argv = [a if isinstance(a, bytes) else str(a).encode() for a in argv]
            out.append(b"*%d\r\n" % len(argv) + b"".join(b"$%d\r\n%s\r\n" % (len(a), a) for a in argv))
        self.socket.sendall(b"".join(out))
        return [self.reply() for _ in commands]

    def reply(self):
        line = self.reader.readline()[:-2]
        kind, rest = line[:1], line[1:]
        if kind == b"$":
            return None if rest == b"-1" else self.reader.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return None if rest == b"-1" else [self.reply() for _ in range(int(rest))]
        return int(rest) if kind == b":" else rest


def fill(redis, users, begin=0):
    for at in range(begin, begin + users, 1000):
        redis.client.pipeline([("SET", f"user:{i}", f"v{i}", *(("PXAT", 4_000_000_000_000 + i) if i % 3 == 0 else ()))
                               for i in range(at, min(at + 1000, begin + users))])
