#!/usr/bin/env python3
"""The HTTP side of `keyshift proxy`: every path, and everything that a peer may do wrong.

usage: admin_test.py KEYSHIFT
"""
import json
import socket
import sys
import time

from processes import PATIENCE, TOKEN, World, redis_call, run_all, until

BEARER = {"Authorization": f"Bearer {TOKEN}"}


def same(got, wanted):
    assert got == wanted, f"{got!r} is not {wanted!r}"


def test_every_path_of_the_admin_port_answers(world):
    p = world.shared
    for path, kind in [("/", "text/html"), ("/healthz", "text/plain"), ("/readyz", "text/plain"), ("/metrics", "text/plain"),
                       ("/status", "application/json"), ("/config", "application/json"),
                       ("/explain?command=GET%20user:1", "application/json")]:
        status, headers, body = p.get(path)
        same((path, status), (path, 200))
        assert headers["Content-Type"].startswith(kind), headers
        assert len(body) > 2
        if kind == "application/json":
            json.loads(body)
        status, headers, body = p.ask("HEAD", path)
        same((status, body), (200, ""))


def test_the_health_port_has_three_paths(world):
    p = world.shared
    for path, wanted in [("/healthz", 200), ("/readyz", 200), ("/metrics", 200), ("/", 404), ("/status", 404), ("/config", 404),
                         ("/drain", 404)]:
        same((path, p.get(path, port=p.health)[0]), (path, wanted))


def test_wrong_methods_and_paths(world):
    p = world.shared
    status, headers, _ = p.ask("DELETE", "/status")
    same((status, headers["Allow"]), (405, "GET, HEAD"))
    status, headers, _ = p.ask("GET", "/drain", headers=BEARER)
    same((status, headers["Allow"]), (405, "POST"))
    same(p.get("/no-such-path")[0], 404)
    same(p.get("/../etc/passwd")[0], 404)


def test_a_foreign_host_name_is_refused(world):
    same(world.shared.ask("GET", "/status", headers={"Host": "evil.example"})[0], 421)


def test_what_changes_state_wants_the_token(world):
    p = world.shared
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}, {"Authorization": "Bearer "}):
        status, answer, _ = p.ask("POST", "/log-level", "debug", headers)
        same((status, answer.get("WWW-Authenticate")), (401, "Bearer"))
        same(p.ask("POST", "/drain", "", headers)[0], 401)
    same(p.ask("POST", "/log-level", "debug", BEARER)[0], 200)
    same(p.ask("POST", "/log-level", "nonsense", BEARER)[0], 400)
    same(p.get("/readyz")[0], 200)


def test_without_a_token_file_nothing_changes_state(world):
    p = world.proxy(name="no-token")
    same(p.ask("POST", "/drain", "", {"Authorization": "Bearer "})[0], 403)
    same(p.ask("POST", "/log-level", "debug", BEARER)[0], 403)
    same(p.end(), 0)


def test_headers_and_bodies_are_bounded(world):
    p = world.shared
    assert p.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 100_000).startswith(b"HTTP/1.1 431 ")
    assert p.raw(b"GET /" + b"x" * 100_000).startswith(b"HTTP/1.1 431 ")
    huge = b"POST /log-level HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % 10_000_000
    assert p.raw(huge + b"x" * 10_000).startswith(b"HTTP/1.1 413 ")
    chunked = b"POST /log-level HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert p.raw(chunked + b"2000\r\n" + b"x" * 0x2000 + b"\r\n0\r\n\r\n").startswith(b"HTTP/1.1 413 ")
    same(p.get("/healthz")[0], 200)


def test_bad_http_is_answered_or_dropped_and_nobody_else_notices(world):
    p = world.shared
    for junk in [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 200, b"*1\r\n$4\r\nPING\r\n", b"GET\r\n\r\n", b"\r\n" * 50,
                 b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\nHost\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: -5\r\n\r\n", b"", b"G",
                 b"POST /drain HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde"]:
        for port in (p.admin, p.health):
            answer = p.raw(junk, port)
            assert answer == b"" or answer.startswith(b"HTTP/1.1 4"), (junk, answer)
    same(p.get("/healthz")[0], 200)


def test_a_connection_is_kept_and_may_be_pipelined(world):
    p = world.shared
    request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    same(p.raw(request * 5).count(b"HTTP/1.1 200 OK"), 5)
    with socket.create_connection(("127.0.0.1", p.admin), 5) as s:
        for _ in range(3):
            s.sendall(request)
            assert s.recv(4096).startswith(b"HTTP/1.1 200 OK")
    closed = p.raw(b"GET /healthz HTTP/1.0\r\n\r\n" * 2)
    same(closed.count(b"200 OK"), 1)


def test_a_slow_client_is_cut_off_and_holds_up_nobody(world):
    p = world.shared
    with socket.create_connection(("127.0.0.1", p.health), 20) as s:
        begun = time.monotonic()
        s.settimeout(1)
        closed = False
        while not closed and time.monotonic() - begun < 15:
            try:
                s.sendall(b"G")
                closed = s.recv(100) == b""
            except socket.timeout:
                same(p.get("/healthz", p.health)[0], 200)
            except OSError:
                closed = True
        assert closed and time.monotonic() - begun > 5, "not cut off, or much too early"


def test_idle_connections_cannot_keep_the_probes_out(world):
    p = world.shared
    idle = [socket.create_connection(("127.0.0.1", p.health), 5) for _ in range(200)]
    try:
        for _ in range(5):
            same(p.get("/healthz", p.health)[0], 200)
    finally:
        for s in idle:
            s.close()


def test_commands_are_counted(world):
    p = world.shared
    before = json.loads(p.get("/status")[2])["commands"]["total"]
    same(redis_call(p.port, "SET", "user:1", "x"), b"+OK\r\n")
    same(redis_call(p.port, "GET", "other"), b"$-1\r\n")
    assert json.loads(p.get("/status")[2])["commands"]["total"] >= before + 2
    metrics = p.get("/metrics", p.health)[2]
    assert 'keyshift_commands_total{command="SET",route="ensure"}' in metrics, metrics
    assert "keyshift_command_duration_seconds_bucket" in metrics
    assert 'keyshift_mode{migration="users-v2",mode="to-new"} 1' in metrics


def test_explain_gives_the_plan(world):
    status, _, body = world.shared.get("/explain?command=GET%20user:1")
    plans = json.loads(body)["plans"]
    same(len(plans), 8)
    assert any("{user:1}:profile" in plan["plan"] for plan in plans)
    same(world.shared.get("/explain?command=GET%20%22")[0], 400)
    same(world.shared.get("/explain")[0], 400)


def test_a_sick_redis_does_not_make_the_proxy_unready(world):
    p = world.proxy(name="sick")
    redis_call(p.port, "PING")
    world.redis.kill()
    world.redis.wait()
    try:
        until(lambda: redis_call(p.port, "PING").startswith(b"-KSUPSTREAM"), what="the error")
        same(p.get("/readyz")[0], 200)
        same(p.get("/healthz")[0], 200)
        until(lambda: json.loads(p.get("/status")[2])["upstream_connections"]["failures"] > 0, what="a failure in /status")
    finally:
        world.redis = world.start_redis()
    until(lambda: redis_call(p.port, "PING") == b"+PONG\r\n", what="the way back")
    same(p.end(), 0)


def test_drain_over_http_ends_the_process_and_first_makes_it_unready(world):
    p = world.proxy("--admin-token-file", world.token_file, name="drained")
    with socket.create_connection(("127.0.0.1", p.port), 10) as busy:
        busy.sendall(b"*3\r\n$5\r\nBLPOP\r\n$5\r\nempty\r\n$1\r\n2\r\n")
        time.sleep(0.3)
        same(p.ask("POST", "/drain", "", BEARER)[0], 202)
        until(lambda: p.get("/readyz")[0] == 503, what="not ready")
        same(p.get("/healthz")[0], 200)
        same(p.ask("POST", "/drain", "", BEARER)[0], 202)
        assert busy.recv(100).startswith(b"*-1"), "what was in flight is answered"
    same(p.process.wait(PATIENCE), 0)
    assert "draining" in world.log("drained")


def main():
    world = World(sys.argv[1])
    world.shared = world.proxy("--migration", world.migration, "--mode", "to-new", "--admin-token-file", world.token_file)
    return run_all(globals(), world)


sys.exit(main())
