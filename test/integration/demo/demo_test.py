#!/usr/bin/env python3
"""`keyshift demo` on few records: it passes, it leaves nothing behind, and its verdict fails when something is planted.

  demo_test.py PATH_OF_KEYSHIFT
"""
import glob
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

FEW = ["--records", "20000", "--seconds", "5"]


def demo(keyshift, *options, directory):
    return subprocess.run([keyshift, "demo", *FEW, *options], capture_output=True, text=True, timeout=170,
                          env={**os.environ, "TMPDIR": directory})


def test_the_demo_goes_there_and_back_and_leaves_nothing_behind(keyshift, directory):
    done = demo(keyshift, "--json", directory=directory)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not os.listdir(directory), os.listdir(directory)
    report = json.loads(done.stdout)
    verdict, load, doors = report["verdict"], report["load"], report["proxies"]
    assert report["passed"] and verdict["right"] == verdict["expected"] > 0
    assert verdict["expected"] + verdict["deleted"] + verdict["unsure"] == 20000 + 8 * 1000
    assert load["errors"] == load["wrong_answers"] == 0 and load["reads"] > 1000 and load["writes"] > 1000
    for way in ("moved", "moved_back"):
        assert report[way]["by_sweep"] > 0 and report[way]["by_clients"] > 0, report[way]
    assert [phase["phase"] for phase in report["phases"]] == ["no run", "observe", "migrate", "cutover", "rollback", "observe"]
    typed = " ".join(step["command"].split()[1] for step in report["typed"])
    assert typed == "apply throttle backup start verify backup cutover rollback advance", typed
    # One proxy was killed, another one was stopped; of both some client has noticed, and nobody of the third.
    assert [door["cut_allowed"] > 0 for door in doors].count(True) == 1
    assert [door["unknown_allowed"] > 0 for door in doors] == [False, False, True]
    assert 0 < sum(door["cut"] for door in doors) and 0 < doors[2]["given_up"], doors


class Kept:
    """A demo that ended at the cutover, with --keep: its server and its file of expectations are there."""

    def __init__(self, keyshift, directory):
        self.keyshift = keyshift
        self.process = subprocess.Popen([keyshift, "demo", *FEW, "--to", "cutover", "--keep"], stdout=subprocess.PIPE, text=True,
                                        env={**os.environ, "TMPDIR": directory})
        text = ""
        while "files: " not in text:
            line = self.process.stdout.readline()
            assert line, "the demo ended early: " + text
            text += line
        assert "\nPASS\n" in text and "$ keyshift cutover" in text and "rollback" not in text, text
        self.port = re.search(r"redis-server on 127\.0\.0\.1:(\d+)", text)[1]
        self.file = glob.glob(directory + "/keyshift-demo-*/expected.tsv")[0]
        with open(self.file) as lines:
            self.lines = lines.readlines()
        self.unsure = sum(line.startswith("or\t") for line in self.lines)

    def redis(self, *words):
        subprocess.run(["redis-cli", "-p", self.port, *words], check=True, capture_output=True)

    def verdict(self, lines):
        with tempfile.NamedTemporaryFile("w", suffix=".tsv") as changed:
            changed.writelines(lines)
            changed.flush()
            done = subprocess.run([self.keyshift, "demo-verdict", changed.name, "--port", self.port], capture_output=True,
                                  text=True)
        return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr

    def field(self, kind, number):
        """Of the first record of that kind that has no second state."""
        lines = [line.rstrip("\n").split("\t") for line in self.lines]
        return next(line[number] for line, then in zip(lines, lines[1:]) if line[2:3] == [kind] and then[0] != "or")

    def plant_a_second_name(self):
        name, other = self.field("hash", 0), self.field("hash", 1)
        self.redis("SET", other, "planted")
        sees(self, self.lines, "under_other_name")
        sees(self, self.lines, "unexpected")
        self.redis("DEL", other)
        self.redis("SET", "keyshift:quarantine:{x}:demo:" + name, "planted")
        sees(self, self.lines, "quarantined")
        self.redis("DEL", "keyshift:quarantine:{x}:demo:" + name)

    def lose_a_record(self):
        lost, aside = self.field("list", 0), "aside"
        self.redis("RENAME", lost, aside)
        sees(self, self.lines, "missing")
        self.redis("RENAME", aside, lost)

    def revive_a_record(self):
        revived = self.field("gone", 0)
        self.redis("SET", revived, "planted")
        sees(self, self.lines, "deleted_but_there")
        self.redis("DEL", revived)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=20)
        time.sleep(0.1)
        return subprocess.run(["redis-cli", "-p", self.port, "PING"], capture_output=True).returncode


def changed(lines, kind, change):
    """The lines with the first record of that kind changed."""
    place = next(i for i, line in enumerate(lines) if line.split("\t")[2:3] == [kind])
    fields = lines[place].rstrip("\n").split("\t")
    change(fields)
    return lines[:place] + ["\t".join(fields) + "\n"] + lines[place + 1:]


def either(lines, one, other):
    """The lines with a second state for the first string; None: what is there."""
    place = next(i for i, line in enumerate(lines) if line.split("\t")[2:3] == ["string"] and not lines[i + 1].startswith("or"))
    fields = lines[place].rstrip("\n").split("\t")
    states = ["\t".join([*fields[:4], value or fields[4]]) + "\n" for value in (one, other)]
    return lines[:place] + [states[0], "or\t" + states[1]] + lines[place + 1:]


def put(place, value):
    return lambda fields: fields.__setitem__(place, value)


def sees(kept, lines, counter):
    code, verdict = kept.verdict(lines)
    assert code == 1 and not verdict["passed"] and verdict[counter] == 1 and verdict["problems"], (counter, code, verdict)


def test_the_verdict_sees_what_is_planted(keyshift, directory):
    kept = Kept(keyshift, directory)
    try:
        code, verdict = kept.verdict(kept.lines)
        assert code == 0 and verdict["passed"], verdict
        for kind in ("hash", "string", "list"):
            sees(kept, changed(kept.lines, kind, put(-1, "planted")), "wrong_value")
        sees(kept, changed(kept.lines, "string", put(3, "1")), "wrong_expiry")
        sees(kept, changed(kept.lines, "hash", put(0, "{user:nobody}:profile")), "missing")
        sees(kept, changed(kept.lines, "hash", put(0, "{user:nobody}:profile")), "unexpected")
        sees(kept, either(kept.lines, "planted", "planted, too"), "in_neither_state")
        code, verdict = kept.verdict(either(kept.lines, "planted", None))
        assert code == 0 and verdict["unsure"] == kept.unsure + 1, (code, verdict)
        code, words = kept.verdict(kept.lines[:-1])
        assert code == 2 and "cut off" in words, (code, words)
        code, words = kept.verdict(kept.lines[1:])
        assert code == 2 and "count" in words, (code, words)
        kept.plant_a_second_name()
        kept.lose_a_record()
        kept.revive_a_record()
    finally:
        refused = kept.stop()
    assert refused != 0, "the demo's redis-server is still there"


def test_wrong_options_are_refused(keyshift, directory):
    for options in (["--records", "10"], ["--clients", "0"], ["--seconds", "soon"], ["--to", "nowhere"]):
        done = subprocess.run([keyshift, "demo", *options], capture_output=True, text=True)
        assert done.returncode == 2 and options[0] in done.stderr, (options, done)
    assert "demo-verdict" not in subprocess.run([keyshift, "help"], capture_output=True, text=True).stdout


def main():
    keyshift = os.path.abspath(sys.argv[1])
    failed = 0
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_")]
    for name, test in tests:
        with tempfile.TemporaryDirectory() as directory:
            try:
                test(keyshift, directory)
                print("ok   ", name, flush=True)
            except Exception as wrong:  # noqa: BLE001: one test's failure is no reason to skip the others
                failed += 1
                print("FAIL ", name, repr(wrong), flush=True)
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
