"""What holds when many write at once."""

from collections import Counter

import pytest
from django.contrib.auth import get_user_model
from django.db import OperationalError
from django.db.transaction import atomic

from mylist.models import MyList, MyListItem
from mylist.tests.conftest import signed_in_as
from mylist.tests.lists import assert_counts_are_right, films, put, rows_of
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


def test_who_is_no_more_cannot_write(ann, film):
    user, client = get_user_model().objects.get(), signed_in_as(ann)
    user.delete()
    refused = client.put(f"{HERE}film/{film.pk}/")
    assert (refused.status_code, refused.json()["code"]) == (409, 9409)
    # There is nothing any more, which is what was asked for.
    assert client.delete(HERE).status_code == 204
    assert not MyList.objects.exists()
