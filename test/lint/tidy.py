#!/usr/bin/env python3
"""clang-tidy-19 with the checks of .clang-tidy on every source of build/dev, two at once.

A clean result is remembered in build/tidy under a hash of the source, of all headers of the project that it includes, of
its command and of the checks, so a second run looks only at what changed.

  tidy.py [PATH...]   only sources whose path contains one of these
"""
import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import sys

import tree

BUILD = os.environ.get("KEYSHIFT_BUILD") or os.path.join(tree.TOP, "build", "dev")
CLEAN = os.path.join(tree.TOP, "build", "tidy")
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)


def closure(path, seen):
    """`path` and all files of the project that it includes, directly or not."""
    if path in seen or not os.path.isfile(path):
        return seen
    seen.add(path)
    with open(path, errors="replace") as file:
        for name in INCLUDE.findall(file.read()):
            for base in (os.path.join(tree.TOP, "src"), os.path.dirname(path), os.path.join(tree.TOP, "test")):
                closure(os.path.join(base, name), seen)
    return seen


def key(entry, checks):
    digest = hashlib.sha256(checks)
    digest.update((entry.get("command") or " ".join(entry["arguments"])).encode())
    for path in sorted(closure(entry["file"], set())):
        with open(path, "rb") as file:
            digest.update(path.encode() + b"\0" + file.read())
    return digest.hexdigest()


def look(entry, checks):
    """Findings in one source; None when it was clean the last time, too."""
    mark = os.path.join(CLEAN, key(entry, checks))
    if os.path.exists(mark):
        return None
    done = subprocess.run(["clang-tidy-19", "--quiet", "-p", BUILD, entry["file"]], capture_output=True, text=True, cwd=tree.TOP)
    found = sorted({line.replace(tree.TOP + "/", "") for line in done.stdout.splitlines() if re.search(r": (warning|error): ", line)})
    if done.returncode and not found:
        found = [f"{os.path.relpath(entry['file'], tree.TOP)}:1: clang-tidy-19 failed: {done.stderr.strip()[-300:]}"]
    if not found:
        open(mark, "w").close()
    return found


def main():
    with open(os.path.join(BUILD, "compile_commands.json")) as file:
        entries = json.load(file)
    own = [e for e in entries if e["file"].startswith((tree.TOP + "/src/", tree.TOP + "/test/", tree.TOP + "/bench/"))]
    own = [e for e in own if os.path.exists(e["file"]) and (not sys.argv[1:] or any(part in e["file"] for part in sys.argv[1:]))]
    with open(os.path.join(tree.TOP, ".clang-tidy"), "rb") as file:
        checks = file.read() + subprocess.run(["clang-tidy-19", "--version"], capture_output=True).stdout
    os.makedirs(CLEAN, exist_ok=True)
    found, unchanged = set(), 0
    with concurrent.futures.ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        for result in pool.map(lambda entry: look(entry, checks), own):
            unchanged += result is None
            for finding in result or []:
                if finding not in found:
                    print(finding, flush=True)  # a header's finding comes once, not with each source
                found.add(finding)
    print(f"tidy: {unchanged} of {len(own)} sources unchanged since they were clean")
    failed = len({finding.split(":")[0] for finding in found}) + (not own)
    print(f"tidy: {max(len(own) - failed, 0)} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
