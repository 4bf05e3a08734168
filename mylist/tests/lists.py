"""Lists and content to test with."""

from django.db import connection
from django.db.models import Count

from mylist.models import KindCount, MyList, MyListItem
from mylist.registry import KINDS, MODELS
from mylist.tests.standin.models import Film, Series


def put(user, *contents, note=None):
    """Put content on somebody's list, one after the other; the items."""
    rows = [MyList.add(user, MODELS[type(c)], c.pk, note)[0] for c in contents]
    return [MyListItem.objects.get(pk=row.pk) for row in rows]


def films(count):
    return Film.objects.bulk_create(Film(title=f"Film {n}") for n in range(count))


def both_kinds(count):
    """Films and series by turns."""
    shows = Series.objects.bulk_create(Series(title=f"Series {n}") for n in range(count // 2))
    return [content for pair in zip(films(count // 2), shows, strict=True) for content in pair]


def unsaved(user, content):
    kind = MODELS[type(content)]
    return MyListItem(user=user, content_type=kind.content_type, content_id=content.pk)


def insert_every_film(user):
    """One statement, as of psql or another program."""
    sql(
        "INSERT INTO mylist_mylistitem (user_id, content_type_id, content_id, note, added_at)"
        " SELECT %s, %s, id, '', CURRENT_TIMESTAMP FROM standin_film",
        user.pk,
        KINDS["film"].content_type.pk,
    )


def sql(statement, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def assert_counts_are_right():
    """Of each list, and of each kind on it."""
    for pk, count in MyList.objects.values_list("user_id", "count"):
        assert count == rows_of(pk)
    listed = MyListItem.objects.values_list("user_id", "content_type_id").annotate(n=Count("pk"))
    kept = KindCount.objects.exclude(count=0).values_list("user_id", "content_type_id", "count")
    assert set(kept) == set(listed)


def rows_of(user):
    """What stands on the list, whatever the count says."""
    return MyListItem.objects.of(user).count()
