"""What needs more than one connection, an empty server, or a reply that comes by itself.

A scenario plays on a Stage (sides.py) and notes what it sees; the notes of the plain side and of the proxied side must be
equal. The decorator names the rows that it executes, so that coverage.py counts them."""
import time

import scenarios_blocking  # noqa: F401, registers its own
from registry import ALL, applies, scenario  # noqa: F401


def names_of(reply):
    return sorted(e[1] for e in reply[1])


def walk(stage, connection, request):
    """A whole SCAN; the names found, each once. Cursors are of no meaning outside their server."""
    cursor, found = b"0", set()
    for _ in range(10_000):
        argv = stage.fill(request)
        reply = connection.call([argv[0], cursor] + argv[1:])
        if reply[0] == "-":
            return reply
        cursor = reply[1][0][1]
        found.update(e[1] for e in reply[1][1][1])
        if cursor == b"0":
            return sorted(found)
    return "does not end"


@scenario("SCAN,KEYS,DBSIZE,RANDOMKEY")
def whole_database(stage):
    c = stage.connect()
    stage.note("empty", c.call([b"RANDOMKEY"]), c.call([b"DBSIZE"]), walk(stage, c, "SCAN"))
    for key in ("@a", "@b", "@c", "@x"):
        stage.setup(f"SET {key} v")
    stage.setup("RPUSH @d 1")
    stage.note("keys", names_of(c.call([b"KEYS", b"*"])), c.call([b"DBSIZE"]))
    for pattern in ("user:*", "{user:*", "sess*", "session:v2:*", "plain*", "*2", "nothing*", "*profile"):
        stage.note("keys of", pattern, names_of(c.call([b"KEYS", pattern.encode()])))
        stage.note("scan of", pattern, walk(stage, c, f"SCAN MATCH {pattern} COUNT 2"))
    stage.note("scan", walk(stage, c, "SCAN"), walk(stage, c, "SCAN COUNT 1"), walk(stage, c, "SCAN TYPE list"), walk(stage, c, "SCAN COUNT 0"))
    stage.note("random", c.call([b"RANDOMKEY"])[1] in names_of(c.call([b"KEYS", b"*"])))
    stage.ask(c, "GET @a")
    stage.note("after a move", names_of(c.call([b"KEYS", b"*"])), c.call([b"DBSIZE"]), walk(stage, c, "SCAN COUNT 2"))


@scenario("RANDOMKEY")
def the_only_key(stage):
    c = stage.connect()
    stage.setup("SET @a v")
    stage.ask(c, "RANDOMKEY")
    stage.ask(c, "DBSIZE")


@scenario("SCAN", when=lambda s: s.scope != "mixed")
def scan_of_many(stage):
    for i in range(300):
        stage.names = type(stage.names)(stage.setting.scope, 30_000 + i)
        stage.setup("SET @a v")
        stage.setup("SET @b v")
    c = stage.connect()
    stage.note(walk(stage, c, "SCAN COUNT 7"))


@scenario("FLUSHDB,FLUSHALL,SWAPDB")
def flush_and_swap(stage):
    """With live rules: refused and without effect (policy.flush is refuse)."""
    c = stage.connect()
    for request in ("FLUSHDB", "FLUSHALL ASYNC", "SWAPDB 0 1"):
        stage.setup("SET @a v")
        stage.setup("SET @x v")
        kind, text = c.call(stage.fill(request))
        refused = kind == "-" and text.startswith(b"KSREFUSED")
        kept = stage.direct.call([b"DBSIZE"])[1] == b"2"
        stage.note(request, refused and kept if stage.behind_proxy else True)
        stage.direct.call([b"FLUSHALL"])


@scenario("WATCH,MULTI,EXEC,SET")
def watch_sees_another_client(stage):
    for key in ("@a", "@x"):
        stage.setup(f"SET {key} 1")
        one, other = stage.connect(), stage.connect()
        stage.ask(one, f"WATCH {key}")
        stage.ask(other, f"SET {key} 2")
        for request in ("MULTI", f"GET {key}", "EXEC"):
            stage.ask(one, request)
        stage.ask(one, f"WATCH {key}")
        stage.ask(other, f"GET {key}")
        for request in ("MULTI", f"SET {key} 3", "EXEC", f"GET {key}"):
            stage.ask(one, request)


@scenario("WATCH,UNWATCH,DISCARD")
def watch_of_an_absent_key(stage):
    one, other = stage.connect(), stage.connect()
    stage.ask(one, "WATCH @a @b")
    stage.ask(other, "SET @b 1")
    for request in ("MULTI", "GET @a", "EXEC", "WATCH @a", "UNWATCH"):
        stage.ask(one, request)
    stage.ask(other, "SET @a 1")
    for request in ("MULTI", "GET @a", "DISCARD", "MULTI", "GET @a", "EXEC"):
        stage.ask(one, request)


@scenario("MULTI,EXEC")
def another_client_sees_nothing_before_exec(stage):
    one, other = stage.connect(), stage.connect()
    stage.setup("SET @a 1")
    for request in ("MULTI", "INCR @a", "INCR @x"):
        stage.ask(one, request)
    stage.ask(other, "MGET @a @x")
    stage.ask(one, "EXEC")
    stage.ask(other, "MGET @a @x")


@scenario("SUBSCRIBE,UNSUBSCRIBE,PSUBSCRIBE,PUNSUBSCRIBE,PUBLISH")
def publish_and_subscribe(stage):
    listener, speaker = stage.connect(), stage.connect()
    listener.send(stage.fill("SUBSCRIBE news @a"))
    stage.note([listener.read(), listener.read()])
    stage.ask(listener, "PSUBSCRIBE n*")
    stage.ask(speaker, "PUBLISH news hello")
    stage.note([listener.read(), listener.read()])
    stage.ask(speaker, "PUBLISH @a hello")
    stage.note(listener.read())
    stage.ask(speaker, "PUBSUB NUMSUB news @a")
    stage.ask(listener, "PING")
    if stage.setting.protocol == 2:
        stage.ask(listener, "GET @a")
    stage.ask(listener, "UNSUBSCRIBE news")
    stage.ask(listener, "PUNSUBSCRIBE n*")
    listener.send([b"UNSUBSCRIBE"])
    stage.note(listener.read())
    stage.ask(listener, "GET @a")
    stage.ask(listener, "UNSUBSCRIBE")


@scenario("SSUBSCRIBE,SUNSUBSCRIBE,SPUBLISH")
def sharded_publish_and_subscribe(stage):
    listener, speaker = stage.connect(), stage.connect()
    stage.ask(listener, "SSUBSCRIBE @a")
    stage.ask(speaker, "SPUBLISH @a hello")
    stage.note(listener.read())
    stage.ask(listener, "SUNSUBSCRIBE @a")
    stage.ask(listener, "PING")


@scenario("PSUBSCRIBE,CONFIG SET", when=lambda s: s.protocol == 2)
def keyspace_notifications(stage):
    stage.direct.call([b"CONFIG", b"SET", b"notify-keyspace-events", b"KEA"])
    listener, writer = stage.connect(), stage.connect()
    stage.ask(listener, [b"PSUBSCRIBE", b"__key*@0__:*"])
    for request, events in (("SET @a v", 2), ("RPUSH @b v", 2), ("DEL @a", 2), ("SET @x v", 2)):
        stage.ask(writer, request)
        stage.note([listener.read() for _ in range(events)])
    stage.direct.call([b"CONFIG", b"SET", b"notify-keyspace-events", b""])


@scenario("MONITOR")
def monitor(stage):
    """The proxy's own commands are seen too; the app's must be among them, by its own name."""
    watcher, other = stage.connect(2), stage.connect(2)
    stage.ask(watcher, "MONITOR")
    stage.ask(other, "ECHO the-last-line")
    stage.ask(other, "SET @x v")
    wanted = b'"SET" "%s" "v"' % stage.fill("@x")[0]
    stage.note(any(wanted in watcher.read()[1] for _ in range(20)))


@scenario("CLIENT TRACKING,CLIENT CACHING", when=lambda s: s.protocol == 3)
def tracking(stage):
    reader, writer = stage.connect(), stage.connect()
    stage.setup("SET @a 1")
    stage.setup("SET @x 1")
    stage.ask(reader, "CLIENT TRACKING ON")
    for key in ("@a", "@x"):
        stage.ask(reader, f"GET {key}")
        stage.ask(writer, f"SET {key} 2")
        stage.note(reader.read())
        stage.ask(reader, f"GET {key}")
        stage.ask(writer, f"DEL {key}")
        stage.note(reader.read())
    stage.ask(reader, "CLIENT TRACKING OFF")
    stage.ask(reader, "CLIENT TRACKING ON OPTIN")
    stage.ask(reader, "CLIENT CACHING YES")
    stage.ask(reader, "GET @b")
    stage.ask(writer, "SET @b 1")
    stage.note(reader.read())


@scenario("CLIENT REPLY", when=lambda s: s.protocol == 2)
def client_reply_off_and_skip(stage):
    c = stage.connect()
    c.send(stage.fill("CLIENT REPLY SKIP"), stage.fill("SET @a 1"), stage.fill("GET @a"))
    stage.note(c.read())
    c.send(stage.fill("CLIENT REPLY OFF"), stage.fill("SET @a 2"), stage.fill("GET @a"), stage.fill("CLIENT REPLY ON"), stage.fill("GET @a"))
    stage.note(c.read(), c.read())


@scenario("CLIENT UNBLOCK")
def client_unblock(stage):
    waiting, other = stage.connect(), stage.connect()
    number = waiting.call([b"CLIENT", b"ID"])[1]
    for how in ("", " ERROR"):
        waiting.send(stage.fill("BLPOP @a 5"))
        stage.wait_for("blocked_clients", 1)
        stage.note(other.call(stage.fill(f"CLIENT UNBLOCK {number.decode()}{how}")))
        stage.note(waiting.read())


@scenario("CLIENT KILL,CLIENT LIST")
def client_kill_by_id(stage):
    one, other = stage.connect(), stage.connect()
    number = one.call([b"CLIENT", b"ID"])[1]
    stage.note(other.call(stage.fill(f"CLIENT KILL ID {number.decode()}")))
    stage.note("gone" if one.file.read(1) == b"" else "still there")


@scenario("RESET,SUBSCRIBE,MULTI")
def reset_ends_everything(stage):
    c = stage.connect(2)
    for request in ("MULTI", "SET @a 1", "RESET", "GET @a", "SUBSCRIBE ch", "RESET", "GET @a", "CLIENT SETNAME me", "RESET", "CLIENT GETNAME"):
        stage.ask(c, request)


@scenario("SELECT,MOVE,COPY")
def other_databases_have_no_rules(stage):
    c = stage.connect()
    for request in ("SELECT 1", "SET @a one", "GET @a", "KEYS *", "RENAME @a @b", "GET @b", "DBSIZE", "DEL @b", "SELECT 0", "GET @a", "EXISTS @b"):
        stage.ask(c, request)


@scenario("QUIT")
def quit_answers_what_went_before(stage):
    c = stage.connect()
    c.send(stage.fill("SET @a 1"), stage.fill("GET @a"), [b"QUIT"], stage.fill("SET @a 2"))
    stage.note([c.read() for _ in range(3)])
    stage.note("closed" if c.file.read(1) == b"" else "open")


@scenario("EXPIRE,PEXPIRE,GET")
def a_record_that_expires_is_gone(stage):
    stage.setup("SET @a v PX 60")
    c = stage.connect()
    stage.ask(c, "GET @a")
    time.sleep(0.08)
    stage.ask(c, "GET @a")
    stage.ask(c, "EXISTS @a")


@scenario("SET,GET")
def a_long_pipeline_keeps_its_order(stage):
    c = stage.connect()
    requests = []
    for i in range(400):
        key = ("@a", "@b", "@x")[i % 3]
        requests += [stage.fill(f"SET {key} {i}"), stage.fill(f"GET {key}"), stage.fill("PING")][:1 + i % 3]
    stage.note(c.pipeline(requests, chunk=len(requests)))


@scenario("SET,GET")
def a_value_of_a_megabyte(stage):
    c = stage.connect()
    body = bytes(range(256)) * 4096
    for key in (b"@a", b"@x"):
        stage.note(c.call(stage.fill([b"SET", key]) + [body]), c.call(stage.fill([b"GET", key]))[1] == body)
    stage.note(c.call(stage.fill([b"MSET", b"@a", b"1", b"@b"]) + [body]), c.call(stage.fill("STRLEN @b")), c.call(stage.fill("DEL @a @b @x")))


@scenario("EVALSHA,SCRIPT LOAD,SCRIPT FLUSH,SCRIPT EXISTS")
def noscript_then_load(stage):
    c = stage.connect()
    script = b"return redis.call('INCR', KEYS[1])"
    sha = b"f5e3f3ea1f2b7c2a0a3e1c1c9b0a8d7e6f5a4b3c"
    stage.note(c.call(stage.fill([b"EVALSHA", sha, b"1", b"@a"])))
    loaded = c.call([b"SCRIPT", b"LOAD", script])
    stage.note(loaded, c.call([b"SCRIPT", b"EXISTS", loaded[1]]))
    stage.note(c.call(stage.fill([b"EVALSHA", loaded[1], b"1", b"@a"])))
    stage.ask(c, "SCRIPT FLUSH")
    stage.note(c.call(stage.fill([b"EVALSHA", loaded[1], b"1", b"@a"])))


@scenario("FUNCTION LOAD,FUNCTION DELETE,FUNCTION FLUSH,FUNCTION DUMP,FUNCTION RESTORE,FCALL")
def functions_come_and_go(stage):
    c = stage.connect()
    stage.ask(c, "FUNCTION FLUSH")
    code = b"#!lua name=one\nredis.register_function('put', function(k, a) return redis.call('SET', k[1], a[1]) end)"
    stage.note(c.call([b"FUNCTION", b"LOAD", code]), c.call([b"FUNCTION", b"LOAD", code]))
    stage.ask(c, "FCALL put 1 @a v")
    dump = c.call([b"FUNCTION", b"DUMP"])
    stage.note(dump)
    stage.ask(c, "FUNCTION DELETE one")
    stage.ask(c, "FCALL put 1 @a w")
    stage.note(c.call([b"FUNCTION", b"RESTORE", dump[1]]))
    stage.ask(c, "FCALL put 1 @x w")
    stage.ask(c, "FUNCTION FLUSH")


@scenario("CLIENT PAUSE,CLIENT UNPAUSE")
def client_pause_holds_writes(stage):
    c, writer = stage.connect(), stage.connect()
    stage.ask(c, "CLIENT PAUSE 60 WRITE")
    stage.ask(writer, "SET @a v")
    stage.ask(c, "CLIENT UNPAUSE")
    stage.ask(c, "GET @a")
