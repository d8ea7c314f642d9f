"""One interleaved run over all cells and configurations, and the memory cells."""
import json
import socket
import statistics
import subprocess
import time

from . import cells, processes


def info(port, field):
    with socket.create_connection(("127.0.0.1", port), 5) as s:
        s.sendall(b"INFO\r\nQUIT\r\n")
        text = b""
        while chunk := s.recv(65536):
            text += chunk
    line = next(l for l in text.decode().splitlines() if l.startswith(field + ":"))
    return float(line.split(":")[1])


class Run:
    """Rounds over configurations: each round measures every configuration once, so that drift hits all alike."""

    def __init__(self, load, redis, proxies, warmup, seconds):
        self.load, self.redis, self.proxies, self.warmup, self.seconds = load, redis, proxies, warmup, seconds

    def generate(self, port, command, cell_keys, value, key, connections, pipeline, watch=()):
        argv = ["taskset", "-c", processes.PROXY_CORE, self.load, "--port", str(port), "--command", command,
                "--connections", str(connections), "--pipeline", str(pipeline), "--value", str(value), "--keys", str(cell_keys),
                "--key", key, "--warmup", str(self.warmup), "--seconds", str(self.seconds)]
        for name, pid in watch:
            argv += ["--watch", f"{name}={pid}"]
        done = subprocess.run(argv, stdout=subprocess.PIPE, text=True)
        result = json.loads(done.stdout) if done.stdout else {"error": f"bench_load ended with status {done.returncode}"}
        return result

    def key(self, name, value):
        return cells.KEYS.get(name, cells.PLAIN_KEY).format(size=value)

    def prepare(self):
        """Records under plain names and, already moved, under the new names of the rules; then every proxy sees each once."""
        for value in (64, 16384):
            keys = cells.Cell("get", value, 1, 1).keys
            for pattern in (cells.PLAIN_KEY, cells.STORED_KEY):
                self.expect(self.generate(self.redis.port, "fill", keys, value, pattern.format(size=value), 4, 16), "filling")
            for p in self.proxies:
                self.expect(self.generate(p.port, "touch", keys, value, self.key(p.name, value), 2, 16), p.name)

    @staticmethod
    def expect(result, what):
        if result["error"]:
            raise SystemExit(f"bench: {what}: {result['error']}")

    def once(self, cell, name, proxy):
        watch = [("redis", self.redis.pid)] + ([("proxy", proxy.pid)] if proxy else [])
        port = proxy.port if proxy else self.redis.port
        if name == "keyshift-moved":
            # While others were measured it was idle, and after a pause a proxy believes nothing that it remembers.
            self.expect(self.generate(port, "touch", cell.keys, cell.value, self.key(name, cell.value), 2, 16), f"{name}, touching")
        before = info(self.redis.port, "total_commands_processed")
        result = self.generate(port, cell.command, cell.keys, cell.value, self.key(name, cell.value), cell.connections,
                               cell.pipeline, watch)
        self.expect(result, f"{name}, {cell.name}")
        # Warm-up and what INFO itself counts are in here: good for whole numbers, not for more.
        total = result["per_second"] * (self.seconds + self.warmup)
        result["commands_per_request"] = (info(self.redis.port, "total_commands_processed") - before) / max(total, 1)
        return result

    def measure(self, cell_list, rounds, wanted, progress):
        table = {}
        for index, cell in enumerate(cell_list):
            samples = {}
            for _ in range(rounds):
                for name, proxy in [("direct", None)] + [(p.name, p) for p in self.proxies]:
                    if wanted(cell, name):
                        samples.setdefault(name, []).append(self.once(cell, name, proxy))
            table[cell] = {name: median(of) for name, of in samples.items()}
            progress(f"{index + 1}/{len(cell_list)} {cell.name}")
        return table


def median(samples):
    of = lambda pick: statistics.median(pick(s) for s in samples)
    result = {k: of(lambda s, k=k: s[k]) for k in ("per_second", "p50_us", "p99_us", "p999_us", "client_cpu_us", "commands_per_request")}
    result["proxy_cpu_us"] = of(lambda s: s["cpu_us"].get("proxy", 0.0))
    result["redis_cpu_us"] = of(lambda s: s["cpu_us"]["redis"])
    result["rounds"] = [round(s["cpu_us"].get("proxy", 0.0), 4) for s in samples]
    return result


def memory(run, process, idle_clients=1000):
    """Pss in MiB of a fresh process, after load, 10 s after a burst; bytes per idle client; CPU while nobody asks."""
    process.start()
    try:
        time.sleep(1)
        result = {"fresh": processes.pss_kib(process.pid) / 1024}
        time.sleep(9)  # what a start leaves to be done is over by then
        before = processes.cpu_seconds(process.pid)
        time.sleep(10)
        result["idle CPU us/s"] = (processes.cpu_seconds(process.pid) - before) / 10 * 1e6
        ask = lambda value, pipeline: run.expect(run.generate(process.port, "get", cells.Cell("get", value, 1, 1).keys, value,
                                                              run.key("", value), 50, pipeline), process.name)
        ask(64, 1)
        ask(64, 16)
        result["after load"] = processes.pss_kib(process.pid) / 1024
        ask(16384, 16)
        time.sleep(10)
        result["10 s after a 16 KiB burst"] = processes.pss_kib(process.pid) / 1024
        result["bytes per idle client"] = idle_bytes(process, idle_clients)
        return result
    finally:
        process.stop()


def idle_bytes(process, count):
    """Each client asks once and then stays; what the process grew by, without what its first few clients made it build."""
    def open_some(n):
        for _ in range(n):
            s = socket.create_connection(("127.0.0.1", process.port), 5)
            s.sendall(b"*2\r\n$3\r\nGET\r\n$7\r\nnothing\r\n")
            s.recv(100)
            clients.append(s)
        time.sleep(0.3)
        return processes.pss_kib(process.pid)

    clients = []
    before = open_some(50)
    grown = open_some(count) - before
    for s in clients:
        s.close()
    return grown * 1024 / count
