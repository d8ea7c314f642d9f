"""Runs the scenarios with redis-cli. Usage: run_redis_cli.py HOST PORT family=name-with-%s... [only=id,id]
Most are sessions (sessions.txt); those with two clients or another use of the program are in programs.py."""
import os
import re
import subprocess
import sys

from context import Context, check
from programs import PROGRAMS

# What redis-cli cannot do: id -> reason.
UNSUPPORTED = {}


def sessions():
    """id -> [(command, expected)] out of sessions.txt."""
    found, name = {}, None
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "sessions.txt")) as file:
        for line in file:
            line = line.rstrip("\n")
            if line.startswith("["):
                name = line[1:-1]
                found[name] = []
            elif line and not line.startswith("#"):
                command, want = line.rsplit("=>", 1) if line.endswith("=>") else line.split(" => ", 1)
                found[name].append((command.strip(), want))
    return found


def matches(got, want):
    if want == "*":
        return True
    if want.startswith("!"):
        return want[1:] in got
    low, dots, high = want.partition("..")
    return got.lstrip("-").isdigit() and int(low) <= int(got) <= int(high) if dots else got == want


def play(context, steps):
    """One session; redis-cli puts an empty line behind an error that is a whole reply."""
    fill = lambda text: re.sub(r"<(user|sess|cart|plain):([^>]+)>", lambda found: context.key(found[1], found[2]), text)
    got = context.cli(stdin="".join(fill(command) + "\n" for command, _ in steps)).split("\n")
    for command, want in steps:
        for part in fill(want).split("|"):
            check(got, f"{command}: no more output")
            line = got.pop(0)
            check(matches(line, part), f"{command}: got {line!r}, wanted {part!r}")
            if part.startswith("!") and got and got[0] == "":
                got.pop(0)
    check("".join(got) == "", f"more output than wanted: {got[:3]}")


def main():
    settings = dict(argument.split("=", 1) for argument in sys.argv[3:])
    only = settings.pop("only", "")
    wanted = only.split(",") if only else None
    scenarios = {name: (lambda context, steps=steps: play(context, steps)) for name, steps in sessions().items()} | PROGRAMS
    for name, scenario in scenarios.items():
        if wanted is not None and name not in wanted:
            continue
        context = Context(sys.argv[1], sys.argv[2], settings)
        try:
            scenario(context)
            print(f"{name} pass", flush=True)
        except (AssertionError, subprocess.SubprocessError, OSError, ValueError, IndexError) as error:
            print(f"{name} fail: {type(error).__name__}: {' '.join(str(error).split())}", flush=True)
        finally:
            context.close()
    for name, reason in UNSUPPORTED.items():
        if wanted is None or name in wanted:
            print(f"{name} unsupported: {reason}")


main()
