"""A free loopback port for a server that a test starts.

Never one from the kernel's ephemeral range: between the choice and the server's bind() any outgoing connection of this
machine could be given the same number, and the server would end with "Address already in use".
"""
import random
import socket

LOWEST = 10000
given = set()  # a port that nobody listens on yet is not given twice by one process


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


def free_port():
    highest = max(ephemeral_range_begins(), LOWEST + 1000)
    while True:
        port = random.SystemRandom().randrange(LOWEST, highest)
        if port not in given and bindable(port):
            given.add(port)
            return port
