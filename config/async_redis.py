"""The short way to Redis for an event loop: one connection, on which all who wait write at once and
are answered in turn. The breaker is that of the threads: `api.redislink`."""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

import hiredis
from django.conf import settings
from redis.asyncio import ConnectionPool
from redis.exceptions import ResponseError

from api import metrics, redislink
from api.redislink import MORE, READ_SIZE, Command

# All that it takes to be asked and to answer, as for the threads.
LONGEST = 0.1
# Whoever seems late may only not have been heard yet, as the loop was held up itself.
GRACE = 0.01

Replies = asyncio.Future[list[Any] | None]


class Asked(NamedTuple):
    """A question under way: its answer, how many replies it has, which came, and since when."""

    answer: Replies
    expected: int
    replies: list[Any]
    since: float


class AsyncRedis:
    def __init__(self) -> None:
        self.connection: Any = None
        self.opening: asyncio.Task[None] | None = None
        self.waiting: deque[Asked] = deque()
        self.unsent: list[bytes] = []
        self.listener: asyncio.Task[None] | None = None
        self.watch: asyncio.TimerHandle | None = None

    def ask(self, commands: Sequence[Command]) -> Replies:
        """The replies to the commands, in order; None without Redis. Never raises."""
        now = time.monotonic()
        if commands and redislink.breaker.allows(now):
            if self.connection is None:
                return asyncio.ensure_future(self.open_and_ask(commands))
            return self.write(commands, now)
        answer: Replies = asyncio.get_running_loop().create_future()
        answer.set_result(None if commands else [])
        return answer

    def write(self, commands: Sequence[Command], now: float) -> Replies:
        # Before anybody waits: one who waits for what was never sent would get others' replies.
        packed = [hiredis.pack_command(each) for each in commands]  # type: ignore[arg-type]
        loop = asyncio.get_running_loop()
        answer: Replies = loop.create_future()
        self.waiting.append(Asked(answer, len(packed), [], now))
        if not self.unsent:
            loop.call_soon(self.flush)
        self.unsent.extend(packed)
        if self.watch is None:
            self.watch = loop.call_later(LONGEST, self.look_at_the_clock)
        return answer

    def flush(self) -> None:
        """Those who came in one turn of the loop share a system call, the dearest part of it."""
        unsent, self.unsent = self.unsent, []
        # One that was reset and not heard of yet is closing: uvloop would raise RuntimeError.
        if unsent and self.connection is not None and not self.connection._writer.is_closing():
            self.connection._writer.write(b"".join(unsent))

    # --- the connection ------------------------------------------------------

    async def open_and_ask(self, commands: Sequence[Command]) -> list[Any] | None:
        """One opens it, whoever comes meanwhile waits along. What the breaker said stands: the one
        who may try while it is open both opens the connection and asks."""
        if self.connection is None:
            if self.opening is None:
                self.opening = asyncio.ensure_future(self.connect())
            await asyncio.shield(self.opening)
        if self.connection is None:
            return None
        return await self.write(commands, time.monotonic())

    async def connect(self) -> None:
        """redis-py opens it, as the cache is configured: TLS, password, database."""
        options = {"socket_connect_timeout": LONGEST, "socket_timeout": LONGEST, "protocol": 2}
        pool = ConnectionPool.from_url(settings.REDIS_URL, **options)
        connection = pool.make_connection()  # type: ignore[no-untyped-call]
        try:
            await asyncio.wait_for(connection.connect(), 2 * LONGEST)
        except Exception as error:  # uvloop's for a connection that is reset is RuntimeError
            metrics.REDIS_FAILURES.inc()
            redislink.breaker.failed(time.monotonic(), error)
            await connection.disconnect(nowait=True)
        else:
            self.connection = connection
            self.listener = asyncio.ensure_future(self.listen(connection))
        finally:
            self.opening = None

    async def listen(self, connection: Any) -> None:
        reader = hiredis.Reader(replyError=ResponseError, notEnoughData=MORE)
        try:
            while data := await connection._reader.read(READ_SIZE):
                reader.feed(data)
                while (reply := reader.gets()) is not MORE:
                    self.hear(reply)
        except (hiredis.HiredisError, OSError, IndexError) as error:
            self.lose(connection, error)
        else:
            self.lose(connection, ConnectionResetError("Redis closed the connection"))

    def hear(self, reply: Any) -> None:
        asked = self.waiting[0]
        asked.replies.append(reply)
        if len(asked.replies) == asked.expected:
            self.waiting.popleft()
            redislink.breaker.succeeded()
            redislink.complaints.about(asked.replies)
            if not asked.answer.done():
                asked.answer.set_result(asked.replies)

    def look_at_the_clock(self, late: Asked | None = None) -> None:
        """Who waits too long ends the connection: a reply that is still to come would be taken for
        the answer to the next question. `late` is who was found so the last time."""
        self.watch = None
        if not self.waiting:
            return
        first = self.waiting[0]
        left = first.since + LONGEST - time.monotonic()
        if left <= 0 and first is late:
            self.lose(self.connection, TimeoutError("Redis does not answer"))
            return
        loop = asyncio.get_running_loop()
        self.watch = loop.call_later(left if left > 0 else GRACE, self.look_at_the_clock, first)

    def lose(self, connection: Any, error: Exception) -> None:
        if connection is not self.connection:
            return
        # What was not sent yet must not go out on the next one, to be answered there.
        self.connection, self.unsent = None, []
        if self.listener is not None and self.listener is not asyncio.current_task():
            self.listener.cancel()
        connection._writer.close()
        # One that ends while nobody waits is opened anew when it is needed.
        if self.waiting:
            metrics.REDIS_FAILURES.inc()
            redislink.breaker.failed(time.monotonic(), error)
        while self.waiting:
            answer = self.waiting.popleft().answer
            if not answer.done():
                answer.set_result(None)
