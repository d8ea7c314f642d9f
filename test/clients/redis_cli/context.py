"""redis-cli as a program: once for a session, or kept running while another one acts."""
import select
import subprocess
import threading
import time


def check(condition, text):
    if not condition:
        raise AssertionError(text)


def equal(got, want):
    check(got == want, f"got {got!r}, wanted {want!r}"[:400])


class Running:
    """A redis-cli that runs on: lines in, lines out."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.buffer = b""

    def say(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def line(self, seconds=5.0):
        end = time.monotonic() + seconds
        while b"\n" not in self.buffer:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))
            check(ready, "no output in time")
            part = self.process.stdout.read1(65536)
            check(part, "redis-cli ended: " + self.buffer.decode(errors="replace"))
            self.buffer += part
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode()

    def lines(self, count):
        return [self.line() for _ in range(count)]

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Context:
    def __init__(self, host, port, names):
        self.command = ["redis-cli", "-h", host, "-p", port]
        self.names = names
        self.opened = []

    def key(self, family, name):
        return self.names[family].replace("%s", str(name))

    def cli(self, *words, stdin="", binary=False):
        """The output of one run without its last line end."""
        data = stdin if isinstance(stdin, bytes) else stdin.encode()
        done = subprocess.run([*self.command, *map(str, words)], input=data, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=8, check=False)
        out = done.stdout[:-1] if done.stdout.endswith(b"\n") else done.stdout
        return out if binary else out.decode(errors="replace")

    def running(self, *words):
        made = Running([*self.command, *words])
        self.opened.append(made)
        return made

    def later(self, *words, seconds=0.2):
        """Another client's command a little later, while this one blocks."""
        timer = threading.Timer(seconds, self.cli, words)
        timer.daemon = True
        timer.start()

    def close(self):
        for program in self.opened:
            program.close()
