"""Hashes, lists, sets, sorted sets, places, streams."""
from context import check, equal, refused, scenario


@scenario
def hash_fields(t):
    client, key = t.client(), t.key("user", "hash")
    equal(client.hset(key, mapping={"name": "ada", "plan": "free", "age": "36"}), 3)
    equal(client.hmget(key, "name", "none"), ["ada", None])
    equal([client.hdel(key, "age", "none"), client.hlen(key), client.hexists(key, "plan")], [1, 2, True])
    equal(client.hgetall(key), {"name": "ada", "plan": "free"})


@scenario
def hash_counters(t):
    client, key = t.client(), t.key("cart", 103)
    equal([client.hincrby(key, "n", 5), client.hincrbyfloat(key, "f", 0.5)], [5, 0.5])
    equal([client.hsetnx(key, "n", 1), client.hsetnx(key, "m", 1)], [0, 1])


@scenario
def list_ends(t):
    client, key = t.client(), t.key("cart", 104)
    equal([client.rpush(key, "b", "c"), client.lpush(key, "a")], [2, 3])
    equal(client.lrange(key, 0, -1), ["a", "b", "c"])
    equal([client.lpop(key), client.rpop(key), client.llen(key)], ["a", "c", 1])


@scenario
def list_inside(t):
    client, one, two = t.client(), t.key("cart", 105), t.key("user", "list2")
    client.rpush(one, "a", "c", "c", "d")
    equal([client.linsert(one, "BEFORE", "c", "b"), client.lset(one, 0, "A"), client.lrem(one, 1, "c")], [5, True, 1])
    equal([client.ltrim(one, 0, 2), client.lpos(one, "c")], [True, 2])
    equal(client.lmove(one, two, "LEFT", "RIGHT"), "A")
    equal([client.lrange(one, 0, -1), client.lrange(two, 0, -1)], [["b", "c"], ["A"]])


@scenario
def lmpop(t):
    client, one, two = t.client(), t.key("cart", 106), t.key("user", "lmpop")
    client.rpush(two, "a", "b", "c")
    equal(client.lmpop(2, one, two, direction="LEFT", count=2), [two, ["a", "b"]])


@scenario
def set_members(t):
    client, key = t.client(), t.key("user", "set")
    equal([client.sadd(key, "a", "b", "c"), client.srem(key, "c", "z"), client.scard(key)], [3, 1, 2])
    equal([client.sismember(key, "a"), client.smismember(key, ["a", "z"])], [1, [1, 0]])
    equal(client.smembers(key), {"a", "b"})


@scenario
def set_algebra(t):
    client, one, two, three = t.client(), t.key("user", "set1"), t.key("cart", 107), t.key("sess", "set3")
    client.sadd(one, "a", "b", "c")
    client.sadd(two, "b", "c", "d")
    equal([client.sinter(one, two), client.sdiff(one, two)], [{"b", "c"}, {"a"}])
    equal(client.sunion(one, two), {"a", "b", "c", "d"})
    equal([client.sunionstore(three, one, two), client.scard(three), client.sintercard(2, [one, two])], [4, 4, 2])


@scenario
def zset_scores(t):
    client, key = t.client(), t.key("user", "zset")
    equal(client.zadd(key, {"a": 1, "b": 2, "c": 3}), 3)
    equal([client.zincrby(key, 5, "a"), client.zscore(key, "a"), client.zrank(key, "a"), client.zcard(key)], [6, 6, 2, 3])


@scenario
def zset_ranges(t):
    client, key, lex = t.client(), t.key("user", "zranges"), t.key("cart", 108)
    client.zadd(key, {"a": 1, "b": 2, "c": 3})
    equal(client.zrange(key, 0, 1, withscores=True), [("a", 1), ("b", 2)])
    equal(client.zrange(key, "+inf", 2, byscore=True, desc=True), ["c", "b"])
    client.zadd(lex, {"a": 0, "b": 0, "c": 0})
    equal(client.zrangebylex(lex, "[a", "(c"), ["a", "b"])


@scenario
def zset_store(t):
    client, one, two, three = t.client(), t.key("user", "z1"), t.key("cart", 109), t.key("sess", "z3")
    client.zadd(one, {"a": 1, "b": 2})
    client.zadd(two, {"b": 3, "c": 4})
    equal(client.zunionstore(three, {one: 1, two: 10}), 3)
    equal(client.zrange(three, 0, -1, withscores=True), [("a", 1), ("b", 32), ("c", 40)])
    equal([client.zinterstore(three, {one: 2, two: 1}), client.zscore(three, "b")], [1, 7])


@scenario
def zmpop(t):
    client, one, two = t.client(), t.key("user", "zm1"), t.key("cart", 110)
    client.zadd(two, {"a": 1, "b": 2})
    reply = client.zmpop(2, [one, two], min=True)
    equal([reply[0], [reply[1][0][0], float(reply[1][0][1])]], [two, ["a", 1]])


@scenario
def geo(t):
    client, key = t.client(), t.key("user", "geo")
    equal(client.geoadd(key, (13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania")), 2)
    check(abs(client.geodist(key, "Palermo", "Catania", "km") - 166.27) < 0.1, "wrong distance")
    equal(client.geosearch(key, longitude=15, latitude=37, radius=100, unit="km"), ["Catania"])


@scenario
def stream_range(t):
    client, key = t.client(), t.key("user", "stream")
    first = client.xadd(key, {"n": "1"})
    second = client.xadd(key, {"n": "2"})
    equal([client.xlen(key), client.xrange(key)], [2, [(first, {"n": "1"}), (second, {"n": "2"})]])
    equal([client.xrevrange(key, count=1), client.xdel(key, first), client.xlen(key)], [[(second, {"n": "2"})], 1, 1])


@scenario
def stream_group(t):
    client, key = t.client(), t.key("user", "group")
    client.xgroup_create(key, "g", id="0", mkstream=True)
    ident = client.xadd(key, {"n": "1"})
    equal(client.xreadgroup("g", "c1", {key: ">"}), [[key, [(ident, {"n": "1"})]]])
    equal(client.xpending(key, "g")["pending"], 1)
    equal([client.xack(key, "g", ident), client.xpending(key, "g")["pending"]], [1, 0])
    refused("BUSYGROUP", client.xgroup_create, key, "g")


@scenario
def stream_autoclaim(t):
    client, key = t.client(), t.key("user", "claim")
    client.xgroup_create(key, "g", id="0", mkstream=True)
    ident = client.xadd(key, {"n": "1"})
    client.xreadgroup("g", "c1", {key: ">"})
    equal(client.xautoclaim(key, "g", "c2", 0)[1], [(ident, {"n": "1"})])
    equal(client.xpending_range(key, "g", "-", "+", 10)[0]["consumer"], "c2")


@scenario
def stream_trim(t):
    client, key = t.client(), t.key("user", "trim")
    for number in range(5):
        client.xadd(key, {"n": number})
    equal([client.xtrim(key, maxlen=2, approximate=False), client.xinfo_stream(key)["length"]], [3, 2])
