"""Reads cases/*.txt.

One case in one line, blanks in an argument by quotes, \\ escapes as in Python inside "...":

    {setup; setup} request; request !flag !flag=reason

setup runs at the servers directly, where the setting puts the records; requests go through the proxy. @a to @f are keys
whose scope the setting decides, @x and @y are never in scope. Lines that begin with # are comments. Flags:

    !own            a connection of its own, because the requests leave something on it
    !sorted=why     the top-level elements of the replies may come in any order
    !pairs=why      the same, two by two
    !shape=why      only the type of the reply is compared
    !refused=why    where rules live the proxy refuses the last request when one of its keys is in scope
    !always-refused=why   where rules live the proxy refuses the last request
"""
import dataclasses
import glob
import os
import re

TOKEN = re.compile(rb"""\s*(?:([;{}])|((?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s;{}"'])+))""", re.S)
PIECE = re.compile(rb""""((?:[^"\\]|\\.)*)"|'([^']*)'|([^"']+)""", re.S)


@dataclasses.dataclass
class Case:
    where: str
    number: int
    setup: list
    requests: list
    flags: dict

    def row(self, argv, rows):
        two = b" ".join(argv[:2]).upper().decode("latin1")
        return two if two in rows else argv[0].upper().decode("latin1")


def unquote(token):
    out = b""
    for double, single, bare in PIECE.findall(token):
        out += double.decode("unicode_escape").encode("latin1") if double else single + bare
    return out


def tokens(line):
    at, line = 0, line.rstrip()
    while at < len(line):
        match = TOKEN.match(line, at)
        if not match:
            raise ValueError(f"cannot read {line[at:]!r}")
        at = match.end()
        yield (match[1], None) if match[1] else (None, match[2])


def parse(line, where, number):
    setup, requests, flags = [], [], {}
    current, into = [], requests

    def flush():
        if current:
            into.append(list(current))
            current.clear()

    for mark, word in tokens(line):
        if mark:
            flush()
            into = setup if mark == b"{" else requests if mark == b"}" else into
        elif word.startswith(b"!"):
            flag, _, reason = unquote(word[1:]).decode().partition("=")
            flags[flag] = reason
        else:
            current.append(unquote(word))
    flush()
    if not requests:
        raise ValueError(f"{where}: no request")
    return Case(where, number, setup, requests, flags)


def read_all(folder, only=""):
    found, number = [], 0
    for path in sorted(glob.glob(os.path.join(folder, "*.txt"))):
        with open(path, "rb") as file:
            for n, line in enumerate(file, 1):
                number += 1
                where = f"{os.path.basename(path)}:{n}"
                if line.strip() and not line.startswith(b"#") and only in f"{where} {line.decode('latin1')}":
                    found.append(parse(line, where, number))
    return found
