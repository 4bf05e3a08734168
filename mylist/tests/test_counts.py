"""The database keeps the count, whoever writes."""

import pytest
from django.contrib.contenttypes.models import ContentType

from mylist.models import KindCount, MyList, MyListItem
from mylist.registry import KINDS
from mylist.tests.lists import (
    assert_counts_are_right,
    both_kinds,
    films,
    insert_every_film,
    put,
    rows_of,
    sql,
    unsaved,
)
from mylist.tests.standin.models import Film, Series


def test_bulk_create_is_counted(ann, bob):
    contents = films(3)
    MyListItem.objects.bulk_create(
        [unsaved(ann, content) for content in contents] + [unsaved(bob, contents[0])]
    )
    assert (MyList.count_of(ann), MyList.count_of(bob)) == (3, 1)


@pytest.mark.parametrize("there", [0, 1, 2])
def test_bulk_create_counts_only_what_was_not_there(ann, there):
    contents = films(3)
    put(ann, *contents[:there])
    MyListItem.objects.bulk_create(
        [unsaved(ann, content) for content in contents], ignore_conflicts=True
    )
    assert MyList.count_of(ann) == rows_of(ann) == 3


def test_an_upsert_counts_only_what_was_not_there(ann):
    contents = films(3)
    put(ann, *contents[:2])
    MyListItem.objects.bulk_create(
        [unsaved(ann, content) for content in contents],
        update_conflicts=True,
        unique_fields=["user", "content_type", "content_id"],
        update_fields=["note"],
    )
    assert MyList.count_of(ann) == rows_of(ann) == 3


def test_raw_inserts_are_counted(ann, bob, series):
    put(ann, series)
    films(2)
    insert_every_film(ann)
    insert_every_film(bob)
    assert (MyList.count_of(ann), MyList.count_of(bob)) == (3, 2)


def test_removals_are_counted(ann, bob):
    contents = films(4)
    items = put(ann, *contents)
    put(bob, *contents)
    items[0].delete()
    MyListItem.objects.of(ann).filter(pk=items[1].pk).delete()
    sql("DELETE FROM mylist_mylistitem WHERE id = %s", items[2].pk)
    assert (MyList.count_of(ann), MyList.count_of(bob)) == (1, 4)
    sql("DELETE FROM mylist_mylistitem")
    assert (MyList.count_of(ann), MyList.count_of(bob)) == (0, 0)


def test_a_note_changes_no_count(ann):
    items = put(ann, *films(2))
    MyListItem.objects.update(note="x")
    assert MyList.annotate(ann, items[0].pk, "y")
    assert MyList.count_of(ann) == 2


def test_a_person_who_is_deleted_takes_list_and_items_along(ann, bob):
    contents = films(2)
    put(ann, *contents)
    put(bob, *contents)
    ann.delete()
    assert set(MyListItem.objects.values_list("user", flat=True)) == {bob.pk}
    assert [(mylist.user_id, mylist.count) for mylist in MyList.objects.all()] == [(bob.pk, 2)]


# --- of each kind ------------------------------------------------------------------


def kinds_of(user):
    return [MyList.count_of(user, KINDS[name]) for name in ("film", "series")]


def change_kind(item, **where):
    """To a series that stands on no list."""
    kind = KINDS["series"].content_type.pk
    MyListItem.objects.filter(pk=item.pk).update(content_type=kind, content_id=10**6, **where)


OF_KINDS = {
    "nothing": (lambda ann, bob, items: None, [2, 2], [2, 2]),
    "add": (lambda ann, bob, items: put(ann, *both_kinds(2), *films(1)), [4, 3], [2, 2]),
    "remove": (lambda ann, bob, items: MyList.remove(ann, id=items[0].pk), [1, 2], [2, 2]),
    "clear": (lambda ann, bob, items: MyList.remove(ann), [0, 0], [2, 2]),
    "note": (lambda ann, bob, items: MyListItem.objects.update(note="x"), [2, 2], [2, 2]),
    "bulk": (
        lambda ann, bob, items: MyListItem.objects.bulk_create(
            unsaved(user, content) for content in both_kinds(6) for user in (bob, ann)
        ),
        [5, 5],
        [5, 5],
    ),
    "delete": (lambda ann, bob, items: MyListItem.objects.all().delete(), [0, 0], [0, 0]),
    "title": (lambda ann, bob, items: Film.objects.first().delete(), [1, 2], [1, 2]),
    "titles": (lambda ann, bob, items: Series.objects.all().delete(), [2, 0], [2, 0]),
    "another kind": (lambda ann, bob, items: change_kind(items[0]), [1, 3], [2, 2]),
    "other hands": (
        lambda ann, bob, items: MyListItem.objects.filter(pk=items[0].pk).update(
            user=bob, content_id=10**6
        ),
        [1, 2],
        [3, 2],
    ),
    "both": (lambda ann, bob, items: change_kind(items[0], user=bob), [1, 2], [2, 3]),
}


@pytest.mark.parametrize(("change", "hers", "his"), OF_KINDS.values(), ids=OF_KINDS)
def test_each_kind_is_counted(ann, bob, change, hers, his):
    contents = both_kinds(4)
    items = put(ann, *contents)
    put(bob, *contents)
    change(ann, bob, items)
    assert (kinds_of(ann), kinds_of(bob)) == (hers, his)
    assert (MyList.count_of(ann), MyList.count_of(bob)) == (sum(hers), sum(his))
    assert_counts_are_right()


def test_a_kind_that_was_never_listed_counts_as_none(ann, film):
    assert kinds_of(ann) == [0, 0]
    put(ann, film)
    assert kinds_of(ann) == [1, 0]
    assert str(KindCount.objects.get()) == f"1 on the list of {ann.pk}"


@pytest.mark.parametrize("many", [False, True])
def test_a_person_who_is_deleted_takes_the_counts_along(ann, bob, many):
    for user in (ann, bob):
        put(user, *both_kinds(2))
    if many:
        type(ann).objects.filter(pk=ann.pk).delete()
    else:
        ann.delete()
    assert set(KindCount.objects.values_list("user", flat=True)) == {bob.pk}
    assert_counts_are_right()


def test_a_kind_that_is_no_more_takes_its_counts_along(ann):
    put(ann, *both_kinds(4))
    KINDS["series"].content_type.delete()
    try:
        assert (MyList.count_of(ann), MyList.count_of(ann, KINDS["film"])) == (2, 2)
        assert KindCount.objects.count() == 1
    finally:
        ContentType.objects.clear_cache()
