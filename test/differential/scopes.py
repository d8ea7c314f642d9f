"""Names: what a symbol like @a is called by the app, and where its record lies at the server."""
import dataclasses
import re

MIGRATION = """\
apiVersion: keyshift.io/v1alpha1
kind: Migration
metadata: {name: differential}
spec:
  from: {schema: shop, version: 1.4.0}
  to:   {schema: shop, version: 2.0.0}
  source: {url: "redis://127.0.0.1:%d/0"}
  rules:
    - name: user
      from: {key: "user:<id:int>"}
      to:   {key: "{user:<id>}:profile"}
    - name: session
      from: {key: "sess:<token>"}
      to:   {key: "session:v2:<token>"}
"""

VIEWS = {"old": "shop=1.4.0", "new": "shop=2.0.0"}

# Which rule a symbol belongs to: A (user), B (session) or - (none). @x and @y are never in scope.
SCOPES = {
    "in": dict(a="A", b="B", c="A", d="B", e="A", f="B", x="-", y="-"),
    "out": dict(a="-", b="-", c="-", d="-", e="-", f="-", x="-", y="-"),
    "mixed": dict(a="A", b="-", c="B", d="-", e="-", f="A", x="-", y="-"),
}

SYMBOL = re.compile(rb"@([a-fxy])(?![a-zA-Z0-9_])")
RESERVED = b"keyshift:"


@dataclasses.dataclass(frozen=True)
class Names:
    """The names of one case: every case has records of its own, so that all can share a server."""
    scope: str
    case: int

    def name(self, symbol, side):
        number = self.case * 10 + "abcdefxy".index(symbol)
        rule = SCOPES[self.scope][symbol]
        if rule == "A":
            return b"user:%d" % number if side == "old" else b"{user:%d}:profile" % number
        if rule == "B":
            return b"sess:t%d" % number if side == "old" else b"session:v2:t%d" % number
        return b"plain:%d" % number

    def fill(self, argv, side):
        return [SYMBOL.sub(lambda m: self.name(m[1].decode(), side), arg) for arg in argv]

    def in_scope(self, argv):
        """The symbols of in-scope records that the request names."""
        found = {m[1].decode() for arg in argv for m in SYMBOL.finditer(arg)}
        return {s for s in found if SCOPES[self.scope][s] != "-"}


PLACES = [(re.compile(rb"user:(-?\d+)$"), rb"{user:%s}:profile"), (re.compile(rb"sess:(.+)$", re.S), rb"session:v2:%s")]
BACK = [(re.compile(rb"\{user:(-?\d+)\}:profile$"), rb"user:%s"), (re.compile(rb"session:v2:(.+)$", re.S), rb"sess:%s")]


def side_of(key):
    """"old", "new", or None for a name that no rule knows."""
    if any(p.match(key) for p, _ in PLACES):
        return "old"
    return "new" if any(p.match(key) for p, _ in BACK) else None


def as_seen(key, view):
    """A stored name in the app's view."""
    for pattern, other in PLACES if view == "new" else BACK:
        match = pattern.match(key)
        if match:
            return other % match[1]
    return key


@dataclasses.dataclass(frozen=True)
class Setting:
    """One way to run all cases: mode "none" is a second plain server in place of a proxy."""
    mode: str
    view: str
    scope: str
    placed: str      # where setup puts in-scope records: "old" or "new"
    protocol: int = 2

    @property
    def wanted(self):
        """Where the mode wants records: at the old or at the new name."""
        return {"old": "old", "to-new": "new", "new": "new", "to-old": "old"}.get(self.mode, self.view)

    def __str__(self):
        return f"{self.mode}/{self.view}-view/{self.scope}/at-{self.placed}/resp{self.protocol}"


def settings(modes):
    """The matrix: every mode, view and scope; where records can lie in two places, both; RESP3 where it matters most."""
    for mode in modes:
        for view in VIEWS:
            if mode == "none":
                places = [view]
            else:
                places = {"old": ["old"], "new": ["new"], "to-new": ["old", "new"], "to-old": ["new", "old"]}[mode]
            for placed in places:
                for scope in SCOPES:
                    if scope == "out" and placed != places[0]:
                        continue
                    yield Setting(mode, view, scope, placed)
                    if scope == "in" and placed == places[0]:
                        yield Setting(mode, view, scope, placed, 3)
