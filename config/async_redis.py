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
from redis.exceptions import RedisError, ResponseError

from api import metrics
from api.redislink import MORE, READ_SIZE, Command, breaker

# All that it takes to be asked and to answer, as for the threads.
LONGEST = 0.1


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
        if self.connection is None:
            return asyncio.ensure_future(self.open_and_ask(commands))
        return self.write(commands)

    def write(self, commands: Sequence[Command]) -> Replies:
        now, loop = time.monotonic(), asyncio.get_running_loop()
        answer: Replies = loop.create_future()
        if not commands or not breaker.allows(now):
            answer.set_result(None if commands else [])
            return answer
        self.waiting.append(Asked(answer, len(commands), [], now))
        if not self.unsent:
            loop.call_soon(self.flush)
        self.unsent.extend([hiredis.pack_command(each) for each in commands])  # type: ignore[arg-type]
        if self.watch is None:
            self.watch = loop.call_later(LONGEST, self.look_at_the_clock)
        return answer

    def flush(self) -> None:
        """Those who came in one turn of the loop share a system call, the dearest part of it."""
        unsent, self.unsent = self.unsent, []
        if self.connection is not None:
            self.connection._writer.write(b"".join(unsent))

    # --- the connection ------------------------------------------------------

    async def open_and_ask(self, commands: Sequence[Command]) -> list[Any] | None:
        """One opens it, whoever comes meanwhile waits along."""
        if self.opening is None and breaker.allows(time.monotonic()):
            self.opening = asyncio.ensure_future(self.connect())
        if self.opening is not None:
            await asyncio.shield(self.opening)
        return None if self.connection is None else await self.write(commands)

    async def connect(self) -> None:
        """redis-py opens it, as the cache is configured: TLS, password, database."""
        try:
            options = {"socket_connect_timeout": LONGEST, "socket_timeout": LONGEST, "protocol": 2}
            connection = ConnectionPool.from_url(settings.REDIS_URL, **options).make_connection()  # type: ignore[no-untyped-call]
            await asyncio.wait_for(connection.connect(), 2 * LONGEST)
        except (RedisError, OSError, TimeoutError) as error:
            metrics.REDIS_FAILURES.inc()
            breaker.failed(time.monotonic(), error)
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
            breaker.succeeded()
            if not asked.answer.done():
                asked.answer.set_result(asked.replies)

    def look_at_the_clock(self) -> None:
        """Who waits too long ends the connection: a reply that is still to come would be taken for
        the answer to the next question."""
        self.watch = None
        if not self.waiting:
            return
        left = self.waiting[0].since + LONGEST - time.monotonic()
        if left <= 0:
            self.lose(self.connection, TimeoutError("Redis does not answer"))
        else:
            self.watch = asyncio.get_running_loop().call_later(left, self.look_at_the_clock)

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
            breaker.failed(time.monotonic(), error)
        while self.waiting:
            answer = self.waiting.popleft().answer
            if not answer.done():
                answer.set_result(None)
