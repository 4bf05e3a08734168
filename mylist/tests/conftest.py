"""These run on settings of their own: `pytest mylist --ds=mylist.tests.settings`."""

import os

import pytest

from conftest import Client
from mylist.tests.services import asks, on_redis, redis_of_its_own  # noqa: F401 - fixtures
from mylist.tests.threads import on_postgresql  # noqa: F401 - a fixture

if os.environ.get("DJANGO_SETTINGS_MODULE") != "mylist.tests.settings":
    collect_ignore_glob = ["test_*.py"]


def signed_in_as(user):
    client = Client()
    client.force_authenticate(user)
    return client


@pytest.fixture
def ann(db):
    from django.contrib.auth import get_user_model

    return get_user_model().objects.create_user("ann")


@pytest.fixture
def bob(db):
    from django.contrib.auth import get_user_model

    return get_user_model().objects.create_user("bob")


@pytest.fixture
def as_ann(ann):
    return signed_in_as(ann)


@pytest.fixture
def as_bob(bob):
    return signed_in_as(bob)


@pytest.fixture
def film(db):
    from mylist.tests.standin.models import Film

    return Film.objects.create(title="A film")


@pytest.fixture
def series(db):
    from mylist.tests.standin.models import Series

    return Series.objects.create(title="A series")
