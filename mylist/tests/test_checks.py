"""What `manage.py check` says of the page cache."""

import pytest
from django.core.checks import INFO, run_checks
from django.db import connection

REDIS = "redis://127.0.0.1/0"
IS_POSTGRESQL = connection.vendor == "postgresql"


def said():
    return [message for message in run_checks() if message.id == "mylist.I001"]


@pytest.fixture(autouse=True)
def _plain(settings):
    settings.DEBUG, settings.REDIS_URL, settings.MYLIST_PAGE_CACHE = False, "", True


def test_what_is_missing_and_how_to_get_it():
    [message] = said()
    assert message.level == INFO
    missing, cure = ("Redis", "REDIS_URL") if IS_POSTGRESQL else ("PostgreSQL", "DATABASE_URL")
    assert missing in message.msg
    assert cure in message.hint
    assert "MYLIST_PAGE_CACHE=off" in message.hint


def test_a_redis_alone_is_not_enough(settings):
    settings.REDIS_URL = REDIS
    assert bool(said()) == (not IS_POSTGRESQL)


def test_whoever_switched_it_off_knows(settings):
    settings.MYLIST_PAGE_CACHE = False
    assert said() == []


def test_whoever_develops_is_not_told(settings):
    settings.DEBUG = True
    assert said() == []
