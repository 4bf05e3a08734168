"""/metrics: for whom it is, what it says, and that workers count together."""

import os
import signal
import stat
import subprocess
import time

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from api import countfiles
from config.tests.serving import serving

TOKEN = "only-for-tests-" + "m" * 20
FORMS = pytest.mark.parametrize("path", ["/metrics", "/metrics/"])


def samples(body):
    return {
        (each.name, tuple(sorted(each.labels.items()))): each.value
        for family in text_string_to_metric_families(body)
        for each in family.samples
    }


@pytest.fixture
def _token(settings):
    settings.METRICS_TOKEN = TOKEN


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def is_an_unknown_path(client, response):
    unknown = client.get("/metric/")
    body, other = response.json(), unknown.json()
    for each in (body, other):
        each.pop("request_id")
        assert each.pop("instance").startswith("/metric")
    assert (response.status_code, body) == (unknown.status_code, other) == (404, other)
    left_out = ("X-Request-ID", "Content-Length")
    assert {**response.headers, **dict.fromkeys(left_out)} == {
        **unknown.headers,
        **dict.fromkeys(left_out),
    }
    return True


# --- what it says --------------------------------------------------------------------------------


@FORMS
def test_it_tells_what_was_counted(client, path):
    client.get("/health/live/")
    response = client.get(path)
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain; version=")
    assert response["Cache-Control"] == "no-store"
    assert "ETag" not in response
    told = samples(response.text)
    live = (("method", "GET"), ("route", "health/live/"), ("status", "200"))
    before = told["mylist_requests_total", live]
    client.get("/health/live/")
    client.get("/health/live/")
    told = samples(client.get(path).text)
    assert told["mylist_requests_total", live] == before + 2
    assert told["mylist_request_seconds_count", (("route", "health/live/"),)] >= before + 2


@pytest.mark.parametrize(("address", "status"), [("127.0.0.1", 405), ("203.0.113.9", 404)])
def test_a_form_without_its_token_is_refused_alike(address, status):
    browser = Client(enforce_csrf_checks=True)
    assert browser.post("/metrics", {}, REMOTE_ADDR=address).status_code == status


def test_head_and_other_methods(client):
    head = client.head("/metrics")
    assert (head.status_code, head.content) == (200, b"")
    refused = client.post("/metrics")
    assert (refused.status_code, refused.json()["code"]) == (405, 9405)


@FORMS
def test_it_has_an_access_line_and_is_counted(client, log, path):
    client.get(path)
    (line,) = log.of("access")
    assert (line["route"], line["status"]) == ("metrics/", 200)
    asked = (("method", "GET"), ("route", "metrics/"), ("status", "200"))
    assert samples(client.get(path).text)["mylist_requests_total", asked] >= 1


def test_it_is_not_in_the_documents(client):
    assert "metrics" not in client.get("/api/schema/").text


def test_it_asks_the_database_nothing(client):
    # Without the database fixture any statement would be an error.
    assert client.get("/metrics").status_code == 200


@pytest.mark.parametrize("host", ["10.0.0.7:8000", "zebra.example", "-"])
def test_prometheus_asks_each_machine_by_its_address(client, host):
    assert client.get("/metrics", headers={"Host": host}).status_code == 200
    assert client.get("/metrics/more", headers={"Host": host}).status_code == 400


def test_on_the_inside_it_is_not_sent_on_to_https(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/metrics").status_code == client.get("/metrics/").status_code == 200
    assert client.get("/metrics/more").status_code == 301


# --- for whom: without a token -------------------------------------------------------------------


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_client_on_this_machine_reads_it(client, address):
    assert client.get("/metrics", REMOTE_ADDR=address).status_code == 200


@FORMS
@pytest.mark.parametrize("address", ["203.0.113.9", "10.0.0.1", "127.0.0.10", "", "unix:", "::"])
def test_others_see_an_unknown_path(client, path, address):
    assert is_an_unknown_path(client, client.get(path, REMOTE_ADDR=address))


@pytest.mark.parametrize(
    "header",
    [
        "X-Forwarded-For",
        "X-Forwarded-Proto",
        "X-Forwarded-Host",
        "Forwarded",
        "X-Real-IP",
        "Via",
    ],
)
def test_a_proxy_on_this_machine_does_not_open_it(client, header):
    for value in ("127.0.0.1", ""):
        response = client.get("/metrics", headers={header: value})
        assert is_an_unknown_path(client, response)


def test_for_others_every_method_is_of_an_unknown_path(client):
    for method in ("head", "post", "put", "options", "delete"):
        response = getattr(client, method)("/metrics", REMOTE_ADDR="203.0.113.9")
        assert response.status_code == 404


# --- for whom: with a token ----------------------------------------------------------------------


@FORMS
@pytest.mark.usefixtures("_token")
def test_who_has_the_token_reads_it_from_anywhere(client, path):
    headers = bearer(TOKEN) | {"X-Forwarded-For": "203.0.113.9"}
    response = client.get(path, headers=headers, REMOTE_ADDR="203.0.113.9")
    assert response.status_code == 200
    assert "mylist_page_reads_total" in response.text


@pytest.mark.usefixtures("_token")
@pytest.mark.parametrize(
    "given",
    [
        {},
        bearer(""),
        bearer(TOKEN[:-1]),
        bearer(TOKEN + "x"),
        bearer("é"),
        {"Authorization": TOKEN},
        {"Authorization": f"Basic {TOKEN}"},
    ],
)
def test_who_has_it_not_sees_an_unknown_path_also_on_this_machine(client, given):
    assert is_an_unknown_path(client, client.get("/metrics", headers=given))


@pytest.mark.usefixtures("_token")
def test_the_token_is_not_logged(client, log):
    client.get("/metrics", headers=bearer(TOKEN))
    client.get("/metrics", headers=bearer("zebra" * 5))
    assert len(log.of("access")) == 2
    assert TOKEN not in log.getvalue()
    assert "zebra" not in log.getvalue()


# --- real workers --------------------------------------------------------------------------------


def workers_of(server):
    command = ["ps", "--ppid", str(server.process.pid), "-o", "pid="]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    return {int(word) for word in told.stdout.split()}


def wait_for(what, seconds=20):
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)
    return found


def folder_of(server):
    """gunicorn's own process holds a lock in it."""
    descriptors = f"/proc/{server.process.pid}/fd"
    held = [os.readlink(f"{descriptors}/{each}") for each in os.listdir(descriptors)]
    return next(path for path in held if countfiles.PREFIX in path).rpartition("/")[0]


LIVE = (("method", "GET"), ("route", "health/live/"), ("status", "200"))


def counted(server):
    status, headers, body = server.get("/metrics")
    assert (status, headers["cache-control"]) == (200, "no-store")
    return samples(body.decode())


@pytest.fixture
def two(tmp_path):
    with serving(tmp_path, migrate=False, WEB_CONCURRENCY="2") as server:
        server.get("/health/live/")
        server.counts = folder_of(server)
        wait_for(lambda: len(workers_of(server)) == 2)
        yield server
    assert not os.path.exists(server.counts)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="looks into /proc")
def test_workers_count_together_and_counts_outlive_them(two):
    assert stat.S_IMODE(os.stat(two.counts).st_mode) == 0o700
    before, asked = {}, 1
    for _ in range(3):
        for _ in range(20):
            assert two.get("/health/live/")[0] == 200
        asked += 20
        for _ in range(4):
            page = counted(two)
            assert page["mylist_requests_total", LIVE] == asked
            assert page["mylist_request_seconds_count", (("route", "health/live/"),)] == asked
            assert all(page[name] >= value for name, value in before.items())
            before = page
        old = workers_of(two)
        victim = min(old)
        os.kill(victim, signal.SIGKILL)
        wait_for(lambda old=old: len(workers_of(two) - old) == 1)
        wait_for(lambda victim=victim: not os.path.exists(f"{two.counts}/counter_{victim}.db"))
    # Two of each kind, those that are gone, and what locks the folder.
    wait_for(lambda: len(os.listdir(two.counts)) == 2 * 3 + 2 + 1)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="looks into /proc")
def test_a_new_configuration_keeps_the_counts(two):
    two.get("/health/live/")
    old = workers_of(two)
    two.process.send_signal(signal.SIGHUP)
    wait_for(lambda: len(workers_of(two)) == 2 and not workers_of(two) & old)
    assert folder_of(two) == two.counts
    assert counted(two)["mylist_requests_total", LIVE] == 2


def test_a_folder_that_cannot_be_written_takes_no_request_down(tmp_path):
    with serving(tmp_path, migrate=False, PROMETHEUS_MULTIPROC_DIR="/dev/null") as server:
        for _ in range(3):
            assert server.get("/health/live/")[0] == 200
        assert counted(server)["mylist_requests_total", LIVE] == 3
        (line,) = [each for each in server.log_lines() if each["level"] == "error"]
    assert "no room to count" in line["event"]
