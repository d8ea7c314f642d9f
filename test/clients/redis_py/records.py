"""Iterators, and the records that the runner put there before the client came."""
from context import check, equal, scenario


@scenario
def scan(t):
    got = set(t.client().scan_iter(match=t.key("user", "scan-*"), count=50))
    equal(got, {t.key("user", f"scan-{n}") for n in range(100)})


@scenario
def scan_type(t):
    client, key = t.client(), t.key("user", "typed-hash")
    client.hset(key, "f", "v")
    client.set(t.key("user", "typed-string"), "v")
    equal(set(client.scan_iter(match=t.key("user", "typed-*"), _type="hash")), {key})


@scenario
def keys(t):
    equal(set(t.client().keys(t.key("user", "scan-*"))), {t.key("user", f"scan-{n}") for n in range(100)})


@scenario
def hscan(t):
    client, key = t.client(), t.key("user", "hscan")
    client.hset(key, mapping={f"f{n}": n for n in range(1000)})
    equal(dict(client.hscan_iter(key)), {f"f{n}": str(n) for n in range(1000)})


@scenario
def sscan(t):
    client, key = t.client(), t.key("cart", 140)
    client.sadd(key, *[f"m{n}" for n in range(1000)])
    equal(set(client.sscan_iter(key)), {f"m{n}" for n in range(1000)})


@scenario
def zscan(t):
    client, key = t.client(), t.key("sess", "zscan")
    client.zadd(key, {f"m{n}": n for n in range(1000)})
    equal(dict(client.zscan_iter(key)), {f"m{n}": float(n) for n in range(1000)})


@scenario
def seeded_string(t):
    client, key = t.client(), t.key("user", "seed-string")
    equal(client.get(key), "seeded")
    client.append(key, "!")
    equal(client.get(key), "seeded!")


@scenario
def seeded_hash(t):
    client, key = t.client(), t.key("user", "seed-hash")
    equal(client.hset(key, "plan", "paid"), 0)
    equal(client.hgetall(key), {"name": "ada", "plan": "paid"})


@scenario
def seeded_list(t):
    client, key = t.client(), t.key("user", "seed-list")
    equal([client.rpush(key, "d"), client.lpop(key), client.lrange(key, 0, -1)], [4, "a", ["b", "c", "d"]])


@scenario
def seeded_ttl(t):
    client, key = t.client(), t.key("sess", "seed-ttl")
    check(500 < client.ttl(key) <= 600, "the expiry is lost")
    client.append(key, "!")
    check(500 < client.ttl(key) <= 600, "the write lost the expiry")


@scenario
def seeded_tx(t):
    key = t.key("sess", "seed-tx")
    with t.client().pipeline(transaction=True) as pipe:
        equal(pipe.incrby(key, 5).get(key).execute(), [15, "15"])


@scenario
def seeded_mget(t):
    names = [t.key("cart", 1000 + n) for n in range(10)]
    equal(t.client().mget(names), [f"c{n}" for n in range(10)])


@scenario
def seeded_del(t):
    client, key = t.client(), t.key("cart", 1010)
    equal([client.delete(key), client.delete(key), client.get(key)], [1, 0, None])
