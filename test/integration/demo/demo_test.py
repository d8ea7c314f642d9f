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


def test_the_demo_passes_and_leaves_nothing_behind(keyshift, directory):
    done = demo(keyshift, directory=directory)
    assert done.returncode == 0 and done.stdout.endswith("PASS\n"), done.stdout + done.stderr
    assert not os.listdir(directory), os.listdir(directory)


def test_the_report_as_json_has_the_proof(keyshift, directory):
    done = demo(keyshift, "--json", directory=directory)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    verdict, load = report["verdict"], report["load"]
    assert report["passed"] and verdict["right"] == verdict["expected"] > 0
    assert verdict["expected"] + verdict["deleted"] == 20000 + 8 * 1000
    assert load["errors"] == load["wrong_answers"] == 0 and load["reads"] > 1000 and load["writes"] > 1000
    assert report["moved"]["by_sweeper"] > 0 and report["moved"]["by_clients"] > 0


class Kept:
    """A demo with --keep, stopped in front of its end: its server and its file of expectations are there."""

    def __init__(self, keyshift, directory):
        self.keyshift = keyshift
        self.process = subprocess.Popen([keyshift, "demo", *FEW, "--keep"], stdout=subprocess.PIPE, text=True,
                                        env={**os.environ, "TMPDIR": directory})
        text = ""
        while "files: " not in text:
            line = self.process.stdout.readline()
            assert line, "the demo ended early: " + text
            text += line
        self.port = re.search(r"redis-server on 127\.0\.0\.1:(\d+)", text)[1]
        self.file = glob.glob(directory + "/keyshift-demo-*/expected.tsv")[0]
        with open(self.file) as lines:
            self.lines = lines.readlines()

    def redis(self, *words):
        subprocess.run(["redis-cli", "-p", self.port, *words], check=True, capture_output=True)

    def verdict(self, lines):
        with tempfile.NamedTemporaryFile("w", suffix=".tsv") as changed:
            changed.writelines(lines)
            changed.flush()
            done = subprocess.run([self.keyshift, "demo-verdict", changed.name, "--port", self.port], capture_output=True,
                                  text=True)
        return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr

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
        code, words = kept.verdict(kept.lines[:-1])
        assert code == 2 and "cut off" in words, (code, words)
        code, words = kept.verdict(kept.lines[1:])
        assert code == 2 and "count" in words, (code, words)
        old_name = next(line.split("\t")[1] for line in kept.lines if line.split("\t")[2:3] == ["hash"])
        kept.redis("SET", old_name, "planted")
        sees(kept, kept.lines, "under_old_name")
        sees(kept, kept.lines, "unexpected")
        kept.redis("DEL", old_name)
        kept.redis("SET", "keyshift:quarantine:{x}:demo:" + old_name, "planted")
        sees(kept, kept.lines, "quarantined")
    finally:
        refused = kept.stop()
    assert refused != 0, "the demo's redis-server is still there"


def test_wrong_options_are_refused(keyshift, directory):
    for options in (["--records", "10"], ["--clients", "0"], ["--seconds", "soon"]):
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
