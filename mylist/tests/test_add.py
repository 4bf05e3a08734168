"""Putting a title on the list."""

from mylist.models import MyList


def test_a_title_that_was_added_is_on_the_list(as_ann, film):
    added = as_ann.post("/api/v1/mylist/", {"content_type": "film", "content_id": film.pk})
    assert added.status_code == 201
    listed = as_ann.get("/api/v1/mylist/").json()
    assert listed["results"] == [added.json()]
    assert listed["count"] == 1


def test_adding_twice_tells_the_item_that_is_there(as_ann, ann, film):
    body = {"content_type": "film", "content_id": film.pk}
    first = as_ann.post("/api/v1/mylist/", body).json()
    second = as_ann.post("/api/v1/mylist/", body)
    assert (second.status_code, second.json()["code"]) == (409, 4001)
    assert second.json()["id"] == first["id"]
    assert MyList.count_of(ann) == 1
