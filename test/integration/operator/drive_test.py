#!/usr/bin/env python3
"""Runs that nobody drives by hand: keyshift drive and advance --auto against a real redis-server, killed on the way; and backups
beside flips.

Usage: drive_test.py KEYSHIFT [name of a test ...]; standard library only."""
import glob
import json
import os
import re
import signal
import subprocess
import sys
import time

from operator_test import KEYSHIFT, main
from wire import Connection

AUTO = ("cutover: {reverse_window: 0s}", "cutover: {mode: auto, reverse_window: 0s}")
MARK = "keyshift:backup:{}:mark"


def auto(text):
    return text.replace(*AUTO)


def backups_in(folder, before):
    return f"  backup: {{provider: rdb, directory: {folder}, max_age: 10m, before: [{before}]}}\n"


def fill(world, count=300):
    for number in range(count):
        world.server("SET", f"user:{number}", f"v{number}")


def drive(world, name="drive", *more):
    return world.spawn([KEYSHIFT, "drive", "--upstream", world.url, "--name", name, *more], name)


def phase(world):
    return world.status()["runs"][0]["phase"]


def until(what, seconds=30):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it does not come to that"
        time.sleep(0.1)


def log_of(world, name="drive"):
    with open(os.path.join(world.folder.name, name + ".log"), encoding="utf-8") as text:
        return text.read()


def ended(process, seconds=15):
    process.send_signal(signal.SIGTERM)
    return process.wait(timeout=seconds)


def test_a_run_goes_from_apply_to_cutover_by_itself_although_its_driver_is_killed_again_and_again(world):
    fill(world, 3000)
    folder = os.path.join(world.folder.name, "backups")
    os.mkdir(folder)
    world.run("apply", world.file(change=lambda text: auto(text) + backups_in(folder, "start, cutover")))
    world.run("throttle", "400")
    world.server("CONFIG", "SET", "repl-diskless-sync-delay", "0")
    seen = set()
    for kill in range(6):
        process = drive(world)
        time.sleep(0.3 + 0.25 * kill)
        process.kill()
        process.wait()
        seen.add(phase(world))
    assert "cutover" not in seen, "it was never killed on the way"
    world.run("throttle", "file")
    drive(world)
    until(lambda: phase(world) == "cutover", 60)
    assert len(world.keys("{user:*")) == 3000 and world.keys("user:*") == []
    history = world.run("status", "--history")
    assert "rehearsal" in history and "verify" in history and "  backup  " in history, history
    assert "forced" not in history, history
    manifests = [json.load(open(path, encoding="utf-8")) for path in glob.glob(folder + "/*.json")]
    assert any(manifest.get("proof", {}).get("result") == "proven" for manifest in manifests), manifests


def test_two_drives_at_once_do_what_one_does(world):
    fill(world)
    world.run("apply", world.file(change=auto))
    both = [drive(world, "left"), drive(world, "right")]
    until(lambda: phase(world) == "cutover")
    assert [process.poll() for process in both] == [None, None]
    assert [ended(process) for process in both] == [0, 0]
    history = json.loads(world.run("status", "--history", "--json"))
    assert [entry["what"] for entry in history if entry.get("turn") == "hold"] == ["start", "apply"], history
    assert world.at(world.ports[0], "GET", "user:7") == b"v7"


def test_a_run_by_hand_is_made_ready_and_not_stepped(world):
    fill(world)
    world.run("apply", world.file())
    process = drive(world, "drive", "--log-format", "json")
    until(lambda: '"ready"' in log_of(world))
    assert phase(world) == "observe"
    world.run("start")
    until(lambda: log_of(world).count('"ready"') == 2)
    assert phase(world) == "migrate"
    assert "phase cutover" in world.run("cutover"), "verified and rehearsed by the drive"
    world.run("rollback")
    until(lambda: phase(world) == "observe")
    time.sleep(1.5)
    assert phase(world) == "observe"
    assert ended(process) == 0
    for line in log_of(world).splitlines():
        assert json.loads(line)["message"], line


def test_what_was_turned_back_is_not_started_again(world):
    fill(world)
    world.run("apply", world.file(change=auto))
    world.run("start")
    world.run("rollback")
    process = drive(world)
    until(lambda: phase(world) == "observe")
    until(lambda: "event=ready" in log_of(world))
    time.sleep(1.5)
    assert phase(world) == "observe", "an operator turned it back"
    assert ended(process) == 0


def test_a_hold_whose_driver_died_is_ended(world):
    fill(world, 10)
    world.run("apply", world.file())
    for proxy in world.processes[1:3]:  # they would end it as well
        proxy.kill()
        proxy.wait()
    record = world.server("HGET", "keyshift:control:{}:record", "cur").decode()
    epoch = int(re.search(r"epoch (\d+)", record)[1])
    word, scope = re.search(r"word (\w+)", record)[1], re.search(r"scope (\S+)", record)[1]
    hold = re.sub(r"epoch .*\nword .*\nprev .*\nkind .*\n", f"epoch {epoch + 1}\nword 00000000000000aa\nprev {epoch}.{word}\nkind hold\n", record)
    assert scope in hold
    hold = hold.replace(" observe nothing ", " observe start ")
    world.server("HSET", "keyshift:control:{}:record", "next", hold)
    process = drive(world)
    until(lambda: phase(world) == "migrate")
    assert world.status()["settled"]
    assert ended(process) == 0


def test_a_store_that_goes_away_is_waited_for_and_one_that_lost_its_record_is_told(world):
    world.run("apply", world.file())
    process = drive(world)
    until(lambda: "event=ready" in log_of(world))
    world.processes[0].send_signal(signal.SIGSTOP)
    until(lambda: "event=trouble" in log_of(world))
    world.processes[0].send_signal(signal.SIGCONT)
    world.run("start")
    until(lambda: "what=cutover" in log_of(world))
    world.server("FLUSHALL")
    until(lambda: "has lost its control record (keyshift repair)" in log_of(world))
    assert ended(process) == 0


def test_status_shows_who_looked_at_what_and_whether_it_still_counts(world):
    fill(world, 20)
    world.run("apply", world.file())
    world.run("start")
    until(lambda: any(one["result"] == "pass" for one in world.status()["runs"][0]["results"]))
    world.run("verify")
    results = {one["result"]: one for one in world.status()["runs"][0]["results"]}
    assert results["way-back"]["looked_at"] == 20 and results["way-back"]["counts"] is True, results
    assert results["rehearsal"]["looked_at"] == 20 and results["rehearsal"]["counts"] is False, "of the era before"
    assert re.search(r"  verify: 0 wrong of \d+, 20\S+Z, by \S+@", world.run("status"))
    world.run("rollback")
    of_before = [one for one in world.status()["runs"][0]["results"] if one["result"] != "pass"]  # the way back may have had its own
    assert of_before and not any(one["counts"] for one in of_before), "void in another era"


def test_advance_auto_stops_before_cutover_and_says_why_it_waits(world):
    fill(world)
    world.run("apply", world.file())
    stranger = Connection(world.port)
    stranger.call([b"CLIENT", b"SETNAME", b"cron"])
    process = subprocess.Popen([KEYSHIFT, "advance", "--auto", "--json", "--upstream", world.url], stdout=subprocess.PIPE, text=True)
    world.processes.append(process)
    events = []
    while not events or events[-1]["event"] != "waiting":
        events.append(json.loads(process.stdout.readline()))
    assert "cron" in events[-1]["detail"] and events[-1]["what"] == "start", events
    assert phase(world) == "observe"
    stranger.close()
    rest, _ = process.communicate(timeout=30)
    events += [json.loads(line) for line in rest.splitlines()]
    assert process.returncode == 0 and events[-1]["event"] == "ready" and events[-1]["what"] == "cutover", events
    assert [e["what"] for e in events if e["event"] == "done"] == ["rehearsal", "start", "verify"], events
    assert phase(world) == "migrate"
    assert "phase cutover" in world.run("cutover")


def test_advance_auto_is_ended_by_an_interrupt_without_harm(world):
    fill(world)
    world.run("apply", world.file(change=auto))
    world.run("pause")
    process = subprocess.Popen([KEYSHIFT, "advance", "--auto", "--upstream", world.url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert process.returncode == 1 and out == "" and "stopped" in err, (out, err)
    world.run("resume")
    assert "cutover" not in world.run("advance", "--auto") and phase(world) == "cutover"


def test_a_backup_holds_up_a_flip_and_a_flip_a_backup(world):
    fill(world)
    world.run("apply", world.file())
    world.server("SET", MARK, "somebody@host", "PX", "3000")
    began = time.monotonic()
    assert "phase migrate" in world.run("start")
    assert time.monotonic() - began > 2, "it did not wait for the end of the backup"
    world.server("SET", MARK, "somebody@host")
    assert "phase rollback" in world.run("rollback", "--force", "backup-running")
    assert "forced backup-running" in world.run("status", "--history")
    world.server("DEL", MARK)
    folder = os.path.join(world.folder.name, "backups")
    os.mkdir(folder)
    for proxy in world.processes[1:3]:  # they would end the hold
        proxy.send_signal(signal.SIGSTOP)
    record = world.server("HGET", "keyshift:control:{}:record", "cur").decode()
    world.server("HSET", "keyshift:control:{}:record", "next", record.replace("kind serve", "kind hold").replace("epoch ", "epoch 9"))
    backup = subprocess.Popen([KEYSHIFT, "backup", "create", "--directory", folder, "--upstream", world.url], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(1)
    assert backup.poll() is None and os.listdir(folder) == [], "it did not wait for the end of the flip"
    world.server("HSET", "keyshift:control:{}:record", "next", record)
    assert backup.wait(timeout=20) == 0, backup.communicate()
    assert world.server("EXISTS", MARK) == b"0"
    assert re.search(r"  backup  .*took manual-", world.run("status", "--history"))


def test_a_name_that_is_taken_shuts_the_gate_to_the_start(world):
    fill(world)
    world.server("SET", "{user:5}:profile", "somebody was here")
    world.run("apply", world.file())
    said = world.run("start", code=3)
    assert "rehearsal-failures" in said and "1 of" in said, said
    assert phase(world) == "observe"
    assert "both-names" in world.run("verify", code=1)
    world.server("DEL", "{user:5}:profile")
    assert "phase migrate" in world.run("start")


if __name__ == "__main__":
    main(globals())
