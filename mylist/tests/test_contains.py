"""Which of many titles are on the list."""

import pytest

from mylist.tests.lists import both_kinds, films, put

HERE = "/api/v1/mylist/contains/"


def what(kind, pk):
    return {"content_type": kind, "content_id": pk}


def errors(response):
    assert (response.status_code, response.json()["code"]) == (400, 4400)
    return {error["pointer"]: error["code"] for error in response.json()["errors"]}


def test_answers_come_in_the_order_asked(as_ann, ann, bob):
    film, series, other = *both_kinds(2), films(1)[0]
    on_film, on_series = put(ann, film, series)
    put(bob, other)
    asked = [
        what("series", series.pk),
        what("film", other.pk),
        what("film", film.pk),
        what("series", 2**63 - 1),
        what("film", film.pk),
    ]
    answer = as_ann.post(HERE, {"items": asked})
    assert answer.status_code == 200
    ids = [on_series.pk, None, on_film.pk, None, on_film.pk]
    expected = [entry | {"id": pk} for entry, pk in zip(asked, ids, strict=True)]
    assert answer.json() == {"results": expected}


def test_a_film_is_not_the_series_of_its_id(as_ann, ann, film):
    put(ann, film)
    answer = as_ann.post(HERE, {"items": [what("series", film.pk)]})
    assert answer.json()["results"][0]["id"] is None


def test_asking_for_nothing_answers_nothing(as_ann):
    assert as_ann.post(HERE, {"items": []}).json() == {"results": []}


def test_200_titles_cost_one_query(as_ann, ann, django_assert_num_queries):
    contents = both_kinds(200)
    put(ann, *contents[:4])
    asked = [what(type(content).__name__.lower(), content.pk) for content in contents]
    with django_assert_num_queries(1):
        found = as_ann.post(HERE, {"items": asked}).json()["results"]
    assert [entry["id"] is not None for entry in found] == [True] * 4 + [False] * 196


def test_201_are_too_many(as_ann):
    refused = as_ann.post(HERE, {"items": [what("film", 1)] * 201})
    assert errors(refused) == {"#/items": "max_length"}


def test_a_bad_entry_is_told_by_its_place(as_ann):
    bad = [what("film", 1), what("song", 1), what("series", 0), {"content_id": 1}, 5]
    assert errors(as_ann.post(HERE, {"items": bad})) == {
        "#/items/1/content_type": "unknown_kind",
        "#/items/2/content_id": "min_value",
        "#/items/3/content_type": "required",
        "#/items/4": "invalid",
    }


def test_an_unknown_field_of_an_entry_is_named(as_ann):
    bad = {"items": [what("film", 1) | {"note": ""}]}
    assert errors(as_ann.post(HERE, bad)) == {"#/items/0/note": "unknown"}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#/items"),
        ({"items": None}, "#/items"),
        ({"items": {}}, "#/items"),
        ({"items": "film"}, "#/items"),
        ({"items": [], "more": 1}, "#/more"),
        ([], "#"),
        (5, "#"),
    ],
)
def test_a_bad_body_is_a_400(as_ann, body, pointer):
    assert list(errors(as_ann.post(HERE, body))) == [pointer]


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_it_is_only_posted_to(as_ann, method):
    assert getattr(as_ann, method)(HERE).status_code == 405
