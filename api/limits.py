"""Rate limits: how many requests a person, or an address, may send in a window of time.

Windows are fixed and aligned to the clock, so that one INCR counts: all servers agree without
talking, nothing is stored per request, and a window that has passed expires by itself.
"""

import re
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, NamedTuple

from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request
from rest_framework.settings import api_settings

from api import problems, redislink
from api.answers import respond
from api.problems import Problem
from api.redislink import Command, Question, RedisAway
from api.settled import settled

# What counts: the API alone, not health, metrics, the documents, the admin, static files.
PREFIX = "/api/v1/"
# In a request's META. `WHO` is who it counts for. `VERDICT` is there once it has been counted, and
# None if nothing counts: limits are off, or Redis is away. A header cannot set them: those become
# HTTP_….
WHO, VERDICT = "mylist.who", "mylist.verdict"
# There, too: what was asked before it was known who asks.
AHEAD = "mylist.ahead"


class Who(NamedTuple):
    """Who a request counts for. `key` never holds what a client wrote."""

    policy: str
    key: str
    # 0: as much as they like.
    limit: int


class Rules(NamedTuple):
    """How many requests in how many seconds; 0: as many as they like."""

    address: int
    person: int
    window: int
    proxies: int


@settled
def rules() -> Rules:
    """Projects without our settings have no limits, and without one for addresses there is none."""
    if (address := getattr(settings, "RATE_LIMIT_MAX", 0)) <= 0:
        return Rules(0, 0, 60, 0)
    person, window = settings.RATE_LIMIT_USER_MAX, settings.RATE_LIMIT_WINDOW_SECONDS
    return Rules(address, person, window, settings.NUM_PROXIES)


class Verdict(NamedTuple):
    """What counting one request came to. `reset` is the seconds left, at least 1."""

    policy: str
    limit: int
    used: int
    window: int
    reset: int

    @property
    def refused(self) -> bool:
        return self.used > self.limit

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)

    @property
    def retry_after(self) -> int:
        return self.reset

    def headers(self) -> dict[str, str]:
        """The usual three, and the pair of draft-ietf-httpapi-ratelimit-headers (8 and later)."""
        limit, remaining, reset = self.limit, self.remaining, self.reset
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(remaining),
            "X-RateLimit-Reset": str(reset),
            "RateLimit": f'"{self.policy}";r={remaining};t={reset}',
            "RateLimit-Policy": f'"{self.policy}";q={limit};w={self.window}',
        }

    def problem(self) -> Problem:
        return Problem(problems.TOO_MANY, headers={"Retry-After": str(self.retry_after)})


# --- who -----------------------------------------------------------------------


def person(user_id: int) -> Who:
    """Somebody whose token has been verified."""
    return Who("user", f"u{user_id}", rules().person)


def address(meta: dict[str, Any]) -> Who:
    """Anybody else, by the META of the request."""
    return Who("address", f"a{network(client_of(meta))}", rules().address)


def who_is(request: Request) -> Who:
    """Once the request has been authenticated."""
    user_id = getattr(request.user, "pk", None)
    return address(request.META) if user_id is None else person(user_id)


Address = IPv4Address | IPv6Address


def client_of(meta: dict[str, Any]) -> Address | None:
    """Each of our proxies adds on the right of X-Forwarded-For whom it heard; what stands further
    left came with the request, and can be anything."""
    connected = read(meta.get("REMOTE_ADDR", ""))
    proxies = rules().proxies
    told = meta.get("HTTP_X_FORWARDED_FOR")
    if not proxies or told is None:
        return connected
    hops = told.split(",")
    return read(hops[-min(proxies, len(hops))]) or connected


# Some proxies add the port: 192.0.2.1:4711, [2001:db8::1]:4711.
WITH_PORT = re.compile(r"\[([^]]+)\](?::\d+)?|([^:]+):\d+")


def read(word: str) -> Address | None:
    word = word.strip()
    if found := WITH_PORT.fullmatch(word):
        word = found[1] or found[2]
    try:
        return ip_address(word)
    except ValueError:
        return None


def network(client: Address | None) -> str:
    """One IPv4 address, or the 64 bits of an IPv6 one that are given to a customer: the rest they
    choose as they like. Without an address (a UNIX socket) all are one."""
    if isinstance(client, IPv6Address):
        mapped = client.ipv4_mapped
        return f"{int(client) >> 64:x}/64" if mapped is None else str(mapped)
    return str(client)


# --- counting ------------------------------------------------------------------


def commands(who: Who, now: float) -> tuple[Command, ...]:
    """What counts a request when it is sent to Redis, by itself or before other commands; nothing
    for who has no limit. `now` is the time of day, in seconds."""
    if not who.limit:
        return ()
    window = rules().window
    key = f"limit:{window}:{who.key}:{int(now // window)}"
    # The expiry each time: a counter whose first EXPIRE was lost must not stay for ever.
    return ("INCR", key), ("EXPIRE", key, window)


def uncounting(who: Who, now: float) -> tuple[Command, ...]:
    """What takes back `commands`."""
    counting = commands(who, now)
    return (("DECR", counting[0][1]), counting[1]) if counting else ()


def verdict(who: Who, replies: Sequence[Any], now: float) -> Verdict | None:
    """What Redis replied to `commands`, first in `replies`. None: nothing counts."""
    if not who.limit or not isinstance(replies[0], int):
        # Redis refused, being full perhaps: requests pass.
        return None
    return judged(who, replies[0], now)


def judged(who: Who, used: int, now: float) -> Verdict:
    window = rules().window
    return Verdict(who.policy, who.limit, used, window, window - int(now % window))


def count(who: Who) -> Verdict | None:
    """Count a request, by a round trip of its own. None: nothing counts."""
    now = time.time()
    if not who.limit:
        return None
    if not redislink.configured():
        return here.count(who, now)
    try:
        return verdict(who, redislink.ask(*commands(who, now)), now)
    except RedisAway:
        return None


class Here:
    """Counters of this process, for where there is no Redis. Each process counts for itself."""

    # In one window. Whom it does not know by then goes uncounted.
    most = 50_000

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.window: tuple[int, int] = (0, 0)
        self.counts: dict[str, int] = {}

    def count(self, who: Who, now: float) -> Verdict | None:
        seconds = rules().window
        window = seconds, int(now // seconds)
        with self.lock:
            if self.window != window:
                self.window, self.counts = window, {}
            if who.key not in self.counts and len(self.counts) >= self.most:
                return None
            count = self.counts[who.key] = self.counts.get(who.key, 0) + 1
        return judged(who, count, now)


here = Here()


# --- requests ------------------------------------------------------------------


def counts(request: HttpRequest) -> bool:
    """Whether limits apply to it. A browser's question whether it may ask is not the client's."""
    preflight = request.method == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in request.META
    return rules().address > 0 and request.path_info.startswith(PREFIX) and not preflight


def uncounted(request: HttpRequest) -> Who | None:
    """Who it is to count for, while it has not been counted."""
    return None if VERDICT in request.META else request.META.get(WHO)


def settle(request: HttpRequest, verdict: Verdict | None) -> None:
    """Note that it was counted, and refuse it if it is one too many."""
    request.META[VERDICT] = verdict
    if verdict is not None and verdict.refused:
        raise verdict.problem()


class Ahead(NamedTuple):
    """What Redis was asked for a request: to count it, if `who` is somebody, and `more`."""

    who: Who | None
    more: tuple[Command, ...]
    now: float
    question: Question | None

    def replies(self) -> Sequence[Any]:
        return self.question.replies() if self.question else []


def sent(who: Who | None, more: tuple[Command, ...]) -> Ahead:
    now = time.time()
    counting = commands(who, now) if who else ()
    question = redislink.send(*counting, *more) if counting or more else None
    return Ahead(who, more, now, question)


def ask_ahead(request: Request, user_id: int) -> None:
    """Ask what `ask` will, for the person of a token: meanwhile PostgreSQL is asked whether it is
    them. Unless it was counted by whoever handed the request on."""
    plain = request._request
    if VERDICT in plain.META or not redislink.configured():
        return
    look_ups = getattr((request.parser_context or {}).get("view"), "look_ups", None)
    more = look_ups(user_id) if look_ups else ()
    with suppress(RedisAway):
        plain.META[AHEAD] = sent(person(user_id) if counts(plain) else None, more)


def ask(request: HttpRequest, *more: Command) -> Sequence[Any] | None:
    """Redis's replies, None without it. By the same round trip the request is counted, if nobody
    has yet, and refused if it is one too many."""
    who = uncounted(request)
    if not redislink.configured():
        if who:
            settle(request, count(who))
        return None
    try:
        asked = asked_ahead(request, who) or sent(who, more)
        replies = asked.replies()
    except RedisAway:
        request.META.setdefault(VERDICT, None)
        return None
    if who:
        settle(request, verdict(who, replies, asked.now))
    return replies[len(replies) - len(more) :] if asked.more == more else ask(request, *more)


def asked_ahead(request: HttpRequest, who: Who | None) -> Ahead | None:
    ahead: Ahead | None = request.META.get(AHEAD)
    if ahead is not None and ahead.who != who:
        take_back(request)
        return None
    request.META.pop(AHEAD, None)
    return ahead


def take_back(request: HttpRequest) -> None:
    """It was counted for somebody who has not asked, such as one who was signed out."""
    ahead: Ahead | None = request.META.pop(AHEAD, None)
    if ahead is not None and ahead.who is not None:
        redislink.tell(*uncounting(ahead.who, ahead.now))


class RateLimitMiddleware:
    """Puts the headers on every answer that counts. Views count before they work, as they know
    who asks; here is counted what never came to one: unknown paths and early refusals."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not counts(request):
            return response
        if VERDICT not in request.META:
            count_late(request)
        found: Verdict | None = request.META.get(VERDICT)
        if found is None:
            return response
        if found.refused and response.status_code != problems.TOO_MANY.status:
            response = refusal(found, request, response)
        for name, value in found.headers().items():
            response[name] = value
        return response


def count_late(request: HttpRequest) -> None:
    who = request.META.get(WHO) or identify(request)
    if who is not None:
        request.META[WHO] = who
        with suppress(Problem):
            ask(request)


def refusal(found: Verdict, request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """In place of what was answered to one too many."""
    refused = respond(found.problem(), request)
    for name in FOR_BROWSERS:
        if name in response:
            refused[name] = response[name]
    return refused


# Without these a browser does not show the answer to the page that asked.
FOR_BROWSERS = ("Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "Vary")


def identify(request: HttpRequest) -> Who | None:
    """Who asks, where no view has found out. None when the database cannot tell: then it counts
    for nobody, as the limit of an address is not meant for all who are signed in there."""
    try:
        classes: Any = api_settings.DEFAULT_AUTHENTICATION_CLASSES
        authenticators = [each() for each in classes]
        return who_is(Request(request, authenticators=authenticators))
    except DatabaseError:
        take_back(request)
        return None
    except Exception:  # a token that is none, in the words of the app that reads it
        return address(request.META)
