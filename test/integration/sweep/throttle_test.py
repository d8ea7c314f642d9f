#!/usr/bin/env python3
"""What the sweep says of itself, and every signal that slows it, moved with real servers: the rate falls, status and
metrics name the reason, and it comes back. The program is `keyshift proxy`; what it says is read where people and Prometheus read it.

Usage: throttle_test.py KEYSHIFT SLOW_FDATASYNC_LIBRARY [name of a test ...]; standard library only."""
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

from redis_server import Client, Redis, fill

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "support"))
from ports import free_port  # noqa: E402

KEYSHIFT, SLOW_DISK = sys.argv[1], sys.argv[2]
LIMIT = 2000  # keys per second
FILE = """apiVersion: keyshift.io/v1alpha1
kind: Migration
metadata: {name: throttled}
spec:
  from: {schema: shop, version: 1.0.0}
  to:   {schema: shop, version: 2.0.0}
  source: {url: "redis://127.0.0.1:%d/0"}
  rules:
    - name: profile
      from: {key: "user:<id:int>"}
      to:   {key: "{user:<id>}:profile"}
  sweep: {max_keys_per_second: %d, max_server_latency_ms: %d}
"""


class Sweeper:
    """A sidecar that sweeps: nobody connects to it but for its status and metrics."""

    def __init__(self, redis, limit=LIMIT, latency_ms=1000):
        self.folder = tempfile.TemporaryDirectory()
        path = os.path.join(self.folder.name, "migration.yaml")
        with open(path, "w") as file:
            file.write(FILE % (redis.port, limit, latency_ms))
        self.admin = free_port()
        self.process = subprocess.Popen(
            [KEYSHIFT, "proxy", "--listen", f"127.0.0.1:{free_port()}", "--admin", f"127.0.0.1:{self.admin}", "--health", "off",
             "--migration", path, "--mode", "to-new", "--log-level", "error"], stdin=subprocess.DEVNULL)

    def __enter__(self):
        self.until(lambda sweep: sweep["moved"] > 0)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.admin, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def status(self):
        return json.loads(self.get("/status"))["sweep"]

    def throttled(self, reason):
        """Seconds of keyshift_sweep_throttled_seconds_total."""
        found = re.search(r'^keyshift_sweep_throttled_seconds_total\{.*reason="%s".*\} (\S+)$' % reason, self.get("/metrics"), re.M)
        return float(found[1]) if found else 0.0

    def metric(self, name):
        """The value of a metric that has one sample."""
        return float(re.search(r"^%s(?:\{.*\})? (\S+)$" % name, self.get("/metrics"), re.M)[1])

    def until(self, condition, limit=30):
        end, last = time.monotonic() + limit, None
        while time.monotonic() < end:
            try:
                last = self.status()
                if condition(last):
                    return last
            except OSError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"did not happen in {limit} s; last: {last}")

    def rate(self, seconds=1.5):
        """Keys moved per second from now on."""
        begun, moved = time.monotonic(), self.status()["moved"]
        time.sleep(seconds)
        return (self.status()["moved"] - moved) / (time.monotonic() - begun)


def moves_and_recovers(sweeper, reason, begin, end, slowed):
    """`begin` and `end` switch the signal; `slowed` says what of a status shows that the sweep has felt it."""
    sweeper.until(lambda sweep: sweep["allowed_keys_per_second"] == LIMIT)
    before, waited = sweeper.rate(), sweeper.throttled(reason)
    assert before > 0.8 * LIMIT, f"{before:.0f} keys/s before anything is wrong"
    begin()
    shown = sweeper.until(lambda sweep: sweep["waits"] == reason and slowed(sweep))
    assert shown["why"], shown
    during = sweeper.rate()
    assert during < before / 2, f"{during:.0f} keys/s under {reason}, {before:.0f} before"
    sweeper.until(lambda sweep: sweep["throttled_seconds"][reason] > 0)
    assert sweeper.throttled(reason) > waited, "the metric did not grow"
    end()
    sweeper.until(lambda sweep: sweep["allowed_keys_per_second"] == LIMIT and sweep["waits"] in ("none", "rate"))
    after = sweeper.rate()
    assert after > 0.8 * LIMIT, f"{after:.0f} keys/s when {reason} is over"


def half(sweep):
    return sweep["allowed_keys_per_second"] < LIMIT / 2


def test_the_limit_of_keys_per_second_is_kept_and_named():
    """The limit stands in the file, so it moves from one sweeper to the next, over the same records."""
    rates = []
    with Redis() as redis:
        fill(redis, 100_000)
        for limit in (6 * LIMIT, LIMIT, 6 * LIMIT):
            with Sweeper(redis, limit) as sweeper:
                sweeper.until(lambda sweep: sweep["waits"] == "rate")
                rates.append(sweeper.rate())
                assert abs(rates[-1] - limit) < 0.2 * limit, (limit, rates)
                assert sweeper.throttled("rate") > 0, "the metric did not grow"
                sweeper.process.terminate()
                sweeper.process.wait(15)
    assert rates[1] < rates[0] / 2 and rates[2] > rates[1] * 2, rates


def test_a_server_that_answers_late_slows_the_sweep():
    with Redis() as redis:
        fill(redis, 100_000)
        stop = threading.Event()

        def hog():
            client = Client(redis.port)
            while not stop.is_set():
                client("DEBUG", "SLEEP", "0.02")

        thread = threading.Thread(target=hog)
        with Sweeper(redis, latency_ms=2) as sweeper:
            try:
                moves_and_recovers(sweeper, "latency", thread.start, lambda: (stop.set(), thread.join()), half)
            finally:
                stop.set()


def test_a_replica_that_falls_behind_slows_the_sweep():
    """The replica is stopped, and what is written meanwhile is what it is behind."""
    with Redis() as redis, Redis("--replicaof", "127.0.0.1", str(redis.port)) as replica:
        fill(redis, 100_000)
        end = time.monotonic() + 20
        while b"state=online" not in redis("INFO", "replication"):
            assert time.monotonic() < end, "the replica does not attach"
            time.sleep(0.1)

        def fall_behind():
            replica.process.send_signal(signal.SIGSTOP)
            for _ in range(20):
                redis("SET", "ballast", b"x" * (1 << 20))

        with Sweeper(redis) as sweeper:
            try:
                moves_and_recovers(sweeper, "replica-lag", fall_behind, lambda: replica.process.send_signal(signal.SIGCONT), half)
            finally:
                replica.process.send_signal(signal.SIGCONT)


def test_a_disk_that_delays_the_append_only_file_slows_the_sweep():
    with tempfile.TemporaryDirectory() as folder:
        flag = os.path.join(folder, "slow")
        with Redis("--appendonly", "yes", "--appendfsync", "everysec",
                   environment={"LD_PRELOAD": SLOW_DISK, "SLOW_DISK": flag}) as redis:
            fill(redis, 100_000)
            with Sweeper(redis) as sweeper:
                moves_and_recovers(sweeper, "aof-fsync", lambda: open(flag, "w").close(), lambda: os.remove(flag), half)
                assert int(re.search(rb"aof_delayed_fsync:(\d+)", redis("INFO", "persistence"))[1]) > 0


def test_without_its_probe_the_sweep_stands_still():
    """The server and the connection that moves records are well; the one that measures is cut off and not let in again."""
    with Redis() as redis:
        fill(redis, 100_000)

        def cut_off():
            clients = [dict(part.split("=", 1) for part in line.split(" ") if "=" in part)
                       for line in redis("CLIENT", "LIST").decode().splitlines()]
            [probe] = [c["id"] for c in clients if c["cmd"] in ("ping", "info", "exec", "set", "get") and c["name"]]
            redis("CONFIG", "SET", "maxclients", len(clients) - 1)
            assert redis("CLIENT", "KILL", "ID", probe) == 1

        with Sweeper(redis) as sweeper:
            moves_and_recovers(sweeper, "signal-lost", cut_off, lambda: redis("CONFIG", "SET", "maxclients", 10_000), lambda _: True)


def test_a_server_that_hangs_is_named_while_it_hangs():
    """Then nothing at all is answered, also not to the connection that moves records, which waits for its replies."""
    with Redis() as redis:
        fill(redis, 100_000)
        with Sweeper(redis) as sweeper:
            before = sweeper.rate()
            redis.process.send_signal(signal.SIGSTOP)
            try:
                sweeper.until(lambda sweep: sweep["waits"] == "signal-lost", limit=6)
                during = sweeper.rate()
                assert during == 0, f"{during:.0f} keys/s of a server that does not answer"
                sweeper.until(lambda sweep: sweep["waits"] == "unreachable" and sweep["throttled_seconds"]["unreachable"] > 0)
                assert sweeper.throttled("unreachable") > 0, "the metric did not grow"
            finally:
                redis.process.send_signal(signal.SIGCONT)
            sweeper.until(lambda sweep: sweep["waits"] in ("none", "rate") and sweep["allowed_keys_per_second"] == LIMIT)
            after = sweeper.rate()
            assert before > 0.8 * LIMIT and after > 0.8 * LIMIT, (before, after)


def test_what_remains_and_how_far_the_sweep_is_behind_are_told():
    with Redis() as redis:
        fill(redis, 8_000)
        with Sweeper(redis) as sweeper:
            half_way = sweeper.until(lambda sweep: 0.4 < sweep["pass_estimate"] < 0.9)
            remains = sweeper.metric("keyshift_records_remaining")
            assert abs(remains - (8_000 - half_way["moved"])) < 1_500, (remains, half_way)
            sweeper.until(lambda sweep: sweep["clean_pass"])
            assert sweeper.metric("keyshift_records_remaining") == 0
            behind = sweeper.metric("keyshift_sweep_lag_seconds")
            time.sleep(1)
            assert 0 < behind < 5 and 0.8 < sweeper.metric("keyshift_sweep_lag_seconds") - behind < 3, behind


def main():
    names = sys.argv[3:]
    passed = failed = 0
    for name, test in list(globals().items()):
        if not name.startswith("test_") or (names and name not in names):
            continue
        begun = time.monotonic()
        try:
            test()
            verdict, passed = "ok", passed + 1
        except Exception as problem:  # a test that breaks must not hide the others
            failed += 1
            verdict = f"FAILED: {type(problem).__name__}: {problem}"
        print(f"{time.monotonic() - begun:6.1f} s  {name[5:].replace('_', ' ')}: {verdict}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
