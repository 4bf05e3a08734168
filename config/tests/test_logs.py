"""Request ids, and what stands in the log."""

import io
import json
import logging
import re
import sys
import threading
from pathlib import Path

import pytest
import structlog
from django.contrib.auth.tokens import default_token_generator
from django.test import Client
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from api.accessline import write_access_line
from catalog.tests.factories import MovieFactory
from config.logs import JSONLines, Stderr, formatter, logging_config
from config.tests.serving import serving
from conftest import PASSWORD

MADE = re.compile(r"[0-9a-f]{32}")


# --- request ids ---------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["a", "A-1_b.c:9", "x" * 128, "0" * 32])
def test_a_sane_request_id_is_taken_everywhere(client, log, given):
    response = client.get("/nowhere/", headers={"X-Request-ID": given})
    assert response["X-Request-ID"] == response.json()["request_id"] == given
    assert {line["request_id"] for line in log.read_all()} == {given}


@pytest.mark.parametrize(
    "given",
    ["", " ", "a b", "x" * 129, "a\nb", "a\r\nSet-Cookie: a=b", "é", "<b>", "a\0", "{}", "a\n"],
)
def test_any_other_is_replaced(client, log, given):
    response = client.get("/nowhere/", headers={"X-Request-ID": given})
    assert MADE.fullmatch(response["X-Request-ID"])
    assert response["X-Request-ID"] == response.json()["request_id"]
    assert {line["request_id"] for line in log.read_all()} == {response["X-Request-ID"]}


def test_each_request_gets_one_of_its_own(client):
    assert client.get("/")["X-Request-ID"] != client.get("/")["X-Request-ID"]


@pytest.mark.parametrize("path", ["/", "/nowhere", "/static/admin/css/base.css", "/health/live/"])
def test_every_answer_has_one(client, path):
    assert client.get(path, headers={"X-Request-ID": "abc"})["X-Request-ID"] == "abc"


# --- the access line -----------------------------------------------------------------------------


def access(log):
    (line,) = log.of("access")
    return line


@pytest.mark.django_db
def test_a_request_is_one_line(as_ann, ann, log):
    as_ann.get("/api/v1/mylist/movie/7/?note=zebra", headers={"X-Request-ID": "abc"})
    line = access(log)
    assert line.pop("ms") > 0
    line.pop("timestamp", None)
    assert line.pop("service")
    assert line == {
        "event": "request",
        "logger": "access",
        "level": "info",
        "request_id": "abc",
        "method": "GET",
        "route": "api/v1/mylist/<word:content_type>/<id:content_id>/",
        "status": 400,
        "code": 9002,
        "user_id": ann.pk,
    }
    assert len(log.read_all()) == 1


@pytest.mark.django_db
def test_the_line_names_who_is_signed_in_to_the_desk(admin, log):
    client = Client()
    client.force_login(admin)
    client.get("/admin/")
    assert access(log)["user_id"] == admin.pk


@pytest.mark.django_db
def test_the_line_names_nobody_when_nobody_is_signed_in(api, as_ann, log):
    as_ann.get("/api/v1/mylist/")
    log.seek(0)
    log.truncate()
    for path in ("/api/v1/movies/", "/", "/admin/login/", "/nowhere"):
        api.get(path)
    assert len(log.of("access")) == 4
    assert not [line for line in log.of("access") if "user_id" in line]


@pytest.mark.django_db
def test_a_token_that_is_bad_names_nobody(api, log):
    api.get("/api/v1/mylist/", headers={"Authorization": "Bearer zebra"})
    assert "user_id" not in access(log)


def test_the_line_asks_the_database_nothing(client, log):
    # Without the database fixture any statement would be an error.
    client.cookies["sessionid"] = "zebra"
    assert client.get("/api/docs/errors/").status_code == 200
    assert "user_id" not in access(log)


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "route", "code"),
    [
        ("get", "/nowhere/zebra", {}, 404, "unrouted", 9404),
        ("get", "/", {"Host": "zebra.example"}, 400, "unrouted", 9004),
        ("put", "/", {}, 405, "/", 9405),
        ("post", "/api/v1/users/", {"Transfer-Encoding": "chunked"}, 411, "unrouted", 9411),
        ("get", "/static/admin/css/zebra.css", {}, 404, "unrouted", 9404),
    ],
)
def test_what_never_reaches_a_view_has_its_line(
    client, log, method, path, headers, status, route, code
):
    assert getattr(client, method)(path, headers=headers).status_code == status
    line = access(log)
    assert (line["status"], line["route"], line["code"]) == (status, route, code)
    assert "zebra" not in log.getvalue()


def test_what_is_logged_between_requests_names_none(client):
    client.get("/nowhere", headers={"X-Request-ID": "abc"})
    assert structlog.contextvars.get_contextvars() == {}


def test_what_is_answered_has_no_code_after_what_was_refused(client, log):
    client.get("/nowhere")
    client.get("/")
    refused, answered = log.of("access")
    assert refused["code"] == 9404
    assert "code" not in answered
    assert (answered["route"], answered["status"]) == ("/", 200)


# --- what is never logged ------------------------------------------------------------------------


@pytest.mark.django_db
def test_no_token_password_or_body_is_logged(as_ann, api, ann, log):
    movie = MovieFactory()
    who = {"email": ann.email, "password": PASSWORD}
    pair = api.post("/api/v1/auth/token/", who).json()
    api.post("/api/v1/auth/token/", who | {"password": "zebra-guess"})
    api.post("/api/v1/auth/token/", '{"password": "zebra', content_type="application/json")
    api.post("/api/v1/auth/token/refresh/", {"refresh": pair["refresh"]})
    api.post("/api/v1/auth/token/verify/", {"token": "zebra-token"})
    api.get("/api/v1/movies/?q=zebra-search")
    api.get("/api/v1/movies/?zebra-name=1")
    api.get("/api/v1/mylist/", headers={"Authorization": "Bearer zebra-bearer"})
    body = {"content_type": "movie", "content_id": movie.pk, "note": "zebra-note"}
    as_ann.post("/api/v1/mylist/", body)
    as_ann.patch("/api/v1/users/me/", {"password": "zebra-new-9", "current_password": PASSWORD})
    assert len(log.of("access")) == 10
    text = log.getvalue()
    for secret in ("zebra", PASSWORD, ann.email, *pair.values(), *as_ann.tokens.values()):
        assert secret not in text


@pytest.mark.django_db
def test_no_path_of_a_reset_link_is_logged(client, ann, log):
    uid = urlsafe_base64_encode(force_bytes(ann.pk))
    token = default_token_generator.make_token(ann)
    page = client.get(f"/reset/{uid}/{token}/")
    client.get(f"/reset/{uid}/zebra-token/")
    client.post(f"/reset/{uid}/{token}/", {"new_password1": "zebra-9", "new_password2": "zebra"})
    Client(enforce_csrf_checks=True).post(f"/reset/{uid}/{token}/", {"new_password1": "zebra-9"})
    client.put(f"/reset/{uid}/{token}/")
    client.get(f"/reset/{uid}/{token}/more/")
    assert page.status_code in (200, 302)
    assert len(log.of("access")) == 6
    assert token not in log.getvalue()
    assert "zebra" not in log.getvalue()


# --- how lines look ------------------------------------------------------------------------------


def in_format(fmt):
    shape = formatter(fmt, [structlog.stdlib.add_log_level])
    lines = structlog.stdlib.ProcessorFormatter(
        processors=shape["processors"], foreign_pre_chain=shape["foreign_pre_chain"]
    )
    password = "zebra-local"  # noqa: F841 - must not be in the line
    try:
        raise RuntimeError("boom")
    except RuntimeError:
        logger = logging.getLogger("library")
        told = (logging.ERROR, "f.py", 1, "from a library: %s", ("é",), sys.exc_info())
        return lines.format(logger.makeRecord("library", *told))


def test_in_json_a_line_is_an_object_on_one_line():
    text = in_format("json")
    assert "\n" not in text
    line = json.loads(text)
    assert (line["event"], line["level"]) == ("from a library: é", "error")
    assert line["exception"].splitlines()[-1] == "RuntimeError: boom"
    assert "zebra-local" not in text


def test_on_a_console_a_line_is_for_people():
    text = in_format("console")
    assert "from a library: é" in text
    assert "RuntimeError: boom" in text
    assert not text.startswith("{")
    assert "zebra-local" not in text
    # Nobody looks at a terminal here.
    assert "\x1b" not in text


def test_on_a_terminal_a_line_has_colours(monkeypatch):
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr(sys, "stderr", terminal)
    assert "\x1b[" in in_format("console")


@pytest.fixture
def _structlog_as_before():
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.mark.usefixtures("_structlog_as_before")
def test_the_level_is_the_one_that_is_asked_for():
    assert logging_config("WARNING", "json", "mylist")["root"]["level"] == "WARNING"


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    """What servers with different settings wrote while they answered the same."""

    def lines_of(**variables):
        with serving(tmp_path_factory.mktemp("log"), migrate=False, **variables) as server:
            server.get("/health/live/?secret=zebra", "X-Request-ID: abc")
            server.get("/reset/MQ/zebra-token/", "X-Request-ID: abc")
            return server.log.read_text()

    return lines_of


def test_a_server_writes_json_with_the_name_it_is_given(busy):
    text = busy(SERVICE_NAME="mylist-blue")
    lines = [json.loads(line) for line in text.splitlines()]
    assert {line["service"] for line in lines} == {"mylist-blue"}
    assert {"access", "gunicorn.error"} <= {line["logger"] for line in lines}
    ours = [line for line in lines if line["logger"] == "access"]
    assert [line["request_id"] for line in ours] == ["abc", "abc"]
    assert all(line["timestamp"].endswith("Z") for line in lines)
    assert "zebra" not in text


FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="needs a device that is always full")
def test_a_full_disk_takes_no_request_down(tmp_path):
    (tmp_path / "server.log").symlink_to(FULL)
    with serving(tmp_path, migrate=False) as server:
        for _ in range(30):
            assert server.get("/health/live/")[0] == 200
            # Two lines each, one with an exception: nobody has migrated.
            assert server.get("/health/ready/")[0] == 503


def test_a_closed_stderr_takes_no_request_down(tmp_path):
    with serving(tmp_path, migrate=False, through=("sh", "-c", 'exec "$@" 2>&-', "sh")) as server:
        assert [server.get("/health/live/")[0] for _ in range(5)] == [200] * 5


def test_lines_are_whole_under_threads(tmp_path):
    with (tmp_path / "log").open("w", buffering=1) as stream:
        handler = Stderr(stream)
        handler.setFormatter(JSONLines(processor=structlog.processors.JSONRenderer()))
        logger = logging.getLogger("access")
        logger.addHandler(handler)
        try:
            write_from_threads(threads=8, lines=300)
        finally:
            logger.removeHandler(handler)
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert len(lines) == 8 * 300
    assert len({line["request_id"] for line in lines}) == 8 * 300


def write_from_threads(threads, lines):
    def write(thread):
        for number in range(lines):
            line(request_id=f"{thread}-{number}")

    started = [threading.Thread(target=write, args=(each,)) for each in range(threads)]
    for each in started:
        each.start()
    for each in started:
        each.join()


def line(**changes):
    same = {"method": "GET", "route": "r/", "status": 200, "seconds": 0.00126, "request_id": "a"}
    write_access_line(**same | changes)


def test_what_goes_wrong_but_the_disk_is_told(capsys):
    handler = Stderr(io.StringIO())
    record = logging.makeLogRecord({"msg": "%d", "args": ("not a number",)})
    handler.handle(record)
    assert "Logging error" in capsys.readouterr().err
    closed = io.StringIO()
    closed.close()
    Stderr(closed).handle(logging.makeLogRecord({"msg": "lost"}))
    assert capsys.readouterr().err == ""


def test_a_line_needs_no_request(log):
    line(user_id=7, code=9404)
    line()
    first, second = log.of("access")
    assert first.pop("timestamp").endswith("Z")
    assert first == {
        "event": "request",
        "logger": "access",
        "level": "info",
        "service": "mylist",
        "request_id": "a",
        "method": "GET",
        "route": "r/",
        "status": 200,
        "ms": 1.26,
        "user_id": 7,
        "code": 9404,
    }
    assert set(first) - set(second) == {"user_id", "code"}


@pytest.mark.usefixtures("_structlog_as_before")
def test_the_short_way_writes_what_structlog_would():
    """Access lines go around it: the same keys and values, and the same words for people."""
    records = []
    handler = logging.Handler()
    handler.emit = records.append
    logger = logging.getLogger("access")
    logger.addHandler(handler)
    logging_config("INFO", "json", "mylist")
    try:
        with structlog.contextvars.bound_contextvars(request_id="a", user_id=7):
            said = {"method": "GET", "route": "r/", "status": 200, "ms": 1.26}
            structlog.get_logger("access").info("request", **said)
        line(user_id=7)
    finally:
        logger.removeHandler(handler)
    for fmt in ("json", "console"):
        shape = formatter(fmt, [])
        kind = JSONLines if fmt == "json" else structlog.stdlib.ProcessorFormatter
        lines = kind(processors=shape["processors"])
        long, short = (re.sub(r"20[0-9T:.-]+Z", "T", lines.format(each)) for each in records)
        if fmt == "json":
            assert json.loads(short) == json.loads(long)
        else:
            assert sorted(short.split()) == sorted(long.split())


def test_a_server_writes_less_when_less_is_asked_for_and_for_people(busy):
    text = busy(LOG_LEVEL="ERROR", LOG_FORMAT="console")
    assert "access" not in text
    assert "server behind us failed" in text
    assert "zebra" not in text
    assert not [line for line in text.splitlines() if line.startswith("{")]
    assert "\x1b" not in text
