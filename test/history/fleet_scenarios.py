"""Thirty real proxies through a whole migration and back, with harm in each numbered step of its flips."""
import json
import time

import scenarios
from fleet import Fleet, several
from turning import STEPS, Aim

PROXIES = 30
LOAD = {"clients": 48, "patience_ms": 400}
THERE, BACK = ("start", "--force", "not-rehearsed"), ("rollback",)
IN_FLIGHT = 3  # commands of one connection at most: a pipeline of two behind a WATCH
OWN_DOING = ("the client gave up", "the recording ended", "a watched key was changed")


class FleetRun(scenarios.Run):
    def new_world(self, keyshift, folder):
        return Fleet(keyshift, folder, PROXIES)


def scenario(function):
    function.run_type = FleetRun
    return scenarios.scenario(function)


def turn(run, operator, aim, words, wanted):
    """One step of the operator, harmed in the step `wanted` of its flip."""
    world = run.world

    def harm(driver):
        yield from several(world, run.rng)
        if wanted > 1 and run.rng.random() < 0.3:
            driver.kill()
            yield
    argv = [world.keyshift, *words, "--upstream", world.url, "--name", "operator", "--json"]
    code, said, error = aim.turn(argv, wanted, harm)
    assert code in (0, 1, 3, -9), f"{words[0]} ended with {code}: {error}"
    if code != 0:
        return operator.take(*words)
    operator.longest_hold = max(operator.longest_hold, said["held_ms"])
    operator.steps.append(words[0])
    return said


def there_and_back_under_harm(run, operator, aim, most):
    """Flips to and fro until each step has met its faults; then to the cutover, and back."""
    turns = 0
    while turns < 4 or (turns < most and not all(aim.inside.values())) or turns % 2 == 1:
        missing = [step for step in STEPS if aim.inside[step] == 0] or list(STEPS)
        turn(run, operator, aim, BACK if turns % 2 else THERE, missing[turns % len(missing)])
        turns += 1
        time.sleep(run.rng.uniform(0.1, run.seconds / 4))
    turn(run, operator, aim, THERE, run.rng.choice(list(STEPS)))
    operator.take("cutover", "--force", "not-verified", seconds=60)
    time.sleep(run.seconds / 4)
    operator.moved = run.world.keys("{user:*}:profile") + run.world.keys("session:v2:*")
    turn(run, operator, aim, BACK, run.rng.choice(list(STEPS)))
    run.world.all_right()
    operator.take("advance", seconds=60)
    assert operator.phase() == "observe"
    assert all(aim.inside.values()), f"too easy: faults inside the steps of a flip: {aim.inside}"


CLOSED = "the connection was closed"


def kind_of(why):
    return why.split(" ", 1)[0] if why.startswith(("KS", "EXECABORT")) else why


def errors_are_the_allowed_ones(run):
    """Clients of a killed proxy lose their connection; what was in flight at one that was harmed has no known outcome."""
    world, counts, by_client = run.world, {}, {}
    with open(run.recording.path) as lines:
        for number, line in enumerate(lines, 1):
            assert '"reply":{"error":"KS' not in line, f"line {number}: {line}"
            if '"unknown"' not in line:
                continue
            said = json.loads(line)
            why, proxy = said.get("refused") or said["unknown"], said["proxy"]
            if why in OWN_DOING:
                continue
            kind, client = kind_of(why), (proxy, said["client"])
            assert kind in (CLOSED, "KSUPSTREAM", "EXECABORT"), f"line {number}: {why}"
            harmed = world.killed if kind == CLOSED else world.harmed
            assert proxy in harmed, f"line {number}: {why} at proxy {proxy}, which was not harmed so"
            counts[kind] = counts.get(kind, 0) + 1
            by_client[client] = by_client.get(client, 0) + 1
            assert by_client[client] <= IN_FLIGHT * world.harmed[proxy], f"line {number}: more than was in flight: {why}"
    return ", ".join(f"{count} x {kind}" for kind, count in sorted(counts.items()))


def thirty(run, most):
    with run:
        run.fill("old")
        run.world.start()
        operator = scenarios.Operator(run.world)
        operator.apply()
        ports = [(proxy.port, "old") for proxy in run.world.proxies]
        recorder = run.recording.start(ports, 3600, **LOAD)
        aim = Aim(run.world, run.rng)
        there_and_back_under_harm(run, operator, aim, most)
        run.end_of_load(recorder)
        run.faults = {f"inside step {step}": count for step, count in sorted(aim.inside.items())}
        said = scenarios.finish_operated(run, operator)
        return f"{said}; errors that clients saw: {errors_are_the_allowed_ones(run)}"


@scenario
def thirty_proxies(run):
    return thirty(run, most=12)
