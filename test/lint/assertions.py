#!/usr/bin/env python3
"""A test that asserts nothing cannot fail. Looks at every TEST_CASE of C++ and every test function of Python."""
import re

import tree

# What can fail a C++ test: doctest's assertions, rapidcheck, and functions of the test's own that are named after them.
ASSERTS = re.compile(r"\b(CHECK|REQUIRE|FAIL)\w*\b|\bRC_(ASSERT|FAIL)\w*\b|\brc::check\b|\b(check|expect|verify|require)\w*\s*[(<]")
PYTHON = re.compile(r"\b(assert|raise|sys\.exit|expect\w*|check\w*)\b|\.fail\(")


def cases(source):
    """(line, body) of every TEST_CASE."""
    clean = tree.code(source)
    for match in re.finditer(r"\bTEST_CASE(?:_FIXTURE|_TEMPLATE)?\s*\(", clean):
        begin = clean.find("{", match.end())
        depth, end = 0, begin
        while 0 <= end < len(clean):
            depth += {"{": 1, "}": -1}.get(clean[end], 0)
            end += 1
            if depth == 0:
                break
        yield clean.count("\n", 0, match.start()) + 1, clean[begin:end]


def python_tests(source):
    for match in re.finditer(r"^def (test_\w+)\(.*?\):\n((?:[ \t]+.*\n|\n)+)", source, re.M):
        yield source.count("\n", 0, match.start()) + 1, match[2]


def check():
    count, problems = 0, []
    for path in tree.files(".cpp", ".py", under="test/"):
        cpp = path.endswith(".cpp")
        for line, body in (cases if cpp else python_tests)(tree.text(path)):
            count += 1
            if not (ASSERTS if cpp else PYTHON).search(body):
                problems.append(f"{path}:{line}: this test asserts nothing, so it cannot fail")
    return count, problems


if __name__ == "__main__":
    tree.run("assertions", check)
