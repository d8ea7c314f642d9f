#!/usr/bin/env python3
"""Nodes that stop, drop out, come back and leave: what a flip says of them, and what an operator may say.

Usage: nodes_test.py KEYSHIFT [name of a test ...]; standard library only."""
import signal
import time

from store import Store, main, wait_for


def shown(store, port):
    """What `nodes` says of one node; None: nothing."""
    return next((node for node in store.json("nodes") if node["name"] == f"127.0.0.1:{port}"), None)


def test_a_stopped_replica_stops_a_flip_until_it_is_declared_gone_and_ends_that_when_it_returns(store):
    live, stopped = store.replicas
    name = f"127.0.0.1:{stopped}"
    store.run("apply", store.file())
    assert [node["trouble"] for node in store.json("nodes")] == ["", "", ""]
    store.replicas[stopped].send_signal(signal.SIGSTOP)
    said = store.run("start", code=3)
    assert f"keyshift nodes --declare-gone {name}" in said and "Nothing was begun" in said, said
    assert "answers" in store.run("nodes", "--declare-gone", f"127.0.0.1:{live}", code=3)
    assert "answers" in store.run("nodes", "--declare-gone", f"127.0.0.1:{store.port}", code=3)
    assert "no node is called" in store.run("nodes", "--declare-gone", "10.9.8.7:1", code=3)
    assert "declared gone by" in store.run("nodes", "--declare-gone", name)
    store.run("nodes", "--declare-gone", name)
    assert "phase migrate" in store.run("start")
    assert [(one["node"], one["what"]) for one in store.json("status")["overrides"]] == [(name, "gone")]
    store.replicas[stopped].send_signal(signal.SIGCONT)
    wait_for(lambda: shown(store, stopped)["gone"] is None, "the override ends")
    nodes = store.json("nodes")
    assert len({node["epoch_key"] for node in nodes}) == 1 and len(nodes) == 3, nodes
    history = store.run("status", "--history")
    assert history.count("declare-gone") == 1 and history.count("no longer gone") == 1, history
    assert "phase rollback" in store.run("rollback")


def test_a_replica_that_dropped_out_of_the_list_still_counts(store):
    port = list(store.replicas)[1]
    store.run("apply", store.file())
    store.replicas[port].kill()
    wait_for(lambda: b"slave1" not in store.server("INFO", "replication"), "the primary lists one replica")
    assert f"--declare-gone 127.0.0.1:{port}" in store.run("start", code=3)
    node = shown(store, port)
    assert not node["listed"] and not node["answers"] and node["trouble"], node
    store.replicas[port] = store.start_redis(port, "--replicaof", f"127.0.0.1 {store.port}")
    store.wait_level(port)
    assert "phase migrate" in store.run("start")


def test_a_replica_that_became_a_primary_stops_a_flip_until_it_is_seen_to_have_left(store):
    port = list(store.replicas)[0]
    store.run("apply", store.file())
    store.at(port, "REPLICAOF", "NO", "ONE")
    assert "is a primary by itself" in store.run("start", code=3)
    assert "answers" in store.run("nodes", "--declare-gone", f"127.0.0.1:{port}", code=3)
    store.at(port, "FLUSHALL")
    assert "phase migrate" in store.run("start")
    assert shown(store, port) is None
    assert "it has left" in store.run("status", "--history")


def test_a_clean_pass_waits_for_every_replica_but_those_that_are_excluded(store):
    port = list(store.replicas)[0]
    for number in range(100):
        store.server("SET", f"user:{number}", "v")
    store.run("apply", store.file())
    store.run("pause")
    store.run("start")
    store.replicas[port].send_signal(signal.SIGSTOP)
    store.run("resume")
    time.sleep(3)
    assert "no-clean-pass" in store.run("cutover", "--force", "not-verified", code=3)
    assert "do not wait for it" in store.run("nodes", "--exclude-from-wait", f"127.0.0.1:{port}")
    assert "phase cutover" in store.until("cutover", "--force", "not-verified")
    store.replicas[port].send_signal(signal.SIGCONT)
    wait_for(lambda: shown(store, port)["excluded_from_wait"] is None, "the exclusion ends")
    assert "waited for again" in store.run("status", "--history")


if __name__ == "__main__":
    main(dict(globals()), lambda test: Store(replicas=2, proxies=1))
