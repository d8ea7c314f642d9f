"""Commands that wait, and what wakes them."""
import time

from context import check, equal, scenario


@scenario
def blpop_timeout(t):
    began = time.monotonic()
    equal(t.client().blpop(t.key("user", "nolist"), timeout=0.2), None)
    check(0.15 < time.monotonic() - began < 2, "wrong waiting time")


@scenario
def blpop_wake(t):
    key = t.key("user", "blpop")
    t.later(t.client().rpush, key, "x")
    equal(t.client().blpop(key, timeout=5), (key, "x"))


@scenario
def blpop_two_keys(t):
    one, two = t.key("user", "blpop1"), t.key("cart", 130)
    t.later(t.client().rpush, two, "x")
    equal(t.client().blpop([one, two], timeout=5), (two, "x"))


@scenario
def blmove_wake(t):
    one, two = t.key("user", "blmove1"), t.key("sess", "blmove2")
    t.later(t.client().rpush, one, "x")
    equal(t.client().blmove(one, two, 5), "x")
    equal(t.client().lrange(two, 0, -1), ["x"])


@scenario
def brpoplpush(t):
    one, two = t.key("user", "brpop1"), t.key("plain", "brpop2")
    t.client().rpush(one, "a", "b")
    equal(t.client().brpoplpush(one, two, 1), "b")
    equal(t.client().lrange(two, 0, -1), ["b"])


@scenario
def bzpopmin_wake(t):
    key = t.key("user", "bzpop")
    t.later(t.client().zadd, key, {"m": 1.5})
    equal(t.client().bzpopmin(key, timeout=5), (key, "m", 1.5))


@scenario
def blmpop_wake(t):
    one, two = t.key("user", "blmpop1"), t.key("cart", 131)
    t.later(t.client().rpush, two, "a", "b")
    equal(t.client().blmpop(5, 2, one, two, direction="LEFT", count=2), [two, ["a", "b"]])


@scenario
def xread_block(t):
    key = t.key("user", "xread")
    t.client().xadd(key, {"n": "old"})
    t.later(t.client().xadd, key, {"n": "new"})
    [[name, [(_, fields)]]] = t.client().xread({key: "$"}, block=5000)
    equal((name, fields), (key, {"n": "new"}))


@scenario
def xreadgroup_block(t):
    key = t.key("cart", 132)
    t.client().xgroup_create(key, "g", mkstream=True)
    t.later(t.client().xadd, key, {"n": "new"})
    [[name, [(_, fields)]]] = t.client().xreadgroup("g", "c", {key: ">"}, block=5000)
    equal((name, fields), (key, {"n": "new"}))
