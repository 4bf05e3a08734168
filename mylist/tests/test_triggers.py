"""The triggers stay, whatever is done to the tables under them."""

import pytest
from django.core.management import call_command
from django.db import connection

from mylist.models import MyList
from mylist.tests.lists import films, put, rows_of, sql

TABLES = ("film", "series")
NAMES = {
    "sqlite": {
        "mylist_items_insert",
        "mylist_items_delete",
        "mylist_items_update",
        "mylist_gone_standin_film",
        "mylist_gone_standin_series",
    },
    "postgresql": {
        "mylist_items_insert_insert",
        "mylist_items_update_update",
        "mylist_items_delete_delete",
        "mylist_items_truncate_truncate",
        *(f"mylist_gone_standin_{t}_{e}" for t in TABLES for e in ("delete", "truncate")),
        *(f"mylist_late_standin_{t}_insert" for t in TABLES),
        *(f"mylist_shown_standin_{t}_{e}" for t in TABLES for e in ("update", "truncate")),
    },
}[connection.vendor]


BY_VENDOR = {
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
}


def installed():
    with connection.cursor() as cursor:
        cursor.execute(BY_VENDOR[connection.vendor])
        return {name for (name,) in cursor.fetchall()}


def assert_they_work(user):
    gone, kept, *_ = films(2)
    put(user, gone, kept)
    sql("DELETE FROM standin_film WHERE id = %s", gone.pk)
    assert MyList.count_of(user) == rows_of(user) == 1


def test_they_are_there(ann):
    assert installed() == NAMES
    assert_they_work(ann)


@pytest.mark.django_db(transaction=True)
def test_migrating_again_changes_nothing(ann):
    for _ in range(2):
        call_command("migrate", verbosity=0)
    assert installed() == NAMES
    assert_they_work(ann)


@pytest.mark.django_db(transaction=True)
def test_a_flush_breaks_nothing(ann):
    put(ann, *films(2))
    call_command("flush", verbosity=0, interactive=False)
    assert MyList.objects.count() == 0
    assert installed() == NAMES
    ann.pk = None
    ann.save()
    assert_they_work(ann)


@pytest.mark.django_db(transaction=True)
def test_migrations_may_alter_the_tables(ann, settings):
    put(ann, *films(3))
    settings.MIGRATION_MODULES = {"mylist": "mylist.tests.later"}
    try:
        call_command("migrate", "mylist", "0005", verbosity=0)
        assert installed() == NAMES
        assert MyList.count_of(ann) == rows_of(ann) == 3
        MyList.remove(ann)
        assert_they_work(ann)
    finally:
        call_command("migrate", "mylist", "0004", verbosity=0)
    assert installed() == NAMES


@pytest.mark.django_db(transaction=True)
def test_without_the_lists_content_can_still_be_deleted(ann):
    film, *_ = films(1)
    try:
        call_command("migrate", "mylist", "zero", verbosity=0)
        assert installed() == set()
        film.delete()
    finally:
        call_command("migrate", "mylist", verbosity=0)
    assert installed() == NAMES
    assert_they_work(ann)


@pytest.mark.django_db(transaction=True)
def test_migrating_again_waits_for_nobody_who_writes(ann, on_postgresql):
    stayed = "SELECT oid FROM pg_trigger WHERE tgname = 'mylist_gone_standin_film_delete'"
    with connection.cursor() as cursor:
        cursor.execute(stayed)
        before = cursor.fetchall()
        call_command("migrate", verbosity=0)
        cursor.execute(stayed)
        assert cursor.fetchall() == before
