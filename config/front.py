"""The front: it stands before Django and does one thing, it answers a list page that is kept.

A hit it answers as the view would, byte for byte, with ETag and 304, request id, access line,
metrics and rate limit: by one statement, which lets the person in and reads the tokens, and one
round trip to Redis. All else goes on to Django: what is about lists with what was asked so far, so
that nobody asks it again, and the rest untouched.

This module knows what a hit is; the doors, here for WSGI and in config.asgi_front for ASGI, do the
waiting: `recognise` → statement and `Asking.commands` → `conclude`.
"""

import re
import time
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.http.request import split_domain_port, validate_host

from accounts import tokens
from accounts.authentication import KNOWN
from accounts.tokens import Access, BadToken, Claims, Row
from api import limits, metrics, redislink
from api.accessline import write_access_line
from api.conditional import names
from api.limits import Verdict, Who
from api.problems import Problem
from api.redislink import Command, Question, RedisAway
from api.requestlog import sane_or_new
from mylist import pagecache, pages, sampler
from mylist.pages import Asked, Page
from mylist.tokens import Tokens, checked

PATHS = ("/api/v1/mylist/", "/api/v1/mylist")
# A list, and a title on it. Of these paths every request with a token comes to the view.
LISTS = re.compile(r"/api/v1/mylist(/([a-z]{1,40}/[1-9][0-9]{0,17}/?)?)?")
METHODS = ("GET", "PUT", "DELETE", "POST")
ROUTE = "api/v1/mylist/"

Headers = list[tuple[str, str]]
Replies = Sequence[Any] | None


def is_wanted() -> bool:
    """Not where no pages are kept: it would ask the database for nothing."""
    return settings.MYLIST_FRONT and pagecache.configured()


# --- recognising -----------------------------------------------------------------


class Asking(NamedTuple):
    """A request for somebody's list, by a token that is right. `asked` is a page that may be a hit;
    None is anything else, which Django answers once it is known who asks."""

    claims: Claims
    asked: Asked | None
    base: str
    if_none_match: str | None
    request_id: str
    started: float
    now: float
    who: Who

    @property
    def wants_page(self) -> bool:
        """Whoever has a page may get a 304, for which nobody reads it; but whether a cursor is
        good only its page tells."""
        if self.asked is None:
            return False
        return self.if_none_match is None or self.asked.cursor is not None

    def commands(self) -> tuple[Command, ...]:
        """What to ask Redis: to count the request, and for the page."""
        counting = limits.commands(self.who, self.now)
        return (*counting, *self.look_up()) if self.wants_page else counting

    def look_up(self) -> tuple[Command, ...]:
        return (pagecache.look_up(self.claims.user_id, self.asked),) if self.asked else ()

    def claim(self, row: Row) -> Command | None:
        """What tells others that a page which was missed is being made; None for a cursor that is
        not for this list."""
        state, asked, user_id = state_in(row), self.asked, self.claims.user_id
        if state is None or asked is None:
            return None
        try:
            pages.check(user_id, asked)
        except Problem:
            return None
        return pagecache.claim(user_id, asked, state)


def recognise(environ: dict[str, Any]) -> Asking | None:
    """What is asked, in the words of WSGI; None for what is about no list, for a token that is not
    right, and for what has a body: by the time that has come, its sender may be signed out."""
    if not LISTS.fullmatch(environ["PATH_INFO"]) or environ["REQUEST_METHOD"] not in METHODS:
        return None
    if environ.get("SCRIPT_NAME") or has_body(environ):
        return None
    base = base_of(environ["wsgi.url_scheme"], environ.get("HTTP_HOST", ""))
    claims = claims_of(environ.get("HTTP_AUTHORIZATION", ""))
    if base is None or claims is None:
        return None
    return Asking(
        claims,
        page_asked(environ),
        base,
        environ.get("HTTP_IF_NONE_MATCH"),
        sane_or_new(environ.get("HTTP_X_REQUEST_ID", "")),
        time.perf_counter(),
        time.time(),
        limits.person(claims.user_id),
    )


def has_body(environ: dict[str, Any]) -> bool:
    length = environ.get("CONTENT_LENGTH")
    return length not in (None, "", "0") or "HTTP_TRANSFER_ENCODING" in environ


def page_asked(environ: dict[str, Any]) -> Asked | None:
    """A page, plainly asked for, and by no page of another origin."""
    if environ["PATH_INFO"] not in PATHS or environ["REQUEST_METHOD"] != "GET":
        return None
    if "HTTP_ORIGIN" in environ:
        return None
    return pages.plainly_asked(environ["QUERY_STRING"])


def claims_of(authorization: str) -> Claims | None:
    scheme, _, raw = authorization.partition(" ")
    if scheme != "Bearer":
        return None
    try:
        return tokens.read(raw, Access)
    except BadToken:
        return None


@lru_cache(maxsize=256)
def base_of(scheme: str, host: str) -> str | None:
    """The list's address as the client knows it. None where Django has another answer: for a host
    that is not ours, and for plain http where that is sent on to https."""
    if settings.SECURE_SSL_REDIRECT and scheme != "https":
        return None
    domain, _ = split_domain_port(host)
    ours = domain and validate_host(domain, settings.ALLOWED_HOSTS)
    return f"{scheme}://{host}{PATHS[0]}" if ours else None


# --- answering ---------------------------------------------------------------------


class Hit(NamedTuple):
    """`sample` is what `sampler.check` takes, where there is a page to check."""

    status: int
    headers: Headers
    body: bytes
    sample: tuple[int, Asked, Tokens, Page] | None


class Pass(NamedTuple):
    """Not a hit: Django's to answer, with what is known by now so that it need not ask again."""

    row: Row | None = None
    counted: bool = False
    verdict: Verdict | None = None
    missed: bool = False
    making: bool = False

    def mark(self, environ: dict[str, Any], claims: Claims) -> None:
        if self.row is not None:
            environ[KNOWN] = claims, self.row
        if self.counted:
            environ[limits.VERDICT] = self.verdict
        if self.missed:
            environ[pagecache.MISSED] = True
        if self.making:
            environ[pagecache.MAKING] = True


def conclude(asking: Asking, row: Row, replies: Replies) -> Hit | Pass | None:
    """The answer, or None where the page has yet to be asked for, by `Asking.look_up`.

    `row` is that of the sign-in, with the tokens of the list; `replies` are Redis's to
    `Asking.commands`, None without Redis.
    """
    verdict = limits.verdict(asking.who, replies, asking.now) if replies else None
    state, asked = state_in(row), asking.asked
    refused = verdict is not None and verdict.refused
    if replies is None or refused or asked is None or state is None:
        return Pass(row, True, verdict)
    known = asking.if_none_match is not None and names(asking.if_none_match, pagecache.etag(state))
    if known and asked.cursor is None:
        return answer(asking, asked, state, verdict, None)
    if not asking.wants_page:
        return None
    page = pagecache.valid(replies[-1], state)
    if page is None:
        return Pass(row, True, verdict, missed=True)
    return answer(asking, asked, state, verdict, None if known else page)


def page_at_last(asking: Asking, row: Row, missed: Pass, replies: Replies) -> Hit | None:
    """A page that was missed, where by now somebody else has made it."""
    state, asked = state_in(row), asking.asked
    page = pagecache.valid(replies[0], state) if replies and state else None
    if page is None or state is None or asked is None:
        return None
    return answer(asking, asked, state, missed.verdict, page)


def state_in(row: Row) -> Tokens | None:
    return checked(*tokens.facts_in(row))


def answer(
    asking: Asking, asked: Asked, state: Tokens, verdict: Verdict | None, page: Page | None
) -> Hit:
    """As the view and the middleware answer; config/tests/test_front.py compares."""
    status, headers, body, sample = 304, [("ETag", pagecache.etag(state))], b"", None
    if page is not None:
        status, sample = 200, (asking.claims.user_id, asked, state, page)
        body, links = pages.body(page, asked, asking.base)
        headers += [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        if links:
            headers.append(("Link", links))
    headers += always(asking.base.startswith("https:"))
    headers.append(("X-Request-ID", asking.request_id))
    if verdict is not None:
        headers += verdict.headers().items()
    tell(asking, status)
    return Hit(status, headers, body, sample)


@lru_cache(maxsize=2)
def always(secure: bool) -> Headers:
    """What DRF and the middleware put on each answer."""
    found = [
        ("Allow", "GET, POST, DELETE, HEAD, OPTIONS"),
        ("Cache-Control", "private, no-cache"),
        ("Vary", "origin, Authorization"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", settings.SECURE_REFERRER_POLICY),
        ("Cross-Origin-Opener-Policy", settings.SECURE_CROSS_ORIGIN_OPENER_POLICY),
    ]
    return [*found, ("Strict-Transport-Security", hsts())] if secure and hsts() else found


def hsts() -> str:
    if not settings.SECURE_HSTS_SECONDS:
        return ""
    subdomains = "; includeSubDomains" if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS else ""
    preload = "; preload" if settings.SECURE_HSTS_PRELOAD else ""
    return f"max-age={settings.SECURE_HSTS_SECONDS}{subdomains}{preload}"


def tell(asking: Asking, status: int) -> None:
    seconds = time.perf_counter() - asking.started
    metrics.PAGE_READ["hit" if status == 200 else "not_modified"].inc()
    metrics.observe("GET", ROUTE, status, seconds)
    write_access_line(
        method="GET",
        route=ROUTE,
        status=status,
        seconds=seconds,
        request_id=asking.request_id,
        user_id=asking.claims.user_id,
    )


# --- the door for WSGI ---------------------------------------------------------------

REASONS = {200: "200 OK", 304: "304 Not Modified"}
WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Front:
    """`Front(django)`: a WSGI application."""

    def __init__(self, django: WSGI) -> None:
        self.django = django

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        asking = recognise(environ)
        if asking is None:
            return self.django(environ, start_response)
        found = find(asking)
        if isinstance(found, Pass):
            found.mark(environ, asking.claims)
            return self.django(environ, start_response)
        if found.sample and sampler.due():
            sampler.check(*found.sample)
        start_response(REASONS[found.status], found.headers)
        return [found.body]


def find(asking: Asking) -> Hit | Pass:
    """By the thread's own connections. Redis is asked first and heard last: what it says is used
    after the tokens are known, and nobody waits twice."""
    commands = asking.commands()
    question = send(commands)
    try:
        row = tokens.row_of(asking.claims)
    except DatabaseError:
        # Django opens another connection, or says that it cannot.
        connection.close()
        row = None
    if row is None:
        if question is not None:
            take_back(asking)
        return Pass()
    replies = heard(question) if commands else []
    found = conclude(asking, row, replies)
    if found is not None:
        return found
    return look_again(asking, row, replies, heard(send(asking.look_up())))


def look_again(asking: Asking, row: Row, counted: Replies, replies: Replies) -> Hit | Pass:
    """The client has an old copy, so the page is asked for after all."""
    if replies is None:
        verdict = limits.verdict(asking.who, counted, asking.now) if counted else None
        return Pass(row, True, verdict)
    together = [*(counted or ()), *replies]
    return conclude(asking._replace(if_none_match=None), row, together) or Pass()


def send(commands: Sequence[Command]) -> Question | None:
    try:
        return redislink.send(*commands) if commands else None
    except RedisAway:
        return None


def heard(question: Question | None) -> Replies:
    try:
        return question.replies() if question else None
    except RedisAway:
        return None


def take_back(asking: Asking) -> None:
    """It was counted before anybody knew whether it is this person who asks: it may be somebody
    who was signed out. Django counts it for whom it should."""
    if uncounting := limits.uncounting(asking.who, asking.now):
        redislink.tell(*uncounting)
