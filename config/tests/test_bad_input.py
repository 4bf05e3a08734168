"""Bad input of every kind, to every endpoint and method: a 4xx problem with its code, nothing
changed, nothing of anybody else told, nothing logged that should not be.

A row of the table: what is wrong, who asks, the call, the body, and the status and code that
answer. Paths are below /api/v1 unless they begin with `//`. A body of bytes goes as it is, anything
else as JSON. What stands in braces is looked up in `World`.
"""

# ruff: noqa: E501 - a table is read by its columns

import base64
import json
import socket
import time
from contextlib import ExitStack
from urllib.parse import parse_qs, unquote, urlsplit

import jwt
import pytest
from django.apps import apps
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, get_resolver, resolve

from accounts import tokens
from accounts.models import SignIn
from api.problems import CODES
from catalog.tests.factories import GenreFactory, MovieFactory, TVShowFactory
from config.tests.serving import serving
from conftest import PASSWORD
from mylist.models import MyList
from mylist.registry import kind_named

NOBODY, ANN, CURATOR, ADMIN = "nobody", "ann", "curator", "admin"

LONG = "x" * 6000
TEN_MB = b'"' + b"x" * 10_000_000 + b'"'
DEEP_LIST = b"[" * 30_000
DEEP_OBJECT = b'{"a":' * 10_000
DEEP_BUT_CLOSED = b"[" * 20_000 + b"]" * 20_000
BEYOND = 2**63
FAR_BEYOND = 10**40
FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"
NUL_ID, WORDS_NUL = "%00", "a%00b"
SURROGATE = "%ED%A0%80"

who = {"email": "ann@example.com", "password": PASSWORD}
new = {"email": "new@example.com", "name": "New", "password": PASSWORD}
a_movie = {"content_type": "movie", "content_id": 1}


def typed(content_type, **more):
    return {"content_type": content_type, "headers": more}


def bearing(authorization):
    return {"headers": {"Authorization": authorization}}


# fmt: off
SIGNING_IN = [
    ("no body",                 NOBODY, "POST /auth/token/", b"", 400, 3400),
    ("half a body",             NOBODY, "POST /auth/token/", b'{"email": "ann@', 400, 9001),
    ("a trailing comma",        NOBODY, "POST /auth/token/", b'{"email": "a",}', 400, 9001),
    ("not a number",            NOBODY, "POST /auth/token/", b'{"email": NaN}', 400, 9001),
    ("deep lists",              NOBODY, "POST /auth/token/", DEEP_LIST, 400, 9001),
    ("deep objects",            NOBODY, "POST /auth/token/", DEEP_OBJECT, 400, 9001),
    ("deep, well-formed",       NOBODY, "POST /auth/token/", DEEP_BUT_CLOSED, 400, 9001),
    ("deep and too long",       NOBODY, "POST /auth/token/", b'{"a":' * 30_000, 413, 9413),
    ("a raw NUL",               NOBODY, "POST /auth/token/", b'{"email": "a\0"}', 400, 9001),
    ("a raw surrogate",         NOBODY, "POST /auth/token/", b'"\xed\xa0\x80"', 400, 9001),
    ("an escaped surrogate",    NOBODY, "POST /auth/token/", b'{"\\ud800": 1}', 400, 9001),
    ("UTF-16",                  NOBODY, "POST /auth/token/", "{}".encode("utf-16"), 400, 9001),
    ("a byte order mark",       NOBODY, "POST /auth/token/", b"\xef\xbb\xbf{}", 400, 9001),
    ("null",                    NOBODY, "POST /auth/token/", b"null", 400, 3400),
    ("a list",                  NOBODY, "POST /auth/token/", [who], 400, 3400),
    ("no password",             NOBODY, "POST /auth/token/", {"email": "ann@example.com"}, 400, 3400),
    ("a number as address",     NOBODY, "POST /auth/token/", who | {"email": 5}, 400, 3400),
    ("an object as password",   NOBODY, "POST /auth/token/", who | {"password": {}}, 400, 3400),
    ("a NUL in the address",    NOBODY, "POST /auth/token/", who | {"email": "ann\0"}, 400, 3400),
    ("a NUL in the password",   NOBODY, "POST /auth/token/", who | {"password": "a\0"}, 400, 3400),
    ("a very long password",    NOBODY, "POST /auth/token/", who | {"password": LONG}, 400, 3400),
    ("an unknown field",        NOBODY, "POST /auth/token/", who | {"admin": "zebra-admin"}, 400, 3400),
    ("a wrong password",        NOBODY, "POST /auth/token/", who | {"password": "zebra-guess"}, 401, 3003),
    ("nobody's address",        NOBODY, "POST /auth/token/", who | {"email": "zoe@example.com"}, 401, 3003),
    ("an unknown parameter",    NOBODY, "POST /auth/token/?next=zebra-next", who, 400, 9002),
    ("too many parameters",     NOBODY, "POST /auth/token/?" + "a&" * 1001, who, 400, 9400),
    ("10 MB",                   NOBODY, "POST /auth/token/", TEN_MB, 413, 9413),
    ("a password in a GET",     NOBODY, "GET /auth/token/?password=zebra-pass", None, 405, 9405),
    ("garbage",                 NOBODY, "POST /auth/token/refresh/", {"refresh": "zebra-garbage"}, 401, 3002),
    ("an access token",         NOBODY, "POST /auth/token/refresh/", {"refresh": "{access}"}, 401, 3002),
    ("alg none",                NOBODY, "POST /auth/token/refresh/", {"refresh": "{refresh_none}"}, 401, 3002),
    ("a very long token",       NOBODY, "POST /auth/token/refresh/", {"refresh": LONG}, 400, 3400),
    ("a deep token",            NOBODY, "POST /auth/token/refresh/", {"refresh": "{deep_4k}"}, 401, 3002),
    ("DELETE",                  NOBODY, "DELETE /auth/token/refresh/", None, 405, 9405),
    ("no token",                NOBODY, "POST /auth/token/verify/", {}, 400, 3400),
    ("the wrong key",           NOBODY, "POST /auth/token/verify/", {"token": "{wrong_key}"}, 401, 3002),
    ("expired",                 NOBODY, "POST /auth/token/verify/", {"token": "{expired}"}, 401, 3002),
    ("nothing to revoke",       NOBODY, "POST /auth/token/revoke/", {}, 401, 3001),
    ("an access token",         NOBODY, "POST /auth/token/revoke/", {"refresh": "{access}"}, 401, 3002),
    ("null",                    ANN,    "POST /auth/token/revoke/", {"refresh": None}, 400, 3400),
    ("a number as address",     NOBODY, "POST /auth/password/reset/", {"email": 5}, 400, 3400),
    ("a very long address",     NOBODY, "POST /auth/password/reset/", {"email": LONG}, 400, 3400),
    ("a made-up link",          NOBODY, "POST /auth/password/reset/confirm/", {"uid": "MQ", "token": "zebra-token", "password": "zebra-pass-9"}, 400, 3004),
    ("a uid that is no base64", NOBODY, "POST /auth/password/reset/confirm/", {"uid": "ü!", "token": "t", "password": "zebra-pass-9"}, 400, 3004),
    ("a uid beyond 64 bits",    NOBODY, "POST /auth/password/reset/confirm/", {"uid": "{uid_beyond}", "token": "t", "password": "zebra-pass-9"}, 400, 3004),
]

BODIES_OF_THE_WRONG_TYPE = [
    ("a form",              NOBODY, "POST /auth/token/", b"email=ann@example.com&password=zebra-pass", 415, 9415, typed(FORM)),
    ("an empty form",       CURATOR, "PUT /movies/{movie}/", b"", 400, 1400, typed(FORM)),
    ("an empty form",       ANN,    "POST /mylist/", b"", 400, 4400, typed(MULTIPART)),
    ("an empty form",       NOBODY, "POST /tv-shows/batch/", b"", 400, 2400, typed(FORM)),
    ("XML",                 ANN,    "POST /mylist/", b"<a/>", 415, 9415, typed("application/xml")),
    ("nearly JSON",         ANN,    "POST /mylist/", b"{}", 415, 9415, typed("application/jsonp")),
    ("no type",             ANN,    "POST /mylist/", b"{}", 415, 9415, typed("")),
    ("UTF-16",              NOBODY, "POST /auth/token/", "{}".encode("utf-16"), 415, 9415, typed("application/json; charset=utf-16")),
    ("no such charset",     NOBODY, "POST /auth/token/", b"{}", 415, 9415, typed("application/json; charset=zebra")),
    ("no charset for text", NOBODY, "POST /auth/token/", b"{}", 415, 9415, typed("application/json; charset=hex")),
    ("a charset for query", NOBODY, "POST /auth/token/?\\ud800=1", b"{}", 400, 9002, typed("application/json; charset=unicode_escape")),
    ("an unreadable type",  NOBODY, "POST /auth/token/", b"{}", 415, 9415, typed("application/json; a*=zebra''b")),
    ("a type in pieces",    NOBODY, "POST /auth/token/", b"{}", 415, 9415, typed("application/json; a*0=1; a*=2")),
    ("too many parameters", NOBODY, "POST /auth/token/?" + "a&" * 1001, b"{}", 400, 9400, typed("application/json; charset=utf-8")),
    ("a compressed body",   ANN,    "POST /mylist/", b"\x1f\x8b\x08\0", 400, 9001, typed("application/json", **{"Content-Encoding": "gzip"})),
    ("in chunks",           ANN,    "POST /mylist/", b"", 411, 9411, typed("application/json", **{"Transfer-Encoding": "chunked"})),
    ("in chunks",           NOBODY, "GET /movies/", None, 411, 9411, {"headers": {"Transfer-Encoding": "chunked"}}),
]

TOKENS = [
    ("no token",                NOBODY, "GET /mylist/", None, 401, 3001),
    ("no token",                NOBODY, "POST /mylist/contains/", {"items": []}, 401, 3001),
    ("no token",                NOBODY, "PUT /movies/{movie}/", {"title": "Zebra film"}, 401, 3001),
    ("no token",                NOBODY, "GET /users/{bob}/", None, 401, 3001),
    ("alg none",                NOBODY, "GET /mylist/", None, 401, 3002, bearing("Bearer {alg_none}")),
    ("alg none, unsigned",      NOBODY, "GET /users/me/", None, 401, 3002, bearing("Bearer {unsigned}")),
    ("the wrong key",           NOBODY, "GET /mylist/", None, 401, 3002, bearing("Bearer {wrong_key}")),
    ("another algorithm",       NOBODY, "GET /mylist/", None, 401, 3002, bearing("Bearer {another_algorithm}")),
    ("a refresh token",         NOBODY, "GET /mylist/", None, 401, 3002, bearing("Bearer {refresh}")),
    ("expired",                 NOBODY, "GET /mylist/", None, 401, 3002, bearing("Bearer {expired}")),
    ("without an expiry",       NOBODY, "GET /mylist/", None, 401, 3002, bearing("Bearer {eternal}")),
    ("of no sign-in",           NOBODY, "GET /mylist/", None, 401, 3002, bearing("Bearer {no_sid}")),
    ("of an ended sign-in",     NOBODY, "GET /mylist/", None, 401, 3002, bearing("Bearer {ended}")),
    ("somebody else's sign-in", NOBODY, "GET /mylist/", None, 401, 3002, bearing("Bearer {mixed}")),
    ("ids that are words",      NOBODY, "GET /mylist/", None, 401, 3002, bearing("Bearer {worded}")),
    ("ids beyond 64 bits",      NOBODY, "GET /mylist/", None, 401, 3002, bearing("Bearer {beyond}")),
    ("changed by one letter",   NOBODY, "GET /mylist/", None, 401, 3002, bearing("Bearer x{access}")),
    ("twice",                   NOBODY, "GET /mylist/", None, 401, 3002, bearing("Bearer {access} {access}")),
    ("garbage",                 NOBODY, "GET /mylist/", None, 401, 3002, bearing("Bearer zebra-garbage")),
    ("not ASCII",               NOBODY, "GET /mylist/", None, 401, 3002, bearing("Bearer \xe9.\xe9.\xe9")),
    ("deep",                    NOBODY, "GET /mylist/", None, 401, 3002, bearing("Bearer {deep_8k}")),
    ("empty",                   NOBODY, "GET /mylist/", None, 401, 3002, bearing("Bearer ")),
    ("an empty header",         NOBODY, "GET /mylist/", None, 401, 3002, bearing("")),
    ("another scheme",          NOBODY, "GET /mylist/", None, 401, 3002, bearing("Basic YW5uOnplYnJhLXBhc3M=")),
    ("where none is needed",    NOBODY, "GET /movies/", None, 401, 3002, bearing("Bearer zebra-garbage")),
    ("while signing in",        NOBODY, "POST /auth/token/", who, 401, 3002, bearing("Bearer {expired}")),
    ("of health",               NOBODY, "GET //health/live/", None, 401, 3002, bearing("Bearer zebra-garbage")),
]

PEOPLE = [
    ("no body",                 NOBODY, "POST /users/", b"", 400, 3400),
    ("a list",                  NOBODY, "POST /users/", [new], 400, 3400),
    ("taken, in capitals",      NOBODY, "POST /users/", new | {"email": "ANN@EXAMPLE.COM"}, 400, 3400),
    ("no address",              NOBODY, "POST /users/", new | {"email": "zebra-zebra"}, 400, 3400),
    ("a NUL in the address",    NOBODY, "POST /users/", new | {"email": "a\0@example.com"}, 400, 3400),
    ("a line in the address",   NOBODY, "POST /users/", new | {"email": "a@example.com\nbcc: b@example.com"}, 400, 3400),
    ("a very long name",        NOBODY, "POST /users/", new | {"name": LONG}, 400, 3400),
    ("a blank name",            NOBODY, "POST /users/", new | {"name": "  "}, 400, 3400),
    ("a common password",       NOBODY, "POST /users/", new | {"password": "password123"}, 400, 3400),
    ("a password of 129",       NOBODY, "POST /users/", new | {"password": "zebra" * 25 + "1234"}, 400, 3400),
    ("an unknown field",        NOBODY, "POST /users/", new | {"is_superuser": True}, 400, 3400),
    ("an unknown parameter",    NOBODY, "POST /users/?staff=1", new, 400, 9002),
    ("not staff",               ANN,    "GET /users/", None, 403, 9403),
    ("an unknown parameter",    ADMIN,  "GET /users/?q=zebra-query", None, 400, 9002),
    ("another's account",       ANN,    "GET /users/{bob}/", None, 404, 3404),
    ("nobody's account",        ANN,    "GET /users/987654/", None, 404, 3404),
    ("an id beyond 64 bits",    ANN,    f"GET /users/{BEYOND}/", None, 404, 9404),
    ("a doubled parameter",     ANN,    "GET /users/me/?a=1&a=2", None, 400, 9002),
    ("another's account",       ANN,    "PUT /users/{bob}/", {"email": "zebra@example.com", "name": "Zebra name"}, 404, 3404),
    ("no name",                 ANN,    "PUT /users/me/", {"email": "ann@example.com"}, 400, 3400),
    ("an unknown field",        ANN,    "PUT /users/me/", {"email": "ann@example.com", "name": "Ann", "is_superuser": True}, 400, 3400),
    ("another's account",       ANN,    "PATCH /users/{bob}/", {"name": "Zebra name"}, 404, 3404),
    ("without the password",    ANN,    "PATCH /users/me/", {"password": "zebra-zebra-9"}, 400, 3400),
    ("a wrong password",        ANN,    "PATCH /users/me/", {"email": "zebra@example.com", "current_password": "zebra-guess"}, 400, 3400),
    ("a lone surrogate",        ANN,    "PATCH /users/me/", b'{"name": "\\udfff"}', 400, 9001),
    ("another's account",       ANN,    "DELETE /users/{bob}/", None, 404, 3404),
    ("without the permission",  CURATOR, "DELETE /users/{bob}/", None, 403, 9403),
    ("an unknown parameter",    ANN,    "DELETE /users/me/?force=1", None, 400, 9002),
    ("a crafted cursor",        ANN,    "GET /users/me/sign-ins/?cursor=zebra-cursor", None, 400, 9003),
    ("another's sign-ins",      ANN,    "DELETE /users/{bob}/sign-ins/", None, 404, 3404),
    ("another's sign-in",       ANN,    "DELETE /users/{bob}/sign-ins/{bobs_sign_in}/", None, 404, 3404),
    ("another's, as mine",      ANN,    "DELETE /users/me/sign-ins/{bobs_sign_in}/", None, 404, 3404),
    ("POST",                    ANN,    "POST /users/me/", {}, 405, 9405),
]

TITLES = [
    ("a page of no size",       NOBODY, "GET /movies/?page_size=0", None, 400, 9002),
    ("a page too large",        NOBODY, "GET /movies/?page_size=101", None, 400, 9002),
    ("Arabic digits",           NOBODY, "GET /movies/?page_size=%D9%A3", None, 400, 9002),
    ("an empty size",           NOBODY, "GET /movies/?page_size=", None, 400, 9002),
    ("two sizes",               NOBODY, "GET /movies/?page_size=5&page_size=5", None, 400, 9002),
    ("an unknown parameter",    NOBODY, "GET /movies/?limit=5", None, 400, 9002),
    ("DRF's format",            NOBODY, "GET /movies/?format=json", None, 400, 9002),
    ("a NUL as name",           NOBODY, "GET /movies/?%00=1", None, 400, 9002),
    ("a surrogate as name",     NOBODY, f"GET /movies/?{SURROGATE}=1", None, 400, 9002),
    ("a surrogate to find",     NOBODY, f"GET /movies/?q={SURROGATE}", None, 400, 9002),
    ("a genre in Latin-1",      NOBODY, "GET /movies/?genre=com%E9die", None, 400, 9002),
    ("a garbage cursor",        NOBODY, "GET /movies/?cursor=zebra-cursor", None, 400, 9003),
    ("an empty cursor",         NOBODY, "GET /movies/?cursor=", None, 400, 9002),
    ("a NUL in the cursor",     NOBODY, f"GET /movies/?cursor={WORDS_NUL}", None, 400, 9002),
    ("a very long cursor",      NOBODY, f"GET /movies/?cursor={LONG}", None, 400, 9002),
    ("a cursor with a suffix",  NOBODY, "GET /movies/?cursor={movies_cursor}x", None, 400, 9003),
    ("another list's cursor",   NOBODY, "GET /movies/?cursor={shows_cursor}", None, 400, 9003),
    ("another filter's cursor", NOBODY, "GET /movies/?year=1999&cursor={movies_cursor}", None, 400, 9003),
    ("another order's cursor",  NOBODY, "GET /movies/?ordering=title&cursor={movies_cursor}", None, 400, 9003),
    ("an unknown order",        NOBODY, "GET /movies/?ordering=password", None, 400, 9002),
    ("a year beyond 64 bits",   NOBODY, f"GET /movies/?year_min={BEYOND}", None, 400, 9002),
    ("a rating above 10",       NOBODY, "GET /movies/?rating_min=11", None, 400, 9002),
    ("an infinite rating",      NOBODY, "GET /tv-shows/?rating_min=1e999", None, 400, 9002),
    ("a NUL in a search",       NOBODY, f"GET /movies/?q={WORDS_NUL}", None, 400, 9002),
    ("a very long search",      NOBODY, f"GET /movies/?q={LONG}", None, 400, 9002),
    ("no such movie",           NOBODY, "GET /movies/987654/", None, 404, 1404),
    ("a show's id",             NOBODY, "GET /movies/{only_show}/", None, 404, 1404),
    ("a negative id",           NOBODY, "GET /movies/-1/", None, 404, 9404),
    ("a leading zero",          NOBODY, "GET /movies/01/", None, 404, 9404),
    ("an id beyond 64 bits",    NOBODY, f"GET /movies/{BEYOND}/", None, 404, 9404),
    ("the largest id",          NOBODY, f"GET /movies/{BEYOND - 1}/", None, 404, 1404),
    ("a NUL as id",             NOBODY, f"GET /movies/{NUL_ID}/", None, 404, 9404),
    ("an id and a line",        NOBODY, "GET /movies/1%0A/", None, 404, 9404),
    ("a surrogate as id",       NOBODY, f"GET /movies/{SURROGATE}/", None, 404, 9404),
    ("a parameter",             NOBODY, "GET /tv-shows/{show}/?fields=title", None, 400, 9002),
    ("not staff",               ANN,    "POST /movies/", {"title": "Zebra film"}, 403, 9403),
    ("no title",                CURATOR, "POST /movies/", {}, 400, 1400),
    ("a list",                  CURATOR, "POST /movies/", [], 400, 1400),
    ("a number as title",       CURATOR, "POST /movies/", {"title": 5}, 400, 1400),
    ("a very long title",       CURATOR, "POST /movies/", {"title": LONG}, 400, 1400),
    ("a lone surrogate",        CURATOR, "POST /movies/", b'{"title": "\\ud83d"}', 400, 9001),
    ("a runtime of words",      CURATOR, "POST /movies/", {"title": "Zebra film", "runtime": "90"}, 400, 1400),
    ("a runtime with a point",  CURATOR, "POST /movies/", {"title": "Zebra film", "runtime": 90.0}, 400, 1400),
    ("a boolean runtime",       CURATOR, "POST /movies/", {"title": "Zebra film", "runtime": True}, 400, 1400),
    ("a negative runtime",      CURATOR, "POST /movies/", {"title": "Zebra film", "runtime": -1}, 400, 1400),
    ("beyond 64 bits",          CURATOR, "POST /movies/", {"title": "Zebra film", "runtime": BEYOND}, 400, 1400),
    ("far beyond 64 bits",      CURATOR, "POST /movies/", b'{"title": "Zebra film", "tmdb_id": 1%s}' % (b"0" * 40), 400, 1400),
    ("a rating of 10.5",        CURATOR, "POST /movies/", {"title": "Zebra film", "rating": 10.5}, 400, 1400),
    ("an infinite rating",      CURATOR, "POST /movies/", b'{"title": "Zebra film", "rating": 1e999}', 400, 9001),
    ("no such day",             CURATOR, "POST /movies/", {"title": "Zebra film", "release_date": "2026-02-30"}, 400, 1400),
    ("a time as date",          CURATOR, "POST /movies/", {"title": "Zebra film", "release_date": "2026-02-03T00:00"}, 400, 1400),
    ("another year",            CURATOR, "POST /movies/", {"title": "Zebra film", "release_date": "2026-02-03", "release_year": 1999}, 400, 1400),
    ("a word as availability",  CURATOR, "POST /movies/", {"title": "Zebra film", "available": "yes"}, 400, 1400),
    ("no such genre",           CURATOR, "POST /movies/", {"title": "Zebra film", "genre_ids": [987654]}, 400, 1400),
    ("an unknown field",        CURATOR, "POST /movies/", {"title": "Zebra film", "seasons": 1}, 400, 1400),
    ("no IMDb id",              CURATOR, "POST /movies/", {"title": "Zebra film", "imdb_id": "tt1\n"}, 400, 1400),
    ("a taken IMDb id",         CURATOR, "POST /movies/", {"title": "Zebra film", "imdb_id": "tt0111161"}, 400, 1400),
    ("an unknown parameter",    CURATOR, "POST /movies/?dry_run=1", {"title": "Zebra film"}, 400, 9002),
    ("a string as creators",    CURATOR, "POST /tv-shows/", {"title": "Zebra show", "creators": "Zebra maker"}, 400, 2400),
    ("objects as creators",     CURATOR, "POST /tv-shows/", {"title": "Zebra show", "creators": [{"name": "Zebra"}]}, 400, 2400),
    ("a movie's field",         CURATOR, "POST /tv-shows/", {"title": "Zebra show", "director": "Zebra maker"}, 400, 2400),
    ("no such movie",           CURATOR, "PUT /movies/987654/", {"title": "Zebra film"}, 404, 1404),
    ("no title",                CURATOR, "PUT /movies/{movie}/", {"runtime": 90}, 400, 1400),
    ("not staff",               ANN,    "PUT /tv-shows/{show}/", {"title": "Zebra show"}, 403, 9403),
    ("deep lists",              CURATOR, "PATCH /movies/{movie}/", DEEP_LIST, 400, 9001),
    ("a null title",            CURATOR, "PATCH /movies/{movie}/", {"title": None}, 400, 1400),
    ("10 MB",                   CURATOR, "PATCH /movies/{movie}/", TEN_MB, 413, 9413),
    ("not staff",               ANN,    "PATCH /movies/{movie}/", {"available": False}, 403, 9403),
    ("no such show",            CURATOR, "PATCH /tv-shows/987654/", {}, 404, 2404),
    ("negative seasons",        CURATOR, "PATCH /tv-shows/{show}/", {"seasons": -1}, 400, 2400),
    ("not staff",               ANN,    "DELETE /movies/{movie}/", None, 403, 9403),
    ("no such movie",           CURATOR, "DELETE /movies/987654/", None, 404, 1404),
    ("a doubled parameter",     CURATOR, "DELETE /movies/{movie}/?a=1&a=2", None, 400, 9002),
    ("no such show",            CURATOR, "DELETE /tv-shows/987654/", None, 404, 2404),
    ("no ids",                  NOBODY, "POST /movies/batch/", {}, 400, 1400),
    ("an id as a string",       NOBODY, "POST /movies/batch/", {"ids": ["1"]}, 400, 1400),
    ("a boolean id",            NOBODY, "POST /movies/batch/", {"ids": [True]}, 400, 1400),
    ("a negative id",           NOBODY, "POST /tv-shows/batch/", {"ids": [-1]}, 400, 2400),
    ("an id beyond 64 bits",    NOBODY, "POST /tv-shows/batch/", {"ids": [BEYOND]}, 400, 2400),
    ("101 ids",                 NOBODY, "POST /tv-shows/batch/", {"ids": list(range(1, 102))}, 400, 2400),
    ("an unknown parameter",    NOBODY, "POST /movies/batch/?a=1", {"ids": [1]}, 400, 9002),
    ("GET",                     NOBODY, "GET /movies/batch/", None, 405, 9405),
    ("not staff",               ANN,    "GET /movies/{movie}/listed-by/", None, 403, 9403),
    ("no such movie",           CURATOR, "GET /movies/987654/listed-by/", None, 404, 1404),
    ("a crafted cursor",        CURATOR, "GET /tv-shows/{show}/listed-by/?cursor=.", None, 400, 9003),
    ("no token",                NOBODY, "GET /tv-shows/{show}/listed-by/", None, 401, 3001),
    ("an unknown parameter",    NOBODY, "GET /genres/?name=zebra-name", None, 400, 9002),
    ("POST",                    CURATOR, "POST /genres/", {"name": "Zebra genre"}, 405, 9405),
]

MY_LIST = [
    ("another's cursor",        ANN, "GET /mylist/?cursor={bobs_cursor}", None, 400, 9003),
    ("an unknown kind",         ANN, "GET /mylist/?content_type=book", None, 400, 9002),
    ("a kind and a NUL",        ANN, "GET /mylist/?content_type=movie%00", None, 400, 9002),
    ("another's list",          ANN, "GET /mylist/?user={bob}", None, 400, 9002),
    ("a page too large",        ANN, "GET /mylist/?page_size=1000", None, 400, 9002),
    ("no body",                 ANN, "POST /mylist/", b"", 400, 4400),
    ("deep lists",              ANN, "POST /mylist/", DEEP_LIST, 400, 9001),
    ("a list",                  ANN, "POST /mylist/", [a_movie], 400, 4400),
    ("an unknown kind",         ANN, "POST /mylist/", a_movie | {"content_type": "book"}, 400, 4400),
    ("a model's name",          ANN, "POST /mylist/", a_movie | {"content_type": "accounts.user"}, 400, 4400),
    ("a NUL in the kind",       ANN, "POST /mylist/", a_movie | {"content_type": "movie\0"}, 400, 4400),
    ("a string id",             ANN, "POST /mylist/", a_movie | {"content_id": "1"}, 400, 4400),
    ("an id with a point",      ANN, "POST /mylist/", a_movie | {"content_id": 1.0}, 400, 4400),
    ("a boolean id",            ANN, "POST /mylist/", a_movie | {"content_id": True}, 400, 4400),
    ("a negative id",           ANN, "POST /mylist/", a_movie | {"content_id": -1}, 400, 4400),
    ("an id beyond 64 bits",    ANN, "POST /mylist/", a_movie | {"content_id": BEYOND}, 400, 4400),
    ("far beyond 64 bits",      ANN, "POST /mylist/", b'{"content_type": "movie", "content_id": 1%s}' % (b"0" * 400), 400, 9001),
    ("no such title",           ANN, "POST /mylist/", a_movie | {"content_id": 987654}, 404, 4003),
    ("a withdrawn title",       ANN, "POST /mylist/", a_movie | {"content_id": "{withdrawn:d}"}, 404, 4003),
    ("listed already",          ANN, "POST /mylist/", a_movie | {"content_id": "{movie:d}"}, 409, 4001),
    ("a very long note",        ANN, "POST /mylist/", a_movie | {"note": "x" * 501}, 400, 4400),
    ("a NUL in the note",       ANN, "POST /mylist/", a_movie | {"note": "zebra-note\0"}, 400, 4400),
    ("a lone surrogate",        ANN, "POST /mylist/", b'{"content_type": "movie", "content_id": 1, "note": "\\udc00"}', 400, 9001),
    ("another's list",          ANN, "POST /mylist/", a_movie | {"user": "{bob:d}"}, 400, 4400),
    ("a pointer's letters",     ANN, "POST /mylist/", a_movie | {"a/b~c": 1}, 400, 4400),
    ("an unknown parameter",    ANN, "POST /mylist/?user={bob}", a_movie, 400, 9002),
    ("10 MB",                   ANN, "POST /mylist/", TEN_MB, 413, 9413),
    ("an unknown parameter",    ANN, "DELETE /mylist/?content_type=movie", None, 400, 9002),
    ("a very long body",        ANN, "DELETE /mylist/", TEN_MB, 413, 9413),
    ("another's item",          ANN, "GET /mylist/{bobs_item}/", None, 404, 4404),
    ("nobody's item",           ANN, "GET /mylist/987654/", None, 404, 4404),
    ("an id beyond 64 bits",    ANN, f"GET /mylist/{BEYOND}/", None, 404, 9404),
    ("a doubled parameter",     ANN, "GET /mylist/{item}/?a=1&a=2", None, 400, 9002),
    ("another's item",          ANN, "PATCH /mylist/{bobs_item}/", {"note": "zebra-note"}, 404, 4404),
    ("another content",         ANN, "PATCH /mylist/{item}/", {"user": "{bob:d}"}, 400, 4400),
    ("a list as note",          ANN, "PATCH /mylist/{item}/", {"note": ["zebra-note"]}, 400, 4400),
    ("another's item",          ANN, "PUT /mylist/{bobs_item}/", {"note": "zebra-note"}, 404, 4404),
    ("a string",                ANN, "PUT /mylist/{item}/", b'"zebra-note"', 400, 4400),
    ("an unknown field",        ANN, "PUT /mylist/{item}/", {"note": "zebra-note", "sequence": 1}, 400, 4400),
    ("another's item",          ANN, "DELETE /mylist/{bobs_item}/", None, 404, 4404),
    ("an unknown parameter",    ANN, "DELETE /mylist/{item}/?force=1", None, 400, 9002),
    ("not on my list",          ANN, "GET /mylist/tvshow/{show}/", None, 404, 4404),
    ("an unknown kind",         ANN, "GET /mylist/book/1/", None, 404, 4404),
    ("a kind in capitals",      ANN, "GET /mylist/Movie/1/", None, 404, 9404),
    ("a NUL in the kind",       ANN, "GET /mylist/movie%00/1/", None, 404, 9404),
    ("no such title",           ANN, "PUT /mylist/movie/987654/", {}, 404, 4003),
    ("a withdrawn title",       ANN, "PUT /mylist/movie/{withdrawn}/", {}, 404, 4003),
    ("a list",                  ANN, "PUT /mylist/movie/{movie}/", [], 400, 4400),
    ("a form",                  ANN, "PUT /mylist/movie/{movie}/", b"note=zebra-note", 415, 9415, typed(FORM)),
    ("an unknown parameter",    ANN, "PUT /mylist/movie/{movie}/?note=zebra-note", {}, 400, 9002),
    ("not on my list",          ANN, "DELETE /mylist/tvshow/{show}/", None, 404, 4404),
    ("an unknown kind",         ANN, "DELETE /mylist/user/1/", None, 404, 4404),
    ("no items",                ANN, "POST /mylist/contains/", {}, 400, 4400),
    ("items as an object",      ANN, "POST /mylist/contains/", {"items": a_movie}, 400, 4400),
    ("an unknown kind",         ANN, "POST /mylist/contains/", {"items": [a_movie | {"content_type": "book"}]}, 400, 4400),
    ("a boolean id",            ANN, "POST /mylist/contains/", {"items": [a_movie | {"content_id": False}]}, 400, 4400),
    ("201 items",               ANN, "POST /mylist/contains/", {"items": [a_movie] * 201}, 400, 4400),
    ("GET",                     ANN, "GET /mylist/contains/", None, 405, 9405),
    ("POST",                    ANN, "POST /mylist/{item}/", {}, 405, 9405),
    ("PATCH",                   ANN, "PATCH /mylist/", {}, 405, 9405),
]

PATHS_AND_METHODS = [
    ("no such path",            NOBODY, "POST /zebra/", {"a": "zebra-value"}, 404, 9404),
    ("no such path, no token",  NOBODY, "GET /mylist/changes/", None, 404, 9404),
    ("a double slash",          NOBODY, "GET /movies//", None, 404, 9404),
    ("a double slash",          NOBODY, "GET //api//v1/movies/", None, 404, 9404),
    ("an encoded slash",        NOBODY, "GET /movies%2F1%2F2/", None, 404, 9404),
    ("dots",                    NOBODY, "GET /movies/../../../etc/passwd", None, 404, 9404),
    ("a NUL",                   NOBODY, "GET //%00/", None, 404, 9404),
    ("a very long path",        NOBODY, f"GET /movies/{LONG}/", None, 404, 9404),
    ("an odd Accept",           NOBODY, "GET /movies/0/", None, 404, 9404, {"headers": {"Accept": "text/html"}}),
    ("a broken Accept",         NOBODY, "GET //api/schema/?format=toml", None, 400, 9002, {"headers": {"Accept": "a/b; a*=zebra''b"}}),
    ("another host",            NOBODY, "GET /movies/", None, 400, 9004, {"headers": {"Host": "zebra.example"}}),
    ("a host that is none",     NOBODY, "GET /movies/", None, 400, 9004, {"headers": {"Host": "a b"}}),
    ("TRACE",                   NOBODY, "TRACE /genres/", None, 405, 9405),
    ("a made-up method",        NOBODY, "ZEBRA /genres/", None, 405, 9405),
    ("CONNECT",                 NOBODY, "CONNECT //health/live/", None, 405, 9405),
    ("PROPFIND without token",  NOBODY, "PROPFIND /mylist/", None, 401, 3001),
    ("PROPFIND",                ANN,    "PROPFIND /mylist/", None, 405, 9405),
    ("TRACE",                   ANN,    "TRACE /mylist/{item}/", None, 405, 9405),
    ("POST",                    NOBODY, "POST //health/live/", {}, 405, 9405),
    ("a parameter",             NOBODY, "GET //health/live/?verbose=1", None, 400, 9002),
    ("a parameter",             NOBODY, "GET //health/ready/?verbose=1", None, 400, 9002),
    ("an unknown part",         NOBODY, "GET //health/zebra/", None, 404, 9404),
    ("OPTIONS",                 NOBODY, "OPTIONS //api/docs/", None, 405, 9405),
    ("TRACE",                   NOBODY, "TRACE //api/docs/redoc/", None, 405, 9405),
    ("DELETE",                  NOBODY, "DELETE //api/docs/errors/", None, 405, 9405),
    ("two formats",             NOBODY, "POST //api/schema/?format=json", {}, 405, 9405),
    ("PUT",                     NOBODY, "PUT //", {}, 405, 9405),
]
# fmt: on

TABLE = [
    *SIGNING_IN,
    *BODIES_OF_THE_WRONG_TYPE,
    *TOKENS,
    *PEOPLE,
    *TITLES,
    *MY_LIST,
    *PATHS_AND_METHODS,
]
MEMBERS = {"type", "title", "status", "detail", "instance", "code", "request_id"}
MORE_MEMBERS = {"errors", "id"}


class World(dict):
    """Ann, Bob and staff, a little of everything, and what somebody crafted out of it."""

    def __init__(self, ann, bob):
        self.ann_herself, self.bob_himself = ann, bob
        movie, self.second = MovieFactory(imdb_id="tt0111161"), MovieFactory()
        shows = TVShowFactory.create_batch(2)
        only_show = TVShowFactory(pk=shows[-1].pk + 1000)
        withdrawn = MovieFactory(available=False)
        GenreFactory()
        mine, _ = MyList.add(ann, kind_named("movie"), movie.pk, "Ann's note")
        his, _ = MyList.add(bob, kind_named("movie"), movie.pk, "Bob's secret")
        MyList.add(bob, kind_named("tvshow"), shows[0].pk, "Bob's secret")
        self.pair = tokens.sign_in(ann, "Ann's phone")
        self.bobs = tokens.sign_in(bob, "Bob's secret phone")
        super().__init__(
            ann=ann.pk,
            bob=bob.pk,
            movie=movie.pk,
            second_movie=self.second.pk,
            show=shows[0].pk,
            only_show=only_show.pk,
            withdrawn=withdrawn.pk,
            item=mine.pk,
            bobs_item=his.pk,
            bobs_sign_in=SignIn.objects.get(user=bob).pk,
            uid_beyond=base64.urlsafe_b64encode(str(FAR_BEYOND).encode()).decode(),
            **self.pair,
        )

    def __missing__(self, name):
        if name.endswith("_cursor"):
            return self.cursor_of(name.removesuffix("_cursor"))
        return getattr(self, name)()

    def cursor_of(self, what):
        path = {"movies": "movies", "shows": "tv-shows", "bobs": "mylist"}[what]
        bearer = {"Authorization": f"Bearer {self.bobs['access']}"} if what == "bobs" else {}
        page = Client().get(f"/api/v1/{path}/?page_size=1", headers=bearer).json()
        return parse_qs(urlsplit(page["next"]).query)["cursor"][0]

    def claims(self, **changes):
        known = jwt.decode(self["access"], options={"verify_signature": False})
        return {name: value for name, value in (known | changes).items() if value is not None}

    def signed(self, *, key=settings.SECRET_KEY, algorithm="HS256", **changes):
        return jwt.encode(self.claims(**changes), key, algorithm)

    def alg_none(self):
        return self.signed(key=None, algorithm="none")

    def unsigned(self):
        header, claims, _ = self["access"].split(".")
        return f"{header}.{claims}."

    def refresh_none(self):
        claims = jwt.decode(self["refresh"], options={"verify_signature": False})
        return jwt.encode(claims, None, "none")

    def wrong_key(self):
        return self.signed(key="another key that is long enough for it")

    def another_algorithm(self):
        return self.signed(algorithm="HS384")

    def expired(self):
        return self.signed(exp=int(time.time()) - 1)

    def eternal(self):
        return self.signed(exp=None)

    def no_sid(self):
        return self.signed(sid=None)

    def mixed(self):
        return self.signed(sid=self["bobs_sign_in"])

    def worded(self):
        return self.signed(sid="1 OR 1=1", user_id="me")

    def beyond(self):
        return self.signed(sid=FAR_BEYOND, user_id=FAR_BEYOND)

    def ended(self):
        pair = tokens.sign_in(self.ann_herself, "Ann's old phone")
        SignIn.objects.filter(user_agent="Ann's old phone").delete()
        return pair["access"]

    def deep_8k(self):
        return base64.urlsafe_b64encode(b"[" * 6000).decode() + ".e30.e30"

    def deep_4k(self):
        return base64.urlsafe_b64encode(b"[" * 3000).decode() + ".e30.e30"

    def filled(self, value):
        """`value` with what stands in braces looked up: `{bob:d}` as a number."""
        if isinstance(value, dict):
            return {name: self.filled(each) for name, each in value.items()}
        if not isinstance(value, str) or "{" not in value:
            return value
        return int(value.format_map(self)) if value.endswith(":d}") else value.format_map(self)


@pytest.fixture
def world(ann, bob):
    return World(ann, bob)


def everything():
    """Every row of every table of ours."""
    ours = [apps.get_app_config(name) for name in ("accounts", "catalog", "mylist")]
    models = [m for app in ours for m in app.get_models(include_auto_created=True)]
    return {m._meta.db_table: list(m._base_manager.order_by("pk").values()) for m in models}


def url_of(path):
    return path[1:] if path.startswith("//") else f"/api/v1{path}"


def name_of(row):
    why, who_, call, *_ = row
    return f"{call.partition('?')[0][:60]} - {why} ({who_})"


def values_in(body):
    """The texts that somebody sent: none of them belongs in a log."""
    if isinstance(body, dict):
        return [text for value in body.values() for text in values_in(value)]
    if isinstance(body, list):
        return [text for value in body for text in values_in(value)]
    return [body] if isinstance(body, str) and len(body) > 8 else []


@pytest.fixture
def ask(world, request):
    """What answers a row, and the private words that were sent."""

    def answer(who_, call, body, content_type="application/json", headers=None):
        sent = {name: world.filled(value) for name, value in (headers or {}).items()}
        if who_ != NOBODY:
            pair = tokens.sign_in(request.getfixturevalue(who_), "a test")
            sent["Authorization"] = f"Bearer {pair['access']}"
        method, path = call.split(" ", 1)
        body, url = world.filled(body), url_of(world.filled(path))
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body)
        before = everything()
        response = Client(raise_request_exception=False, headers=sent).generic(
            method, url, data, content_type=content_type, headers={"X-Request-ID": "row-1"}
        )
        assert everything() == before, "something changed"
        return response, [*values_in(body), sent.get("Authorization", "").partition(" ")[2]]

    return answer


def assert_is_a_problem(response, code):
    problem = response.json()
    assert response["Content-Type"] == "application/problem+json"
    assert MEMBERS <= problem.keys() <= MEMBERS | MORE_MEMBERS
    known = CODES[code]
    told = (problem["type"], problem["title"], problem["status"], problem["code"])
    assert told == (f"/api/docs/errors/#{code}", known.title, known.status, code)
    assert problem["detail"]
    assert unquote(problem["instance"]).rstrip("/") == response.wsgi_request.path.rstrip("/")
    assert response["X-Request-ID"] == problem["request_id"] == "row-1"
    for error in problem.get("errors", ()):
        assert error.keys() == {"pointer", "code", "detail"}
        assert error["pointer"].startswith("#")
        assert all(isinstance(text, str) and text for text in error.values())


@pytest.mark.django_db
@pytest.mark.parametrize("row", TABLE, ids=name_of)
def test_bad_input_is_refused_with_its_code(row, ask, log):
    _, who_, call, body, status, code, *more = row
    response, private = ask(who_, call, body, **(more[0] if more else {}))
    assert (response.status_code, response.json()["code"]) == (status, code), response.content
    assert_is_a_problem(response, code)
    assert ("Allow" in response) >= (status == 405)
    assert "Bob's secret" not in response.content.decode()
    assert "bob@example.com" not in response.content.decode()
    lines = log.getvalue()
    assert not [text for text in ("zebra", "Zebra", *private) if text and text in lines]
    assert log.of("access")[-1]["status"] == status
    assert not [line for line in log.read_all() if line["level"] not in ("info", "warning")]


def operations():
    """(method, route) of everything under /api/v1 and /health."""

    def walk(resolver, prefix):
        for each in resolver.url_patterns:
            route = prefix + str(each.pattern)
            if isinstance(each, URLPattern):
                for method in getattr(each.callback, "actions", None) or ():
                    yield method.upper(), route
            else:
                yield from walk(each, route)

    return {(m, route) for m, route in walk(get_resolver(), "") if m != "HEAD"}


def test_every_operation_has_bad_input():
    nothing = dict.fromkeys(("movie", "second_movie", "show", "only_show", "withdrawn"), 1)
    ids = nothing | dict.fromkeys(("ann", "bob", "item", "bobs_item", "bobs_sign_in"), 1)
    covered = set()
    for _, _, call, *_ in TABLE:
        method, path = call.partition("?")[0].split(" ", 1)
        covered.add((method, resolve(unquote(url_of(path.format(**ids)))).route))
    assert operations() - covered == set()


# --- what only a real server shows ---------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server")) as running:
        yield running


def code_of(answer):
    status, headers, body = answer
    assert headers["content-type"] == "application/problem+json"
    problem = json.loads(body)
    assert problem["request_id"] == headers["x-request-id"]
    return status, problem["code"]


def post(server, *headers, body=b"", path="/api/v1/auth/token/"):
    return server.send("POST", path, *headers, body=body)


def test_a_body_of_10_mb_is_read_to_its_end_and_refused(server):
    json_of = ("Content-Type: application/json", f"Content-Length: {len(TEN_MB)}")
    assert code_of(post(server, *json_of, body=TEN_MB)) == (413, 9413)


def test_beside_the_api_too(server):
    form_of = (f"Content-Type: {FORM}", f"Content-Length: {len(TEN_MB)}")
    assert code_of(post(server, *form_of, body=TEN_MB, path="/admin/login/")) == (413, 9413)


def test_what_is_no_request_is_not_quoted_in_the_log(server):
    late = (
        b"GET /health/live/ HTTP/1.1\r\nHost: localhost\r\n\r\n"
        + b'{"password": "zebra-secret"}\r\n\r\n'
    )
    server.exchange(late)
    server.send("GET", "/health/live/", "Authorization Bearer zebra-token")
    lines = server.log_lines()
    told = [line for line in lines if line["event"] == "invalid request"]
    assert len(told) >= 2
    assert not any("request_id" in line for line in told)
    assert "zebra" not in str(lines)


def test_who_announces_a_long_body_and_sends_none_holds_nobody_up(server):
    head = (
        b"POST /api/v1/auth/token/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000\r\n\r\n"
    )
    with ExitStack() as stack:
        address = ("127.0.0.1", server.port)
        # One for each thread that answers, and more.
        silent = [
            stack.enter_context(socket.create_connection(address, timeout=20)) for _ in range(8)
        ]
        for connection in silent:
            connection.sendall(head)
        assert server.get("/health/live/")[0] == 200
        assert [connection.recv(12) for connection in silent] == [b"HTTP/1.1 413"] * 8


@pytest.mark.parametrize("size", [2, 1_000_000], ids=["short", "long"])
def test_a_chunked_body_is_refused(server, size):
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (size, b"x" * size)
    assert code_of(post(server, "Transfer-Encoding: chunked", body=body)) == (411, 9411)


@pytest.mark.parametrize(
    "headers",
    [
        ("Content-Length: 2", "Content-Length: 3"),
        ("Content-Length: 2", "Transfer-Encoding: chunked"),
        ("Content-Length: -2",),
        ("Content-Length: two",),
        ("Content-Length: " + "9" * 5000,),
        ("Transfer-Encoding: zebra",),
        ("X-Zebra: a\0b",),
        ("X Zebra: a",),
    ],
    ids=lambda headers: " and ".join(headers)[:40],
)
def test_what_could_be_read_in_two_ways_is_refused_by_the_server_itself(server, headers):
    status, _, _ = post(server, *headers, body=b"{}")
    assert status in (400, 501)


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"zebra", 400),
        (b"GET", 400),
        (b"GET / HTTP/9.9", 400),
        (b"G\0T / HTTP/1.1", 400),
        (b"GET /" + b"x" * 10_000 + b" HTTP/1.1", 414),
        (b"\x16\x03\x01\x02\0\x01", 400),
    ],
    ids=["a word", "a method", "a version", "a NUL", "a long path", "TLS"],
)
def test_a_request_line_that_is_none(server, line, status):
    head = b"\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    assert server.exchange(line + head)[0] == status


@pytest.mark.parametrize(
    ("content_type", "query", "expected"),
    [
        ("application/json; charset=hex", "", (415, 9415)),
        ("application/json; charset=undefined", "", (415, 9415)),
        ("application/json; a*=zebra''b", "", (415, 9415)),
        ("application/json; a*0=1; a*=2", "", (415, 9415)),
        ("application/json; charset=unicode_escape", "?\\ud800", (400, 9002)),
        ("application/json; charset=utf-8", "?" + "a&" * 1001, (400, 9400)),
    ],
)
def test_a_content_type_does_not_stop_a_request_before_it_begins(
    server, content_type, query, expected
):
    about = (f"Content-Type: {content_type}", "Content-Length: 2")
    path = f"/api/v1/auth/token/{query}"
    assert code_of(post(server, *about, body=b"{}", path=path)) == expected


@pytest.mark.parametrize("path", ["/%ff%fe", "/%00", "/api/v1/movies/%ed%a0%80", "//api//v1"])
def test_a_path_that_is_no_text(server, path):
    assert code_of(server.get(path)) == (404, 9404)


def test_head_has_the_headers_and_no_body(server):
    for path, status in (("/api/v1/movies/", 200), ("/api/v1/movies/1/", 404), ("/", 200)):
        _, told, body = server.get(path)
        head = server.send("HEAD", path)
        assert (head[0], head[2]) == (status, b"")
        assert head[1]["content-length"] == told["content-length"] == str(len(body))


def test_it_lives_on_and_logs_neither_tracebacks_nor_what_was_sent(server):
    post(server, "Content-Type: application/json", "Content-Length: 7", body=b"[1, 2, ")
    assert server.get("/health/live/")[0] == 200
    lines = server.log_lines()
    assert 400 in {line["status"] for line in lines if line["logger"] == "access"}
    assert "Traceback" not in server.log.read_text()
    assert "zebra" not in json.dumps([line for line in lines if line["logger"] != "gunicorn.error"])
