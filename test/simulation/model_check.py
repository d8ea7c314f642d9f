#!/usr/bin/env python3
"""Compares the simulation's model of redis-server with a real one: random scripts of several connections, every answer.

model_check.py PROGRAM [SCRIPTS [SEED]]; PROGRAM is build/dev/test/simulation/simulation_check.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time


def main():
    program, scripts, seed = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "5000", sys.argv[3:4]
    if shutil.which("redis-server") is None:
        print("SKIPPED: there is no redis-server")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "socket")
        server = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", path, "--save", "", "--dir", folder, "--enable-debug-command", "yes"],
            stdout=subprocess.DEVNULL)
        try:
            until = time.monotonic() + 10
            while not os.path.exists(path) and time.monotonic() < until:
                time.sleep(0.02)
            return subprocess.run([program, path, scripts, *seed], check=False).returncode
        finally:
            server.terminate()
            server.wait()


sys.exit(main())
