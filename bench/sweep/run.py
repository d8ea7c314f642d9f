#!/usr/bin/env python3
"""What a sweep costs: beside a hand-written C pipeline, and what clients feel of it at 20,000 keys a second.

`keyshift sweep` and the pipeline rename user:<id> to {user:<id>}:profile until a pass over the whole keyspace finds
nothing, one after the other in each round, on a redis-server of their own. Prints the tables, each number beside its
target. Nothing here fails by time.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
import foreground  # noqa: E402
from rig import report  # noqa: E402
from store import CLIENT_CORE, Server  # noqa: E402


def measure(server, keys, command):
    server.fill(keys)
    with tempfile.TemporaryFile("w+") as out:
        before, begun = server.cpu(), time.monotonic()
        child = subprocess.Popen(command, stdout=out)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.monotonic() - begun
        after = server.cpu()
        out.seek(0)
        text = out.read()
    if status != 0 or json.loads(text)["moved"] != keys:
        raise SystemExit(f"{command} did not move {keys} keys: {text}")
    return {"keys_per_second": keys / seconds, "server_us_per_key": (after - before) / keys * 1e6,
            "client_us_per_key": (usage.ru_utime + usage.ru_stime) / keys * 1e6}


def side_by_side(server, keyshift, pipeline, options):
    """Medians of both, the whole life of each process counted."""
    runs = {"sweep": [], "pipeline": []}
    for _ in range(options.rounds):
        runs["pipeline"].append(measure(server, options.keys, ["taskset", "-c", CLIENT_CORE, pipeline, "127.0.0.1", str(server.port)]))
        runs["sweep"].append(measure(server, options.keys, server.sweep(keyshift, 0)))
    median = {who: {what: statistics.median(run[what] for run in of) for what in of[0]} for who, of in runs.items()}
    sweep, theirs = median["sweep"], median["pipeline"]
    return {"median": median, "runs": runs,
            "ratio": {"keys_per_second": sweep["keys_per_second"] / theirs["keys_per_second"],
                      "server_cpu": sweep["server_us_per_key"] / theirs["server_us_per_key"]}}


def page(result):
    """The tables for docs/performance.md."""
    sweep, pipeline, ratio = result["median"]["sweep"], result["median"]["pipeline"], result["ratio"]
    row = lambda what, mine, theirs, target, met: [what, mine, theirs, target, report.verdict(met)]
    lines = [f"{result['keys']:,} keys, medians of {result['rounds']} rounds; {result['time']}.", ""]
    lines += report.table(["unthrottled, clean pass included", "sweep", "pipeline", "target", ""], [
        row("keys per second", f"{sweep['keys_per_second']:,.0f}", f"{pipeline['keys_per_second']:,.0f}",
            f"0.9 x pipeline; is {ratio['keys_per_second']:.2f} x", ratio["keys_per_second"] >= 0.9),
        row("CPU of redis-server, us per key", f"{sweep['server_us_per_key']:.2f}", f"{pipeline['server_us_per_key']:.2f}",
            f"1.1 x pipeline; is {ratio['server_cpu']:.2f} x", ratio["server_cpu"] <= 1.1),
        row("its own CPU, us per key", f"{sweep['client_us_per_key']:.2f}", f"{pipeline['client_us_per_key']:.2f}",
            "0.30", sweep["client_us_per_key"] <= 0.3)])
    rows = []
    for clients, r in result.get("foreground", {}).items():
        met = r["p50_ratio"] <= 1.05 and r["p99_added_us"] <= 200
        rows.append([f"{clients}", f"{r['swept_per_second']:,.0f}", f"{r['without']['p50_us']:.0f} / {r['without']['p99_us']:.0f}",
                     f"{r['beside']['p50_us']:.0f} / {r['beside']['p99_us']:.0f}",
                     f"p50 {r['p50_ratio']:.2f} x (at most 1.05), p99 {r['p99_added_us']:+.0f} us (at most +200)", report.verdict(met)])
    if rows:
        lines += report.table(["clients, GET 64 B", "keys swept per second", "p50 / p99 us without", "beside the sweep", "target", ""], rows)
    return "\n".join(lines).rstrip()


def parse():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--build", default=os.path.join(ROOT, "build/release"), help="directory of the release build (default: %(default)s)")
    args.add_argument("--keys", type=int, default=1_000_000, help="renamed in each round (default: %(default)s)")
    args.add_argument("--rounds", type=int, default=3, help="(default: %(default)s)")
    args.add_argument("--seconds", type=float, default=3, help="of load in each round of the clients' part (default: %(default)s)")
    args.add_argument("--no-clients", action="store_true", help="leave the clients' part out")
    args.add_argument("--json", help="where the numbers go")
    args.add_argument("--update", help="a page whose part between <!-- sweep:begin --> and <!-- sweep:end --> is replaced")
    return args.parse_args()


def main():
    options = parse()
    keyshift, pipeline, load = (os.path.join(options.build, n) for n in ("keyshift", "bench/sweep/bench_sweep_pipeline", "bench/bench_load"))
    result = {"keys": options.keys, "rounds": options.rounds, "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    server = Server()
    try:
        result.update(side_by_side(server, keyshift, pipeline, options))
        if not options.no_clients:
            result["foreground"] = foreground.measure(load, keyshift, server, options.rounds, options.seconds)
    finally:
        server.stop()
    text = page(result)
    print(text)
    if options.json:
        with open(options.json, "w") as f:
            json.dump(result, f, indent=1)
    if options.update:
        report.replace_between(options.update, text, "<!-- sweep:begin -->", "<!-- sweep:end -->")


if __name__ == "__main__":
    main()
