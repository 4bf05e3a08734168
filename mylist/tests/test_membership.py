"""Whether a title is on the list, by its kind and id; putting it there and taking it off."""

import pytest
from django.db import connection

from mylist.models import MyList, MyListItem
from mylist.tests.lists import put, rows_of

HERE = "/api/v1/mylist/"


@pytest.fixture
def url(film):
    return f"{HERE}film/{film.pk}/"


def test_it_is_there_or_a_404(as_ann, as_bob, ann, film, url):
    absent = as_ann.get(url)
    assert (absent.status_code, absent.json()["code"]) == (404, 4404)
    [item] = put(ann, film)
    there = as_ann.get(url)
    assert (there.status_code, there.json()["id"]) == (200, item.pk)
    assert there.json() == as_ann.get(f"{HERE}{item.pk}/").json()
    assert as_bob.get(url).status_code == 404


def test_putting_twice_is_one_item(as_ann, ann, url):
    first, second = as_ann.put(url), as_ann.put(url)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json() == as_ann.get(url).json()
    assert (rows_of(ann), MyList.count_of(ann)) == (1, 1)


def test_a_note_is_set_either_way(as_ann, url):
    assert as_ann.put(url, {"note": "first"}).json()["note"] == "first"
    assert as_ann.put(url, {"note": "second"}).json()["note"] == "second"
    assert as_ann.put(url, {"note": ""}).json()["note"] == ""


def test_putting_without_a_note_leaves_it(as_ann, url):
    as_ann.put(url, {"note": "mine"})
    assert as_ann.put(url).json()["note"] == "mine"
    assert as_ann.put(url, {}).json()["note"] == "mine"


def test_what_was_read_can_be_put_back(as_ann, url):
    read = as_ann.put(url, {"note": "mine"}).json()
    back = as_ann.put(url, read)
    assert (back.status_code, back.json()) == (200, read)


def test_what_was_taken_off_can_be_put_back_as_it_was_read(as_ann, url):
    read = as_ann.put(url, {"note": "mine"}).json()
    as_ann.delete(url)
    back = as_ann.put(url, read)
    assert (back.status_code, back.json()["note"]) == (201, "mine")
    assert back.json()["id"] != read["id"]


def test_a_withdrawn_title_is_kept_but_not_taken(as_ann, as_bob, film, url):
    as_ann.put(url)
    type(film).objects.update(withdrawn=True)
    kept = as_ann.put(url, {"note": "still here"})
    assert (kept.status_code, kept.json()["note"]) == (200, "still here")
    refused = as_bob.put(url)
    assert (refused.status_code, refused.json()["code"]) == (404, 4003)


def test_taking_off(as_ann, ann, url):
    as_ann.put(url)
    assert as_ann.delete(url).status_code == 204
    again = as_ann.delete(url)
    assert (again.status_code, again.json()["code"]) == (404, 4404)
    assert MyList.count_of(ann) == 0


def test_a_stranger_takes_nothing_off(as_ann, as_bob, url):
    as_ann.put(url)
    assert as_bob.delete(url).status_code == 404
    assert as_ann.get(url).status_code == 200


def test_only_the_title_of_this_kind_is_taken_off(as_ann, film, series, url):
    type(series).objects.filter(pk=series.pk).update(id=film.pk)
    as_ann.put(url)
    as_ann.put(f"{HERE}series/{film.pk}/")
    as_ann.delete(url)
    assert as_ann.get(f"{HERE}series/{film.pk}/").status_code == 200


@pytest.mark.parametrize("method", ["get", "put", "delete"])
@pytest.mark.parametrize(
    "path", ["song/1", "Film/1", "user/1", "film%00/1", "film/0", "film/-1", "film/x", "film/1_0",
             f"film/{2**63}", f"film/{2**70}", "film/%00", "film/5.0", "film/٣", "film/01"],
)  # fmt: skip
def test_what_names_no_title_is_a_404(as_ann, ann, film, method, path):
    answer = getattr(as_ann, method)(f"{HERE}{path}/", **({} if method == "get" else {"data": {}}))
    assert answer.status_code == 404
    assert answer.json()["code"] in (4404, 9404)
    assert rows_of(ann) == 0


@pytest.mark.parametrize("method", ["get", "delete"])
def test_a_title_that_does_not_exist_is_not_on_the_list(as_ann, method):
    answer = getattr(as_ann, method)(f"{HERE}film/{2**63 - 1}/")
    assert answer.json()["code"] == 4404


def test_a_title_that_does_not_exist_cannot_be_put_there(as_ann):
    assert as_ann.put(f"{HERE}film/{2**63 - 1}/").json()["code"] == 4003


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"note": "x" * 501}, "#/note"),
        ({"note": "a\0b"}, "#/note"),
        ({"note": None}, "#/note"),
        ({"user": 1}, "#/user"),
        ([], "#"),
        ("text", "#"),
    ],
)
def test_a_bad_body_puts_nothing_there(as_ann, url, body, pointer):
    refused = as_ann.put(url, body)
    assert (refused.status_code, refused.json()["code"]) == (400, 4400)
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]
    assert not MyListItem.objects.exists()


def test_asking_costs_one_query(as_ann, url, django_assert_num_queries):
    as_ann.put(url)
    with django_assert_num_queries(1):  # item with its content
        as_ann.get(url)


def test_putting_again_writes_nothing(as_ann, url, django_assert_num_queries):
    as_ann.put(url)
    # what is there, with its content; before, on PostgreSQL, the add that does nothing
    with django_assert_num_queries(1 + (connection.vendor == "postgresql")):
        as_ann.put(url)
