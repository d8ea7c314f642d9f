#!/usr/bin/env python3
"""Names that say nothing: a class, file or folder called Manager, Helper, Util or Common says what its author thought, not
what it is. Its job has a name; when none is found, it has more than one job."""
import re

import tree

EMPTY = r"(Manager|Helper|Util|Utils|Utility|Common)"
TYPE = re.compile(r"\b(?:class|struct|enum class|enum|union|namespace|using)\s+(\w*?" + EMPTY + r"s?)\b(?=\s*[:{=;]|\s+final)")
NAMESPACE = re.compile(r"\bnamespace\s+\w*\b(util|utils|helpers?|common|detail_common)\b")
FILE = re.compile(r"(^|[/_.-])(manager|helpers?|utils?|utility|common)([/_.-]|$)", re.I)


def check_file(path):
    problems = []
    if FILE.search(path):
        problems.append(f"{path}:1: the file's name says nothing about what is in it")
    if path.endswith((*tree.CPP, ".py")):
        for number, line in enumerate(tree.code(tree.text(path)).splitlines(), 1):
            if TYPE.search(line) or NAMESPACE.search(line):
                problems.append(f"{path}:{number}: this name says nothing: {line.strip()[:80]}")
    return problems


def check():
    paths = [p for p in tree.files("") if p.startswith(("src/", "test/", "bench/", "scripts/", "docs/", "cmake/"))]
    return len(paths), [problem for path in paths for problem in check_file(path)]


if __name__ == "__main__":
    tree.run("names", check)
