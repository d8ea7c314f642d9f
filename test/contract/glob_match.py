#!/usr/bin/env python3
"""Compares glob_matches() with a real redis-server: random patterns and keys, KEYS on its side, glob_pairs on ours.

usage: glob_match.py [SEED]. Compiles glob/glob_pairs.cpp with g++ (or $CXX). Starts a server of its own on a free port; needs
nothing but python3, a compiler and redis-server. Stays clear of two known differences: KEYS takes the pattern "*" as
"all" without matching (the empty key included), and a server older than CVE-2024-31228 does not limit the stars to a thousand.
"""
import contextlib
import os
import pathlib
import random
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from ports import free_port  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEYS, PATTERNS = 60, 3000
ALPHABET = [b"a", b"b", b"c", b"-", b"]", b"^", b"*", b"?", b"[", b"\\", b"\x00", b"\x7f", b"\x80", b"\xff"]
PIECES = ALPHABET + [b"*", b"*", b"**", b"?", b"[a-c]", b"[c-a]", b"[^ab]", b"[\\]a]", b"[\x7f-\xff]", b"[a-", b"[^", b"\\*"]


@contextlib.contextmanager
def server():
    port = free_port()
    with tempfile.TemporaryDirectory() as directory:
        process = subprocess.Popen(
            ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", directory],
            stdout=subprocess.DEVNULL)
        try:
            for _ in range(100):
                with contextlib.suppress(OSError):
                    connection = socket.create_connection(("127.0.0.1", port))
                    break
                time.sleep(0.05)
            with connection:
                yield connection.makefile("rwb")
        finally:
            process.terminate()
            process.wait()


def send(stream, *arguments):
    stream.write(b"*%d\r\n" % len(arguments) + b"".join(b"$%d\r\n%s\r\n" % (len(a), a) for a in arguments))
    stream.flush()


def reply(stream):
    line = stream.readline()
    if line[:1] == b"*":
        return [reply(stream) for _ in range(int(line[1:]))]
    if line[:1] == b"$":
        return stream.read(int(line[1:]) + 2)[:-2]
    if line[:1] in b"+:":
        return line[1:-2]
    sys.exit(f"redis-server said {line!r}")


def joined(chance, pieces, most):
    return b"".join(chance.choice(pieces) for _ in range(chance.randint(0, most)))


def ours(directory, pairs):
    program = pathlib.Path(directory) / "glob_pairs"
    subprocess.run([os.environ.get("CXX", "g++"), "-std=c++20", "-O1", f"-I{ROOT}/src",
                    str(ROOT / "test/contract/glob/glob_pairs.cpp"), str(ROOT / "src/proxy/engine/glob.cpp"),
                    "-o", str(program)], check=True)
    lines = "".join(f".{pattern.hex()} .{key.hex()}\n" for pattern, key in pairs)
    return subprocess.run([program], input=lines, capture_output=True, text=True, check=True).stdout.split()


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    chance = random.Random(seed)
    keys = sorted({joined(chance, ALPHABET, 6) for _ in range(KEYS)} | {b"", b"a", b"ab", b"abc"})
    patterns = sorted({joined(chance, PIECES, 7) for _ in range(PATTERNS)} - {b"*"})
    theirs = {}
    with server() as stream:
        for key in keys:
            send(stream, b"SET", key, b"")
            reply(stream)
        for pattern in patterns:
            send(stream, b"KEYS", pattern)
            theirs[pattern] = set(reply(stream))
    pairs = [(pattern, key) for pattern in patterns for key in keys]
    with tempfile.TemporaryDirectory() as directory:
        answers = ours(directory, pairs)
    wrong = [(p, k) for (p, k), answer in zip(pairs, answers, strict=True) if (answer == "1") != (k in theirs[p])]
    for pattern, key in wrong[:20]:
        print(f"pattern {pattern!r}, key {key!r}: redis-server says {key in theirs[pattern]}")
    fits = sum(map(len, theirs.values()))
    print(f"seed {seed}: {len(pairs)} pairs, {fits} fit, {len(wrong)} answered otherwise than by redis-server")
    return 1 if wrong or fits == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
