"""What reading costs: queries do not grow with what is read."""

import pytest

from catalog.tests.factories import GenreFactory
from catalog.tests.kinds import for_both_kinds

pytestmark = pytest.mark.django_db


@for_both_kinds
@pytest.mark.parametrize("size", [1, 5, 30])
def test_a_page_of_titles(api, path, make, size, django_assert_num_queries):
    genres = [GenreFactory() for _ in range(3)]
    for _ in range(30):
        make(genres=genres)
    with django_assert_num_queries(2):  # titles, genres
        answer = api.get(f"{path}?page_size={size}&ordering=-rating&genre={genres[0].pk}&year=1999")
    assert len(answer.json()["results"]) == size


@for_both_kinds
def test_one_title(api, as_ann, path, make, django_assert_num_queries):
    here = f"{path}{make(genres=[GenreFactory(), GenreFactory()]).pk}/"
    with django_assert_num_queries(2):  # title, genres
        api.get(here)
    with django_assert_num_queries(3):  # sign-in, title, genres
        as_ann.get(here)


def test_the_genres(api, django_assert_num_queries):
    for _ in range(30):
        GenreFactory()
    with django_assert_num_queries(1):  # genres
        assert len(api.get("/api/v1/genres/?page_size=25").json()["results"]) == 25
