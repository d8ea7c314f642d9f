"""Runs the scenarios with redis-py. Usage: run_redis_py.py HOST PORT family=name-with-%s... [only=id,id]"""
import sys

import blocking, connection, data, flow, records, structures  # noqa: E401,F401 (importing registers their scenarios)
from context import SCENARIOS, Context

# What redis-py has no call for: id -> reason.
UNSUPPORTED = {}


def run(name, function, context):
    try:
        function(context)
        return f"{name} pass"
    except Exception as error:  # a scenario's failure is a line of the matrix, whatever it is
        return f"{name} fail: {type(error).__name__}: {error}".replace("\n", " ")
    finally:
        context.close()


def main():
    host, port = sys.argv[1], int(sys.argv[2])
    settings = dict(argument.split("=", 1) for argument in sys.argv[3:])
    only = settings.pop("only", "")
    wanted = set(only.split(",")) if only else None
    for name, function in SCENARIOS.items():
        if wanted is None or name in wanted:
            print(run(name, function, Context(host, port, settings)), flush=True)
    for name, reason in UNSUPPORTED.items():
        if wanted is None or name in wanted:
            print(f"{name} unsupported: {reason}")


main()
