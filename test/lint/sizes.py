#!/usr/bin/env python3
"""Files have at most 400 lines and functions at most 60. A list of data (.inc) may be as long as it is."""
import re

import tree

FILE, FUNCTION = 400, 60
PYTHON = (".py",)
# A `{` that opens a body of these is not a function.
NOT_FUNCTION = re.compile(r"\b(namespace|class|struct|union|enum|switch|extern)\b(?!.*\)\s*(const|noexcept|override|final|->|:|\{|$))")


def functions(source):
    """(first line, lines) of every brace that opens behind a parameter list at namespace or class level."""
    found, stack, start = [], [], 0
    clean = tree.code(source)
    clean = re.sub(r"^[ \t]*#.*(\\\n.*)*", lambda m: "\n" * m[0].count("\n"), clean, flags=re.M)
    line = 1
    head_line = 1
    for position, letter in enumerate(clean):
        if letter == "\n":
            line += 1
        elif letter in ";":
            start = position + 1
        elif letter == "{":
            head = clean[start:position]
            inside = any(kind == "function" for kind, _ in stack)
            is_function = not inside and ")" in head and not re.search(r"=\s*$", head) and not NOT_FUNCTION.search(head.strip())
            head_line = line - head.lstrip().count("\n")
            stack.append(("function" if is_function else "other", head_line))
            start = position + 1
        elif letter == "}":
            if stack:
                kind, first = stack.pop()
                if kind == "function":
                    found.append((first, line - first + 1))
            start = position + 1
    return found


def check_file(path):
    source = tree.text(path)
    lines = source.count("\n")
    problems = []
    if lines > FILE:
        problems.append(f"{path}:{lines}: the file has {lines} lines, {FILE} is the limit: which second thing is in it?")
    if not path.endswith(PYTHON):
        for first, length in functions(source):
            if length > FUNCTION and not path.startswith("test/"):
                problems.append(f"{path}:{first}: this function has {length} lines, {FUNCTION} is the limit")
    return problems


def check():
    paths = [p for p in tree.files(".cpp", ".hpp", ".h", ".c", ".py", ".mjs", ".go", ".java") if not p.startswith("third_party/")]
    return len(paths), [problem for path in paths for problem in check_file(path)]


if __name__ == "__main__":
    tree.run("sizes", check)
