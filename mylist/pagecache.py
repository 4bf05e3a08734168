"""Pages kept in Redis, each valid under the tokens that the database holds, and so never stale.

Each write changes rows and token in one transaction (mylist.triggers). A read goes

1. tokens: one statement, the one that lets the person in;
2. Redis: the page. It is a hit if and only if it carries both tokens;
3. else rows, and with them, by the same statement, both tokens again;
4. store: the page and these tokens.

So a page that carries token t is the list exactly as it was under t, and after the next write
nobody reads t again. docs/cache.md has the proof and what breaks it.

Nothing but time is lost with Redis. It holds a hash for each person, with a field for each page.
"""

import time
from contextlib import suppress
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.crypto import salted_hmac
from rest_framework.serializers import BaseSerializer

from api import metrics, redislink
from api.redislink import Command, RedisAway
from api.settled import settled
from mylist import pages, sampler
from mylist.pages import Asked, Page
from mylist.registry import KINDS
from mylist.serializers import item_serializer
from mylist.tokens import Tokens, tokens_now

# In a request's META, where whoever handed it on has looked the page up and found none, and where
# they also know that nobody else is making it.
MISSED, MAKING = "mylist.missed", "mylist.making"
# Raise it when pages are written otherwise than before by the same serializers.
FORMAT = 1
KEPT_SECONDS = 600
PAGES_A_PERSON = 32
# How long others wait, in three looks, for one who is making the page they want.
LOOKS = (0.010, 0.015, 0.025)
MAKING_MS = 200


def wanted() -> bool:
    return bool(getattr(settings, "MYLIST_PAGE_CACHE", True))


@settled
def configured() -> bool:
    """Whether pages are kept: on PostgreSQL, which keeps the tokens, and with a Redis."""
    return wanted() and connection.vendor == "postgresql" and redislink.configured()


# --- what is kept ----------------------------------------------------------------


@cache
def shape() -> str:
    """A name for how pages look and how their cursors are signed. A release that shows other
    fields, or a new signing key, finds no old pages."""
    looks = [(name, fields_of(item_serializer(kind)())) for name, kind in sorted(KINDS.items())]
    return salted_hmac("mylist.pagecache", repr((FORMAT, looks))).hexdigest()[:16]


def fields_of(serializer: Any) -> Any:
    """Names and classes, down to the last."""
    inner = getattr(serializer, "child", serializer)
    if not isinstance(inner, BaseSerializer):
        return type(inner).__qualname__
    return [(name, fields_of(field)) for name, field in getattr(inner, "fields", {}).items()]


def etag(tokens: Tokens) -> str:
    """Changes with anything shown, and is known before the page is."""
    return f'"{tokens.digest(shape())}"'


def look_up(user_id: int, asked: Asked) -> Command:
    """The command whose reply `valid` understands."""
    return "HGET", key(user_id), field(asked)


def key(user_id: int) -> str:
    return f"mylist:{shape()}:{user_id}"


def field(asked: Asked) -> str:
    return f"{asked.kind or ''}|{asked.size}|{asked.cursor or ''}"


def valid(value: Any, tokens: Tokens) -> Page | None:
    """The page in a reply of Redis, if it is one and carries the tokens."""
    if type(value) is not bytes or not value.startswith(tokens.mark):
        return None
    try:
        _, total, after, before, results = value.split(b"\n", 4)
        return Page(int(total), cursor_in(after), cursor_in(before), results)
    except ValueError:
        return None


NO_PAGE = b"-"


def cursor_in(written: bytes) -> str | None:
    return None if written == NO_PAGE else written.decode()


def packed(page: Page, tokens: Tokens) -> bytes:
    cursors = [NO_PAGE if c is None else c.encode() for c in (page.next, page.previous)]
    return b"\n".join([tokens.mark, b"%d" % page.total, *cursors, page.results])


# --- reading ---------------------------------------------------------------------


Found = tuple[Page, Tokens | None]


def read(user_id: int, asked: Asked, tokens: Tokens, value: Any, making: bool = False) -> Found:
    """The page, and the tokens it is valid under: `value`, what Redis replied to `look_up`, where
    that is valid, else from the database and kept; by whom else, unless `making` says that this
    is known. Raises Problem for a cursor that is not for this list."""
    page = valid(value, tokens)
    if page is not None:
        metrics.PAGE_READ["hit"].inc()
        if sampler.due():
            sampler.check(user_id, asked, tokens, page)
        return page, tokens
    metrics.PAGE_READ["miss"].inc()
    pages.check(user_id, asked)
    page = None if making else of_somebody_else(user_id, asked, tokens)
    return (page, tokens) if page is not None else made(user_id, asked, tokens)


def claim(user_id: int, asked: Asked, tokens: Tokens) -> Command:
    """Says that the page is being made; the reply is None where somebody has said so."""
    name = f"{key(user_id)}:{field(asked)}:{etag(tokens)}"
    return "SET", name, 1, "NX", "PX", MAKING_MS


def of_somebody_else(user_id: int, asked: Asked, tokens: Tokens) -> Page | None:
    """The page that another request is making, if one is and is soon ready. So a crowd that wants
    the same page asks the database once; it is a hint only, nobody relies on it."""
    with suppress(RedisAway):
        if redislink.ask(claim(user_id, asked, tokens))[0] is not None:
            return None
        for seconds in LOOKS:
            time.sleep(seconds)
            page = valid(redislink.ask(look_up(user_id, asked))[0], tokens)
            if page is not None:
                return page
    return None


def made(user_id: int, asked: Asked, before: Tokens) -> Found:
    """A page out of the database, and kept. Where it has no item to tell its tokens, it is of those
    that are the same before and after."""
    page, tokens, nothing = pages.read(user_id, asked)
    if nothing:
        after = tokens_now(user_id)
        tokens = after if after == before else None
    if tokens is not None:
        keep(user_id, asked, packed(page, tokens))
    return page, tokens


# By one command, so that nobody has to wait for how many there are. A key that holds something else
# is in the way.
KEEP = """
local set = redis.pcall('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
local astray = type(set) == 'table' and string.find(set.err, 'WRONGTYPE')
if astray or redis.call('HLEN', KEYS[1]) > tonumber(ARGV[4]) then redis.call('DEL', KEYS[1]) end
return set
"""


def keep(user_id: int, asked: Asked, value: bytes) -> None:
    beside = (value, KEPT_SECONDS, PAGES_A_PERSON)
    redislink.tell(("EVAL", KEEP, 1, key(user_id), field(asked), *beside))
