#!/usr/bin/env python3
"""Faults with the real proxy: it is killed, its server hangs, lies or refuses, its clients are slow, silent, many or wrong.
Each test starts its own servers on free ports and ends them. About a minute in all; --long takes larger numbers (10,000
connections, 512 MiB values, more kills).

  fault_test.py PATH_OF_KEYSHIFT [--long] [NAME...]
"""
import os
import random
import resource
import signal
import socket
import sys
import threading
import time

from fake_server import FakeServer
from world import NEW, OLD, Closed, World, encode, equal

LONG = False
SANITIZED = "KEYSHIFT_SANITIZED" in os.environ  # slower and larger by design: what is done is judged, not time and memory


class Skipped(Exception):
    """This machine lacks what the test needs."""


def wants_memory(size):
    with open("/proc/meminfo") as info:
        available = int(next(line for line in info if line.startswith("MemAvailable:")).split()[1]) * 1024
    if available < size:
        raise Skipped(f"wants {size >> 30} GiB of memory for redis-server's copies, {available >> 30} GiB are available")


def writer(world, number, acknowledged, attempted, stop):
    """Writes 1, 2, 3 ... to its own record until the proxy dies; `acknowledged` is the last answer that it got."""
    try:
        app = world.app()
        while not stop.is_set():
            attempted[number] += 1
            kind, _ = app.call([b"SET", OLD % number, b"%d" % attempted[number]])
            if kind != "+":
                return
            acknowledged[number] = attempted[number]
    except (OSError, Closed):
        return


def test_kill_9_under_load_loses_no_acknowledged_write(keyshift):
    """Each record has one name, and holds the last acknowledged value or the one that was under way."""
    writers = 20
    with World(keyshift) as w:
        for number in range(writers):
            w.at("SET", OLD % number, "0")
        attempted, acknowledged = [0] * writers, [0] * writers
        for _ in range(40 if LONG else 10):
            stop = threading.Event()
            threads = [threading.Thread(target=writer, args=(w, n, acknowledged, attempted, stop)) for n in range(writers)]
            for thread in threads:
                thread.start()
            time.sleep(random.uniform(0.0, 0.4))
            w.kill_proxy()
            stop.set()
            for thread in threads:
                thread.join()
            time.sleep(0.05)  # what the proxy had sent is executed
            for number in range(writers):
                names = [key for key in (OLD % number, NEW % number) if w.at("EXISTS", key) == (":", b"1")]
                equal(len(names), 1, f"names of record {number}")
                value = int(w.at("GET", names[0])[1])
                assert acknowledged[number] <= value <= attempted[number], \
                    f"record {number} holds {value}, acknowledged {acknowledged[number]}, attempted {attempted[number]}"
            # Half of the records go back to their old names, so that the next round moves again.
            for number in range(0, writers, 2):
                w.at("RENAMENX", NEW % number, OLD % number)
            w.start()
        assert sum(acknowledged) > 100, "hardly anything was written"


def test_counters_count_each_acknowledged_increment_once(keyshift):
    """The server's connections are cut again and again: nothing acknowledged is lost, nothing runs twice."""
    with World(keyshift) as w:
        acknowledged, unknown = [0], [0]
        app = w.app()
        stop = time.monotonic() + 4
        next_cut = time.monotonic()
        while time.monotonic() < stop:
            cut = time.monotonic() > next_cut
            if cut:
                w.server.send([b"DEBUG", b"SLEEP", b"0.005"], [b"CLIENT", b"KILL", b"TYPE", b"normal", b"SKIPME", b"yes"])
                next_cut = time.monotonic() + random.uniform(0.01, 0.2)
            app.send(*[[b"INCR", OLD % 1]] * 10)
            if cut:
                w.server.read(), w.server.read()
            for _ in range(10):
                kind, text = app.read()
                if kind == ":":
                    acknowledged[0] += 1
                else:
                    assert text.startswith(b"KSUPSTREAM"), text
                    unknown[0] += 0 if b"nothing was sent" in text else 1
        value = int(w.at("GET", NEW % 1)[1])
        assert acknowledged[0] <= value <= acknowledged[0] + unknown[0], (acknowledged, value, unknown)
        assert unknown[0] > 0 and acknowledged[0] > 100, (acknowledged, unknown)


def upstream_that(bad, polite, keyshift, wanted, seconds):
    fake = FakeServer(bad, polite)
    try:
        with World(keyshift, fake.port) as w:
            app = w.app(timeout=seconds)
            for _ in range(3):
                started = time.monotonic()
                kind, text = app.call([b"SET", b"plain", b"v"])
                equal(kind, "-", "the kind of the reply")
                assert text.startswith(wanted), text
                assert time.monotonic() - started < seconds
            assert w.proxy.poll() is None, "the proxy ended"
    finally:
        fake.close()


def test_an_upstream_that_answers_garbage_is_told_as_such(keyshift):
    for garbage in (b"HTTP/1.1 400 Bad Request\r\n\r\n", os.urandom(4096).replace(b"+", b"x"), b"$-7\r\n", b"*3\r\n$5\r\nab"):
        for polite in (False, True):
            upstream_that(lambda peer, g=garbage: (peer.sendall(g), peer.shutdown(socket.SHUT_WR)), polite, keyshift,
                          b"KSUPSTREAM", 10)


def test_an_upstream_that_never_answers_is_given_up(keyshift):
    upstream_that(lambda peer: None, False, keyshift, b"KSUPSTREAM", 15)


def test_an_upstream_that_is_loading_says_so_itself(keyshift):
    upstream_that(lambda peer: peer.sendall(b"-LOADING Redis is loading the dataset in memory\r\n"), True, keyshift, b"LOADING", 10)


def test_a_read_only_server_is_read_and_its_refusals_pass_through(keyshift):
    with World(keyshift) as w:
        w.at("SET", OLD % 1, "v")
        w.at("REPLICAOF", "127.0.0.1", "1")
        app = w.app()
        equal(app.call([b"GET", OLD % 1]), ("$", b"v"), "GET")
        assert app.call([b"SET", OLD % 1, b"x"])[1].startswith(b"READONLY")
        w.at("REPLICAOF", "NO", "ONE")
        equal(app.call([b"SET", OLD % 1, b"x"]), ("+", b"OK"), "SET")
        equal(w.at("GET", NEW % 1), ("$", b"x"), "the record")


def test_a_full_server_is_read_and_its_refusals_pass_through(keyshift):
    with World(keyshift) as w:
        w.at("SET", OLD % 1, "v")
        w.at("CONFIG", "SET", "maxmemory", "1")
        app = w.app()
        equal(app.call([b"GET", OLD % 1]), ("$", b"v"), "GET")
        assert app.call([b"SET", OLD % 1, b"x"])[1].startswith(b"OOM")
        equal(app.call([b"GET", OLD % 1]), ("$", b"v"), "GET behind the refusal")


def test_many_connections_are_served(keyshift):
    count = 10_000 if LONG else 2_000
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(limit[1], 3 * count + 200), limit[1]))
    with World(keyshift) as w:
        apps = []
        for number in range(count):
            s = socket.create_connection(("127.0.0.1", w.app_port), 20)
            s.sendall(encode([b"SET", OLD % number, b"%d" % number]))
            apps.append(s)
        for s in apps:
            equal(s.recv(100), b"+OK\r\n", "the reply of SET")
        for number, s in enumerate(apps):
            s.sendall(encode([b"GET", OLD % number]))
        for number, s in enumerate(apps):
            text = b"%d" % number
            equal(s.recv(100), b"$%d\r\n%s\r\n" % (len(text), text), "the reply of GET")
        connections = int(w.at("INFO", "clients")[1].split(b"connected_clients:")[1].split(b"\r\n")[0])
        assert connections < 50, f"{connections} connections at the server for stateless clients"
        for s in apps:
            s.close()


def test_clients_that_never_read_hold_up_nobody_and_are_bounded(keyshift):
    with World(keyshift) as w:
        w.at("SET", "value", "v" * 20_000)
        w.alive()
        before = w.rss()
        deaf = []
        for _ in range(10):
            s = socket.create_connection(("127.0.0.1", w.app_port), 20)
            s.setblocking(False)
            try:
                s.send(encode([b"GET", b"value"]) * 1000)
            except BlockingIOError:
                pass
            deaf.append(s)
        end = time.monotonic() + 2
        app = w.app()
        slowest = 0.0
        while time.monotonic() < end:
            started = time.monotonic()
            equal(app.call([b"GET", OLD % 1]), ("$", None), "GET of another client")
            slowest = max(slowest, time.monotonic() - started)
        assert SANITIZED or slowest < 1.0, f"another client waited {slowest:.2f} s"
        growth = w.rss() - before
        assert SANITIZED or growth < 400 << 20, f"10 clients that never read cost {growth >> 20} MiB"
        for s in deaf:
            s.close()
        w.alive()


def test_big_values_to_slow_clients_cost_little_memory(keyshift):
    size = (512 << 20) if LONG else (8 << 20) if SANITIZED else (64 << 20)
    rate = 64 << 20 if LONG else 16 << 20  # bytes a second and client
    wants_memory(14 * size)
    with World(keyshift) as w:
        w.at("CONFIG", "SET", "client-output-buffer-limit", "normal 0 0 0")
        app = w.app(timeout=120)
        equal(app.call([b"SET", OLD % 1, b"x" * size]), ("+", b"OK"), "SET of a big value")
        app.close()
        w.alive()
        before, highest, wrong = w.rss(), [0], []

        def slow_client():
            try:
                s = socket.create_connection(("127.0.0.1", w.app_port), 60)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
                s.sendall(encode([b"GET", OLD % 1]))
                wanted, got, started = size + len(b"$%d\r\n" % size) + 2, 0, time.monotonic()
                while got < wanted:
                    data = s.recv(262144)
                    if not data:
                        raise Closed(f"after {got} bytes")
                    if got == 0 and data[:1] != b"$":
                        raise AssertionError(f"GET of a big value answered {data[:200]}")
                    got += len(data)
                    time.sleep(max(0.0, got / rate - (time.monotonic() - started)))
                equal(got, wanted, "bytes")
            except (OSError, Closed, AssertionError) as error:
                wrong.append(error)

        threads = [threading.Thread(target=slow_client) for _ in range(10)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            highest[0] = max(highest[0], w.rss())
            time.sleep(0.02)
        assert not wrong, wrong[0]
        growth = highest[0] - before
        print(f"    growth {growth / (1 << 20):.1f} MiB", flush=True)
        assert SANITIZED or growth < 16 << 20, f"the proxy grew by {growth / (1 << 20):.1f} MiB"


def test_half_commands_and_slow_clients_disturb_nobody(keyshift):
    with World(keyshift) as w:
        half = []
        whole = encode([b"SET", OLD % 1, b"value"])
        for cut in range(len(whole)):
            s = socket.create_connection(("127.0.0.1", w.app_port), 20)
            s.sendall(whole[:cut])
            half.append(s)
        w.alive()
        for cut, s in enumerate(half):
            if cut % 2:
                s.close()
            else:
                for i in range(cut, len(whole)):
                    s.sendall(whole[i:i + 1])
                equal(s.recv(100), b"+OK\r\n", "the reply of a command in pieces")
        w.alive()


def noise(count):
    """Bytes that end in a line that no client sends; the same in every run."""
    random_bytes = random.Random(7)
    return [random_bytes.randbytes(200).replace(b"*", b"x") + b"\r\n\"\r\n" for _ in range(count)]


def test_malformed_requests_get_the_error_of_redis(keyshift):
    with World(keyshift) as w:
        for request in (b"*1\r\n@x\r\n", b"*-5\r\n*1\r\n$-3\r\n", b"*99999999999\r\n", b"*1\r\n$9999999999\r\n", b"\"unbalanced\r\n",
                        b"*1\r\n$abc\r\n", *noise(300)):
            answers = []
            for port in (w.port, w.app_port):
                s = socket.create_connection(("127.0.0.1", port), 5)
                s.sendall(request)
                s.shutdown(socket.SHUT_WR)
                data = b""
                while part := s.recv(4096):
                    data += part
                answers.append(data)
                s.close()
            equal(answers[1], answers[0], f"the answer to {request!r}")
        w.alive()


def main():
    global LONG
    LONG = "--long" in sys.argv
    words = [a for a in sys.argv[1:] if a != "--long"]
    if not words:
        sys.exit(__doc__)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    tests = {n: f for n, f in globals().items() if n.startswith("test_") and (len(words) == 1 or n in words[1:])}
    failed = skipped = 0
    for name, function in tests.items():
        started = time.monotonic()
        try:
            function(words[0])
            print(f"  ok {name} ({time.monotonic() - started:.1f} s)", flush=True)
        except Skipped as reason:
            skipped += 1
            print(f"SKIPPED: {name} {reason}", flush=True)
        except Exception as error:  # the next test is run whatever this one met
            failed += 1
            print(f"FAIL {name} ({time.monotonic() - started:.1f} s): {type(error).__name__} {error}", flush=True)
    print(f"{len(tests) - failed - skipped} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    sys.exit(1 if failed or not tests else 0)


if __name__ == "__main__":
    main()
