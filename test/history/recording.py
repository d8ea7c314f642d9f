"""The programs that record and judge, as functions."""
import json
import os
import subprocess

from world import FAMILIES


class Recording:
    def __init__(self, programs, path, seed, units=1200):
        self.record = os.path.join(programs, "history_record")
        self.judge = os.path.join(programs, "history_check")
        self.path, self.seed, self.units, self.next_client, self.load = path, seed, units, 1, None
        with open(path, "w") as out:
            out.write(json.dumps({"keyshift-history": 1, "seed": seed}) + "\n")

    def _argv(self, work, ports, **options):
        argv = [self.record, work, "--out", self.path, "--seed", str(self.seed), "--units", str(self.units),
                "--first-client", str(self.next_client)]
        self.next_client += 100_000
        for port, view in ports:
            argv += ["--port", f"{port}:{view}"]
        for older, newer in FAMILIES:
            argv += ["--family", f"{older}={newer}"]
        for name, value in options.items():
            argv += ["--" + name.replace("_", "-"), str(value)]
        return argv

    def direct(self, work, port, view="old"):
        """`fill` or `read-back`."""
        done = subprocess.run(self._argv(work, [(port, view)]), capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"{work}: {done.stderr.strip()[-1000:]}"

    def start(self, ports, seconds, **options):
        self.seed += 1000
        self.load = subprocess.Popen(self._argv("load", ports, seconds=seconds, **options), stdout=subprocess.PIPE, text=True)
        return self.load

    def stop(self):
        """Of a run that failed: what still loads would work on the ports of the next one."""
        if self.load and self.load.poll() is None:
            self.load.kill()
            self.load.wait()

    def verdict(self, path=None, limit=4000):
        done = subprocess.run([self.judge, path or self.path, "--json", "--limit", str(limit)], capture_output=True, text=True, timeout=120)
        assert done.returncode in (0, 1, 3), f"history_check ended with {done.returncode}: {done.stderr}"
        return json.loads(done.stdout)
