"""The Markdown of a run: each measured number beside its target."""
from . import cells


def us(value):
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows] + [""]


def verdict(met):
    return "met" if met else "**not met**"


def cpu_goal(cell, row):
    """The bound in us (the looser of target and floor) and how it reads; None when the cell has no target."""
    factors = cells.CPU_TARGETS.get(cell)
    if not factors or any(peer not in row for peer in factors):
        return None
    bound = min(factor * row[peer]["proxy_cpu_us"] for peer, factor in factors.items())
    text = " and ".join(f"{factor:g} x {peer}" for peer, factor in factors.items()) + f" = {us(bound)}"
    by_floor = cells.FLOOR_FACTOR * row[cells.FLOOR]["proxy_cpu_us"] if cells.FLOOR in row else 0
    return max(bound, by_floor), text + (f", or {cells.FLOOR_FACTOR:.2f} x floor = {us(by_floor)}" if by_floor else "")


def cpu_rows(results):
    rows = []
    for cell, row in results.items():
        cpu = lambda name: us(row[name]["proxy_cpu_us"]) if name in row else "-"
        goal = cpu_goal(cell, row)
        mine = row.get("keyshift")
        rows.append([cell.name, *[cpu(n) for n in ("nutcracker", "haproxy", "floor-asio", "floor-epoll", "keyshift")],
                     goal[1] if goal else "-", verdict(mine["proxy_cpu_us"] <= goal[0]) if goal and mine else "-"])
    return table(["proxy CPU, us per request", "nutcracker", "haproxy", "floor (Asio)", "floor (epoll)", "keyshift", "target", ""], rows)


def latency_rows(results):
    rows = []
    for cell, row in results.items():
        if "direct" not in row:
            continue
        mine, direct = row.get("keyshift"), row["direct"]
        best = min((row[p]["p99_us"] for p in ("nutcracker", "haproxy") if p in row), default=None)
        cost = lambda n: f"{row[n]['p50_us'] - direct['p50_us']:+.0f} / {row[n]['p99_us'] - direct['p99_us']:+.0f}" if n in row else "-"
        judged = "-"
        if mine and best:
            judged = "p99 " + verdict(mine["p99_us"] <= best * cells.P99_NOISE)
            if cell == cells.ADDED_P50_CELL:
                bound = cells.ADDED_P50_TARGET
                if cells.FLOOR in row:
                    bound = max(bound, cells.FLOOR_FACTOR * (row[cells.FLOOR]["p50_us"] - direct["p50_us"]))
                judged += f", p50 at most +{bound:.1f} " + verdict(mine["p50_us"] - direct["p50_us"] <= bound)
        rate = lambda n: f"{row[n]['per_second'] / direct['per_second']:.2f}" if n in row else "-"
        rows.append([cell.name, f"{direct['p50_us']:.0f} / {direct['p99_us']:.0f}", *[cost(n) for n in ("nutcracker", "haproxy", "keyshift")],
                     " / ".join(rate(n) for n in ("nutcracker", "haproxy", "keyshift")), judged])
    return table(["added p50 / p99, us", "direct", "nutcracker", "haproxy", "keyshift",
                  "throughput to direct: nutcracker / haproxy / keyshift", "p99 no worse than the best peer"], rows)


def server_rows(results):
    row = results.get(cells.SERVER_CPU_CELL, {})
    names = [n for n in ("direct", "nutcracker", "haproxy", "floor-asio", "keyshift") if n in row]
    values = [us(row[n]["redis_cpu_us"]) for n in names]
    if "direct" not in row:
        return []
    bound = cells.SERVER_CPU_TARGET * row["direct"]["redis_cpu_us"]
    by_floor = cells.FLOOR_FACTOR * row[cells.FLOOR]["redis_cpu_us"] if cells.FLOOR in row else 0
    text = f"{cells.SERVER_CPU_TARGET:.3f} x direct = {us(bound)}, or {cells.FLOOR_FACTOR:.2f} x floor = {us(by_floor)}"
    goal = verdict(row["keyshift"]["redis_cpu_us"] <= max(bound, by_floor)) if "keyshift" in row else "-"
    return table(["redis-server CPU, us per request", *names, "target", ""], [[cells.SERVER_CPU_CELL.name, *values, text, goal]])


def scope_rows(results):
    rows = []
    for cell in cells.SCOPE_CELLS:
        row = results.get(cell, {})
        base = row.get("keyshift-out")
        for name in ("keyshift-out", "keyshift-moved", "keyshift-cold", "keyshift-new"):
            if base is None or name not in row:
                continue
            more = row[name]["proxy_cpu_us"] - base["proxy_cpu_us"]
            target = cells.SCOPE_TARGETS.get(name)
            by_floor = cells.FLOOR_FACTOR * row[cells.FLOOR]["proxy_cpu_us"] if cells.FLOOR in row else 0
            goal = f"+{target:.2f}" + (f", or {cells.FLOOR_FACTOR:.2f} x floor = {us(by_floor)}" if by_floor else "") if target else "-"
            met = target and (more <= target or row[name]["proxy_cpu_us"] <= by_floor)
            rows.append([cell.name, cells.DESCRIPTION[name], us(row[name]["proxy_cpu_us"]), f"{more:+.2f}",
                         f"{row[name]['commands_per_request']:.1f}", us(row[name]["redis_cpu_us"]),
                         goal, verdict(met) if target else "-"])
    return table(["cell", "configuration", "proxy CPU, us", "more than out of scope", "upstream commands per request",
                  "redis-server CPU, us", "target", ""], rows) if rows else []


def memory_rows(memories):
    if not memories:
        return []
    names = list(memories)
    mine = memories.get("keyshift")
    rows = []
    for field, target in cells.MEMORY_TARGETS.items():
        rows.append([f"Pss, MiB: {field}", *[f"{memories[n][field]:.1f}" for n in names], f"{target:g}",
                     verdict(mine[field] <= target) if mine else "-"])
    for field, target in (("bytes per idle client", cells.IDLE_CLIENT_TARGET), ("idle CPU us/s", cells.IDLE_CPU_TARGET)):
        rows.append([field, *[f"{memories[n][field]:.0f}" for n in names], f"{target:g}", verdict(mine[field] <= target) if mine else "-"])
    return table(["memory and idling", *names, "target", ""], rows)


def markdown(results, memories, note):
    return "\n".join([note, "", *cpu_rows(results), *server_rows(results), *latency_rows(results), *scope_rows(results),
                      *memory_rows(memories)])


def replace_between(path, text, start="<!-- bench:begin -->", end="<!-- bench:end -->"):
    with open(path) as f:
        page = f.read()
    before, rest = page.split(start, 1)
    _, after = rest.split(end, 1)
    with open(path, "w") as f:
        f.write(before + start + "\n" + text.strip() + "\n" + end + after)
