#!/usr/bin/env python3
"""Commands that remember something, through real flips: what waits at the server, transactions, WATCH, scans, subscriptions,
caches, scripts. Each goes through a run that is added, turned to the new names, turned back, and turned again.

Usage: memory_test.py KEYSHIFT [name of a test ...]; standard library only."""
import itertools
import threading
import time

from operator_test import Connection, World, main  # noqa: F401  (World is what main() makes for each test)

STEPS = ("apply", "start", "rollback", "start")


def words(text):
    return [word.encode() for word in text.split()]


def plain(reply):
    """Without type characters."""
    kind, value = reply
    return [plain(element) for element in value] if isinstance(value, list) else value


def say(connection, text):
    return plain(connection.call(words(text)))


def take(world, step):
    world.run(*(("apply", world.file()) if step == "apply" else (step,)))


def turns(world):
    """Takes step after step; yields behind each."""
    for step in STEPS:
        take(world, step)
        yield step


def until(what, true, seconds=10):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def waiting(world, command):
    """How many connections of proxies wait at the server in `command`."""
    lines = world.server("CLIENT", "LIST").decode().splitlines()
    return sum(1 for line in lines if f" cmd={command}" in line and " flags=" in line and "b" in line.split(" flags=")[1].split()[0])


def park(world, connection, text):
    before = waiting(world, words(text)[0].decode().lower())
    connection.send(words(text))
    until(f"{text} does not wait at the server", lambda: waiting(world, words(text)[0].decode().lower()) > before)


def test_a_blocked_pop_waits_through_every_flip(world):
    reader = Connection(world.ports[0], timeout=10)
    park(world, reader, "BLPOP user:1 0")
    for _ in turns(world):
        until("it waits again", lambda: waiting(world, "blpop") == 1)
    assert world.at(world.ports[1], "RPUSH", "user:1", "x") == b"1"
    assert plain(reader.read()) == [b"user:1", b"x"]
    assert world.at(world.ports[1], "LLEN", "user:1") == b"0"


def test_a_deadline_is_kept_through_a_flip(world):
    reader, begun = Connection(world.ports[0], timeout=10), time.monotonic()
    park(world, reader, "BLPOP user:1 2")
    for _ in turns(world):
        pass
    assert reader.read() == ("*", None)
    assert 1.9 < time.monotonic() - begun < 4


def test_a_move_between_records_waits_through_every_flip(world):
    mover = Connection(world.ports[0], timeout=10)
    park(world, mover, "BLMOVE user:1 user:2 LEFT RIGHT 0")
    for _ in turns(world):
        until("it waits again", lambda: waiting(world, "blmove") == 1)
    world.at(world.ports[1], "RPUSH", "user:1", "x")
    assert plain(mover.read()) == b"x"
    assert world.at(world.ports[0], "LINDEX", "user:2", "0") == b"x"


def test_every_element_reaches_one_reader_once_while_the_fleet_turns(world):
    taken, stop, lock = [], threading.Event(), threading.Lock()

    def read(port):
        connection = Connection(port, timeout=20)
        while not stop.is_set():
            got = plain(connection.call(words("BLPOP user:1 user:2 0.2")))
            if got:
                with lock:
                    taken.append(got[1])

    readers = [threading.Thread(target=read, args=(port,)) for port in world.ports * 2]
    for reader in readers:
        reader.start()
    writer, sent = Connection(world.ports[1], timeout=20), 0
    for _ in turns(world):
        for _ in range(60):
            sent += 1
            assert writer.call(words(f"RPUSH user:{1 + sent % 2} {sent}"))[0] == ":"
    until("elements are missing", lambda: len(taken) >= sent)
    stop.set()
    for reader in readers:
        reader.join()
    assert sorted(int(element) for element in taken) == list(range(1, sent + 1))


def test_a_stream_read_from_its_end_misses_nothing_that_came_since(world):
    world.run("apply", world.file())
    writer = Connection(world.ports[1], timeout=20)
    say(writer, "XADD user:1 * n 0")
    for step in ("start", "rollback", "start", "rollback"):
        reader = Connection(world.ports[0], timeout=10)
        park(world, reader, "XREAD BLOCK 0 STREAMS user:1 $")
        step_taken = threading.Thread(target=world.run, args=(step,))
        step_taken.start()
        ids = []
        while step_taken.is_alive() or not ids:
            ids.append(say(writer, "XADD user:1 * n 1"))
        step_taken.join()
        stream, = plain(reader.read())
        assert stream[0] == b"user:1" and stream[1][0][0] == ids[0], f"{step}: the first entry behind the read is {ids[0]}, it got {stream}"
        reader.close()


def test_a_group_gets_each_entry_once(world):
    say(Connection(world.ports[0]), "XGROUP CREATE user:1 g $ MKSTREAM")
    reader = Connection(world.ports[0], timeout=10)
    for number, step in enumerate(STEPS):
        park(world, reader, "XREADGROUP GROUP g me BLOCK 0 STREAMS user:1 >")
        take(world, step)
        entry = world.at(world.ports[1], "XADD", "user:1", "*", "n", str(number))
        stream, = plain(reader.read())
        assert [stream[0], [one[0] for one in stream[1]]] == [b"user:1", [entry]], f"{step}: {stream}"


def test_wait_for_replicas_goes_on_to_its_deadline(world):
    asker, begun = Connection(world.ports[0], timeout=10), time.monotonic()
    say(asker, "SET user:1 a")
    park(world, asker, "WAIT 1 1500")
    for _ in turns(world):
        pass
    assert plain(asker.read()) == b"0"
    assert 1.4 < time.monotonic() - begun < 4


def test_a_transaction_that_is_open_at_a_flip_runs_whole_behind_it(world):
    for number, step in enumerate(STEPS):
        app = Connection(world.ports[0])
        assert say(app, "MULTI") == b"OK" and say(app, f"SET user:1 {number}") == b"QUEUED"
        take(world, step)
        assert say(app, "GET user:1") == b"QUEUED" and say(app, "SET plain x") == b"QUEUED"
        assert say(app, "EXEC") == [b"OK", str(number).encode(), b"OK"], step
        assert world.at(world.ports[1], "GET", "user:1") == str(number).encode()


def test_a_watch_that_spans_a_flip_fails_its_transaction_and_the_next_try_works(world):
    take(world, "apply")
    for step in STEPS[1:]:
        app = Connection(world.ports[0])
        say(app, "SET user:1 a")
        say(app, "WATCH user:1")
        take(world, step)
        say(app, "MULTI")
        say(app, "SET user:1 b")
        assert app.call(words("EXEC")) == ("*", None), f"{step}: whether the record changed meanwhile cannot be told"
        assert say(app, "GET user:1") == b"a"
        for command in ("WATCH user:1", "MULTI", "SET user:1 b"):
            say(app, command)
        assert say(app, "EXEC") == [b"OK"]


def test_a_scan_that_spans_flips_misses_nobody_and_sees_no_ghost(world):
    wanted = {b"user:%d" % number for number in range(3000)} | {b"plain:%d" % number for number in range(500)}
    writer = Connection(world.ports[1])
    writer.pipeline([[b"SET", name, b"v"] for name in sorted(wanted)])
    app, seen, cursor, steps = Connection(world.ports[0]), set(), b"0", iter(STEPS)
    for batch in itertools.count():
        cursor, names = plain(app.call(words(f"SCAN {cursor.decode()} COUNT 200")))
        seen.update(names)
        if cursor == b"0":
            break
        if batch % 4 == 2:
            step = next(steps, None)
            if step:
                take(world, step)
    assert next(steps, None) is None, "the scan was over before the last flip"
    assert seen == wanted, f"missed {sorted(wanted - seen)[:5]}, ghosts {sorted(seen - wanted)[:5]}"


def test_messages_reach_subscribers_once_through_every_flip(world):
    listener, sharded = Connection(world.ports[0], timeout=5), Connection(world.ports[0], timeout=5)
    say(listener, "SUBSCRIBE news")
    say(listener, "PSUBSCRIBE other*")
    say(sharded, "SSUBSCRIBE shard")
    for step in turns(world):
        for command in ("PUBLISH news", "PUBLISH other1", "SPUBLISH shard"):
            world.at(world.ports[1], *command.split(), step)
        assert plain(listener.read()) == [b"message", b"news", step.encode()]
        assert plain(listener.read()) == [b"pmessage", b"other*", b"other1", step.encode()]
        assert plain(sharded.read()) == [b"smessage", b"shard", step.encode()]


def test_events_of_records_come_under_the_apps_names_once_and_moves_are_not_heard(world):
    world.server("CONFIG", "SET", "notify-keyspace-events", "KEA")
    for number in range(50):
        world.server("SET", f"user:{number}", "v")
    listeners = [Connection(world.ports[0], timeout=5), Connection(world.ports[0], protocol=3, timeout=5)]
    for listener in listeners:
        listener.call(words("PSUBSCRIBE __keyspace@0__:user:*"))
    for number, step in enumerate(turns(world)):
        time.sleep(0.3)  # the sweep moves the others meanwhile
        world.at(world.ports[1], "APPEND", f"user:{number}", "x")
        for listener in listeners:
            got = plain(listener.read())
            assert got == [b"pmessage", b"__keyspace@0__:user:*", b"__keyspace@0__:user:%d" % number, b"append"], f"{step}: {got}"


def invalidated(connection, wanted, what):
    """Reads invalidations until `wanted` comes. Others may come before, since a move invalidates too, but under app's names only."""
    while True:
        keys = plain(connection.read())[-1]
        if keys == wanted:
            return
        assert keys == [b"user:5"], f"{what}: {keys}, not {wanted}"


def nothing_more(world, connection, what):
    """What is on its way comes in 0.3 s, under app's names only."""
    connection.socket.settimeout(0.3)
    try:
        while True:
            keys = plain(connection.read())[-1]
            assert keys == [b"user:5"], f"{what}: {keys}"
    except TimeoutError:
        connection.file = connection.socket.makefile("rb")  # one that has timed out reads no more
    connection.socket.settimeout(5)


def test_caches_are_told_to_forget_everything_at_a_flip_and_names_stay_the_apps(world):
    app = Connection(world.ports[0], protocol=3, timeout=5)
    say(app, "CLIENT TRACKING ON")
    take(world, "apply")
    for step in STEPS[1:]:
        say(app, "GET user:5")
        take(world, step)
        invalidated(app, b"", step)
        nothing_more(world, app, step)
        say(app, "GET user:5")
        world.at(world.ports[1], "SET", "user:5", step)
        invalidated(app, [b"user:5"], step)
        nothing_more(world, app, step)


def test_redirected_invalidations_go_through_flips_as_well(world):
    listener, app = Connection(world.ports[0], timeout=5), Connection(world.ports[0], timeout=5)
    number = say(listener, "CLIENT ID").decode()
    say(listener, "SUBSCRIBE __redis__:invalidate")
    assert say(app, f"CLIENT TRACKING ON REDIRECT {number}") == b"OK"
    take(world, "apply")
    for step in STEPS[1:]:
        say(app, "GET user:5")
        take(world, step)
        invalidated(listener, None, step)
        nothing_more(world, listener, step)
        say(app, "GET user:5")
        world.at(world.ports[1], "SET", "user:5", step)
        invalidated(listener, [b"user:5"], step)
        nothing_more(world, listener, step)


def test_scripts_count_right_while_the_fleet_turns(world):
    app = Connection(world.ports[0])
    digest = plain(app.call([b"SCRIPT", b"LOAD", b"return redis.call('INCR', KEYS[1])"])).decode()
    stop, counts = threading.Event(), [0, 0]

    def count(index):
        connection = Connection(world.ports[index], timeout=20)
        while not stop.is_set():
            kind, value = connection.call(words(f"EVALSHA {digest} 1 user:1"))
            assert kind == ":", value
            counts[index] += 1

    threads = [threading.Thread(target=count, args=(index,)) for index in (0, 1)]
    for thread in threads:
        thread.start()
    for _ in turns(world):
        time.sleep(0.05)
    stop.set()
    for thread in threads:
        thread.join()
    assert world.at(world.ports[0], "GET", "user:1") == str(sum(counts)).encode()
    assert min(counts) > 0


def test_what_waits_in_another_database_goes_on(world):
    reader = Connection(world.ports[0], timeout=10)
    say(reader, "SELECT 3")
    park(world, reader, "BLPOP user:1 0")
    for _ in turns(world):
        until("it waits again", lambda: waiting(world, "blpop") == 1)
    writer = Connection(world.ports[1])
    say(writer, "SELECT 3")
    say(writer, "RPUSH user:1 x")
    assert plain(reader.read()) == [b"user:1", b"x"]


if __name__ == "__main__":
    main(globals())
