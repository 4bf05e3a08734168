"""The main job, end to end: register, sign in, browse, list, read, take off."""

import pytest

from catalog.tests.factories import MovieFactory, TVShowFactory

pytestmark = pytest.mark.django_db


def test_a_person_registers_and_keeps_a_list(api):
    movie, show = MovieFactory(title="Dune"), TVShowFactory(title="Dark")
    who = {"email": "Dee@Example.com", "password": "correct horse battery"}
    assert api.post("/api/v1/users/", who | {"name": "Dee"}).status_code == 201
    access = api.post("/api/v1/auth/token/", who).json()["access"]
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
    assert [m["title"] for m in api.get("/api/v1/movies/").json()["results"]] == ["Dune"]
    for kind, title in (("movie", movie), ("tvshow", show)):
        added = api.post("/api/v1/mylist/", {"content_type": kind, "content_id": title.pk})
        assert added.status_code == 201
    page = api.get("/api/v1/mylist/?page_size=1").json()
    assert (page["count"], page["results"][0]["content"]["title"]) == (2, "Dark")
    following = api.get(page["next"]).json()
    assert [item["content"]["title"] for item in following["results"]] == ["Dune"]
    assert api.delete(f"/api/v1/mylist/movie/{movie.pk}/").status_code == 204
    assert api.get("/api/v1/mylist/").json()["count"] == 1
