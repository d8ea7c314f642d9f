"""Processes of this run: redis-servers and proxies on free loopback ports, all ended by stop()."""
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from wire import Connection

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from ports import free_port  # noqa: E402


def wait_until_listening(port, process, seconds=10.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args[0]} ended with {process.returncode} before it listened")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"{process.args[0]} does not listen on {port}")


class Processes:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="keyshift-differential-")
        self.running = []

    def _start(self, argv, port, log):
        path = os.path.join(self.folder, log)
        with open(path, "ab") as out:
            process = subprocess.Popen(argv, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        self.running.append(process)
        try:
            wait_until_listening(port, process)
        except RuntimeError as error:
            with open(path, errors="replace") as text:
                raise RuntimeError(f"{error}\n{' '.join(argv)}\n{text.read()[-2000:]}") from None
        return process

    def redis(self, program, name):
        """hz 200: a blocking command's timeout is noticed within 5 ms instead of 100."""
        port = free_port()
        folder = os.path.join(self.folder, name)
        os.mkdir(folder)
        self._start([program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder,
                     "--enable-debug-command", "yes",
                     "--hz", "200"], port, name + ".log")
        return port

    def proxy(self, program, upstream, migration, mode, view):
        """Starts a proxy; gives its port and its process."""
        port, admin, health = free_port(), free_port(), free_port()
        argv = [program, "proxy", "--listen", f"127.0.0.1:{port}", "--upstream", f"redis://127.0.0.1:{upstream}",
                "--migration", migration, "--mode", mode, "--view", view, "--sweep", "off",
                "--admin", f"127.0.0.1:{admin}", "--health", f"127.0.0.1:{health}",
                "--threads", os.environ.get("KEYSHIFT_TEST_THREADS", "1")]
        return port, self._start(argv, port, "proxy.log")

    def end(self, process):
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self.running.remove(process)

    def stop(self):
        for process in list(self.running):
            process.kill()
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def run_id(port):
    connection = Connection(port)
    info = connection.call([b"INFO", b"server"])[1]
    connection.close()
    return next(line for line in info.split(b"\r\n") if line.startswith(b"run_id:"))
