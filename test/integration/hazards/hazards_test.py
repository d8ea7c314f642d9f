#!/usr/bin/env python3
"""Hazards of docs/hazards.md that only show with a real server and the real proxy: each test provokes one and looks at what
the server holds afterwards, under both names.

  hazards_test.py PATH_OF_KEYSHIFT [NAME...]
"""
import os
import signal
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "differential"))
from servers import Processes  # noqa: E402
from wire import Closed, Connection  # noqa: E402

OLD, NEW = b"user:%d", b"{user:%d}:profile"


class World:
    """A redis-server, and proxies in front of it."""

    def __init__(self, keyshift, mode="to-new"):
        self.processes, self.keyshift, self.mode = Processes(), keyshift, mode
        try:
            self.port = self.processes.redis("redis-server", "server")
            self.redis = self.processes.running[0]
            self.server = Connection(self.port)
            self.app_port, self.proxy = self.start_proxy()
        except Exception:
            self.processes.stop()
            raise

    def start_proxy(self):
        return self.processes.proxy(self.keyshift, self.port, os.path.join(HERE, "migration.yaml"), self.mode, "old")

    def app(self):
        return Connection(self.app_port)

    def at(self, *words):
        return self.server.call([w if isinstance(w, bytes) else str(w).encode() for w in words])

    def names(self, number):
        """Which of both names of a record exist at the server."""
        return (self.at("EXISTS", OLD % number)[1], self.at("EXISTS", NEW % number)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.processes.stop()


def words(text):
    return text.split()


def equal(found, wanted):
    assert found == wanted, f"{found!r} and should be {wanted!r}"


def test_what_empties_a_record_takes_a_leftover_along(keyshift):
    """H-MOVE-01, H-MOVE-02: both names exist, the app deletes; nothing may come back from the old name."""
    deleting = [([b"SET", b"%b", b"old"], b"DEL user:%d"), ([b"SET", b"%b", b"old"], b"GETDEL user:%d"),
                ([b"SET", b"%b", b"old"], b"EXPIRE user:%d 0"), ([b"SET", b"%b", b"old"], b"SET user:%d v PXAT 1"),
                ([b"RPUSH", b"%b", b"old"], b"LPOP user:%d"), ([b"SADD", b"%b", b"old"], b"SREM user:%d old"),
                ([b"HSET", b"%b", b"f", b"old"], b"HDEL user:%d f"), ([b"ZADD", b"%b", b"1", b"old"], b"ZPOPMIN user:%d"),
                ([b"SET", b"%b", b"old"], b"RENAME user:%d plain"), ([b"SET", b"%b", b"old"], b"EVAL redis.call('DEL',KEYS[1]) 1 user:%d")]
    with World(keyshift) as w:
        app = w.app()
        for number, (create, delete) in enumerate(deleting):
            for name in (OLD, NEW):
                w.at(*[name % number if word == b"%b" else word for word in create])
            reply = app.call(words(delete % number))
            assert reply[0] != "-", f"{delete} answered {reply}"
            equal(w.names(number), (b"0", b"0"))
            equal(app.call([b"EXISTS", OLD % number]), (":", b"0"))
        kept = sorted(k for _, k in w.at("KEYS", "keyshift:quarantine:*")[1])
        equal(len(kept), len(deleting))
        equal(sorted(k for _, k in w.at("SMEMBERS", "keyshift:quarantined:{}:hazards")[1]), kept)


def test_a_command_that_fails_after_its_move_leaves_the_record(keyshift):
    """H-REDIS-01: EXEC goes on behind a failing command."""
    with World(keyshift) as w:
        w.at("SET", OLD % 1, "text", "EX", "5000")
        reply = w.app().call([b"LPUSH", OLD % 1, b"x"])
        assert reply[1].startswith(b"WRONGTYPE"), reply
        equal(w.names(1), (b"0", b"1"))
        equal(w.at("GET", NEW % 1), ("$", b"text"))
        assert 0 < int(w.at("TTL", NEW % 1)[1]) <= 5000


def test_a_user_without_multi_cannot_split_a_write_from_its_move(keyshift):
    """H-REDIS-02: MULTI is refused; what was to be inside must not run by itself."""
    with World(keyshift) as w:
        w.at("ACL", "SETUSER", "app", "on", ">secret", "~*", "&*", "+@all", "-multi")
        app = w.app()
        equal(app.call([b"AUTH", b"app", b"secret"]), ("+", b"OK"))
        for number in range(20):
            w.at("SET", OLD % number, "old")
        for number in range(20):
            reply = app.call([b"APPEND", OLD % number, b"+"])
            served = reply[0] == ":"
            old, new = w.names(number)
            assert (old, new) in ((b"1", b"0"), (b"0", b"1")), f"names {old} {new} after {reply}"
            value = w.at("GET", (OLD if old == b"1" else NEW) % number)[1]
            equal(value, b"old+" if served else b"old")


def test_while_the_server_refuses_writes_reads_go_on_and_nothing_is_lost(keyshift):
    """H-REDIS-03: too few replicas, so every move is refused; a record is read where it is."""
    with World(keyshift) as w:
        app = w.app()
        w.at("SET", OLD % 1, "at-old")
        w.at("SET", NEW % 2, "at-new")
        w.at("CONFIG", "SET", "min-replicas-to-write", "1")
        equal(app.call([b"GET", OLD % 1]), ("$", b"at-old"))
        equal(app.call([b"GET", OLD % 2]), ("$", b"at-new"))
        equal(app.call([b"MGET", OLD % 1, OLD % 2, OLD % 3]), ("*", [("$", b"at-old"), ("$", b"at-new"), ("$", None)]))
        reply = app.call([b"SET", OLD % 1, b"x"])
        assert reply[1].startswith(b"NOREPLICAS"), reply
        equal(w.names(1), (b"1", b"0"))
        w.at("CONFIG", "SET", "min-replicas-to-write", "0")
        equal(app.call([b"SET", OLD % 1, b"x"]), ("+", b"OK"))
        equal(w.names(1), (b"0", b"1"))


def test_a_lost_server_is_told_of_once_for_each_command(keyshift):
    """H-MOVE-07, H-RUN-03: the outcome is unknown: said so, once for each command, in time; nothing is sent again."""
    with World(keyshift) as w:
        app = w.app()
        equal(app.call([b"SET", b"plain", b"1"]), ("+", b"OK"))
        w.redis.send_signal(signal.SIGSTOP)
        app.send(*[[b"INCR", OLD % 1]] * 100)
        time.sleep(0.3)
        w.redis.kill()
        for _ in range(100):
            kind, text = app.read()
            assert kind == "-" and text.startswith(b"KSUPSTREAM"), text
        kind, text = app.call([b"GET", b"plain"])
        assert kind == "-" and text.startswith(b"KSUPSTREAM"), text


def test_two_proxies_touch_the_same_records_at_once(keyshift):
    """H-MOVE-05, H-MOVE-08, H-MOVE-22: increments through both, no one lost, none twice, one name."""
    with World(keyshift) as w:
        other, _ = w.start_proxy()
        for number in range(300):
            w.at("SET", OLD % number, "10")
        apps = [Connection(port) for port in (w.app_port, other) * 2]
        threads = [threading.Thread(target=app.pipeline, args=([[b"INCR", OLD % n] for n in range(300)], 10)) for app in apps]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for number in range(300):
            equal((w.names(number), w.at("GET", NEW % number)[1]), ((b"0", b"1"), b"14"))


def test_reserved_names_are_refused_to_apps(keyshift):
    """H-RUN-18, H-MOVE-25."""
    with World(keyshift) as w:
        app = w.app()
        w.at("SET", "keyshift:mine", "v")
        for request in (b"SET keyshift:x v", b"GET keyshift:mine", b"MGET plain keyshift:mine", b"RENAME plain keyshift:y"):
            reply = app.call(words(request))
            assert reply[0] == "-" and b"reserved" in reply[1], reply
        equal(w.at("EXISTS", "keyshift:x"), (":", b"0"))


def test_sigterm_lets_what_is_in_flight_end(keyshift):
    """H-K8S-08: the reply that is on its way arrives; then the connection closes and the process ends well."""
    with World(keyshift) as w:
        app = w.app()
        w.at("SET", OLD % 1, "10")
        sleeper = Connection(w.port)
        sleeper.send([b"DEBUG", b"SLEEP", b"0.6"])
        time.sleep(0.1)
        app.send([b"INCR", OLD % 1])
        time.sleep(0.1)
        w.proxy.terminate()
        equal(app.read(), (":", b"11"))
        try:
            app.read()
            assert False, "the connection did not close"
        except Closed:
            pass
        equal(w.proxy.wait(5), 0)


def main():
    keyshift, names = sys.argv[1], sys.argv[2:]
    passed = failed = 0
    for name, test in list(globals().items()):
        if not name.startswith("test_") or (names and name not in names):
            continue
        begun = time.monotonic()
        try:
            test(os.path.abspath(keyshift))
            verdict = "ok"
            passed += 1
        except Exception as problem:  # one that breaks must not hide the others
            verdict = f"FAILED: {type(problem).__name__}: {problem}"
            failed += 1
        print(f"{time.monotonic() - begun:6.1f} s  {name[5:].replace('_', ' ')}: {verdict}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
