"""Which rows of the command table were executed, and why the others were not."""
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
TABLE = os.path.join(HERE, "../../docs/commands.md")

CLUSTER_CHANGES = "changes the cluster; refused to apps unless allowed (the unit tests of the gate refuse it)"
NOT_EXECUTED = {
    "BGREWRITEAOF": "starts a process at the server",
    "BGSAVE": "starts a process at the server",
    "SAVE": "writes a dump file",
    "FAILOVER": "refused to apps unless allowed",
    "REPLICAOF": "refused to apps unless allowed",
    "SLAVEOF": "refused to apps unless allowed",
    "SHUTDOWN": "refused to apps unless allowed",
    "MODULE LOAD": "refused to apps unless allowed; needs a module",
    "MODULE LOADEX": "refused to apps unless allowed; needs a module",
    "MODULE UNLOAD": "refused to apps unless allowed; needs a module",
    "SCRIPT DEBUG": "refused to apps unless allowed: it turns the connection into a debugger",
    "HOST:": "the server closes the connection; no reply to compare",
    "POST": "the server closes the connection; no reply to compare",
    "PSYNC": "a replica may not hang on a proxy: refused",
    "SYNC": "a replica may not hang on a proxy: refused",
    "REPLCONF": "a replica may not hang on a proxy: refused",
}
for _sub in ("ADDSLOTS ADDSLOTSRANGE BUMPEPOCH DELSLOTS DELSLOTSRANGE FAILOVER FLUSHSLOTS FORGET MEET REPLICATE RESET "
             "SAVECONFIG SET-CONFIG-EPOCH SETSLOT").split():
    NOT_EXECUTED["CLUSTER " + _sub] = CLUSTER_CHANGES


def table_rows():
    """{row: True when the Redis that Debian 12 has (7.0) knows it}, from docs/commands.md."""
    rows = {}
    with open(TABLE) as page:
        for line in page:
            cells = [c.strip() for c in re.split(r"(?<!\\)\|", line)]
            if len(cells) == 9 and cells[3].lstrip("-").isdigit():
                major, _, minor = cells[4].replace("Valkey ", "99.").partition(".")
                rows[cells[1]] = (int(major), int(minor.split(".")[0])) <= (7, 0)
    return rows


def executed(all_cases, all_scenarios, rows):
    found = {case.row(request, rows) for case in all_cases for request in case.requests + case.setup}
    for _, scenario in all_scenarios:
        found |= set(scenario.rows)
    return found


def check(all_cases, all_scenarios, rows):
    """What is wrong with the coverage, as sentences."""
    done = executed(all_cases, all_scenarios, rows)
    complaints = [f"{row} has no case and no reason" for row, old in rows.items() if old and row not in done and row not in NOT_EXECUTED]
    complaints += [f"{row} has a reason not to be executed, and a case" for row in NOT_EXECUTED if row in done]
    complaints += [f"{row} is excluded and not in docs/commands.md" for row in NOT_EXECUTED if row not in rows]
    return complaints


def print_lists(all_cases, rows):
    print("Not compared byte for byte:")
    for case in all_cases:
        for flag in ("shape", "sorted", "pairs"):
            if flag in case.flags:
                print(f"  {case.where} {flag}: {case.flags[flag].replace('-', ' ')}")
    print("  everywhere: when an entry of a stream was delivered, when a consumer was seen; expiries within a minute")
    for flag, title in (("refused", "Refused in scope:"), ("always-refused", "Refused where rules live:")):
        print(title)
        for case in all_cases:
            if flag in case.flags:
                print(f"  {case.where}: {case.flags[flag].replace('-', ' ')}")
    print("Not executed:")
    for row, why in NOT_EXECUTED.items():
        print(f"  {row}: {why}")
    newer = [row for row, old in rows.items() if not old]
    print(f"  newer than Redis 7.0, which Debian 12 has ({len(newer)}): {', '.join(newer)}")
