#!/usr/bin/env python3
"""Compares the sweep with a hand-written C pipeline, interleaved, on a redis-server of its own.

Both rename user:<id> to {user:<id>}:profile until a pass over the whole keyspace finds nothing. Prints one JSON object:
medians of keys/s, server CPU and sweeper CPU in microseconds per key, and their ratios beside the targets.
Usage: run.py SWEEP_ONCE PIPELINE [--keys 1000000] [--rounds 3]
"""
import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "test", "support"))
from ports import free_port  # noqa: E402

RULE = "profile|user:<id:int>|{user:<id>}:profile"


class Server:
    def __init__(self):
        self.port = free_port()
        self.directory = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--save", "", "--bind", "127.0.0.1", "--dir", self.directory.name],
            stdout=subprocess.DEVNULL)
        for _ in range(100):
            try:
                self.socket = socket.create_connection(("127.0.0.1", self.port))
                break
            except OSError:
                time.sleep(0.05)
        self.reader = self.socket.makefile("rb")

    def pipeline(self, commands):
        self.socket.sendall(b"".join(
            b"*%d\r\n" % len(c) + b"".join(b"$%d\r\n%s\r\n" % (len(a), a) for a in c) for c in commands))
        for _ in commands:
            self.reader.readline()

    def fill(self, keys):
        self.pipeline([[b"FLUSHALL"]])
        for begin in range(0, keys, 1000):
            self.pipeline([[b"SET", b"user:%d" % i, b"x" * 64] for i in range(begin, min(begin + 1000, keys))])

    def cpu(self):
        with open(f"/proc/{self.process.pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.directory.cleanup()


def measure(server, keys, command):
    server.fill(keys)
    before, begun = server.cpu(), time.monotonic()
    out = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
    seconds = time.monotonic() - begun
    last = json.loads(out.strip().splitlines()[-1])
    moved = last.get("moved", last.get("total", {}).get("moved"))
    if moved != keys:
        raise SystemExit(f"{command[0]} moved {moved} of {keys} keys: {last}")
    return {"keys_per_second": keys / seconds, "server_us_per_key": (server.cpu() - before) / keys * 1e6,
            "client_us_per_key": last["cpu_seconds"] / keys * 1e6}


def main():
    args = argparse.ArgumentParser()
    args.add_argument("sweep_once")
    args.add_argument("pipeline")
    args.add_argument("--keys", type=int, default=1_000_000)
    args.add_argument("--rounds", type=int, default=3)
    args = args.parse_args()
    server = Server()
    runs = {"sweep": [], "pipeline": []}
    try:
        for _ in range(args.rounds):
            runs["pipeline"].append(measure(server, args.keys, [args.pipeline, "127.0.0.1", str(server.port)]))
            runs["sweep"].append(measure(server, args.keys, [
                args.sweep_once, f"redis://127.0.0.1:{server.port}", "to-new", "0", "2", "keep-new", RULE]))
    finally:
        server.stop()
    median = {who: {what: statistics.median(run[what] for run in of) for what in of[0]} for who, of in runs.items()}
    sweep, pipeline = median["sweep"], median["pipeline"]
    print(json.dumps({
        "keys": args.keys, "rounds": args.rounds, "median": median,
        "ratio": {"keys_per_second": sweep["keys_per_second"] / pipeline["keys_per_second"],
                  "server_cpu": sweep["server_us_per_key"] / pipeline["server_us_per_key"]},
        "target": {"keys_per_second": ">= 0.9", "server_cpu": "<= 1.1", "sweep client_us_per_key": "<= 0.3"},
        "runs": runs}, indent=1))


if __name__ == "__main__":
    main()
