"""What is measured: cells, configurations, and the targets that they are held against."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    command: str        # get or set
    value: int          # bytes
    pipeline: int
    connections: int

    @property
    def name(self):
        size = "16 KiB" if self.value == 16384 else f"{self.value} B"
        pipe = f", pipeline {self.pipeline}" if self.pipeline > 1 else ""
        return f"{self.command.upper()} {size}, {self.connections} connection{'s' if self.connections > 1 else ''}{pipe}"

    @property
    def keys(self):
        return 10000 if self.value < 1024 else 1000


FULL = [Cell(c, v, p, n) for v in (64, 16384) for c in ("get", "set") for p in (1, 16) for n in (50, 1)]
SHORT = [Cell("get", 64, 1, 50), Cell("get", 64, 16, 50), Cell("get", 64, 1, 1), Cell("get", 16384, 1, 50),
         Cell("set", 16384, 1, 50), Cell("set", 64, 1, 50)]

# Proxy CPU per request: at most FACTOR x that of each PEER in the same run, or 1.10 x the bare floor.
CPU_TARGETS = {
    Cell("get", 64, 1, 50): {"nutcracker": 0.79},
    Cell("get", 64, 16, 50): {"haproxy": 0.60, "nutcracker": 0.45},
    Cell("get", 64, 1, 1): {"nutcracker": 0.88},
    Cell("get", 16384, 1, 50): {"nutcracker": 0.72},
    Cell("set", 16384, 1, 50): {"nutcracker": 0.85},
}
FLOOR = "floor-asio"
FLOOR_FACTOR = 1.10
SERVER_CPU_CELL = Cell("get", 64, 1, 50)
SERVER_CPU_TARGET = 0.7 / 7.3                                        # of what redis-server spends per request without a proxy
ADDED_P50_CELL, ADDED_P50_TARGET = Cell("get", 64, 1, 1), 12.0       # us over direct
P99_NOISE = 1.05                                                     # "no worse": within what rounds differ by
SCOPE_CELLS = [Cell("get", 64, 1, 50), Cell("get", 64, 16, 50), Cell("set", 64, 1, 50)]
SCOPE_TARGETS = {"keyshift-moved": 0.25, "keyshift-new": 0.10}       # us of proxy CPU more than out of scope
MEMORY_TARGETS = {"fresh": 6.0, "after load": 8.0, "10 s after a 16 KiB burst": 8.0}   # MiB of Pss
IDLE_CLIENT_TARGET = 512                                             # bytes
IDLE_CPU_TARGET = 10.0                                               # us per second

# Name -> what the keys of its clients look like. {size} is the value size, {} the number of the record.
KEYS = {"keyshift-moved": "s{size:05d}:{{}}", "keyshift-cold": "s{size:05d}:{{}}", "keyshift-new": "s{size:05d}:{{}}"}
PLAIN_KEY = "p{size:05d}:{{}}"
STORED_KEY = "n{size:05d}:{{}}"      # where a rule puts the records in scope

DESCRIPTION = {
    "direct": "client to redis-server, no proxy",
    "floor-asio": "bare floor, Asio as it comes",
    "floor-epoll": "bare floor, epoll loop of its own",
    "nutcracker": "nutcracker",
    "haproxy": "haproxy, tcp mode",
    "keyshift": "no migration",
    "keyshift-out": "rules loaded, keys out of scope (`to-new`)",
    "keyshift-moved": "in scope, `to-new`, record known to be moved",
    "keyshift-cold": "in scope, `to-new`, record moved but not known (`--ensured-max 0`)",
    "keyshift-new": "in scope, `new`",
}
