"""Narrowing a list of titles."""

import pytest
from django.db import connection

from catalog.tests.factories import GenreFactory, MovieFactory, TVShowFactory
from catalog.tests.kinds import MOVIES, SHOWS, for_both_kinds, refused, titles_of

pytestmark = pytest.mark.django_db


@for_both_kinds
def test_by_genre(api, path, make):
    drama, crime = GenreFactory(name="Drama"), GenreFactory(name="Sci-Fi & Fantasy")
    make(title="One", genres=[drama], popularity=2)
    make(title="Both", genres=[drama, crime], popularity=1)
    make(title="Neither")
    for genre in (drama.pk, "Drama", "dRAMA"):
        assert titles_of(api.get(path, {"genre": genre})) == ["One", "Both"]
    for genre in (crime.pk, "sci-fi & fantasy"):
        assert titles_of(api.get(path, {"genre": genre})) == ["Both"]


@for_both_kinds
@pytest.mark.parametrize(
    "genre", ["Dram", "D%", "_rama", "0", "-1", "9" * 18, "9" * 19, "9" * 60, "²", "٣", "*"]
)
def test_a_genre_that_is_not_there_has_no_titles(api, path, make, genre):
    make(genres=[GenreFactory(name="Drama", pk=3)])
    assert titles_of(api.get(path, {"genre": genre})) == []


@for_both_kinds
def test_by_year(api, path, make):
    for year in (None, 1999, 2000, 2001, 2002):
        make(title=str(year), release_year=year, popularity=-(year or 0) + 3000)
    assert titles_of(api.get(f"{path}?year=2000")) == ["2000"]
    assert titles_of(api.get(f"{path}?year_min=2001")) == ["2001", "2002"]
    assert titles_of(api.get(f"{path}?year_max=2000")) == ["1999", "2000"]
    assert titles_of(api.get(f"{path}?year_min=2000&year_max=2001")) == ["2000", "2001"]
    assert titles_of(api.get(f"{path}?year_min=2001&year_max=2000")) == []
    assert titles_of(api.get(f"{path}?year=0")) == titles_of(api.get(f"{path}?year=9999")) == []


@for_both_kinds
def test_by_rating_leaves_out_what_has_none(api, path, make):
    for rating in (None, 0, 6.9, 7, 10):
        make(title=str(rating), rating=rating, popularity=rating or 0)
    assert titles_of(api.get(f"{path}?rating_min=7")) == ["10", "7"]
    assert titles_of(api.get(f"{path}?rating_min=6.95")) == ["10", "7"]
    assert titles_of(api.get(f"{path}?rating_min=10")) == ["10"]
    assert titles_of(api.get(f"{path}?rating_min=0")) == ["10", "7", "6.9", "0"]


@for_both_kinds
def test_by_language(api, path, make):
    make(title="Dark", original_language="de")
    make(title="Dune", original_language="en")
    make(title="Unknown")
    assert titles_of(api.get(f"{path}?language=de")) == ["Dark"]
    assert titles_of(api.get(f"{path}?language=fr")) == []


@for_both_kinds
@pytest.mark.parametrize("q", ["amel", "AMELIE", "melie p", "fabuleux", "LE FAB", " amelie "])
def test_by_words_of_either_title_in_any_case(api, path, make, q):
    make(title="Amelie Poulain", original_title="Le Fabuleux Destin")
    make(title="Another")
    assert titles_of(api.get(path, {"q": q})) == ["Amelie Poulain"]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL")
def test_case_is_no_matter_beyond_ascii(api):
    MovieFactory(title="Amélie", genres=[GenreFactory(name="Comédie")])
    assert titles_of(api.get(MOVIES, {"q": "AMÉLIE"})) == ["Amélie"]
    assert titles_of(api.get(MOVIES, {"genre": "COMÉDIE"})) == ["Amélie"]


@for_both_kinds
@pytest.mark.parametrize(
    ("q", "found"),
    [("%", "100% Wolf"), ("_", "snake_case"), ("\\", "back\\slash"), ("'", "Ocean's"), ("a_", "")],
)
def test_wildcards_are_taken_at_their_word(api, path, make, q, found):
    for title in ("100% Wolf", "snake_case", "back\\slash", "Ocean's", "a plain one"):
        make(title=title)
    assert titles_of(api.get(path, {"q": q})) == [found] * bool(found)


def test_filters_narrow_each_other(api):
    drama = GenreFactory(name="Drama")
    right = {
        "title": "The Right One",
        "genres": [drama],
        "release_year": 2008,
        "rating": 8,
        "original_language": "sv",
    }
    TVShowFactory(**right)
    for wrong in (
        {"title": "Other"},
        {"genres": []},
        {"release_year": 2010},
        {"rating": 5},
        {"original_language": "en"},
        {"available": False},
    ):
        TVShowFactory(**right | wrong)
    asked = {"genre": "drama", "year_min": 2008, "year_max": 2009, "rating_min": 7}
    asked |= {"language": "sv", "q": "right"}
    assert titles_of(api.get(SHOWS, asked)) == ["The Right One"]
    assert titles_of(api.get(SHOWS, asked | {"year": 2009})) == []


@for_both_kinds
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("year", "abc"),
        ("year", "-1"),
        ("year", "10000"),
        ("year", "1_999"),
        ("year", ""),
        ("year_min", "1999.0"),
        ("year_max", "9" * 30),
        ("rating_min", "10.1"),
        ("rating_min", "-1"),
        ("rating_min", "nan"),
        ("rating_min", "1e1"),
        ("rating_min", "inf"),
        ("language", "english"),
        ("language", ""),
        ("genre", ""),
        ("genre", "x" * 61),
        ("genre", "a\0b"),
        ("q", ""),
        ("q", "   "),
        ("q", "x" * 201),
        ("q", "a\0b"),
        ("ordering", ""),
        ("ordering", "id"),
        ("ordering", "--title"),
        ("ordering", "title,rating"),
        ("colour", "red"),
        ("format", "json"),
    ],
)
def test_a_filter_that_cannot_be_is_refused_by_name(api, path, make, name, value):
    assert refused(api.get(path, {name: value}), 400, 9002) == {name}


@for_both_kinds
def test_a_filter_given_twice_is_refused_by_name(api, path, make):
    assert refused(api.get(f"{path}?year=1999&year=1999&q=a"), 400, 9002) == {"year"}


@for_both_kinds
def test_what_takes_no_parameters_names_those_it_is_given(api, path, make):
    title = make()
    assert refused(api.get(f"{path}{title.pk}/?year=1999"), 400, 9002) == {"year"}
    assert refused(api.post(f"{path}batch/?q=a", {"ids": []}), 400, 9002) == {"q"}
