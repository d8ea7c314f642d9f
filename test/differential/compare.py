"""When two replies are the same, and when two servers hold the same."""
from scopes import RESERVED, as_seen, side_of


def canonical(reply, flags):
    """The reply with what may legitimately differ taken out, as the case's flags say (with a reason each)."""
    kind, value = reply
    if "shape" in flags:
        return (kind, "any") if kind != "-" else reply
    if isinstance(value, list) and "sorted" in flags:
        return kind, sorted(value, key=repr)
    if isinstance(value, list) and "pairs" in flags:
        return kind, sorted(zip(value[::2], value[1::2]), key=repr)
    return reply


CONTENTS = {
    b"string": [b"GET"], b"list": [b"LRANGE", None, b"0", b"-1"], b"hash": [b"HGETALL"], b"set": [b"SMEMBERS"],
    b"zset": [b"ZRANGE", None, b"0", b"-1", b"WITHSCORES"], b"stream": [b"XINFO", b"STREAM", None, b"FULL"],
}


def reading(kind, key):
    argv = CONTENTS[kind]
    return [key if a is None else a for a in argv] if None in argv else argv + [key]


def contents(kind, value):
    if kind == b"set":
        return sorted(value)
    if kind == b"hash":
        return sorted(zip(value[::2], value[1::2]))
    return without_times(value)


TIMES = (b"seen-time", b"active-time")


def without_times(value):
    """XINFO STREAM FULL without what is a time of this run: last seen, and when an entry was delivered."""
    if not isinstance(value, list):
        return value
    out = []
    for i, (kind, inner) in enumerate(value):
        time = kind == ":" and (len(inner) == 13 or i > 0 and value[i - 1][1] in TIMES)
        out.append((kind, b"a time" if time else without_times(inner)))
    return out


def snapshot(connection, view):
    """{name in the app's view: (type, contents, expiry)}, {that name: "old", "new" or None, where the record lies},
    and what is wrong with the names themselves."""
    wrong, held, places = [], {}, {}
    keys = sorted(k for k in (e[1] for e in connection.call([b"KEYS", b"*"])[1]) if not k.startswith(RESERVED))
    kinds = [k for _, k in connection.pipeline([[b"TYPE", k] for k in keys])]
    expiries = connection.pipeline([[b"PEXPIRETIME", k] for k in keys])
    lifetimes = connection.pipeline([[b"PTTL", k] for k in keys])
    values = connection.pipeline([reading(kind, key) for kind, key in zip(kinds, keys)])
    for key, kind, (_, expiry), (_, left), (_, value) in zip(keys, kinds, expiries, lifetimes, values):
        seen = as_seen(key, view)
        if seen in held:
            wrong.append((seen, f"{seen!r} exists under both of its names"))
        held[seen] = (kind, contents(kind, value), (int(expiry), int(left)))
        places[seen] = side_of(key)
    return held, places, wrong


# Expiries are set by the clock, which goes on between the two sides' turns: the moment or the time left must agree.
EXPIRY_TOLERANCE_MS = 20_000


def same_expiry(a, b):
    (a_at, a_left), (b_at, b_left) = a, b
    if a_at < 0 or b_at < 0:
        return a_at == b_at
    return min(abs(a_at - b_at), abs(a_left - b_left)) <= EXPIRY_TOLERANCE_MS


def differences(expected, found):
    """What is different between two snapshots, in words, by name."""
    out = {}
    for name in expected.keys() | found.keys():
        if name not in found:
            out[name] = f"{name!r} is gone"
        elif name not in expected:
            out[name] = f"{name!r} should not be there: {found[name]!r}"
        elif expected[name][:2] != found[name][:2]:
            out[name] = f"{name!r} holds {found[name][:2]!r} and should hold {expected[name][:2]!r}"
        elif not same_expiry(expected[name][2], found[name][2]):
            out[name] = f"{name!r} has (expires at, ms left) {found[name][2]} and should have {expected[name][2]}"
    return out
