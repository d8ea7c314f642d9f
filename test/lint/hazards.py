#!/usr/bin/env python3
"""docs/hazards.md: every hazard has an id of its own and a state, and each that is due names a test that exists.

A row is `| H-AREA-NN | hazard | what is done | due or later: WHAT | tests |`. In the last field stand names of tests in
double quotes, word for word as in the test tree (a doctest sentence, a scenario, a case), or a path in backticks. A test
may also name the id itself; then the field may be empty.
"""
import re

import tree

PAGE = "docs/hazards.md"
ROW = re.compile(r"^\|\s*(H-[A-Z0-9]+-\d\d)\s*\|(.*)\|\s*$")
STATE = re.compile(r"^(due|later: (fleet|transforms|kubernetes|cluster)(, (fleet|transforms|kubernetes|cluster))*)$")


def tests_text():
    """All test sources in one string, white space and split literals joined, so that a long sentence is found."""
    parts = []
    for path in tree.files(*tree.CPP, ".py", ".txt", ".json", ".mjs", ".go", ".java", ".sh", under="test/"):
        if not path.startswith("test/lint/") and path != "test/suites.txt":
            parts.append(tree.text(path))
    joined = re.sub(r'"\s*\n\s*"', "", "\n".join(parts))
    return re.sub(r"\s+", " ", joined)


def judge(number, cells, known):
    where = f"{PAGE}:{number}"
    if len(cells) != 5 or not all(cells[:4]):
        return [f"{where}: wanted id, hazard, what is done, state, tests; an empty or missing field"]
    name, _, _, state, named = cells
    if not STATE.match(state):
        return [f"{where}: the state of {name} is '{state}'; wanted `due` or `later: fleet|transforms|kubernetes|cluster`"]
    problems, found = [], 1 if name in known else 0
    for sentence in re.findall(r'"([^"]+)"', named):
        if re.sub(r"\s+", " ", sentence) in known:
            found += 1
        else:
            problems.append(f"{where}: {name} names a test that does not exist: \"{sentence}\"")
    for path in re.findall(r"`([^`]+)`", named):
        if tree.os.path.exists(tree.os.path.join(tree.TOP, path)):
            found += 1
        else:
            problems.append(f"{where}: {name} names {path}, which does not exist")
    if state == "due" and found == 0 and not problems:
        problems.append(f"{where}: {name} is due, and no test covers it")
    return problems


def check():
    known, seen, problems = tests_text(), set(), []
    for number, line in enumerate(tree.text(PAGE).splitlines(), 1):
        match = ROW.match(line)
        if not match:
            if re.match(r"^\|\s*H-", line):
                problems.append(f"{PAGE}:{number}: this row's id is not of the form H-AREA-NN")
            continue
        cells = [match[1]] + [cell.strip() for cell in re.split(r"(?<!\\)\|", match[2])]
        if match[1] in seen:
            problems.append(f"{PAGE}:{number}: {match[1]} stands there twice")
        seen.add(match[1])
        problems += judge(number, cells, known)
    return len(seen), problems


if __name__ == "__main__":
    tree.run("hazards", check)
