"""The two sides of a comparison: a plain server, and a server behind a proxy. Both run the same cases and scenarios."""
import os
import socket
import time

import scopes
from compare import snapshot
from servers import run_id
from wire import Closed, Connection


class Side:
    """What both sides share. `self.port` is where the app connects, `self.store` the server behind it."""

    port = store = None

    def place_of(self, setting):
        """Under which of its names setup puts an in-scope record."""
        raise NotImplementedError

    def prepare(self, setting, all_cases):
        direct = Connection(self.store)
        direct.call([b"FLUSHALL"])
        requests = [scopes.Names(setting.scope, case.number).fill(argv, self.place_of(setting))
                    for case in all_cases for argv in case.setup]
        for argv, (kind, text) in zip(requests, direct.pipeline(requests)):
            if kind == "-":
                raise RuntimeError(f"setup {argv}: {text}")
        return direct

    def replies(self, setting, all_cases):
        shared = [c for c in all_cases if "own" not in c.flags]
        found = {}
        filled = {c.number: [scopes.Names(setting.scope, c.number).fill(r, setting.view) for r in c.requests] for c in all_cases}
        connection = Connection(self.port, setting.protocol)
        flat = iter(connection.pipeline([r for c in shared for r in filled[c.number]]))
        for case in shared:
            found[case.number] = [next(flat) for _ in case.requests]
        connection.close()
        found.update(self.side_by_side(setting, {c.number: filled[c.number] for c in all_cases if "own" in c.flags}))
        return found

    def side_by_side(self, setting, requests):
        """Each case on a connection of its own, all of them open at once."""
        found, open_ones = {}, {}
        for number, own in requests.items():
            open_ones[number] = Connection(self.port, setting.protocol, 5.0)
            open_ones[number].send(*own)
        end = time.monotonic() + 5
        for number, connection in open_ones.items():
            connection.socket.settimeout(max(0.05, end - time.monotonic()))
            found[number] = self.read_all(connection, len(requests[number]))
        return found

    @staticmethod
    def read_all(connection, count):
        """None for what got no reply."""
        out = []
        try:
            for _ in range(count):
                out.append(connection.read())
            connection.close()
        except (Closed, socket.timeout, OSError):
            pass
        return out + [None] * (count - len(out))

    def run_cases(self, setting, all_cases):
        """({case number: replies}, what is left)"""
        direct = self.prepare(setting, all_cases)
        found = self.replies(setting, all_cases)
        left = snapshot(direct, setting.view)
        direct.close()
        return found, left

    def run_scenario(self, setting, name, scenario):
        direct = Connection(self.store)
        direct.call([b"FLUSHALL"])
        stage = Stage(self, setting, direct, scenario.number)
        try:
            scenario(stage)
            held, _, wrong = snapshot(direct, setting.view)
            stage.note("left", sorted((k, v[:2], v[2][0] < 0) for k, v in held.items()), wrong)
        except (Closed, socket.timeout, OSError, RuntimeError) as error:
            stage.note("broke off", repr(error))
        finally:
            stage.close()
        return stage.transcript


class Plain(Side):
    """A server that the app reaches directly. What it says depends on names and protocol only, so it is asked once."""

    def __init__(self, processes, program):
        self.port = self.store = processes.redis(program, "plain")
        self.known = {}

    def place_of(self, setting):
        return setting.view

    def run_cases(self, setting, all_cases):
        key = (setting.view, setting.scope, setting.protocol)
        if key not in self.known:
            self.known[key] = super().run_cases(setting, all_cases)
        return self.known[key]

    def run_scenario(self, setting, name, scenario):
        key = (setting.view, setting.scope, setting.protocol, setting.mode == "none", name)
        if key not in self.known:
            self.known[key] = super().run_scenario(setting, name, scenario)
        return self.known[key]


class Proxied(Side):
    """A server behind a proxy; in mode "none" behind nothing."""

    def __init__(self, processes, redis, program):
        self.processes, self.program = processes, program
        self.store = processes.redis(redis, "behind")
        self.proxy = self.serving = None
        self.run_id = run_id(self.store)
        self.migration = os.path.join(processes.folder, "migration.yaml")
        with open(self.migration, "w") as file:
            file.write(scopes.MIGRATION % self.store)

    def place_of(self, setting):
        return setting.placed

    def serve(self, setting):
        """A proxy of its own for every setting: the one before remembers records that it moved, and they are put back
        behind its back. One that died is started again, so that every case that kills it can be named."""
        if self.serving == setting and (self.proxy is None or self.proxy.poll() is None):
            return
        if self.proxy is not None:
            self.processes.end(self.proxy)
            self.proxy = None
        self.serving = setting
        if setting.mode == "none":
            self.port = self.store
        else:
            self.port, self.proxy = self.processes.proxy(self.program, self.store, self.migration, setting.mode, scopes.VIEWS[setting.view])

    def run_cases(self, setting, all_cases):
        self.serve(setting)
        try:
            return super().run_cases(setting, all_cases)
        except (Closed, OSError):
            return self.case_by_case(setting, all_cases)

    def case_by_case(self, setting, all_cases):
        """The connection broke or hung: each case on a connection of its own, so that the guilty one can be named."""
        direct = self.prepare(setting, all_cases)
        found = {}
        for case in all_cases:
            self.serve(setting)
            names = scopes.Names(setting.scope, case.number)
            connection = Connection(self.port, setting.protocol, 1.0)
            connection.send(*[names.fill(r, setting.view) for r in case.requests])
            found[case.number] = self.read_all(connection, len(case.requests))
        left = snapshot(direct, setting.view)
        direct.close()
        return found, left

    def run_scenario(self, setting, name, scenario):
        self.serve(setting)
        transcript = super().run_scenario(setting, name, scenario)
        if transcript and transcript[-1][0] == "broke off":
            time.sleep(0.3)  # a proxy that is dying must be seen to be dead by the next serve()
        return transcript


class Stage:
    """What a scenario plays on: connections, names, and the transcript that is compared."""

    def __init__(self, side, setting, direct, number):
        self.side, self.setting, self.direct = side, setting, direct
        self.names = scopes.Names(setting.scope, number)  # unlike those of any other scenario, for the same reason
        self.transcript, self.open = [], []

    @property
    def behind_proxy(self):
        return self.side.port != self.side.store

    @property
    def has_scope(self):
        return self.setting.mode != "none"

    def connect(self, protocol=None):
        connection = Connection(self.side.port, protocol or self.setting.protocol, 5.0)
        self.open.append(connection)
        return connection

    def fill(self, text):
        return self.names.fill([a if isinstance(a, bytes) else a.encode() for a in (text.split() if isinstance(text, str) else text)],
                               self.setting.view)

    def setup(self, text):
        argv = self.names.fill(text.encode().split(), self.side.place_of(self.setting))
        kind, value = self.direct.call(argv)
        if kind == "-":
            raise RuntimeError(f"setup {text}: {value}")

    def ask(self, connection, text):
        """Sends, reads, notes."""
        reply = connection.call(self.fill(text))
        self.note(text if isinstance(text, str) else repr(text), reply)
        return reply

    def note(self, *what):
        self.transcript.append(what)

    def wait_for(self, field, value):
        """Until INFO of the server says `field:value`; up to 5 s."""
        end = time.monotonic() + 5
        while time.monotonic() < end:
            if b"%s:%d\r\n" % (field.encode(), value) in self.direct.call([b"INFO"])[1]:
                return
            time.sleep(0.002)
        raise RuntimeError(f"{field} did not become {value}")

    def close(self):
        for connection in self.open:
            try:
                connection.close()
            except OSError:
                pass
