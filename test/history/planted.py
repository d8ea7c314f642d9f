#!/usr/bin/env python3
"""Plants mistakes in real proxies and drivers and looks whether their histories show it: each must be found not linearizable. The same
harm without a mistake must be found linearizable. docs/histories.md.

  planted.py KEYSHIFT PROGRAMS [--runs N] [--attempts A] [--seed S] [--only NAME,...]

PROGRAMS is the folder of history_record, history_check and keyshift_naive. A run tries a mistake up to A times, from other
seeds; of N runs nine in ten must catch it.
"""
import argparse
import os
import shutil
import signal
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import scenarios  # noqa: E402
from operate import Operator  # noqa: E402
from turning import Aim  # noqa: E402
from world import FOLLOW  # noqa: E402

MISTAKES = {
    "unread": "a connection is used without a look at the epoch key",
    "unheld": "a hold stops nothing",
    "unkilled": "the driver closes no connection that is late",
    "remembered": "what was known to be in place is still known in the next era",
    "old_side": "commands run under the old names, whatever the phase says",
}
LATE = 2  # the proxy that is stopped


def deaf(world):
    """The server closes the late proxy's connections that carry no keys: it hears of nothing until it has connected anew."""
    for line in world.at("CLIENT", "LIST").splitlines():
        name = line.split(b" name=", 1)[1].split(b" ", 1)[0]
        if name.startswith(b"keyshift:" + world.proxies[LATE].name.encode() + b":") and name.endswith((b":none", b":ctl")):
            world.at("CLIENT", "KILL", "ID", line.split(b" ", 1)[0].split(b"=")[1])


def stopped_in_the_hold(run, operator, step):
    """It has taken the hold's name, so its connections live on; it hears of the new era only afterwards."""
    aim = Aim(run.world, run.rng)

    def stop(_):
        run.world.proxies[LATE].process.send_signal(signal.SIGSTOP)
        yield
    code, said, error = aim.turn([run.world.keyshift, *step, "--upstream", run.world.url, "--name", "operator", "--json"], 3, stop)
    assert code in (0, 1, 3), f"{step[0]} ended with {code}: {error}"
    if code != 0:
        operator.take(*step)
    deaf(run.world)
    time.sleep(0.02)  # the records that its clients wait for are still those that others use


def stopped_across(run, operator, step):
    """Stopped in front of the hold: the driver closes its connections."""
    run.world.proxies[LATE].process.send_signal(signal.SIGSTOP)
    operator.take(*step)
    deaf(run.world)
    time.sleep(0.1)


def turned_with_a_late_proxy(run, operator):
    for number, step in enumerate([("start", "--force", "not-rehearsed"), ("rollback",)] * 5):
        (stopped_across if number % 4 > 1 else stopped_in_the_hold)(run, operator, step)
        run.world.proxies[LATE].process.send_signal(signal.SIGCONT)
        time.sleep(0.3)


class PlantedRun(scenarios.Run):
    """Proxies that make `mistake`, or none."""

    def __init__(self, options, folder, seed, mistake):
        super().__init__(options.keyshift, options.programs, folder, seed, 1)
        self.mistake, self.world.keyshift = mistake, os.path.join(options.programs, "keyshift_naive")

    def violations(self):
        with self:
            self.fill("old")
            for proxy in self.world.proxies:
                proxy.start(FOLLOW, "old", "on")
            operator = Operator(self.world)
            operator.apply()
            recorder = self.recording.start([(proxy.port, "old") for proxy in self.world.proxies], 3600, clients=16)
            turned_with_a_late_proxy(self, operator)
            self.end_of_load(recorder)
            return len(self.recording.verdict(limit=1000)["violations"])


def once(options, seed, mistake, top):
    """How many records had an impossible history."""
    folder = os.path.join(top, f"{mistake or 'none'}-{seed}")
    os.environ["KEYSHIFT_NAIVE"] = mistake  # of every process that is started from here on
    found = PlantedRun(options, folder, seed, mistake).violations()
    if mistake or not found:
        shutil.rmtree(folder)
    return found


def caught(options, seed, mistake, top):
    for attempt in range(options.attempts):
        if found := once(options, seed + 1000 * attempt, mistake, top):
            return f"{found} records, attempt {attempt + 1}"
    return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("keyshift")
    parser.add_argument("programs")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--attempts", type=int, default=3)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3), "big"))
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    top = tempfile.mkdtemp(prefix="keyshift-planted-")
    print(f"seed {options.seed}", flush=True)
    passed = failed = 0
    for mistake, words in MISTAKES.items():
        if options.only and mistake not in options.only.split(","):
            continue
        results = [caught(options, options.seed + number, mistake, top) for number in range(options.runs)]
        enough = sum(map(bool, results)) * 10 >= 9 * options.runs
        print(f"{'  ok' if enough else 'FAIL'} {mistake}, {words}: caught in {sum(map(bool, results))} of {options.runs} runs "
              f"({'; '.join(result or 'not seen' for result in results)})", flush=True)
        passed, failed = passed + enough, failed + (not enough)
    found = once(options, options.seed, "", top)
    print(f"{'FAIL' if found else '  ok'} no mistake, the same harm: {found} records with an impossible history", flush=True)
    passed, failed = passed + (not found), failed + bool(found)
    if not os.listdir(top):
        os.rmdir(top)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
