#!/usr/bin/env python3
"""`keyshift check` against redis-servers that have something wrong each, and one that has not.

usage: check_test.py KEYSHIFT
"""
import json
import os
import socket
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "admin"))
from processes import MIGRATION, World, connects, free_port, redis_call, run_all, until  # noqa: E402


def same(got, wanted):
    assert got == wanted, f"{got!r} is not {wanted!r}"


class Server:
    """A redis-server for the time of a test."""

    def __init__(self, world, *options):
        self.port = free_port()
        self.process = world.spawn(["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", *options], "server")
        until(lambda: connects(self.port), what="redis-server")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def call(self, *words):
        return redis_call(self.port, *words)

    def url(self):
        return f"redis://127.0.0.1:{self.port}"


def check(world, url, *more, env=None):
    result = world.run("check", "--upstream", url, "--json", *more, env=env)
    assert result.stdout, result.stderr
    report = json.loads(result.stdout)
    same(result.returncode, 3 if report["forbids"] else 0)
    return report, {f["code"]: f for f in report["findings"]}


def forbidding(found):
    return sorted(code for code, finding in found.items() if finding["grade"] == "forbids")


def test_a_plain_server_is_fit_and_the_proof_succeeds(world):
    with Server(world) as redis:
        report, found = check(world, redis.url())
        same((report["forbids"], report["proven"], report["role"]), (0, True, "master"))
        same(sorted(found), ["KS-C007", "KS-C010"])  # no replica, nothing on disk
        same(redis.call("DBSIZE"), b":0\r\n")
        text = world.run("check", "--upstream", redis.url())
        assert text.returncode == 0 and "\nproven: " in text.stdout and "0 findings forbid" in text.stdout, text.stdout


def test_what_is_wrong_with_a_server_has_its_code(world):
    with Server(world, "--maxmemory", "900kb", "--maxmemory-policy", "allkeys-lru", "--min-replicas-to-write", "1") as redis:
        _, found = check(world, redis.url())
        same(forbidding(found), ["KS-C021"])
        assert {"KS-C013", "KS-C014"} <= set(found), found
    with Server(world, "--cluster-enabled", "yes", "--cluster-config-file", f"nodes-{free_port()}.conf") as redis:
        assert "KS-C004" in forbidding(check(world, redis.url())[1])
    same(forbidding(check(world, f"redis://127.0.0.1:{free_port()}")[1]), ["KS-C001"])


def test_a_replica_is_refused_and_a_primary_knows_how_fast_it_acknowledges(world):
    with Server(world) as redis, Server(world, "--replicaof", f"127.0.0.1 {redis.port}") as replica:
        until(lambda: b"master_link_status:up" in replica.call("INFO", "replication"), what="the replica")
        assert "KS-C003" in forbidding(check(world, replica.url())[1])
        until(lambda: b"state=online" in redis.call("INFO", "replication"), what="the replica online")
        _, found = check(world, redis.url())
        same((sorted(found), forbidding(found)), (["KS-C010"], []))
        replica.call("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        assert f"127.0.0.1:{replica.port}: maxmemory_policy" in check(world, redis.url())[1]["KS-C013"]["what"]
        replica.call("CONFIG", "SET", "maxmemory-policy", "noeviction")
        replica.call("ACL", "SETUSER", "default", "-client|kill")
        assert f"127.0.0.1:{replica.port}: CLIENT" in check(world, redis.url())[1]["KS-C016"]["what"]
        replica.call("ACL", "SETUSER", "default", "+@all")
        replica.process.send_signal(19)  # SIGSTOP: it acknowledges nothing
        try:
            found = check(world, redis.url())[1]
            assert "0 of 1 replicas" in found["KS-C008"]["what"]
            assert str(replica.port) in found["KS-C030"]["what"], found
        finally:
            replica.process.send_signal(18)


def test_paused_writes_are_told_from_a_dead_server(world):
    with Server(world) as redis:
        redis.call("CLIENT", "PAUSE", "20000", "WRITE")
        report, found = check(world, redis.url())
        assert "KS-C020" in forbidding(found), found


def test_rights_that_the_own_user_lacks_are_named(world):
    with Server(world) as redis:
        redis.call("ACL", "SETUSER", "proxy", "on", ">secret", "+@all", "-xadd", "-client|kill", "~*", "&*")
        secret = world.file("upstream", f"redis://proxy:secret@127.0.0.1:{redis.port}\n")
        result = world.run("check", "--upstream-file", secret, "--json")
        report = json.loads(result.stdout)
        same(result.returncode, 3)
        refused = [f["what"].split()[0] for f in report["findings"] if f["code"] == "KS-C016"]
        same(sorted(refused), ["CLIENT", "XADD"])
        assert any(f["code"] == "KS-C022" and "CLIENT KILL" in f["what"] for f in report["findings"]), report
        assert "secret" not in result.stdout + result.stderr
        redis.call("ACL", "SETUSER", "proxy", "reset", "on", ">secret", "+@all", "-multi", "~*", "&*")
        report = json.loads(world.run("check", "--upstream-file", secret, "--json").stdout)
        assert any(f["what"].startswith("MULTI") for f in report["findings"] if f["code"] == "KS-C016"), report
        same(redis.call("DBSIZE"), b":0\r\n")  # nothing of the trial was run


def test_app_users_who_may_touch_only_one_name_are_found(world):
    with Server(world) as redis:
        redis.call("ACL", "SETUSER", "half", "on", "nopass", "+@all", "~user:*")
        redis.call("ACL", "SETUSER", "whole", "on", "nopass", "+@all", "~user:*", "~{user:*")
        redis.call("ACL", "SETUSER", "neither", "on", "nopass", "+@all", "~other:*")
        migration = world.file("users.yaml", MIGRATION % redis.port)
        _, found = check(world, redis.url(), "--migration", migration)
        same(forbidding(found), ["KS-C017"])
        assert found["KS-C017"]["what"].startswith("user half, rule profile: may GET keys like user:1"), found


def test_clients_that_bypass_are_listed_unless_tolerated(world):
    with Server(world) as redis, socket.create_connection(("127.0.0.1", redis.port)) as app:
        app.sendall(b"CLIENT SETNAME worker\r\n")
        app.recv(100)
        report, found = check(world, redis.url())
        assert "KS-C023" in found and found["KS-C023"]["grade"] == "warning", found
        same([(c["name"], c["user"], c["command"]) for c in report["bypass_clients"]], [("worker", "default", "client|setname")])
        for entry in ("{name: work*}", "{addr: 127.0.0.0/8}", "{user: default}"):
            text = (MIGRATION % redis.port) + "  bypass: {allow: [%s]}\n" % entry
            report, found = check(world, redis.url(), "--migration", world.file("allow.yaml", text))
            same((report["bypass_clients"], "KS-C023" in found), ([], False))


def test_another_store_and_clashing_records_are_found(world):
    with Server(world) as redis, Server(world) as other:
        migration = world.file("here.yaml", MIGRATION % redis.port)
        redis.call("SET", "user:1", "v")
        redis.call("SET", "{user:1}:profile", "v")
        redis.call("SET", "user:2", "v")
        _, found = check(world, redis.url(), "--migration", migration)
        same(forbidding(found), [])
        assert found["KS-C026"]["what"].startswith("1 met: rule=profile"), found
        _, found = check(world, other.url(), "--migration", migration)
        assert "KS-C024" in forbidding(found), found


def test_an_epoch_key_without_a_record_forbids(world):
    with Server(world) as redis:
        redis.call("SET", "keyshift:epoch:{}:key", "x")
        same(forbidding(check(world, redis.url())[1]), ["KS-C028"])


class Meddler:
    """Stands in front of a server and answers CLIENT KILL itself, as some managed services do: nothing is killed."""

    def __init__(self, port):
        self.server_port = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.server_port))
            threading.Thread(target=self.requests, args=(client, server), daemon=True).start()
            threading.Thread(target=self.copy, args=(server, client), daemon=True).start()

    def requests(self, client, server):
        while data := client.recv(65536):
            if b"KILL\r\n$2\r\nID" in data and b"MULTI" not in data:
                client.sendall(b":1\r\n")
            else:
                server.sendall(data)

    @staticmethod
    def copy(source, to):
        try:
            while data := source.recv(65536):
                to.sendall(data)
        except OSError:
            pass


def test_a_server_that_only_claims_to_kill_is_found_out(world):
    with Server(world) as redis:
        meddler = Meddler(redis.port)
        report, found = check(world, f"redis://127.0.0.1:{meddler.port}")
        same((forbidding(found), report["proven"]), (["KS-C022"], False))
        assert "still in CLIENT LIST" in found["KS-C022"]["what"], found
        meddler.listener.close()


sys.exit(run_all(globals(), World(os.path.abspath(sys.argv[1]))))
