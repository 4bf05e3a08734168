"""What load balancers and operators ask."""

import pytest
from django.conf import settings as configured
from django.core.cache import caches
from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import override_settings
from django.urls import get_resolver

from config.tests.serving import serving

PARTS = ["accounts", "catalog", "mylist"]


def away(*_):
    raise OperationalError("connection to server at secret-host failed")


@pytest.fixture
def redis_at():
    """`redis_at(url)`: the cache is that Redis until the test ends."""
    swapped = []

    def use(url):
        there = configured.CACHES["default"] | {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": url,
            "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 0.1, "SOCKET_TIMEOUT": 0.1},
        }
        change = override_settings(REDIS_URL=url, CACHES={"default": there})
        change.enable()
        swapped.append(change)

    yield use
    caches["default"].close()
    for change in swapped:
        change.disable()


def test_it_lives_without_asking_anybody(api, django_assert_num_queries):
    # Without the database fixture any statement would be an error.
    response = api.get("/health/live/")
    assert (response.status_code, response.json()) == (200, {"status": "ok", "checks": {}})


@pytest.mark.django_db
def test_it_is_ready(api, settings):
    settings.REDIS_URL = ""
    response = api.get("/health/ready/")
    assert response.status_code == 200
    every = dict.fromkeys(["database", *PARTS], "ok")
    assert response.json() == {"status": "ok", "checks": every | {"redis": "not configured"}}


@pytest.mark.django_db
def test_a_redis_that_is_away_is_told_and_costs_nothing(api, redis_at):
    redis_at("redis://user:secret@127.0.0.1:1/0")
    response = api.get("/health/ready/")
    assert (response.status_code, response.json()["checks"]["redis"]) == (200, "away")
    assert "secret" not in response.content.decode()


@pytest.mark.django_db
@pytest.mark.skipif(not configured.REDIS_URL, reason="needs Redis")
def test_a_redis_that_is_there_is_told(api):
    assert api.get("/health/ready/").json()["checks"]["redis"] == "ok"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["ready", *PARTS])
def test_it_is_not_ready_while_the_database_is_away(api, log, path):
    with connection.execute_wrapper(away):
        response = api.get(f"/health/{path}/")
    assert response["Content-Type"] == "application/problem+json"
    assert (response.status_code, response.json()["code"]) == (503, 5002)
    assert int(response["Retry-After"]) > 0
    asked = ["database", *PARTS] if path == "ready" else [path]
    checks = response.json()["checks"]
    # What comes after the first is not tried: each try may take seconds.
    told = ["OperationalError", *["not tried"] * len(asked)]
    assert {name: checks[name] for name in asked} == dict(zip(asked, told, strict=False))
    assert "secret-host" not in response.content.decode() + log.getvalue()
    (line,) = log.of("problems")
    assert (line["code"], line["checks"]) == (5002, checks)


@pytest.mark.django_db
def test_it_is_not_ready_before_it_is_migrated(api):
    [last] = MigrationLoader(connection).graph.leaf_nodes("mylist")
    MigrationRecorder(connection).record_unapplied(*last)
    response = api.get("/health/ready/")
    assert (response.status_code, response.json()["code"]) == (503, 5002)
    assert response.json()["checks"]["database"].endswith("waiting")


@pytest.mark.django_db
@pytest.mark.parametrize("part", PARTS)
def test_each_part_can_be_asked(api, part):
    response = api.get(f"/health/{part}/")
    assert (response.status_code, response.json()["checks"]) == (200, {part: "ok"})


@pytest.mark.parametrize("part", ["ratings", "Accounts", "live2", "a" * 41])
def test_a_part_that_there_is_not(api, part):
    response = api.get(f"/health/{part}/")
    assert (response.status_code, response.json()["code"]) == (404, 9404)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "queries"),
    [
        ("ready", 6),  # is there a table of migrations, which ran; one for each model of a part
        ("accounts", 1),  # a sign-in
        ("catalog", 2),  # a movie, a show
        ("mylist", 2),  # a list, an item
    ],
)
def test_it_costs(api, path, queries, django_assert_max_num_queries):
    with django_assert_max_num_queries(queries + 1):
        assert api.get(f"/health/{path}/").status_code == 200


@pytest.mark.parametrize("host", ["10.0.0.7:8000", "mylist.internal", "a_b"])
def test_whoever_asks_may_call_us_what_they_like(api, settings, host):
    settings.ALLOWED_HOSTS = ["mylist.example.com"]
    settings.SECURE_SSL_REDIRECT = True
    assert api.get("/health/live/", headers={"host": host}).status_code == 200


def test_but_nobody_else(api, settings):
    settings.ALLOWED_HOSTS = ["mylist.example.com"]
    assert api.get("/healthy/", headers={"host": "10.0.0.7"}).json()["code"] == 9004
    assert get_resolver().resolve("/healthy/").route == ""


def test_a_server_whose_database_is_away_answers_503(tmp_path):
    nowhere = "postgres://mylist:secret-password@127.0.0.1:1/mylist"
    with serving(tmp_path, migrate=False, DATABASE_URL=nowhere) as server:
        assert server.get("/health/live/")[0] == 200
        for path in ("/health/ready/", "/api/v1/movies/"):
            status, headers, body = server.get(path)
            assert status == 503
            assert "retry-after" in headers
            assert b"secret-password" not in body
        assert "secret-password" not in server.log.read_text()
