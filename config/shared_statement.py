"""Who is signed in, asked for several requests by one statement.

A statement begins after each of those who share it came, and nobody joins one that has begun: what
it reads is as new as if each had asked alone.
"""

import asyncio
import time

import structlog
from django.db import connections

from accounts import tokens
from accounts.tokens import Claims, Row
from config.async_postgres import Wire, connect

log = structlog.get_logger("front")

# The row, and whether the database answered at all.
Answer = tuple[Row | None, bool]
Waiting = list[tuple[Claims, asyncio.Future[Answer]]]
Found = dict[tuple[int, int], Row]

SECONDS = 1.0
# After a failure Django answers; it says what is wrong.
REST_SECONDS = 1.0


class SharedStatement:
    def __init__(self) -> None:
        # While a statement runs, it has the connection, and gives it back when all went well.
        self.connection: Wire | None = None
        self.waiting: Waiting = []
        self.running: asyncio.Task[None] | None = None
        self.rest_until = 0.0

    def row_of(self, claims: Claims) -> asyncio.Future[Answer]:
        """The row of `accounts.tokens.live_sign_ins`, None for somebody who is not signed in; and
        whether that is known. Never raises."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        if time.monotonic() < self.rest_until:
            answer.set_result((None, False))
            return answer
        self.waiting.append((claims, answer))
        if self.running is None:
            self.running = asyncio.ensure_future(self.run())
        return answer

    async def run(self) -> None:
        """One statement after the other, until nobody waits."""
        loop, task = asyncio.get_running_loop(), self.running
        while self.waiting and self.running is task:
            together, self.waiting = self.waiting, []
            watch = loop.call_later(SECONDS, self.too_long, together)
            connection, self.connection = self.connection, None
            try:
                if connection is None or connection.ended:
                    connection = Wire(await connect())
                found = await read(connection, together)
                self.connection, connection = connection, None
                tell(together, found)
            except Exception as error:  # whatever it is, nobody may be left waiting
                self.give_up(together, error)
            finally:
                watch.cancel()
                if connection is not None:
                    await connection.close()
        if self.running is task:
            self.running = None

    def too_long(self, together: Waiting) -> None:
        """Nobody waits for the end of a statement that hangs."""
        self.give_up(together, TimeoutError())
        task, self.running = self.running, None
        if task is not None:
            task.cancel()

    def give_up(self, together: Waiting, error: Exception) -> None:
        log.warning("statement failed", error=type(error).__name__)
        self.rest_until = time.monotonic() + REST_SECONDS
        together, self.waiting = together + self.waiting, []
        tell(together, None)


def tell(together: Waiting, found: Found | None) -> None:
    for claims, answer in together:
        # Not whose client has gone.
        if not answer.done():
            known = found is not None
            row = found.get((claims.sid, claims.user_id)) if found is not None else None
            answer.set_result((row, known))


async def read(wire: Wire, together: Waiting) -> Found:
    sids = ",".join([str(claims.sid) for claims, _ in together])
    sql = tokens.SEVERAL.statement(connections["default"]).sql
    return {(row[0], row[1]): row for row in await wire.rows(sql, [f"{{{sids}}}"])}
