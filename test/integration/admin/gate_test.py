#!/usr/bin/env python3
"""What `keyshift proxy` and `keyshift sweep` ask of the store before they use rules and a mode that were given by hand, and
what they leave in it.

usage: gate_test.py KEYSHIFT
"""
import os
import re
import signal
import sys

from processes import MIGRATION, World, connects, free_port, redis_call, run_all, until

RECORD, STORE_ID = "keyshift:control:{}:record", "keyshift:store:{}:id"
TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")


def same(got, wanted):
    assert got == wanted, f"{got!r} is not {wanted!r}"


class Other:
    """A second redis-server, for the time of a test."""

    def __init__(self, world, *options):
        self.port = free_port()
        self.process = world.spawn(["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", *options], "other")
        until(lambda: connects(self.port), what="the other redis-server")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def arguments(world, command, upstream, migration, *more):
    out = [command, "--upstream", upstream, "--mode", "to-new", *(["--migration", migration] if migration else []), *more]
    return out + (["--listen", str(free_port()), "--admin", "off", "--health", "off"] if command == "proxy" else [])


def refused(result, *parts):
    same((result.returncode, result.stdout), (3, ""))
    for part in parts:
        assert part in result.stderr, result.stderr


def started(world, name, migration, *more, port=None):
    """A proxy that is up, and what it has logged by then."""
    listen = free_port()
    process = world.spawn([world.program, "proxy", "--listen", str(listen), "--admin", "off", "--health", "off", "--upstream",
                           f"redis://127.0.0.1:{port or world.redis_port}", "--migration", migration, *more], name)
    until(lambda: process.poll() is not None or connects(listen), what="the proxy")
    process.listen = listen
    return process, world.log(name)


def test_a_mode_by_hand_is_refused_where_a_control_record_is(world):
    with Other(world) as redis:
        url = f"redis://127.0.0.1:{redis.port}"
        redis_call(redis.port, "HSET", RECORD, "cur", "1")
        migration = world.file("here.yaml", MIGRATION % redis.port)
        for command in ("proxy", "sweep"):
            refused(world.run(*arguments(world, command, url, migration)), RECORD, url, "delete that key", "mode given by hand")
        refused(world.run("proxy", "--upstream", url, "--mode", "old", "--listen", "0", "--admin", "off", "--health", "off"), RECORD)
        same(redis_call(redis.port, "DBSIZE"), b":1\r\n")
        redis_call(redis.port, "DEL", RECORD)
        same(world.run(*arguments(world, "sweep", url, migration)).returncode, 0)


def test_a_proxy_without_rules_and_mode_asks_nothing(world):
    with Other(world) as redis:
        redis_call(redis.port, "HSET", RECORD, "cur", "1")
        listen = free_port()
        process = world.spawn([world.program, "proxy", "--listen", str(listen), "--admin", "off", "--health", "off", "--upstream",
                               f"redis://127.0.0.1:{redis.port}"], "plain")
        until(lambda: connects(listen), what="the proxy")
        same(redis_call(listen, "SET", "a", "b"), b"+OK\r\n")
        same(redis_call(redis.port, "DBSIZE"), b":2\r\n")
        process.terminate()
        same(process.wait(15), 0)


def test_a_record_that_could_not_be_seen_at_the_start_is_seen_as_soon_as_it_can(world):
    port = free_port()
    migration = world.file("later.yaml", MIGRATION % port)
    server = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", world.folder, "--dbfilename", "gate.rdb"]
    redis = world.spawn(server, "early-redis")
    until(lambda: connects(port), what="redis-server")
    redis_call(port, "HSET", RECORD, "cur", "1")
    same(redis_call(port, "SAVE"), b"+OK\r\n")
    redis.kill()
    redis.wait()
    process, log = started(world, "later", migration, "--mode", "to-new", port=port)
    assert process.poll() is None and "not known yet" in log, log
    sweep = world.spawn([world.program, "sweep", "--migration", migration, "--mode", "to-new"], "later-sweep")
    until(lambda: "not known yet" in world.log("later-sweep"), what="the sweep")
    redis = world.spawn(server, "late-redis")
    try:
        same((process.wait(15), sweep.wait(15)), (3, 3))
        assert RECORD in world.log("later") and RECORD in world.log("later-sweep")
        same(redis_call(port, "DBSIZE"), b":1\r\n")
    finally:
        redis.kill()
        redis.wait()


def test_a_source_that_is_another_store_is_refused(world):
    with Other(world) as there, Other(world) as here:
        migration = world.file("there.yaml", MIGRATION % there.port)
        upstream = f"redis://127.0.0.1:{here.port}"
        for command in ("proxy", "sweep"):
            refused(world.run(*arguments(world, command, upstream, migration)), "another store", f"127.0.0.1:{there.port}", upstream,
                    "spec.source.url", "there.yaml")
        same(redis_call(there.port, "DBSIZE"), b":0\r\n")
        # Each with an id of its own: the same.
        redis_call(there.port, "SET", STORE_ID, "f" * 32)
        refused(world.run(*arguments(world, "sweep", upstream, migration)), "another store")


def test_the_same_store_by_another_address_is_welcome(world):
    path = os.path.join(world.folder, "r.sock")
    with Other(world, "--unixsocket", path) as redis:
        migration = world.file("same.yaml", MIGRATION % redis.port)
        same(world.run(*arguments(world, "sweep", "unix://" + path, migration)).returncode, 0)
        found = redis_call(redis.port, "GET", STORE_ID)
        assert re.fullmatch(rb"\$32\r\n[0-9a-f]{32}\r\n", found), found
        same(world.run(*arguments(world, "sweep", f"redis://localhost:{redis.port}", migration)).returncode, 0)
        same(redis_call(redis.port, "GET", STORE_ID), found)


def test_the_store_of_a_replica_is_that_of_its_primary(world):
    with Other(world) as primary, Other(world, "--replicaof", "127.0.0.1", str(primary.port)) as replica:
        until(lambda: b"master_link_status:up" in redis_call(replica.port, "INFO", "replication"), what="the replica")
        migration = world.file("replica.yaml", MIGRATION % replica.port)
        same(world.run(*arguments(world, "sweep", f"redis://127.0.0.1:{primary.port}", migration)).returncode, 0)


def test_the_same_address_leaves_no_id(world):
    with Other(world) as redis:
        migration = world.file("plain.yaml", MIGRATION % redis.port)
        same(world.run(*arguments(world, "sweep", f"redis://127.0.0.1:{redis.port}", migration)).returncode, 0)
        same(redis_call(redis.port, "DBSIZE"), b":0\r\n")


def test_what_cannot_be_asked_is_said_and_no_reason_to_stay_away(world):
    with Other(world) as redis:
        migration = world.file("nobody.yaml", MIGRATION % free_port())
        process, log = started(world, "doubt", migration, "--mode", "to-new", "--sweep", "off", port=redis.port)
        assert process.poll() is None and "whether the source of the migration" in log, log
        process.terminate()
        same(process.wait(15), 0)
        same(redis_call(redis.port, "DBSIZE"), b":0\r\n")
        redis_call(redis.port, "ACL", "SETUSER", "default", "resetkeys", "~user:*", "~{user:*")
        process, log = started(world, "denied", migration, "--mode", "to-new", "--sweep", "off", port=redis.port)
        assert process.poll() is None and "has a control record: it answered NOPERM" in log, log
        process.terminate()
        same(process.wait(15), 0)


def test_every_key_that_is_left_is_in_the_list(world):
    """docs/formats.md has its name, type and database, and whether it expires."""
    with open(os.path.join(TOP, "docs", "formats.md")) as page:
        rows = re.findall(r"^\| name \| `([^`]+)`.*?^\| database \| (.*?) \|$.*?^\| type \| (.*?) \|$.*?^\| expires \| (.*?) \|$",
                          page.read(), re.M | re.S)
    with Other(world) as redis:
        migration = world.file("left.yaml", (MIGRATION % redis.port).replace("127.0.0.1", "localhost") + "  sweep: {max_keys_per_second: 40}\n")
        for i in range(100):
            redis_call(redis.port, "SET", f"user:{i}", "v")
        redis_call(redis.port, "SET", "{user:7}:profile", "the winner")
        process, _ = started(world, "left", migration, "--mode", "to-new", port=redis.port)
        until(lambda: redis_call(redis.port, "EXISTS", "keyshift:sweep:{}:users-v2") == b":1\r\n", what="a checkpoint")
        until(lambda: redis_call(redis.port, "EXISTS", "user:7") == b":0\r\n", what="the conflict")
        keys = re.findall(rb"keyshift:[^\r]+", redis_call(redis.port, "KEYS", "keyshift:*"))
        seen = set()
        for key in map(bytes.decode, keys):
            fits = [row for row in rows if re.fullmatch(re.sub(r"<[a-z]+>", ".+", re.escape(row[0]).replace(r"\<", "<").replace(r"\>", ">")), key)]
            same((key, len(fits)), (key, 1))
            name, database, kind, expires = fits[0]
            seen.add(name)
            if database == "0":
                same((key, redis_call(redis.port, "TYPE", key)), (key, f"+{kind}\r\n".encode()))
                same((key, redis_call(redis.port, "TTL", key) == b":-1\r\n"), (key, expires == "never"))
        assert len(seen) >= 5, seen
        assert redis_call(redis.port, "DBSIZE") > b":100\r\n"
        same(redis_call(process.listen, "DBSIZE"), b":100\r\n")
        process.send_signal(signal.SIGTERM)
        same(process.wait(15), 0)
        same(redis_call(redis.port, "EXISTS", "keyshift:sweeper:{}:users-v2"), b":0\r\n")


sys.exit(run_all(globals(), World(sys.argv[1])))
