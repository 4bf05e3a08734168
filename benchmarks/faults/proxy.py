"""A TCP proxy between an instance and one of its servers, in a thread of its own.

Modes, for connections that are open and for those to come:

    open    everything passes
    cut     connections are reset, new ones too
    held    nothing passes; what was sent meanwhile is delivered late, when the mode changes
    slow    what the server says waits for a while, so that it is old when it is heard
"""

import asyncio
import random
import socket
import struct
import threading
from contextlib import suppress

from scripts.with_services import free_port

PIECE = 65536
# Seconds that a piece waits: below and above the product's own time-outs.
SLOW = (0.005, 0.15)


class Proxy:
    def __init__(self, target: int, seed: int) -> None:
        self.port, self.target, self.mode = free_port(), target, "open"
        self.chance = random.Random(seed)
        self.loop = asyncio.new_event_loop()
        self.passing = asyncio.Event()
        self.passing.set()
        self.writers: set[asyncio.StreamWriter] = set()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def start(self) -> None:
        self.thread.start()
        asyncio.run_coroutine_threadsafe(self.listen(), self.loop).result(10)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self.close(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)

    async def close(self) -> None:
        self.server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    async def listen(self) -> None:
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", self.port)

    def set(self, mode: str) -> None:
        self.loop.call_soon_threadsafe(self.change, mode)

    def change(self, mode: str) -> None:
        self.mode = mode
        if mode == "held":
            self.passing.clear()
        else:
            self.passing.set()
        if mode == "cut":
            for writer in self.writers:
                reset(writer)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.mode == "cut":
            reset(writer)
            return
        try:
            there = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            reset(writer)
            return
        # Only when the proxy is stopped.
        with suppress(asyncio.CancelledError):
            await self.join((reader, writer), there)

    async def join(self, *ends: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        (reader, writer), (back, onward) = ends
        self.writers |= {writer, onward}
        try:
            await asyncio.gather(self.carry(reader, onward), self.carry(back, writer, SLOW))
        finally:
            self.writers -= {writer, onward}
            for each in (writer, onward):
                each.close()

    async def carry(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        slow: tuple[float, float] = (0, 0),
    ) -> None:
        with suppress(OSError):
            while piece := await reader.read(PIECE):
                if self.mode == "slow":
                    await asyncio.sleep(self.chance.uniform(*slow))
                await self.passing.wait()
                writer.write(piece)
                await writer.drain()
        writer.close()


def reset(writer: asyncio.StreamWriter) -> None:
    """An end without a goodbye: RST instead of FIN."""
    connection = writer.get_extra_info("socket")
    if connection is not None:
        with suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
