"""The processes of one history: a redis-server, proxies on fixed ports that may be killed, stopped and started again, and
a sweeper of its own."""
import os
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "differential"))
from servers import free_port, wait_until_listening  # noqa: E402
from wire import Connection  # noqa: E402

# Names before and after; % is the id. The last family is in no rule's scope.
FAMILIES = (("user:%", "{user:%}:profile"), ("sess:%", "session:v2:%"), ("plain:%", "plain:%"))
MIGRATION = """apiVersion: keyshift.io/v1alpha1
kind: Migration
metadata: {name: histories}
spec:
  from: {schema: shop, version: 1.0.0}
  to:   {schema: shop, version: 2.0.0}
  source: {url: "redis://127.0.0.1:6379/0"}
  rules:
    - {name: profile, from: {key: "user:<id>"}, to: {key: "{user:<id>}:profile"}}
    - {name: session, from: {key: "sess:<id>"}, to: {key: "session:v2:<id>"}}
  sweep: {max_keys_per_second: RATE, max_server_latency_ms: 1000}
"""
# The test itself speaks to the server past the proxies.
ALLOWED = """  bypass: {allow: [{addr: 127.0.0.1}]}
"""


FOLLOW = "follow"  # in place of a mode: what the control record says


class Proxy:
    """One place where clients connect; its process may be another one later."""

    def __init__(self, world, number):
        self.world, self.number, self.port = world, number, free_port()
        self.name, self.upstream = f"proxy-{number}", world.url
        self.process = self.mode = self.view = None

    def start(self, mode, view, sweep="off"):
        self.mode, self.view, self.sweep = mode, view, sweep
        w = self.world
        given = [] if mode == FOLLOW else ["--migration", w.file, "--mode", mode, "--view", view]
        self.process = w.spawn([w.keyshift, "proxy", "--listen", f"127.0.0.1:{self.port}", "--upstream", self.upstream, "--name", self.name, *given, "--sweep", sweep, "--admin", "off", "--health", "off",
                                "--log-level", "warning"], f"proxy{self.number}.log")
        wait_until_listening(self.port, self.process)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def restart(self):
        self.start(self.mode, self.view, self.sweep)

    def drain(self):
        """Ends it in peace; what it had in flight is answered."""
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        assert self.process.wait(20) == 0, f"proxy {self.number} ended with {self.process.returncode}"

    def alive(self):
        return self.process is not None and self.process.poll() is None


class World:
    def __init__(self, keyshift, folder, proxies=3, rate=400):
        self.keyshift, self.folder, self.processes = keyshift, folder, []
        os.makedirs(folder, exist_ok=True)
        self.file, self.fast_file = os.path.join(folder, "migration.yaml"), os.path.join(folder, "fast.yaml")
        for path, limit in ((self.file, rate), (self.fast_file, 0)):
            with open(path, "w") as out:
                out.write(MIGRATION.replace("RATE", str(limit)))
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self.applied_file = os.path.join(folder, "applied.yaml")
        with open(self.applied_file, "w") as out:
            out.write(MIGRATION.replace("RATE", "2000").replace("127.0.0.1:6379", f"127.0.0.1:{self.port}") + ALLOWED)
        server = self.spawn(["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", folder], "server.log")
        wait_until_listening(self.port, server)
        self.server = Connection(self.port)
        self.proxies = [Proxy(self, number) for number in range(proxies)]
        self.sweeper, self.sweep_mode = None, None
        self.away = set()  # names of proxies that cannot answer just now

    def spawn(self, argv, log):
        with open(os.path.join(self.folder, log), "ab") as out:
            process = subprocess.Popen(argv, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        self.processes.append(process)
        return process

    def start_sweeper(self, mode):
        self.sweep_mode = mode
        self.sweeper = self.spawn([self.keyshift, "sweep", "--upstream", self.url, "--migration", self.file, "--mode", mode,
                                   "--log-level", "warning"], "sweep.log")

    def end_sweeper(self, how=signal.SIGTERM):
        if self.sweeper and self.sweeper.poll() is None:
            self.sweeper.send_signal(how)
            self.sweeper.wait(20)
        self.sweeper = None
        # Nobody waits 15 s for the mark of one that is gone: two at once do no harm, and here they shall happen.
        self.at("DEL", "keyshift:sweeper:{}:histories")

    def clean_pass(self, mode):
        """Sweeps without a limit until nothing is left to move."""
        self.end_sweeper(signal.SIGKILL)
        done = subprocess.run([self.keyshift, "sweep", "--upstream", self.url, "--migration", self.fast_file, "--mode", mode],
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"the sweep ended with {done.returncode}: {done.stderr[-500:]}"

    def turn(self):
        """All proxies and the sweeper end, and the server has nothing of theirs any more."""
        self.end_sweeper()
        for proxy in self.proxies:
            if proxy.alive():
                proxy.drain()
        end = time.monotonic() + 10
        while b"name=keyshift:" in self.at("CLIENT", "LIST"):
            assert time.monotonic() < end, "the server still has connections of proxies that ended"
            time.sleep(0.005)

    def at(self, *words):
        return self.server.call([w if isinstance(w, bytes) else str(w).encode() for w in words])[1]

    def keys(self, pattern):
        return [key for _, key in self.at("KEYS", pattern)]

    def stop(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()
