"""Both kinds of titles, for what is alike for both."""

import pytest

from catalog.tests.factories import MovieFactory, TVShowFactory

MOVIES, SHOWS = "/api/v1/movies/", "/api/v1/tv-shows/"

for_both_kinds = pytest.mark.parametrize(
    ("path", "make"), [(MOVIES, MovieFactory), (SHOWS, TVShowFactory)], ids=["movies", "shows"]
)


def titles_of(response):
    assert response.status_code == 200, response.json()
    return [title["title"] for title in response.json()["results"]]


def refused(response, status, code):
    """The names of what was refused, after a look at how."""
    body = response.json()
    assert (response.status_code, body["code"]) == (status, code), body
    return {error["pointer"].removeprefix("#/") for error in body.get("errors", [])}
