"""The connection itself: names, ids, signing in, refusals, RESP3."""
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from context import check, equal, refused, scenario, until


@scenario
def ping(t):
    equal(t.client().ping(), True)
    equal(t.client().echo("hello"), "hello")


@scenario
def select(t):
    zero, one = t.client(), t.client(db=1)
    key = t.key("plain", "select")
    zero.set(key, "in 0")
    one.set(key, "in 1")
    equal((zero.get(key), one.get(key)), ("in 0", "in 1"))
    equal(zero.execute_command("SELECT", 1), True)
    equal(zero.get(key), "in 1")


@scenario
def client_name(t):
    one, two = t.client(client_name="one"), t.client()
    two.client_setname("two")
    equal((one.client_getname(), two.client_getname()), ("one", "two"))


@scenario
def client_id_info(t):
    client = t.client(single_connection_client=True)
    ident = client.client_id()
    equal(int(client.client_info()["id"]), ident)
    check(str(ident) in [row["id"] for row in client.client_list()], "CLIENT LIST lacks the id")


@scenario
def info(t):
    check("redis_version" in t.client().info("server"), "no redis_version")


@scenario
def config_get(t):
    equal(list(t.client().config_get("maxmemory-policy")), ["maxmemory-policy"])


@scenario
def auth_wrong(t):
    client = t.client(single_connection_client=True)
    refused("invalid username-password", client.execute_command, "AUTH", "alice", "wrong")
    equal(client.ping(), True)
    refused("invalid username-password", t.client(username="alice", password="wrong", retry=Retry(NoBackoff(), 0)).ping)


@scenario
def auth_user(t):
    alice = t.client(username="alice", password="secret")
    equal((alice.acl_whoami(), t.client().acl_whoami()), ("alice", "default"))
    alice.set(t.key("user", "alice"), "hers")
    equal(t.client().get(t.key("user", "alice")), "hers")


@scenario
def acl_refusal(t):
    bob, key = t.client(username="bob", password="secret"), t.key("user", "bob")
    t.client().set(key, "kept")
    equal(bob.get(key), "kept")
    refused("permission", bob.set, key, "changed")
    equal(t.client().get(key), "kept")


@scenario
def unknown_command(t):
    client = t.client(single_connection_client=True)
    refused("unknown command", client.execute_command, "NOSUCHCOMMAND", "x")
    equal(client.ping(), True)


@scenario
def wrong_arity(t):
    refused("wrong number of arguments", t.client().execute_command, "GET")


@scenario
def wrongtype(t):
    client, key = t.client(), t.key("user", "wrongtype")
    client.set(key, "text")
    refused("WRONGTYPE", client.lpush, key, "x")


@scenario
def reconnect_after_kill(t):
    client, key = t.client(), t.key("user", "reconnect")
    client.set(key, "before")
    ident = client.client_id()
    equal(t.client().client_kill_filter(_id=ident), 1)
    try:
        client.ping()
    except redis.ConnectionError:
        pass
    equal(client.get(key), "before")
    check(client.client_id() != ident, "the old connection is still there")


@scenario
def wait_replicas(t):
    client = t.client()
    client.set(t.key("plain", "wait"), "x")
    equal(client.wait(0, 100), 0)


@scenario
def monitor(t):
    key = t.key("plain", "monitored")
    with t.client().monitor() as stream:
        t.later(t.client().set, key, "seen")
        for command in stream.listen():
            if key in command["command"]:
                check(command["command"].startswith("SET"), command["command"])
                return


@scenario
def hello3(t):
    client = t.client(protocol=3, single_connection_client=True)
    reply = client.execute_command("HELLO", "3")
    equal((reply["proto"], reply["server"]), (3, "redis"))


@scenario
def resp3_hash(t):
    client, key = t.client(protocol=3), t.key("user", "resp3hash")
    client.hset(key, mapping={"a": "1", "b": "2"})
    client.response_callbacks.clear()
    equal(client.execute_command("HGETALL", key), {"a": "1", "b": "2"})


@scenario
def resp3_double(t):
    client, key = t.client(protocol=3), t.key("user", "resp3double")
    client.zadd(key, {"m": 1.5})
    client.response_callbacks.clear()
    equal(client.execute_command("ZSCORE", key, "m"), 1.5)


@scenario
def resp3_pubsub(t):
    client = t.client(protocol=3)
    subscriber = client.pubsub()
    subscriber.subscribe("resp3:news")
    until(lambda: subscriber.get_message(), "the subscription")
    equal(t.client(protocol=3).publish("resp3:news", "hello"), 1)
    message = until(lambda: subscriber.get_message(timeout=0.1), "the message")
    equal((message["type"], message["channel"], message["data"]), ("message", "resp3:news", "hello"))
    subscriber.subscribe("resp3:more")
    until(lambda: (subscriber.get_message(timeout=0.1) or {}).get("channel") == "resp3:more", "the second subscription")
    subscriber.close()
