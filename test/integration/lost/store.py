"""A primary with replicas and proxies that follow its control record, driven by the commands that an operator types."""
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "support"))
sys.path.insert(0, os.path.join(HERE, "..", "..", "differential"))
from ports import free_port  # noqa: E402
from servers import wait_until_listening  # noqa: E402
from wire import Connection  # noqa: E402

KEYSHIFT = sys.argv[1]
RECORD, KEY, NODES = "keyshift:control:{}:record", "keyshift:epoch:{}:key", "keyshift:nodes:{}:list"
FILE = """apiVersion: keyshift.io/v1alpha1
kind: Migration
metadata: {name: users-v2}
spec:
  from: {schema: shop, version: 1.0.0}
  to:   {schema: shop, version: 2.0.0}
  source: {url: "redis://127.0.0.1:PORT/0"}
  rules:
    - {name: profile, from: {key: "user:<id:int>"}, to: {key: "{user:<id>}:profile"}}
  sweep: {max_keys_per_second: 20000, max_server_latency_ms: 1000}
  cutover: {reverse_window: 0s}
"""


def wait_for(what, why, seconds=15):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, f"not within {seconds} s: {why}"
        time.sleep(0.05)


class Store:
    def __init__(self, replicas=0, proxies=0):
        self.folder = tempfile.TemporaryDirectory()
        self.processes, self.port = [], free_port()
        self.redis = self.start_redis(self.port)
        self.url = f"redis://127.0.0.1:{self.port}"
        self.replicas = {}
        for _ in range(replicas):
            port = free_port()
            self.replicas[port] = self.start_redis(port, "--replicaof", f"127.0.0.1 {self.port}")
        for port in self.replicas:
            self.wait_level(port)
        self.ports = [self.proxy(number) for number in range(proxies)]

    def start_redis(self, port, *more):
        process = self.spawn(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", self.folder.name,
                              "--dbfilename", f"{port}.rdb", "--repl-diskless-sync-delay", "0", *more], f"redis-{port}")
        wait_until_listening(port, process)
        return process

    def wait_level(self, port):
        self.at(self.port, "SET", "warm", str(time.monotonic()))
        wait_for(lambda: self.at(port, "GET", "warm") == self.at(self.port, "GET", "warm"), f"{port} is synchronized")

    def spawn(self, argv, log):
        with open(os.path.join(self.folder.name, log + ".log"), "ab") as out:
            process = subprocess.Popen(argv, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        self.processes.append(process)
        return process

    def proxy(self, number):
        port = free_port()
        process = self.spawn([KEYSHIFT, "proxy", "--listen", f"127.0.0.1:{port}", "--upstream", self.url, "--name", f"proxy-{number}",
                              "--admin", "off", "--health", "off"], f"proxy-{number}")
        wait_until_listening(port, process)
        return port

    def file(self, change=lambda text: text):
        path = os.path.join(self.folder.name, "users-v2.yaml")
        with open(path, "w") as out:
            out.write(change(FILE.replace("PORT", str(self.port))))
        return path

    def run(self, *words, code=0):
        done = subprocess.run([KEYSHIFT, *words, "--upstream", self.url], capture_output=True, text=True, timeout=90,
                              stdin=subprocess.DEVNULL)
        assert done.returncode == code, f"{words} ended with {done.returncode}, not {code}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def json(self, *words):
        return json.loads(self.run(*words, "--json"))

    def until(self, *words, seconds=20):
        """Repeats a step whose gate waits for a clean pass."""
        end = time.monotonic() + seconds
        while True:
            done = subprocess.run([KEYSHIFT, *words, "--upstream", self.url], capture_output=True, text=True, timeout=60)
            if done.returncode == 0:
                return done.stdout
            assert done.returncode == 3 and "no-clean-pass" in done.stderr and time.monotonic() < end, f"{words}: {done.stderr}"
            time.sleep(0.1)

    def at(self, port, *words):
        connection = Connection(port)
        try:
            return connection.call([word if isinstance(word, bytes) else word.encode() for word in words])[1]
        finally:
            connection.close()

    def server(self, *words):
        return self.at(self.port, *words)

    def keys(self, pattern):
        return sorted(key for _, key in self.server("KEYS", pattern))

    def change(self, which="cur"):
        """The fields of one half of the control record."""
        return dict(line.split(b" ", 1) for line in self.server("HGET", RECORD, which).splitlines())

    def stop(self):
        for process in self.processes:
            process.kill()
            process.wait()
        self.folder.cleanup()


def main(tests, make):
    wanted = sys.argv[2:]
    tests = [(name, test) for name, test in tests.items() if name.startswith("test_") and (not wanted or name in wanted)]
    failed = 0
    for name, test in tests:
        store, began = make(test), time.monotonic()
        try:
            test(store)
            print(f"  ok {name} ({time.monotonic() - began:.1f} s)", flush=True)
        except Exception:
            failed += 1
            print(f"FAIL {name}\n{traceback.format_exc()}", flush=True)
            for log in sorted(os.listdir(store.folder.name)):
                if log.startswith("proxy") and log.endswith(".log"):
                    with open(os.path.join(store.folder.name, log), errors="replace") as text:
                        print(f"--- {log}\n{text.read()[-1500:]}")
        finally:
            store.stop()
    print(f"{len(tests) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
