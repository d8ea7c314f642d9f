"""Scenarios that need two clients, or another way of using redis-cli than a session."""
import time

from context import check, equal

PROGRAMS = {}


def program(function):
    PROGRAMS[function.__name__] = function
    return function


def until(condition, text, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < end, "not within the time: " + text)
        time.sleep(0.02)


@program
def select(t):
    key = t.key("plain", "select")
    equal([t.cli("SET", key, "in 0"), t.cli("-n", 1, "SET", key, "in 1")], ["OK", "OK"])
    equal([t.cli("GET", key), t.cli("-n", 1, "GET", key)], ["in 0", "in 1"])
    equal(t.cli(stdin=f"SELECT 1\nGET {key}\n"), "OK\nin 1")


@program
def client_id_info(t):
    ident, info, rows = t.cli(stdin="CLIENT ID\nCLIENT INFO\nCLIENT LIST\n").split("\n", 2)
    check(info.startswith(f"id={ident} "), "CLIENT INFO has another id")
    check(f"\nid={ident} " in "\n" + rows, "CLIENT LIST lacks the id")


@program
def info(t):
    check("redis_version:" in t.cli("INFO", "server"), "no redis_version")


@program
def auth_user(t):
    alice = ["--user", "alice", "--pass", "secret", "--no-auth-warning"]
    equal([t.cli(*alice, "ACL", "WHOAMI"), t.cli("ACL", "WHOAMI")], ["alice", "default"])
    equal([t.cli(*alice, "SET", t.key("user", "alice"), "hers"), t.cli("GET", t.key("user", "alice"))], ["OK", "hers"])


@program
def acl_refusal(t):
    bob, key = ["--user", "bob", "--pass", "secret", "--no-auth-warning"], t.key("user", "bob")
    equal([t.cli("SET", key, "kept"), t.cli(*bob, "GET", key)], ["OK", "kept"])
    check("NOPERM" in t.cli(*bob, "SET", key, "changed"), "the write was not refused")
    equal(t.cli("GET", key), "kept")


@program
def reconnect_after_kill(t):
    session, key = t.running(), t.key("user", "reconnect")
    session.say(f"SET {key} before")
    session.say("CLIENT ID")
    _, ident = session.lines(2)
    equal(t.cli("CLIENT", "KILL", "ID", ident), "1")
    session.say(f"GET {key}")
    answer = session.line()
    if "closed" in answer or "Error" in answer:  # the first command may find the connection gone
        session.say(f"GET {key}")
        answer = session.line()
    equal(answer, "before")
    session.say("CLIENT ID")
    check(session.line() != ident, "the old connection is still there")


@program
def monitor(t):
    session, key = t.running("MONITOR"), t.key("plain", "monitored")
    equal(session.line(), "OK")
    t.later("SET", key, "seen")
    while f'"SET" "{key}" "seen"' not in session.line():
        pass


@program
def hello3(t):
    words = t.cli("HELLO", 3).split("\n")
    check("server redis" in words and "proto 3" in words or words[words.index("proto") + 1] == "3", " ".join(words))


@program
def resp3_hash(t):
    key = t.key("user", "resp3hash")
    t.cli("HSET", key, "a", "1", "b", "2")
    equal(t.cli("-3", "--no-raw", "HGETALL", key), '1# "a" => "1"\n2# "b" => "2"')


@program
def resp3_double(t):
    key = t.key("user", "resp3double")
    t.cli("ZADD", key, "1.5", "m")
    equal(t.cli("-3", "--no-raw", "ZSCORE", key, "m"), "(double) 1.5")


@program
def resp3_pubsub(t):
    session = t.running("-3", "SUBSCRIBE", "resp3:news")
    equal(session.lines(3), ["subscribe", "resp3:news", "1"])
    equal(t.cli("PUBLISH", "resp3:news", "hello"), "1")
    equal(session.lines(3), ["message", "resp3:news", "hello"])


@program
def tracking(t):
    session, key = t.running("-3", "--show-pushes", "yes"), t.key("user", "tracked")
    t.cli("SET", key, "before")
    session.say("CLIENT TRACKING ON")
    session.say(f"GET {key}")
    equal(session.lines(2), ["OK", "before"])
    t.cli("SET", key, "after")
    session.say("PING")
    equal(sorted(session.lines(3)), sorted(["invalidate", key, "PONG"]))


@program
def mset_mget(t):
    keys = [t.key(("user", "sess", "cart", "plain")[n % 4], 2000 + n) for n in range(300)]
    equal(t.cli("MSET", *[word for n, key in enumerate(keys) for word in (key, f"m{n}")]), "OK")
    equal(t.cli("MGET", *keys, t.key("user", "absent")).split("\n"), [f"m{n}" for n in range(300)] + [""])


@program
def big_value(t):
    key, value = t.key("user", "big"), "0123456789abcdef" * 65536
    equal(t.cli("-x", "SET", key, stdin=value), "OK")
    check(t.cli("GET", key) == value, "the value differs")
    equal(t.cli("STRLEN", key), str(1 << 20))


@program
def binary_safe(t):
    every = "".join(f"\\x{n:02x}" for n in range(256))
    key = '"' + t.key("user", every) + '"'
    equal(t.cli(stdin=f'SET {key} "{every}"\nEXISTS {key}\n'), "OK\n1")
    equal(t.cli(stdin=f"GET {key}\n", binary=True), bytes(range(256)))


@program
def expires(t):
    key = t.key("sess", "short")
    equal(t.cli(stdin=f"SET {key} x PX 100\nGET {key}\n"), "OK\nx")
    until(lambda: t.cli("GET", key) == "", "the expiry")
    equal([t.cli("EXISTS", key), t.cli("TTL", key)], ["0", "-2"])


@program
def dump_restore(t):
    one, two = t.key("user", "dump1"), t.key("user", "dump2")
    t.cli("RPUSH", one, "a", "b")
    payload = '"' + "".join(f"\\x{byte:02x}" for byte in t.cli("DUMP", one, binary=True)) + '"'
    equal(t.cli(stdin=f"RESTORE {two} 100000 {payload}\nLRANGE {two} 0 -1\n"), "OK\na\nb")
    check(int(t.cli("PTTL", two)) > 90000, "no expiry")
    check("BUSYKEY" in t.cli(stdin=f"RESTORE {two} 0 {payload}\n"), "not refused")


def piped(t, commands):
    """Mass insertion: the commands as RESP on the standard input of redis-cli --pipe."""
    data = b"".join(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
                    for words in ([str(word).encode() for word in command] for command in commands))
    return t.cli("--pipe", stdin=data).split("\n")


@program
def pipeline(t):
    keys = [t.key(family, 120) for family in ("user", "sess", "cart", "plain")]
    check("errors: 0, replies: 8" in piped(t, [command for key in keys for command in (("SET", key, key), ("GET", key))])[-1], "wrong count")
    equal(t.cli("MGET", *keys).split("\n"), keys)


@program
def pipeline_thousand(t):
    check("errors: 0, replies: 1000" in piped(t, [("INCR", t.key("cart", 121))] * 1000)[-1], "wrong count")
    equal(t.cli("GET", t.key("cart", 121)), "1000")


@program
def pipeline_error(t):
    key = t.key("user", "pipeerror")
    out = piped(t, [("SET", key, "x"), ("LPUSH", key, "y"), ("APPEND", key, "z")])
    check("errors: 1, replies: 3" in out[-1] and any("WRONGTYPE" in line for line in out), " ".join(out))
    equal(t.cli("GET", key), "xz")


@program
def tx_watch_conflict(t):
    session, key = t.running(), t.key("user", "watch1")
    for line in (f"SET {key} 1", f"WATCH {key}"):
        session.say(line)
    equal(session.lines(2), ["OK", "OK"])
    t.cli("SET", key, "10")
    for line in ("MULTI", f"INCR {key}", "EXEC", f"GET {key}"):
        session.say(line)
    equal(session.lines(4), ["OK", "QUEUED", "", "10"])


@program
def pubsub_channel(t):
    session = t.running("SUBSCRIBE", "news:one")
    equal(session.lines(3), ["subscribe", "news:one", "1"])
    equal(t.cli("PUBLISH", "news:one", "hello"), "1")
    equal(session.lines(3), ["message", "news:one", "hello"])


@program
def pubsub_pattern(t):
    session = t.running("PSUBSCRIBE", "weather:*")
    equal(session.lines(3), ["psubscribe", "weather:*", "1"])
    equal(t.cli("PUBLISH", "weather:rome", "sun"), "1")
    equal(session.lines(4), ["pmessage", "weather:*", "weather:rome", "sun"])


@program
def pubsub_counts(t):
    session, other = t.running("SUBSCRIBE", "counted:one"), t.running("PSUBSCRIBE", "counted:*")
    session.lines(3), other.lines(3)
    equal(t.cli("PUBSUB", "NUMSUB", "counted:one").split("\n"), ["counted:one", "1"])
    check(int(t.cli("PUBSUB", "NUMPAT")) >= 1, "no pattern counted")
    session.close()
    t.opened.remove(session)
    until(lambda: t.cli("PUBSUB", "NUMSUB", "counted:one").split("\n") == ["counted:one", "0"], "the count of 0")


@program
def keyspace_events(t):
    channel = "__keyspace@0__:" + t.key("user", "events")
    session = t.running("SUBSCRIBE", channel)
    session.lines(3)
    t.cli("SET", t.key("user", "events"), "x")
    equal(session.lines(3), ["message", channel, "set"])


@program
def blpop_wake(t):
    key = t.key("user", "blpop")
    t.later("RPUSH", key, "x")
    equal(t.cli("BLPOP", key, 5).split("\n"), [key, "x"])


@program
def blpop_two_keys(t):
    t.later("RPUSH", t.key("cart", 130), "x")
    equal(t.cli("BLPOP", t.key("user", "blpop1"), t.key("cart", 130), 5).split("\n"), [t.key("cart", 130), "x"])


@program
def blmove_wake(t):
    one, two = t.key("user", "blmove1"), t.key("sess", "blmove2")
    t.later("RPUSH", one, "x")
    equal([t.cli("BLMOVE", one, two, "LEFT", "RIGHT", 5), t.cli("LRANGE", two, 0, -1)], ["x", "x"])


@program
def bzpopmin_wake(t):
    key = t.key("user", "bzpop")
    t.later("ZADD", key, "1.5", "m")
    equal(t.cli("BZPOPMIN", key, 5).split("\n"), [key, "m", "1.5"])


@program
def blmpop_wake(t):
    one, two = t.key("user", "blmpop1"), t.key("cart", 131)
    t.later("RPUSH", two, "a", "b")
    equal(t.cli("BLMPOP", 5, 2, one, two, "LEFT", "COUNT", 2).split("\n"), [two, "a", "b"])


@program
def xread_block(t):
    key = t.key("user", "xread")
    t.cli("XADD", key, "1-1", "n", "old")
    t.later("XADD", key, "2-1", "n", "new")
    equal(t.cli("XREAD", "BLOCK", 5000, "STREAMS", key, "$").split("\n"), [key, "2-1", "n", "new"])


@program
def xreadgroup_block(t):
    key = t.key("cart", 132)
    t.cli("XGROUP", "CREATE", key, "g", "$", "MKSTREAM")
    t.later("XADD", key, "2-1", "n", "new")
    equal(t.cli("XREADGROUP", "GROUP", "g", "c", "BLOCK", 5000, "STREAMS", key, ">").split("\n"), [key, "2-1", "n", "new"])


@program
def scan(t):
    found = t.cli("--scan", "--pattern", t.key("user", "scan-*")).split("\n")
    equal(set(found), {t.key("user", f"scan-{n}") for n in range(100)})


def scanned(t, words, cursor_at):
    """Follows a cursor by hand; redis-cli iterates over keys only."""
    found, cursor = [], "0"
    while True:
        lines = t.cli(*words[:cursor_at], cursor, *words[cursor_at:]).split("\n")
        found += [line for line in lines[1:] if line]  # an empty page is an empty line
        cursor = lines[0]
        if cursor == "0":
            return found


@program
def scan_type(t):
    key = t.key("user", "typed-hash")
    t.cli("HSET", key, "f", "v")
    t.cli("SET", t.key("user", "typed-string"), "v")
    found = scanned(t, ["SCAN", "MATCH", t.key("user", "typed-*"), "COUNT", 200, "TYPE", "hash"], 1)
    equal(set(found), {key})


@program
def keys(t):
    equal(set(t.cli("KEYS", t.key("user", "scan-*")).split("\n")), {t.key("user", f"scan-{n}") for n in range(100)})


@program
def hscan(t):
    key, want = t.key("user", "hscan"), {f"f{n}": f"v{n}" for n in range(1000)}
    t.cli("HSET", key, *[word for pair in want.items() for word in pair])
    found = scanned(t, ["HSCAN", key, "COUNT", 200], 2)
    equal(dict(zip(found[::2], found[1::2])), want)


@program
def sscan(t):
    key, want = t.key("cart", 140), {f"m{n}" for n in range(1000)}
    t.cli("SADD", key, *want)
    equal(set(scanned(t, ["SSCAN", key, "COUNT", 200], 2)), want)


@program
def zscan(t):
    key, want = t.key("sess", "zscan"), {f"m{n}": str(n) for n in range(1000)}
    t.cli("ZADD", key, *[word for member, score in want.items() for word in (score, member)])
    found = scanned(t, ["ZSCAN", key, "COUNT", 200], 2)
    equal(dict(zip(found[::2], found[1::2])), want)


@program
def pubsub_shard(t):
    session = t.running("-3", "SSUBSCRIBE", "shard:one")
    equal(session.lines(3), ["ssubscribe", "shard:one", "1"])
    equal(t.cli("SPUBLISH", "shard:one", "hello"), "1")
    equal(session.lines(3), ["smessage", "shard:one", "hello"])
