"""fleet_test.py KEYSHIFT CARRY_ONCE: flips of a fleet on real servers, with drivers and proxies that are killed or stopped."""
import random
import signal
import sys
import time

from fleet import Connection, Fleet, Load, wait_for


def test_a_fleet_turns_there_and_back_under_load(keyshift, carry_once):
    with Fleet(keyshift, carry_once) as fleet:
        fleet.apply()
        with Load(fleet) as load:
            for step in ("start", "rollback", "start", "rollback"):
                time.sleep(0.3)
                end, held, killed, reason = fleet.carry(step)
                assert (end, killed) == ("done", 0), (step, end, killed, reason)
                print(f"  {step}: held {held} ms")
            time.sleep(0.3)
        load.check()
        assert not load.errors, load.errors[:5]
        assert fleet.settled() and fleet.change()[b"era"] == b"5"


def test_a_stopped_proxy_loses_its_connections_and_goes_on_when_it_is_continued(keyshift, carry_once):
    with Fleet(keyshift, carry_once) as fleet:
        fleet.apply()
        with Load(fleet) as load:
            time.sleep(0.3)
            fleet.proxies[0].send_signal(signal.SIGSTOP)
            end, held, killed, reason = fleet.carry("start")
            fleet.proxies[0].send_signal(signal.SIGCONT)
            assert end == "done" and killed > 0 and held < 400, (end, held, killed, reason)
            time.sleep(0.7)
        load.check()
        assert not [e for e in load.errors if not e.startswith(b"KSUPSTREAM")], load.errors[:5]


def test_two_drivers_at_once_come_to_one_era(keyshift, carry_once):
    with Fleet(keyshift, carry_once) as fleet:
        fleet.apply()
        with Load(fleet) as load:
            era = 1
            for step in ("start", "rollback", "start", "rollback"):
                drivers = [fleet.driver(step, name=f"d{i}") for i in range(2)]
                ends = [d.communicate(timeout=60)[0] for d in drivers]
                assert {end.split()[0] for end in ends} <= {"done", "already"}, ends
                era += 1
                assert fleet.settled() and fleet.change()[b"era"] == b"%d" % era, fleet.change()
        load.check()
        assert not load.errors, load.errors[:5]


def test_what_a_killed_driver_began_another_one_finishes(keyshift, carry_once):
    pick, cut = random.Random(7), set()
    with Fleet(keyshift, carry_once) as fleet:
        fleet.apply()
        with Load(fleet) as load:
            for i in range(20):
                step, phase = (("start", "migrate"), ("rollback", "rollback"))[i % 2]
                driver = fleet.driver(step)
                time.sleep(pick.uniform(0.002, 0.03))
                driver.kill()
                driver.wait()
                cur, following = fleet.change(), fleet.change(b"next")
                cut.add((cur[b"kind"], following[b"kind"], cur == following))
                end = fleet.carry(step)
                assert end[0] in ("done", "already"), end
                assert fleet.run_line() == (phase, "nothing")
                assert fleet.settled()
        load.check()
        assert not load.errors, load.errors[:5]
    assert len(cut) > 1, f"all drivers were killed at the same place: {cut}"


def test_proxies_end_a_hold_whose_driver_is_gone(keyshift, carry_once):
    pick = random.Random(3)
    with Fleet(keyshift, carry_once) as fleet:
        fleet.apply()
        for _ in range(200):
            driver = fleet.driver("start")
            time.sleep(pick.uniform(0.002, 0.02))
            driver.kill()
            driver.wait()
            if fleet.change()[b"kind"] == b"hold":
                break
            fleet.carry("rollback")
        began = time.monotonic()
        wait_for(fleet.settled, 8, "the hold is ended")
        assert time.monotonic() - began > 1, "a hold that was begun just now was ended at once"
        assert fleet.run_line()[1] == "nothing"


def test_a_hold_is_not_begun_while_a_replica_stands_still(keyshift, carry_once):
    with Fleet(keyshift, carry_once) as fleet:
        fleet.apply()
        fleet.processes.running[1].send_signal(signal.SIGSTOP)
        end = fleet.carry("start")
        fleet.processes.running[1].send_signal(signal.SIGCONT)
        assert end[0] == "refused" and "Nothing was begun" in end[3], end
        assert fleet.change()[b"kind"] == b"serve"
        assert fleet.carry("start")[0] == "done"


def test_a_client_past_the_proxies_calls_the_flip_off(keyshift, carry_once):
    with Fleet(keyshift, carry_once) as fleet:
        fleet.apply()
        stranger = Connection(fleet.port)
        stranger.call([b"CLIENT", b"SETNAME", b"batch-job"])
        end = fleet.carry("start")
        assert end[0] == "called-off" and "batch-job" in end[3], end
        assert fleet.settled() and fleet.run_line() == ("observe", "nothing")
        stranger.close()
        assert fleet.carry("start")[0] == "done"


def main():
    keyshift, carry_once = sys.argv[1:3]
    wanted = sys.argv[3:]
    tests = [t for name, t in sorted(globals().items()) if name.startswith("test_") and (not wanted or name in wanted)]
    failed = 0
    for test in tests:
        print(test.__name__, flush=True)
        try:
            test(keyshift, carry_once)
        except Exception as error:  # one test's end is not the others'
            failed += 1
            print(f"  FAILED: {type(error).__name__}: {error}", flush=True)
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
