"""What a client has already is not sent again."""

import pytest

from catalog.models import Genre, Movie
from catalog.tests.factories import GenreFactory, MovieFactory
from catalog.tests.kinds import MOVIES, for_both_kinds

pytestmark = pytest.mark.django_db

CHANGES = {
    "title": "Dune Part Two",
    "release_date": "2021-09-15",
    "release_year": 2021,
    "poster_path": "/dune.jpg",
    "rating": 8.5,
    "popularity": 4,
}
ONLY_IN_FULL = {
    "original_title": "Dune!",
    "overview": "Sand.",
    "original_language": "en",
    "vote_count": 3,
    "backdrop_path": "/sand.jpg",
    "tmdb_id": 438631,
    "imdb_id": "tt1160419",
    "available": False,
    "director": "Denis Villeneuve",
    "runtime": 155,
}


@for_both_kinds
def test_what_is_known_is_answered_by_304(api, path, make):
    here = f"{path}{make().pk}/"
    for url in (path, here):
        first = api.get(url)
        assert first["Cache-Control"] == "no-cache"
        for known in (
            first["ETag"],
            f"W/{first['ETag']}",
            f'"another", W/"third", {first["ETag"]}',
            "*",
        ):
            again = api.get(url, HTTP_IF_NONE_MATCH=known)
            assert (again.status_code, again.content) == (304, b"")
            assert again["ETag"] == first["ETag"]
        for other in ('"another"', first["ETag"].strip('"'), ""):
            assert api.get(url, HTTP_IF_NONE_MATCH=other).status_code == 200


def test_a_304_repeats_the_links_of_the_page(api):
    for _ in range(2):
        MovieFactory()
    first = api.get(f"{MOVIES}?page_size=1")
    again = api.get(f"{MOVIES}?page_size=1", HTTP_IF_NONE_MATCH=first["ETag"])
    assert (again.status_code, again["Link"]) == (304, first["Link"])


@pytest.mark.parametrize("name", CHANGES | ONLY_IN_FULL)
def test_anything_shown_that_changes_changes_the_etag(api, name):
    movie = MovieFactory(title="Dune", release_year=None if name == "release_year" else 2021)
    here = f"{MOVIES}{movie.pk}/"
    before = {url: api.get(url)["ETag"] for url in (MOVIES, here)}
    # By hand, so that `updated_at` stays.
    Movie.objects.filter(pk=movie.pk).update(**{name: (CHANGES | ONLY_IN_FULL)[name]})
    assert api.get(here)["ETag"] != before[here]
    shown_in_lists = name in CHANGES or name == "available"
    assert (api.get(MOVIES)["ETag"] != before[MOVIES]) is shown_in_lists


def test_genres_that_change_change_the_etag(api):
    drama, crime = GenreFactory(name="Drama"), GenreFactory(name="Crime")
    movie = MovieFactory(genres=[drama])
    urls = (MOVIES, f"{MOVIES}{movie.pk}/")
    seen = [[api.get(url)["ETag"] for url in urls]]
    for change in (
        lambda: movie.genres.add(crime),
        lambda: Genre.objects.filter(pk=drama.pk).update(name="Tragedy"),
        lambda: drama.delete(),
    ):
        change()
        seen.append([api.get(url)["ETag"] for url in urls])
    assert all(len(set(of_one_url)) == 4 for of_one_url in zip(*seen, strict=True))


def test_head_has_the_headers_of_get(api):
    MovieFactory()
    got, head = api.get(MOVIES), api.head(MOVIES)
    assert (head.status_code, head.content, head["ETag"]) == (200, b"", got["ETag"])
    assert head["Content-Length"] == got["Content-Length"]
