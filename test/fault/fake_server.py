"""An upstream that is no Redis, or stops being one."""
import socket
import threading


class FakeServer:
    """An upstream that does `bad` with a connection at once, or, `polite`, when it is sent SET."""

    def __init__(self, bad, polite):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.bad, self.polite, self.open = bad, polite, []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            self.open.append(peer)
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        try:
            seen = b""
            while True:
                part = peer.recv(65536)
                if not part:
                    return
                seen += part
                while seen.startswith(b"*") and b"\r\n" in seen:
                    words, used = parse(seen)
                    if words is None:
                        break
                    seen = seen[used:]
                    if not self.polite or words[0].upper() == b"SET":
                        self.bad(peer)
                    else:
                        peer.sendall(good_reply(words))
        except OSError:
            return

    def close(self):
        self.listener.close()
        for peer in self.open:
            peer.close()


def parse(data):
    """The first request in `data` and its length; (None, 0) when it is not whole."""
    lines, at = [], data.index(b"\r\n") + 2
    for _ in range(int(data[1:at - 2])):
        end = data.find(b"\r\n", at)
        if end < 0:
            return None, 0
        size = int(data[at + 1:end])
        if len(data) < end + 4 + size:
            return None, 0
        lines.append(data[end + 2:end + 2 + size])
        at = end + 4 + size
    return lines, at


def good_reply(words):
    name = words[0].upper()
    if name == b"HELLO":
        return b"*4\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n"
    if name == b"INFO":
        return b"$14\r\nrun_id:abc\r\n\r\n\r\n"
    return b"+PONG\r\n" if name == b"PING" else b"+OK\r\n"
