"""Clients that look at records and at keys that no rule knows, one command at a time each, and note how long each took."""
import selectors
import socket
import time

PAUSE = 0.04  # between a reply and the next command of one client


def get(key):
    return b"*2\r\n$3\r\nGET\r\n$%d\r\n%s\r\n" % (len(key), key)


class Client:
    def __init__(self, number, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.number, self.turn, self.begun, self.next = number, number, None, time.monotonic() + PAUSE * (number % 97) / 97

    def send(self, records):
        self.turn += 1
        self.scope = self.turn % 2 == 0
        key = b"%s:%d" % (b"user" if self.scope else b"other", (self.number * 7919 + self.turn) % records)
        self.begun = time.monotonic()
        self.socket.send(get(key))

    def read(self):
        """(in scope, begin, end), or None while there is no whole reply; values are one short line."""
        data = self.socket.recv(4096)
        if not data.endswith(b"\r\n") or self.begun is None:
            raise SystemExit(f"a proxy answered {data!r}")
        if data.startswith(b"-"):
            raise SystemExit(f"a client saw an error: {data!r}")
        out, self.begun, self.next = (self.scope, self.begun, time.monotonic()), None, time.monotonic() + PAUSE
        return out


def work(ports, count, records, ends, results):
    """`count` clients over `ports` until `ends` is set; what they saw goes into the queue `results`."""
    clients = [Client(number, ports[number % len(ports)]) for number in range(count)]
    selector, seen = selectors.DefaultSelector(), []
    for client in clients:
        selector.register(client.socket, selectors.EVENT_READ, client)
    while not ends.is_set():
        now = time.monotonic()
        for client in clients:
            if client.begun is None and client.next <= now:
                client.send(records)
        for key, _ in selector.select(0.001):
            seen.append(key.data.read())
    results.put(seen)


def watch(connection, ends, results):
    """Notes from when to when the control record is a hold."""
    spans, since = [], None
    while not ends.is_set():
        held = b"\nkind hold\n" in (connection.call([b"HGET", b"keyshift:control:{}:record", b"cur"])[1] or b"")
        now = time.monotonic()
        if held and since is None:
            since = now
        if not held and since is not None:
            spans.append((since, now))
            since = None
        time.sleep(0.0005)
    results.put(spans)
