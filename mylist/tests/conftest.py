"""These run on settings of their own: `pytest mylist --ds=mylist.tests.settings`."""

import os

import pytest

from conftest import Client

if os.environ.get("DJANGO_SETTINGS_MODULE") != "mylist.tests.settings":
    collect_ignore_glob = ["test_*.py"]


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
    client = Client()
    client.force_authenticate(ann)
    return client


@pytest.fixture
def as_bob(bob):
    client = Client()
    client.force_authenticate(bob)
    return client


@pytest.fixture
def film(db):
    from mylist.tests.standin.models import Film

    return Film.objects.create(title="A film")
