"""Bodies: how long they may be, and how they are read."""

from collections.abc import Callable, Mapping
from typing import IO, Any

import orjson
from django.http import HttpRequest, HttpResponse
from rest_framework import parsers
from rest_framework.exceptions import ParseError

from api import problems
from api.answers import respond
from api.problems import Problem

LONGEST_BODY = 64 * 1024
# What is read and thrown away so that a client that is still sending gets to read our refusal:
# closing a socket with unread bytes resets it.
MOST_DRAINED = 32 * 1024 * 1024


class BodySizeMiddleware:
    """411 for a body without a Content-Length, 413 under /api/ for one that is too long."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "Transfer-Encoding" in request.headers:
            drain(request)
            return respond(Problem(problems.LENGTH_REQUIRED), request)
        if request.path_info.startswith("/api/") and content_length(request) > LONGEST_BODY:
            drain(request)
            detail = f"A body is at most {LONGEST_BODY} bytes long here."
            return respond(Problem(problems.TOO_LARGE, detail), request)
        return self.get_response(request)


def content_length(request: HttpRequest) -> int:
    length = request.headers.get("Content-Length", "")
    return int(length) if length.isascii() and length.isdigit() else 0


def drain(request: HttpRequest) -> None:
    """Read what the server can end by itself; a chunked body on a bare socket would block."""
    stream: Any = request
    if "Transfer-Encoding" in request.headers:
        if not request.META.get("wsgi.input_terminated"):
            return
        stream = request.META["wsgi.input"]
    left = MOST_DRAINED
    while left > 0 and (chunk := stream.read(min(left, 64 * 1024))):
        left -= len(chunk)


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
