#!/usr/bin/env python3
"""Several migrations at one store, each in a phase of its own; a proxy that understands only one of them.

Usage: side_by_side_test.py KEYSHIFT [name of a test ...]; standard library only."""
import hashlib

from operator_test import Connection, main


def values(elements):
    return [value for _, value in elements]


def orders(world, **more):
    """A second migration, over other keys."""
    return world.file("orders-v2", change=lambda text: text.replace("user:", "order:").replace("profile", "bill"), **more)


def test_other_rules_under_the_same_name_and_runs_whose_keys_clash_are_refused(world):
    world.run("apply", world.file())
    other = world.file(change=lambda text: text.replace("}:profile", "}:p2"))
    assert "other rules" in world.run("apply", other, code=3)
    said = world.run("apply", world.file("people", change=lambda text: text.replace("{user:<id>}:profile", "person:<id>")), code=3)
    for word in ("people", "users-v2", "'users-v2/profile'", "'user:0'"):
        assert word in said, f"{word} is not in: {said}"
    assert [run["name"] for run in world.status()["runs"]] == ["users-v2"]


def test_two_runs_side_by_side_each_go_their_own_way(world):
    for number in range(200):
        world.server("SET", f"user:{number}", f"u{number}")
        world.server("SET", f"order:{number}", f"o{number}")
    world.run("apply", world.file())
    world.run("start")
    assert "phase observe" in world.run("apply", orders(world))
    assert values(world.at(world.ports[0], "MGET", "user:1", "order:1")) == [b"u1", b"o1"]
    assert world.keys("*order:*") == sorted(f"order:{n}".encode() for n in range(200)), "observe moves nothing"
    said = world.run("cutover", code=3)
    assert "which run" in said and "users-v2" in said and "orders-v2" in said, said
    world.run("start", "--run", "orders-v2")
    world.until("cutover", "--run", "orders-v2", "--force", "not-verified")
    assert "phase rollback" in world.run("rollback", "--run", "users-v2")
    assert world.at(world.ports[1], "MSET", "user:1", "changed", "order:1", "changed too") == b"OK"
    world.until("advance", "--run", "users-v2")
    phases = {run["name"]: run["phase"] for run in world.status()["runs"]}
    assert phases == {"users-v2": "observe", "orders-v2": "cutover"}, phases
    assert world.keys("{user:*") == [] and world.keys("order:*") == []
    assert values(world.server("MGET", "user:1", "{order:1}:bill")) == [b"changed", b"changed too"]
    for port in world.ports:
        assert values(world.at(port, "MGET", "user:2", "order:2")) == [b"u2", b"o2"]
        shown = values(world.at(port, "KEYS", "*"))
        assert len(shown) == len(set(shown)) == 400 and all(key.startswith((b"user:", b"order:")) for key in shown)
    assert "phase complete" in world.run("complete", "--run", "orders-v2")
    assert "done" in world.run("abort", "--run", "users-v2")
    assert [run["name"] for run in world.status()["runs"]] == ["orders-v2"]
    assert world.at(world.ports[0], "GET", "order:1") == b"changed too"


def test_a_run_in_another_database_goes_beside_one_whose_keys_are_called_the_same(world):
    world.server("SET", "user:1", "zero")
    world.run("apply", world.file())
    people = world.file("people", change=lambda text: text.replace("/0", "/3").replace("{user:<id>}:profile", "person:<id>"))
    assert "phase observe" in world.run("apply", people)
    world.run("start", "--run", "people")
    connection = Connection(world.ports[0])
    assert connection.call([b"SELECT", b"3"])[1] == b"OK"
    assert connection.call([b"SET", b"user:1", b"three"])[1] == b"OK"
    assert connection.call([b"SELECT", b"0"])[1] == b"OK"
    assert connection.call([b"GET", b"user:1"])[1] == b"zero"
    connection.close()
    direct = Connection(world.port)
    direct.call([b"SELECT", b"3"])
    assert direct.call([b"GET", b"person:1"])[1] == b"three"
    direct.close()


def test_beside_a_run_that_a_proxy_does_not_understand_the_other_is_served(world):
    world.server("SET", "user:1", "u1")
    world.server("SET", "order:1", "o1")
    world.run("apply", world.file())
    world.run("apply", orders(world))
    world.run("start", "--run", "users-v2")
    (spec,) = [name for name in world.keys("keyshift:spec:*") if b"order:" in world.server("GET", name.decode())]
    text = world.server("GET", spec.decode()).replace(b"keyshift-spec 1\n", b"keyshift-spec 2\n")
    known = spec.rsplit(b":", 1)[1]
    later = hashlib.sha256(text).hexdigest().encode()
    direct = Connection(world.port)
    direct.call([b"SET", spec.replace(known, later), text])
    (name,) = world.keys("keyshift:control:*")
    fields = values(direct.call([b"HGETALL", name])[1])
    for field, value in zip(fields[::2], fields[1::2]):
        direct.call([b"HSET", name, field, value.replace(known, later)])
    (key,) = world.keys("keyshift:epoch:*")
    direct.call([b"SET", key, world.server("GET", key.decode()).replace(known, later)])
    direct.close()
    late = world.proxy(9)
    assert world.at(late, "GET", "user:1") == b"u1"
    assert world.keys("*user:1*") == [b"{user:1}:profile"]
    for words in (("GET", "order:1"), ("SET", "{order:1}:bill", "x"), ("MGET", "user:1", "order:1"), ("KEYS", "*")):
        answer = world.at(late, *words)
        assert b"KSCONTROL" in answer and b"format 2" in answer, f"{words}: {answer}"
    assert world.at(late, "SET", "plain", "p") == b"OK"
    assert world.server("GET", "order:1") == b"o1"


if __name__ == "__main__":
    main(globals())
