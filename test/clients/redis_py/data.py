"""Strings and keys."""
import time

from context import check, equal, refused, scenario, until

FAMILIES = ("user", "sess", "cart", "plain")


@scenario
def set_get(t):
    client = t.client()
    for number, family in enumerate(FAMILIES):
        equal(client.set(t.key(family, 100), f"value {number}"), True)
        equal(client.get(t.key(family, 100)), f"value {number}")


@scenario
def set_options(t):
    client, key = t.client(), t.key("sess", "options")
    equal(client.set(key, "a", xx=True), None)
    equal(client.set(key, "a", nx=True, ex=100), True)
    equal(client.set(key, "b", nx=True), None)
    equal(client.set(key, "b", get=True, keepttl=True), "a")
    check(90 < client.ttl(key) <= 100, "KEEPTTL lost the expiry")


@scenario
def incr(t):
    client, key = t.client(), t.key("cart", 101)
    equal([client.incr(key), client.incrby(key, 10), client.decr(key)], [1, 11, 10])
    equal(client.incrbyfloat(key, 0.5), 10.5)


@scenario
def append_range(t):
    client, key = t.client(), t.key("user", "append")
    equal([client.append(key, "hello"), client.append(key, " world"), client.strlen(key)], [5, 11, 11])
    equal(client.setrange(key, 6, "redis"), 11)
    equal(client.getrange(key, 0, -1), "hello redis")


@scenario
def getdel(t):
    client, key = t.client(), t.key("sess", "getdel")
    client.set(key, "once")
    equal([client.getdel(key), client.getdel(key), client.exists(key)], ["once", None, 0])


@scenario
def getex(t):
    client, key = t.client(), t.key("sess", "getex")
    client.set(key, "v")
    equal(client.getex(key, ex=100), "v")
    check(client.ttl(key) > 90, "no expiry")
    equal(client.getex(key, persist=True), "v")
    equal(client.ttl(key), -1)


@scenario
def mset_mget(t):
    client = t.client()
    values = {t.key(FAMILIES[n % 4], 2000 + n): f"m{n}" for n in range(300)}
    equal(client.mset(values), True)
    equal(client.mget(list(values) + [t.key("user", "absent")]), list(values.values()) + [None])


@scenario
def msetnx(t):
    client, one, two = t.client(), t.key("user", "nx1"), t.key("user", "nx2")
    equal(client.msetnx({one: "1"}), True)
    equal(client.msetnx({one: "x", two: "x"}), False)
    equal([client.get(one), client.get(two)], ["1", None])


@scenario
def big_value(t):
    client, key = t.client(), t.key("user", "big")
    value = "0123456789abcdef" * 65536
    client.set(key, value)
    equal(client.get(key) == value, True)
    equal(client.strlen(key), 1 << 20)


@scenario
def binary_safe(t):
    every = bytes(range(256))
    client = t.client(decode_responses=False)
    key = t.key("user", "%s").encode().replace(b"%s", every)
    client.set(key, every)
    equal(client.get(key), every)
    equal(client.exists(key), 1)


@scenario
def empty_value(t):
    client, key = t.client(), t.key("user", "empty")
    client.set(key, "")
    equal([client.get(key), client.exists(key), client.strlen(key)], ["", 1, 0])


@scenario
def bitfield(t):
    client, key = t.client(), t.key("user", "bitfield")
    field = client.bitfield(key, default_overflow="SAT")
    equal(field.set("u8", 0, 250).incrby("u8", 0, 10).get("u8", 0).execute(), [0, 255, 255])


@scenario
def bits(t):
    client, one, two = t.client(), t.key("user", "bits1"), t.key("user", "bits2")
    equal([client.setbit(one, 7, 1), client.getbit(one, 7), client.bitcount(one), client.bitpos(one, 1)], [0, 1, 1, 7])
    equal(client.bitop("NOT", two, one), 1)
    equal(client.bitcount(two), 7)


@scenario
def hyperloglog(t):
    client, one, two = t.client(), t.key("user", "hll1"), t.key("user", "hll2")
    equal([client.pfadd(one, "a", "b", "c"), client.pfadd(two, "c", "d")], [1, 1])
    equal(client.pfcount(one, two), 4)
    client.pfmerge(one, two)
    equal(client.pfcount(one), 4)


@scenario
def exists_del_unlink(t):
    client = t.client()
    keys = [t.key(family, 102) for family in FAMILIES]
    client.mset({key: "x" for key in keys})
    equal(client.exists(*keys, keys[0]), 5)
    equal([client.delete(keys[0], keys[3], keys[0]), client.unlink(*keys), client.exists(*keys)], [2, 2, 0])


@scenario
def type_encoding(t):
    client, key = t.client(), t.key("user", "encoding")
    equal(client.type(key), "none")
    client.set(key, "12345")
    equal([client.type(key), client.object("encoding", key)], ["string", "int"])


@scenario
def expire_persist(t):
    client, key = t.client(), t.key("sess", "expire")
    client.set(key, "x")
    equal([client.expire(key, 100), client.expire(key, 100, nx=True)], [True, False])
    check(90 < client.ttl(key) <= 100 and client.pttl(key) > 90000, "wrong TTL")
    check(abs(client.expiretime(key) - time.time() - 100) < 5, "wrong EXPIRETIME")
    equal([client.persist(key), client.ttl(key)], [True, -1])


@scenario
def expires(t):
    client, key = t.client(), t.key("sess", "short")
    client.set(key, "x", px=60)
    equal(client.get(key), "x")
    until(lambda: client.get(key) is None, "the expiry", 2)
    equal([client.exists(key), client.ttl(key)], [0, -2])


@scenario
def copy(t):
    client, one, two = t.client(), t.key("user", "copy1"), t.key("user", "copy2")
    client.set(one, "x")
    equal([client.copy(one, two), client.copy(one, two), client.copy(one, two, replace=True)], [True, False, True])
    equal([client.get(one), client.get(two)], ["x", "x"])


@scenario
def rename(t):
    client, one, two = t.client(), t.key("user", "rename1"), t.key("user", "rename2")
    client.set(one, "x")
    client.rename(one, two)
    equal([client.get(one), client.get(two)], [None, "x"])
    client.set(one, "y")
    equal(client.renamenx(two, one), False)
    refused("no such key", client.rename, t.key("user", "absent"), two)


@scenario
def dump_restore(t):
    client = t.client(decode_responses=False)
    one, two = t.key("user", "dump1"), t.key("user", "dump2")
    client.rpush(one, "a", "b")
    payload = client.dump(one)
    client.restore(two, 100000, payload)
    equal(client.lrange(two, 0, -1), [b"a", b"b"])
    check(client.pttl(two) > 90000, "no expiry")
    refused("BUSYKEY", client.restore, two, 0, payload)


@scenario
def sort(t):
    client, one, two = t.client(), t.key("user", "sort1"), t.key("user", "sort2")
    client.rpush(one, 3, 1, 2)
    equal(client.sort(one), ["1", "2", "3"])
    equal(client.sort(one, desc=True, store=two), 3)
    equal(client.lrange(two, 0, -1), ["3", "2", "1"])
