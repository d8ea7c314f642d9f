"""Pipelines, transactions, subscriptions, scripts."""
import redis
from context import check, equal, refused, scenario, until


@scenario
def pipeline(t):
    with t.client().pipeline(transaction=False) as pipe:
        for family in ("user", "sess", "cart", "plain"):
            pipe.set(t.key(family, 120), family).get(t.key(family, 120))
        equal(pipe.execute(), [True, "user", True, "sess", True, "cart", True, "plain"])


@scenario
def pipeline_thousand(t):
    with t.client().pipeline(transaction=False) as pipe:
        for _ in range(1000):
            pipe.incr(t.key("cart", 121))
        equal(pipe.execute(), list(range(1, 1001)))


@scenario
def pipeline_error(t):
    key = t.key("user", "pipeerror")
    with t.client().pipeline(transaction=False) as pipe:
        first, second, third = pipe.set(key, "x").lpush(key, "y").get(key).execute(raise_on_error=False)
    equal((first, third), (True, "x"))
    check("WRONGTYPE" in str(second), repr(second))


@scenario
def tx_exec(t):
    user, cart = t.key("user", "tx"), t.key("cart", 122)
    with t.client().pipeline(transaction=True) as pipe:
        equal(pipe.set(user, "a").incr(cart).get(user).execute(), [True, 1, "a"])


def watched(t, name, disturb):
    key, other = t.key("user", name), t.client()
    other.set(key, "1")
    with t.client().pipeline() as pipe:
        pipe.watch(key)
        value = int(pipe.get(key))
        if disturb:
            other.set(key, "10")
        pipe.multi()
        pipe.set(key, value + 1)
        try:
            return pipe.execute(), other.get(key)
        except redis.WatchError:
            return None, other.get(key)


@scenario
def tx_watch_conflict(t):
    equal(watched(t, "watch1", True), (None, "10"))


@scenario
def tx_watch_clean(t):
    equal(watched(t, "watch2", False), ([True], "2"))


@scenario
def tx_discard(t):
    client, key = t.client(single_connection_client=True), t.key("user", "discard")
    client.execute_command("MULTI")
    equal(client.execute_command("INCR", key), "QUEUED")
    client.execute_command("DISCARD")
    equal(client.get(key), None)


@scenario
def tx_queue_error(t):
    client, key = t.client(single_connection_client=True), t.key("user", "queueerror")
    client.execute_command("MULTI")
    client.execute_command("INCR", key)
    refused("unknown command", client.execute_command, "NOSUCHCOMMAND")
    refused("discarded because of previous errors", client.execute_command, "EXEC")
    equal(client.get(key), None)


@scenario
def tx_runtime_error(t):
    key = t.key("user", "runtime")
    with t.client().pipeline(transaction=True) as pipe:
        replies = pipe.set(key, "x").lpush(key, "y").append(key, "z").execute(raise_on_error=False)
    equal((replies[0], replies[2]), (True, 2))
    check("WRONGTYPE" in str(replies[1]), repr(replies[1]))


def message_of(subscriber):
    return until(lambda: subscriber.get_message(ignore_subscribe_messages=True, timeout=0.05), "the message")


def confirmed(subscriber):
    return until(lambda: subscriber.get_message(timeout=0.05), "the subscription")


@scenario
def pubsub_channel(t):
    with t.client().pubsub() as subscriber:
        subscriber.subscribe("news:one")
        confirmed(subscriber)
        equal(t.client().publish("news:one", "hello"), 1)
        message = message_of(subscriber)
        equal((message["channel"], message["data"]), ("news:one", "hello"))


@scenario
def pubsub_pattern(t):
    with t.client().pubsub() as subscriber:
        subscriber.psubscribe("weather:*")
        confirmed(subscriber)
        equal(t.client().publish("weather:rome", "sun"), 1)
        message = message_of(subscriber)
        equal((message["pattern"], message["channel"], message["data"]), ("weather:*", "weather:rome", "sun"))


@scenario
def pubsub_shard(t):
    with t.client().pubsub() as subscriber:
        subscriber.ssubscribe("shard:one")
        until(lambda: subscriber.get_sharded_message(timeout=0.05), "the subscription")
        equal(t.client().execute_command("SPUBLISH", "shard:one", "hello"), 1)
        message = until(lambda: subscriber.get_sharded_message(timeout=0.05), "the message")
        equal((message["type"], message["channel"], message["data"]), ("smessage", "shard:one", "hello"))


@scenario
def pubsub_counts(t):
    client = t.client()
    with t.client().pubsub() as subscriber:
        subscriber.subscribe("counted:one")
        subscriber.psubscribe("counted:*")
        confirmed(subscriber)
        confirmed(subscriber)
        equal(client.pubsub_numsub("counted:one"), [("counted:one", 1)])
        check(client.pubsub_numpat() >= 1, "no pattern counted")
        subscriber.unsubscribe("counted:one")
        confirmed(subscriber)
        equal(client.pubsub_numsub("counted:one"), [("counted:one", 0)])


@scenario
def keyspace_events(t):
    key = t.key("user", "events")
    channel = "__keyspace@0__:" + key
    with t.client().pubsub() as subscriber:
        subscriber.subscribe(channel)
        confirmed(subscriber)
        t.client().set(key, "x")
        message = message_of(subscriber)
        equal((message["channel"], message["data"]), (channel, "set"))


@scenario
def tracking(t):
    key, listener = t.key("user", "tracked"), t.client().pubsub()
    t.client().set(key, "before")
    listener.execute_command("CLIENT", "ID")
    ident = listener.parse_response()
    listener.subscribe("__redis__:invalidate")
    confirmed(listener)
    reader = t.client(single_connection_client=True)
    reader.execute_command("CLIENT", "TRACKING", "ON", "REDIRECT", ident)
    equal(reader.get(key), "before")
    t.client().set(key, "after")
    equal(message_of(listener)["data"], [key])
    listener.close()


@scenario
def eval_(t):
    client, user, cart = t.client(), t.key("user", "eval"), t.key("cart", 123)
    body = "redis.call('SET', KEYS[1], ARGV[1]); redis.call('INCR', KEYS[2]); return {redis.call('GET', KEYS[1]), 7}"
    equal(client.eval(body, 2, user, cart, "from lua"), ["from lua", 7])
    equal([client.get(user), client.get(cart)], ["from lua", "1"])


@scenario
def evalsha_noscript(t):
    client, key = t.client(), t.key("user", "evalsha")
    refused("NoScript", client.evalsha, "f" * 40, 1, key)
    script = client.register_script("return redis.call('INCRBY', KEYS[1], ARGV[1]) -- redis-py")
    equal(client.script_exists(script.sha), [False])
    equal([script([key], [5]), script([key], [5])], [5, 10])


@scenario
def script_error(t):
    refused("my reason", t.client().eval, "return redis.error_reply('MYERR my reason')", 1, t.key("user", "scripterror"))


@scenario
def fcall(t):
    client, key = t.client(), t.key("user", "fcall")
    library = "#!lua name=py\nredis.register_function('py_set', function(k, a) return redis.call('SET', k[1], a[1]) end)"
    client.function_load(library, replace=True)
    equal([client.fcall("py_set", 1, key, "v"), client.get(key)], ["OK", "v"])
