#!/usr/bin/env python3
"""Links between pages lead to files that exist, and to headings that exist in them. Paths in `code` that begin with a folder
of the project exist too."""
import os
import re

import tree

LINK = re.compile(r"(?<!\!)\[[^\]]*\]\(([^)\s]+)\)")
PATH = re.compile(r"`((?:src|test|docs|scripts|bench|cmake|\.ci)/[A-Za-z0-9_./-]+)`")
FENCE = re.compile(r"^```.*?^```", re.M | re.S)


def anchors(path):
    """Headings of a page as links name them."""
    text = FENCE.sub("", tree.text(path))
    found = set()
    for heading in re.findall(r"^#+\s+(.*)$", text, re.M):
        found.add(re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-"))
    return found | set(re.findall(r'<a id="([^"]+)"', text))


def check_file(path):
    problems = []
    text = FENCE.sub(lambda match: "\n" * match[0].count("\n"), tree.text(path))
    for number, line in enumerate(text.splitlines(), 1):
        for link in LINK.findall(line):
            if re.match(r"[a-z]+:", link):
                continue
            target, _, anchor = link.partition("#")
            where = os.path.normpath(os.path.join(os.path.dirname(path), target)) if target else path
            if not os.path.exists(os.path.join(tree.TOP, where)):
                problems.append(f"{path}:{number}: the link to {link} leads nowhere")
            elif anchor and where.endswith(".md") and anchor not in anchors(where):
                problems.append(f"{path}:{number}: {where} has no heading #{anchor}")
        for named in PATH.findall(line):
            if "*" not in named and not os.path.exists(os.path.join(tree.TOP, named)) and "." in os.path.basename(named):
                problems.append(f"{path}:{number}: there is no {named}")
    return problems


def check():
    paths = [p for p in tree.files(".md") if "node_modules" not in p]
    return len(paths), [problem for path in paths for problem in check_file(path)]


if __name__ == "__main__":
    tree.run("links", check)
