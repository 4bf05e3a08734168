"""Reading many titles by their ids."""

import pytest

from catalog.tests.factories import GenreFactory
from catalog.tests.kinds import MOVIES, SHOWS, for_both_kinds, refused

pytestmark = pytest.mark.django_db
INVALID = {MOVIES: 1400, SHOWS: 2400}


@for_both_kinds
def test_titles_come_in_the_order_asked(api, path, make, django_assert_num_queries):
    genre = GenreFactory()
    ids = [make(genres=[genre]).pk for _ in range(5)]
    asked = [ids[3], 2**63 - 1, ids[0], ids[4], 10**9]
    with django_assert_num_queries(2):  # titles, genres
        answer = api.post(f"{path}batch/", {"ids": asked})
    assert answer.status_code == 200
    assert [title["id"] for title in answer.json()["results"]] == [ids[3], ids[0], ids[4]]
    assert answer.json()["missing"] == [2**63 - 1, 10**9]


@for_both_kinds
def test_titles_look_as_they_do_in_a_list(api, path, make):
    title = make(genres=[GenreFactory()])
    batch = api.post(f"{path}batch/", {"ids": [title.pk]}).json()
    assert batch == {"results": api.get(path).json()["results"], "missing": []}


@for_both_kinds
def test_what_is_asked_twice_is_answered_twice(api, path, make):
    pk = make().pk
    batch = api.post(f"{path}batch/", {"ids": [pk, pk + 1, pk, pk + 1]}).json()
    assert [title["id"] for title in batch["results"]] == [pk, pk]
    assert batch["missing"] == [pk + 1, pk + 1]


@for_both_kinds
def test_a_hundred_may_be_asked_and_none(api, path, make):
    many = api.post(f"{path}batch/", {"ids": list(range(1, 101))})
    assert (many.status_code, len(many.json()["missing"])) == (200, 100)
    assert api.post(f"{path}batch/", {"ids": []}).json() == {"results": [], "missing": []}


@for_both_kinds
@pytest.mark.parametrize(
    ("bad", "named"),
    [
        (list(range(1, 102)), "ids"),
        ([-1], "ids/0"),
        ([0], "ids/0"),
        ([1, True], "ids/1"),
        (["1"], "ids/0"),
        ([5.0], "ids/0"),
        ([None], "ids/0"),
        ([[1]], "ids/0"),
        ([2**63], "ids/0"),
        ([2**64], "ids/0"),
        (7, "ids"),
        ("1,2", "ids"),
        ({"0": 1}, "ids"),
        (None, "ids"),
    ],
)
def test_ids_that_cannot_be_are_refused_by_place(api, path, make, bad, named):
    assert refused(api.post(f"{path}batch/", {"ids": bad}), 400, INVALID[path]) == {named}


@for_both_kinds
def test_the_body_has_ids_and_nothing_else(api, path, make):
    code = INVALID[path]
    assert refused(api.post(f"{path}batch/", {}), 400, code) == {"ids"}
    assert refused(api.post(f"{path}batch/", {"ids": [], "x": 1}), 400, code) == {"x"}
    refused(api.post(f"{path}batch/", [1, 2]), 400, code)
    assert api.get(f"{path}batch/").status_code == 405


@for_both_kinds
def test_a_token_that_is_there_must_be_good(api, path, make):
    api.credentials(HTTP_AUTHORIZATION="Bearer nonsense")
    assert api.post(f"{path}batch/", {"ids": []}).status_code == 401
    assert api.get(path).status_code == 401
