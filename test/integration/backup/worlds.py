"""redis-servers, a folder for backups and the program, for the tests of this folder."""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "sweep"))
from redis_server import Client, Redis  # noqa: E402

MIGRATION = """apiVersion: keyshift.io/v1alpha1
kind: Migration
metadata: {name: users-v2}
spec:
  from: {schema: shop, version: 1.4.0}
  to:   {schema: shop, version: 2.0.0}
  source: {url: "redis://127.0.0.1:%d/0"}
  rules:
    - name: profile
      from: {key: "user:<id:int>"}
      to:   {key: "{user:<id>}:profile"}
    - name: session
      from: {key: "sess:<token>"}
      to:   {key: "session:v2:<token>"}
"""
USERS, SESSIONS = 300, 40


def server(*options):
    """A redis-server that sends its copy at once."""
    redis = Redis("--repl-diskless-sync-delay", "0", "--databases", "20", *options)
    for _ in range(200):
        if redis.client.pipeline([("PING",)])[0] == b"PONG":
            break
        time.sleep(0.02)
    return redis


def fill(redis):
    """Records of both rules, one of every type, a function library, another database, an expiry."""
    redis.client.pipeline([("SET", f"user:{i}", f"v{i}") for i in range(USERS)])
    redis.client.pipeline([("SET", f"sess:{i}", f"s{i}", "PXAT", 4_000_000_000_000 + i) for i in range(SESSIONS)])
    redis.client.pipeline([("HSET", "hash", "a", "1"), ("RPUSH", "list", "a", "b"), ("SADD", "set", "a"), ("ZADD", "zset", "1", "a"),
                           ("XADD", "stream", "1-1", "a", "b"), ("SET", "big", "x" * 300_000), ("SET", b"\x00bin\xff", b"\r\n\x00"),
                           ("SELECT", "17"), ("SET", "elsewhere", "1"), ("SELECT", "0")])


def everything(redis):
    """All keys of all databases but those of ours, with their values and expiries."""
    out = {}
    for database in range(20):
        redis("SELECT", database)
        for key in redis("KEYS", "*"):
            if not key.startswith(b"keyshift:"):
                out[database, key] = (redis("DUMP", key), redis("PEXPIRETIME", key))
    redis("SELECT", 0)
    return out


class World:
    """One folder; ends with everything in it."""

    def __init__(self, program):
        self.program = program
        self.folder = tempfile.mkdtemp(prefix="keyshift-backup-")
        self.count = 0

    def directory(self):
        self.count += 1
        path = os.path.join(self.folder, f"backups-{self.count}")
        os.mkdir(path)
        return path

    def migration(self, port):
        path = os.path.join(self.folder, f"migration-{port}.yaml")
        with open(path, "w") as f:
            f.write(MIGRATION % port)
        return path

    def run(self, action, directory, *arguments, env=None, before=None):
        return subprocess.run([self.program, "backup", *action.split(), "--directory", directory, *arguments], text=True, timeout=60,
                              stdin=subprocess.DEVNULL, capture_output=True, env={**os.environ, **(env or {})}, preexec_fn=before)

    def create(self, redis, directory, *arguments, port=None, **more):
        return self.run("create", directory, "--upstream", f"redis://127.0.0.1:{port or redis.port}", "--json", *arguments, **more)

    def made(self, redis, directory, *arguments):
        """The manifest of a backup that is good."""
        result = self.create(redis, directory, *arguments)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

    def proof(self, directory, *arguments, name=None, env=None):
        """The code of a proof: empty for a good one."""
        result = self.run("prove" + (" " + name if name else ""), directory, "--json", *arguments, env=env)
        code = json.loads(result.stdout)["proof"]["code"] if result.stdout else result.stderr.split(":")[1].strip()
        assert (result.returncode == 0) == (code == ""), result
        return code

    def end(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def path_of(directory, manifest):
    return os.path.join(directory, manifest["file"])


def rewritten(directory, manifest, data=None, **changes):
    """Puts other bytes under a manifest, as if they had been what was taken, and other fields into it."""
    if data is not None:
        with open(path_of(directory, manifest), "wb") as f:
            f.write(data)
        changes = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), **changes}
    manifest = {**manifest, **changes}
    with open(os.path.join(directory, manifest["name"] + ".json"), "w") as f:
        json.dump(manifest, f)
    return manifest


def saved(redis):
    """What the server would save now, as the bytes of an RDB."""
    for _ in range(200):  # the child that sent a copy may not be gone yet
        answer = redis("SAVE")
        if answer == b"OK":
            break
        time.sleep(0.01)
    assert answer == b"OK", answer
    with open(os.path.join(redis.directory.name, "dump.rdb"), "rb") as f:
        return f.read()


def run_all(tests, world, only=()):
    """Runs every function whose name begins with test_; the last line is the sum."""
    passed = failed = 0
    try:
        for name, test in sorted(tests.items()):
            if not name.startswith("test_") or (only and name not in only):
                continue
            try:
                test(world)
                passed += 1
            except Exception as problem:  # a test may fail in any way; the others still run
                failed += 1
                print(f"FAILED {name}: {type(problem).__name__}: {problem}")
    finally:
        world.end()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0
