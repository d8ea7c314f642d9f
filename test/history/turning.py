"""Harm in the very middle of a flip: a driver's process is stopped again and again for an instant, until the control record
shows the step of docs/protocol.md ("Turning") that is wanted; then something is done to proxies, and it goes on."""
import json
import signal
import subprocess
import time

from world import Connection

RECORD, KEY = b"keyshift:control:{}:record", b"keyshift:epoch:{}:key"
STEPS = {1: "the hold is being written", 2: "proxies stop and take its name", 3: "the driver looks and kills", 4: "the new era is being written"}


def change_of(text):
    fields = dict(line.split(b" ", 1) for line in text.splitlines() if not line.startswith(b"run "))
    return fields[b"epoch"] + b"." + fields[b"word"], fields[b"kind"] == b"hold", int(fields[b"era"])


class Watcher:
    """Reads which step a flip is in, on a connection of its own."""

    def __init__(self, world):
        self.world, self.connection = world, Connection(world.port)

    def look(self):
        """0 while nothing turns."""
        cur, following = self.connection.call([b"HMGET", RECORD, b"cur", b"next"])[1]
        if cur[1] is None:
            return 0
        (now, holds, era), (then, then_holds, then_era) = change_of(cur[1]), change_of(following[1])
        if not holds:
            return 1 if then != now and then_holds else 0
        if then_era > era:
            return 4
        key = self.connection.call([b"GET", KEY])[1]
        if key is None or change_of(key)[0] != now:
            return 1
        return 2 if self.awaited(now) else 3

    def awaited(self, hold):
        """Connections that may carry commands and do not carry the hold's name, of proxies that could take it."""
        count = 0
        for line in self.connection.call([b"CLIENT", b"LIST"])[1].splitlines():
            name = line.split(b" name=", 1)[1].split(b" ", 1)[0].split(b":")
            if len(name) < 3 or name[0] != b"keyshift" or name[2] in (b"none", b"ctl") or name[2].startswith(b"free="):
                continue
            count += name[2] != hold and name[1].decode() not in self.world.away
        return count


class Aim:
    """One step of an operator with harm in its middle."""

    def __init__(self, world, rng):
        self.world, self.rng, self.watcher = world, rng, Watcher(world)
        self.inside = {step: 0 for step in STEPS}  # faults in it: in front of each and behind it it was that step

    def turn(self, argv, wanted, harm):
        """Runs `argv`, and in the step `wanted` one fault of `harm`, which yields behind each, after the other. Its exit code, what
        it printed, and its complaints."""
        driver = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        done = False
        while driver.poll() is None and self.watcher.look() == 0:
            pass
        while driver.poll() is None and not done:
            driver.send_signal(signal.SIGSTOP)
            step = self.watcher.look()
            if step == 2 and wanted == 3:
                step = self.settled()
            if step == wanted:
                for behind in map(lambda _: self.watcher.look(), harm(driver)):
                    self.inside[step] += step == behind > 0
                    step = behind  # proxies go from 2 to 3 by themselves
                done = True
            driver.send_signal(signal.SIGCONT)
            if step == 0 or step > wanted:
                break
            if not done:
                time.sleep(0.00005)
        out, error = driver.communicate(timeout=60)
        return driver.returncode, json.loads(out) if out.startswith("{") else out, error

    def settled(self):
        """With its driver stopped a hold goes no further than until everybody carries its name."""
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            if (step := self.watcher.look()) != 2:
                return step
        return 2
