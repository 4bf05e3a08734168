"""The request id, and what is told of each request: its access line, and its counts."""

import os
import re
import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from api import metrics
from api.accessline import write_access_line

SANE_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


class RequestLogMiddleware:
    """Outermost. Names the route, not the path: a path can hold a one-time link."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = sane_or_new(request.META.get("HTTP_X_REQUEST_ID", ""))
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        tell(request, response.status_code, time.perf_counter() - started, request_id)
        # What the server logs next is about somebody else.
        structlog.contextvars.clear_contextvars()
        return response


def sane_or_new(request_id: str) -> str:
    """The client's own id where it can stand in a header and a log line."""
    return request_id if SANE_ID.fullmatch(request_id) else os.urandom(16).hex()


def tell(request: HttpRequest, status: int, seconds: float, request_id: str) -> None:
    method, route = request.method or "", route_of(request)
    metrics.observe(method, route, status, seconds)
    bound = structlog.contextvars.get_contextvars()
    # The API binds the user when it authenticates; pages and the admin keep theirs here, once
    # somebody has asked for it. Asking now would cost a query.
    person = getattr(request, "_cached_user", None)
    write_access_line(
        method=method,
        route=route,
        status=status,
        seconds=seconds,
        request_id=request_id,
        user_id=bound.get("user_id") if person is None or person.pk is None else person.pk,
        code=bound.get("code"),
    )


def route_of(request: HttpRequest) -> str:
    """`unrouted` is what came to no view of ours: unknown paths, static files, early refusals."""
    match = request.resolver_match
    if match and match.route:
        return match.route
    # The start page and the route that catches the rest are both "".
    return "/" if match and request.path_info == "/" else "unrouted"
