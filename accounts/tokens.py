"""Access and refresh tokens: the only module that knows the library that signs them."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, IntegrityError
from django.db.models import QuerySet
from django.db.models.base import ModelState
from django.db.models.expressions import Combinable
from django.utils import timezone
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import Token

from accounts.models import SignIn, User
from api.compiled import AnyOf, Compiled, Param
from api.paths import BIGGEST_ID

# A refresh token that comes back later than this was not a lost race: somebody kept a copy.
RACE = timedelta(seconds=60)


class BadToken(Exception):
    """Malformed, forged, expired, of the wrong kind, used up, or its sign-in has ended."""


class BadCredentials(Exception):
    """Nobody active signs in like this."""


class Access(Token):
    token_type = "access"  # noqa: S105
    lifetime = api_settings.ACCESS_TOKEN_LIFETIME


class Refresh(Token):
    token_type = "refresh"  # noqa: S105
    lifetime = api_settings.REFRESH_TOKEN_LIFETIME


class Claims(NamedTuple):
    user_id: int
    sid: int
    token_id: str
    expires: int


def read(raw: str, kind: type[Token]) -> Claims:
    """What a token says, once its signature, expiry and kind are right. No query."""
    claims = verified(raw, kind)  # type: ignore[arg-type]  # classes are hashable
    if claims.expires <= time.time():
        raise BadToken
    return claims


# A signature that was right stays right: apps send the same token again and again.
@lru_cache(maxsize=8192)
def verified(raw: str, kind: type[Token]) -> Claims:
    try:
        token = kind(raw)  # type: ignore[arg-type]
        user_id, sid, expires = (int(token[name]) for name in ("user_id", "sid", "exp"))
        if max(abs(user_id), abs(sid)) > BIGGEST_ID:
            raise BadToken
        return Claims(user_id, sid, str(token["jti"]), expires)
    except (TokenError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise BadToken from error


def sign_in(user: User, user_agent: str) -> dict[str, str]:
    """Begin a sign-in: `{"access", "refresh"}`. Raises BadCredentials for who is deleted by now."""
    refresh = Refresh()
    row = SignIn(
        user=user,
        password_stamp=user.password_stamp,
        refresh_id=refresh["jti"],
        user_agent=user_agent[:200],
        refreshed_at=timezone.now(),
        expires_at=expiry(refresh),
    )
    try:
        row.save()
    except IntegrityError as error:
        raise BadCredentials from error
    return signed(refresh, user.pk, row.pk)


def refresh(raw: str) -> dict[str, str]:
    """A new pair for a refresh token, which is used up by this. Raises BadToken."""
    claims, fresh, now = read(raw, Refresh), Refresh(), timezone.now()
    if not SignIn.objects.rotate(
        claims.sid, old=claims.token_id, new=fresh["jti"], now=now, expires_at=expiry(fresh)
    ):
        # RFC 9700, 4.14.2: a used refresh token that comes back tells of a stolen copy.
        SignIn.objects.filter(pk=claims.sid, refreshed_at__lt=now - RACE).delete()
        raise BadToken
    live(claims)
    return signed(fresh, claims.user_id, claims.sid)


# What other apps want to know of a person, read by the statement that lets them in.
ALSO_READ: dict[str, Combinable] = {}
# What it takes to let somebody in and to sign them out; Django reads the rest if need be.
SIGN_IN = ("id", "user_id", "refresh_id")
USER = ("id", "is_superuser", "is_staff", "is_active")


def also_read(name: str, expression: Combinable) -> None:
    """Have each request's statement read `expression` too, of a SignIn: it stands in
    `request.auth.facts[name]`, as true as the sign-in itself. Said before the first request."""
    ALSO_READ[name] = expression


def live_sign_ins() -> QuerySet[Any, Any]:
    """Rows of sign-in, person and facts."""
    facts = {f"fact_{name}": expression for name, expression in ALSO_READ.items()}
    columns = (*SIGN_IN, *(f"user__{name}" for name in USER))
    return SignIn.objects.live().annotate(**facts).values_list(*columns, *facts)


Row = tuple[Any, ...]
FIRST_FACT = len(SIGN_IN) + len(USER)

ONE = Compiled(lambda: live_sign_ins().filter(pk=Param("sid"), user_id=Param("user_id")))
# Of several requests at once, by `sids`.
SEVERAL = Compiled(lambda: live_sign_ins().filter(AnyOf("pk", Param("sids"))))


def row_of(claims: Claims) -> Row | None:
    """One statement; None when the sign-in has ended."""
    rows = ONE.rows(sid=claims.sid, user_id=claims.user_id)
    return rows[0] if rows else None


def facts_in(row: Row) -> Row:
    """What `also_read` named, in that order."""
    return row[FIRST_FACT:]


class Live(NamedTuple):
    """A sign-in that is good now: `request.auth`."""

    pk: int
    user_id: int
    refresh_id: str
    user: User
    facts: dict[str, Any]


def person_of(values: Iterable[Any]) -> User:
    """As `User.from_db` makes one, which takes five times as long to look at every field."""
    user = User.__new__(User)
    state = user.__dict__["_state"] = ModelState()
    state.adding, state.db = False, DEFAULT_DB_ALIAS
    user.__dict__.update(zip(USER, values, strict=True))
    return user


def live_of(row: Row) -> Live:
    pk, user_id, refresh_id, *rest = row
    user = person_of(rest[: len(USER)])
    return Live(pk, user_id, refresh_id, user, dict(zip(ALSO_READ, rest[len(USER) :], strict=True)))


def live(claims: Claims) -> Live:
    """The sign-in that a token is of. Raises BadToken when it has ended."""
    row = row_of(claims)
    if row is None:
        raise BadToken
    return live_of(row)


def check(raw: str) -> None:
    """Whether a token of either kind would be taken now. Raises BadToken."""
    try:
        live(read(raw, Access))
    except BadToken:
        claims = read(raw, Refresh)
        if live(claims).refresh_id != claims.token_id:
            raise BadToken from None


def signed(refresh: Refresh, user_id: int, sid: int) -> dict[str, str]:
    access = Access()
    for token in (access, refresh):
        token["user_id"], token["sid"] = user_id, sid
    return {"access": str(access), "refresh": str(refresh)}


def expiry(token: Token) -> datetime:
    return datetime.fromtimestamp(token["exp"], UTC)
