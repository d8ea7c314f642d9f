#!/usr/bin/env python3
"""`keyshift fence` against a redis-server: what it prints, what it sets, and that its undo undoes.

usage: fence_test.py KEYSHIFT
"""
import os
import shlex
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "admin"))
from processes import World, connects, free_port, redis_call, run_all, until  # noqa: E402


def same(got, wanted):
    assert got == wanted, f"{got!r} is not {wanted!r}"


def as_user(world, user, *words):
    """What a user is answered, on a connection of its own."""
    with socket.create_connection(("127.0.0.1", world.redis_port), 5) as s:
        out = b""
        for command in (["AUTH", user, "x"], words):
            s.sendall(b"*%d\r\n" % len(command) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w.encode()) for w in command))
            out = s.recv(65536)
        return out


def fresh(world):
    for user in ("app", "cron", "cache"):
        redis_call(world.redis_port, "ACL", "DELUSER", user)
    redis_call(world.redis_port, "FLUSHALL")
    redis_call(world.redis_port, "ACL", "SETUSER", "app", "on", "nopass", "+@all", "~user:*", "~cart:*")
    redis_call(world.redis_port, "ACL", "SETUSER", "cron", "on", "nopass", "+@all", "~*")
    redis_call(world.redis_port, "ACL", "SETUSER", "cache", "on", "nopass", "+@all", "~cache:*")


def fence(world, *more):
    return world.run("fence", "--migration", world.migration, *more)


def commands(text):
    return [line for line in text.splitlines() if line.startswith("ACL ")]


def test_what_is_printed_changes_nothing_and_leaves_the_own_user_out(world):
    fresh(world)
    before = redis_call(world.redis_port, "ACL", "LIST")
    result = fence(world)
    same(result.returncode, 0)
    same(commands(result.stdout), ["ACL SETUSER app resetkeys ~cart:*", "ACL SETUSER cron resetkeys"])
    assert "# user default is left as it is: the user that runs this" in result.stdout, result.stdout
    assert "~user:* ~{user:*}:profile" in result.stdout and "cache" not in result.stdout, result.stdout
    same(redis_call(world.redis_port, "ACL", "LIST"), before)


def test_a_fence_keeps_users_away_from_both_names_and_reserved_keys(world):
    fresh(world)
    result = fence(world, "app", "cron", "--keep", "jobs:*", "--apply", "--yes")
    same((result.returncode, result.stderr), (0, ""))
    for user in ("app", "cron"):
        for key in ("user:1", "{user:1}:profile", "keyshift:control:{}:record"):
            assert as_user(world, user, "GET", key).startswith(b"-NOPERM"), (user, key)
        same(as_user(world, user, "SET", "jobs:1", "v"), b"+OK\r\n")
    same(as_user(world, "app", "SET", "cart:1", "v"), b"+OK\r\n")
    assert as_user(world, "cron", "GET", "other").startswith(b"-NOPERM")
    again = fence(world, "app", "cron", "--apply", "--yes")
    assert again.returncode == 0 and commands(again.stdout) == [], again.stdout


def test_the_undo_that_is_printed_gives_back_what_was_there(world):
    fresh(world)
    before = redis_call(world.redis_port, "ACL", "LIST")
    result = fence(world, "app", "cron", "--apply", "--yes")
    assert redis_call(world.redis_port, "ACL", "LIST") != before
    undo = [line[1:].strip() for line in result.stdout.splitlines() if line.startswith("#   ACL ")]
    same(len(undo), 2)
    for line in undo:
        same(redis_call(world.redis_port, *shlex.split(line)), b"+OK\r\n")
    same(redis_call(world.redis_port, "ACL", "LIST"), before)


def test_nothing_is_applied_without_names_and_a_yes(world):
    fresh(world)
    before = redis_call(world.redis_port, "ACL", "LIST")
    same(fence(world, "--apply", "--yes").returncode, 2)
    same(fence(world, "app", "--apply").returncode, 3)
    same(fence(world, "nobody").returncode, 2)
    same(fence(world, "default").returncode, 3)
    same(fence(world, "app", "--keep", "user:*").returncode, 3)
    same(world.run("fence", "--upstream", f"redis://127.0.0.1:{world.redis_port}").returncode, 2)
    same(redis_call(world.redis_port, "ACL", "LIST"), before)


def test_users_of_proxies_and_tolerated_ones_are_left_alone(world):
    fresh(world)
    with socket.create_connection(("127.0.0.1", world.redis_port), 5) as s:
        s.sendall(b"AUTH app x\r\nCLIENT SETNAME keyshift:pod:none\r\n")
        s.recv(100)
        result = fence(world)
        same(commands(result.stdout), ["ACL SETUSER cron resetkeys"])
        assert "# user app is left as it is: connections of proxies" in result.stdout, result.stdout
        same(fence(world, "app").returncode, 3)
    with open(world.migration) as text:
        tolerant = world.file("tolerant.yaml", text.read() + "  bypass: {allow: [{user: cron}]}\n")
    same(commands(world.run("fence", "--migration", tolerant).stdout), ["ACL SETUSER app resetkeys ~cart:*"])


def test_every_node_is_fenced_or_none(world):
    fresh(world)
    port = free_port()
    replica = world.spawn(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--replicaof", f"127.0.0.1 {world.redis_port}"], "replica")
    until(lambda: connects(port) and b"master_link_status:up" in redis_call(port, "INFO", "replication"), what="the replica")
    redis_call(port, "ACL", "SETUSER", "left", "on", "nopass", "+@all", "~user:*")
    users = lambda at: redis_call(at, "ACL", "LIST")  # noqa: E731
    before = users(world.redis_port), users(port)
    try:
        replica.send_signal(19)  # SIGSTOP
        result = fence(world, "app", "left", "--apply", "--yes")
        assert result.returncode == 3 and "nothing was changed" in result.stderr, result
        replica.send_signal(18)
        same((users(world.redis_port), users(port)), before)
        result = fence(world, "app", "left", "--apply", "--yes")
        same((result.returncode, result.stderr), (0, ""))
        same(commands(result.stdout), ["ACL SETUSER app resetkeys ~cart:*", "ACL SETUSER left resetkeys"])
        assert b"~user:*" not in users(port) and users(port) != before[1]
    finally:
        replica.kill()
        replica.wait()


sys.exit(run_all(globals(), World(os.path.abspath(sys.argv[1]))))
