"""Thirty proxies, some behind cables of their own, and what is done to them in the middle of a flip."""
import signal
import threading
import time

from cable import Cable, loop_in_a_thread
from world import FOLLOW, World

CABLES, ALWAYS_SLOW, SLOW = 6, 2, 0.002


class Fleet(World):
    def __init__(self, keyshift, folder, proxies, rate=400):
        super().__init__(keyshift, folder, proxies, rate)
        self.loop = loop_in_a_thread()
        self.cables = {}
        self.away = set()   # names of proxies that cannot answer: dead, stopped, or behind a cable that is blocked
        self.harmed = {}    # number of a proxy: how often something was done to it
        self.killed = set()
        self.later = []
        for number in range(min(CABLES, proxies // 4)):
            self.cables[number] = Cable(self.loop, self.port)
            self.proxies[number].upstream = f"redis://127.0.0.1:{self.cables[number].port}"
        for number in list(self.cables)[:ALWAYS_SLOW]:
            self.cables[number].slow(SLOW)

    def start(self):
        for proxy in self.proxies:
            proxy.start(FOLLOW, "old", "on")

    def harm(self, proxy):
        self.harmed[proxy.number] = self.harmed.get(proxy.number, 0) + 1

    def put_right(self, proxy, seconds, what):
        """Lets `what` happen later, whatever else happens until then."""
        def do():
            what()
            self.away.discard(proxy.name)
        timer = threading.Timer(seconds, do)
        self.later.append(timer)
        timer.start()

    def free(self, rng, among=None):
        """A proxy to which nothing is done just now."""
        fit = [proxy for proxy in self.proxies if proxy.name not in self.away and (among is None or proxy.number in among)]
        proxy = rng.choice(fit)
        self.away.add(proxy.name)
        self.harm(proxy)
        return proxy

    def kill(self, rng):
        proxy = self.free(rng, [p.number for p in self.proxies if p.number not in self.cables])
        self.killed.add(proxy.number)
        proxy.kill()
        self.put_right(proxy, rng.uniform(0.1, 0.4), proxy.restart)

    def stop_one(self, rng):
        proxy = self.free(rng, [p.number for p in self.proxies if p.number not in self.cables])
        process = proxy.process
        process.send_signal(signal.SIGSTOP)
        self.put_right(proxy, rng.uniform(0.1, 0.6), lambda: process.send_signal(signal.SIGCONT))

    def cut(self, rng):
        proxy = self.free(rng, self.cables)
        self.cables[proxy.number].cut()
        self.put_right(proxy, 0.1, lambda: None)

    def slow(self, rng):
        proxy = self.free(rng, self.cables)
        self.cables[proxy.number].slow(rng.uniform(0.005, 0.05))
        self.put_right(proxy, rng.uniform(0.2, 0.6), lambda: self.cables[proxy.number].slow(SLOW))

    def block(self, rng):
        proxy = self.free(rng, self.cables)
        self.cables[proxy.number].block()
        self.put_right(proxy, rng.uniform(0.2, 0.6), self.cables[proxy.number].unblock)

    def all_right(self):
        for timer in self.later:
            timer.join()
        self.later.clear()

    def stop(self):
        for timer in self.later:
            timer.cancel()
        super().stop()
        self.loop.call_soon_threadsafe(self.loop.stop)


def several(fleet, rng):
    """What is done in one step of a flip; yields behind each."""
    kinds = [fleet.stop_one, fleet.kill] + rng.sample([fleet.cut, fleet.slow, fleet.block], 1)
    for kind in kinds:
        kind(rng)
        yield
    time.sleep(rng.uniform(0, 0.03))
