#!/usr/bin/env python3
"""A migration as an operator types it: proxies that follow the control record, commands against a real redis-server.

Usage: operator_test.py KEYSHIFT [name of a test ...]; standard library only."""
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "support"))
sys.path.insert(0, os.path.join(HERE, "..", "..", "differential"))
from ports import free_port  # noqa: E402
from servers import wait_until_listening  # noqa: E402
from wire import Connection  # noqa: E402

KEYSHIFT = sys.argv[1]
FILE = """apiVersion: keyshift.io/v1alpha1
kind: Migration
metadata: {name: NAME}
spec:
  from: {schema: shop, version: 1.0.0}
  to:   {schema: shop, version: 2.0.0}
  source: {url: "redis://127.0.0.1:PORT/0"}
  rules:
    - {name: profile, from: {key: "user:<id:int>"}, to: {key: "{user:<id>}:profile"}}
  sweep: {max_keys_per_second: 20000, max_server_latency_ms: 1000}
  cutover: {reverse_window: WINDOW}
"""


class World:
    def __init__(self, proxies=2):
        self.folder = tempfile.TemporaryDirectory()
        self.processes, self.connections, self.port = [], [], free_port()
        server = self.spawn(["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", self.folder.name], "server")
        wait_until_listening(self.port, server)
        self.url = f"redis://127.0.0.1:{self.port}"
        self.ports = [self.proxy(number) for number in range(proxies)]

    def spawn(self, argv, log):
        with open(os.path.join(self.folder.name, log + ".log"), "ab") as out:
            process = subprocess.Popen(argv, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        self.processes.append(process)
        return process

    def proxy(self, number, *more):
        port = free_port()
        process = self.spawn([KEYSHIFT, "proxy", "--listen", f"127.0.0.1:{port}", "--upstream", self.url, "--name", f"proxy-{number}",
                              "--admin", "off", "--health", "off", *more], f"proxy-{number}")
        wait_until_listening(port, process)
        return port

    def file(self, name="users-v2", window="0s", change=lambda text: text):
        path = os.path.join(self.folder.name, name + ".yaml")
        with open(path, "w") as out:
            out.write(change(FILE.replace("PORT", str(self.port)).replace("NAME", name).replace("WINDOW", window)))
        return path

    def run(self, *words, code=0):
        done = subprocess.run([KEYSHIFT, *words, "--upstream", self.url], capture_output=True, text=True, timeout=60)
        assert done.returncode == code, f"{words} ended with {done.returncode}, not {code}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def status(self):
        return json.loads(self.run("status", "--json"))

    def until(self, step, *more, seconds=20):
        """Repeats a step whose gate waits for a clean pass."""
        end = time.monotonic() + seconds
        while True:
            done = subprocess.run([KEYSHIFT, step, *more, "--upstream", self.url], capture_output=True, text=True, timeout=60)
            if done.returncode == 0:
                return done.stdout
            assert done.returncode == 3 and "no-clean-pass" in done.stderr and time.monotonic() < end, f"{step}: {done.stderr}"
            time.sleep(0.1)

    def at(self, port, *words):
        connection = Connection(port)
        try:
            return connection.call([word.encode() for word in words])[1]
        finally:
            connection.close()

    def server(self, *words):
        return self.at(self.port, *words)

    def keys(self, pattern):
        return sorted(key for _, key in self.server("KEYS", pattern))

    def stop(self):
        for process in self.processes:
            process.kill()
            process.wait()
        self.folder.cleanup()


def nothing_left(world):
    """Reserved keys of runs and their rules."""
    return [key for key in world.keys("keyshift:*") if key.split(b":")[1] in (b"run", b"spec", b"sweep", b"sweeper")]


def test_a_whole_migration_from_apply_to_forget(world):
    for number in range(300):
        world.server("SET", f"user:{number}", f"v{number}")
    assert "phase observe" in world.run("apply", world.file())
    assert "already" in world.run("apply", world.file())
    assert world.at(world.ports[0], "GET", "user:7") == b"v7"
    assert world.keys("*user:7") == [b"user:7"], "observe moves nothing"
    assert "phase migrate" in world.run("start")
    assert "already" in world.run("start")
    assert world.at(world.ports[1], "GET", "user:7") == b"v7"
    assert world.server("EXISTS", "{user:7}:profile") == b"1" and world.server("EXISTS", "user:7") == b"0"
    end = time.monotonic() + 20
    while "no-clean-pass" in world.run("cutover", code=3):
        assert time.monotonic() < end, "the sweep made no clean pass"
        time.sleep(0.1)
    assert "not-verified" in world.run("cutover", code=3)
    world.run("verify")
    assert "phase cutover" in world.run("cutover")
    assert world.at(world.ports[0], "GET", "user:299") == b"v299"
    assert world.keys("user:*") == [], world.keys("user:*")
    assert "phase complete" in world.run("complete")
    assert "rollback" in world.run("rollback", code=3)
    assert re.search(r"old-view: .*proxy-0 \(0 clients\)", world.run("forget", code=3))
    assert "done" in world.run("forget", "--force", "old-view")
    assert world.status()["runs"] == []
    assert nothing_left(world) == [], "what lay beside the run is gone with it"
    history = world.run("status", "--history")
    for step in ("apply", "start", "verify", "cutover", "complete", "forget"):
        assert re.search(rf"@\S+  {step}  ", history), f"{step} is not in the audit:\n{history}"


def test_proxies_say_what_they_are_and_new_views_may_forget(world):
    for process in world.processes[1:]:
        process.kill()
    port = world.proxy(7, "--view", "new")
    world.server("SET", "user:1", "one")
    world.run("apply", world.file())
    for step in ("start", "cutover"):
        if step == "cutover":
            end = time.monotonic() + 20
            while "no-clean-pass" in world.run("cutover", code=3):
                assert time.monotonic() < end, "the sweep made no clean pass"
                time.sleep(0.1)
            world.run("verify")
        world.run(step)
    world.run("complete")
    assert world.at(port, "GET", "{user:1}:profile") == b"one"
    end = time.monotonic() + 10
    while True:
        proxy, = world.status()["proxies"]
        assert proxy["name"] == "proxy-7"
        report = proxy["report"]
        if report and report["epoch"] == world.status()["current"]["epoch"]:
            break
        assert time.monotonic() < end, f"no report of this epoch: {report}"
        time.sleep(0.2)
    assert report["view"] == "new" and report["records"] == "served" and report["version"], report
    assert abs(report["written_ms"] / 1000 - time.time()) < 30, report
    assert 1 <= int(world.server("TTL", "keyshift:report:{}:proxy-7")) <= 260
    assert "done" in world.run("forget")


def readyz(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code


def test_a_proxy_is_ready_once_the_record_was_read_and_stays_so(world):
    upstream, listen, health = free_port(), free_port(), free_port()
    proxy = world.spawn([KEYSHIFT, "proxy", "--listen", f"127.0.0.1:{listen}", "--upstream", f"redis://127.0.0.1:{upstream}", "--admin", "off",
                         "--health", f"127.0.0.1:{health}"], "waiting")
    wait_until_listening(health, proxy)
    assert readyz(health) == 503, "nobody has said yet whether there is a record"
    server = world.spawn(["redis-server", "--port", str(upstream), "--bind", "127.0.0.1", "--save", "", "--dir", world.folder.name], "late")
    wait_until_listening(upstream, server)
    end = time.monotonic() + 10
    while readyz(health) != 200:
        assert time.monotonic() < end, "the record can be read, and the proxy is not ready"
        time.sleep(0.05)
    server.kill()
    server.wait()
    time.sleep(1.5)
    assert readyz(health) == 200, "a sick Redis makes no pod unready"


def test_the_way_back_brings_the_old_names_and_abort_takes_the_run_away(world):
    for number in range(300):
        world.server("SET", f"user:{number}", f"v{number}")
    world.run("apply", world.file())
    world.run("start")
    world.at(world.ports[0], "SET", "user:3", "changed")
    assert "phase rollback" in world.run("abort")
    world.until("abort")
    assert nothing_left(world) == [], "what lay beside the run is gone with it"
    assert world.status()["runs"] == []
    assert len(world.keys("user:*")) == 300 and world.keys("{user:*") == []
    assert world.server("GET", "user:3") == b"changed"
    assert world.at(world.ports[1], "GET", "user:3") == b"changed"


def test_a_client_past_the_proxies_shuts_the_gate_and_is_named(world):
    world.run("apply", world.file())
    stranger = Connection(world.port)
    stranger.call([b"CLIENT", b"SETNAME", b"cron"])
    said = world.run("start", code=3)
    assert "bypass" in said and "cron" in said, said
    assert world.status()["runs"][0]["phase"] == "observe"
    assert "phase migrate" in world.run("start", "--force", "bypass")
    assert "forced bypass" in world.run("status", "--history")
    stranger.close()


def test_a_gate_that_asks_for_a_backup_opens_behind_a_proven_one(world):
    world.server("SET", "user:1", "v")
    folder = os.path.join(world.folder.name, "backups")
    os.mkdir(folder)
    world.run("apply", world.file(change=lambda text: text + f"  backup: {{provider: rdb, directory: {folder}, max_age: 10m, before: [start]}}\n"))
    assert "backup-" in world.run("start", code=3)
    world.run("backup", "create", "--directory", folder, "--run", "users-v2")
    assert "prove" in world.run("start", code=3)
    world.run("backup", "prove", "--directory", folder)
    assert "phase migrate" in world.run("start")


def test_what_would_lose_records_cannot_be_forced(world):
    world.run("apply", world.file())
    world.run("start")
    assert "cannot be overridden" in world.run("cutover", "--force", "no-clean-pass", code=2)
    assert "no reason" in world.run("cutover", "--force", "mood", code=2)


def test_the_reverse_window_keeps_complete_away(world):
    world.run("apply", world.file(window="1h"))
    world.run("start")
    world.until("cutover", "--force", "not-verified")
    assert "window" in world.run("complete", code=3)
    assert "phase complete" in world.run("complete", "--force", "window")


def test_pause_and_throttle_reach_the_sweep_of_a_proxy(world):
    for number in range(3000):
        world.server("SET", f"user:{number}", "v")
    world.run("apply", world.file())
    world.run("throttle", "100")
    world.run("start")
    time.sleep(1.5)
    slow = len(world.keys("{user:*"))
    assert 0 < slow < 1500, f"{slow} records moved in 1.5 s at 100 keys/s"
    world.run("pause")
    time.sleep(1.5)
    paused = len(world.keys("{user:*"))
    time.sleep(1.0)
    assert len(world.keys("{user:*")) == paused, "it sweeps although it is paused"
    world.run("resume")
    world.run("throttle", "file")
    end = time.monotonic() + 20
    while world.keys("user:*"):
        assert time.monotonic() < end, "it does not go on"
        time.sleep(0.1)


def test_without_its_record_a_proxy_refuses_records_and_serves_the_rest(world):
    world.run("apply", world.file())
    world.run("start")
    assert world.at(world.ports[0], "SET", "user:1", "v") == b"OK"
    world.server("FLUSHALL")
    end = time.monotonic() + 5
    while not str(world.at(world.ports[0], "GET", "user:1")).startswith("b'KSCONTROL") and time.monotonic() < end:
        time.sleep(0.05)
    answer = world.at(world.ports[0], "GET", "user:1")
    assert b"KSCONTROL" in answer and b"repair" in answer, answer
    assert world.at(world.ports[0], "SET", "other", "v") == b"OK"
    assert world.at(world.ports[0], "GET", "other") == b"v"


def test_a_full_server_is_followed_all_the_same_and_turns_when_it_has_room(world):
    """A server without memory refuses whatever is queued behind MULTI, reads too."""
    world.server("SET", "user:5", "v")
    world.server("SET", "plain", "p")
    world.run("apply", world.file())
    world.run("start")
    assert world.at(world.ports[0], "GET", "user:5") == b"v"
    world.server("CONFIG", "SET", "maxmemory", "1")
    late = world.proxy(9)
    assert world.at(late, "GET", "plain") == b"p"
    assert world.at(late, "GET", "user:5") == b"v"
    assert world.status()["runs"][0]["phase"] == "migrate"
    assert "OOM" in world.run("rollback", code=3)
    world.server("CONFIG", "SET", "maxmemory", "0")
    assert "phase rollback" in world.run("rollback")


def test_a_replica_is_read_while_there_is_no_record(world):
    world.server("SET", "plain", "p")
    port = free_port()
    replica = world.spawn(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", world.folder.name,
                           "--replicaof", f"127.0.0.1 {world.port}", "--repl-diskless-sync-delay", "0"], "replica")
    wait_until_listening(port, replica)
    end = time.monotonic() + 20
    while world.at(port, "GET", "plain") != b"p":
        assert time.monotonic() < end, "the replica is not synchronized"
        time.sleep(0.05)
    primary, world.url = world.url, f"redis://127.0.0.1:{port}"
    reader, world.url = world.proxy(7), primary
    assert world.at(reader, "GET", "plain") == b"p"
    assert world.at(reader, "SET", "plain", "q").startswith(b"READONLY")


def test_what_is_over_may_be_given_up_again(world):
    world.run("apply", world.file())
    assert "users-v2: done" in world.run("abort")
    assert "already" in world.run("abort")
    assert "already" in world.run("forget", "--run", "users-v2")


def test_a_proxy_that_starts_late_serves_what_the_record_says(world):
    world.server("SET", "user:5", "v")
    world.run("apply", world.file())
    world.run("start")
    late = world.proxy(9)
    assert world.at(late, "GET", "user:5") == b"v"
    assert world.keys("*user:5*") == [b"{user:5}:profile"]


def main(namespace):
    wanted = sys.argv[2:]
    tests = [(name, test) for name, test in namespace.items() if name.startswith("test_") and (not wanted or name in wanted)]
    failed = 0
    for name, test in tests:
        world, began = World(), time.monotonic()
        try:
            test(world)
            print(f"  ok {name} ({time.monotonic() - began:.1f} s)", flush=True)
        except Exception:
            failed += 1
            print(f"FAIL {name}\n{traceback.format_exc()}", flush=True)
            for log in sorted(os.listdir(world.folder.name)):
                if log.startswith(("proxy", "drive")) and log.endswith(".log"):
                    with open(os.path.join(world.folder.name, log), errors="replace") as text:
                        print(f"--- {log}\n{text.read()[-1500:]}")
        finally:
            world.stop()
    print(f"{len(tests) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main(globals())
