"""The triggers stay, whatever is done to the tables under them."""

from contextlib import contextmanager
from dataclasses import replace

import psycopg
import pytest
from django.core.management import call_command
from django.db import NotSupportedError, connection, transaction

from api.triggers import drop, drop_from_sqlite, functions
from mylist.models import ContentToken, MyList, MyListItem
from mylist.registry import KINDS
from mylist.tests.lists import assert_counts_are_right, films, put, rows_of, sql, unsaved
from mylist.tests.standin.models import Film
from mylist.tests.threads import at_once
from mylist.triggers import after_migrations, before_migrations, shown

NEWEST = "0004"
ITEMS = "mylist_mylistitem"
TABLES = ("film", "series")
EVENTS = ("insert", "update", "delete", "truncate")
OF_ITEMS = {f"mylist_items_{event}_{event}" for event in EVENTS}
NAMES = {
    "sqlite": {
        "mylist_items_insert",
        "mylist_items_delete",
        "mylist_items_update",
        "mylist_gone_standin_film",
        "mylist_gone_standin_series",
    },
    "postgresql": {
        *OF_ITEMS,
        *(f"mylist_gone_standin_{t}_{e}" for t in TABLES for e in ("delete", "truncate")),
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


def content_token():
    return ContentToken.objects.get().token


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


# --- migrations ------------------------------------------------------------------


@contextmanager
def later(settings, *names):
    """Migrations of a version to come, one command for each."""
    settings.MIGRATION_MODULES = {"mylist": "mylist.tests.later"}
    try:
        for name in names:
            call_command("migrate", "mylist", name, verbosity=0)
        yield
    finally:
        call_command("migrate", "mylist", NEWEST, verbosity=0)


@pytest.mark.django_db(transaction=True)
def test_migrations_may_alter_the_tables(ann, settings):
    put(ann, *films(3))
    with later(settings, "0005"):
        assert installed() == NAMES
        assert MyList.count_of(ann) == rows_of(ann) == 3
        MyList.remove(ann)
        assert_they_work(ann)
    assert installed() == NAMES


@pytest.mark.django_db(transaction=True)
def test_migrations_may_rename_what_lists_show_and_change_it(settings):
    films(2)
    before = content_token()
    with later(settings, "0005", "0006"):
        assert set(Film.objects.values_list("title", flat=True)) == {"Renamed"}
    if connection.vendor == "postgresql":
        assert content_token() != before
        assert_only_shown_columns_count()


def assert_only_shown_columns_count():
    before = content_token()
    Film.objects.update(withdrawn=True)
    assert content_token() == before
    Film.objects.update(title="Other")
    assert content_token() != before


@pytest.mark.django_db(transaction=True)
def test_while_migrations_run_each_change_of_content_counts(on_postgresql):
    films(1)
    after_migrations(using="default")
    before = content_token()
    before_migrations(using="default", plan=[])
    Film.objects.update(withdrawn=True)
    assert content_token() == before
    before_migrations(using="default", plan=["a migration"])
    Film.objects.update(withdrawn=False)
    assert content_token() != before
    after_migrations(using="default")
    assert_only_shown_columns_count()


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
def test_without_triggers_there_is_no_token_to_keep_pages_under(ann, on_postgresql):
    put(ann, *films(2))
    before = content_token()
    try:
        call_command("migrate", "mylist", "0003", verbosity=0)
        assert installed() == set()
        assert not ContentToken.objects.exists()
        MyListItem.objects.all().delete()
    finally:
        call_command("migrate", "mylist", verbosity=0)
    assert content_token() != before
    assert_counts_are_right()


@pytest.mark.django_db(transaction=True)
def test_while_what_lists_show_is_not_there_no_page_is_kept(ann, on_postgresql):
    """As after migrations were undone for an older release, which still counts."""
    put(ann, *films(1))
    sql("ALTER TABLE standin_film RENAME COLUMN title TO name")
    try:
        after_migrations(using="default")
        assert not ContentToken.objects.exists()
        sql("UPDATE standin_film SET name = 'Renamed'")
        assert MyList.remove(ann) == 1
        assert MyList.count_of(ann) == 0
    finally:
        sql("ALTER TABLE standin_film RENAME COLUMN name TO title")
        after_migrations(using="default")
    assert installed() == NAMES
    assert_only_shown_columns_count()


@pytest.mark.django_db(transaction=True)
def test_an_index_that_was_not_finished_makes_way(on_postgresql):
    try:
        call_command("migrate", "mylist", "0002", verbosity=0)
        sql(f"CREATE INDEX mylist_newest_of_kind ON {ITEMS} (note)")
    finally:
        call_command("migrate", "mylist", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_indexdef(indexrelid), indisvalid FROM pg_index"
            " WHERE indexrelid = 'mylist_newest_of_kind'::regclass"
        )
        [(definition, valid)] = cursor.fetchall()
    assert definition.endswith("(user_id, content_type_id, id DESC)")
    assert valid


# --- what was written without them -----------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_what_was_written_without_triggers_is_counted_when_they_are_made(ann, bob):
    put(ann, *films(3))
    put(bob, *films(2))
    uninstall()
    MyListItem.objects.of(ann).first().delete()
    MyListItem.objects.of(bob).delete()
    carol = type(ann).objects.create_user("carol")
    MyListItem.objects.bulk_create([unsaved(carol, *films(1))])
    after_migrations(using="default")
    assert [MyList.count_of(user) for user in (ann, bob, carol)] == [2, 0, 1]
    assert_counts_are_right()


def uninstall():
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            drop_from_sqlite(cursor, "mylist")
        else:
            drop(cursor, functions(cursor, "mylist"))


@pytest.mark.django_db(transaction=True)
def test_what_an_older_release_did_not_count_is_counted(ann, on_postgresql):
    """Its functions have our names; after it came back and went again, its counts are wrong."""
    sql(
        "CREATE OR REPLACE FUNCTION mylist_items_insert() RETURNS trigger LANGUAGE plpgsql AS"
        " $$BEGIN UPDATE mylist_mylist SET count = count + 1; RETURN NULL; END$$"
    )
    MyList.locked(ann)
    put(ann, *films(2))
    before = content_token()
    after_migrations(using="default")
    assert MyList.count_of(ann, KINDS["film"]) == 2
    assert_counts_are_right()
    assert content_token() != before


@pytest.mark.django_db(transaction=True)
def test_a_trigger_that_was_missing_makes_all_pages_old(on_postgresql):
    before = content_token()
    sql("DROP TRIGGER mylist_shown_standin_film_update ON standin_film")
    after_migrations(using="default")
    assert installed() == NAMES
    assert content_token() != before
    before = content_token()
    after_migrations(using="default")
    assert content_token() == before


@pytest.mark.django_db(transaction=True)
def test_nobody_ever_sees_a_part_of_them(on_postgresql):
    """Those of another release are exchanged for ours in one step."""
    sql(
        "CREATE FUNCTION mylist_items_inserted() RETURNS trigger LANGUAGE plpgsql AS"
        " $$BEGIN RETURN NULL; END$$"
    )
    sql(f"DROP TRIGGER mylist_items_insert_insert ON {ITEMS}")
    sql(
        f"CREATE TRIGGER mylist_items_inserted_insert AFTER INSERT ON {ITEMS}"
        " FOR EACH STATEMENT EXECUTE FUNCTION mylist_items_inserted()"
    )
    seen = set()
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as other:

        def look(execute, *args):
            try:
                return execute(*args)
            finally:
                rows = other.execute(
                    "SELECT tgname FROM pg_trigger WHERE tgname LIKE 'mylist\\_items%'"
                )
                seen.add(frozenset(name for (name,) in rows))

        with connection.execute_wrapper(look):
            after_migrations(using="default")
    old = {"mylist_items_inserted_insert"}
    assert seen == {frozenset(OF_ITEMS - {"mylist_items_insert_insert"} | old)}
    assert installed() == NAMES


@pytest.mark.django_db(transaction=True)
def test_migrating_again_waits_for_nobody_who_writes(ann, on_postgresql):
    stayed = "SELECT oid, xmin FROM pg_trigger WHERE tgname LIKE 'mylist%' ORDER BY 1"
    functions = "SELECT oid, xmin FROM pg_proc WHERE proname LIKE 'mylist%' ORDER BY 1"
    film, *_ = films(1)

    def migrate():
        sql("SET lock_timeout = '1s'")
        call_command("migrate", verbosity=0)

    with connection.cursor() as cursor:
        before = [cursor.execute(each).fetchall() for each in (stayed, functions)]
        with transaction.atomic():
            put(ann, film)
            film.title = "Other"
            film.save()
            at_once(migrate)
        assert [cursor.execute(each).fetchall() for each in (stayed, functions)] == before


# --- what they look at -----------------------------------------------------------


def test_what_two_kinds_of_one_table_show_counts_for_both(monkeypatch):
    film, series = KINDS["film"], KINDS["series"]
    monkeypatch.setitem(KINDS, "film", replace(film, shows=("title",)))
    monkeypatch.setitem(KINDS, "series", replace(series, model=Film, shows=("withdrawn",)))
    tables = {Film._meta.db_table}
    assert shown(tables) == {"standin_film": {"id", "title", "withdrawn"}}


@pytest.mark.django_db
@pytest.mark.parametrize("action", ["remove", "annotate", "delete the title"])
def test_one_row_is_found_by_index_after_many_were_changed(ann, on_postgresql, action):
    """Plans are kept: what many rows are best found by must not be kept for one."""
    from django.contrib.auth import get_user_model

    known, popular, *rest = films(3000)
    users = get_user_model().objects.bulk_create(
        get_user_model()(username=f"user {n}") for n in range(len(rest))
    )
    MyListItem.objects.bulk_create(
        unsaved(user, film)
        for user, own in zip(users, rest, strict=True)
        for film in (known, popular, own)
    )
    sql("ANALYZE mylist_mylist, mylist_mylistitem, mylist_kindcount")
    MyListItem.objects.of_content(KINDS["film"], known.pk).update(note="x")
    Film.objects.filter(pk__in=[film.pk for film in (popular, *rest[:2000])]).delete()
    read = rows_read()
    {
        "remove": lambda: MyListItem.objects.filter(pk=last().pk).delete(),
        "annotate": lambda: MyListItem.objects.filter(pk=last().pk).update(note="y"),
        "delete the title": lambda: Film.objects.create(title="On no list").delete(),
    }[action]()
    assert rows_read() == read


def last():
    return MyListItem.objects.order_by("pk").last()


def rows_read():
    """By scans of whole tables of ours, in this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(seq_tup_read) FROM pg_stat_xact_user_tables WHERE relname LIKE 'mylist%'"
        )
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
@pytest.mark.parametrize(
    "statement", ["DELETE FROM standin_film", "TRUNCATE standin_film", f"TRUNCATE {ITEMS}"]
)
def test_who_would_not_see_what_was_just_listed_is_refused(ann, on_postgresql, level, statement):
    put(ann, *films(1))
    with pytest.raises(NotSupportedError, match=level.lower()), transaction.atomic():
        sql(f"SET TRANSACTION ISOLATION LEVEL {level}; {statement}")
    assert rows_of(ann) == 1
