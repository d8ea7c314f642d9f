#!/usr/bin/env python3
"""Sends each request of test/unit/resp/malformed_requests.inc to a real redis-server and compares the answer.

The unit test of the request parser reads the same list, so parser and server agree on every row.
Starts a server of its own on a free port; needs nothing but python3 and redis-server.
"""
import contextlib
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from ports import free_port  # noqa: E402

ROWS = pathlib.Path(__file__).parent.parent / "unit/resp/malformed_requests.inc"
LITERAL = r'"((?:[^"\\]|\\.)*)"'
ROW = re.compile(rf"^(ROW|LOCKED)\({LITERAL},\s*(\d+),\s*'(.)',\s*{LITERAL},\s*{LITERAL}\)$")
ESCAPES = {"n": 10, "r": 13, "t": 9, "v": 11, "f": 12, "b": 8, "a": 7, "0": 0}
QUIET_SECONDS = 0.15


def unescape(literal):
    """The bytes of a C string literal, as far as the list uses them."""
    def byte(match):
        code = match.group(1)
        if code[0] == "x":
            return chr(int(code[1:], 16))
        return chr(ESCAPES[code]) if code in ESCAPES else code
    return re.sub(r"\\(x[0-9a-fA-F]{2}|.)", byte, literal).encode("latin-1")


def rows():
    for number, line in enumerate(ROWS.read_text().splitlines(), 1):
        if line.startswith("//"):
            continue
        match = ROW.match(line)
        if match is None:
            sys.exit(f"{ROWS}:{number}: not a row that this script can read: {line}")
        kind, head, times, fill, tail, reply = match.groups()
        yield number, kind, unescape(head) + fill.encode() * int(times) + unescape(tail), unescape(reply)


@contextlib.contextmanager
def server(*options):
    port = free_port()
    with tempfile.TemporaryDirectory() as directory:
        process = subprocess.Popen(
            ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", directory, *options],
            stdout=subprocess.DEVNULL)
        try:
            for _ in range(100):
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                time.sleep(0.05)
            yield port
        finally:
            process.terminate()
            process.wait()


def answer(port, request, expected):
    """What the server sends back, and whether it then closes the connection."""
    received = b""
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(request)
        client.settimeout(5 if expected else QUIET_SECONDS)
        try:
            while True:
                if received and len(received) >= len(expected):
                    client.settimeout(QUIET_SECONDS)
                chunk = client.recv(65536)
                if not chunk:
                    return received, True
                received += chunk
        except TimeoutError:
            return received, False
        except ConnectionResetError:
            return received, True


def main():
    failures = count = 0
    with server() as open_port, server("--requirepass", "secret") as locked_port:
        for number, kind, request, expected in rows():
            port = open_port if kind == "ROW" else locked_port
            received, closed = answer(port, request, expected)
            count += 1
            if received != expected or closed != expected.startswith(b"-ERR Protocol error"):
                failures += 1
                print(f"{ROWS}:{number}: expected {expected!r}, got {received[:200]!r}, closed: {closed}")
    print(f"{count} requests sent, {failures} answered otherwise than listed")
    return 1 if failures or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
