#!/usr/bin/env python3
"""Runs one list of scenarios (scenarios.json) with seven client libraries, straight to redis-server or through the proxy,
and prints the matrix. A scenario that a runner does not answer is a failure; one that a library cannot do says why.

  run.py                                    straight to redis-server: the scenarios themselves are right
  run.py --keyshift PATH --mode all         through the proxy: without rules, then old, to-new, new, to-old
  run.py --keyshift PATH --mode to-new --library jedis --only blpop_wake
"""
import argparse
import concurrent.futures
import json
import os
import subprocess
import sys
import threading
import time

import libraries
import servers

HERE = os.path.dirname(os.path.abspath(__file__))
MODES = ("direct", "plain", "old", "to-new", "new", "to-old")
installing = threading.Lock()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keyshift", help="the proxy's program")
    parser.add_argument("--mode", action="append", choices=(*MODES, "all"), help="repeatable; default direct")
    parser.add_argument("--view", choices=("old", "new"), default="old", help="the names that the clients use under rules")
    parser.add_argument("--migration", default=os.path.join(HERE, "migration.yaml"))
    parser.add_argument("--cache", default=os.path.join(HERE, "..", "..", "build", "clients"))
    parser.add_argument("--library", action="append", choices=list(libraries.LIBRARIES))
    parser.add_argument("--only", default="", help="ids of scenarios, with commas")
    parser.add_argument("--jobs", type=int, default=3, help="libraries at once")
    parser.add_argument("--timeout", type=int, default=55, help="seconds for one library")
    parser.add_argument("--no-skip", action="store_true", help="a library that cannot be installed is a failure")
    parser.add_argument("--proxy-argument", action="append", default=[], help="passed on to keyshift proxy")
    return parser.parse_args()


def answers(text, wanted):
    """id -> (verdict, reason) out of a runner's lines; what it does not answer has failed."""
    got = {}
    for line in text.splitlines():
        head, _, reason = line.partition(": ")
        name, _, verdict = head.partition(" ")
        if name in wanted and verdict in ("pass", "fail", "unsupported"):
            got[name] = (verdict, reason) if verdict == "pass" or reason else ("fail", "no reason given")
    return {name: got.get(name, ("fail", "the runner gave no answer")) for name in wanted}


def converse(command, server, options, view, wanted):
    """Runs the library's program against the server's client port and returns its answers."""
    words = [f"{family}={name}" for family, name in (servers.NEW if view == "new" else servers.OLD).items()]
    words += [f"only={options.only}"] if options.only else []
    with open(os.path.join(server.directory, "runner.log"), "w+") as log:
        process = subprocess.Popen([*command, "127.0.0.1", str(server.client_port), *words], stdout=subprocess.PIPE, stderr=log, text=True)
        watchdog = threading.Timer(options.timeout, process.kill)
        watchdog.start()
        text = process.communicate()[0]
        watchdog.cancel()
    return answers(text, wanted)


def through(name, mode, options, wanted):
    """One library in one mode: its answers, and the names that it left behind as one more scenario."""
    with installing:
        command = libraries.LIBRARIES[name](os.path.abspath(options.cache))
    server = servers.Server(os.path.join(os.path.abspath(options.cache), "run", mode, name), mode)
    view = "old" if mode in ("direct", "plain") else options.view
    try:
        if mode != "direct":
            server.proxy(options.keyshift, options.migration, mode, view, options.proxy_argument)
        got = converse(command, server, options, view, wanted)
        wrong = [f"{died} ended by itself" for died in server.died()]
        if not options.only and not wrong:
            wrong = servers.names_left(server.port, mode)
        return got | ({"names_left": ("fail", "; ".join(wrong)) if wrong else ("pass", "")})
    finally:
        server.stop()


def column(name, mode, options, wanted):
    try:
        return through(name, mode, options, wanted)
    except libraries.Skipped as reason:
        return {row: ("fail" if options.no_skip else "skip", str(reason)) for row in [*wanted, "names_left"]}
    except (libraries.Broken, SystemExit) as reason:
        return {row: ("fail", str(reason)) for row in [*wanted, "names_left"]}


CELL = {"pass": "ok", "fail": "FAIL", "unsupported": "-", "skip": "skip"}


def show(mode, table, rows):
    """Prints the matrix and below it every reason; returns (passed, failed, skipped)."""
    width = max(map(len, rows)) + 2
    print(f"\n== {mode} ==\n" + "".ljust(width) + "".join(name.ljust(12) for name in table))
    for row in rows:
        print(row.ljust(width) + "".join(CELL[table[name][row][0]].ljust(12) for name in table).rstrip())
    for name, cells in table.items():
        if all(verdict == "skip" for verdict, _ in cells.values()):
            print(f"SKIPPED: {name} was not run at all: {cells[rows[0]][1]}")
            continue
        for row, (verdict, reason) in cells.items():
            if verdict in ("fail", "unsupported"):
                print(f"{verdict}: {name} {row}: {reason[:500]}")
    verdicts = [cell[0] for cells in table.values() for cell in cells.values()]
    return verdicts.count("pass"), verdicts.count("fail"), verdicts.count("skip") + verdicts.count("unsupported")


def one_mode(mode, options, wanted):
    began = time.monotonic()
    names = options.library or list(libraries.LIBRARIES)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        futures = {name: pool.submit(column, name, mode, options, wanted) for name in names}
        table = {name: future.result() for name, future in futures.items()}
    counts = show(mode, table, [*wanted, "names_left"])
    print(f"{mode}: {counts[0]} passed, {counts[1]} failed, {counts[2]} skipped in {time.monotonic() - began:.0f} s", flush=True)
    return counts


def main():
    options = arguments()
    modes = list(MODES[1:]) if "all" in (options.mode or []) else options.mode or ["direct"]
    if not options.keyshift and modes != ["direct"]:
        sys.exit("run.py: --keyshift PATH is needed for every mode but direct")
    with open(os.path.join(HERE, "scenarios.json")) as file:
        wanted = [row["id"] for row in json.load(file)]
    if options.only:
        wanted = [name for name in wanted if name in options.only.split(",")]
    total = [sum(part) for part in zip(*(one_mode(mode, options, wanted) for mode in modes))]
    print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped")
    sys.exit(1 if total[1] else 0)


main()
