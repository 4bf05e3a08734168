"""What curators may send by mistake: a 400 that names the field, and nothing written."""

import pytest
from django.db import connection

from catalog.models import Movie, TVShow
from catalog.tests.factories import GenreFactory, MovieFactory
from catalog.tests.kinds import MOVIES, SHOWS, for_both_kinds, refused

pytestmark = pytest.mark.django_db
INVALID = {MOVIES: 1400, SHOWS: 2400}

WRONG = [
    ("title", ""),
    ("title", "   "),
    ("title", None),
    ("title", 5),
    ("title", True),
    ("title", ["Dune"]),
    ("title", "x" * 301),
    ("title", "Du\0ne"),
    ("original_title", "x" * 301),
    ("overview", "x" * 5001),
    ("overview", "a\0b"),
    ("original_language", "EN"),
    ("original_language", "english"),
    ("original_language", "e"),
    ("poster_path", "x" * 301),
    ("backdrop_path", 7),
    ("release_date", "15.9.2021"),
    ("release_date", "2021-02-30"),
    ("release_date", "2021-09-15T00:00:00Z"),
    ("release_date", 20210915),
    ("release_date", "1869-12-31"),
    ("release_date", "9999-12-31"),
    ("release_date", "0001-01-01"),
    ("release_year", 1869),
    ("release_year", 2201),
    ("release_year", -1),
    ("release_year", 1999.0),
    ("release_year", "1999"),
    ("release_year", True),
    ("rating", -0.1),
    ("rating", 10.1),
    ("rating", "7"),
    ("rating", True),
    ("rating", 2**70),
    ("popularity", -1),
    ("popularity", None),
    ("vote_count", -1),
    ("vote_count", 2**63),
    ("vote_count", 2**64),
    ("vote_count", 1.0),
    ("tmdb_id", -1),
    ("tmdb_id", 2**63),
    ("tmdb_id", 2**64 - 1),
    ("tmdb_id", True),
    ("imdb_id", "tt123"),
    ("imdb_id", "nm0000123"),
    ("imdb_id", "tt01111610000"),
    ("imdb_id", "tt٠١١١١٦١"),
    ("imdb_id", "tt0111161\ntt0111161"),
    ("imdb_id", 111161),
    ("available", "yes"),
    ("available", 1),
    ("available", None),
    ("genre_ids", None),
    ("genre_ids", 1),
    ("genre_ids", [2**62]),
    ("genre_ids", [0, "1", True]),
    ("genre_ids", list(range(1, 52))),
    ("colour", "red"),
    ("user_rating", {"average": 10, "count": 1}),
    ("pk", 1),
]
OF_A_MOVIE = [("runtime", -1), ("runtime", 2**63), ("director", "x" * 301), ("seasons", 1)]
OF_A_SHOW = [
    ("creators", None),
    ("creators", "Somebody"),
    ("creators", {"a": "Somebody"}),
    ("creators", ["x" * 201]),
    ("creators", [""]),
    ("creators", ["a\0b"]),
    ("creators", [["nested"]]),
    ("creators", [{"name": "Somebody"}]),
    ("creators", [None]),
    ("creators", [1]),
    ("creators", ["x"] * 51),
    ("seasons", -1),
    ("episodes", 2**63),
    ("status", "x" * 61),
    ("last_air_date", "soon"),
    ("runtime", 1),
]


def of(path, wrong):
    return [(path, *each) for each in wrong]


@pytest.mark.parametrize(
    ("path", "name", "value"),
    of(MOVIES, WRONG) + of(SHOWS, WRONG) + of(MOVIES, OF_A_MOVIE) + of(SHOWS, OF_A_SHOW),
)
def test_a_field_that_cannot_be_is_refused_by_name(as_curator, path, name, value):
    added = as_curator.post(path, {"title": "Dune"} | {name: value})
    assert {pointer.split("/")[0] for pointer in refused(added, 400, INVALID[path])} == {name}
    assert not Movie.objects.exists()
    assert not TVShow.objects.exists()


@for_both_kinds
@pytest.mark.parametrize("number", ["1e400", "-1e400", "NaN", "Infinity", "1" + "0" * 400, "[" * 9])
def test_a_number_that_is_none_is_no_json(as_curator, path, make, number):
    for name in ("rating", "popularity", "vote_count"):
        body = f'{{"title": "Dune", "{name}": {number}}}'
        added = as_curator.post(path, data=body, content_type="application/json")
        refused(added, 400, 9001)


@for_both_kinds
@pytest.mark.parametrize("name", ["popularity", "rating"])
@pytest.mark.parametrize("number", ["5e-324", "1e-400", "-0.0", "0", "9.999999999999999"])
def test_numbers_at_the_edge_are_kept(api, as_curator, path, make, name, number):
    body = f'{{"title": "Dune", "{name}": {number}}}'
    added = as_curator.post(path, data=body, content_type="application/json")
    assert (added.status_code, added.json()[name]) == (201, float(number))
    assert api.get(f"{path}?ordering=-{name}").json()["results"][0][name] == float(number)


@for_both_kinds
def test_the_biggest_popularity_can_be_paged(api, as_curator, path, make):
    for _ in range(2):
        body = {"title": "Dune", "popularity": 1.7976931348623157e308}
        assert as_curator.post(path, body).status_code == 201
    first = api.get(f"{path}?page_size=1").json()
    assert len(api.get(first["next"]).json()["results"]) == 1


@for_both_kinds
@pytest.mark.parametrize("number", [2**31 - 1, 2**31, 2**63 - 1])
def test_numbers_are_refused_where_the_column_ends(as_curator, path, make, number):
    for name in ("tmdb_id", "vote_count"):
        added = as_curator.post(path, {"title": "Dune", name: number})
        if connection.vendor == "postgresql" and number >= 2**31:
            assert refused(added, 400, INVALID[path]) == {name}
        else:
            assert added.json()[name] == number


@for_both_kinds
def test_a_title_is_needed(as_curator, path, make):
    assert refused(as_curator.post(path, {}), 400, INVALID[path]) == {"title"}
    here = f"{path}{make().pk}/"
    assert refused(as_curator.put(here, {"overview": "x"}), 400, INVALID[path]) == {"title"}
    for body in ([], "Dune", None, 5):
        refused(as_curator.post(path, body), 400, INVALID[path])


@for_both_kinds
def test_a_year_must_be_that_of_the_date(as_curator, path, make):
    code = INVALID[path]
    both = {"title": "Dune", "release_date": "2021-09-15", "release_year": 2020}
    assert refused(as_curator.post(path, both), 400, code) == {"release_year"}
    here = as_curator.post(path, both | {"release_year": 2021})["Location"]
    assert refused(as_curator.patch(here, {"release_year": 2020}), 400, code) == {"release_year"}
    assert refused(as_curator.put(here, both), 400, code) == {"release_year"}
    freed = {"release_date": None, "release_year": 2020}
    assert as_curator.patch(here, freed).json()["release_year"] == 2020


@for_both_kinds
@pytest.mark.parametrize("outside", [{"tmdb_id": 155}, {"imdb_id": "tt0468569"}])
def test_an_outside_id_that_is_taken_is_refused(as_curator, path, make, outside):
    taken, other = make(**outside), make()
    (name,) = outside
    refusals = [
        as_curator.post(path, {"title": "Dune"} | outside),
        as_curator.patch(f"{path}{other.pk}/", outside),
    ]
    assert [refused(answer, 400, INVALID[path]) for answer in refusals] == [{name}] * 2
    assert as_curator.patch(f"{path}{taken.pk}/", outside).status_code == 200


def test_genres_that_are_not_there_are_named(as_curator):
    genre = GenreFactory()
    here = f"{MOVIES}{MovieFactory(genres=[genre]).pk}/"
    answer = as_curator.patch(here, {"genre_ids": [genre.pk, 10**9]})
    assert refused(answer, 400, 1400) == {"genre_ids"}
    assert "1000000000" in answer.json()["errors"][0]["detail"]
