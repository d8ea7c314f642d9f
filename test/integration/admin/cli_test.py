#!/usr/bin/env python3
"""The program from its command line: settings, exit codes, signals, status, explain, sweep.

usage: cli_test.py KEYSHIFT
"""
import json
import os
import signal
import socket
import subprocess
import sys
import time

from processes import PATIENCE, World, free_port, redis_call, run_all, until


def same(got, wanted):
    assert got == wanted, f"{got!r} is not {wanted!r}"


def wrong(result, code, *parts):
    same(result.returncode, code)
    for part in parts:
        assert part in result.stderr, result.stderr
    same(result.stdout, "")


def test_help_and_version(world):
    assert world.run("--help").stdout == world.run("help").stdout == world.run().stdout != ""
    same(world.run("help", "proxy").stdout, world.run("proxy", "--help").stdout)
    assert world.run("version").stdout.startswith("keyshift ")


def test_wrong_usage_is_2(world):
    wrong(world.run("prxy"), 2, "there is no command 'prxy'")
    wrong(world.run("help", "prxy"), 2, "prxy")
    wrong(world.run("proxy", "--treads", "2"), 2, "--treads")
    wrong(world.run("proxy"), 2, "--upstream")
    wrong(world.run("proxy", "--upstream", "redis://h:1", "--mode", "to-new"), 2, "--migration")
    wrong(world.run("proxy", "--upstream", "http://h:1"), 2, "--upstream")
    wrong(world.run("proxy", "--migration", "no-such-file"), 2, "no-such-file: cannot be read")
    wrong(world.run("proxy", "--migration", world.folder), 2, "cannot be read")
    wrong(world.run("proxy", env={"KEYSHIFT_THREADS": "many"}), 2, "KEYSHIFT_THREADS")
    wrong(world.run("sweep", "--upstream", "redis://h:1"), 2, "--migration")
    wrong(world.run("sweep", "--migration", world.migration), 2, "mode old moves nothing")
    wrong(world.run("completion", "csh"), 2, "bash")


def test_a_password_in_argv_is_refused_and_not_repeated(world):
    for argv in (["proxy", "--upstream", "redis://u:hush@127.0.0.1:1"], ["sweep", "--upstream=redis://:hush@127.0.0.1:1"]):
        result = world.run(*argv)
        wrong(result, 2, "--upstream-file")
        assert "hush" not in result.stderr


def test_an_invalid_migration_file_is_told_line_by_line(world):
    path = world.file("bad.yaml", "apiVersion: keyshift.io/v1alpha1\nkind: Migrations\nspec:\n  rule: []\n")
    result = world.run("explain", path, "user:1")
    wrong(result, 2, f"{path}:2:7: error: ", f"{path}:4:3: error: ")


def test_an_invalid_settings_file_is_told_line_by_line(world):
    path = world.file("settings.yaml", "threads: 0\nmood: old\n")
    wrong(world.run("proxy", "--config", path), 2, f"{path}:1:10: error: ", f"{path}:2:1: error: ")


def test_an_address_in_use_is_1(world):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        taken = s.getsockname()[1]
        upstream = f"redis://127.0.0.1:{world.redis_port}/0"
        wrong(world.run("proxy", "--listen", str(taken), "--upstream", upstream, "--admin", "off", "--health", "off"), 1, str(taken))
        result = world.run("proxy", "--listen", str(free_port()), "--upstream", upstream, "--admin", f"127.0.0.1:{taken}")
        same(result.returncode, 1)
        assert str(taken) in result.stderr
    wrong(world.run("proxy", "--listen", str(free_port()), "--upstream", upstream, "--admin", "0.0.0.0:0"), 2, "loopback")


def test_settings_come_from_line_environment_and_file(world):
    config = world.file("three.yaml", "threads: 2\nmax_clients: 7\nidle_timeout: 9s\n")
    p = world.proxy("--config", config, "--max-clients", "5", name="layers",
                    env={"KEYSHIFT_MAX_CLIENTS": "6", "KEYSHIFT_IDLE_TIMEOUT": "8s"})
    shown = json.loads(p.get("/config")[2])
    same(shown["max_clients"], {"value": "5", "from": "--max-clients"})
    same(shown["idle_timeout"], {"value": "8s", "from": "KEYSHIFT_IDLE_TIMEOUT"})
    same(shown["threads"], {"value": "2", "from": config + ":1:10"})
    same(json.loads(p.get("/status")[2])["threads"], 2)
    same(p.end(), 0)


def test_passwords_come_from_files_and_are_never_shown(world):
    redis_call(world.redis_port, "ACL", "SETUSER", "app", "on", ">hush", "~*", "&*", "+@all")
    url = world.file("url", f"redis://app:hush@127.0.0.1:{world.redis_port}/0\n")
    port, admin = free_port(), free_port()
    process = world.spawn([world.program, "proxy", "--listen", str(port), "--upstream-file", url, "--admin", f"127.0.0.1:{admin}",
                           "--health", "off", "--log-format", "json"], "secret")
    until(lambda: process.poll() is not None or socket.socket().connect_ex(("127.0.0.1", admin)) == 0, what="the proxy")
    same(redis_call(port, "PING"), b"+PONG\r\n")
    seen = world.run("status", "--json", "--admin", f"127.0.0.1:{admin}").stdout
    assert f"redis://app:***@127.0.0.1:{world.redis_port}" in seen, seen
    process.terminate()
    same(process.wait(PATIENCE), 0)
    log = world.log("secret")
    for line in log.splitlines():
        assert {"time", "level", "message"} <= set(json.loads(line)), line
    assert "hush" not in seen + log


def test_status_reads_a_proxy(world):
    p = world.proxy("--migration", world.migration, "--mode", "to-new", name="status")
    where = ["--admin", f"127.0.0.1:{p.admin}"]
    assert "mode to-new" in world.run("status", *where).stdout
    same(json.loads(world.run("status", "--json", *where).stdout)["migration"]["name"], "users-v2")
    watch = subprocess.Popen([world.program, "status", "--watch", *where], stdout=subprocess.PIPE, text=True)
    try:
        for _ in range(2):
            assert watch.stdout.readline().startswith("mode=to-new ready=yes ")
    finally:
        watch.kill()
        watch.wait()
    same(p.end(), 0)
    wrong(world.run("status", *where), 1, "refused")


def test_explain_says_what_happens_to_keys_and_commands(world):
    text = world.run("explain", world.migration, "user:1").stdout
    assert "{user:1}:profile" in text and "profile" in text, text
    same(json.loads(world.run("explain", "--json", world.migration, "{user:1}:profile").stdout)["old_name"], "user:1")
    text = world.run("explain", world.migration, "--", "GET", "user:1").stdout
    same(len(text.splitlines()), 8)
    assert "{user:1}:profile" in text
    wrong(world.run("explain", world.migration), 2, "explain wants")
    wrong(world.run("explain", world.migration, "a", "--", "GET", "a"), 2, "explain wants")


def test_completion_is_valid_for_bash(world):
    script = world.file("completion.bash", world.run("completion", "bash").stdout)
    ask = f'source {script}; COMP_WORDS=(keyshift proxy --mode ""); COMP_CWORD=3; _keyshift; echo "${{COMPREPLY[*]}}"'
    same(subprocess.run(["bash", "-c", ask], capture_output=True, text=True).stdout.split(), ["old", "to-new", "new", "to-old"])
    ask = f'source {script}; COMP_WORDS=(keyshift proxy --thr); COMP_CWORD=2; _keyshift; echo "${{COMPREPLY[*]}}"'
    same(subprocess.run(["bash", "-c", ask], capture_output=True, text=True).stdout.split(), ["--threads"])


def test_sigterm_drains_and_a_second_one_ends_it(world):
    p = world.proxy("--drain-timeout", "30s", name="signals")
    with socket.create_connection(("127.0.0.1", p.port), 10) as busy:
        busy.sendall(b"*3\r\n$5\r\nBLPOP\r\n$5\r\nempty\r\n$1\r\n0\r\n")
        time.sleep(0.3)
        p.process.send_signal(signal.SIGTERM)
        until(lambda: p.get("/readyz")[0] == 503, what="not ready")
        assert p.process.poll() is None, "it waits for what is in flight"
        same(p.end(signal.SIGTERM), -signal.SIGTERM)


def test_a_unix_socket_serves(world):
    path = os.path.join(world.folder, "s")
    p = world.proxy("--listen", "unix:" + path, name="unix")
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)
        s.sendall(b"PING\r\n")
        same(s.recv(100), b"+PONG\r\n")
    same(p.end(), 0)


def test_sweep_moves_everything_and_says_so(world):
    for i in range(20):
        redis_call(world.redis_port, "SET", f"user:{i}", "v")
    result = world.run("sweep", "--migration", world.migration, "--mode", "to-new", "--json")
    same(result.returncode, 0)
    end = json.loads(result.stdout)
    same((end["state"], end["clean_pass"]), ("done", True))
    assert end["moved"] >= 20
    same(redis_call(world.redis_port, "EXISTS", "user:1", "user:19"), b":0\r\n")
    same(redis_call(world.redis_port, "EXISTS", "{user:1}:profile", "{user:19}:profile"), b":2\r\n")


sys.exit(run_all(globals(), World(sys.argv[1])))
