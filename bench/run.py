#!/usr/bin/env python3
"""The bench: keyshift beside direct, nutcracker, haproxy and the bare floor, in one interleaved run.

Client and proxy share core 0, redis-server has core 1. CPU is user and system time of the proxy process per request.
Every reply is checked byte for byte; a wrong one ends the run. No time makes this fail: it reports.
"""
import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from rig import cells, measure, processes, report  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def parse():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--build", default=os.path.join(ROOT, "build/release"), help="directory of the release build (default: %(default)s)")
    p.add_argument("--keyshift", help="the program to measure (default: BUILD/keyshift)")
    p.add_argument("--full", action="store_true", help="all cells, more rounds: about 20 minutes instead of about 3")
    p.add_argument("--rounds", type=int, help="rounds per cell (default: 3, full: 5)")
    p.add_argument("--seconds", type=float, help="measured time per round and configuration (default: 0.5, full: 1)")
    p.add_argument("--only", help="configurations, by comma: " + ",".join(cells.DESCRIPTION))
    p.add_argument("--cells", help="only cells whose name contains this text, such as 'GET 64 B, 50'")
    p.add_argument("--no-memory", action="store_true", help="leave the memory cells out")
    p.add_argument("--json", help="where the numbers go")
    p.add_argument("--markdown", help="where the tables go, besides the screen")
    p.add_argument("--update", help="a page whose part between <!-- bench:begin --> and <!-- bench:end --> is replaced")
    return p.parse_args()


def stripped(program, directory):
    """Memory is that of the binary as it is shipped."""
    copy = os.path.join(directory, os.path.basename(program))
    subprocess.run(["strip", "-o", copy, program], check=True)
    return copy


def makers(directory, upstream, floor, keyshift):
    """Name -> how to start it. One line per configuration."""
    p = processes
    return {
        "floor-asio": lambda: p.floor(directory, upstream, floor, "asio"),
        "floor-epoll": lambda: p.floor(directory, upstream, floor, "epoll"),
        "nutcracker": lambda: p.nutcracker(directory, upstream),
        "haproxy": lambda: p.haproxy(directory, upstream),
        "keyshift": lambda: p.keyshift(directory, upstream, keyshift, "keyshift"),
        "keyshift-out": lambda: p.keyshift(directory, upstream, keyshift, "keyshift-out", "to-new"),
        "keyshift-moved": lambda: p.keyshift(directory, upstream, keyshift, "keyshift-moved", "to-new"),
        "keyshift-cold": lambda: p.keyshift(directory, upstream, keyshift, "keyshift-cold", "to-new", ("--ensured-max", "0")),
        "keyshift-new": lambda: p.keyshift(directory, upstream, keyshift, "keyshift-new", "new"),
    }


def wanted_for(full):
    """In the short run what is in scope is measured only where it is judged."""
    def wanted(cell, name):
        return full or name in ("direct", "keyshift") or not name.startswith("keyshift-") or cell in cells.SCOPE_CELLS
    return wanted


def version(argv):
    try:
        return subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout.splitlines()[0]
    except (OSError, IndexError):
        return "?"


def machine():
    with open("/proc/cpuinfo") as f:
        model = next((l.split(":")[1].strip() for l in f if l.startswith("model name")), "?")
    return {"cpu": model, "cores": os.cpu_count(), "kernel": platform.release(), "load_average": os.getloadavg(),
            "redis": version(["redis-server", "--version"]), "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}


def check_tools(program, floor, load, names):
    missing = [p for p in (load, floor) if not os.path.exists(p)]
    if any(n.startswith("keyshift") for n in names) and not os.path.exists(program):
        missing.append(program)
    missing += [t for t in ("redis-server", "taskset", "strip") if not shutil.which(t)]
    search = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
    missing += [t for t in ("nutcracker", "haproxy") if t in names and not shutil.which(t, path=search)]
    if missing:
        raise SystemExit("bench: not found: " + ", ".join(missing) + " (build with: cmake --preset release && cmake --build --preset release; "
                         "peers: apt-get install redis-server nutcracker haproxy)")


def run(options, directory):
    program = options.keyshift or os.path.join(options.build, "keyshift")
    floor, load = (os.path.join(options.build, "bench", n) for n in ("bench_floor", "bench_load"))
    names = options.only.split(",") if options.only else [n for n in cells.DESCRIPTION if n != "direct"]
    check_tools(program, floor, load, names)
    redis = processes.redis(directory)
    started = [redis]
    try:
        redis.start()
        if os.path.exists(program):
            program = stripped(program, directory)
        make = {n: m for n, m in makers(directory, redis.port, floor, program).items() if n in names}
        proxies = [m() for m in make.values()]
        for p in proxies:
            started.append(p)
            p.start()
        rounds = options.rounds or (5 if options.full else 3)
        seconds = options.seconds or (1.0 if options.full else 0.5)
        bench = measure.Run(load, redis, proxies, 0.15, seconds)
        bench.prepare()
        chosen = [c for c in (cells.FULL if options.full else cells.SHORT) if not options.cells or options.cells in c.name]
        tell = lambda text: print("bench:", text, file=sys.stderr, flush=True)
        results = bench.measure(chosen, rounds, wanted_for(options.full), tell)
        for p in proxies:
            p.stop()
        memories = {}
        for name in () if options.no_memory else ("nutcracker", "haproxy", "floor-asio", "keyshift"):
            if name in make:
                tell("memory of " + name)
                memories[name] = measure.memory(bench, make[name]())
        return results, memories, {"rounds": rounds, "seconds": seconds}
    finally:
        for p in started:
            p.stop()


def main():
    options = parse()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    facts = machine()
    with tempfile.TemporaryDirectory(prefix="keyshift-bench-") as directory:
        results, memories, settings = run(options, directory)
    note = (f"{facts['cpu']}, {facts['cores']} cores, Linux {facts['kernel']}; {settings['rounds']} interleaved rounds of "
            f"{settings['seconds']:g} s per cell and configuration, medians; {facts['time']}. Client and proxy on one core, redis-server on the other.")
    text = report.markdown(results, memories, note)
    print(text)
    if options.json:
        numbers = [{"cell": asdict(c), "name": c.name, "results": r} for c, r in results.items()]
        with open(options.json, "w") as f:
            json.dump({"machine": facts, "settings": settings, "cells": numbers, "memory": memories}, f, indent=1)
    if options.markdown:
        with open(options.markdown, "w") as f:
            f.write(text + "\n")
    if options.update:
        report.replace_between(options.update, text)


if __name__ == "__main__":
    main()
