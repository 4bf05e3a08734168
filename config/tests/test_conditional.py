"""What need not be sent again, and who may keep a copy."""

import pytest

from catalog.tests.factories import GenreFactory, MovieFactory
from mylist.models import MyList
from mylist.registry import kind_named

pytestmark = pytest.mark.django_db


@pytest.fixture
def movie(db):
    return MovieFactory(pk=1, title="Dune")


@pytest.fixture
def etag(api, movie):
    return api.get("/api/v1/movies/1/")["ETag"]


def again(api, if_none_match, path="/api/v1/movies/1/", method="get"):
    return getattr(api, method)(path, headers={"If-None-Match": if_none_match})


@pytest.mark.parametrize(
    "shape", ["{}", "W/{}", '"other", {}', '"other",W/{} , "more"', "*"], ids=str
)
def test_who_has_it_already_is_not_sent_it_again(api, etag, shape):
    response = again(api, shape.format(etag))
    assert (response.status_code, response.content) == (304, b"")
    assert response["ETag"] == etag
    assert response["Cache-Control"] == "no-cache"
    assert "authorization" in response["Vary"].lower()
    assert "Content-Type" not in response
    assert "X-Request-ID" in response


@pytest.mark.parametrize("shape", ['"other"', "", "other", '"', "W/", "{}x", 'w/"a"'], ids=repr)
def test_who_has_another_is_sent_it(api, etag, shape):
    assert again(api, shape.format(etag)).status_code == 200


def test_a_strong_tag_in_quotes_is_given(etag):
    assert etag.startswith('"')
    assert etag.endswith('"')


def test_it_changes_with_anything_shown(api, movie, etag):
    genre = GenreFactory(name="Drama")
    seen = {etag}
    for change in (
        lambda: setattr(movie, "overview", "Sand."),
        lambda: movie.genres.add(genre),
        lambda: setattr(movie, "available", False),
    ):
        change()
        movie.save()
        seen.add(api.get("/api/v1/movies/1/")["ETag"])
    assert len(seen) == 4
    assert again(api, etag).status_code == 200


def test_it_is_the_same_for_the_same(api, etag):
    assert api.get("/api/v1/movies/1/")["ETag"] == api.get("/api/v1/movies/1")["ETag"] == etag


def test_head_is_get_without_the_body(api, etag):
    told, head = api.get("/api/v1/movies/1/"), api.head("/api/v1/movies/1/")
    assert (head.status_code, head.content) == (200, b"")
    for name in ("ETag", "Content-Length", "Content-Type", "Cache-Control", "Vary"):
        assert head[name] == told[name]
    assert head["Content-Length"] == str(len(told.content))
    assert again(api, etag, method="head").status_code == 304


def test_a_list_of_somebody_is_theirs(as_ann, as_bob, ann, movie):
    mine = as_ann.get("/api/v1/mylist/")
    assert mine["Cache-Control"] == "private, no-cache"
    assert "authorization" in mine["Vary"].lower()
    MyList.add(ann, kind_named("movie"), 1)
    assert again(as_ann, mine["ETag"], "/api/v1/mylist/").status_code == 200
    item = as_ann.get("/api/v1/mylist/movie/1/")
    assert again(as_ann, item["ETag"], "/api/v1/mylist/movie/1/").status_code == 304
    assert again(as_bob, item["ETag"], "/api/v1/mylist/movie/1/").status_code == 404


def test_a_title_that_staff_edit_shows_on_lists_at_once(as_ann, ann, movie):
    MyList.add(ann, kind_named("movie"), 1)
    before = as_ann.get("/api/v1/mylist/")["ETag"]
    movie.title = "Dune: Part One"
    movie.save()
    assert again(as_ann, before, "/api/v1/mylist/").status_code == 200


def test_a_page_keeps_its_link_when_it_is_not_sent(api):
    MovieFactory.create_batch(2)
    page = api.get("/api/v1/movies/?page_size=1")
    response = again(api, page["ETag"], "/api/v1/movies/?page_size=1")
    assert (response.status_code, response["Link"]) == (304, page["Link"])


@pytest.mark.parametrize("if_none_match", ["*", None], ids=["with", "without"])
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/api/v1/movies/987654/", 404),
        ("get", "/api/v1/movies/?x=1", 400),
        ("get", "/api/v1/nowhere/", 404),
        ("delete", "/api/v1/mylist/", 204),
        ("post", "/api/v1/mylist/contains/", 400),
        ("put", "/api/v1/mylist/movie/1/", 201),
        ("options", "/api/v1/mylist/", 200),
    ],
)
def test_what_is_no_reading_is_kept_by_nobody(as_ann, movie, method, path, status, if_none_match):
    headers = {"If-None-Match": if_none_match} if if_none_match else {}
    response = getattr(as_ann, method)(path, headers=headers)
    assert response.status_code == status
    assert response["Cache-Control"] == "no-store"
    assert "ETag" not in response


def test_a_token_that_is_bad_gets_no_304(api, etag):
    headers = {"If-None-Match": etag, "Authorization": "Bearer zebra"}
    assert api.get("/api/v1/movies/1/", headers=headers).status_code == 401


def test_every_answer_says_how_long_it_is(api, movie):
    for path in ("/api/v1/movies/", "/api/v1/movies/2/", "/health/live/", "/", "/api/docs/errors/"):
        response = api.get(path)
        assert response["Content-Length"] == str(len(response.content))


def test_no_answer_has_a_length_without_a_body(as_ann):
    assert "Content-Length" not in as_ann.delete("/api/v1/mylist/")
