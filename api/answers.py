"""The one place that turns exceptions into answers."""

import re
import sys
from collections.abc import Callable
from math import ceil
from typing import Any
from urllib.parse import quote

import orjson
import structlog
from django.conf import settings
from django.core.exceptions import (
    BadRequest,
    DisallowedHost,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db import (
    DataError,
    IntegrityError,
    InterfaceError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
)
from django.db import Error as DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions as drf

from api import problems
from api.problems import Problem
from api.settled import settled

log = structlog.get_logger("problems")

RETRY_SECONDS = 2
# Of ours that are remembered, with their ports: clients choose those.
MOST_HOSTS = 100
PROBLEM_TYPE = "application/problem+json"
# Paths that are answered whatever the Host is: a container asks itself by 127.0.0.1, and Prometheus
# asks by the address of each machine.
ANY_HOST = re.compile(r"/health/|/metrics/?$")
# What stands for itself in the fragment of a URI (RFC 3986, 3.5), where a pointer is.
FRAGMENT_SAFE = "!$&'()*+,;=:@?"


class ProblemMiddleware:
    """Answers whatever a view raises, and a Host that is not ours, alike with debugging on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_for_us(request):
            return respond(Problem(problems.BAD_HOST), request)
        return self.in_our_words(request, self.get_response(request))

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse:
        return answer(error, request, problems.GENERAL)

    def in_our_words(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """What Django and WhiteNoise refuse with an empty page, or a debugging page, of theirs."""
        code = PAGES.get(response.status_code)
        if code is None or response.get("Content-Type") == PROBLEM_TYPE:
            return response
        kept = {"Allow": response["Allow"]} if "Allow" in response else {}
        return respond(Problem(code, headers=kept), request)


def is_for_us(request: HttpRequest) -> bool:
    """Whether its Host is ours. A request keeps a refused one; what is built later must not need
    it."""
    host = request.META.get("HTTP_HOST", "")
    if host in hosts_of_ours() or ANY_HOST.match(request.path_info):
        return True
    try:
        request.get_host()
    except DisallowedHost:
        return False
    # Without a Host it is the server's own name that was looked at.
    if host and len(hosts_of_ours()) < MOST_HOSTS and not settings.USE_X_FORWARDED_HOST:
        hosts_of_ours().add(host)
    return True


@settled
def hosts_of_ours() -> set[str]:
    """Those that were asked for and found right: looking at one takes 6 microseconds."""
    return set()


PAGES = {400: problems.BAD_REQUEST, 405: problems.METHOD_NOT_ALLOWED}


def answer_in_view(error: Exception, context: dict[str, Any]) -> HttpResponse:
    """DRF's EXCEPTION_HANDLER: the view says by its `problem_family` whose codes apply."""
    family = getattr(context["view"], "problem_family", problems.GENERAL)
    response = answer(error, context["request"]._request, family)
    if auth_header := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = auth_header
    return response


def answer(error: Exception, request: HttpRequest, family: problems.Family) -> HttpResponse:
    """The problem that tells `error`. An exception nobody expected is logged, and a 500."""
    problem = problem_for(error, family)
    if problem is None:
        log.error("unexpected exception", exc_info=error)
        problem = Problem(problems.INTERNAL)
    elif problem.code.status >= 500:
        log.error("server behind us failed", code=problem.code.number, **why(error))
    return respond(problem, request)


def why(error: Exception) -> dict[str, Any]:
    """What may be logged of it. Never the driver's message, which can hold hosts, users and data:
    its class, PostgreSQL's own code, and which of the usual reasons it names."""
    if isinstance(error, Problem):
        return {"error": error.code.title} | error.extra
    cause = error.__cause__
    known = {
        "error": type(error).__name__,
        "cause": type(cause).__name__ if cause else None,
        "sqlstate": getattr(cause, "sqlstate", None),
        "reason": next((each for each in REASONS if each in str(error)), None),
    }
    return {name: value for name, value in known.items() if value}


REASONS = (
    "Connection refused",
    "timeout expired",
    "failed to resolve host",
    "authentication failed",
    "too many clients",
    "remaining connection slots",
    "closed the connection unexpectedly",
    "the connection is closed",
    "does not exist",
    "no such table",
    "no such column",
    "database is locked",
    "unable to open database file",
)


def problem_for(error: Exception, family: problems.Family) -> Problem | None:
    if isinstance(error, Problem):
        return error
    for kind in type(error).__mro__:
        if kind in problems.TRANSLATIONS:
            return problems.TRANSLATIONS[kind](error)
    if isinstance(error, drf.APIException):
        return from_drf(error, family)
    if isinstance(error, DatabaseError):
        return from_database(error)
    return from_django(error, family)


def from_drf(error: drf.APIException, family: problems.Family) -> Problem | None:
    if isinstance(error, drf.ValidationError):
        return Problem(
            family.invalid,
            "The input breaks a rule; see errors.",
            errors=flatten(error.get_full_details()),
        )
    if isinstance(error, drf.NotFound):
        return Problem(family.missing)
    if isinstance(error, drf.NotAuthenticated):
        return Problem(problems.NO_TOKEN)
    if isinstance(error, drf.Throttled):
        seconds = ceil(getattr(error, "wait", None) or 1)
        return Problem(problems.TOO_MANY, headers={"Retry-After": str(seconds)})
    code = DRF_CODES.get(type(error))
    return Problem(code, str(error.detail)) if code else None


DRF_CODES = {
    drf.ParseError: problems.MALFORMED,
    drf.MethodNotAllowed: problems.METHOD_NOT_ALLOWED,
    drf.UnsupportedMediaType: problems.UNSUPPORTED_TYPE,
    drf.AuthenticationFailed: problems.BAD_TOKEN,
    drf.PermissionDenied: problems.FORBIDDEN,
}


def from_database(error: DatabaseError) -> Problem | None:
    """A lost race is the caller's to repeat; a server that is away is nobody's fault."""
    if isinstance(error, IntegrityError):
        return Problem(problems.CONFLICT)
    if lacks_a_table(error):
        return Problem(problems.NOT_MIGRATED, headers={"Retry-After": str(RETRY_SECONDS)})
    if isinstance(error, OperationalError | InterfaceError):
        return Problem(problems.DATABASE_AWAY, headers={"Retry-After": str(RETRY_SECONDS)})
    # Its own word for a value that no column holds; whoever sent it may know better.
    return Problem(problems.BAD_REQUEST) if isinstance(error, DataError) else None


def lacks_a_table(error: DatabaseError) -> bool:
    """Or a column, or one has another type since a statement was prepared: that comes with a
    migration, too. Only PostgreSQL has codes for it."""
    if isinstance(error, ProgrammingError | NotSupportedError):
        return getattr(error.__cause__, "sqlstate", None) in ("42P01", "42703", "0A000")
    return isinstance(error, OperationalError) and str(error).startswith(
        ("no such table", "no such column")
    )


def from_django(error: Exception, family: problems.Family) -> Problem | None:
    if isinstance(error, Http404):
        return Problem(family.missing)
    if isinstance(error, PermissionDenied):
        return Problem(problems.FORBIDDEN)
    if isinstance(error, RequestDataTooBig):
        return Problem(problems.TOO_LARGE)
    if isinstance(
        error, SuspiciousOperation | BadRequest | MultiPartParserError | UnreadablePostError
    ):
        return Problem(problems.BAD_REQUEST)
    return None


def flatten(details: Any, pointer: str = "#") -> list[dict[str, str]]:
    """DRF's nested errors as a flat list; `pointer` is a JSON Pointer (RFC 6901) into the body."""
    if isinstance(details, dict) and isinstance(details.get("message"), str):
        return [{"pointer": pointer, "code": details["code"], "detail": details["message"]}]
    if isinstance(details, dict):
        return [e for key, value in details.items() for e in flatten(value, step(pointer, key))]
    if all("message" in detail and "code" in detail for detail in details):
        return [e for detail in details for e in flatten(detail, pointer)]
    return [e for i, value in enumerate(details) for e in flatten(value, step(pointer, i))]


def step(pointer: str, key: object) -> str:
    """One level down; what is wrong with an object as a whole stays at the object."""
    if key == "non_field_errors":
        return pointer
    token = str(key)[:100].replace("~", "~0").replace("/", "~1")
    return f"{pointer}/{quote(token, safe=FRAGMENT_SAFE)}"


def respond(problem: Problem, request: HttpRequest) -> HttpResponse:
    """The problem as an HTTP answer, for views and middleware alike."""
    # For the access line.
    structlog.contextvars.bind_contextvars(code=problem.code.number)
    body = {
        "type": f"/api/docs/errors/#{problem.code.number}",
        "title": problem.code.title,
        "status": problem.code.status,
        "detail": problem.detail,
        "instance": quote(request.path),
        "code": problem.code.number,
        "request_id": structlog.contextvars.get_contextvars().get("request_id", ""),
    } | problem.extra
    if problem.errors is not None:
        body["errors"] = problem.errors
    return HttpResponse(
        orjson.dumps(body),
        content_type=PROBLEM_TYPE,
        status=problem.code.status,
        headers={"Cache-Control": "no-store"} | problem.headers,
    )


# --- Django's own refusals: config.urls names these as its handlers -----------


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return respond(Problem(problems.NO_SUCH_PATH), request)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return respond(Problem(problems.BAD_REQUEST), request)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return respond(Problem(problems.FORBIDDEN), request)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return respond(Problem(problems.FORBIDDEN, reason), request)


def server_error(request: HttpRequest) -> HttpResponse:
    """What went wrong outside of a view, in a middleware."""
    error = sys.exc_info()[1]
    if not isinstance(error, Exception):
        return respond(Problem(problems.INTERNAL), request)
    return answer(error, request, problems.GENERAL)
