#!/usr/bin/env python3
"""Runs every case on a plain Redis and through the proxy, and compares replies and what is left. See README.md."""
import argparse
import collections
import os
import shutil
import sys
import time

import cases
import coverage
import scenarios
import scopes
from sides import Plain, Proxied
from compare import canonical, differences
from servers import Processes
from wire import show

HERE = os.path.dirname(os.path.abspath(__file__))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--proxy", help="the keyshift program; without it only mode none is run")
    parser.add_argument("--redis", default=shutil.which("redis-server"), help="redis-server to use")
    parser.add_argument("--modes", default="old,to-new,new,to-old", help="comma-separated; none: two plain servers")
    parser.add_argument("--only", default="", help="run only cases and scenarios whose place or text holds this")
    parser.add_argument("--setting", default="", help="run only settings whose name holds this")
    parser.add_argument("--failures", type=int, default=40, help="how many failures to print")
    parser.add_argument("--list", action="store_true", help="print normalisations, refusals and rows not executed with their reasons")
    return parser.parse_args()


class Report:
    def __init__(self):
        self.passed, self.failed, self.skipped = 0, collections.OrderedDict(), 0

    def fail(self, what, setting, why):
        self.failed.setdefault((what, why.split(" in ")[0][:160]), []).append((setting, why))


def refused_here(case, setting, argv):
    """Why the proxy must refuse this, the case's last request; None when it must not."""
    if setting.mode == "none":
        return None
    in_scope = scopes.Names(setting.scope, case.number).in_scope(argv)
    return case.flags.get("always-refused") or (case.flags.get("refused") if in_scope else None)


def judge_replies(case, setting, expected, found, report):
    for position, (argv, want, got) in enumerate(zip(case.requests, expected, found)):
        shown = " ".join(a.decode("latin1") for a in argv)
        refused = position == len(case.requests) - 1 and refused_here(case, setting, argv)
        if refused:
            if got is None or got[0] != "-" or not got[1].startswith(b"KSREFUSED"):
                report.fail(case.where, setting, f"{shown}: should be refused ({refused}), answered {got and show(got)}")
                return False
            continue
        if got is None:
            report.fail(case.where, setting, f"{shown}: no reply")
            return False
        if canonical(want, case.flags) != canonical(got, case.flags):
            report.fail(case.where, setting, f"{shown}: {show(got)} and should be {show(want)}")
            return False
    return True


def judge_left(all_cases, setting, replies, plain_left, proxy_left, report):
    """Compares what is left; gives the numbers of the cases that have a difference."""
    bad = set()
    expected, _, _ = plain_left
    found, places, wrong = proxy_left
    by_number = {c.number: c for c in all_cases}
    problems = dict(differences(expected, found))
    problems.update(wrong)
    for case in all_cases:
        names = scopes.Names(setting.scope, case.number)
        # A request that the server refuses need not move what it names, nor does a pattern.
        served = [argv for argv, reply in zip(case.requests, replies[case.number]) if reply and reply[0] != "-" and argv[0] != b"KEYS"]
        touched = set().union(*(names.in_scope(argv) for argv in served))
        for symbol in touched if setting.mode != "none" and not refused_here(case, setting, case.requests[-1]) else ():
            name = names.name(symbol, setting.view)
            if places.get(name, setting.wanted) != setting.wanted:
                problems.setdefault(name, f"@{symbol} was not moved: it lies at its {places[name]} name")
    for name, why in problems.items():
        digits = "".join(c for c in name.decode("latin1").split(":v2:")[-1] if c.isdigit())
        case = by_number.get(int(digits) // 10) if digits else None
        if case and refused_here(case, setting, case.requests[-1]):
            continue
        report.fail(case.where if case else "left behind", setting, why)
        bad.add(case.number if case else -1)
    return bad


def run_setting(setting, all_cases, all_scenarios, plain, proxied, report):
    expected, expected_left = plain.run_cases(setting, all_cases)
    found, found_left = proxied.run_cases(setting, all_cases)
    bad = judge_left(all_cases, setting, expected, expected_left, found_left, report)
    for case in all_cases:
        if judge_replies(case, setting, expected[case.number], found[case.number], report) and case.number not in bad:
            report.passed += 1
    for name, scenario in all_scenarios:
        if not scenarios.applies(scenario, setting):
            report.skipped += 1
            continue
        want, got = plain.run_scenario(setting, name, scenario), proxied.run_scenario(setting, name, scenario)
        if want == got:
            report.passed += 1
        else:
            at = next((i for i, (w, g) in enumerate(zip(want, got)) if w != g), min(len(want), len(got)))
            report.fail(f"scenario {name}", setting, f"step {at + 1}: {got[at:at + 1]} and should be {want[at:at + 1]}")


def main():
    options = arguments()
    if not options.redis:
        print("SKIPPED: there is no redis-server")
        return 0
    all_cases = cases.read_all(os.path.join(HERE, "cases"), options.only)
    all_scenarios = [(n, s) for n, s in scenarios.ALL if options.only in n]
    rows = coverage.table_rows()
    if options.list:
        coverage.print_lists(all_cases, rows)
    began = time.monotonic()
    report = Report()
    processes = Processes()
    try:
        plain = Plain(processes, options.redis)
        modes = options.modes.split(",") if options.proxy else ["none"]
        proxied = Proxied(processes, options.redis, options.proxy)
        for setting in scopes.settings(modes):
            if options.setting not in str(setting):
                continue
            before = time.monotonic()
            run_setting(setting, all_cases, all_scenarios, plain, proxied, report)
            print(f"{setting}: {time.monotonic() - before:.1f} s", file=sys.stderr)
    finally:
        processes.stop()
    complaints = coverage.check(all_cases, all_scenarios, rows) if not options.only else []
    return closing(report, complaints, rows, time.monotonic() - began, options)


def closing(report, complaints, rows, seconds, options):
    for (what, _), times in list(report.failed.items())[:options.failures]:
        setting, why = times[0]
        print(f"FAILED {what} [{setting}{f' and {len(times) - 1} more' if len(times) > 1 else ''}] {why}")
    for complaint in complaints:
        print(f"FAILED coverage: {complaint}")
    failed = sum(len(times) for times in report.failed.values()) + len(complaints)
    newer = sum(not old for old in rows.values())
    print(f"{len(rows)} rows of the command table; not executed: {len(coverage.NOT_EXECUTED)} with a reason each (--list), "
          f"{newer} newer than Redis 7.0; {seconds:.0f} s")
    print(f"{report.passed} passed, {failed} failed, {report.skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
