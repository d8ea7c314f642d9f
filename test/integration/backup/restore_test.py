#!/usr/bin/env python3
"""`keyshift backup` with logical backups, and `restore` of both kinds: what comes back is what was there.

usage: restore_test.py KEYSHIFT [TEST...]
"""
import json
import os
import signal
import struct
import subprocess
import sys
import time

from worlds import SESSIONS, USERS, Client, World, everything, fill, path_of, rewritten, run_all, saved, server

LIBRARY = "#!lua name=mine\nredis.register_function('f', function() return 1 end)"
CHANGE = """keyshift-change 1
epoch 3
word 00000000000000aa
prev 2.00000000000000bb
kind serve
forced 0
era 1
scope 2.00000000000000bb
{run}"""
LOGICAL = ("--provider", "logical")


def same(got, wanted):
    assert got == wanted, f"{got!r:.300} is not {wanted!r:.300}"


def restored(world, directory, redis, *arguments, code=0):
    result = world.run("restore", directory, "--upstream", f"redis://127.0.0.1:{redis.port}", "--json", *arguments)
    same(result.returncode, code)
    return json.loads(result.stdout) if result.stdout else result.stderr


def rdb_bytes(world, redis, option, run, *forget):
    """What an RDB would be now, with a stamp of that run, and without that of another."""
    world.made(redis, world.directory(), option, run)
    if forget:
        redis("DEL", f"keyshift:stamp:{{}}:{forget[1]}")
    return saved(redis)


def logical_bytes(world, redis, option, run, *forget):
    if forget:
        redis("DEL", f"keyshift:stamp:{{}}:{forget[1]}")
    directory = world.directory()
    with open(path_of(directory, world.made(redis, directory, *LOGICAL, option, run)), "rb") as f:
        return f.read()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 & -(crc & 1))
    return crc ^ 0xFFFFFFFF


def without_sessions(data):
    """The file of a logical backup without one family, whole in every other respect (docs/backup.md has the format)."""
    head = b"keyshift-backup 1\n"
    out, at, total = head, len(head), 0
    while at < len(data):
        length = struct.unpack_from("<I", data, at)[0]
        payload, at = data[at + 8:at + 8 + length], at + 8 + length
        if payload[:1] == b"R":
            database, cursor, count = struct.unpack_from("<IQI", payload, 1)
            records, place = [], 17
            for _ in range(count):
                _, key, dump = struct.unpack_from("<qII", payload, place)
                if not payload[place + 16:].startswith(b"sess:"):
                    records.append(payload[place:place + 16 + key + dump])
                place += 16 + key + dump
            total += len(records)
            payload = b"R" + struct.pack("<IQI", database, cursor, len(records)) + b"".join(records)
        elif payload[:1] == b"E":
            payload = b"E" + struct.pack("<Q", total)
        out += struct.pack("<II", len(payload), crc32c(payload)) + payload
    return out


def test_what_is_restored_is_what_was_there(world):
    for provider in ("rdb", "logical"):
        directory = world.directory()
        with server() as redis, server() as target:
            fill(redis)
            redis("FUNCTION", "LOAD", LIBRARY)
            made = world.made(redis, directory, "--provider", provider, "--prove", "--migration", world.migration(redis.port))
            same((made["provider"], made["proof"]["code"], made["proof"]["keys"]), (provider, "", USERS + SESSIONS + 10))
            counts = restored(world, directory, target)
            same(counts, {"restored": USERS + SESSIONS + 8, "kept": 0, "control_keys_left_out": 2, "expired": 0})
            same(everything(target), everything(redis))
            same(target("KEYS", "keyshift:*"), [])
            same(target("FUNCTION", "LIST") != [], provider == "rdb")


def test_a_logical_backup_needs_no_psync_and_no_newer_commands(world):
    directory = world.directory()
    with server() as redis, server() as target:
        fill(redis)
        redis("ACL", "SETUSER", "default", "-psync", "-replconf", "-config", "-pexpiretime", "-role", "-hello")
        assert "psync-refused" in world.create(redis, directory).stderr
        same(world.made(redis, directory, *LOGICAL, "--prove")["proof"]["code"], "")
        restored(world, directory, target)
        redis("ACL", "SETUSER", "default", "+@all")
        before, after = everything(redis), everything(target)
        same({k: v[0] for k, v in after.items()}, {k: v[0] for k, v in before.items()})
        for key, (_, expires) in before.items():
            assert abs(after[key][1] - expires) <= 50 if expires > 0 else after[key][1] == expires, (key, after[key], expires)


def test_a_logical_backup_goes_on_behind_kill_9(world):
    directory = world.directory()
    with server() as redis, server() as target:
        redis.client.pipeline([("SET", f"user:{i}", "v" * 50) for i in range(120_000)])
        redis.client.pipeline([("SELECT", 3), ("SET", "in", "three"), ("SELECT", 0)])
        argv = [world.program, "backup", "create", "--directory", directory, "--upstream", f"redis://127.0.0.1:{redis.port}", *LOGICAL]
        sizes = []
        for _ in range(2):
            process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            wanted = (sizes[-1] if sizes else 0) + 500_000
            for _ in range(5000):
                parts = [os.path.join(directory, name) for name in os.listdir(directory)]
                if parts and os.path.getsize(parts[0]) > wanted:
                    break
                time.sleep(0.001)
            process.send_signal(signal.SIGKILL)
            process.wait()
            same([name.endswith(".ksb.part") for name in os.listdir(directory)], [True])
            sizes.append(os.path.getsize(os.path.join(directory, os.listdir(directory)[0])))
        assert "no backup" in world.run("list", directory).stdout
        part = os.listdir(directory)[0]
        with open(os.path.join(directory, part), "ab") as f:
            f.write(b"\x00\x01half a block")
        scans = int(redis("INFO", "commandstats").decode().split("cmdstat_scan:calls=")[1].split(",")[0])
        redis("CONFIG", "RESETSTAT")
        made = world.made(redis, directory, *LOGICAL)
        same(made["file"] + ".part", part)
        again = int(redis("INFO", "commandstats").decode().split("cmdstat_scan:calls=")[1].split(",")[0])
        assert again < 1200 and scans + again < 1260, (scans, again)  # 120,000 keys are 1,200 pages; what was written is not read again
        same(world.proof(directory), "")
        restored(world, directory, target)
        same(everything(target), everything(redis))


def test_a_part_that_cannot_go_on_is_begun_anew(world):
    directory = world.directory()
    with server() as redis:
        fill(redis)
        made = world.made(redis, directory, *LOGICAL)
        with open(path_of(directory, made), "rb") as f:
            whole = f.read()
        os.remove(path_of(directory, made))
        os.remove(os.path.join(directory, made["name"] + ".json"))
        with open(path_of(directory, made) + ".part", "wb") as f:
            f.write(whole[:-40])
        redis("SET", "keyshift:stamp:{}:manual", "the stamp of a later backup")
        anew = world.made(redis, directory, *LOGICAL, "--prove")
        assert anew["name"] != made["name"]
        same(anew["proof"]["code"], "")
        same(sorted(os.listdir(directory)), [anew["name"] + ".json", anew["file"]])


def test_damage_to_a_logical_backup_is_told(world):
    directory = world.directory()
    with server() as redis:
        fill(redis)
        first = world.made(redis, directory, *LOGICAL, "--run", "first")
        with open(path_of(directory, first), "rb") as f:
            whole = f.read()
        for data, code in ((whole[:-17], "truncated"), (whole[:5000], "truncated"), (whole + b"x", "altered"), (b"x" + whole[1:], "altered"),
                           (whole[:5000] + b"x" + whole[5001:], "altered")):
            rewritten(directory, first)
            with open(path_of(directory, first), "wb") as f:
                f.write(data)
            same(world.proof(directory), "truncated" if len(data) < len(whole) else "altered")
            rewritten(directory, first, data)  # and when the checksum was made to fit
            same(world.proof(directory), code)
        second = world.made(redis, directory, *LOGICAL, "--run", "second")
        rewritten(directory, second, whole)
        same(world.proof(directory, name=second["name"]), "other-run")
        third = world.made(redis, directory, *LOGICAL, "--run", "first")
        rewritten(directory, third, whole)
        same(world.proof(directory, name=third["name"]), "before-stamp")


def test_a_target_with_keys_is_refused_unless_forced(world):
    directory = world.directory()
    with server() as redis, server() as target:
        fill(redis)
        redis("SET", "keyshift:quarantine:{abc}:run:user:1", "lost a conflict")
        redis.client.pipeline([("SELECT", 0), ("SET", "soon", "x", "PX", 1500)])
        for provider in ("rdb", "logical"):
            target("FLUSHALL")
            target("SET", "user:1", "newer")
            world.made(redis, directory, "--provider", provider)
            error = restored(world, directory, target, code=3)
            assert error.startswith("keyshift: target-not-empty: ") and "1 keys" in error, error
            same(target("DBSIZE"), 1)
            same(restored(world, directory, target, "--force", code=1)["kept"], 1)
            same((target("GET", "user:1"), target("GET", "user:2")), (b"newer", b"v2"))
            same(target("GET", "keyshift:quarantine:{abc}:run:user:1"), b"lost a conflict")
            same(restored(world, directory, target, "--force", "--replace", "--control-keys")["kept"], 0)
            same(target("GET", "user:1"), b"v1")
            same(target("EXISTS", "keyshift:store:{}:id"), 1)


def test_each_way_to_be_no_backup_has_a_code_of_its_own_for_both_kinds(world):
    for provider, bytes_now in (("rdb", rdb_bytes), ("logical", logical_bytes)):
        how, directory = ("--provider", provider), world.directory()
        with server() as redis:
            fill(redis)
            rules = world.migration(redis.port)
            early = bytes_now(world, redis, "--run", "mine")
            made = world.made(redis, directory, *how, "--run", "mine", "--migration", rules)
            with open(path_of(directory, made), "rb") as f:
                whole = f.read()
            redis.client.pipeline([("DEL", *[f"sess:{i}" for i in range(SESSIONS)])])
            without = without_sessions(whole) if provider == "logical" else saved(redis)
            other = bytes_now(world, redis, "--run", "theirs", "--forget", "mine")
        flipped = whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:]
        for code, data in (("", whole), ("truncated", whole[:-40]), ("altered", flipped)):
            with open(path_of(directory, made), "wb") as f:
                f.write(data)
            same(world.proof(directory, "--migration", rules), code)
        for code, data in (("family-missing", without), ("before-stamp", early), ("other-run", other)):
            rewritten(directory, made, data)
            same((provider, world.proof(directory, "--migration", rules)), (provider, code))


def test_a_target_that_somebody_lives_on_is_refused_whatever_is_forced(world):
    directory = world.directory()
    with server() as redis, server() as target:
        fill(redis)
        world.made(redis, directory)
        proxy = Client(target.port)
        proxy.pipeline([("CLIENT", "SETNAME", "keyshift:pod-1:7.00000000000000aa")])
        error = restored(world, directory, target, "--force", code=3)
        assert error.startswith("keyshift: target-live: ") and "pod-1" in error, error
        same(target("DBSIZE"), 0)
        proxy.pipeline([("CLIENT", "SETNAME", "app")])
        record = CHANGE.format(run="run a1 " + "5" * 64 + " observe nothing 2.00000000000000bb users-v2\n")
        target("HSET", "keyshift:control:{}:record", "cur", record, "next", record)
        error = restored(world, directory, target, "--force", "--replace", code=3)
        assert error.startswith("keyshift: target-live: ") and "users-v2" in error, error
        same(target("EXISTS", "user:1"), 0)
        record = CHANGE.format(run="")
        target("HSET", "keyshift:control:{}:record", "cur", record, "next", record)
        same(restored(world, directory, target, "--force")["restored"], USERS + SESSIONS + 8)


def test_a_backup_is_named_by_its_path_too(world):
    directory = world.directory()
    with server() as redis, server() as target:
        fill(redis)
        made = world.made(redis, directory, *LOGICAL)
        done = subprocess.run([world.program, "backup", "restore", path_of(directory, made), "--upstream", f"redis://127.0.0.1:{target.port}"],
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0 and f"{USERS + SESSIONS + 8} keys restored" in done.stdout, done
        same(everything(target), everything(redis))


def test_a_target_that_refuses_is_told(world):
    directory = world.directory()
    with server() as redis, server() as target, server("--databases", "4") as small:
        fill(redis)
        made = world.made(redis, directory)
        target("ACL", "SETUSER", "default", "-restore")
        assert "restore-refused: " in restored(world, directory, target, code=1)
        assert "SELECT" in restored(world, directory, small, code=1)
        with open(path_of(directory, made), "r+b") as f:
            f.truncate(100)
        assert "truncated: " in restored(world, directory, target, code=1)


if __name__ == "__main__":
    sys.exit(run_all(globals(), World(os.path.abspath(sys.argv[1])), sys.argv[2:]))
