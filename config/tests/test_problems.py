"""Every refusal is a problem: whoever raises it, wherever, with debugging on and off."""

import re
from http import HTTPStatus
from pathlib import Path

import pytest
from django.core import exceptions as django
from django.core.management import CommandError, call_command
from django.db import (
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    connection,
)
from django.http import Http404, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.test import Client
from django.urls import path
from psycopg.errors import AdminShutdown, SyntaxError
from rest_framework import exceptions as drf
from rest_framework.permissions import AllowAny

import accounts.problems
import api.problems
import catalog.problems
import mylist.problems
from accounts.models import EmailTaken
from accounts.passwords import BadResetLink
from accounts.tokens import BadToken
from api import answers
from api.problems import CODES, Code, Problem, code, family
from api.views import ApiViewSet
from config import urls
from config.urls import handler400, handler403, handler404, handler500  # noqa: F401 - read by Django
from mylist.models import AlreadyListed, ListFull, MyListItem, NotAddable
from mylist.registry import UnknownKind, kind_named

ERRORS = {
    "Http404": (Http404(), 404, 9404),
    "PermissionDenied": (django.PermissionDenied(), 403, 9403),
    "SuspiciousOperation": (django.SuspiciousOperation(), 400, 9400),
    "BadRequest": (django.BadRequest(), 400, 9400),
    "MultiPartParserError": (MultiPartParserError(), 400, 9400),
    "UnreadablePostError": (UnreadablePostError(), 400, 9400),
    "RequestDataTooBig": (django.RequestDataTooBig(), 413, 9413),
    "IntegrityError": (IntegrityError("Bob's secret"), 409, 9409),
    "OperationalError": (OperationalError("host=Bob's secret"), 503, 5001),
    "InterfaceError": (InterfaceError("Bob's secret"), 503, 5001),
    "DataError": (DataError("Bob's secret"), 400, 9400),
    "RuntimeError": (RuntimeError("Bob's secret"), 500, 9500),
    "ParseError": (drf.ParseError(), 400, 9001),
    "ValidationError": (drf.ValidationError("no"), 400, 9400),
    "NotFound": (drf.NotFound(), 404, 9404),
    "NotAuthenticated": (drf.NotAuthenticated(), 401, 3001),
    "AuthenticationFailed": (drf.AuthenticationFailed(), 401, 3002),
    "DRF's PermissionDenied": (drf.PermissionDenied(), 403, 9403),
    "MethodNotAllowed": (drf.MethodNotAllowed("GET"), 405, 9405),
    "UnsupportedMediaType": (drf.UnsupportedMediaType("a/b"), 415, 9415),
    "Throttled": (drf.Throttled(wait=3.2), 429, 9429),
    "APIException": (drf.APIException("Bob's secret"), 500, 9500),
    "Problem": (Problem(api.problems.BAD_CURSOR), 400, 9003),
    "EmailTaken": (EmailTaken("bob@example.com"), 400, 3400),
    "BadToken": (BadToken(), 401, 3002),
    "BadResetLink": (BadResetLink(), 400, 3004),
    "AlreadyListed": (AlreadyListed(MyListItem(pk=7)), 409, 4001),
    "ListFull": (ListFull(10), 409, 4002),
    "UnknownKind": (UnknownKind("Bob's secret"), 404, 4404),
}


def raising(request, name):
    password = "zebra-local"  # noqa: F841 - must not be in the log
    raise ERRORS[name][0]


class RaisingViewSet(ApiViewSet):
    resource = "raising"
    permission_classes = (AllowAny,)

    def fail(self, request, name):
        raising(request, name)


urlpatterns = [
    path("raise/<name>/", raising),
    path("api/raise/<name>/", RaisingViewSet.as_view({"get": "fail"})),
    *urls.urlpatterns,
]

own_urls = pytest.mark.urls(__name__)
debugging = pytest.mark.parametrize("debug", [False, True], ids=["live", "debugging"])


@pytest.fixture
def client():
    return Client(raise_request_exception=False)


NOWHERE = "/api/v1/nowhere/"


def told(response):
    assert response["Content-Type"] == "application/problem+json"
    return response.status_code, response.json()["code"]


# --- exceptions ----------------------------------------------------------------------------------


@own_urls
@debugging
@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.parametrize("where", ["/raise", "/api/raise"], ids=["page", "API"])
def test_an_exception_is_told_as_a_problem(client, settings, where, name, debug):
    settings.DEBUG = debug
    response = client.get(f"{where}/{name}/")
    assert told(response) == ERRORS[name][1:]
    assert "secret" not in response.content.decode()
    assert "Traceback" not in response.content.decode()


@own_urls
@pytest.mark.django_db
def test_a_title_that_cannot_be_added_is_named_by_no_one(client, monkeypatch):
    error = NotAddable(kind_named("movie"), 5)
    monkeypatch.setitem(ERRORS, "NotAddable", (error, 404, 4003))
    assert told(client.get("/api/raise/NotAddable/")) == (404, 4003)


@own_urls
@pytest.mark.parametrize(
    ("name", "header", "value"),
    [
        ("OperationalError", "Retry-After", "2"),
        ("Throttled", "Retry-After", "4"),
        ("NotAuthenticated", "WWW-Authenticate", 'Bearer realm="api"'),
        ("BadToken", "WWW-Authenticate", 'Bearer realm="api", error="invalid_token"'),
        ("MethodNotAllowed", "Allow", "GET, HEAD, OPTIONS"),
        ("Http404", "Cache-Control", "no-store"),
    ],
)
def test_a_problem_says_in_its_headers_what_to_do(client, name, header, value):
    assert client.get(f"/api/raise/{name}/")[header] == value


@own_urls
def test_a_problem_can_have_members_of_its_own(client):
    assert client.get("/api/raise/AlreadyListed/").json()["id"] == 7


@own_urls
@debugging
def test_what_nobody_expected_is_logged_once_with_its_traceback(client, settings, log, debug):
    settings.DEBUG = debug
    client.get("/api/raise/RuntimeError/", headers={"X-Request-ID": "abc"})
    (line,) = [line for line in log.read_all() if line["level"] != "info"]
    assert (line["logger"], line["level"], line["request_id"]) == ("problems", "error", "abc")
    assert line["exception"].startswith("Traceback")
    assert "in raising" in line["exception"]
    assert "zebra-local" not in log.getvalue()


@own_urls
def test_a_database_that_is_away_is_logged_without_what_the_driver_says(client, log):
    client.get("/api/raise/OperationalError/")
    (line,) = log.of("problems")
    assert (line["error"], line["code"]) == ("OperationalError", 5001)
    assert "secret" not in log.getvalue()


def caused(error, cause):
    error.__cause__ = cause
    return error


@own_urls
@pytest.mark.parametrize(
    ("error", "why"),
    [
        (
            caused(OperationalError("server at Bob's secret: shut down"), AdminShutdown()),
            {"cause": "AdminShutdown", "sqlstate": "57P01"},
        ),
        (
            caused(OperationalError("for user Bob's secret: too many clients already"), None),
            {"reason": "too many clients"},
        ),
        (
            OperationalError("Bob's secret at 10.0.0.7 failed: Connection refused\n\tIs the"),
            {"reason": "Connection refused"},
        ),
        (InterfaceError("the connection is closed"), {"reason": "the connection is closed"}),
    ],
)
def test_the_line_says_why_the_database_failed(client, monkeypatch, log, error, why):
    monkeypatch.setitem(ERRORS, "database", (error, 503, 5001))
    client.get("/api/raise/database/")
    (line,) = log.of("problems")
    assert {name: line[name] for name in line if name in ("cause", "sqlstate", "reason")} == why
    assert "secret" not in log.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "path"),
    [
        ("ALTER TABLE accounts_signin RENAME TO elsewhere", "/api/v1/users/me/"),
        ("ALTER TABLE catalog_tvshow RENAME COLUMN overview TO other", "/api/v1/tv-shows/1/"),
    ],
)
def test_a_database_that_lacks_a_table_or_column_is_not_migrated(as_ann, log, change, path):
    with connection.cursor() as cursor:
        cursor.execute(change)
    response = as_ann.get(path)
    assert told(response) == (503, 5003)
    assert int(response["Retry-After"]) > 0
    (line,) = log.of("problems")
    assert line["code"] == 5003
    assert line.get("sqlstate" if connection.vendor == "postgresql" else "reason")


@own_urls
def test_any_other_error_in_a_statement_is_a_defect(client, monkeypatch):
    error = caused(ProgrammingError("syntax error"), SyntaxError())
    monkeypatch.setitem(ERRORS, "database", (error, 500, 9500))
    assert told(client.get("/api/raise/database/")) == (500, 9500)


@own_urls
def test_what_a_client_did_wrong_is_no_error_of_ours(client, log):
    client.get("/api/raise/BadToken/")
    client.get("/raise/SuspiciousOperation/")
    assert {line["level"] for line in log.read_all()} == {"info"}


def failing(get_response):
    def middleware(request):
        raise ERRORS[request.headers["X-Error"]][0]

    return middleware


@pytest.mark.parametrize("name", ["RuntimeError", "OperationalError", "SuspiciousOperation"])
def test_an_exception_outside_of_a_view_is_told_alike(client, settings, log, name):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.failing"]
    assert told(client.get("/", headers={"X-Error": name})) == ERRORS[name][1:]
    assert len(log.of("problems")) == (name != "SuspiciousOperation")


# --- Django's own refusals -----------------------------------------------------------------------


@debugging
@pytest.mark.parametrize("path", ["/nowhere", "/api/v1/nowhere/", "/admin/nowhere/", "/static/no"])
def test_an_unknown_path(admin_client, settings, path, debug):
    settings.DEBUG = debug
    assert told(admin_client.get(path)) == (404, 9404)


@debugging
@pytest.mark.parametrize("host", ["evil.example", "a b", "localhost:x", "", "a" * 300])
def test_a_host_that_is_not_ours(client, settings, host, debug):
    settings.DEBUG = debug
    for _ in range(2):
        response = client.get("/api/v1/movies/?secret=zebra", headers={"host": host})
        assert told(response) == (400, 9004)


def test_hosts_of_ours_are_remembered_up_to_a_bound(client, settings):
    settings.ALLOWED_HOSTS = ["a.example"]
    for port in range(answers.MOST_HOSTS + 5):
        assert told(client.get(NOWHERE, headers={"host": f"a.example:{port}"}))[0] == 404
    assert len(answers.hosts_of_ours()) == answers.MOST_HOSTS


def test_what_stands_for_a_host_is_not_remembered(client, settings):
    """Without one it is the server's own name."""
    assert told(client.get(NOWHERE))[0] == 404
    assert told(client.get(NOWHERE, SERVER_NAME="evil.example")) == (400, 9004)
    settings.USE_X_FORWARDED_HOST = True
    for forwarded, status in (("localhost", 404), ("evil.example", 400)):
        headers = {"host": "localhost", "x-forwarded-host": forwarded}
        assert told(client.get(NOWHERE, headers=headers))[0] == status


@debugging
def test_a_form_without_its_csrf_token(settings, debug):
    settings.DEBUG = debug
    client = Client(enforce_csrf_checks=True)
    assert told(client.post("/admin/login/", {"username": "a"})) == (403, 9403)


@debugging
def test_a_form_that_is_too_large(settings, debug):
    settings.DEBUG = debug
    client = Client(enforce_csrf_checks=True)
    assert told(client.post("/admin/login/", {"username": "a" * 3_000_000})) == (413, 9413)


@debugging
@pytest.mark.parametrize("digits", [5, 20, 5000])
@pytest.mark.parametrize("path", ["/api/v1/users/", "/api/v1/nowhere/"])
def test_a_body_that_says_it_is_too_large(client, settings, path, digits, debug):
    settings.DEBUG = debug
    assert told(client.post(path, {}, CONTENT_LENGTH="9" * digits)) == (413, 9413)


@debugging
def test_a_form_of_too_many_fields(settings, debug):
    settings.DEBUG = debug
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.cookies["csrftoken"] = "a" * 32
    fields = {f"field-{n}": "" for n in range(1001)}
    assert told(client.post("/admin/login/", fields)) == (400, 9400)


@debugging
@pytest.mark.parametrize("path", ["/", "/api/docs/errors/", "/api/docs/", "/static/admin/img/x"])
def test_a_method_that_a_page_does_not_answer(client, settings, path, debug):
    settings.DEBUG = debug
    response = client.put(path)
    if path.startswith("/static/"):
        assert told(response) == (404, 9404)
    else:
        assert told(response) == (405, 9405)
        assert "GET" in response["Allow"]


# --- the codes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "thousands"),
    [
        (catalog.problems, {1, 2}),
        (accounts.problems, {3}),
        (mylist.problems, {4}),
        (api.problems, {3, 5, 9}),
    ],
)
def test_a_code_lies_in_the_range_of_its_part(module, thousands):
    known = declared(module) - (declared(api.problems) if module is not api.problems else set())
    assert known
    assert {number // 1000 for number in known} <= thousands


def declared(module):
    things = vars(module).values()
    families = [each for each in things if isinstance(each, api.problems.Family)]
    both = [each for one in families for each in (one.invalid, one.missing)]
    return {each.number for each in [*both, *things] if isinstance(each, Code)}


def test_every_code_has_a_standard_status_and_something_to_say():
    for number, each in CODES.items():
        assert each.number == number
        assert 400 <= HTTPStatus(each.status) < 500 or each.status in (500, 503)
        assert each.title.strip()
        assert each.meaning.endswith(".")


def test_a_number_is_given_once():
    known = dict(CODES)
    for again in (lambda: code(9404, 404, "Again", "Again."), lambda: family(1, "film")):
        with pytest.raises(ValueError, match="is taken by"):
            again()
    assert known == CODES


def test_the_page_of_errors_is_in_step():
    call_command("errors_page", "--check")


def test_a_page_of_errors_that_is_out_of_step_is_found(settings, tmp_path):
    settings.BASE_DIR = tmp_path
    (tmp_path / "docs").mkdir()
    with pytest.raises(CommandError, match="out of step"):
        call_command("errors_page", "--check")
    call_command("errors_page")
    call_command("errors_page", "--check")
    page = Path(tmp_path / "docs" / "errors.md").read_text()
    assert re.findall(r"^\| (\d+) \|", page, re.M) == [str(number) for number in sorted(CODES)]


def test_a_problem_links_to_where_its_code_is_explained(client):
    link = client.get("/nowhere/").json()["type"]
    page, _, number = link.partition("#")
    assert f'id="{number}"' in client.get(page).content.decode()


def test_the_page_of_errors_shows_code_as_code(client, monkeypatch):
    monkeypatch.setitem(CODES, 9998, Code(9998, 400, "Odd", "Say `<b>` & `x`, not `y"))
    page = client.get("/api/docs/errors/").content.decode()
    assert "Say <code>&lt;b&gt;</code> &amp; <code>x</code>, not <code>y</code>" in page
    assert "`" not in page
