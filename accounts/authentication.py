"""Who is asking: `Authorization: Bearer <access>`, checked by one statement."""

import structlog
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts import tokens
from accounts.models import User
from accounts.problems import CHALLENGE
from api import limits

# In a request's META: claims and the row of their sign-in, where whoever handed the request on has
# read it for this request. A header cannot set it: those become HTTP_….
KNOWN = "mylist.known"


class BearerAuthentication(BaseAuthentication):
    """`request.user` is the person, `request.auth` the sign-in.

    A header that is there must be right, also where none is needed.
    """

    def authenticate(self, request: Request) -> tuple[User, tokens.Live] | None:
        header = request._request.META.get("HTTP_AUTHORIZATION")
        if header is None:
            return None
        scheme, _, raw = header.partition(" ")
        if scheme.lower() != "bearer":
            raise tokens.BadToken
        sign_in = self.sign_in(request, tokens.read(raw.strip(), tokens.Access))
        structlog.contextvars.bind_contextvars(user_id=sign_in.user_id)
        return sign_in.user, sign_in

    def sign_in(self, request: Request, claims: tokens.Claims) -> tokens.Live:
        known: tuple[tokens.Claims, tokens.Row] | None = request._request.META.get(KNOWN)
        if known is not None and known[0] == claims:
            return tokens.live_of(known[1])
        limits.ask_ahead(request, claims.user_id)
        return tokens.live(claims)

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE["WWW-Authenticate"]


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the docs tell it."""

    target_class = BearerAuthentication
    name = "bearer"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
