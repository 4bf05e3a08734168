"""A WSGI application served by an ASGI server: each request runs in a thread of a pool.

Django's own ASGI handler gives each request a thread of its own and with it a database connection;
a view that waits for PostgreSQL costs twice as much under it. These threads stay, with theirs.
"""

import asyncio
import io
import sys
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from tempfile import SpooledTemporaryFile
from typing import IO, Any

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = list[tuple[str, str]]

# A body that is longer stays unread: the application refuses it by its Content-Length.
LONGEST_BODY = 20 * 1024 * 1024
IN_MEMORY = 64 * 1024


def environ_of(scope: dict[str, Any]) -> dict[str, Any]:
    """PEP 3333's words for an HTTP connection's scope. Headers that came twice are joined."""
    server, client = scope.get("server") or ("localhost", 80), scope.get("client")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": scope.get("root_path", ""),
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1] or 80),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client[0] if client else "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in scope["headers"]:
        name, value = name_of(raw_name), raw_value.decode("latin-1")
        environ[name] = f"{environ[name]},{value}" if name in environ else value
    return environ


@lru_cache(maxsize=500)
def lower(name: str) -> bytes:
    """A header's name in ASGI's words."""
    return name.lower().encode("latin-1")


@lru_cache(maxsize=500)
def name_of(header: bytes) -> str:
    """A header's name in WSGI's words."""
    name = header.decode("latin-1").upper().replace("-", "_")
    return name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"


class WSGIInThreads:
    def __init__(self, wsgi: Callable[..., Iterable[bytes]], pool: ThreadPoolExecutor) -> None:
        self.wsgi, self.pool = wsgi, pool

    async def __call__(self, environ: dict[str, Any], receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        body = await body_of(environ, receive)
        if body is None:
            return
        with body:
            answer = Answer(loop, send)
            environ["wsgi.input"] = body
            await loop.run_in_executor(self.pool, answer.run, self.wsgi, environ)
        await answer.finish()


async def body_of(environ: dict[str, Any], receive: Receive) -> IO[bytes] | None:
    """The whole body, so that no thread waits for a slow client; None when the client is gone."""
    length = environ.get("CONTENT_LENGTH", "")
    known = length.isascii() and length.isdigit() and int(length) <= LONGEST_BODY
    if not known or int(length) == 0:
        return io.BytesIO()
    body: IO[bytes] = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - the caller closes it
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            body.close()
            return None
        body.write(message.get("body", b""))
        more = message.get("more_body", False)
    body.seek(0)
    return body


class Answer:
    """What the application answers, on its way from the thread to the loop.

    One whose length is known is sent at once when the application is done; any other piece by
    piece, each when the last one has gone out.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, send: Send) -> None:
        self.loop, self.send = loop, send
        self.status, self.headers, self.body = 500, [], b""  # type: tuple[int, Headers, bytes]
        self.begun = False

    def start_response(self, status: str, headers: Headers, exc_info: Any = None) -> None:
        self.status, self.headers = int(status[:3]), headers

    def run(self, wsgi: Callable[..., Any], environ: dict[str, Any]) -> None:
        pieces = wsgi(environ, self.start_response)
        try:
            if any(name.lower() == "content-length" for name, _ in self.headers):
                self.body = b"".join(pieces)
                return
            for piece in pieces:
                self.from_thread(self.send_piece(piece))
        finally:
            if hasattr(pieces, "close"):
                pieces.close()

    def from_thread(self, sending: Any) -> None:
        asyncio.run_coroutine_threadsafe(sending, self.loop).result()

    async def send_piece(self, piece: bytes) -> None:
        await self.begin()
        await self.send({"type": "http.response.body", "body": piece, "more_body": True})

    async def begin(self) -> None:
        if self.begun:
            return
        self.begun = True
        headers = [(lower(name), value.encode("latin-1")) for name, value in self.headers]
        await self.send({"type": "http.response.start", "status": self.status, "headers": headers})

    async def finish(self) -> None:
        await self.begin()
        await self.send({"type": "http.response.body", "body": self.body})
