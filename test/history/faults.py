"""What happens to the processes while clients are at work. Times and victims come from a seed."""
import random
import signal
import threading
import time


def kill_proxy(world, rng):
    """kill -9, and started again a little later."""
    proxy = rng.choice(world.proxies)
    proxy.kill()
    time.sleep(rng.uniform(0.0, 0.15))
    proxy.restart()


def stop_proxy(world, rng):
    """Stopped and continued: what clients had sent lies in its sockets meanwhile."""
    proxy = rng.choice(world.proxies)
    proxy.process.send_signal(signal.SIGSTOP)
    time.sleep(rng.uniform(0.02, 0.4))
    proxy.process.send_signal(signal.SIGCONT)


def kill_sweeper(world, rng):
    if world.sweeper is None:
        return
    mode = world.sweep_mode
    world.end_sweeper(signal.SIGKILL)
    time.sleep(rng.uniform(0.0, 0.05))
    world.start_sweeper(mode)


def cut_connections(world, rng):
    """The server closes what proxies have at it, in the middle of whatever they do."""
    world.at("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    time.sleep(rng.uniform(0.0, 0.05))


class Faults:
    """Does one of `kinds` after another until end()."""

    def __init__(self, world, kinds, rng, pause):
        self.world, self.kinds, self.rng, self.pause = world, kinds, rng, pause
        self.done, self.error = {}, None
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        try:
            while not self.ended.wait(self.rng.uniform(*self.pause)):
                kind = self.rng.choice(self.kinds)
                kind(self.world, self.rng)
                self.done[kind.__name__] = self.done.get(kind.__name__, 0) + 1
        except Exception as error:  # shown by end(): a thread has nobody to tell
            self.error = error

    def __enter__(self):
        if self.kinds:
            self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        if self.kinds:
            self.thread.join()

    def check(self):
        if self.error:
            raise self.error


def generator(seed):
    return random.Random(seed)
