#!/usr/bin/env python3
"""What a flip costs: thirty proxies, three hundred clients, and an operator who turns the fleet to and fro.

Clients send one command at a time, records and keys out of every rule's scope by turns. A command on a record is *held* when it
was under way while the control record was a hold; how long it took is what is shown. The same with proxies that are stopped
(SIGSTOP) in front of each flip, whose clients are left out. Then: the cost of a flip by the number of connections, opened by a
process that plays as many proxies. Prints the tables, each number beside its target. Nothing here fails by time.
"""
import argparse
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.dirname(HERE), os.path.join(ROOT, "test", "differential")]
import clients  # noqa: E402
import simulated  # noqa: E402
from rig import report  # noqa: E402
from servers import free_port, wait_until_listening  # noqa: E402
from wire import Connection  # noqa: E402

MIGRATION = """apiVersion: keyshift.io/v1alpha1
kind: Migration
metadata: {name: bench}
spec:
  from: {schema: shop, version: 1.0.0}
  to:   {schema: shop, version: 2.0.0}
  source: {url: "redis://127.0.0.1:%d/0"}
  rules:
    - {name: profile, from: {key: "user:<id:int>"}, to: {key: "{user:<id>}:profile"}}
  sweep: {max_keys_per_second: 2000}
  bypass: {allow: [{addr: 127.0.0.1}]}
"""
HEALTHY_TARGET_MS, STOPPED_TARGET_MS = 50, 200


class Store:
    """A redis-server with records, and whatever is started beside it; all of it ends with stop()."""

    def __init__(self, keyshift, records):
        self.keyshift, self.folder, self.processes, self.port = keyshift, tempfile.TemporaryDirectory(), [], free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self.listening(self.spawn(["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", self.folder.name]), self.port)
        self.server = Connection(self.port)
        for kind in (b"user", b"other"):
            self.server.pipeline([[b"SET", b"%s:%d" % (kind, number), b"x" * 64] for number in range(records)])

    def spawn(self, argv):
        process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.processes.append(process)
        return process

    def listening(self, process, port):
        wait_until_listening(port, process)
        return process

    def proxy(self, name):
        port = free_port()
        argv = [self.keyshift, "proxy", "--listen", f"127.0.0.1:{port}", "--upstream", self.url, "--name", name, "--admin", "off", "--health", "off",
                "--sweep", "off", "--log-level", "error"]
        return port, self.listening(self.spawn(argv), port)

    def apply(self):
        path = os.path.join(self.folder.name, "migration.yaml")
        with open(path, "w") as out:
            out.write(MIGRATION % self.port)
        self.take("apply", path)

    def take(self, *words):
        """What a step said, with the CPU seconds of the server for it."""
        before = self.cpu()
        done = subprocess.run([self.keyshift, *words, "--upstream", self.url, "--name", "operator", "--json"], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{words} ended with {done.returncode}: {done.stderr}")
        return {**json.loads(done.stdout), "server_cpu_ms": (self.cpu() - before) * 1000}

    def turn(self, number):
        """To and fro. Whether the records would come through was looked at when it went there first."""
        return self.take("rollback") if number % 2 else self.take("start", *(["--force", "not-rehearsed"] if number else []))

    def cpu(self):
        info = dict(line.split(b":") for line in self.server.call([b"INFO", b"cpu"])[1].split(b"\r\n") if b":" in line)
        return float(info[b"used_cpu_user"]) + float(info[b"used_cpu_sys"])

    def stop(self):
        for process in self.processes:
            process.kill()
            process.wait()
        self.folder.cleanup()


def quantiles(seconds):
    ordered = sorted(seconds)
    at = lambda share: 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
    return {"count": len(ordered), "p50_ms": at(0.5), "p99_ms": at(0.99), "max_ms": 1000 * ordered[-1] if ordered else 0.0}


def judged(seen, spans):
    """Latencies: of commands on records that a hold met, of the others, and of those out of scope with and without one."""
    kinds = {"held": [], "in scope otherwise": [], "out of scope, in a flip": [], "out of scope otherwise": []}
    spans, at = sorted(spans), 0
    for scope, begin, end in sorted(seen, key=lambda command: command[1]):
        while at < len(spans) and spans[at][1] < begin:
            at += 1
        met = at < len(spans) and spans[at][0] <= end
        kinds[("held" if met else "in scope otherwise") if scope else ("out of scope, in a flip" if met else "out of scope otherwise")].append(end - begin)
    return {kind: quantiles(taken) for kind, taken in kinds.items()}


def turned(store, proxies, stopped, options):
    """`options.flips` flips under load, `stopped` of the proxies being stopped in front of each."""
    results, ends = multiprocessing.Queue(), multiprocessing.Event()
    ports = [port for port, _ in proxies[stopped:]]
    children = [multiprocessing.Process(target=clients.work, args=(ports, options.clients, options.records, ends, results)),
                multiprocessing.Process(target=clients.watch, args=(Connection(store.port), ends, results))]
    for child in children:
        child.start()
    time.sleep(1)
    steps = []
    for number in range(options.flips):
        for _, process in proxies[:stopped]:
            process.send_signal(signal.SIGSTOP)
        steps.append(store.turn(number))
        for _, process in proxies[:stopped]:
            process.send_signal(signal.SIGCONT)
        time.sleep(0.4)
    ends.set()
    first, second = results.get(), results.get()
    for child in children:
        child.join()
    seen, spans = (first, second) if first and len(first[0]) == 3 else (second, first)
    return {**judged(seen, spans), "driver_held_ms": quantiles([step["held_ms"] / 1000 for step in steps]), "flips": len(spans)}


def page(result):
    ms = lambda of: f"{of['p50_ms']:.1f} / {of['p99_ms']:.1f} / {of['max_ms']:.1f}"
    rows = []
    for name, target in (("healthy", HEALTHY_TARGET_MS), ("stopped", STOPPED_TARGET_MS)):
        part = result[name]
        rows.append([f"{result['proxies']} proxies" + (f", {result['stop']} of them stopped" if name == "stopped" else ""), str(part["flips"]),
                     f"{part['held']['count']:,}", ms(part["held"]), f"p99 {target} ms", report.verdict(part["held"]["p99_ms"] <= target),
                     ms(part["out of scope, in a flip"]), ms(part["out of scope otherwise"]), ms(part["in scope otherwise"])])
    lines = [f"{result['clients']} clients, a command each {1000 * clients.PAUSE:.0f} ms; {result['time']}. Milliseconds are p50 / p99 / most.", ""]
    lines += report.table(["", "flips", "commands on records held", "how long these took", "target", "", "out of scope, in a flip", "out of scope otherwise",
                           "on records otherwise"], rows)
    if "simulated" in result:
        first = result["simulated"][0]
        growth = lambda part, what: part[what] / max(first[what], 1e-9)
        lines += report.table(["simulated proxies", "connections", "held ms", "server CPU ms for a flip", "connections to the first row", "CPU to the first row", "held to the first row"], [
            [str(part["proxies"]), f"{part['connections']:,}", f"{part['held_ms']:.1f}", f"{part['server_cpu_ms']:.1f}", f"{growth(part, 'connections'):.1f} x",
             f"{growth(part, 'server_cpu_ms'):.1f} x", f"{growth(part, 'held_ms'):.1f} x"] for part in result["simulated"]])
    return "\n".join(lines).rstrip()


def parse():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--build", default=os.path.join(ROOT, "build/release"), help="directory of the release build (default: %(default)s)")
    args.add_argument("--proxies", type=int, default=30, help="(default: %(default)s)")
    args.add_argument("--stop", type=int, default=5, help="of them stopped in front of each flip (default: %(default)s)")
    args.add_argument("--clients", type=int, default=300, help="(default: %(default)s)")
    args.add_argument("--records", type=int, default=20_000, help="(default: %(default)s)")
    args.add_argument("--flips", type=int, default=40, help="of each kind (default: %(default)s)")
    args.add_argument("--simulate", default="100,300,1000", help="numbers of simulated proxies; empty: none (default: %(default)s)")
    args.add_argument("--json", help="where the numbers go")
    args.add_argument("--update", help="a page whose part between <!-- flip:begin --> and <!-- flip:end --> is replaced")
    return args.parse_args()


def main():
    options = parse()
    keyshift = os.path.join(options.build, "keyshift")
    result = {"proxies": options.proxies, "clients": options.clients, "stop": options.stop, "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    store = Store(keyshift, options.records)
    try:
        proxies = [store.proxy(f"proxy-{number}") for number in range(options.proxies)]
        store.apply()
        result["healthy"] = turned(store, proxies, 0, options)
        result["stopped"] = turned(store, proxies, options.stop, options)
    finally:
        store.stop()
    if options.simulate:
        result["simulated"] = [simulated.measure(Store(keyshift, 10), int(count)) for count in options.simulate.split(",")]
    text = page(result)
    print(text)
    if options.json:
        with open(options.json, "w") as f:
            json.dump(result, f, indent=1)
    if options.update:
        report.replace_between(options.update, text, "<!-- flip:begin -->", "<!-- flip:end -->")


if __name__ == "__main__":
    main()
