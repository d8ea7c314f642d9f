#!/usr/bin/env python3
"""A test that asserts nothing cannot fail. Looks at every TEST_CASE of C++ and every test function of Python."""
import os
import re

import tree

# What can fail a test: doctest's assertions and rapidcheck in C++, assert and raise in Python.
CPP = re.compile(r"\b(CHECK|REQUIRE|FAIL)\w*\b|\bRC_(ASSERT|FAIL)\w*\b|\brc::check\b")
PYTHON = re.compile(r"\b(assert|raise|sys\.exit)\b|\.fail\(")


def body_at(clean, begin):
    """From the brace at or behind `begin` to the one that closes it."""
    begin = clean.find("{", begin)
    depth, end = 0, begin
    while 0 <= end < len(clean):
        depth += {"{": 1, "}": -1}.get(clean[end], 0)
        end += 1
        if depth == 0:
            break
    return clean[begin:end]


def asserting(functions, pattern):
    """Names among `functions` (name, body) that assert, themselves or by calling one that does."""
    found = set()
    while True:
        calls = re.compile(r"\b(" + "|".join(map(re.escape, found)) + r")\s*[(<]") if found else None
        more = {name for name, body in functions if name not in found and (pattern.search(body) or (calls and calls.search(body)))}
        if not more:
            return found
        found |= more


def cpp_tests(source):
    """(line, body, other functions of the file) of every TEST_CASE."""
    clean = tree.code(source)
    functions = [(m[1], body_at(clean, m.end() - 1)) for m in re.finditer(r"\b(\w+)\s*\([^;{}()]*(?:\([^()]*\)[^;{}()]*)*\)[^;{}()]*\{", clean)
                 if m[1] not in ("if", "for", "while", "switch", "catch", "TEST_CASE", "SUBCASE")]
    for match in re.finditer(r"\bTEST_CASE(?:_FIXTURE|_TEMPLATE)?\s*\(", clean):
        yield clean.count("\n", 0, match.start()) + 1, body_at(clean, match.end()), functions


def python_functions(source):
    return [(m[1], m[2]) for m in re.finditer(r"^ *def (\w+)\(.*?\).*:\n((?:[ \t]+.*\n|\n)+)", source, re.M)]


def imported_functions(path, source):
    """Functions of the modules beside a Python test that it imports from."""
    beside = [os.path.join(os.path.dirname(path), name + ".py") for name in re.findall(r"^from (\w+) import ", source, re.M)]
    return [f for module in beside if os.path.exists(os.path.join(tree.TOP, module)) for f in python_functions(tree.text(module))]


def python_tests(source):
    functions = python_functions(source)
    for match in re.finditer(r"^def (test_\w+)\(.*?\):\n((?:[ \t]+.*\n|\n)+)", source, re.M):
        yield source.count("\n", 0, match.start()) + 1, match[2], functions


def shared_functions():
    """Functions of headers below test/, which assert for tests of other files."""
    functions = []
    for path in tree.files(".hpp", under="test/"):
        clean = tree.code(tree.text(path))
        functions += [(m[1], body_at(clean, m.end() - 1)) for m in re.finditer(r"\b(\w+)\s*\([^;{}]*\)[^;{}()]*\{", clean)]
    return functions


def check():
    count, problems, shared = 0, [], shared_functions()
    for path in tree.files(".cpp", ".py", under="test/"):
        cpp = path.endswith(".cpp")
        pattern = CPP if cpp else PYTHON
        source = tree.text(path)
        elsewhere = shared if cpp else imported_functions(path, source)
        for line, body, functions in (cpp_tests if cpp else python_tests)(source):
            count += 1
            others = [f for f in [*functions, *elsewhere] if not f[0].startswith("test_")]
            names = asserting(others, pattern)
            if not pattern.search(body) and not any(re.search(rf"\b{re.escape(name)}\s*[(<]", body) for name in names):
                problems.append(f"{path}:{line}: this test asserts nothing, so it cannot fail")
    return count, problems


if __name__ == "__main__":
    tree.run("assertions", check)
