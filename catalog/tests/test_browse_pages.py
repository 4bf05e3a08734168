"""Pages of titles: what a cursor is good for, and that filters go along."""

import pytest

from catalog.tests.factories import GenreFactory, MovieFactory, TVShowFactory
from catalog.tests.kinds import MOVIES, SHOWS, refused, titles_of

pytestmark = pytest.mark.django_db


def cursor_of(answer):
    return answer.json()["next"].partition("cursor=")[2].partition("&")[0]


def test_filters_and_order_go_along_with_next(api):
    genre = GenreFactory(name="Sci-Fi & Fantasy")
    for title in ("c", "a", "b"):
        TVShowFactory(title=title, genres=[genre])
        TVShowFactory(title=f"other {title}")
    asked = {"genre": genre.name, "ordering": "-title", "page_size": 1}
    first = api.get(SHOWS, asked)
    second = api.get(first.json()["next"])
    third = api.get(second.json()["next"])
    assert titles_of(first) + titles_of(second) + titles_of(third) == ["c", "b", "a"]
    assert third.json()["next"] is None
    assert titles_of(api.get(second.json()["previous"])) == ["c"]


@pytest.mark.parametrize(
    "elsewhere",
    [
        f"{MOVIES}?ordering=title",
        f"{MOVIES}?ordering=popularity",
        f"{MOVIES}?ordering=-rating",
        f"{MOVIES}?year=1999",
        f"{MOVIES}?q=movie",
        f"{SHOWS}?",
        "/api/v1/genres/?",
    ],
)
def test_a_cursor_is_good_for_its_own_list_only(api, elsewhere):
    for _ in range(3):
        MovieFactory()
    cursor = cursor_of(api.get(f"{MOVIES}?page_size=1"))
    assert api.get(f"{MOVIES}?cursor={cursor}").status_code == 200
    refused(api.get(f"{elsewhere}&cursor={cursor}"), 400, 9003)


def test_a_cursor_does_not_fit_another_value_of_a_filter(api):
    for _ in range(3):
        MovieFactory(release_year=1999, rating=8)
    cursor = cursor_of(api.get(f"{MOVIES}?year=1999&rating_min=7&page_size=1"))
    refused(api.get(f"{MOVIES}?year=2000&rating_min=7&cursor={cursor}"), 400, 9003)
    refused(api.get(f"{MOVIES}?year_min=1999&rating_min=7&cursor={cursor}"), 400, 9003)
    refused(api.get(f"{MOVIES}?cursor={cursor}"), 400, 9003)
    again = api.get(f"{MOVIES}?cursor={cursor}&rating_min=7.0&year=1999")
    assert len(titles_of(again)) == 2


def test_a_cursor_may_go_on_with_another_page_size_or_the_order_spelled_out(api):
    for popularity in range(4):
        MovieFactory(title=str(popularity), popularity=popularity)
    cursor = cursor_of(api.get(f"{MOVIES}?page_size=1"))
    go_on = api.get(f"{MOVIES}?page_size=3&ordering=-popularity&cursor={cursor}")
    assert titles_of(go_on) == ["2", "1", "0"]
    assert titles_of(api.get(f"{MOVIES.rstrip('/')}?cursor={cursor}")) == ["2", "1", "0"]


def test_no_titles_are_an_empty_page(api):
    assert api.get(MOVIES).json() == {"next": None, "previous": None, "results": []}
