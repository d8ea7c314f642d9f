#!/usr/bin/env python3
"""Searches the models of the protocol with Spin, row by row of runs.txt, and says whether each comes out as it must.

  test/model/run.py ci              the rows that end in seconds
  test/model/run.py all             the larger ones
  test/model/run.py ci --only fence rows of one model, whatever the stage when none is named
  test/model/run.py --one fence -DMAXCH=4 -DNAIVE_NOKEY --trail        one search, with its counter-example
  test/model/run.py --one scan -DKEEP --unreached                      ... with the statements that no run reaches
  test/model/run.py --write-docs    the lists of docs/models.md, out of runs.txt

A row that passes was searched to its end, and was about as large as the table says: a search that suddenly is small has lost
something. A row that fails stopped at a broken assertion, under LIVE at a cycle that never gets on. The last line is
`N passed, N failed` (`, N skipped`).
"""
import argparse
import concurrent.futures
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TABLE = os.path.join(HERE, "runs.txt")
PAGE = os.path.join(os.path.dirname(os.path.dirname(HERE)), "docs", "models.md")
RESULTS = ("passes", "fails")
STAGES = ("ci", "all")
UNITS = {"": 1, "k": 1000, "M": 1000000}


class Row:
    """One line of the table: which model, with which flags, and what must come out."""

    def __init__(self, model, flags, result="passes", states="", minutes="10", stage="", shows=""):
        self.model, self.flags, self.result, self.stage, self.shows = model, flags.split(), result, stage, shows
        self.minutes, self.size = float(minutes), states
        size = re.fullmatch(r"([\d.]+)([kM]?)", states)
        self.states = float(size[1]) * UNITS[size[2]] if size else 0

    @property
    def name(self):
        return " ".join([self.model, *(flag.removeprefix("-D") for flag in self.flags)])

    @property
    def live(self):
        return "-DLIVE" in self.flags


def table():
    rows = []
    with open(TABLE) as file:
        for number, line in enumerate(file, 1):
            if not line.strip() or line.startswith("#"):
                continue
            parts = [part.strip() for part in line.split("|")]
            right = len(parts) == 7 and parts[2] in RESULTS and parts[5] in STAGES and re.fullmatch(r"[\d.]+", parts[4])
            if not right or (parts[2] == "passes") != bool(re.fullmatch(r"[\d.]+[kM]?", parts[3])):
                sys.exit(f"{TABLE}:{number}: wanted `model | flags | passes or fails | states of one that passes | minutes | "
                         f"ci or all | what it shows`, found: {line.strip()}")
            rows.append(Row(*parts))
    return rows


class Search:
    """What one run of the verifier came to."""

    def __init__(self, verdict, states=0, seconds=0.0, text=""):
        self.verdict, self.states, self.seconds, self.text = verdict, states, seconds, text


def bounded(command, folder, seconds, megabytes):
    """(exit code or None when time was over, output); the process has this much memory and no more."""
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, errors="replace", start_new_session=True, preexec_fn=limit)
    try:
        text, _ = process.communicate(timeout=seconds)
        return process.returncode, text
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return None, process.communicate()[0]


def built(row, folder, megabytes):
    """The verifier of that variant in the folder, or what the tools said against it."""
    shutil.copy(os.path.join(HERE, row.model + ".pml"), folder)
    spin = subprocess.run(["spin", *row.flags, "-a", row.model + ".pml"], cwd=folder, capture_output=True, text=True, check=False)
    if spin.returncode != 0 or "rror" in spin.stdout:
        return spin.stdout + spin.stderr
    kind = ["-DNFAIR=3"] if row.live else ["-DSAFETY"]
    if "-DREVERSE" in row.flags:
        kind += ["-DREVERSE", "-DT_REVERSE"]
    gcc = subprocess.run(["gcc", "-O1", "-w", "-DCOLLAPSE", f"-DMEMLIM={megabytes}", *kind, "-o", "pan", "pan.c"], cwd=folder,
                         capture_output=True, text=True, check=False)
    return gcc.stderr if gcc.returncode != 0 else ""


def verdict_of(code, text, live):
    if code is None:
        return "did not end in its time"
    errors = re.search(r"errors: (\d+)", text)
    if re.search(r"max search depth too small|out of memory|reached -DMEMLIM|memory exhausted", text) or not errors:
        return "did not fit into its memory or depth"
    if errors[1] == "0":
        return "ended before the search was complete" if "Search not completed" in text else "passes"
    wanted = "acceptance cycle" if live else "assertion violated"
    return "fails" if wanted in text else "stopped for another reason than " + wanted


def search(row, options):
    with tempfile.TemporaryDirectory(prefix="keyshift-model-") as folder:
        wrong = built(row, folder, options.memory)
        if wrong:
            return Search("does not compile", text=wrong)
        began = time.monotonic()
        command = ["./pan", f"-m{options.depth}", *(["-a", "-f"] if row.live else [])]
        # Address space is more than what is used: pan's own limit is the exact one, this one holds when it forgets to count.
        code, text = bounded(command, folder, 60 * row.minutes, options.memory + 1000)
        seconds = time.monotonic() - began
        stored = re.search(r"([\d.e+]+) states, stored", text)
        if options.trail:
            text += subprocess.run(["spin", *row.flags, "-t", "-p", "-g", "-l", row.model + ".pml"], cwd=folder, capture_output=True,
                                   text=True, check=False).stdout
        return Search(verdict_of(code, text, row.live), int(float(stored[1])) if stored else 0, seconds, text)


def complaint(row, found):
    """Empty when the row came out as it must."""
    if found.verdict != row.result:
        return f"wanted: {row.result}, found: {found.verdict}"
    if row.result == "passes" and not row.states / 1.5 <= found.states <= row.states * 1.5:
        return f"passes with {found.states} states; the table says {row.states:.0f}"
    return ""


def variants_without_row(rows):
    """Every rule that a model can drop has a row in which that fails."""
    problems = []
    for model in sorted(file[:-4] for file in os.listdir(HERE) if file.endswith(".pml")):
        with open(os.path.join(HERE, model + ".pml")) as file:
            known = set(re.findall(r"\bNAIVE_\w+", file.read()))
        fail = {flag[2:] for row in rows if row.model == model and row.result == "fails" for flag in row.flags}
        problems += [f"{model} {name}: no row of runs.txt in which it must fail" for name in sorted(known - fail)]
        if not any(row.model == model and row.result == "passes" for row in rows):
            problems.append(f"{model}: no row of runs.txt in which it must pass")
    return problems


def page(rows):
    """docs/models.md with the list of each model between its marks."""
    def listed(match):
        lines = ["| variant | result | states | what it shows |", "|---|---|---|---|"]
        for row in rows:
            if row.model == match[1]:
                variant = " ".join(flag.removeprefix("-D") for flag in row.flags) or "default"
                lines.append(f"| `{variant}` | {row.result} | {row.size} | {row.shows} |")
        return match[0][:match.start(2) - match.start()] + "\n".join(lines) + match[0][match.end(2) - match.start():]
    with open(PAGE) as file:
        return re.sub(r"<!-- runs of (\w+) -->\n((?:.|\n)*?)\n<!-- end -->", listed, file.read())


def page_is_old(rows):
    with open(PAGE) as file:
        text = file.read()
    lost = sorted({row.model for row in rows} - set(re.findall(r"<!-- runs of (\w+) -->", text)))
    problems = [f"docs/models.md: no list of {model}" for model in lost]
    return problems + (["docs/models.md: its lists are not those of runs.txt (test/model/run.py --write-docs)"] if page(rows) != text else [])


def one(options, flags):
    row = Row(options.one, " ".join(flags), minutes=str(options.minutes))
    found = search(row, options)
    if options.unreached:
        print(found.text[found.text.find("unreached in"):])
    elif options.trail or found.verdict not in RESULTS:
        print(found.text)
    print(f"{row.name}: {found.verdict}, {found.states} states, {found.seconds:.1f} s")
    return 0 if found.verdict in RESULTS else 1


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", nargs="*", help="ci, all")
    parser.add_argument("--only", default="", help="models, with commas")
    parser.add_argument("--one", metavar="MODEL", help="one search; -D flags behind it")
    parser.add_argument("--trail", action="store_true", help="with --one: print the counter-example")
    parser.add_argument("--unreached", action="store_true", help="with --one: print what no run reaches")
    parser.add_argument("--write-docs", action="store_true", help="write the lists of docs/models.md anew")
    parser.add_argument("--minutes", type=float, default=10, help="with --one: its time (10)")
    parser.add_argument("--memory", type=int, default=8000, help="megabytes for a search (8000)")
    parser.add_argument("--depth", type=int, default=2000000, help="steps of the longest path (2000000)")
    options, rest = parser.parse_known_args()
    if [flag for flag in rest if not flag.startswith("-D") or not options.one]:
        parser.error("unknown: " + " ".join(rest))
    if not options.one and [stage for stage in options.stage if stage not in STAGES]:
        parser.error("stages are: " + " ".join(STAGES))
    return options, rest


def run(rows, options):
    passed = failed = 0
    # The small ones side by side; those of `all` take gigabytes each.
    jobs = min(os.cpu_count() or 1, 4) if all(row.stage == "ci" for row in rows) else 1
    pool = concurrent.futures.ThreadPoolExecutor(jobs)
    for row, found in zip(rows, pool.map(lambda row: search(row, options), rows)):
        wrong = complaint(row, found)
        print(f"{'FAILED' if wrong else 'ok':7} {row.name:55} {row.result:7}{found.states:10} states {found.seconds:6.1f} s", flush=True)
        if wrong:
            print("        " + wrong)
            print("".join(f"        | {line}\n" for line in found.text.splitlines()[:12]), end="")
        passed, failed = passed + (not wrong), failed + bool(wrong)
    return passed, failed


def main():
    options, flags = arguments()
    rows = table()
    if options.write_docs:
        text = page(rows)
        with open(PAGE, "w") as file:
            file.write(text)
        return 0
    only = [name for name in options.only.split(",") if name]
    chosen = [row for row in rows if (not only or row.model in only) and (row.stage in options.stage or (only and not options.stage))]
    if not options.one and not chosen:
        sys.exit("nothing to run: name a stage (ci, all), or --only MODEL of: " + " ".join(sorted({row.model for row in rows})))
    lacking = [tool for tool in ("spin", "gcc") if not shutil.which(tool)]
    if lacking:
        print(f"SKIPPED: {' and '.join(lacking)} not installed (scripts/setup.sh test does it): no model was searched")
        print(f"0 passed, 0 failed, {len(chosen) or 1} skipped")
        return 0
    if options.one:
        return one(options, flags)
    problems = variants_without_row(rows) + page_is_old(rows)
    for problem in problems:
        print("FAILED  " + problem)
    passed, failed = run(chosen, options)
    failed += len(problems)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
