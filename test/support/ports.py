"""A free loopback port for a server that a test starts.

Never one from the kernel's ephemeral range: between the choice and the server's bind() any outgoing connection of this
machine could be given the same number, and the server would end with "Address already in use".
"""
import random
import socket

LOWEST = 10000
reservations = []  # held until this process ends: a port that nobody listens on yet is given to one process once


def ephemeral_range_begins():
    try:
        with open("/proc/sys/net/ipv4/ip_local_port_range") as text:
            return int(text.read().split()[0])
    except (OSError, ValueError):
        return 32768


def bindable(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def reserve(port):
    """An abstract socket is a lock among all processes of this machine that goes with the process that has it."""
    lock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        lock.bind(f"\0keyshift-test-port-{port}")
    except OSError:
        lock.close()
        return False
    reservations.append(lock)
    return True


def free_port():
    highest = max(ephemeral_range_begins(), LOWEST + 1000)
    while True:
        port = random.SystemRandom().randrange(LOWEST, highest)
        if bindable(port) and reserve(port):
            return port
