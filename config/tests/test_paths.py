"""Both slash forms, for every method."""

import pytest
from django.test import Client

from catalog.tests.factories import MovieFactory
from mylist.models import MyList

pytestmark = pytest.mark.django_db

BODY = {"content_type": "movie", "content_id": 1}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("get", "/api/v1/movies", None, 200),
        ("get", "/api/v1/movies?page_size=1", None, 200),
        ("head", "/api/v1/genres", None, 200),
        ("get", "/api/v1/mylist", None, 200),
        ("post", "/api/v1/mylist", BODY, 201),
        ("put", "/api/v1/mylist/movie/1", {}, 201),
        ("get", "/api/v1/mylist/movie/1", None, 404),
        ("patch", "/api/v1/users/me", {"name": "Annie"}, 200),
        ("delete", "/api/v1/mylist", None, 204),
        ("options", "/api/v1/mylist", None, 200),
        ("get", "/health/live", None, 200),
        ("get", "/api/schema?format=json", None, 200),
        ("get", "/api/docs/errors", None, 200),
        ("get", "/nowhere", None, 404),
    ],
)
@pytest.mark.parametrize("slash", ["", "/"], ids=["without", "with"])
def test_a_path_answers_with_and_without_its_slash(as_ann, method, path, body, status, slash):
    MovieFactory(pk=1)
    path, mark, query = path.partition("?")
    response = getattr(as_ann, method)(f"{path}{slash}{mark}{query}", body)
    assert response.status_code == status


@pytest.mark.parametrize("begun", ["/api/v1/movies?page_size=2", "/api/v1/movies/?page_size=2"])
def test_a_page_begun_in_one_form_goes_on_in_both(api, begun):
    MovieFactory.create_batch(3)
    following = api.get(begun).json()["next"]
    assert "/api/v1/movies/?" in following
    for form in (following, following.replace("/?", "?")):
        assert len(api.get(form).json()["results"]) == 1


def test_only_one_slash_is_added(as_ann, ann):
    assert as_ann.get("/api/v1/mylist//").status_code == 404
    assert MyList.count_of(ann) == 0


@pytest.mark.parametrize("path", ["/nope", "/api/v1/nope/", "/api/v1/users/0/"])
@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_an_unknown_path_is_a_404_for_every_method(path, method):
    """Django's test client skips the CSRF check, which would be in front of it."""
    answer = getattr(Client(enforce_csrf_checks=True), method)(path)
    assert (answer.status_code, answer.json()["code"]) == (404, 9404)
