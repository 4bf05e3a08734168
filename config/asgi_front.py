"""The front's door for ASGI. It waits for the statement and for Redis at once, and those who wait
together share one statement: it starts after each of them came, so what it reads is new enough.

Everything but a hit is handed to the WSGI application, in a thread.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from accounts.tokens import Row
from api import limits
from api.redislink import Command
from config.async_redis import AsyncRedis
from config.front import (
    Asking,
    Hit,
    Pass,
    Replies,
    conclude,
    look_again,
    page_at_last,
    recognise,
)
from config.shared_statement import SharedStatement
from config.threads import Threads
from config.wsgi_in_threads import WSGIInThreads, environ_of, lower
from mylist import pagecache, sampler

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class AsyncFront:
    """`AsyncFront(django, threads=4)`: an ASGI application around a WSGI one."""

    def __init__(self, django: Any, *, threads: int, on: bool) -> None:
        self.threads = Threads(threads)
        self.django = WSGIInThreads(django, self.threads)
        self.on = on
        self.redis, self.sign_ins = AsyncRedis(), SharedStatement()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            # 403, where an exception would be a 500.
            return await send({"type": "websocket.close"})
        if scope["type"] != "http":
            raise ValueError(f"only http is served here, not {scope['type']}")
        environ = environ_of(scope)
        asking = recognise(environ) if self.on else None
        if asking is not None:
            found = await self.find(asking)
            if isinstance(found, Hit):
                return await self.answer(found, send)
            found.mark(environ, asking.claims)
        return await self.django(environ, receive, send)

    async def find(self, asking: Asking) -> Hit | Pass:
        # Redis is asked first, as it takes longer; what it says is used after the tokens are known.
        asked = self.redis.ask(asking.commands())
        row, _ = await self.sign_ins.row_of(asking.claims)
        replies: Replies = await asked
        if row is None:
            self.take_back(asking, replies)
            return Pass()
        found = conclude(asking, row, replies)
        if found is None:
            found = look_again(asking, row, replies, await self.redis.ask(asking.look_up()))
        if isinstance(found, Pass) and found.missed and (claim := asking.claim(row)):
            return await self.of_somebody_else(asking, row, found, claim)
        return found

    async def of_somebody_else(
        self, asking: Asking, row: Row, missed: Pass, claim: Command
    ) -> Hit | Pass:
        """As `pagecache.of_somebody_else`, but no thread sleeps meanwhile."""
        claimed = await self.redis.ask((claim,))
        for seconds in pagecache.LOOKS if claimed == [None] else ():
            await asyncio.sleep(seconds)
            found = page_at_last(asking, row, missed, await self.redis.ask(asking.look_up()))
            if found is not None:
                return found
        return missed._replace(making=True)

    def take_back(self, asking: Asking, replies: Replies) -> None:
        """It was counted before anybody knew whether it is this person who asks: it may be somebody
        who was signed out. Django counts it for whom it should."""
        if replies:
            self.redis.ask(limits.uncounting(asking.who, asking.now))

    async def answer(self, hit: Hit, send: Send) -> None:
        headers = [(lower(name), value.encode()) for name, value in hit.headers]
        await send({"type": "http.response.start", "status": hit.status, "headers": headers})
        await send({"type": "http.response.body", "body": hit.body})
        if hit.sample and sampler.due():
            self.threads.run(sampler.check, *hit.sample)
