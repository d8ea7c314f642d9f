"""A raw RESP client: what is sent and received is bytes, and a reply keeps its type characters."""
import socket


class Closed(Exception):
    """The peer closed the connection, or answered with something that is not RESP."""


def encode(argv):
    out = [b"*%d\r\n" % len(argv)]
    for arg in argv:
        out.append(b"$%d\r\n%s\r\n" % (len(arg), arg))
    return b"".join(out)


class Connection:
    """One connection. Replies are tuples: (type, text) for a line or a bulk, (type, None) for a null,
    (type, [elements]) for an aggregate (a map: key, value, key, value ...)."""

    def __init__(self, port, protocol=2, timeout=10.0):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")
        self.protocol = protocol
        if protocol == 3:
            self.call([b"HELLO", b"3"])

    def close(self):
        self.file.close()
        self.socket.close()

    def send(self, *requests):
        self.socket.sendall(b"".join(encode(r) for r in requests))

    def call(self, argv):
        self.send(argv)
        return self.read()

    def pipeline(self, requests, chunk=500):
        """All replies, in order. Sent in chunks, so that neither side's buffers fill up."""
        replies = []
        for i in range(0, len(requests), chunk):
            part = requests[i:i + chunk]
            self.send(*part)
            replies.extend(self.read() for _ in part)
        return replies

    def read(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise Closed(f"connection ended within {line!r}")
        kind, rest = line[:1].decode("latin1"), line[1:-2]
        if kind in "+-:_#,(":
            return kind, rest
        if kind in "$=!":
            size = int(rest)
            if size < 0:
                return kind, None
            body = self.file.read(size + 2)
            if len(body) != size + 2:
                raise Closed("connection ended within a bulk")
            return kind, body[:-2]
        if kind in "*~>":
            count = int(rest)
            return kind, None if count < 0 else [self.read() for _ in range(count)]
        if kind in "%|":
            return kind, [self.read() for _ in range(2 * int(rest))]
        raise Closed(f"not RESP: {line!r}")


def show(reply, limit=300):
    """A reply for people, in one line."""
    kind, value = reply
    if value is None:
        text = kind + "null"
    elif isinstance(value, list):
        text = kind + "[" + " ".join(show(e, limit) for e in value) + "]"
    else:
        text = kind + value.decode("latin1").encode("unicode_escape").decode()
    return text if len(text) <= limit else text[:limit] + "..."
