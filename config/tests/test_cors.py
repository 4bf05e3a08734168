"""Which browsers may call."""

import pytest

from catalog.tests.factories import MovieFactory

pytestmark = pytest.mark.django_db

APP, STRANGER = "https://app.example.com", "https://evil.example.com"
EXPOSED = {"ETag", "Link", "Location", "Retry-After", "X-Request-ID"} | {
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "RateLimit",
    "RateLimit-Policy",
}


@pytest.fixture(autouse=True)
def _app_is_allowed(settings):
    settings.CORS_ALLOWED_ORIGINS = [APP]


def exposed(response):
    return {name.strip() for name in response["Access-Control-Expose-Headers"].split(",")}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/movies/", 200),
        ("/api/v1/mylist/", 401),
        ("/api/v1/movies/987654/", 404),
        ("/api/v1/nowhere/", 404),
        ("/api/v1/movies/?x=1", 400),
        ("/health/live/", 200),
        ("/api/schema/", 200),
    ],
)
def test_an_allowed_origin_may_read_answers_and_problems(api, path, status):
    response = api.get(path, headers={"Origin": APP})
    assert response.status_code == status
    assert response["Access-Control-Allow-Origin"] == APP
    assert exposed(response) == EXPOSED
    assert "origin" in response["Vary"].lower()
    assert "Access-Control-Allow-Credentials" not in response


def test_so_it_may_when_the_body_was_too_large_or_in_chunks(api):
    headers = {"Origin": APP}
    long = api.post("/api/v1/users/", {"name": "a" * 70_000}, headers=headers)
    chunked = api.post("/api/v1/users/", headers=headers | {"Transfer-Encoding": "chunked"})
    assert (long.status_code, chunked.status_code) == (413, 411)
    for response in (long, chunked):
        assert response["Access-Control-Allow-Origin"] == APP


def test_so_it_may_when_nothing_changed(api):
    MovieFactory()
    etag = api.get("/api/v1/movies/")["ETag"]
    response = api.get("/api/v1/movies/", headers={"Origin": APP, "If-None-Match": etag})
    assert response.status_code == 304
    assert response["Access-Control-Allow-Origin"] == APP
    assert exposed(response) == EXPOSED


@pytest.mark.parametrize(
    "origin", [STRANGER, "null", "http://app.example.com", APP + ".evil.example", APP + ":8443", ""]
)
def test_another_origin_may_not(api, origin):
    response = api.get("/api/v1/movies/", headers={"Origin": origin})
    assert response.status_code == 200
    assert "Access-Control-Allow-Origin" not in response


def test_without_the_setting_nobody_may(api, settings):
    settings.CORS_ALLOWED_ORIGINS = []
    assert "Access-Control-Allow-Origin" not in api.get("/api/v1/movies/", headers={"Origin": APP})


def preflight(api, path, origin=APP, method="PUT"):
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    return api.options(path, headers=asked)


@pytest.mark.parametrize("path", ["/api/v1/mylist/movie/1/", "/api/v1/mylist/movie/1"])
def test_a_browser_is_told_beforehand_what_it_may_send(api, path):
    response = preflight(api, path)
    assert response.status_code == 200
    assert response["Access-Control-Allow-Origin"] == APP
    assert {"DELETE", "GET", "PATCH", "POST", "PUT"} <= set(
        response["Access-Control-Allow-Methods"].split(", ")
    )
    assert {"authorization", "content-type", "if-none-match", "x-request-id"} <= set(
        response["Access-Control-Allow-Headers"].split(", ")
    )


def test_a_stranger_is_told_nothing_beforehand(api):
    response = preflight(api, "/api/v1/mylist/", STRANGER)
    assert "Access-Control-Allow-Origin" not in response


def test_pages_of_the_staff_desk_are_for_no_other_origin(api):
    response = api.get("/admin/login/", headers={"Origin": APP})
    assert "Access-Control-Allow-Origin" not in response
