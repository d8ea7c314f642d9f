"""A primary with a replica, proxies that follow its control record, clients that count, and drivers that turn the fleet."""
import os
import random
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "differential"))
from servers import Processes, free_port  # noqa: E402
from wire import Closed, Connection  # noqa: E402

MIGRATION = os.path.join(HERE, "..", "hazards", "migration.yaml")
RECORD, KEY = b"keyshift:control:{}:record", b"keyshift:epoch:{}:key"


def wait_for(what, seconds, why):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return
        time.sleep(0.005)
    raise AssertionError(f"not within {seconds} s: {why}")


def fields_of(change):
    return dict(line.split(b" ", 1) for line in change.splitlines())


class Fleet:
    def __init__(self, keyshift, carry_once, proxies=3):
        self.processes, self.keyshift, self.carry_once = Processes(), keyshift, carry_once
        try:
            self.port = self.processes.redis("redis-server", "primary")
            self.replica_port = self.processes.redis("redis-server", "replica")
            self.server, self.replica = Connection(self.port), Connection(self.replica_port)
            for own in (self.server, self.replica):
                own.call([b"CLIENT", b"SETNAME", b"keyshift:test:none"])
            self.server.call([b"CONFIG", b"SET", b"repl-diskless-sync-delay", b"0"])
            self.replica.call([b"REPLICAOF", b"127.0.0.1", str(self.port).encode()])
            wait_for(lambda: b"state=online" in self.server.call([b"INFO", b"replication"])[1], 10, "replica online")
            # A replica that was synchronized just now gets the stream with its first acknowledgement, within a second.
            self.server.call([b"SET", b"warm", b"1"])
            wait_for(lambda: self.replica.call([b"GET", b"warm"])[1] == b"1", 10, "replica up to date")
            self.proxies = [self.start_proxy(f"p{i}") for i in range(proxies)]
        except Exception:
            self.processes.stop()
            raise

    def start_proxy(self, name):
        port = free_port()
        argv = [self.keyshift, "proxy", "--listen", f"127.0.0.1:{port}", "--upstream", f"redis://127.0.0.1:{self.port}",
                "--name", name, "--admin", "off", "--health", "off"]
        process = self.processes._start(argv, port, name + ".log")
        process.port = port
        return process

    def driver(self, *what, name="driver"):
        return subprocess.Popen([self.carry_once, f"redis://127.0.0.1:{self.port}", name, *what], stdout=subprocess.PIPE,
                                text=True)

    def carry(self, *what, name="driver"):
        """(end, milliseconds held, connections killed, reason)"""
        out, _ = self.driver(*what, name=name).communicate(timeout=60)
        end, held, killed, reason = (out.strip() + "   ").split(" ", 3)
        return end, float(held), int(killed), reason.strip()

    def apply(self):
        end = self.carry("apply", MIGRATION, "users")
        assert end[0] == "done", end

    def change(self, which=b"cur", connection=None):
        reply = (connection or self.server).call([b"HGET", RECORD, which])[1]
        return fields_of(reply) if reply else None

    def run_line(self):
        """phase and wish of the run"""
        words = self.change()[b"run"].split(b" ")
        return words[2].decode(), words[3].decode()

    def settled(self):
        cur, key = self.change(), self.server.call([b"GET", KEY])[1]
        return cur == self.change(b"next") and cur[b"kind"] == b"serve" and fields_of(key) == cur

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.processes.stop()


class Load:
    """Clients that INCR records through every proxy and count what was acknowledged and what is not known."""

    def __init__(self, fleet, records=20, clients_per_proxy=2):
        self.fleet, self.records, self.stop = fleet, records, threading.Event()
        self.lock, self.acknowledged, self.unknown, self.errors = threading.Lock(), [0] * records, [0] * records, []
        self.slowest = 0.0
        self.threads = [threading.Thread(target=self.run, args=(p.port, 1000 * i + c), daemon=True)
                        for i, p in enumerate(fleet.proxies) for c in range(clients_per_proxy)]

    def run(self, port, seed):
        pick, connection = random.Random(seed), None
        while not self.stop.is_set():
            record = pick.randrange(self.records)
            try:
                connection = connection or Connection(port, timeout=20)
                began = time.monotonic()
                kind, text = connection.call([b"INCR", b"user:%d" % record])
                took = time.monotonic() - began
            except (OSError, Closed):
                connection = None
                with self.lock:
                    self.unknown[record] += 1
                continue
            with self.lock:
                self.slowest = max(self.slowest, took)
                if kind == ":":
                    self.acknowledged[record] += 1
                elif text.startswith((b"KSUPSTREAM", b"KSBUSY", b"KSCONTROL")):
                    self.unknown[record] += text.startswith(b"KSUPSTREAM")
                    self.errors.append(text)
                else:
                    self.errors.append(text)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join(30)

    def check(self):
        """Each record is in one place and has every acknowledged INCR, and at most those besides whose end is unknown."""
        assert sum(self.acknowledged) > 100, f"too little load: {sum(self.acknowledged)}"
        for record in range(self.records):
            names = [b"user:%d" % record, b"{user:%d}:profile" % record]
            there = [text for _, text in (self.fleet.server.call([b"GET", name]) for name in names) if text is not None]
            assert len(there) <= 1, f"record {record} is in two places: {there}"
            value, least = int(there[0]) if there else 0, self.acknowledged[record]
            assert least <= value <= least + self.unknown[record], \
                f"record {record} is {value}, acknowledged {least}, unknown {self.unknown[record]}"
