"""Every order, walked page by page and back, against the same order made in Python."""

import itertools
import random
from datetime import UTC, date, datetime, timedelta

import pytest

from catalog.models import Movie, TVShow
from catalog.orderings import ORDERINGS
from catalog.tests.factories import MovieFactory
from catalog.tests.kinds import MOVIES, for_both_kinds, titles_of

pytestmark = pytest.mark.django_db

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
every_ordering = pytest.mark.parametrize("ordering", ORDERINGS)


def some_titles(model, count, chance):
    """Few values, so that there are ties; half of what may be missing is."""
    return model.objects.bulk_create(
        model(
            title=chance.choice(["a", "b", "ba", "c"]),
            popularity=chance.choice([0, 1.5, 2.25, 1e300]),
            rating=chance.choice([None, None, 0, 7.1, 10]),
            release_date=(day := chance.choice([None, None, date(1999, 1, 1), date(2001, 2, 3)])),
            release_year=day and day.year,
            created_at=BEGIN + timedelta(milliseconds=chance.choice([0, 1, 1000.001])),
        )
        for _ in range(count)
    )


def in_order(titles, ordering):
    """Missing values last both ways; ties by id, the same way as the rest."""
    name, down = ordering.removeprefix("-"), ordering.startswith("-")
    known = [title for title in titles if getattr(title, name) is not None]
    unknown = [title for title in titles if getattr(title, name) is None]
    known.sort(key=lambda title: (getattr(title, name), title.pk), reverse=down)
    unknown.sort(key=lambda title: title.pk, reverse=down)
    return [title.pk for title in known + unknown]


def page(api, url):
    answer = api.get(url)
    assert answer.status_code == 200, answer.json()
    body = answer.json()
    return [title["id"] for title in body["results"]], body["next"], body["previous"]


@every_ordering
@pytest.mark.parametrize("size", range(1, 8))
def test_pages_in_either_direction_make_up_the_whole_list(api, ordering, size):
    expected = in_order(some_titles(Movie, 23, random.Random(f"{ordering}{size}")), ordering)
    wanted = [expected[i : i + size] for i in range(0, len(expected), size)]
    forth, url, last = [], f"{MOVIES}?ordering={ordering}&page_size={size}", None
    while url and len(forth) <= len(wanted):
        ids, url, last = page(api, url)
        forth.append(ids)
    assert forth == wanted
    back, url = [forth[-1]], last
    while url and len(back) <= len(wanted):
        ids, _, url = page(api, url)
        back.insert(0, ids)
    assert list(itertools.chain(*back)) == expected
    assert page(api, last)[1] is not None


@every_ordering
@for_both_kinds
def test_missing_values_come_last_both_ways(api, path, make, ordering):
    model = {"/api/v1/movies/": Movie, "/api/v1/tv-shows/": TVShow}[path]
    expected = in_order(some_titles(model, 30, random.Random(ordering)), ordering)
    assert page(api, f"{path}?page_size=100&ordering={ordering}") == (expected, None, None)


@every_ordering
def test_what_stays_is_seen_once_whatever_comes_and_goes_meanwhile(api, ordering):
    chance = random.Random(ordering)
    stay = some_titles(Movie, 20, chance)
    go = some_titles(Movie, 20, chance)
    seen, url = [], f"{MOVIES}?ordering={ordering}&page_size=3"
    while url and len(seen) < 200:
        ids, url, previous = page(api, url)
        seen += ids
        # Among them, now and then, the very rows that the cursors name.
        gone = [title for title in go if title.pk in ids] or go[:1]
        Movie.objects.filter(pk__in=[title.pk for title in gone]).delete()
        go = [title for title in go if title not in gone]
        some_titles(Movie, 2, chance)
    there = {title.pk for title in stay}
    assert [pk for pk in seen if pk in there] == in_order(stay, ordering)
    assert len(seen) == len(set(seen))
    back = []
    while previous and len(back) < 200:
        ids_before, _, previous = page(api, previous)
        back = ids_before + back
    assert [pk for pk in [*back, *ids] if pk in there] == in_order(stay, ordering)
    assert len(back) == len(set(back))


def test_the_most_popular_come_first_unless_asked_otherwise(api):
    for popularity in (1, 3, 2):
        MovieFactory(title=str(popularity), popularity=popularity)
    assert titles_of(api.get(MOVIES)) == ["3", "2", "1"]


def test_titles_of_any_alphabet_and_length_can_be_walked(api):
    for title in ("𝔘" * 40, "千と千尋" * 40, "É" * 120, 'q"\\,', "a" * 300):
        MovieFactory(title=title)
    seen, url = [], f"{MOVIES}?ordering=title&page_size=1"
    while url and len(seen) < 9:
        ids, url, _ = page(api, url)
        seen += ids
    assert len(seen) == len(set(seen)) == 5


@pytest.mark.parametrize("ordering", ["created_at", "-created_at"])
def test_titles_are_walked_by_the_time_they_were_really_made_at(api, ordering):
    made = [MovieFactory().pk for _ in range(5)]
    seen, url = [], f"{MOVIES}?ordering={ordering}&page_size=2"
    while url and len(seen) < 9:
        ids, url, _ = page(api, url)
        seen += ids
    assert seen == (made if ordering == "created_at" else made[::-1])
