"""What titles are filed under."""

import pytest

from catalog.tests.factories import GenreFactory
from catalog.tests.kinds import refused

pytestmark = pytest.mark.django_db
GENRES = "/api/v1/genres/"


def test_genres_are_listed_for_everybody(api):
    drama, crime = GenreFactory(name="Drama", tmdb_id=18), GenreFactory(name="Crime")
    assert api.get(GENRES).json() == {
        "next": None,
        "previous": None,
        "results": [{"id": drama.pk, "name": "Drama"}, {"id": crime.pk, "name": "Crime"}],
    }


def test_genres_come_in_pages(api):
    made = [GenreFactory().pk for _ in range(5)]
    first = api.get(f"{GENRES}?page_size=3").json()
    second = api.get(first["next"]).json()
    assert [genre["id"] for genre in first["results"] + second["results"]] == made
    assert second["next"] is None


def test_genres_are_only_read_here(as_curator):
    assert refused(as_curator.get(f"{GENRES}?name=Drama"), 400, 9002) == {"name"}
    assert as_curator.post(GENRES, {"name": "Drama"}).status_code == 405
