"""A redis-server with a proxy in front of it, for the tests of this folder."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "differential"))
from servers import Processes  # noqa: E402
from wire import Closed, Connection, encode  # noqa: E402, F401

MIGRATION = os.path.join(HERE, "..", "integration", "hazards", "migration.yaml")
OLD, NEW = b"user:%d", b"{user:%d}:profile"


def equal(found, wanted, what=""):
    assert found == wanted, f"{what} is {found!r} and should be {wanted!r}"


class World:
    """A redis-server (or another upstream's port) and a proxy in front of it."""

    def __init__(self, keyshift, upstream=None, mode="to-new", migration=MIGRATION):
        self.processes, self.keyshift, self.mode, self.migration = Processes(), keyshift, mode, migration
        try:
            self.port = upstream if upstream else self.processes.redis("redis-server", "server")
            self.redis = None if upstream else self.processes.running[0]
            self.server = None if upstream else Connection(self.port)
            self.start()
        except Exception:
            self.processes.stop()
            raise

    def start(self):
        self.app_port, self.proxy = self.processes.proxy(self.keyshift, self.port, self.migration, self.mode, "old")

    def kill_proxy(self):
        self.proxy.kill()
        self.proxy.wait()
        self.processes.running.remove(self.proxy)

    def app(self, timeout=20.0):
        return Connection(self.app_port, timeout=timeout)

    def at(self, *words):
        return self.server.call([w if isinstance(w, bytes) else str(w).encode() for w in words])

    def alive(self):
        assert self.proxy.poll() is None, f"the proxy ended with {self.proxy.returncode}"
        equal(self.app().call([b"PING"]), ("+", b"PONG"), "PING of another client")

    def rss(self):
        with open(f"/proc/{self.proxy.pid}/status") as status:
            return int(next(line for line in status if line.startswith("VmRSS:")).split()[1]) * 1024

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.processes.stop()
