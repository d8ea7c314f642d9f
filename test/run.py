#!/usr/bin/env python3
"""Runs the suites of test/suites.txt whose stage is asked for, prints one line for each and then the sum.

  test/run.py test              what `make test` runs
  test/run.py ci                what .ci/run runs besides
  test/run.py test ci all       everything
  test/run.py --only fuzz,tidy  these suites, whatever their stage

A suite that fails does not keep the others from running. Its whole output is in build/logs/NAME.log; the end of it is
printed. The last line is `N passed, N failed` (`, N skipped` when there were any). Exit code 1 when something failed,
and, when CI is set, also when a suite was skipped for want of a tool that scripts/setup.sh installs.
"""
import argparse
import os
import re
import signal
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIST = os.path.join(TOP, "test", "suites.txt")
LOGS = os.path.join(TOP, "build", "logs")
STAGES = ("test", "ci", "all", "off")
SUMMARY = re.compile(r"(\d+) passed, (\d+) failed(?:, (\d+) (?:skipped|excluded))?\s*$")
CTEST = re.compile(r"\d+% tests passed, (\d+) tests? failed out of (\d+)")


class Suite:
    def __init__(self, number, line):
        parts = [part.strip() for part in re.split(r"(?<!\|)\s\|\s(?!\|)", line)]
        if len(parts) != 5 or parts[1] not in STAGES or not parts[2].isdigit() or not parts[4]:
            sys.exit(f"{LIST}:{number}: wanted `name | {' or '.join(STAGES)} | minutes | command | reason`, found: {line}")
        self.name, self.stage, minutes, self.command, self.reason = parts
        self.seconds = 60 * int(minutes)


def suites():
    with open(LIST) as file:
        found = [Suite(n, line.strip()) for n, line in enumerate(file, 1) if line.strip() and not line.startswith("#")]
    names = [suite.name for suite in found]
    for name in names:
        if names.count(name) > 1:
            sys.exit(f"{LIST}: {name} stands there more than once")
    return found


def counted(text, code):
    """(passed, failed, skipped) out of what a suite printed. An exit code that says otherwise than its words wins."""
    lines = text.strip().splitlines()
    match = next(filter(None, (SUMMARY.search(line) for line in reversed(lines[-5:]))), None)
    ctest = CTEST.search(text)
    if match:
        counts = [int(match[1]), int(match[2]), int(match[3] or 0)]
    elif ctest:
        counts = [int(ctest[2]) - int(ctest[1]), int(ctest[1]), 0]
    elif code == 0 or (lines and lines[-1].startswith("SKIPPED:")):
        return [0, 0, 1] if lines and lines[-1].startswith("SKIPPED:") else [1, 0, 0]
    else:
        return [0, 1, 0]
    if code != 0 and counts[1] == 0:
        counts[1] = 1
    return counts


def stop(process):
    """The whole group: a suite's servers and proxies too."""
    for what in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, what)
            process.wait(10)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def run(suite):
    began = time.monotonic()
    path = os.path.join(LOGS, suite.name + ".log")
    with open(path, "w") as log:
        process = subprocess.Popen(["bash", "-c", suite.command], cwd=TOP, stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=subprocess.STDOUT, start_new_session=True)
        try:
            code = process.wait(suite.seconds)
        except subprocess.TimeoutExpired:
            stop(process)
            code = -1
            log.write(f"\nended: it took longer than {suite.seconds // 60} minutes\n")
        except KeyboardInterrupt:
            stop(process)
            raise
    with open(path, errors="replace") as log:
        text = log.read()
    return counted(text, code), text, time.monotonic() - began


def show(suite, counts, text, seconds):
    verdict = "FAILED" if counts[1] else "skipped" if counts[2] and not counts[0] else "ok"
    skipped = f", {counts[2]} skipped" if counts[2] else ""
    print(f"{verdict:8}{suite.name:20}{seconds:6.0f} s  {counts[0]} passed, {counts[1]} failed{skipped}", flush=True)
    lacks = [line for line in text.splitlines() if line.startswith("SKIPPED:")]
    for line in lacks[:8]:
        print("        " + line)
    if counts[1]:
        print("".join(f"        | {line[:200]}\n" for line in text.strip().splitlines()[-25:]), end="")
        print(f"        see build/logs/{suite.name}.log", flush=True)
    return [line for line in lacks if "not installed" in line]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", nargs="*", choices=[[], *STAGES[:3]], help="test, ci, all")
    parser.add_argument("--only", default="", help="names of suites, with commas")
    parser.add_argument("--list", action="store_true", help="print the suites and run none")
    return parser.parse_args()


def main():
    options = arguments()
    everything = suites()
    only = [name for name in options.only.split(",") if name]
    for name in only:
        if name not in [suite.name for suite in everything]:
            sys.exit(f"no suite is called {name}; there are: {' '.join(suite.name for suite in everything)}")
    chosen = [suite for suite in everything if suite.name in only or (not only and suite.stage in options.stage)]
    if options.list:
        for suite in chosen or everything:
            print(f"{suite.name:20}{suite.stage:6}{suite.reason}")
        return 0
    if not chosen:
        sys.exit("nothing to run: name a stage (test, ci, all) or --only SUITE")
    os.makedirs(LOGS, exist_ok=True)
    total, lacking, began = [0, 0, 0], [], time.monotonic()
    for suite in chosen:
        counts, text, seconds = run(suite)
        lacking += show(suite, counts, text, seconds)
        total = [a + b for a, b in zip(total, counts)]
    left = [suite for suite in everything if suite.stage in ("all", "off") and suite not in chosen]
    if left and not only:
        print("not run here: " + "; ".join(f"{suite.name} ({suite.stage}: {suite.reason})" for suite in left))
    print(f"{len(chosen)} suites in {(time.monotonic() - began) / 60:.1f} minutes")
    if lacking and os.environ.get("CI"):
        print("this run lacks tools that scripts/setup.sh installs, so it does not count as passed")
    print(f"{total[0]} passed, {total[1]} failed" + (f", {total[2]} skipped" if total[2] else ""), flush=True)
    return 1 if total[1] or (lacking and os.environ.get("CI")) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
