"""What clients feel of a sweep at a rate: the load generator straight at redis-server, without and with a sweep beside it.

Rounds without and with alternate, so that whatever else the machine does meets both. Client and sweep share core 0,
redis-server has core 1. A round with a sweep counts only when the sweep ran through all of it.
"""
import json
import signal
import statistics
import subprocess
import time

from store import CLIENT_CORE

RATE = 20_000
CLIENTS = (1, 10)  # one that waits for each reply, and so many that the server is never idle
RECORDS = 10_000


def load(bench_load, server, command, connections, seconds):
    argv = ["taskset", "-c", CLIENT_CORE, bench_load, "--port", str(server.port), "--command", command, "--keys", str(RECORDS), "--key", "other:{}",
            "--connections", str(connections), "--warmup", "0.5", "--seconds", str(seconds)]
    return json.loads(subprocess.run(argv, stdout=subprocess.PIPE, check=True, text=True).stdout)


def alone(bench_load, server, connections, seconds):
    return load(bench_load, server, "get", connections, seconds)


def beside_sweep(bench_load, keyshift, server, connections, seconds):
    server.fill(int(RATE * (seconds + 3)))
    load(bench_load, server, "fill", 1, 0)
    sweep = subprocess.Popen(server.sweep(keyshift, RATE), stdout=subprocess.PIPE, text=True)
    begun = time.monotonic()
    result = load(bench_load, server, "get", connections, seconds)
    spent = time.monotonic() - begun
    if sweep.poll() is not None:
        raise SystemExit("the sweep ended before the load did")
    sweep.send_signal(signal.SIGTERM)
    result["swept_per_second"] = json.loads(sweep.communicate()[0])["moved"] / spent
    return result


def measure(bench_load, keyshift, server, rounds, seconds):
    """By number of clients: medians of p50 and p99 without and with the sweep, in microseconds, and what the sweep did."""
    out = {}
    for connections in CLIENTS:
        without, beside = [], []
        for _ in range(rounds):
            beside.append(beside_sweep(bench_load, keyshift, server, connections, seconds))
            without.append(alone(bench_load, server, connections, seconds))
        median = lambda runs, what: statistics.median(r[what] for r in runs)
        row = {name: {what: median(runs, what) for what in ("p50_us", "p99_us", "per_second")}
               for name, runs in (("without", without), ("beside", beside))}
        row["swept_per_second"] = median(beside, "swept_per_second")
        row["p50_ratio"] = row["beside"]["p50_us"] / row["without"]["p50_us"]
        row["p99_added_us"] = row["beside"]["p99_us"] - row["without"]["p99_us"]
        out[connections] = row
    return out
