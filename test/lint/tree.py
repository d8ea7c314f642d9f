"""What the lints look at: the files that git knows or would add, and how C++ is read without its comments and strings."""
import os
import re
import subprocess
import sys

TOP = os.environ.get("KEYSHIFT_LINT_TOP") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CPP = (".cpp", ".hpp", ".h", ".inc", ".c")


def files(*ends, under=""):
    """Paths from the top folder, sorted. A planted tree of the self-test is no repository: it is walked."""
    if os.environ.get("KEYSHIFT_LINT_TOP"):
        found = [os.path.relpath(os.path.join(root, name), TOP) for root, _, names in os.walk(TOP) for name in names]
    else:
        listed = subprocess.run(["git", "-C", TOP, "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True, check=True)
        found = listed.stdout.splitlines()
    return sorted(path for path in set(found) if path.startswith(under) and path.endswith(ends) and os.path.isfile(os.path.join(TOP, path)))


def text(path):
    with open(os.path.join(TOP, path), errors="replace") as file:
        return file.read()


LEXEME = re.compile(r'R"(\w*)\((?:.|\n)*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|//[^\n]*|/\*(?:.|\n)*?\*/')


def code(source):
    """The source with comments and the insides of literals blanked; every line stays where it was."""
    def blank(match):
        found = match[0]
        lines = "\n" * found.count("\n")
        return ('""' if found[0] in '"R' else "'0'" if found[0] == "'" else " ") + lines
    # A ' between digits is a separator, not a literal.
    return LEXEME.sub(blank, re.sub(r"(?<=[0-9a-fA-F])'(?=[0-9a-fA-F])", "", source))


def close(name, checked, problems):
    """Prints the problems and the sum; the exit code of the lint."""
    for problem in problems:
        print(problem)
    if checked == 0:
        print(f"{name}: nothing was found to check, which is a failure of the check itself")
    failed = len(problems) + (checked == 0)
    print(f"{name}: {max(checked - len({p.split(':')[0] for p in problems}), 0)} passed, {failed} failed")
    return 1 if failed else 0


def run(name, check):
    sys.exit(close(name, *check()))
