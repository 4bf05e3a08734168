"""Tokens that we did not make, or made for something else."""

import time

import jwt
from django.conf import settings

from accounts import tokens


def claims_of(sign_in, kind="access", **changes):
    now = int(time.time())
    return {
        "token_type": kind,
        "exp": now + 600,
        "iat": now,
        "jti": sign_in.refresh_id,
        "user_id": sign_in.user_id,
        "sid": sign_in.pk,
    } | changes


def token(claims, key=None, algorithm="HS256"):
    return jwt.encode(claims, settings.SECRET_KEY if key is None else key, algorithm)


def sid(raw):
    return tokens.read(raw, tokens.Refresh).sid
