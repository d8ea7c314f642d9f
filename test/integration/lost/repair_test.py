#!/usr/bin/env python3
"""Control records that are lost, damaged or restored, epoch keys that are deleted: nothing is served by guess, and repair.

Usage: repair_test.py KEYSHIFT [name of a test ...]; standard library only."""
import concurrent.futures
import json
import os
import pty
import signal
import subprocess
import threading
import time

from store import KEY, KEYSHIFT, RECORD, Connection, Store, main, wait_for


def migrating(store):
    store.server("SET", "user:1", "one")
    store.run("apply", store.file())
    store.run("start")
    for port in store.ports:
        assert store.at(port, "GET", "user:1") == b"one"


def refuses(store, port):
    return (store.at(port, "GET", "user:1") or b"").startswith(b"KSCONTROL")


def serves(store, port, value=b"one"):
    wait_for(lambda: store.at(port, "GET", "user:1") == value, f"a proxy serves {value} again")


def settled(store):
    cur, key = store.change(), store.server("GET", KEY)
    return cur == store.change("next") and cur[b"kind"] == b"serve" and dict(line.split(b" ", 1) for line in key.splitlines()) == cur


def test_there_is_nothing_to_repair_where_nothing_is_wrong(store):
    assert "nothing to repair" in store.run("repair")
    migrating(store)
    before = store.change()
    assert "nothing to repair" in store.run("repair", "--yes")
    assert store.change() == before


def test_after_flushall_records_are_refused_and_repair_lets_every_proxy_forward(store):
    migrating(store)
    before = store.change()
    store.server("FLUSHALL")
    for port in store.ports:
        wait_for(lambda: refuses(store, port), "records are refused")
        assert b"repair" in store.at(port, "SET", "user:1", "lost")
        assert store.at(port, "SET", "plain", "p") == b"OK"
    assert "keyshift repair" in store.run("apply", store.file(), code=3), "a new record over what proxies remember"
    assert store.keys("*user*") == [], "something was written for a refused command"
    shown = store.run("repair", code=3)
    assert "is gone" in shown and "nothing tells which runs" in shown and "--yes" in shown, shown
    assert store.server("EXISTS", RECORD) == b"0", "it was written without a yes"
    assert "repaired" in store.run("repair", "--yes")
    after = store.change()
    assert int(after[b"epoch"]) > int(before[b"epoch"]) and int(after[b"era"]) > int(before[b"era"]) and b"run" not in after, after
    for port in store.ports:
        wait_for(lambda: store.at(port, "SET", "user:1", "two") == b"OK", "a proxy forwards")
    assert store.keys("*user:1*") == [b"user:1"]
    assert "nothing to repair" in store.run("repair", "--yes")
    store.run("apply", store.file())
    assert "phase migrate" in store.run("start")
    serves(store, store.ports[0], b"two")
    assert store.keys("*user:1*") == [b"{user:1}:profile"]


class Clients:
    """Two through each proxy, that count without end and note every answer with its time."""

    def __init__(self, store):
        self.store, self.stop, self.answers = store, threading.Event(), []
        self.threads = [threading.Thread(target=self.run, args=(port,), daemon=True) for port in store.ports for _ in range(2)]

    def run(self, port):
        connection, number = Connection(port, timeout=20), 0
        while not self.stop.is_set():
            number += 1
            began = time.monotonic()
            answer = connection.call([b"INCR", b"user:%d" % (number % 20 + 100)])
            self.answers.append((began, time.monotonic(), answer))
        connection.close()

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join(20)


def test_flushall_under_load_ends_in_refusals_that_write_nothing_until_repair(store):
    migrating(store)
    with Clients(store) as clients:
        time.sleep(0.3)
        store.server("FLUSHALL")
        for port in store.ports:
            wait_for(lambda: refuses(store, port), "records are refused")
        silent, before = time.monotonic(), store.keys("*")
        time.sleep(0.5)
        assert store.keys("*") == before and store.server("EXISTS", RECORD) == b"0"
        counted = json.loads(store.run("repair", "--json", "--yes", "--migration", store.file()))["counted"]
        repaired = time.monotonic()
        assert counted[0]["new"] == len([key for key in before if key.startswith(b"{user:")]) and counted[0]["old"] == 0, (counted, before)
        wait_for(lambda: any(began > repaired and kind == ":" for began, _, (kind, _) in clients.answers[-50:]), "clients are served")
        time.sleep(0.3)
    refused = [answer for began, ended, answer in clients.answers if began > silent and ended < repaired and answer[0] != ":"]
    assert len(refused) > 20 and all(text.startswith((b"KSCONTROL", b"KSBUSY")) for _, text in refused), refused[:5]
    other = {text.split(b" ")[0] for _, _, (kind, text) in clients.answers if kind != ":"}
    assert other <= {b"KSCONTROL", b"KSBUSY", b"KSUPSTREAM"}, other
    late = [text for began, _, (kind, text) in clients.answers if began > silent and kind == ":"]
    assert sum(int(store.server("GET", f"user:{number}") or 0) for number in range(100, 120)) == len(late), "forwarded, each once"


def test_a_deleted_record_comes_back_with_the_runs_that_the_key_proves(store):
    migrating(store)
    before = store.change()
    store.server("DEL", RECORD)
    wait_for(lambda: refuses(store, store.ports[0]), "records are refused")
    assert "repaired" in store.run("repair", "--yes")
    after = store.change()
    assert (after[b"era"], after[b"run"]) == (before[b"era"], before[b"run"]), after
    for port in store.ports:
        serves(store, port)
    assert "repair" in store.run("status", "--history")


def test_a_deleted_or_foreign_epoch_key_stops_flips_until_repair(store):
    migrating(store)
    for spoil in (("DEL", KEY), ("SET", KEY, "something else"), ("RPUSH", KEY, "a", "b")):
        if spoil[0] == "RPUSH":
            store.server("DEL", KEY)
        store.server(*spoil)
        assert "epoch key" in store.run("repair", code=3)
        assert "repaired" in store.run("repair", "--yes")
        assert settled(store)
        for port in store.ports:
            serves(store, port)
    assert "phase rollback" in store.run("rollback")


def test_a_damaged_record_is_refused_and_repaired(store):
    migrating(store)
    before = store.change()
    later = store.server("HGET", RECORD, "cur").replace(b"keyshift-change 1\n", b"keyshift-change 2\n")
    for spoil in ([("HSET", RECORD, "cur", b"\x00rubbish")], [("HSET", RECORD, "cur", later, "next", later)],
                  [("HDEL", RECORD, "next")], [("DEL", RECORD), ("SET", RECORD, "a string")]):
        for words in spoil:
            store.server(*words)
        wait_for(lambda: refuses(store, store.ports[0]), f"records are refused after {spoil}")
        failed = subprocess.run([KEYSHIFT, "rollback", "--upstream", store.url], capture_output=True, text=True, timeout=60)
        assert failed.returncode != 0, failed.stdout
        assert "repaired" in store.run("repair", "--yes")
        assert settled(store) and store.change()[b"run"] == before[b"run"]
        for port in store.ports:
            serves(store, port)


def test_a_lost_spec_is_given_back_by_its_file(store):
    migrating(store)
    spec = store.change()[b"run"].split(b" ")[1].decode()
    store.server("DEL", "keyshift:spec:{}:" + spec)
    assert "--migration" in store.run("repair", "--yes", code=3)
    other = store.file(lambda text: text.replace("}:profile", "}:other"))
    assert "are not those of the run" in store.run("repair", "--yes", "--migration", other, code=3)
    assert "the spec is back" in store.run("repair", "--yes", "--migration", store.file())
    late = store.proxy(9)
    serves(store, late)


def test_records_that_lie_under_both_names_are_counted_when_no_run_can_be_proven(store):
    for number in range(30):
        store.server("SET", f"user:{number}", "v")
    migrating(store)
    wait_for(lambda: not store.keys("user:*"), "the sweep is through")
    store.server("SET", "user:77", "past the proxies")
    store.server("DEL", RECORD, KEY)
    document = json.loads(store.run("repair", "--json", "--yes"))
    assert document["counted"][0]["new"] >= 29 and document["writes"]["proven"] is False, document
    assert any("lie under their new names" in warning for warning in document["warnings"])
    store.run("apply", store.file())
    assert "rehearsal-failures" in store.run("start", code=3)
    store.run("start", "--force", "rehearsal-failures")
    serves(store, store.ports[0])


def test_an_older_backup_that_is_restored_is_followed_above_every_epoch(store):
    store.server("SET", "user:1", "one")
    store.run("apply", store.file())
    store.server("SAVE")
    store.run("start")
    assert store.at(store.ports[0], "GET", "user:1") == b"one"
    before = store.change()
    store.redis.kill()
    store.redis.wait()
    store.redis = store.start_redis(store.port)
    assert store.change()[b"era"] == b"1"
    for port in store.ports:
        serves(store, port)
    wait_for(lambda: settled(store) and int(store.change()[b"epoch"]) > int(before[b"epoch"]), "a hold above all, and its serve")
    assert store.keys("*user:1*") == [b"user:1"], "the restored record says observe"
    assert "nothing to repair" in store.run("repair", "--yes")
    assert "phase migrate" in store.run("start")
    serves(store, store.ports[1])


def test_a_node_that_does_not_answer_keeps_a_repair_from_beginning_until_it_is_declared_gone(store):
    migrating(store)
    port = list(store.replicas)[0]
    store.server("FLUSHALL")
    store.replicas[port].send_signal(signal.SIGSTOP)
    assert "Nothing was changed" in store.run("repair", "--yes", code=3)
    assert store.server("EXISTS", RECORD) == b"0"
    store.run("nodes", "--declare-gone", f"127.0.0.1:{port}")
    assert "repaired" in store.run("repair", "--yes")
    store.replicas[port].send_signal(signal.SIGCONT)
    wait_for(lambda: store.json("nodes")[1]["gone"] is None, "the override ends")
    assert len({node["epoch_key"] for node in store.json("nodes")}) == 1


def test_a_repair_that_is_killed_or_run_twice_at_once_ends_well(store):
    migrating(store)
    for pause in (0.004, 0.008, 0.012, 0.02, 0.05):
        store.server("DEL", RECORD)
        first = store.spawn([KEYSHIFT, "repair", "--yes", "--upstream", store.url], "repair")
        time.sleep(pause)
        first.send_signal(signal.SIGKILL)
        first.wait()
        with concurrent.futures.ThreadPoolExecutor() as pool:
            ends = list(pool.map(lambda _: subprocess.run([KEYSHIFT, "repair", "--yes", "--upstream", store.url],
                                                          capture_output=True, text=True, timeout=60), range(2)))
        assert all(end.returncode == 0 or "meanwhile" in end.stderr for end in ends), [end.stderr for end in ends]
        assert any(end.returncode == 0 for end in ends)
        wait_for(lambda: settled(store), "record and key agree")
        for port in store.ports:
            serves(store, port)


def test_repair_asks_on_a_terminal(store):
    migrating(store)
    store.server("DEL", KEY)
    for word, code in ((b"no\n", 3), (b"yes\n", 0)):
        ours, theirs = pty.openpty()
        os.write(ours, word)
        done = subprocess.run([KEYSHIFT, "repair", "--upstream", store.url], capture_output=True, text=True, timeout=60, stdin=theirs)
        os.close(ours)
        os.close(theirs)
        assert done.returncode == code and "write this? (yes)" in done.stderr, done
        assert (store.server("EXISTS", KEY) == b"1") == (code == 0)


if __name__ == "__main__":
    main(dict(globals()), lambda test: Store(replicas=0 if "restored" in test.__name__ else 1, proxies=2))
