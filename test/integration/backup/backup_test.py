#!/usr/bin/env python3
"""`keyshift backup create`, `prove` and `list` with RDBs over the replication stream: what is good is proven, what is not is
told by its own code, and nothing that is half looks whole.

usage: backup_test.py KEYSHIFT [TEST...]
"""
import json
import os
import resource
import socket
import stat
import sys
import threading

from worlds import SESSIONS, USERS, World, fill, path_of, rewritten, run_all, saved, server

STAMP, STORE = "keyshift:stamp:{}:%s", "keyshift:store:{}:id"


def same(got, wanted):
    assert got == wanted, f"{got!r} is not {wanted!r}"


def refused(result, code, *parts):
    same(result.returncode, 1)
    same(result.stdout, "")
    assert result.stderr.startswith(f"keyshift: {code}: "), result.stderr
    for part in parts:
        assert part in result.stderr, result.stderr


def nothing_in(directory):
    same(os.listdir(directory), [])


def test_a_backup_is_taken_proven_and_listed(world):
    directory = world.directory()
    with server() as redis:
        fill(redis)
        made = world.made(redis, directory, "--migration", world.migration(redis.port))
        same(redis("GET", STAMP % "users-v2").decode().split("\n")[1:4],
             ["run users-v2", "store " + redis("GET", STORE).decode(), "word " + made["stamp"]["word"]])
        same({r["rule"]: r["records"] for r in made["rules"]}, {"profile": USERS, "session": SESSIONS})
        same([k["database"] for k in made["keys"]], [0, 17])
        assert made["server"]["replication_offset"] >= 0 and len(made["server"]["replication_id"]) == 40
        same(os.path.getsize(path_of(directory, made)), made["bytes"])
        assert stat.S_IMODE(os.stat(path_of(directory, made)).st_mode) == 0o600
        assert "no: not proven yet" in world.run("list", directory).stdout
        same(world.proof(directory, "--migration", world.migration(redis.port)), "")
    listed = json.loads(world.run("list", directory, "--json").stdout)["backups"]
    same([b["name"] for b in listed], [made["name"]])
    same(listed[0]["proof"]["keys"], USERS + SESSIONS + 10)  # the stamp and the id besides
    assert listed[0]["proven"] and listed[0]["age_ms"] >= 0 and listed[0]["proof"]["by"].count("@") == 1
    same(world.run("list", directory).stdout.splitlines()[1].split()[-1], "proven")


def test_both_forms_of_the_stream_are_taken(world):
    directory = world.directory()
    for diskless in ("no", "yes"):
        with server("--repl-diskless-sync", diskless) as redis:
            fill(redis)
            made = world.made(redis, directory, "--prove")
            same(made["proof"]["code"], "")


def test_a_server_under_writes_is_copied_whole(world):
    directory, over = world.directory(), threading.Event()
    with server() as redis:
        fill(redis)

        def write(client=type(redis.client)(redis.port)):
            for i in range(10 ** 9):
                if over.is_set():
                    return
                client("SET", f"user:{i % 5000}", "x" * 1000)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            same(world.made(redis, directory, "--prove")["proof"]["code"], "")
        finally:
            over.set()
            writer.join()


def test_a_truncated_file_is_told(world):
    directory = world.directory()
    with server() as redis:
        fill(redis)
        made = world.made(redis, directory, "--prove")
    path = path_of(directory, made)
    with open(path, "r+b") as f:
        f.truncate(made["bytes"] - 1)
    assert "no: truncated" in world.run("list", directory).stdout
    same(world.proof(directory), "truncated")
    os.remove(path)
    assert "no: file-missing" in world.run("list", directory).stdout
    same(world.proof(directory), "file-missing")


def test_a_flipped_byte_is_told(world):
    directory = world.directory()
    with server() as redis:
        fill(redis)
        made = world.made(redis, directory, "--prove")
    with open(path_of(directory, made), "rb") as f:
        data = bytearray(f.read())
    data[len(data) // 2] ^= 1
    with open(path_of(directory, made), "wb") as f:
        f.write(data)
    same(world.proof(directory), "altered")
    assert "no: altered" in world.run("list", directory).stdout


def test_what_redis_cannot_load_is_told_whatever_the_checksum_says(world):
    directory = world.directory()
    with server() as redis:
        fill(redis)
        made = world.made(redis, directory)
    with open(path_of(directory, made), "rb") as f:
        data = f.read()
    for bad in (data[:-20], data[:-1] + bytes([data[-1] ^ 1]), b"REDIS0011" + b"\xff" * 100, b"REDIS9999" + data[9:]):
        rewritten(directory, made, bad)
        same(world.proof(directory), "unloadable")


def test_a_family_that_is_gone_is_told(world):
    directory = world.directory()
    with server() as redis:
        fill(redis)
        migration = world.migration(redis.port)
        made = world.made(redis, directory, "--migration", migration)
        redis.client.pipeline([("DEL", f"sess:{i}") for i in range(SESSIONS)])
        rewritten(directory, made, saved(redis))
        same(world.proof(directory, "--migration", migration), "family-missing")
        redis("SET", "session:v2:1", "under its new name")
        rewritten(directory, made, saved(redis))
        same(world.proof(directory, "--migration", migration), "")
        redis("FLUSHALL")
        redis("SET", STORE, made["stamp"]["store"])
        redis("SET", STAMP % "users-v2", "keyshift-stamp 1\n" + "".join(f"{k} {made['stamp'][k]}\n" for k in ("run", "store", "word", "written")))
        rewritten(directory, made, saved(redis))
        same(world.proof(directory), "keys-missing")


def test_data_from_before_the_stamp_is_told(world):
    directory = world.directory()
    with server() as redis:
        fill(redis)
        before = saved(redis)
        made = world.made(redis, directory)
        rewritten(directory, made, before)
        same(world.proof(directory), "before-stamp")
        older = saved(redis)
        made = world.made(redis, directory)
        rewritten(directory, made, older)
        same(world.proof(directory, name=made["name"]), "before-stamp")


def test_data_of_another_run_or_store_is_told(world):
    directory = world.directory()
    with server() as redis, server() as other:
        fill(redis)
        fill(other)
        first = world.made(redis, directory, "--run", "first")
        with open(path_of(directory, first), "rb") as f:
            of_first = f.read()
        second = world.made(redis, directory, "--run", "second")
        same(world.proof(directory, "--run", "first", name=second["name"]), "other-run")
        same(world.proof(directory, "--run", "second", name=second["name"]), "")
        rewritten(directory, second, of_first)
        same(world.proof(directory, name=second["name"]), "other-run")
        elsewhere = world.made(other, directory, "--run", "second")
        with open(path_of(directory, elsewhere), "rb") as f:
            rewritten(directory, second, f.read())
        same(world.proof(directory, name=second["name"]), "other-store")
        same(world.proof(directory, name=elsewhere["name"]), "")


def test_a_manifest_that_is_no_manifest_is_told(world):
    directory = world.directory()
    for name, text in (("a", "{"), ("b", "{}"), ("c", json.dumps({"format": 7}))):
        with open(os.path.join(directory, name + ".json"), "w") as f:
            f.write(text)
        same(world.proof(directory, name=name), "manifest-unreadable")
    same(world.proof(directory, name="absent"), "manifest-unreadable")
    listed = world.run("list", directory)
    same(listed.returncode, 0)
    same(listed.stdout.count("manifest-unreadable"), 3)


def test_a_scratch_server_that_does_not_start_says_nothing_of_the_backup(world):
    directory, tools = world.directory(), world.directory()
    with server() as redis:
        fill(redis)
        made = world.made(redis, directory, "--prove")
    same(world.proof(directory, env={"PATH": tools}), "scratch-failed")  # none in PATH
    program = os.path.join(tools, "redis-server")
    for body in ("echo out of luck >&2; exit 1", "kill -9 $$"):
        with open(program, "w") as f:
            f.write("#!/bin/sh\n" + body + "\n")
        os.chmod(program, 0o755)
        same(world.proof(directory, env={"PATH": tools + ":/bin"}), "scratch-failed")
    same(world.proof(directory, env={"TMPDIR": os.path.join(tools, "absent")}), "scratch-failed")
    listed = json.loads(world.run("list", directory, "--json").stdout)["backups"]
    assert listed[0]["proven"] and listed[0]["name"] == made["name"], "a proof stands until one fails"


def test_a_disk_that_takes_no_more_leaves_nothing_that_looks_whole(world):
    directory = world.directory()
    with server() as redis:
        fill(redis)
        redis.client.pipeline([("SET", f"noise:{i}", os.urandom(1000)) for i in range(500)])
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))  # noqa: E731
        refused(world.create(redis, directory, before=limit), "disk-full", "cannot be written behind")
        nothing_in(directory)
        refused(world.create(redis, os.path.join(directory, "absent")), "disk-full", "No such file or directory")


class FakeServer:
    """Speaks enough of Redis for a backup to begin, then answers PSYNC with `answer` and closes."""

    def __init__(self, real, answer):
        self.real, self.answer = real, answer
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client, socket.create_connection(("127.0.0.1", self.real)) as upstream:
            while data := client.recv(65536):
                if b"PSYNC" in data:
                    client.sendall(self.answer)
                    return
                upstream.sendall(data)
                client.sendall(upstream.recv(1 << 20))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


def test_a_stream_that_goes_wrong_leaves_nothing_that_looks_whole(world):
    directory, full = world.directory(), b"\n+FULLRESYNC " + b"a" * 40 + b" 1\r\n\n"
    mark = b"$EOF:" + b"m" * 40 + b"\r\n"
    with server() as redis:
        fill(redis)
        for answer, code in ((b"", "connection-lost"), (full, "connection-lost"), (full + b"$100\r\nREDIS0011", "connection-lost"),
                             (full + mark + b"REDIS0011" + b"m" * 39, "connection-lost"), (b"-ERR unknown command 'PSYNC'\r\n", "psync-refused"),
                             (b"-NOPERM no\r\n", "psync-refused"), (b"+OK\r\n", "stream-unreadable"), (full + b"$9\r\nGARBAGE!!", "stream-unreadable")):
            with FakeServer(redis.port, answer) as fake:
                refused(world.create(redis, directory, port=fake.port), code)
            nothing_in(directory)
    refused(world.create(redis, directory), "connection-lost")
    nothing_in(directory)


def test_a_stamp_that_cannot_be_written_is_told(world):
    directory = world.directory()
    with server() as redis, server("--replicaof", f"127.0.0.1 {redis.port}") as replica:
        refused(world.create(replica, directory), "stamp-refused", "is a replica")
        redis("ACL", "SETUSER", "default", "-set")
        refused(world.create(redis, directory), "stamp-refused", "NOPERM")
        redis("ACL", "SETUSER", "default", "+set", "-psync")
        refused(world.create(redis, directory), "psync-refused", "NOPERM")
        nothing_in(directory)


def test_superseded_backups_go_and_the_last_proven_one_stays(world):
    directory = world.directory()
    with server() as redis:
        redis("SET", "user:1", "x")
        old = world.made(redis, directory, "--prove")
        made = world.made(redis, directory, "--keep", "1")  # not proven: supersedes nothing
        assert os.path.exists(path_of(directory, old)) and os.path.exists(path_of(directory, made))
        other = world.made(redis, directory, "--run", "other", "--prove", "--keep", "1")
        last = world.made(redis, directory, "--keep", "1", "--prove")
        same(sorted(os.listdir(directory)), sorted(m["name"] + end for m in (other, last) for end in (".json", ".rdb")))
        same(world.create(redis, directory, "--keep", "0").returncode, 2)
        same(world.create(redis, directory, "--max-age", "soon").returncode, 2)


def test_words_that_make_no_sense_are_wrong_usage(world):
    directory = world.directory()
    for action in ("", "take", "list a", "prove a b", "restore a b"):
        same(world.run(action, directory).returncode, 2)
    same(world.run("create", directory, "--provider", "tape", "--upstream", "redis://127.0.0.1:1").returncode, 2)
    same(world.run("list", "").returncode, 2)
    same(world.run("list", os.path.join(directory, "absent")).returncode, 1)


if __name__ == "__main__":
    sys.exit(run_all(globals(), World(os.path.abspath(sys.argv[1])), sys.argv[2:]))
