"""What a title looks like, in a list and by itself."""

import re
from datetime import date

import pytest

from catalog.models import Movie
from catalog.tests.factories import GenreFactory, MovieFactory, TVShowFactory
from catalog.tests.kinds import MOVIES, SHOWS, for_both_kinds, titles_of

pytestmark = pytest.mark.django_db

LIGHT = {
    "id",
    "title",
    "release_date",
    "release_year",
    "genres",
    "poster_path",
    "rating",
    "popularity",
}
FULL = LIGHT | {
    "original_title",
    "overview",
    "original_language",
    "vote_count",
    "backdrop_path",
    "tmdb_id",
    "imdb_id",
    "available",
    "created_at",
    "updated_at",
}
OF_A_MOVIE = {"director", "runtime"}
OF_A_SHOW = {"creators", "seasons", "episodes", "status", "last_air_date"}


@for_both_kinds
def test_a_list_shows_the_light_shape(api, path, make):
    genre = GenreFactory(name="Drama")
    title = make(
        title="Dune",
        release_date=date(2021, 9, 15),
        genres=[genre],
        poster_path="/dune.jpg",
        rating=7.5,
        popularity=12.25,
    )
    assert api.get(path).json() == {
        "next": None,
        "previous": None,
        "results": [
            {
                "id": title.pk,
                "title": "Dune",
                "release_date": "2021-09-15",
                "release_year": 2021,
                "genres": [{"id": genre.pk, "name": "Drama"}],
                "poster_path": "/dune.jpg",
                "rating": 7.5,
                "popularity": 12.25,
            }
        ],
    }


@for_both_kinds
def test_what_is_not_known_is_null_or_empty(api, path, make):
    make(release_year=None)
    (shown,) = api.get(path).json()["results"]
    assert shown.keys() == LIGHT
    assert [shown[name] for name in ("release_date", "release_year", "rating")] == [None] * 3
    assert (shown["poster_path"], shown["genres"], shown["popularity"]) == ("", [], 0)


@pytest.mark.parametrize(
    ("path", "make", "own"), [(MOVIES, MovieFactory, OF_A_MOVIE), (SHOWS, TVShowFactory, OF_A_SHOW)]
)
def test_one_title_is_shown_in_full(api, path, make, own):
    title = make(tmdb_id=155, imdb_id="tt0468569", overview="Words.", original_language="en")
    full = api.get(f"{path}{title.pk}/").json()
    assert full.keys() == FULL | own
    assert (full["tmdb_id"], full["imdb_id"], full["available"]) == (155, "tt0468569", True)
    for name in ("created_at", "updated_at"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", full[name])


def test_what_only_a_movie_or_a_show_has(api):
    movie = MovieFactory(director="Denis Villeneuve", runtime=155)
    show = TVShowFactory(
        creators=["Baran bo Odar", "Jantje Friese"],
        seasons=3,
        episodes=26,
        status="Ended",
        last_air_date=date(2020, 6, 27),
    )
    film = api.get(f"{MOVIES}{movie.pk}/").json()
    assert (film["director"], film["runtime"]) == ("Denis Villeneuve", 155)
    series = api.get(f"{SHOWS}{show.pk}/").json()
    assert series["creators"] == ["Baran bo Odar", "Jantje Friese"]
    assert (series["seasons"], series["episodes"], series["status"]) == (3, 26, "Ended")
    assert series["last_air_date"] == "2020-06-27"


@for_both_kinds
def test_genres_stand_by_name(api, path, make):
    title = make(genres=[GenreFactory(name=name) for name in ("war", "action", "crime")])
    for shown in (api.get(path).json()["results"][0], api.get(f"{path}{title.pk}/").json()):
        assert [genre["name"] for genre in shown["genres"]] == ["action", "crime", "war"]


@for_both_kinds
@pytest.mark.parametrize("bad", ["0", "-1", "x", "1.0", "01", "9223372036854775808", "1%00"])
def test_what_is_no_id_is_not_found(api, path, make, bad):
    assert api.get(f"{path}{bad}/").status_code == 404


@pytest.mark.parametrize(("path", "code"), [(MOVIES, 1404), (SHOWS, 2404)])
@pytest.mark.parametrize("missing", [1, 2**63 - 1])
def test_a_missing_title_is_told_by_its_kind(api, path, code, missing):
    answer = api.get(f"{path}{missing}/")
    assert (answer.status_code, answer.json()["code"]) == (404, code)


@for_both_kinds
def test_a_withdrawn_title_is_read_by_id_but_not_browsed(api, path, make):
    shown, hidden = make(title="Dune"), make(title="Dune Part Two", available=False)
    assert titles_of(api.get(path)) == titles_of(api.get(f"{path}?q=dune")) == ["Dune"]
    assert api.get(f"{path}{hidden.pk}/").json()["available"] is False
    batch = api.post(f"{path}batch/", {"ids": [hidden.pk, shown.pk]}).json()
    assert [title["title"] for title in batch["results"]] == ["Dune Part Two", "Dune"]


def test_a_kind_shows_only_its_own(api):
    MovieFactory(title="Fargo, the film")
    TVShowFactory(title="Fargo, the show")
    assert titles_of(api.get(MOVIES)) == ["Fargo, the film"]
    assert titles_of(api.get(SHOWS)) == ["Fargo, the show"]


def test_a_title_is_named_with_its_year():
    assert str(Movie(title="Dune", release_year=2021)) == "Dune (2021)"
    assert str(Movie(title="Dune")) == "Dune"
