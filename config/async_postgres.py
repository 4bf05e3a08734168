"""A connection to PostgreSQL on which an event loop waits, by libpq directly: a statement costs
half of what it does by psycopg's asynchronous cursor."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import psycopg
from django.db import connections

from api.prepared import Results, as_text, numbered

# For a server that may hang as well.
CANCEL_SECONDS = 5.0


class Wire:
    """One statement at a time, each prepared when it is first run. `ended` tells that the server
    has closed the connection, also while nobody used it."""

    def __init__(self, raw: Any) -> None:
        self.raw, self.pgconn, self.results = raw, raw.pgconn, Results(raw)
        self.names: dict[str, bytes] = {}
        self.answer: asyncio.Future[Any] | None = None
        self.last: Any = None
        self.ended = False
        self.loop = asyncio.get_running_loop()
        self.pgconn.nonblocking = 1
        # libpq forgets it when the connection is lost.
        self.descriptor = self.pgconn.socket
        self.loop.add_reader(self.descriptor, self.hear)

    async def rows(self, sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
        """`sql` has `%s` for each of the params, which are texts. Raises psycopg's errors."""
        name = self.names.get(sql) or await self.prepare(sql)
        values = [as_text(param) for param in params]
        result = await self.said(lambda: self.pgconn.send_query_prepared(name, values))
        return self.results.done(result).rows

    async def prepare(self, sql: str) -> bytes:
        name, text = b"wire_%d" % len(self.names), numbered(sql).encode()
        self.results.check(await self.said(lambda: self.pgconn.send_prepare(name, text)))
        self.names[sql] = name
        return name

    def said(self, send: Callable[[], None]) -> asyncio.Future[Any]:
        """What the server says to this."""
        send()
        if self.pgconn.flush():
            # A statement is a hundred bytes: this is a connection that takes none at all.
            raise psycopg.OperationalError("the connection takes nothing")
        self.last, self.answer = None, self.loop.create_future()
        return self.answer

    def hear(self) -> None:
        try:
            self.pgconn.consume_input()
            while self.answer is not None and not self.pgconn.is_busy():
                self.take(self.pgconn.get_result())
        except Exception as error:  # of libpq, in psycopg's words: the connection is lost
            self.end(error)

    def take(self, result: Any) -> None:
        """The last of a statement's results is followed by none."""
        if result is not None:
            self.last = result
            return
        answer, self.answer = self.answer, None
        if answer is not None and not answer.done():
            answer.set_result(self.last)

    def end(self, error: Exception) -> None:
        self.ended = True
        self.loop.remove_reader(self.descriptor)
        answer, self.answer = self.answer, None
        if answer is not None and not answer.done():
            answer.set_exception(error)

    async def close(self) -> None:
        """Also ends a statement that hangs: the server does not notice that nobody waits for it."""
        busy = self.answer is not None
        if not self.ended:
            self.end(psycopg.OperationalError("the connection was closed"))
        if busy:
            with suppress(psycopg.Error):
                await self.raw.cancel_safe(timeout=CANCEL_SECONDS)
        await self.raw.close()


async def connect() -> psycopg.AsyncConnection[Any]:
    """As Django connects, but for what is Django's own."""
    params = connections["default"].get_connection_params()
    for name in ("cursor_factory", "context"):
        params.pop(name)
    return await psycopg.AsyncConnection.connect(**params | {"autocommit": True})
