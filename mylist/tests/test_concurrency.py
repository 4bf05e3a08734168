"""What holds when many write at once."""

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth import get_user_model
from django.db import OperationalError, connection, connections
from django.db.transaction import atomic

from mylist.models import ContentToken, MyList, MyListItem
from mylist.registry import KINDS
from mylist.tests.conftest import signed_in_as
from mylist.tests.lists import assert_counts_are_right, films, put, rows_of, sql, unsaved
from mylist.tests.standin.models import Film
from mylist.tests.threads import at_once, no_deadlock

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("on_postgresql")]

HERE = "/api/v1/mylist/"


def add(user, film):
    body = {"content_type": "film", "content_id": film.pk}
    return lambda: signed_in_as(user).post(HERE, body).status_code


def put_there(user, film, note="x"):
    path = f"{HERE}film/{film.pk}/"
    return lambda: signed_in_as(user).put(path, {"note": note}).status_code


def take_off(user, film):
    path = f"{HERE}film/{film.pk}/"
    return lambda: signed_in_as(user).delete(path).status_code


def empty(user):
    return lambda: signed_in_as(user).delete(HERE).status_code


def in_turn(*jobs):
    return lambda: [job() for job in jobs]


def people(count):
    names = (f"person {n}" for n in range(count))
    return [get_user_model().objects.create_user(name) for name in names]


def assert_nothing_dangles():
    listed = set(MyListItem.objects.values_list("content_id", flat=True))
    assert listed <= set(Film.objects.values_list("pk", flat=True))


def test_of_many_who_add_one_title_one_wins(ann, film):
    statuses = at_once(*[add(ann, film)] * 12)
    assert Counter(statuses) == {201: 1, 409: 11}
    assert (rows_of(ann), MyList.count_of(ann)) == (1, 1)


def test_of_many_who_put_one_title_one_makes_it(ann, film):
    statuses = at_once(*[put_there(ann, film)] * 12)
    assert Counter(statuses) == {201: 1, 200: 11}
    assert (rows_of(ann), MyList.count_of(ann)) == (1, 1)


def test_adding_putting_and_removing_one_title(ann, film):
    jobs = [add(ann, film), put_there(ann, film), take_off(ann, film)] * 8
    for _ in range(4):
        statuses = at_once(*jobs)
        assert set(statuses) <= {200, 201, 204, 404, 409}
        # Each that was made was taken off once, but perhaps for the last.
        left = statuses.count(201) - statuses.count(204)
        assert left == rows_of(ann) == MyList.count_of(ann)
        MyList.remove(ann)


def test_adding_many_titles_while_the_list_is_emptied(ann):
    contents = films(12)
    statuses = at_once(*[add(ann, film) for film in contents], *[empty(ann)] * 4)
    assert Counter(statuses) == {201: 12, 204: 4}
    assert MyList.count_of(ann) == rows_of(ann)


def test_the_limit_holds(ann, settings):
    settings.MYLIST_MAX_ITEMS = 5
    statuses = at_once(*[add(ann, film) for film in films(12)])
    assert Counter(statuses) == {201: 5, 409: 7}
    assert (rows_of(ann), MyList.count_of(ann)) == (5, 5)


def test_a_title_that_is_deleted_while_people_add_it_is_on_no_list():
    writers = people(10)
    for film in films(5):
        statuses = at_once(
            *[add(user, film) for user in writers[:6]],
            *[put_there(user, film) for user in writers[6:]],
            in_turn(film.delete),
        )
        assert set(statuses[:10]) <= {201, 404}
        assert_nothing_dangles()
        assert_counts_are_right()


def test_a_title_that_is_deleted_while_people_change_their_notes_on_it():
    writers = people(6)
    for film in films(4):
        for user in writers:
            put(user, film)
        jobs = [in_turn(*[put_there(user, film, f"{n}") for n in range(4)]) for user in writers]
        with no_deadlock():
            statuses = at_once(*jobs, in_turn(film.delete))
        assert {status for each in statuses[:6] for status in each} <= {200, 404}
        assert_nothing_dangles()
        assert_counts_are_right()


def test_titles_on_many_lists_are_deleted_at_once_while_people_write():
    writers, (*gone, kept) = people(8), films(5)
    for user in writers:
        put(user, *gone)
    jobs = [
        in_turn(add(user, kept), take_off(user, gone[0]), put_there(user, gone[1]), empty(user))
        for user in writers
    ]
    with no_deadlock():
        statuses = at_once(*jobs, *[in_turn(film.delete) for film in gone])
    assert {status for each in statuses[:8] for status in each} <= {200, 201, 204, 404, 409}
    assert not Film.objects.exclude(pk=kept.pk).exists()
    assert_nothing_dangles()
    assert_counts_are_right()


def test_nobody_waits_for_the_lists_of_others(ann, bob, film):
    with atomic():
        MyList.locked(ann)
        assert at_once(add(bob, film)) == [201]


def test_adding_does_not_wait_for_staff_who_edit_the_title(ann, film):
    with atomic():
        Film.objects.filter(pk=film.pk).update(title="Edited")
        assert at_once(add(ann, film)) == [201]


@atomic
def erase(person):
    """As the accounts of a project should: the person is locked before what is theirs."""
    get_user_model().objects.select_for_update().get(pk=person.pk).delete()


def test_a_person_who_is_erased_while_they_begin_a_list(ann, film):
    """Whoever comes too late is told of a conflict, and leaves nothing behind."""
    statuses = at_once(*[add(ann, film)] * 6, lambda: erase(ann))
    assert set(statuses[:6]) <= {201, 404, 409}
    assert not MyListItem.objects.exists()
    assert not MyList.objects.exists()


def test_whoever_writes_keeps_the_person_from_being_erased(ann):
    """From the start, not when the foreign key asks: that would be a deadlock."""

    def lock_person():
        with atomic():
            get_user_model().objects.select_for_update(nowait=True).get(pk=ann.pk)

    with atomic():
        MyList.locked(ann)
        with pytest.raises(OperationalError, match="could not obtain lock"):
            at_once(lock_person)


def test_people_are_erased_while_they_write_and_their_titles_are_deleted():
    (*leaving, staying), contents = people(3), films(8)
    for user in (*leaving, staying):
        put(user, *contents[:4])

    def writes(user):
        return [job(user, film) for film in contents for job in (put_there, take_off)]

    with no_deadlock():
        statuses = at_once(
            *[in_turn(*writes(user), *writes(user)) for user in (*leaving, staying) for _ in "abc"],
            *[in_turn(*writes(user)[:6], lambda user=user: erase(user)) for user in leaving],
            *[in_turn(film.delete) for film in contents[:3]],
        )
    assert {status for each in statuses[:9] for status in each} <= {200, 201, 204, 404, 409}
    assert set(MyList.objects.values_list("user", flat=True)) == {staying.pk}
    assert not MyListItem.objects.exclude(user=staying).exists()
    assert_nothing_dangles()
    assert_counts_are_right()


# --- deadlocks that others make ----------------------------------------------------


def alone(job):
    """In a thread, with a connection of its own."""
    try:
        return job()
    finally:
        connections.close_all()


def wait_until_somebody_waits():
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.005)
    raise AssertionError("nobody waits")


def against(holds, wants, job):
    """Run the job while somebody holds what it wants and wants what it holds. It is the job that
    PostgreSQL ends."""

    def impatient():
        sql("SET deadlock_timeout = '500ms'")
        return job()

    with ThreadPoolExecutor(1) as pool:
        with atomic():
            sql("SET LOCAL deadlock_timeout = '1min'")
            holds()
            running = pool.submit(alone, impatient)
            wait_until_somebody_waits()
            wants()
        return running.result()


def test_a_removal_that_ends_a_deadlock_is_run_again(ann, film):
    [item] = put(ann, film)
    there = MyListItem.objects.select_for_update().filter(pk=item.pk)
    status = against(lambda: list(there), lambda: MyList.locked(ann), take_off(ann, film))
    assert status == 204
    assert_counts_are_right()


def test_an_addition_that_ends_a_deadlock_is_run_again(ann, film):
    title = Film.objects.select_for_update().filter(pk=film.pk)
    status = against(lambda: MyList.locked(ann), lambda: list(title), add(ann, film))
    assert status == 201
    assert_counts_are_right()


def test_within_a_transaction_that_is_gone_nothing_is_run_again(ann, film):
    [item] = put(ann, film)
    there = MyListItem.objects.select_for_update().filter(pk=item.pk)
    removal = atomic(lambda: MyList.remove(ann, id=item.pk))
    with pytest.raises(OperationalError, match="deadlock detected"):
        against(lambda: list(there), lambda: MyList.locked(ann), removal)
    assert rows_of(ann) == 1


# --- SQL that asks nobody ------------------------------------------------------------


def test_many_write_to_the_same_lists_by_one_statement_each():
    users, contents = people(30), films(6)

    def write(content):
        for _ in range(10):
            in_disorder = random.sample(users, len(users))
            MyListItem.objects.bulk_create(unsaved(user, content) for user in in_disorder)
            MyListItem.objects.filter(content_id=content.pk).update(note="x")
            MyListItem.objects.filter(content_id=content.pk).delete()

    with no_deadlock():
        at_once(*[lambda content=content: write(content) for content in contents])
    assert_counts_are_right()


def name_by_insert(item, other):
    item.save()


def name_by_update(item, other):
    MyListItem.objects.filter(pk=other.pk).update(content_id=item.content_id)


@pytest.mark.parametrize("name", [name_by_insert, name_by_update])
def test_what_is_listed_by_sql_while_it_is_deleted_changes_the_list_afterwards(ann, film, name):
    """Whoever reads the list in between keeps a page with the title; it must not be valid then."""
    [other], item = put(ann, *films(1)), unsaved(ann, film)

    def tokens():
        return MyList.objects.get().token, ContentToken.objects.get().token

    with ThreadPoolExecutor(1) as pool:
        with atomic():
            film.delete()
            listing = pool.submit(alone, lambda: name(item, other))
            wait_until_somebody_waits()
            [before] = at_once(tokens)
        listing.result()
    assert tokens() != before


def test_what_was_listed_by_sql_is_found_by_whoever_deletes_it(ann, film):
    with ThreadPoolExecutor(1) as pool:
        with atomic():
            unsaved(ann, film).save()
            deletion = pool.submit(alone, film.delete)
            wait_until_somebody_waits()
        deletion.result()
    assert_nothing_dangles()
    assert_counts_are_right()
    assert MyList.count_of(ann, KINDS["film"]) == 0


def test_who_is_no_more_cannot_write(ann, film):
    user, client = get_user_model().objects.get(), signed_in_as(ann)
    user.delete()
    refused = client.put(f"{HERE}film/{film.pk}/")
    assert (refused.status_code, refused.json()["code"]) == (409, 9409)
    # There is nothing any more, which is what was asked for.
    assert client.delete(HERE).status_code == 204
    assert not MyList.objects.exists()
