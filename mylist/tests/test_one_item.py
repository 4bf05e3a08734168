"""One item by its own id: read it, change its note, take it off."""

import pytest

from mylist.models import MyList, MyListItem
from mylist.tests.lists import films, put, rows_of

HERE = "/api/v1/mylist/"


@pytest.fixture
def item(ann, film):
    [item] = put(ann, film, note="before")
    return item


@pytest.fixture
def url(item):
    return f"{HERE}{item.pk}/"


def note_of(item):
    return MyListItem.objects.get(pk=item.pk).note


def test_reading_it(as_ann, item, url, film):
    answer = as_ann.get(url)
    assert answer.status_code == 200
    assert (answer.json()["id"], answer.json()["note"]) == (item.pk, "before")
    assert answer.json()["content"] == {"id": film.pk, "title": "A film"}


def test_changing_the_note(as_ann, item, url):
    for method in (as_ann.patch, as_ann.put):
        changed = method(url, {"note": f"by {method.__name__}"})
        assert (changed.status_code, changed.json()["note"]) == (200, f"by {method.__name__}")
        assert as_ann.get(url).json() == changed.json()


def test_what_was_read_can_be_put_back(as_ann, url):
    read = as_ann.get(url).json()
    assert as_ann.put(url, read).json() == read
    assert as_ann.patch(url, read).json() == read


def test_put_without_a_note_empties_it(as_ann, item, url):
    assert as_ann.put(url, {}).json()["note"] == ""
    assert note_of(item) == ""


def test_a_patch_of_nothing_changes_nothing(as_ann, url):
    before = as_ann.get(url).json()
    assert as_ann.patch(url, {}).json() == before
    assert as_ann.get(url).json() == before


def test_read_only_fields_are_ignored(as_ann, bob, item, url):
    before = as_ann.get(url).json()
    other = {
        "id": 1 + item.pk,
        "content_type": "series",
        "content_id": 77,
        "added_at": "2001-01-01T00:00:00Z",
        "content": {"title": "Another"},
    }
    assert as_ann.patch(url, other).json() == before
    assert as_ann.put(url, other | {"note": "x"}).json() == before | {"note": "x"}


@pytest.mark.parametrize("method", ["put", "patch"])
@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"note": "x" * 501}, "#/note"),
        ({"note": "a\0b"}, "#/note"),
        ({"note": 5}, "#/note"),
        ({"note": None}, "#/note"),
        ({"user": 1}, "#/user"),
        ([], "#"),
        ("text", "#"),
        (5, "#"),
    ],
)
def test_a_bad_body_changes_nothing(as_ann, item, url, method, body, pointer):
    refused = getattr(as_ann, method)(url, body)
    assert (refused.status_code, refused.json()["code"]) == (400, 4400)
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]
    assert note_of(item) == "before"


def test_taking_it_off(as_ann, ann, url):
    assert as_ann.delete(url).status_code == 204
    again = as_ann.delete(url)
    assert (again.status_code, again.json()["code"]) == (404, 4404)
    assert (rows_of(ann), MyList.count_of(ann)) == (0, 0)


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_to_a_stranger_it_is_not_there(as_bob, item, url, method):
    body = {} if method in ("get", "delete") else {"data": {"note": "mine now"}}
    answer = getattr(as_bob, method)(url, **body)
    assert (answer.status_code, answer.json()["code"]) == (404, 4404)
    assert note_of(item) == "before"


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
@pytest.mark.parametrize("pk", [2**63 - 1, 0, -1, 2**63, 2**70, "x", "1_0", "5.0", "٣", "%00"])
def test_what_is_no_items_id_is_a_404(as_ann, item, method, pk):
    answer = getattr(as_ann, method)(f"{HERE}{pk}/", **({} if method == "get" else {"data": {}}))
    assert answer.status_code == 404
    assert answer.json()["code"] in (4404, 9404)


@pytest.mark.parametrize("body", [{}, {"note": "x"}])
def test_a_patch_of_what_is_not_there_is_a_404(as_ann, body):
    assert as_ann.patch(f"{HERE}1/", body).json()["code"] == 4404


def test_an_item_costs_one_query(as_ann, url, django_assert_num_queries):
    with django_assert_num_queries(1):  # item with its content
        as_ann.get(url)


def test_a_change_and_a_removal_cost_what_they_must(as_ann, url, django_assert_num_queries):
    with django_assert_num_queries(5):  # savepoint, list, update, release; item
        as_ann.patch(url, {"note": "x"})
    with django_assert_num_queries(1):  # lock and delete
        as_ann.delete(url)


# --- all of them ------------------------------------------------------------------


def test_emptying_the_list(as_ann, as_bob, ann, bob, django_assert_num_queries):
    contents = films(5)
    put(ann, *contents)
    put(bob, *contents[:2])
    with django_assert_num_queries(1):  # lock and delete
        assert as_ann.delete(HERE).status_code == 204
    assert (rows_of(ann), MyList.count_of(ann)) == (0, 0)
    assert as_bob.get(HERE).json()["count"] == rows_of(bob) == 2


def test_an_empty_list_can_be_emptied(as_ann):
    for _ in range(2):
        assert as_ann.delete(HERE).status_code == 204
    assert as_ann.get(HERE).json()["count"] == 0
