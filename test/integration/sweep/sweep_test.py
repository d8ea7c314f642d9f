#!/usr/bin/env python3
"""The sweep against real redis-servers: killed and resumed, conflicts, refusals, throttle, late records.

Usage: sweep_test.py SWEEP_ONCE [name of a test ...]; standard library only."""
import json
import random
import subprocess
import sys
import threading
import time

from redis_server import Client, Redis, fill

SWEEP = sys.argv[1]
RULES = ["profile|user:<id:int>|{user:<id>}:profile", "session|sess:<token>|session:v2:<token>"]


class Sweep:
    """The program under test; `lines` are its progress."""

    started = []

    def __init__(self, port, rate=0, latency_ms=0, conflict="keep-new", mode="to-new"):
        self.process = subprocess.Popen(
            [SWEEP, f"redis://127.0.0.1:{port}", mode, str(rate), str(latency_ms), conflict, *RULES],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        Sweep.started.append(self.process)
        self.lines = []
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            if line.endswith("}\n"):
                self.lines.append(json.loads(line))

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()

    def end(self, limit=60):
        code = self.process.wait(limit)
        self.reader.join()
        return code, self.lines[-1]

    def until(self, condition, limit=20):
        """The first line of progress from now on that fits."""
        begun, seen = time.monotonic(), len(self.lines)
        while time.monotonic() - begun < limit:
            for line in self.lines[seen:]:
                if condition(line):
                    return line
            seen = max(seen, len(self.lines) - 1)
            time.sleep(0.02)
        raise AssertionError(f"did not happen in {limit} s; last: {self.lines[-1:]}")


def check_moved(redis, users, mode="to-new"):
    """Every record once, under its new name alone, with its value and its expiry."""
    assert redis("DBSIZE") == users, redis("DBSIZE")
    for at in range(0, users, 1000):
        ids = range(at, min(at + 1000, users))
        values = redis.client.pipeline([("GET", "{user:%d}:profile" % i) for i in ids])
        expiries = redis.client.pipeline([("PEXPIRETIME", "{user:%d}:profile" % i) for i in ids])
        for i, value, expiry in zip(ids, values, expiries):
            assert value == b"v%d" % i, (i, value)
            assert expiry == (4_000_000_000_000 + i if i % 3 == 0 else -1), (i, expiry)


def test_killed_ten_times_and_resumed_every_record_is_there_once(users=200_000):
    with Redis() as redis:
        fill(redis, users)
        for _ in range(10):
            sweep = Sweep(redis.port, rate=60_000)
            time.sleep(random.uniform(0.15, 0.5))
            sweep.kill()
            redis("DEL", "keyshift:sweeper:{}:test-run")  # its key would expire after 15 s; another test waits for that
        sweep = Sweep(redis.port)
        code, last = sweep.end()
        assert code == 0 and last["clean_pass"] and last["state"] == "done", last
        check_moved(redis, users)


def test_a_killed_sweep_goes_on_at_its_checkpoint():
    with Redis() as redis:
        fill(redis, 100_000)
        sweep = Sweep(redis.port, rate=10_000)
        deadline = time.monotonic() + 20
        while redis("EXISTS", "keyshift:sweep:{}:test-run") == 0:
            assert time.monotonic() < deadline, "no checkpoint was written"
            time.sleep(0.05)
        sweep.kill()
        assert redis("GET", "keyshift:sweep:{}:test-run").startswith(b"keyshift-checkpoint 1\n")
        redis("DEL", "keyshift:sweeper:{}:test-run")
        _, last = Sweep(redis.port).end()
        assert last["clean_pass"] and last["pass"] >= 2, last
        check_moved(redis, 100_000)


def test_a_checkpoint_of_a_newer_program_is_refused():
    with Redis() as redis:
        fill(redis, 10)
        redis("SET", "keyshift:sweep:{}:test-run", "keyshift-checkpoint 9\n")
        code, last = Sweep(redis.port).end()
        assert code == 1 and last["state"] == "failed" and "version 9" in last["detail"], last
        assert redis("EXISTS", "user:1") == 1


def test_another_sweeper_waits_for_the_key_of_the_first():
    with Redis() as redis:
        fill(redis, 30_000)
        first = Sweep(redis.port, rate=5_000)
        first.until(lambda p: p["total"]["moved"] > 0)
        second = Sweep(redis.port)
        second.until(lambda p: p["state"] == "standby" and p["waits"] == "other-sweeper")
        first.process.stdin.write("stop\n")
        first.process.stdin.flush()
        assert first.end()[1]["state"] == "stopped"
        _, last = second.end()
        assert last["clean_pass"], last
        assert last["resumed_cursor"] != 0 or last["total"]["moved"] > 0
        check_moved(redis, 30_000)


def test_conflicts_are_settled_by_policy():
    for policy, winner in (("keep-new", b"newer"), ("keep-old", b"v7")):
        with Redis() as redis:
            fill(redis, 1000)
            redis("SET", "{user:7}:profile", "newer")
            code, last = Sweep(redis.port, conflict=policy).end()
            assert code == 0 and last["total"]["conflicts"] == 1 and last["total"]["quarantined"] == 1, last
            assert redis("GET", "{user:7}:profile") == winner
            [loser] = redis("KEYS", "keyshift:quarantine:*")
            assert redis("GET", loser) == (b"v7" if policy == "keep-new" else b"newer")
            assert last["total"]["moved"] == 999, last
            assert len(last["conflicts"]) == 1


def test_policy_stop_waits_for_a_person():
    with Redis() as redis:
        fill(redis, 1000)
        redis("SET", "{user:7}:profile", "newer")
        sweep = Sweep(redis.port, conflict="stop")
        line = sweep.until(lambda p: p["state"] == "paused" and p["waits"] == "conflict")
        assert "user:7" in line["detail"], line
        redis("DEL", "{user:7}:profile")
        code, last = sweep.end()
        assert code == 0 and last["total"]["moved"] == 1000, last


def test_refusals_pause_with_the_servers_words_and_pass():
    for setting, off, on in (("min-replicas-to-write", "0", "1"),):
        with Redis() as redis:
            fill(redis, 20_000)
            sweep = Sweep(redis.port, rate=10_000)
            sweep.until(lambda p: p["total"]["moved"] > 1000)
            redis("CONFIG", "SET", setting, on)
            line = sweep.until(lambda p: p["state"] == "paused" and p["waits"] == "refused")
            assert "NOREPLICAS" in line["detail"], line
            redis("CONFIG", "SET", setting, off)
            code, last = sweep.end()
            assert code == 0 and last["total"]["moved"] == 20_000 and last["total"]["failed"] > 0, last
            check_moved(redis, 20_000)


def test_a_server_that_becomes_a_replica_pauses_the_sweep():
    with Redis() as redis:
        fill(redis, 20_000)
        sweep = Sweep(redis.port, rate=10_000)
        sweep.until(lambda p: p["total"]["moved"] > 1000)
        redis("REPLICAOF", "127.0.0.1", "1")
        line = sweep.until(lambda p: p["waits"] == "refused")
        assert "READONLY" in line["detail"] or "replica" in line["detail"], line
        redis("REPLICAOF", "NO", "ONE")
        code, last = sweep.end()
        assert code == 0, last
        check_moved(redis, 20_000)


def test_a_full_server_does_not_stop_renames():
    """RENAMENX needs no memory of its own: Redis lets it through where SET answers OOM."""
    with Redis() as redis:
        fill(redis, 5_000)
        redis("CONFIG", "SET", "maxmemory", "1")
        assert redis("SET", "x", "y").startswith(b"OOM")
        code, last = Sweep(redis.port).end()
        assert code == 0, last
        redis("CONFIG", "SET", "maxmemory", "0")
        check_moved(redis, 5_000)


def test_a_restarted_server_begins_the_pass_again():
    with Redis("--appendonly", "yes") as redis:
        fill(redis, 20_000)
        sweep = Sweep(redis.port, rate=10_000)
        sweep.until(lambda p: p["total"]["moved"] > 2000)
        redis.process.terminate()
        redis.process.wait()
        sweep.until(lambda p: p["waits"] in ("unreachable", "refused"))
        redis.process = subprocess.Popen(
            ["redis-server", "--port", str(redis.port), "--bind", "127.0.0.1", "--save", "", "--dir", redis.directory.name,
             "--appendonly", "yes"], stdout=subprocess.DEVNULL)
        code, last = sweep.end()
        assert code == 0 and last["clean_pass"], last
        redis.client = Client(redis.port)
        check_moved(redis, 20_000)


def test_the_rate_is_kept():
    with Redis() as redis:
        fill(redis, 60_000)
        sweep = Sweep(redis.port, rate=5_000)
        first = sweep.until(lambda p: p["total"]["moved"] > 500)
        begun, moved = time.monotonic(), first["total"]["moved"]
        time.sleep(5)
        line = sweep.until(lambda p: True)
        rate = (line["total"]["moved"] - moved) / (time.monotonic() - begun)
        sweep.kill()
        assert line["waits"] == "rate", line
        assert 4_500 <= rate <= 5_500, rate


def test_a_slow_server_slows_the_sweep_and_it_recovers():
    with Redis() as redis:
        fill(redis, 200_000)
        sweep = Sweep(redis.port, rate=5_000, latency_ms=2)
        sweep.until(lambda p: p["total"]["moved"] > 500)
        stop = threading.Event()

        def hog():
            client = Client(redis.port)
            while not stop.is_set():
                client("DEBUG", "SLEEP", "0.02")

        thread = threading.Thread(target=hog)
        thread.start()
        sweep.until(lambda p: p["waits"] == "latency" and p["allowed"] < 2_500)
        stop.set()
        thread.join()
        line = sweep.until(lambda p: p["allowed"] == 5_000, limit=30)
        assert line["throttled"]["latency"] > 0, line  # counted when the wait is over, not in the line that tells of it
        sweep.kill()


def test_records_made_during_the_sweep_are_found_by_a_later_pass():
    with Redis() as redis:
        fill(redis, 30_000)
        sweep = Sweep(redis.port, rate=20_000)
        for at in range(30_000, 40_000, 100):
            fill(redis, 100, begin=at)
            time.sleep(0.012)
        code, last = sweep.end()
        assert code == 0 and last["clean_pass"] and last["pass"] >= 2, last
        late = [k for k in redis("KEYS", "user:*")]
        assert not late, late[:5]
        check_moved(redis, 40_000)


def test_a_clean_pass_is_on_the_replica_too():
    with Redis() as redis, Redis("--replicaof", "127.0.0.1", str(redis.port)) as replica:
        fill(redis, 20_000)
        deadline = time.monotonic() + 20
        while b"state=online" not in redis("INFO", "replication"):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        code, last = Sweep(redis.port).end()
        assert code == 0, last
        assert replica("EXISTS", "user:1") == 0 and replica("EXISTS", "{user:1}:profile") == 1


def test_there_and_back_leaves_what_was():
    with Redis() as redis:
        fill(redis, 10_000)
        assert Sweep(redis.port).end()[0] == 0
        assert Sweep(redis.port, mode="to-old").end()[0] == 0
        assert redis("DBSIZE") == 10_000
        assert redis("GET", "user:77") == b"v77"


def test_a_pause_by_hand():
    with Redis() as redis:
        fill(redis, 20_000)
        sweep = Sweep(redis.port, rate=10_000)
        sweep.until(lambda p: p["total"]["moved"] > 500)
        sweep.process.stdin.write("pause\n")
        sweep.process.stdin.flush()
        at = sweep.until(lambda p: p["waits"] == "paused" and p["state"] == "paused")["total"]["moved"]
        time.sleep(0.5)
        assert sweep.lines[-1]["total"]["moved"] <= at + 64
        sweep.process.stdin.write("resume\n")
        sweep.process.stdin.flush()
        assert sweep.end()[0] == 0


def main():
    names = sys.argv[2:]
    failed = 0
    for name, test in list(globals().items()):
        if not name.startswith("test_") or (names and name not in names):
            continue
        begun = time.monotonic()
        try:
            test()
            verdict = "ok"
        except Exception as problem:  # a test that breaks must not hide the others
            failed += 1
            verdict = f"FAILED: {type(problem).__name__}: {problem}"
        while Sweep.started:  # one that a failed test left behind would look for its server for ever, and this program with it
            Sweep.started.pop().kill()
        print(f"{time.monotonic() - begun:6.1f} s  {name[5:].replace('_', ' ')}: {verdict}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
