"""Bodies: how long they may be, what they may be, and how they are read."""

import select
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import IO, Any

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_header_parameters
from rest_framework import parsers
from rest_framework.exceptions import ParseError

from api import problems
from api.answers import respond
from api.problems import Problem

LONGEST_BODY = 64 * 1024
# How many seconds a body that is refused is read, and how many milliseconds of pause end it before.
LONGEST_DRAIN = 2.0
PAUSE = 100
# More than the length of any body has.
MOST_DIGITS = 18
UNREADABLE_TYPE = "application/octet-stream"


class BodySizeMiddleware:
    """411 for a body without a Content-Length, 413 for one that is too long."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "HTTP_TRANSFER_ENCODING" in request.META:
            drain(request)
            return respond(Problem(problems.LENGTH_REQUIRED), request)
        longest = longest_body(request)
        if content_length(request.META) > longest:
            drain(request)
            detail = f"A body is at most {longest} bytes long here."
            return respond(Problem(problems.TOO_LARGE, detail), request)
        return self.get_response(request)


def longest_body(request: HttpRequest) -> int:
    """Beside the API there are forms, which Django would refuse with a page of its own."""
    return (
        LONGEST_BODY
        if request.path_info.startswith("/api/")
        else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    )


def content_length(environ: Mapping[str, Any]) -> int:
    """0 where there is none that can be read. Of one with thousands of digits, which `int` refuses,
    the first tell enough: it is longer than any body may be."""
    length = str(environ.get("CONTENT_LENGTH", ""))
    if not (length.isascii() and length.isdigit()):
        return 0
    return int(length.lstrip("0")[:MOST_DIGITS] or 0)


def drain(request: HttpRequest) -> None:
    """Let a client that is still sending come to read our refusal: closing a socket with unread
    bytes resets it. Bounded in time, as it may send slowly, or nothing; then nothing more is read
    from this connection. Servers that do not show their socket end it in their own way."""
    sock = request.META.get("gunicorn.socket")
    if sock is None:
        return
    deadline = time.monotonic() + LONGEST_DRAIN
    with suppress(OSError):
        # Not select(), which refuses descriptors from 1024 on: a busy worker has as many.
        arriving = select.poll()
        arriving.register(sock, select.POLLIN)
        while arriving.poll(PAUSE) and time.monotonic() < deadline:
            if not sock.recv(64 * 1024):
                break
        sock.shutdown(socket.SHUT_RD)


def read_content_type(request: HttpRequest, meta: dict[str, Any]) -> None:
    """In place of `HttpRequest._set_content_type_params`, which decodes the query in the charset
    of the body, and raises for what it cannot read, where no middleware could answer yet."""
    try:
        found = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
    except Exception:  # of many kinds; email.message reads it
        meta["CONTENT_TYPE"] = UNREADABLE_TYPE
        found = (UNREADABLE_TYPE, {})
    request.content_type, request.content_params = found


class JSONParser(parsers.JSONParser):
    """JSON by orjson: strict UTF-8, no NaN, no lone surrogates, bounded depth."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            return orjson.loads(stream.read())
        except orjson.JSONDecodeError as error:
            raise ParseError(f"The body is not JSON: {error.msg}.") from error
