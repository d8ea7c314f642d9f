#!/usr/bin/env python3
"""An #include may only go down the floors, and the lower floors stay free of sockets, clocks, logs and exceptions.

The table below is the only place that says which folder stands on which floor.
"""
import re

import tree

# folder: (floor, folders of its own floor or above it that it may use all the same)
FLOORS = {
    "base": (0, ()),
    "resp": (1, ()),
    "resp/commands": (1, ("resp",)),
    "transforms": (2, ()),
    "transforms/ops": (2, ("transforms",)),
    "migration": (3, ()),
    "control": (3, ("migration",)),
    "proxy/engine": (3, ("migration", "control")),
    "observe": (4, ()),
    "store": (4, ("observe",)),
    "driver": (4, ("store", "observe")),
    "proxy/net": (4, ("store", "driver", "observe")),
    "proxy/admin": (4, ("driver", "observe")),
    "k8s/api": (4, ("store", "observe")),
    "k8s/injector": (4, ("k8s/api", "observe")),
    "k8s/controller": (4, ("k8s/api", "store", "driver", "observe")),
    "cli": (5, ()),
    "cli/main": (5, ("cli",)),
}
# What stands on a lower floor and may not be used there: folder -> folders.
NEVER = {
    "observe": ("resp", "transforms", "migration", "control", "proxy/engine"),
    "store": ("transforms", "migration", "control", "proxy/engine"),
    "driver": ("proxy/engine",),
    "resp": ("resp/commands",),
    "k8s/api": ("proxy/engine",),
    "k8s/injector": ("proxy/engine",),
    "k8s/controller": ("proxy/engine",),
}
# Libraries that have one place. Reasons: a second YAML reader would accept other files than the first; what is logged and
# counted is decided in one folder; sockets below floor 4 would put the engine out of reach of unit tests.
LIBRARIES = [
    (re.compile(r"yaml-cpp/"), "yaml-cpp belongs where YAML is read: transforms/ and cli/", lambda f: f in ("transforms", "cli", "k8s/api")),
    (re.compile(r"prometheus/|spdlog/"), "prometheus-cpp and spdlog belong in observe/", lambda f: f == "observe"),
    (re.compile(r"boost/(asio|beast)|openssl/|sys/socket\.h|netinet/|sys/epoll\.h"), "sockets begin on floor 4", lambda f: FLOORS[f][0] >= 4),
]
# What the code of floors 0 to 3 may not contain.
LOWER = [
    (re.compile(r"\bthrow\b"), "floors 0 to 3 throw nothing: return a Result"),
    (re.compile(r"(::now\s*\(|\bgettimeofday\s*\(|\bclock_gettime\s*\()"), "floors 0 to 3 read no clock: take the time as a parameter"),
    (re.compile(r"\bstd::(cout|cerr|clog)\b|\b(printf|puts)\s*\("), "floors 0 to 3 print nothing"),
    (re.compile(r"\b(spdlog|observe)::"), "floors 0 to 3 do not log"),
    (re.compile(r"\b(std::random_device|rand\s*\()"), "floors 0 to 3 draw no random numbers: take a seed"),
]


def folder_of(path):
    """The folder of the table that a path below src/ belongs to; None when the table has none."""
    parts = path.split("/")[:-1]
    while parts:
        if "/".join(parts) in FLOORS:
            return "/".join(parts)
        parts.pop()
    return None


def allowed(user, used):
    if user == used:
        return True
    if used in FLOORS[user][1]:
        return True
    return FLOORS[used][0] < FLOORS[user][0] and used not in NEVER.get(user, ())


def check_file(path):
    problems = []
    own = folder_of(path[len("src/"):])
    if own is None:
        return [f"{path}:1: this folder is not in the table of test/lint/floors.py: give it a floor"]
    source = tree.text(path)
    for number, line in enumerate(source.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)', line)
        if not match:
            continue
        for pattern, why, may in LIBRARIES:
            if pattern.match(match[2]) and not may(own):
                problems.append(f"{path}:{number}: includes {match[2]}: {why}")
        if match[1] != '"':
            continue
        if not tree.os.path.isfile(tree.os.path.join(tree.TOP, "src", match[2])):
            if own == "resp/commands" and match[2].endswith(".inc"):
                continue
            problems.append(f"{path}:{number}: \"{match[2]}\" is no file below src/ (includes are written from there)")
            continue
        used = folder_of(match[2])
        if used is not None and not allowed(own, used):
            problems.append(f"{path}:{number}: {own} (floor {FLOORS[own][0]}) may not include {used} (floor {FLOORS[used][0]})")
    if FLOORS[own][0] <= 3:
        for number, line in enumerate(tree.code(source).splitlines(), 1):
            problems += [f"{path}:{number}: {why}" for pattern, why in LOWER if pattern.search(line)]
    return problems


def check():
    paths = tree.files(*tree.CPP, under="src/")
    return len(paths), [problem for path in paths for problem in check_file(path)]


if __name__ == "__main__":
    tree.run("floors", check)
