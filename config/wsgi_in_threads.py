"""A WSGI application served by an ASGI server: each request runs in a thread of a pool.

Django's own ASGI handler gives each request a thread of its own and with it a database connection;
a view that waits for PostgreSQL costs twice as much under it. These threads stay, with theirs.
"""

import asyncio
import io
import sys
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from functools import lru_cache
from tempfile import TemporaryFile
from typing import IO, Any
from urllib.parse import unquote_to_bytes, urlsplit

from api.bodies import LONGEST_DRAIN, PAUSE, content_length
from config.threads import Threads

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = list[tuple[str, str]]

# A body that is longer stays unread: the application refuses it by its Content-Length.
LONGEST_BODY = 20 * 1024 * 1024
IN_MEMORY = 64 * 1024


# Answers without a body, nor its length (RFC 9110, 8.6).
EMPTY = (204, 304)


def environ_of(scope: dict[str, Any]) -> dict[str, Any]:
    """PEP 3333's words for an HTTP connection's scope. Headers that came twice are joined."""
    server, client = scope.get("server") or ("localhost", 80), scope.get("client")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": scope.get("root_path", ""),
        "PATH_INFO": path_of(scope["raw_path"]),
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


def path_of(raw: bytes) -> str:
    """As it was sent: the scope's `path` has lost what is no UTF-8."""
    if raw[:1] != b"/" and b"://" in raw:
        # A client may send the whole address (RFC 9112, 3.2.2).
        raw = urlsplit(raw).path or b"/"
    return (unquote_to_bytes(raw) if b"%" in raw else raw).decode("latin-1")


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
    def __init__(self, wsgi: Callable[..., Iterable[bytes]], threads: Threads) -> None:
        self.wsgi, self.threads = wsgi, threads

    async def __call__(self, environ: dict[str, Any], receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        length = content_length(environ)
        body = await body_of(length, receive) if 0 < length <= LONGEST_BODY else io.BytesIO()
        answer = Answer(loop, send)
        if body is None:
            # To whom has not gone, and only stopped sending.
            answer.start_response("408 Request Timeout", [("Content-Length", "0")])
            return await answer.finish()
        environ["wsgi.input"] = body
        try:
            await self.threads.run(answer.run, self.wsgi, environ)
        except asyncio.CancelledError:
            answer.stop()
            raise
        await answer.finish()
        if length > LONGEST_BODY or "HTTP_TRANSFER_ENCODING" in environ:
            await drain(receive)
        return None


async def body_of(length: int, receive: Receive) -> IO[bytes] | None:
    """The whole body, so that no thread waits for a slow client; None when the client is gone."""
    body: IO[bytes] = io.BytesIO() if length <= IN_MEMORY else TemporaryFile()  # noqa: SIM115
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


async def drain(receive: Receive) -> None:
    """Let a client that is still sending come to read our refusal, as `api.bodies.drain` does."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LONGEST_DRAIN):
            while (await asyncio.wait_for(receive(), PAUSE / 1000)).get("more_body"):
                pass


def has_length(headers: Headers) -> bool:
    return any(name.lower() == "content-length" for name, _ in headers)


class Answer:
    """What the application answers, on its way from the thread to the loop.

    One whose length is known is sent at once when the application is done; any other piece by
    piece, each when the last one has gone out.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, send: Send) -> None:
        self.loop, self.send = loop, send
        self.status, self.headers, self.body = 500, [], b""  # type: tuple[int, Headers, bytes]
        self.begun = self.stopped = False
        self.sending: Future[None] | None = None

    def start_response(self, status: str, headers: Headers, exc_info: Any = None) -> None:
        self.status, self.headers = int(status[:3]), headers

    def run(self, wsgi: Callable[..., Any], environ: dict[str, Any]) -> None:
        """In a thread. It closes the body, as it is the last to need it."""
        with environ["wsgi.input"]:
            pieces = wsgi(environ, self.start_response)
            try:
                if self.status in EMPTY or has_length(self.headers):
                    self.body = b"".join(pieces)
                    return
                for piece in pieces:
                    self.from_thread(piece)
            finally:
                if hasattr(pieces, "close"):
                    pieces.close()

    def from_thread(self, piece: bytes) -> None:
        if self.stopped:
            raise CancelledError
        self.sending = asyncio.run_coroutine_threadsafe(self.send_piece(piece), self.loop)
        if self.stopped:
            self.sending.cancel()
        self.sending.result()

    def stop(self) -> None:
        """The client has gone. A thread that waits until it takes another piece would wait for
        ever."""
        self.stopped = True
        if self.sending is not None:
            self.sending.cancel()

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
