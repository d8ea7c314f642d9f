#!/usr/bin/env python3
"""clang-format-19 over every C++ source with the .clang-format of the project. `--fix` rewrites, else differences fail.
Tables (.inc) are laid out by hand."""
import os
import subprocess
import sys

import tree


def main():
    paths = tree.files(".cpp", ".hpp", ".h", ".c")
    if "--fix" in sys.argv:
        return subprocess.run(["clang-format-19", "-i", *paths], cwd=tree.TOP).returncode
    done = subprocess.run(["clang-format-19", "--dry-run", "-Werror", *paths], cwd=tree.TOP, capture_output=True, text=True)
    problems = {}
    for line in done.stderr.splitlines():
        if ": error: " in line:
            path = os.path.relpath(line.split(":")[0], tree.TOP)
            problems.setdefault(path, ":".join([path, *line.split(":")[1:3]]) + ": not as clang-format-19 would write it (make format)")
    if done.returncode and not problems:
        problems["clang-format-19"] = done.stderr.strip() or "clang-format-19 failed"
    return tree.close("format", len(paths), list(problems.values()))


if __name__ == "__main__":
    sys.exit(main())
