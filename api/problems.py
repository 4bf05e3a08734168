"""Problems as the API tells them (RFC 9457), each with a number that never changes its meaning.

An app declares its codes in its own `problems.py`; declaring is registering, and the page of
all codes (`docs/errors.md`, `/api/docs/errors/`) is made from what was registered.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar


@dataclass(frozen=True)
class Code:
    """One kind of problem. `meaning` tells a client developer when it comes and what to do."""

    number: int
    status: int
    title: str
    meaning: str


CODES: dict[int, Code] = {}


def code(number: int, status: int, title: str, meaning: str) -> Code:
    """Register a code. A number taken twice stops the start."""
    if number in CODES:
        raise ValueError(f"code {number} is taken by {CODES[number].title!r}")
    CODES[number] = Code(number, status, title, meaning)
    return CODES[number]


@dataclass(frozen=True)
class Family:
    """The codes of one part for what every part has: input it refuses, things it has not."""

    invalid: Code
    missing: Code


def family(thousands: int, noun: str) -> Family:
    """Register x400 and x404 of a part, e.g. `family(1, "movie")`."""
    return Family(
        invalid=code(
            thousands * 1000 + 400,
            400,
            f"Invalid {noun}",
            "The input breaks a rule; `errors` names each field and rule.",
        ),
        missing=code(
            thousands * 1000 + 404,
            404,
            f"No such {noun}",
            "There is none with this id, or it is not the caller's to see.",
        ),
    )


class Problem(Exception):
    """An answer that is a refusal. `extra` become members of the body beside the usual ones."""

    def __init__(
        self,
        code: Code,
        detail: str = "",
        *,
        errors: list[dict[str, str]] | None = None,
        headers: dict[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(code.title, detail)
        self.code = code
        self.detail = detail or code.meaning
        self.errors = errors
        self.headers = headers or {}
        self.extra = extra


E = TypeVar("E", bound=Exception)
TRANSLATIONS: dict[type[Exception], Callable[[Any], Problem]] = {}


def answers(
    error: type[E],
) -> Callable[[Callable[[E], Problem]], Callable[[E], Problem]]:
    """Decorate the function that tells an app's own exception as a problem."""

    def register(translate: Callable[[E], Problem]) -> Callable[[E], Problem]:
        TRANSLATIONS[error] = translate
        return translate

    return register


MALFORMED = code(
    9001, 400, "Malformed body", "The body is not JSON in UTF-8, or is nested too deeply."
)
BAD_PARAMETER = code(
    9002,
    400,
    "Bad query parameter",
    "A query parameter is unknown here, given twice or out of its range; `errors` names it.",
)
BAD_CURSOR = code(
    9003,
    400,
    "Bad cursor",
    "The cursor was not made for this list, filter and order: start again without it.",
)
BAD_HOST = code(
    9004, 400, "Bad host", "The Host header names no host that this server answers for."
)
BAD_REQUEST = code(9400, 400, "Bad request", "The request was refused as it stands.")
FORBIDDEN = code(9403, 403, "Forbidden", "The caller may not do this.")
NO_SUCH_PATH = code(9404, 404, "No such path", "There is nothing at this path.")
METHOD_NOT_ALLOWED = code(
    9405, 405, "Method not allowed", "The path answers other methods: see the Allow header."
)
CONFLICT = code(
    9409,
    409,
    "Conflict",
    "Another request changed the same thing at the same time: read again, then retry.",
)
LENGTH_REQUIRED = code(
    9411, 411, "Length required", "A body needs a Content-Length; it cannot come in chunks."
)
TOO_LARGE = code(9413, 413, "Body too large", "The body is longer than this path takes.")
UNSUPPORTED_TYPE = code(9415, 415, "Unsupported media type", "Bodies are application/json.")
TOO_MANY = code(9429, 429, "Too many requests", "Slow down: Retry-After says for how many seconds.")
INTERNAL = code(9500, 500, "Internal error", "A defect of ours. It was logged with the request id.")
DATABASE_AWAY = code(
    5001,
    503,
    "Database unavailable",
    "The database cannot be reached, or went away meanwhile. Nothing is half written: after "
    "Retry-After seconds look what is there, and retry.",
)
NOT_READY = code(
    5002, 503, "Not ready", "A part of the service cannot do its work; `checks` names it."
)
NOT_MIGRATED = code(
    5003,
    503,
    "Database not migrated",
    "The database lacks a table or column that this release needs: an operator has to run "
    "`migrate`. Nothing was written; retry after Retry-After seconds.",
)
GENERAL = Family(invalid=BAD_REQUEST, missing=NO_SUCH_PATH)
NO_TOKEN = code(
    3001, 401, "Not signed in", "This needs `Authorization: Bearer <access>`: sign in first."
)
BAD_TOKEN = code(
    3002,
    401,
    "Bad token",
    "The token is malformed, forged, expired, of the wrong kind, or its sign-in has ended: "
    "refresh once and repeat the request; from the refresh itself, sign in again.",
)
