"""Access and refresh tokens: the only module that knows the library that signs them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import IntegrityError
from django.utils import timezone
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import Token

from accounts.models import SignIn, User

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


@dataclass(frozen=True)
class Claims:
    user_id: int
    sid: int
    token_id: str


def read(raw: str, kind: type[Token]) -> Claims:
    """What a token says, once its signature, expiry and kind are right. No query."""
    try:
        token = kind(raw)  # type: ignore[arg-type]
        return Claims(int(token["user_id"]), int(token["sid"]), str(token["jti"]))
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


def live(claims: Claims) -> SignIn:
    """The sign-in with its person, in one statement. Raises BadToken when it has ended."""
    found = SignIn.objects.live().filter(pk=claims.sid, user_id=claims.user_id)
    row = found.select_related("user").first()
    if row is None:
        raise BadToken
    return row


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
