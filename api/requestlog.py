"""The request id, and one access line for each request."""

import re
import time
import uuid
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

log = structlog.get_logger("access")

SANE_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


class RequestLogMiddleware:
    """Outermost. Names the route, not the path: a path can hold a one-time link."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = sane_or_new(request.headers.get("X-Request-ID", ""))
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        write_access_line(request, response, time.perf_counter() - started)
        # What the server logs next is about somebody else.
        structlog.contextvars.clear_contextvars()
        return response


def sane_or_new(request_id: str) -> str:
    """The client's own id where it can stand in a header and a log line."""
    return request_id if SANE_ID.fullmatch(request_id) else uuid.uuid4().hex


def write_access_line(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    # The API binds the user when it authenticates; pages and the admin keep theirs here, once
    # somebody has asked for it. Asking now would cost a query.
    person = getattr(request, "_cached_user", None)
    if person is not None and person.pk is not None:
        structlog.contextvars.bind_contextvars(user_id=person.pk)
    log.info(
        "request",
        method=request.method,
        route=route_of(request),
        status=response.status_code,
        ms=round(seconds * 1000, 2),
    )


def route_of(request: HttpRequest) -> str:
    """`unrouted` is what came to no view of ours: unknown paths, static files, early refusals."""
    match = request.resolver_match
    if match and match.route:
        return match.route
    # The start page and the route that catches the rest are both "".
    return "/" if match and request.path_info == "/" else "unrouted"
