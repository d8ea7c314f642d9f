#!/usr/bin/env python3
"""Records what clients see through several proxies at once while records move and processes are killed, stopped and cut off,
and judges each history: linearizable per record, exactly one name, the last state a possible one. docs/histories.md.

  run.py KEYSHIFT PROGRAMS [--seed N] [--seconds S] [--minutes M] [--only NAME,...] [--folder F] [--keep]

PROGRAMS is the folder of history_record and history_check. --minutes goes on with other seeds for so long. A history that
fails stays in the folder; --keep leaves all of them.
"""
import argparse
import os
import shutil
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import fleet_scenarios  # noqa: E402,F401: its scenarios are in the list
import scenarios  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("keyshift")
    parser.add_argument("programs")
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3), "big"))
    parser.add_argument("--seconds", type=float, default=2.5, help="of load in each scenario")
    parser.add_argument("--minutes", type=float, default=0)
    parser.add_argument("--only", default="")
    parser.add_argument("--folder", default="")
    parser.add_argument("--keep", action="store_true")
    return parser.parse_args()


def run(name, scenario, options, seed, top):
    """True when it passed. Its folder goes when it did."""
    folder = os.path.join(top, f"{name}-{seed}")
    os.makedirs(folder, exist_ok=True)
    began = time.monotonic()
    try:
        run_type = getattr(scenario, "run_type", scenarios.Run)
        said = scenario(run_type(options.keyshift, options.programs, folder, seed, options.seconds))
        print(f"  ok {name} seed {seed} ({time.monotonic() - began:.1f} s): {said}", flush=True)
        if not options.keep:
            shutil.rmtree(folder)
        return True
    except Exception as error:  # the next scenario is run whatever this one met
        print(f"FAIL {name} seed {seed} ({time.monotonic() - began:.1f} s), kept in {folder}: {type(error).__name__} {error}", flush=True)
        return False


def main():
    options = arguments()
    only = [name for name in options.only.split(",") if name]
    chosen = {name: f for name, f in scenarios.ALL.items() if not only or name in only}
    if not chosen:
        sys.exit(f"no such scenario; there are: {' '.join(scenarios.ALL)}")
    top = options.folder or tempfile.mkdtemp(prefix="keyshift-history-")
    os.makedirs(top, exist_ok=True)
    print(f"seed {options.seed}", flush=True)
    passed, failed, seed, ends = 0, 0, options.seed, time.monotonic() + 60 * options.minutes
    while True:
        for name, scenario in chosen.items():
            if run(name, scenario, options, seed, top):
                passed += 1
            else:
                failed += 1
        seed += 1
        if time.monotonic() >= ends:
            break
    if not os.listdir(top):
        os.rmdir(top)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
