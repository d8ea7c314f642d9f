#!/usr/bin/env python3
"""kill -9 of proxy and sweeper at random moments under load: afterwards every acknowledged write is there exactly once, under
exactly one name, and nothing that was deleted is back.

  kill_test.py PATH_OF_KEYSHIFT [--long]
"""
import random
import subprocess
import sys
import tempfile
import threading
import time

from world import NEW, OLD, Closed, World, equal

SETTLED = 20_000  # records that no client touches: the sweeper's own work
WRITERS = 16
FILE = """apiVersion: keyshift.io/v1alpha1
kind: Migration
metadata: {name: killed}
spec:
  from: {schema: shop, version: 1.0.0}
  to:   {schema: shop, version: 2.0.0}
  source: {url: "redis://127.0.0.1:1/0"}
  rules:
    - name: profile
      from: {key: "user:<id>"}
      to:   {key: "{user:<id>}:profile"}
  sweep: {max_keys_per_second: 6000, max_server_latency_ms: 1000}
"""


def after(step, deletes):
    """What a record holds behind the writer's command `step`: it writes its number, or deletes at every third."""
    return None if step == 0 or (deletes and step % 3 == 0) else b"%d" % step


class Writer:
    """Changes its own record, one command at a time. A thread for as long as the proxy lives; it knows what it was told."""

    def __init__(self, world, number):
        self.world, self.key, self.other = world, OLD % (SETTLED + number), NEW % (SETTLED + number)
        self.deletes = number % 2 == 1
        self.attempted = self.acknowledged = 0
        self.thread = None

    def start(self):
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        try:
            app = self.world.app()
            while True:
                self.attempted += 1
                value = after(self.attempted, self.deletes)
                kind, _ = app.call([b"DEL", self.key] if value is None else [b"SET", self.key, value])
                if kind == "-":
                    return
                self.acknowledged = self.attempted
        except (OSError, Closed):
            return

    def judge(self):
        """The record is what the last acknowledged command made of it, or the one that was under way, and that once."""
        # One command, so that a sweeper that lives cannot move the record between two looks.
        values = [value for _, value in self.world.at("MGET", self.key, self.other)[1] if value is not None]
        allowed = {after(self.acknowledged, self.deletes), after(self.attempted, self.deletes)}
        assert len(values) <= 1, f"{self.key} exists under both names: {values}"
        value = values[0] if values else None
        assert value in allowed, f"{self.key} holds {value}; acknowledged {self.acknowledged}, attempted {self.attempted}"
        if value == after(self.attempted, self.deletes):
            self.acknowledged = self.attempted
        self.attempted = self.acknowledged


def pipeline(world, commands, size=1000):
    out = []
    for begin in range(0, len(commands), size):
        part = commands[begin:begin + size]
        world.server.send(*part)
        out += [world.server.read() for _ in part]
    return out


def judge_settled(world, moved):
    """Every record that only the sweeper touches is there once, with its value; all at their new names when `moved`."""
    at_new = 0
    for i, (_, pair) in enumerate(pipeline(world, [[b"MGET", OLD % i, NEW % i] for i in range(SETTLED)])):
        old, new = (value for _, value in pair)
        equal([value for value in (old, new) if value is not None], [b"v%d" % i], f"record {i}")
        assert not moved or old is None, f"record {i} still has its old name"
        at_new += new is not None
    return at_new


def sweeper(world):
    return subprocess.Popen([world.keyshift, "sweep", "--upstream", f"redis://127.0.0.1:{world.port}", "--migration", world.migration,
                             "--mode", "to-new", "--log-level", "error"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def kill(process):
    process.kill()
    process.wait()


def run_rounds(world, rounds):
    writers = [Writer(world, number) for number in range(WRITERS)]
    killed, moved_meanwhile = {"proxy": 0, "sweeper": 0}, set()
    sweep = sweeper(world)
    try:
        for _ in range(rounds):
            for writer in writers:
                writer.start()
            time.sleep(random.uniform(0.0, 0.5))
            if random.random() < 0.7 and sweep.poll() is None:
                kill(sweep)
                killed["sweeper"] += 1
            time.sleep(random.choice((0.0, 0.0, random.uniform(0.0, 0.1))))
            world.kill_proxy()
            killed["proxy"] += 1
            for writer in writers:
                writer.thread.join()
            time.sleep(0.05)  # what the proxy had sent is executed
            for writer in writers:
                writer.judge()
            moved_meanwhile.add(judge_settled(world, False))
            # Some go back to their old names, so that the next round moves again.
            pipeline(world, [[b"RENAMENX", NEW % i, OLD % i] for i in random.sample(range(SETTLED + WRITERS), SETTLED // 8)])
            if sweep.poll() is not None:
                world.at("DEL", "keyshift:sweeper:{}:killed")  # would expire after 15 s
                sweep = sweeper(world)
            world.start()
    finally:
        kill(sweep)
    return writers, killed, moved_meanwhile


def main():
    words = [word for word in sys.argv[1:] if word != "--long"]
    if not words:
        sys.exit(__doc__)
    rounds = 60 if "--long" in sys.argv else 15
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(FILE)
        file.flush()
        with World(words[0], migration=file.name) as world:
            pipeline(world, [[b"SET", OLD % i, b"v%d" % i] for i in range(SETTLED)])
            writers, killed, moved_meanwhile = run_rounds(world, rounds)
            world.at("DEL", "keyshift:sweeper:{}:killed")
            last = sweeper(world)
            equal(last.wait(120), 0, "the exit code of the last sweep")
            judge_settled(world, True)
            for writer in writers:
                writer.judge()
                equal(world.at("EXISTS", writer.key), (":", b"0"), "the old name behind a clean pass")
            equal(world.at("KEYS", "keyshift:quarantine:*")[1], [], "records put aside")
            written = sum(writer.acknowledged for writer in writers)
            print(f"  killed {killed}, {written} acknowledged writes")
            assert written > 20 * rounds and killed["sweeper"] >= rounds // 4 and len(moved_meanwhile) > 3, (killed, moved_meanwhile)
    print("1 passed, 0 failed")


if __name__ == "__main__":
    main()
