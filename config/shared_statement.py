"""Who is signed in, asked for several requests by one statement.

A statement begins after each of those who share it came, and nobody joins one that has begun: what
it reads is as new as if each had asked alone.
"""

import asyncio
import time
from typing import Any

import psycopg
import structlog
from django.db import connections

from accounts import tokens
from accounts.tokens import Claims

log = structlog.get_logger("front")

Facts = tuple[Any, ...] | None
# The facts, and whether the database answered at all.
Answer = tuple[Facts, bool]

SECONDS = 1.0
# After a failure Django answers; it says what is wrong.
REST_SECONDS = 1.0


class SharedStatement:
    def __init__(self) -> None:
        self.connection: Any = None
        self.waiting: list[tuple[Claims, asyncio.Future[Answer]]] = []
        self.running: asyncio.Task[None] | None = None
        self.rest_until = 0.0

    def facts_of(self, claims: Claims) -> asyncio.Future[Answer]:
        """What `accounts.tokens.also_read` named, None for somebody who is not signed in; and
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
        while self.waiting:
            together, self.waiting = self.waiting, []
            try:
                async with asyncio.timeout(SECONDS):
                    found = await self.read(together)
            except (psycopg.Error, OSError, TimeoutError) as error:
                await self.give_up(error)
                found = None
            for claims, answer in together:
                if not answer.done():
                    facts = found.get((claims.sid, claims.user_id)) if found is not None else None
                    answer.set_result((facts, found is not None))
        self.running = None

    async def read(self, together: list[Any]) -> dict[tuple[int, int], tuple[Any, ...]]:
        if self.connection is None:
            self.connection = await connect()
        sids = ",".join(str(claims.sid) for claims, _ in together)
        sql = tokens.SEVERAL.statement(connections["default"]).sql
        cursor = await self.connection.execute(sql, [f"{{{sids}}}"], prepare=True)
        return {(sid, user_id): facts for sid, user_id, *facts in await cursor.fetchall()}

    async def give_up(self, error: Exception) -> None:
        log.warning("statement failed", error=type(error).__name__)
        connection, self.connection = self.connection, None
        self.rest_until = time.monotonic() + REST_SECONDS
        if connection is not None:
            await connection.close()


async def connect() -> Any:
    """As Django connects, but for what is Django's own."""
    wrapper = connections["default"]
    params = wrapper.get_connection_params()
    for name in ("cursor_factory", "context"):
        params.pop(name)
    return await psycopg.AsyncConnection.connect(
        **params | {"autocommit": True, "prepare_threshold": 0}
    )
