"""People to test with, and clients that are signed in as they are.

Imports stand inside the fixtures: mylist's own tests run on settings without these apps.
"""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from django.apps import apps
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse
from rest_framework.test import APIClient, ForceAuthClientHandler

if TYPE_CHECKING:
    from accounts.models import User

PASSWORD = "correct horse battery"


class Client(APIClient):
    """Speaks JSON unless told otherwise."""

    default_format = "json"
    tokens: dict[str, str]

    def __init__(self, **defaults: Any) -> None:
        super().__init__(**defaults)
        if TEST_FRONT:
            self.handler = FrontHandler(self.handler.enforce_csrf_checks)


# The same suite with config.front before Django, as `make test-services` runs it once more.
TEST_FRONT = os.environ.get("TEST_FRONT") == "on"


class FrontHandler(ForceAuthClientHandler):
    """What Django's client misses, as it goes around config.wsgi."""

    def __call__(self, environ: dict[str, Any]) -> Any:
        hit = self.hit(environ) if apps.is_installed("config") else None
        return super().__call__(environ) if hit is None else answered(hit, environ)

    def hit(self, environ: dict[str, Any]) -> Any:
        from api import limits
        from config import front

        if limits.VERDICT in environ or not front.is_wanted():
            return None
        front.base_of.cache_clear()
        front.always.cache_clear()
        # Django's client sends no Host; every other one does.
        asking = front.recognise({"HTTP_HOST": environ["SERVER_NAME"]} | environ)
        if asking is None:
            return None
        # Tests of limits set the clock there.
        found = front.find(asking._replace(now=limits.time.time()))  # type: ignore[attr-defined]
        if isinstance(found, front.Hit):
            return found
        return found.mark(environ, asking.claims)


def answered(hit: Any, environ: dict[str, Any]) -> Any:
    """As Django's client wants it."""
    response: Any = HttpResponse(hit.body, status=hit.status, headers=dict(hit.headers))
    if hit.status == 304:
        del response["Content-Type"]
    response.wsgi_request = WSGIRequest(environ)
    return response


@pytest.fixture(autouse=True)
def _cheap_passwords(settings: Any) -> None:
    """Argon2 takes 50 ms on purpose; tests of it ask for it."""
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher",
        "django.contrib.auth.hashers.Argon2PasswordHasher",
    ]


@pytest.fixture(autouse=True)
def _plain_static_files(settings: Any) -> None:
    """Pages of the admin name static files; nobody has collected them for a test."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}


@pytest.fixture(autouse=True)
def _no_rate_limits(settings: Any) -> None:
    """All tests come from one address; those of limits switch them on."""
    settings.RATE_LIMIT_MAX = 0


@pytest.fixture(autouse=True)
def _no_samples(settings: Any) -> None:
    """A hit that is rendered again takes statements that no test counts on."""
    settings.MYLIST_SAMPLE_ONE_IN = 0


@pytest.fixture(autouse=True)
def _warm_content_types(request: pytest.FixtureRequest) -> None:
    """What a worker knows after its first request, so that query counts do not depend on order."""
    if "db" in request.fixturenames or "transactional_db" in request.fixturenames:
        from django.contrib.contenttypes.models import ContentType

        from mylist.registry import KINDS

        request.getfixturevalue(
            "transactional_db" if "transactional_db" in request.fixturenames else "db"
        )
        ContentType.objects.clear_cache()
        for kind in KINDS.values():
            ContentType.objects.get_for_id(kind.content_type.pk)


@pytest.fixture
def api() -> Client:
    """Somebody who is not signed in."""
    return Client()


@pytest.fixture
def signed_in() -> "Callable[[User], Client]":
    """`signed_in(ann)`: a client with a real access token."""
    from accounts import tokens

    def client_of(user: "User") -> Client:
        client = Client()
        pair = tokens.sign_in(user, "a test")
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {pair['access']}")
        client.tokens = pair
        return client

    return client_of


def make(email: str, **fields: Any) -> "User":
    from accounts.models import User

    return User.objects.create_user(email, PASSWORD, **fields)


@pytest.fixture
def ann(db: None) -> "User":
    return make("ann@example.com", name="Ann")


@pytest.fixture
def bob(db: None) -> "User":
    return make("bob@example.com", name="Bob")


@pytest.fixture
def curator(db: None) -> "User":
    """Staff, in the group of curators."""
    from django.contrib.auth.models import Group

    user = make("curator@example.com", name="Cleo", is_staff=True)
    user.groups.add(Group.objects.get(name="Curators"))
    return user


@pytest.fixture
def admin(db: None) -> "User":
    """A superuser."""
    return make("admin@example.com", name="Ada", is_staff=True, is_superuser=True)


@pytest.fixture
def as_ann(ann: "User", signed_in: "Callable[[User], Client]") -> Client:
    return signed_in(ann)


@pytest.fixture
def as_bob(bob: "User", signed_in: "Callable[[User], Client]") -> Client:
    return signed_in(bob)


@pytest.fixture
def as_curator(curator: "User", signed_in: "Callable[[User], Client]") -> Client:
    return signed_in(curator)


@pytest.fixture
def as_admin(admin: "User", signed_in: "Callable[[User], Client]") -> Client:
    return signed_in(admin)
