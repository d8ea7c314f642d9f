"""The redis-server of one library, its seeds, the proxy in front of it, and a look at what is left."""
import os
import re
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from ports import free_port  # noqa: E402

OLD = {"user": "user:%s", "sess": "sess:%s", "cart": "cart:%s", "plain": "plain:%s"}
NEW = {"user": "{user:%s}:profile", "sess": "session:v2:%s", "cart": "{cart:%s}:v2", "plain": "plain:%s"}
OLD_FORM = re.compile(rb"(user:.+|sess:.+|cart:-?[0-9]+)\Z", re.S)
NEW_FORM = re.compile(rb"(\{user:.+\}:profile|session:v2:.+|\{cart:.+\}:v2)\Z", re.S)
# Where the records lie that were there before the client came, per mode of the proxy.
SEEDED_AS = {"direct": OLD, "plain": OLD, "old": OLD, "to-new": OLD, "new": NEW, "to-old": NEW}


class Wire:
    """The few lines of RESP2 that seeding and looking need, so that no library judges itself."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.file = self.socket.makefile("rb")

    def __call__(self, *arguments):
        parts = [part if isinstance(part, bytes) else str(part).encode() for part in arguments]
        self.socket.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
        return self.reply()

    def reply(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the server closed the connection")
        kind, text = line[:1], line[1:-2]
        if kind == b"-":
            raise RuntimeError(text.decode())
        if kind == b"$":
            return None if text == b"-1" else self.file.read(int(text) + 2)[:-2]
        if kind == b"*":
            return [self.reply() for _ in range(int(text))]
        return int(text) if kind == b":" else text

    def close(self):
        self.file.close()
        self.socket.close()


def until_answers(port, process, what, seconds=10):
    end = time.monotonic() + seconds
    while True:
        try:
            wire = Wire(port)
            wire("PING")
            wire.close()
            return
        except (OSError, RuntimeError) as error:
            if process.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"{what} did not come up: {error}; see its log")
            time.sleep(0.05)


def seed(port, mode):
    """Half of the names that SCAN must find lie on either side while records move."""
    wire, names = Wire(port), SEEDED_AS[mode]
    other = {"to-new": NEW, "to-old": OLD}.get(mode, names)
    at = lambda family, name, side=names: side[family].replace("%s", str(name))
    wire("ACL", "SETUSER", "alice", "on", ">secret", "~*", "&*", "+@all")
    wire("ACL", "SETUSER", "bob", "on", ">secret", "~*", "&*", "+@read", "+@connection")
    for number in range(100):
        wire("SET", at("user", f"scan-{number}", names if number % 2 else other), number)
    for number in range(11):
        wire("SET", at("cart", 1000 + number), f"c{number}")
    wire("SET", at("user", "seed-string"), "seeded")
    wire("HSET", at("user", "seed-hash"), "name", "ada", "plan", "free")
    wire("RPUSH", at("user", "seed-list"), "a", "b", "c")
    wire("SET", at("sess", "seed-ttl"), "s", "PX", 600000)
    wire("SET", at("sess", "seed-tx"), 10)
    wire.close()


def names_left(port, mode):
    """What is wrong with the names that the client's work left behind, as sentences; without it a proxy that moves nothing would pass."""
    wire = Wire(port)
    keys = [key for key in wire("KEYS", "*") if b"scan-" not in key]
    wire.close()
    old, new = [k for k in keys if OLD_FORM.match(k)], [k for k in keys if NEW_FORM.match(k)]
    right, wrong = (new, old) if mode in ("to-new", "new") else (old, new)
    found = [f"{len(wrong)} keys lie under the wrong name, such as {wrong[0]!r}"] if wrong else []
    return found if len(right) >= 20 else found + [f"only {len(right)} keys lie under the right name"]


class Server:
    def __init__(self, directory, mode):
        os.makedirs(directory, exist_ok=True)
        self.directory, self.port, self.processes = directory, free_port(), []
        self.client_port = self.port
        self.start("redis-server", ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", directory,
                                    "--notify-keyspace-events", "KEA", "--loglevel", "warning"], self.port)
        seed(self.port, mode)

    def start(self, what, command, port):
        log = open(os.path.join(self.directory, what + ".log"), "wb")
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        self.processes.append(process)
        until_answers(port, process, f"{what} ({log.name})")

    def proxy(self, keyshift, migration, mode, view, extra):
        self.client_port = free_port()
        command = [keyshift, "proxy", "--listen", f"127.0.0.1:{self.client_port}", "--upstream", f"redis://127.0.0.1:{self.port}/0",
                   "--admin", f"127.0.0.1:{free_port()}", "--health", f"127.0.0.1:{free_port()}", *extra]
        if mode != "plain":
            path = os.path.join(self.directory, "migration.yaml")
            with open(migration) as source, open(path, "w") as copy:
                copy.write(source.read().replace("127.0.0.1:6379", f"127.0.0.1:{self.port}"))
            command += ["--migration", path, "--mode", mode]
            command += ["--view", "shop=2.0.0"] if view == "new" else []
        self.start("keyshift", command, self.client_port)

    def died(self):
        return [process.args[0] for process in self.processes if process.poll() is not None]

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
        for process in reversed(self.processes):
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
