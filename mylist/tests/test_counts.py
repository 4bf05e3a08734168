"""The database keeps the count, whoever writes."""

import pytest

from mylist.models import MyList, MyListItem
from mylist.tests.lists import films, insert_every_film, put, rows_of, sql, unsaved


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
