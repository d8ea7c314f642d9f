#!/usr/bin/env python3
"""`keyshift verify` against a redis-server: what it counts, what it finds, what it leaves alone.

usage: verify_test.py KEYSHIFT
"""
import json
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "admin"))
from processes import World, connects, free_port, redis_call, run_all, until  # noqa: E402


def same(got, wanted):
    assert got == wanted, f"{got!r} is not {wanted!r}"


def verify(world, *more):
    result = world.run("verify", "--migration", world.migration, "--json", *more)
    return result.returncode, json.loads(result.stdout) if result.stdout else result.stderr


def clear(world, *keys):
    redis_call(world.redis_port, "FLUSHALL")
    for key in keys:
        redis_call(world.redis_port, "SET", key, "v")


def test_a_store_whose_records_have_moved_is_clean(world):
    clear(world, "{user:1}:profile", "{user:2}:profile", "plain")
    code, report = verify(world)
    same((code, report["clean"], report["scanned"], report["differences"]), (0, True, 3, []))
    same(report["rules"], [{"rule": "profile", "in_place": 2, "left_behind": 0, "checked": 2, "quarantined": 0}])
    same(redis_call(world.redis_port, "DBSIZE"), b":3\r\n")
    text = world.run("verify", "--migration", world.migration)
    assert text.returncode == 0 and text.stdout.endswith("\nclean\n"), text.stdout


def test_what_stays_wrong_is_listed_with_its_kind(world):
    clear(world, "{user:1}:profile", "user:2", "user:3", "{user:3}:profile")
    code, report = verify(world)
    same((code, report["stable"]), (1, 2))
    same(sorted((d["kind"], d["rule"]) for d in report["differences"]), [("both-names", "profile"), ("left-behind", "profile")])
    assert {"kind": "left-behind", "rule": "profile", "key": "user:2", "detail": ""} in report["differences"]
    code, report = verify(world, "--mode", "old")
    same((code, report["stable"]), (1, 2))


def test_records_that_move_meanwhile_are_no_differences(world):
    clear(world, *[f"user:{i}" for i in range(300)])
    looked = threading.Event()

    def move_after_the_first_look():
        # The scan is over once verify has asked for types and waits.
        until(lambda: b"cmdstat_type" in redis_call(world.redis_port, "INFO", "commandstats"), what="the first look")
        for i in range(300):
            redis_call(world.redis_port, "RENAMENX", f"user:{i}", "{user:%d}:profile" % i)
        looked.set()

    redis_call(world.redis_port, "CONFIG", "RESETSTAT")
    mover = threading.Thread(target=move_after_the_first_look)
    mover.start()
    code, report = verify(world)
    mover.join()
    assert looked.is_set()
    same((code, report["clean"], report["stable"]), (0, True, 0))
    assert report["moving"] > 0, report


def test_the_quarantine_of_the_run_is_counted(world):
    clear(world, "{user:1}:profile", "keyshift:quarantine:{a}:users-v2:user:1", "keyshift:quarantine:{a}:other:user:1")
    code, report = verify(world)
    same((code, report["rules"][0]["quarantined"]), (0, 1))


def test_a_sample_checks_fewer_records(world):
    clear(world, *["{user:%d}:profile" % i for i in range(100)])
    code, report = verify(world, "--sample", "10")
    same((code, report["rules"][0]["in_place"], report["rules"][0]["checked"]), (0, 100, 10))
    same(verify(world, "--sample", "0")[0], 2)
    same(verify(world, "--mode", "sideways")[0], 2)


def test_only_the_database_of_the_rules_is_looked_at(world):
    clear(world, "{user:1}:profile")
    redis_call(world.redis_port, "SWAPDB", "0", "3")
    redis_call(world.redis_port, "SET", "user:9", "v")
    with open(world.migration) as text:
        elsewhere = world.file("elsewhere.yaml", text.read().replace("/0\"", "/3\""))
    result = world.run("verify", "--migration", elsewhere, "--json", "--upstream", f"redis://127.0.0.1:{world.redis_port}")
    same((result.returncode, json.loads(result.stdout)["scanned"]), (0, 1))


def test_a_replica_proves_nothing(world):
    clear(world)
    port = free_port()
    replica = world.spawn(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--replicaof",
                           f"127.0.0.1 {world.redis_port}"], "replica")
    try:
        until(lambda: connects(port), what="the replica")
        code, why = verify(world, "--upstream", f"redis://127.0.0.1:{port}")
        assert code == 1 and "no primary" in why, why
    finally:
        replica.kill()
        replica.wait()
    code, why = verify(world, "--upstream", f"redis://127.0.0.1:{free_port()}")
    same(code, 1)



sys.exit(run_all(globals(), World(os.path.abspath(sys.argv[1]))))
