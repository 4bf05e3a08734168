"""What docs/cache.md tells operators to run does what it says."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from catalog.models import Genre
from catalog.tests.factories import GenreFactory, MovieFactory, TVShowFactory
from mylist.models import ContentToken, KindCount, MyList, MyListItem
from mylist.registry import MODELS

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        connection.vendor != "postgresql", reason="only PostgreSQL passes triggers by"
    ),
]
CACHE_MD = (Path(settings.BASE_DIR) / "docs" / "cache.md").read_text()


def run(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)


def cure():
    """Without its transaction: the test has one."""
    [sql] = re.findall(r"```sql\n(.*?)```", CACHE_MD, re.DOTALL)
    return sql.removeprefix("BEGIN;\n").removesuffix("COMMIT;\n")


def counts(user):
    kinds = KindCount.objects.filter(user=user, count__gt=0).values_list("count", flat=True)
    return MyList.count_of(user), sum(kinds)


def test_genres_are_right_after_triggers_were_passed_by():
    movie = MovieFactory(genres=[GenreFactory(name="Old")])
    show = TVShowFactory(genres=[GenreFactory(name="War")])
    run("SET LOCAL session_replication_role = replica")
    Genre.objects.filter(name="Old").update(name="New")
    show.genres.clear()
    run("SET LOCAL session_replication_role = origin")
    run(cure())
    movie.refresh_from_db()
    show.refresh_from_db()
    assert [name for _, name in movie.shown_genres] == ["New"]
    assert show.shown_genres == []


def test_counts_are_right_and_pages_old_after_triggers_were_passed_by(ann, bob):
    kind, (first, *rest) = MODELS[type(MovieFactory())], MovieFactory.create_batch(3)
    MyList.add(ann, kind, first.pk)
    before = ContentToken.objects.get().token
    run("SET LOCAL session_replication_role = replica")
    for movie in rest:
        MyListItem.objects.create(user=ann, content_type=kind.content_type, content_id=movie.pk)
    MyListItem.objects.create(user=bob, content_type=kind.content_type, content_id=first.pk)
    run("SET LOCAL session_replication_role = origin")
    assert (counts(ann), counts(bob)) == ((1, 1), (0, 0))
    run(cure())
    assert (counts(ann), counts(bob)) == ((3, 3), (1, 1))
    assert ContentToken.objects.get().token != before
