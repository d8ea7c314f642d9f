#!/usr/bin/env python3
"""Runs Redis' own test suite (Debian's source package) against a server that it did not start: redis-server itself, or the proxy before it.

  run.py                                        straight to redis-server: which tests hold at all
  run.py --keyshift PATH --mode plain           through the proxy without rules
  run.py --keyshift PATH --mode to-new          with rules over the names that the suite uses
  run.py ... --unit unit/multi --no-exclusions  one unit, whole

units.txt says which units belong to the short run and which to --all; exclusions.txt what is left out, with a reason each.
"""
import argparse
import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from ports import free_port  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
MODES = ("direct", "plain", "old", "to-new", "new", "to-old")
shown = 12  # failures listed per unit; when a server has ended, every test behind that fails
LINE = re.compile(r"^\[(ok|err|skip|ignore|exception)\]: (.*)$")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keyshift", help="the proxy's program")
    parser.add_argument("--mode", choices=MODES, default="direct")
    parser.add_argument("--all", action="store_true", help="the long units too")
    parser.add_argument("--unit", action="append", help="these units only")
    parser.add_argument("--only", action="append", default=[], help="tests of that name, or /regex, only")
    parser.add_argument("--no-exclusions", action="store_true")
    parser.add_argument("--source", help="an unpacked Redis source; default: fetched into build/redis_suite")
    parser.add_argument("--timeout", type=int, default=120, help="seconds for one unit")
    parser.add_argument("--verbose", action="store_true", help="print the suite's own output of units with failures")
    return parser.parse_args()


def table(name):
    with open(os.path.join(HERE, name)) as file:
        return [line.rstrip("\n") for line in file if line.strip() and not line.startswith("#")]


def chosen_units(options):
    rows = [line.split() for line in table("units.txt")]
    return options.unit or [name for when, name in rows if when == "ci" or options.all]


class Exclusion:
    """`WHERE UNIT | TEST | REASON`; WHERE: all, proxy (not direct) or rules (a mode with rules); TEST: a name or /regex."""

    def __init__(self, line):
        parts = [part.strip() for part in line.split(" | ")]
        if len(parts) != 3 or not parts[2] or len(parts[0].split()) != 2:
            sys.exit(f"exclusions.txt: wanted `WHERE UNIT | TEST | REASON`, found: {line}")
        (self.where, self.unit), self.test, self.reason = parts[0].split(), parts[1], parts[2]
        if self.test.startswith("/"):
            self.test = self.test.removesuffix("/")  # the suite writes /regex without an end
        if self.where not in ("all", "proxy", "rules"):
            sys.exit(f"exclusions.txt: unknown {self.where}: {line}")

    def holds(self, mode):
        return self.where == "all" or mode != "direct" and (self.where == "proxy" or mode != "plain")


def codename():
    with open("/etc/os-release") as file:
        return dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line).get("VERSION_CODENAME", "bookworm").strip('"')


def source(options):
    """The unpacked source, fetched once with apt's signature checks."""
    directory = os.path.abspath(options.source or os.path.join(ROOT, "build", "redis_suite", "src"))
    if not os.path.exists(os.path.join(directory, "tests", "test_helper.tcl")):
        done = subprocess.run([os.path.join(ROOT, "scripts", "debian-source.sh"), "redis", codename(), directory], capture_output=True, text=True)
        if done.returncode:
            sys.exit("SKIPPED: Redis' source package could not be fetched: " + " / ".join(done.stderr.strip().splitlines()[-2:]))
    with open(os.path.join(directory, "src", "version.h")) as file:
        suite = re.search(r'"([0-9.]+)"', file.read())[1]
    server = re.search(r"v=([0-9.]+)", subprocess.run(["redis-server", "--version"], capture_output=True, text=True).stdout)[1]
    if suite != server:
        print(f"note: the suite is of Redis {suite}, the server is {server}")
    return directory


class Running:
    """A redis-server of our own, and in every mode but direct the proxy before it."""

    def __init__(self, options, directory):
        self.directory, self.server_port, self.processes = directory, free_port(), []
        self.port = self.server_port
        shutil.rmtree(directory, ignore_errors=True)
        os.makedirs(directory)
        self.start(["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", directory, "--loglevel", "warning",
                    "--enable-debug-command", "yes", "--enable-protected-configs", "yes"], self.port)
        if options.mode != "direct":
            self.port = free_port()
            self.start(self.proxy(options), self.port)

    def proxy(self, options):
        command = [options.keyshift, "proxy", "--allow-dangerous", "--listen", f"127.0.0.1:{self.port}", "--upstream", f"redis://127.0.0.1:{self.server_port}/0",
                   "--admin", f"127.0.0.1:{free_port()}", "--health", f"127.0.0.1:{free_port()}"]
        if options.mode != "plain":
            path = os.path.join(self.directory, "migration.yaml")
            with open(os.path.join(HERE, "migration.yaml")) as rules, open(path, "w") as copy:
                copy.write(rules.read().replace("127.0.0.1:6379", f"127.0.0.1:{self.server_port}"))
            command += ["--migration", path, "--mode", options.mode]
        return command

    def start(self, command, port):
        log = open(os.path.join(self.directory, os.path.basename(command[0]) + ".log"), "wb")
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        self.processes.append(process)
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            if process.poll() is not None:
                break
            time.sleep(0.05)
        self.stop()
        sys.exit(f"{command[0]} did not come up; see {log.name}")

    def moved_names(self):
        """How many keys lie under a new name in the server itself; a proxy that moves nothing would pass every test."""
        found = subprocess.run(["redis-cli", "-p", str(self.server_port), "--raw", "KEYS", "moved:*"], capture_output=True, text=True, errors="replace")
        return len(found.stdout.split("\n")) - 1 if found.stdout.strip() else 0

    def died(self):
        return [os.path.basename(process.args[0]) for process in self.processes if process.poll() is not None]

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def suite_command(options, port, unit, skips, directory):
    skipfile = os.path.join(directory, "skip")
    with open(skipfile, "w") as file:
        file.write("".join(name + "\n" for name in skips))
    command = ["tclsh", "tests/test_helper.tcl", "--host", "127.0.0.1", "--port", str(port), "--durable", "--single", unit, "--skipfile", skipfile,
               "--baseport", str(11000 + free_port() % 12000)]  # its own port, so that two runs on one machine do not meet
    # Rules hold in one database, and the suite would use 9 and others.
    command += ["--singledb"] if options.mode not in ("direct", "plain") else []
    for only in options.only:
        command += ["--only", only]
    return command


def run_unit(options, where, unit, exclusions):
    """What one unit on a server of its own came to."""
    directory = os.path.join(ROOT, "build", "redis_suite", "run", options.mode, unit.replace("/", "_"))
    running, began = Running(options, os.path.abspath(directory)), time.monotonic()
    skips = [exclusion.test for exclusion in exclusions]
    suite = subprocess.Popen(suite_command(options, running.port, unit, skips, running.directory), cwd=where, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True)
    try:
        text, late = suite.communicate(timeout=options.timeout)[0], False
    except subprocess.TimeoutExpired:
        os.killpg(suite.pid, signal.SIGKILL)  # its client, too, or the next unit finds the suite's own port taken
        text, late = suite.communicate()[0], True
    except BaseException:
        os.killpg(suite.pid, signal.SIGKILL)
        running.stop()
        raise
    died = running.died()
    moved = running.moved_names() if not died else 0
    running.stop()
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    found = [match for match in map(LINE.match, text.splitlines()) if match]
    failures = [match[2] for match in found if match[1] in ("err", "exception")]
    failures += [f"the unit did not end within {options.timeout} s"] if late else []
    failures += [f"{name} ended by itself" for name in died]
    if not failures and suite.returncode and "All tests passed" not in text:
        failures.append("the suite failed: " + " / ".join(text.strip().splitlines()[-3:]))
    passed = sum(match[1] == "ok" for match in found)
    return {"passed": passed, "failed": failures, "excluded": sum(match[1] == "skip" for match in found), "moved": moved,
            "seconds": time.monotonic() - began, "text": text}


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers and suite end with this program
    options = arguments()
    if options.mode != "direct" and not options.keyshift:
        sys.exit("run.py: --keyshift PATH is needed for every mode but direct")
    options.keyshift = options.keyshift and os.path.abspath(options.keyshift)
    if not shutil.which("tclsh"):
        sys.exit("SKIPPED: tclsh is not installed (scripts/setup.sh test)")
    where = source(options)
    lock = open(os.path.join(where, "tests", "lock"), "w")
    fcntl.flock(lock, fcntl.LOCK_EX)  # the suite empties tests/tmp at its start, under the feet of another run
    exclusions = [] if options.no_exclusions else [one for one in map(Exclusion, table("exclusions.txt")) if one.holds(options.mode)]
    total = {"passed": 0, "failed": 0, "excluded": 0, "moved": 0}
    for unit in chosen_units(options):
        own = [one for one in exclusions if one.unit == unit]
        got = run_unit(options, where, unit, own)
        print(f"{unit}: {got['passed']} passed, {len(got['failed'])} failed, {got['excluded']} excluded in {got['seconds']:.0f} s", flush=True)
        for failure in got["failed"] if options.verbose else got["failed"][:shown]:
            print("  FAILED " + failure[:300], flush=True)
        if len(got["failed"]) > shown and not options.verbose:
            print(f"  and {len(got['failed']) - shown} more (--verbose)")
        if got["failed"] and options.verbose:
            print(got["text"])
        for name in total:
            total[name] += len(got[name]) if name == "failed" else got[name]
    if not options.unit and (total["moved"] > 0) != (options.mode in ("to-new", "new")):
        print(f"FAILED {total['moved']} keys were found under their new names")
        total["failed"] += 1
    print(f"{options.mode}: {total['passed']} passed, {total['failed']} failed, {total['excluded']} excluded")
    sys.exit(1 if total["failed"] or not total["passed"] else 0)


main()
