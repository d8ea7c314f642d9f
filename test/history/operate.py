"""An operator at a terminal: commands of keyshift against the store of a world, repeated until they are through."""
import json
import subprocess
import time


class Operator:
    def __init__(self, world):
        self.world, self.steps, self.longest_hold = world, [], 0

    def run(self, *words, seconds=60):
        done = subprocess.run([self.world.keyshift, *words, "--upstream", self.world.url, "--name", "operator"],
                              capture_output=True, text=True, timeout=seconds)
        return done.returncode, done.stdout, done.stderr

    def apply(self):
        code, out, error = self.run("apply", self.world.applied_file, "--json")
        assert code == 0, f"apply ended with {code}: {out}{error}"

    def take(self, step, *more, seconds=30):
        """Repeats a step until it is done. What is in its way for a moment (a proxy that was just killed, a pass that is not
        clean yet) is what an operator waits for, too."""
        end, error = time.monotonic() + seconds, ""
        while time.monotonic() < end:
            code, out, error = self.run(step, *more, "--json")
            if code == 0:
                said = json.loads(out)
                self.longest_hold = max(self.longest_hold, said["held_ms"])
                self.steps.append(step)
                return said
            assert code in (1, 3), f"{step} ended with {code}: {error}"
            time.sleep(0.05)
        raise AssertionError(f"{step} did not come to its end in {seconds} s: {error}")

    def throttle(self, rate):
        code, _, error = self.run("throttle", str(rate))
        assert code == 0, error

    def phase(self):
        code, out, error = self.run("status", "--json")
        assert code == 0, error
        return json.loads(out)["runs"][0]["phase"]
