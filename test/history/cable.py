"""A TCP relay whose connections are cut, slowed down and blocked: what stands between a proxy and its server."""
import asyncio
import os
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from ports import free_port  # noqa: E402


class Cable:
    """One port that leads to `server`. Its loop runs in the thread of `loop`; all methods may be called from others."""

    def __init__(self, loop, server):
        self.loop, self.server, self.port = loop, server, free_port()
        self.delay, self.writers = 0.0, set()
        self.passable = None
        asyncio.run_coroutine_threadsafe(self._listen(), loop).result(10)

    async def _listen(self):
        self.passable = asyncio.Event()
        self.passable.set()
        self.listener = await asyncio.start_server(self._joined, "127.0.0.1", self.port)

    async def _joined(self, reader, writer):
        try:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.server)
        except OSError:
            writer.transport.abort()
            return
        self.writers |= {writer, there_writer}
        await asyncio.gather(self._carry(reader, there_writer), self._carry(there_reader, writer))
        self.writers -= {writer, there_writer}

    async def _carry(self, reader, writer):
        """Until the one side ends; then the other one learns it."""
        try:
            while data := await reader.read(65536):
                if self.delay:
                    await asyncio.sleep(self.delay)
                await self.passable.wait()
                writer.write(data)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        writer.transport.abort()

    def _cut(self):
        for writer in self.writers:
            writer.transport.abort()

    def cut(self):
        """Every connection ends, what is under way on them is lost."""
        self.loop.call_soon_threadsafe(self._cut)

    def slow(self, seconds):
        """From now on every piece takes so much longer, each way."""
        self.delay = seconds

    def block(self):
        """Nothing goes through, and nobody is told."""
        self.loop.call_soon_threadsafe(self.passable.clear)

    def unblock(self):
        self.loop.call_soon_threadsafe(self.passable.set)


def loop_in_a_thread():
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return loop
