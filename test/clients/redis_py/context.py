"""What every scenario gets: names of keys in the app's view, clients, and the other side of a blocking command."""
import threading
import time

import redis

SCENARIOS = {}


def scenario(function):
    """Registers the function under its own name, which is the id in scenarios.json."""
    SCENARIOS[function.__name__.rstrip("_")] = function
    return function


def equal(got, want):
    if got != want:
        raise AssertionError(f"got {got!r}, wanted {want!r}"[:400])


def check(condition, text):
    if not condition:
        raise AssertionError(text)


def refused(word, function, *args, **kwargs):
    """The call must end in an error reply that contains the word."""
    try:
        got = function(*args, **kwargs)
    except redis.RedisError as error:
        check(word.lower() in (type(error).__name__ + " " + str(error)).lower(), f"wanted {word}, got {error!r}")
        return
    raise AssertionError(f"wanted an error with {word}, got {got!r}"[:400])


def until(condition, text, seconds=5.0):
    end = time.monotonic() + seconds
    while True:
        got = condition()
        if got:
            return got
        check(time.monotonic() < end, "not within the time: " + text)
        time.sleep(0.01)


class Context:
    def __init__(self, host, port, names):
        self.address = {"host": host, "port": port}
        self.names = names
        self.opened = []

    def key(self, family, name):
        return self.names[family].replace("%s", str(name))

    def client(self, **options):
        settings = {"decode_responses": True, "socket_timeout": 6, "protocol": 2} | self.address | options
        client = redis.Redis(**settings)
        self.opened.append(client)
        return client

    def later(self, function, *args, seconds=0.15):
        """Runs a call of another client a little later, while this one blocks."""
        timer = threading.Timer(seconds, function, args)
        timer.daemon = True
        timer.start()
        return timer

    def close(self):
        for client in self.opened:
            client.close()
