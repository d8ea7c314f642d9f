"""Many proxies played by one process: connections with the names that proxies give them, renamed at every change as a healthy
proxy does. A flip costs its driver a look at all of them."""
import multiprocessing
import resource
import statistics
import time

from wire import Connection

PER_PROXY = 3
FLIPS = 8
RECORD, CHANNEL = b"keyshift:control:{}:record", b"keyshift:channel:{}:control"


def current(control):
    """Epoch and word of the change that the record is under."""
    fields = dict(line.split(b" ", 1) for line in control.call([b"HGET", RECORD, b"cur"])[1].splitlines())
    return fields[b"epoch"] + b"." + fields[b"word"]


def play(port, proxies, ready, ends):
    control, listener = Connection(port), Connection(port)
    connections = [Connection(port) for _ in range(proxies * PER_PROXY)]
    listener.call([b"SUBSCRIBE", CHANNEL])
    listener.socket.settimeout(0.02)
    known = None
    while not ends.is_set():
        if (change := current(control)) != known:
            for number, connection in enumerate(connections):
                connection.send([b"CLIENT", b"SETNAME", b"keyshift:sim-%d:%s" % (number // PER_PROXY, change)],
                                [b"GET", b"keyshift:epoch:{}:key"])
            for connection in connections:
                connection.read()
                connection.read()
            known = change
            ready.set()
        try:
            listener.socket.recv(65536)
        except OSError:
            pass


def measure(store, proxies):
    """Medians over some flips; the store ends with it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    ready, ends = multiprocessing.Event(), multiprocessing.Event()
    try:
        store.apply()
        player = multiprocessing.Process(target=play, args=(store.port, proxies, ready, ends))
        player.start()
        ready.wait(60)
        steps = []
        store.turn(0)
        for number in range(1, 1 + FLIPS):
            time.sleep(0.3)
            steps.append(store.turn(number))
        ends.set()
        player.join()
    finally:
        store.stop()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return {"proxies": proxies, "connections": proxies * PER_PROXY, "killed": sum(step["connections_closed"] for step in steps),
            "held_ms": statistics.median(step["held_ms"] for step in steps), "server_cpu_ms": statistics.median(step["server_cpu_ms"] for step in steps)}
