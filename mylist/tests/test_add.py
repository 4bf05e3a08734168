"""Putting a title on the list."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mylist.models import MyList, MyListItem
from mylist.registry import KINDS
from mylist.tests.lists import films, put, rows_of

HERE = "/api/v1/mylist/"


def asked(film, **more):
    return {"content_type": "film", "content_id": film.pk} | more


def faults(response):
    """Where the body is wrong, as a 400 of ours tells it."""
    assert (response.status_code, response.json()["code"]) == (400, 4400), response.json()
    return {error["pointer"]: error["code"] for error in response.json()["errors"]}


def test_a_title_that_was_added_is_on_the_list(as_ann, film):
    added = as_ann.post(HERE, asked(film, note="On a rainy day"))
    assert added.status_code == 201
    item = added.json()
    assert item == {
        "id": item["id"],
        "content_type": "film",
        "content_id": film.pk,
        "added_at": item["added_at"],
        "note": "On a rainy day",
        "content": {"id": film.pk, "title": "A film"},
    }
    assert item["added_at"].endswith("Z")
    assert added["Location"] == f"{HERE}{item['id']}/"
    assert as_ann.get(added["Location"]).json() == item
    listed = as_ann.get(HERE).json()
    assert (listed["count"], listed["results"]) == (1, [item])


def test_adding_twice_tells_the_item_that_is_there(as_ann, ann, film):
    first = as_ann.post(HERE, asked(film, note="mine")).json()
    second = as_ann.post(HERE, asked(film, note="another"))
    assert (second.status_code, second.json()["code"]) == (409, 4001)
    assert second.json()["id"] == first["id"]
    assert as_ann.get(HERE).json()["results"] == [first]
    assert MyList.count_of(ann) == 1


def test_each_person_has_a_list_of_their_own(as_ann, as_bob, film):
    as_ann.post(HERE, asked(film))
    assert as_bob.get(HERE).json()["results"] == []
    assert as_bob.post(HERE, asked(film)).status_code == 201


def test_a_film_and_a_series_of_the_same_id_are_two_titles(as_ann, film, series):
    type(series).objects.filter(pk=series.pk).update(id=film.pk)
    for kind in ("film", "series"):
        added = as_ann.post(HERE, {"content_type": kind, "content_id": film.pk})
        assert added.status_code == 201
    assert as_ann.get(HERE).json()["count"] == 2


def test_adding_costs_the_same_on_a_long_list(as_ann, ann, film, django_assert_num_queries):
    put(ann, *films(30))
    # all at once; on SQLite: what is there, savepoint, title, list, insert, release
    with django_assert_num_queries(1 if connection.vendor == "postgresql" else 6):
        assert as_ann.post(HERE, asked(film)).status_code == 201


# --- what cannot be added -----------------------------------------------------


def test_a_title_that_does_not_exist_is_a_404(as_ann, ann):
    missing = as_ann.post(HERE, {"content_type": "film", "content_id": 2**63 - 1})
    assert (missing.status_code, missing.json()["code"]) == (404, 4003)
    assert rows_of(ann) == 0


def test_a_withdrawn_title_is_a_404(as_ann, ann, film):
    type(film).objects.update(withdrawn=True)
    withdrawn = as_ann.post(HERE, asked(film))
    assert (withdrawn.status_code, withdrawn.json()["code"]) == (404, 4003)
    assert rows_of(ann) == 0


def test_a_withdrawn_title_that_is_on_the_list_stays_and_is_a_409(as_ann, ann, film):
    [item] = put(ann, film)
    type(film).objects.update(withdrawn=True)
    again = as_ann.post(HERE, asked(film))
    assert (again.status_code, again.json()["id"]) == (409, item.pk)
    assert as_ann.get(f"{HERE}{item.pk}/").status_code == 200


@pytest.mark.parametrize("kind", ["movie", "Film", "", "user", "film\0", 1, None, ["film"], {}])
def test_an_unknown_kind_is_a_400(as_ann, film, kind):
    assert list(faults(as_ann.post(HERE, asked(film, content_type=kind)))) == ["#/content_type"]


def test_an_unknown_kind_is_told_which_there_are(as_ann, film):
    refused = as_ann.post(HERE, asked(film, content_type="song")).json()["errors"]
    assert [(e["code"], e["detail"]) for e in refused] == [
        ("unknown_kind", "The kinds are: film, series.")
    ]


@pytest.mark.parametrize("bad", [0, -1, True, "5", 5.0, 2**63, 2**70, -(2**70), None, [], {}])
def test_a_content_id_is_a_positive_64_bit_number(as_ann, ann, film, bad):
    assert list(faults(as_ann.post(HERE, asked(film, content_id=bad)))) == ["#/content_id"]
    assert rows_of(ann) == 0


@pytest.mark.parametrize("missing", ["content_type", "content_id"])
def test_kind_and_id_are_both_needed(as_ann, film, missing):
    body = asked(film)
    del body[missing]
    assert faults(as_ann.post(HERE, body)) == {f"#/{missing}": "required"}


@pytest.mark.parametrize("bad", ["x" * 501, "a\0b", 5, True, None, ["a"], {"a": "b"}])
def test_a_note_is_at_most_500_characters_of_text(as_ann, ann, film, bad):
    assert list(faults(as_ann.post(HERE, asked(film, note=bad)))) == ["#/note"]
    assert rows_of(ann) == 0


@pytest.mark.parametrize("note", ["", "x" * 500, "名" * 500, "🎬 «été»"])
def test_a_note_can_be_empty_long_and_in_any_script(as_ann, film, note):
    assert as_ann.post(HERE, asked(film, note=note)).json()["note"] == note


@pytest.mark.parametrize("field", ["user", "user_id", "count", "nonsense"])
def test_an_unknown_field_is_named(as_ann, film, field):
    assert faults(as_ann.post(HERE, asked(film) | {field: 1})) == {f"#/{field}": "unknown"}


@pytest.mark.parametrize("body", [[], [{"content_type": "film"}], "film", 5, True, None])
def test_the_body_is_an_object(as_ann, body):
    assert faults(as_ann.post(HERE, body)).keys() <= {"#", "#/content_type", "#/content_id"}


def test_a_body_that_is_not_json_is_a_400(as_ann):
    refused = as_ann.generic("POST", HERE, b"{", content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (400, 9001)


# --- the longest list ------------------------------------------------------------


def test_a_full_list_takes_nothing_new(as_ann, ann, film, settings):
    settings.MYLIST_MAX_ITEMS = 2
    there, _ = put(ann, *films(2))
    full = as_ann.post(HERE, asked(film))
    assert (full.status_code, full.json()["code"]) == (409, 4002)
    assert "2 items" in full.json()["detail"]
    assert as_ann.put(f"{HERE}film/{film.pk}/").json()["code"] == 4002
    assert rows_of(ann) == 2
    as_ann.delete(f"{HERE}{there.pk}/")
    assert as_ann.post(HERE, asked(film)).status_code == 201


def test_what_is_on_a_full_list_is_found_there(as_ann, ann, film, settings):
    settings.MYLIST_MAX_ITEMS = 1
    [item] = put(ann, film)
    again = as_ann.post(HERE, asked(film))
    assert (again.status_code, again.json()["code"]) == (409, 4001)
    assert again.json()["id"] == item.pk
    assert as_ann.put(f"{HERE}film/{film.pk}/").status_code == 200


def test_a_title_that_does_not_exist_is_a_404_on_a_full_list_too(as_ann, ann, film, settings):
    settings.MYLIST_MAX_ITEMS = 1
    put(ann, film)
    assert as_ann.post(HERE, {"content_type": "film", "content_id": 10**9}).status_code == 404


def test_zero_means_no_bound(as_ann, ann, film, settings):
    settings.MYLIST_MAX_ITEMS = 0
    put(ann, *films(3))
    assert as_ann.post(HERE, asked(film)).status_code == 201


# --- the call behind it ----------------------------------------------------------


def test_items_know_what_they_are(ann, film):
    [item] = put(ann, film)
    assert str(item) == f"film {film.pk}"
    assert item.kind is KINDS["film"]
    assert str(MyList.objects.get()) == f"list of {ann.pk}"


def test_the_database_tells_the_time(ann, film):
    [item] = put(ann, film)
    assert MyListItem.objects.get(pk=item.pk).added_at == item.added_at


def test_an_item_as_it_was_read_can_be_added_again(as_ann, film):
    body = {"content_type": "film", "content_id": film.pk, "note": "soon"}
    read = as_ann.post("/api/v1/mylist/", body).json()
    as_ann.delete(f"/api/v1/mylist/{read['id']}/")
    again = as_ann.post("/api/v1/mylist/", read)
    assert (again.status_code, again.json()["note"]) == (201, "soon")
    assert again.json()["id"] != read["id"]


@pytest.mark.django_db(transaction=True)
def test_a_refusal_rolls_nothing_back(as_ann, ann, film, settings):
    """After a rollback the connection has to prepare all of its statements anew."""
    settings.MYLIST_MAX_ITEMS = 1
    [item] = put(ann, film)
    missing, [another] = f"{HERE}film/{10**9}/", films(1)
    with CaptureQueriesContext(connection) as queries:
        assert as_ann.post(HERE, asked(film)).json()["code"] == 4001
        assert as_ann.put(missing).json()["code"] == 4003
        assert as_ann.put(f"{HERE}film/{another.pk}/").json()["code"] == 4002
        # As when another device was quicker.
        _, there, _ = MyList.add_slowly(ann, KINDS["film"], film.pk, "x", exist_ok=False)
    assert (there.pk, there.note) == (item.pk, "")
    said = " ".join(query["sql"] for query in queries)
    assert "BEGIN" in said
    assert "ROLLBACK" not in said
