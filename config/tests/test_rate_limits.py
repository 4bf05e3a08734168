"""How often one may ask."""

import shutil
import threading
import time

import pytest
import redis
from django.core.cache import caches
from django.db import OperationalError

from accounts.authentication import BearerAuthentication
from accounts.tokens import BadToken
from api import limits, metrics, redislink
from api.limits import Verdict
from api.tests.test_redislink import REDIS, listening, never, use
from catalog.tests.factories import MovieFactory
from catalog.views import TitleViewSet
from config.tests.serving import serving
from mylist.models import MyListItem
from mylist.tests.services import running

pytestmark = pytest.mark.django_db

# In the middle of a window of a minute.
NOON = 1_800_000_000 + 18
MOVIES, MYLIST = "/api/v1/movies/", "/api/v1/mylist/"


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """The address of a Redis that only these tests use, as they empty it and fill it; "" where
    there is none."""
    if not REDIS or shutil.which("redis-server") is None:
        yield ""
        return
    with running(tmp_path_factory.mktemp("redis")) as server:
        # A machine that is busy with other tests can be slower than what a request waits for.
        yield f"{server.url}?socket_timeout=5&socket_connect_timeout=5"


@pytest.fixture
def server(own):
    """It, by another way."""
    if not own:
        pytest.skip("needs Redis, and redis-server")
    with redis.Redis.from_url(own) as client:
        yield client


@pytest.fixture(params=["redis", "in process"])
def where(request, settings, own):
    """Where counters are: both must do the same."""
    if request.param == "in process":
        settings.REDIS_URL = ""
    elif not own:
        pytest.skip("needs Redis, and redis-server")
    return request.param


class Clock:
    def __init__(self, now):
        self.now = now

    def time(self):
        return self.now


@pytest.fixture(autouse=True)
def clock(settings, monkeypatch, own):
    """Three requests for an address and five for a person, each minute; it is twelve past noon."""
    settings.RATE_LIMIT_MAX, settings.RATE_LIMIT_USER_MAX = 3, 5
    settings.RATE_LIMIT_WINDOW_SECONDS = 60
    settings.NUM_PROXIES = 0
    monkeypatch.setattr(limits, "here", limits.Here())
    monkeypatch.setattr(redislink, "breaker", redislink.Breaker())
    monkeypatch.setattr(redislink, "kept", redislink.Kept())
    if own:
        use(settings, own)
        caches["default"].clear()
    clock = Clock(NOON)
    monkeypatch.setattr(limits, "time", clock)
    return clock


def told(response):
    """Limit, remaining, seconds left."""
    names = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
    return tuple(int(response[name]) for name in names)


def has_no_headers(response):
    return not [name for name in response.headers if "ratelimit" in name.lower()]


# --- counting --------------------------------------------------------------------


def test_an_address_has_so_many_in_a_window(api, where, clock):
    answers = [api.get(MOVIES) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert [told(answer) for answer in answers] == [
        (3, 2, 42),
        (3, 1, 42),
        (3, 0, 42),
        (3, 0, 42),
        (3, 0, 42),
    ]
    clock.now += 41.9
    assert api.get(MOVIES)["Retry-After"] == "1"
    clock.now += 0.1
    assert told(api.get(MOVIES)) == (3, 2, 60)


def test_the_refusal_is_a_problem(api, where):
    for _ in range(3):
        api.get(MOVIES)
    refused = api.get(MOVIES)
    assert refused["Content-Type"] == "application/problem+json"
    assert refused.json()["code"] == 9429
    assert refused.json()["instance"] == MOVIES
    assert refused["Retry-After"] == refused["X-RateLimit-Reset"] == "42"
    assert refused["Cache-Control"] == "no-store"
    assert "ETag" not in refused


def test_the_pair_of_the_draft(api, as_ann, where):
    answer = api.get(MOVIES)
    assert answer["RateLimit"] == '"address";r=2;t=42'
    assert answer["RateLimit-Policy"] == '"address";q=3;w=60'
    answer = as_ann.get(MYLIST)
    assert answer["RateLimit"] == '"user";r=4;t=42'
    assert answer["RateLimit-Policy"] == '"user";q=5;w=60'


@pytest.mark.parametrize("second", [0, 0.01, 1, 59, 59.5, 59.999])
def test_the_seconds_left_are_from_one_to_the_window(second, settings):
    verdict = limits.judged(limits.person(1), 1, NOON - 18 + second)
    assert 1 <= verdict.reset <= 60
    assert verdict.reset >= 60 - second


def test_a_person_counts_for_themselves_wherever_they_are(api, as_ann, as_bob, where):
    for _ in range(3):
        api.get(MOVIES)
    assert api.get(MOVIES).status_code == 429
    for client in (as_ann, as_bob):
        seen = [client.get(MYLIST, REMOTE_ADDR=f"192.0.2.{i}") for i in range(6)]
        assert [answer.status_code for answer in seen] == [200] * 5 + [429]
    assert as_ann.get(MOVIES).status_code == 429
    assert api.get(MOVIES, REMOTE_ADDR="192.0.2.7").status_code == 200


def test_a_bad_token_counts_for_the_address(api, as_ann, ann, where):
    ended = as_ann.tokens["access"]
    ann.is_active = False
    ann.save()
    for header in ("Bearer rubbish", "Basic YTpi", f"Bearer {ended}"):
        answer = api.get(MOVIES, headers={"Authorization": header})
        assert answer.status_code == 401
        assert answer["RateLimit-Policy"].startswith('"address"')
    answer = api.get(MOVIES, headers={"Authorization": "Bearer rubbish"})
    assert (answer.status_code, answer.json()["code"]) == (429, 9429)


def test_no_request_works_after_the_last(as_ann, where):
    movie = MovieFactory()
    for _ in range(5):
        as_ann.get(MYLIST)
    wanted = {"content_type": "movie", "content_id": movie.pk}
    assert as_ann.post(MYLIST, wanted).status_code == 429
    assert not MyListItem.objects.exists()


def test_the_work_is_not_begun(as_ann, where, django_assert_num_queries):
    for _ in range(5):
        as_ann.get(MYLIST)
    with django_assert_num_queries(1):  # who asks
        assert as_ann.get(MYLIST).status_code == 429


# --- what counts, and only once ------------------------------------------------------


def send(client, method, path, **extra):
    return getattr(client, method)(path, **extra)


@pytest.mark.parametrize(
    ("method", "path", "extra", "status"),
    [
        ("get", MOVIES, {}, 200),
        ("head", MOVIES, {}, 200),
        ("get", "/api/v1/movies", {}, 200),
        ("get", MYLIST, {}, 200),
        ("options", MYLIST, {}, 200),
        ("delete", MYLIST, {}, 204),
        ("get", MOVIES + "?x=1", {}, 400),
        ("get", MYLIST + "?x=1", {}, 400),
        ("get", MYLIST + "?cursor=x", {}, 400),
        ("post", MYLIST, {"data": {"content_type": "movie"}}, 400),
        ("post", MYLIST, {"data": "{", "content_type": "application/json"}, 400),
        ("post", MYLIST, {"data": "x", "content_type": "text/plain"}, 415),
        ("post", MYLIST, {"data": {"note": "a" * 70_000}}, 413),
        ("post", MYLIST, {"headers": {"Transfer-Encoding": "chunked"}}, 411),
        ("post", MOVIES, {"data": {}}, 403),
        ("get", "/api/v1/users/", {}, 403),
        ("get", MOVIES + "987654/", {}, 404),
        ("get", MYLIST + "987654/", {}, 404),
        ("get", "/api/v1/nowhere/", {}, 404),
        ("get", "/api/v1/", {}, 404),
        ("patch", MYLIST, {"data": {}}, 405),
        ("trace", MYLIST, {}, 405),
        ("get", MOVIES, {"HTTP_HOST": "evil.example.com"}, 400),
    ],
)
def test_each_answer_counts_once_for_who_asks(as_ann, where, method, path, extra, status):
    answer = send(as_ann, method, path, **extra)
    assert answer.status_code == status
    assert told(answer) == (5, 4, 42)
    assert told(send(as_ann, method, path, **extra)) == (5, 3, 42)


def test_so_do_a_conflict_and_what_has_not_changed(as_ann, where):
    wanted = {"content_type": "movie", "content_id": MovieFactory().pk}
    assert told(as_ann.post(MYLIST, wanted)) == (5, 4, 42)
    conflict = as_ann.post(MYLIST, wanted)
    assert (conflict.status_code, told(conflict)) == (409, (5, 3, 42))
    page = as_ann.get(MYLIST)
    fresh = as_ann.get(MYLIST, headers={"If-None-Match": page["ETag"]})
    assert (fresh.status_code, told(fresh)) == (304, (5, 1, 42))


@pytest.mark.parametrize(
    ("path", "status"), [(MYLIST, 401), ("/api/v1/nowhere/", 404), ("/api/v1/auth/token/", 405)]
)
def test_so_do_answers_to_strangers(api, where, path, status):
    answer = api.get(path)
    assert (answer.status_code, told(answer)) == (status, (3, 2, 42))


def test_an_unknown_path_is_refused_as_well(api, where):
    for _ in range(3):
        api.get("/api/v1/nowhere/")
    refused = api.get("/api/v1/nowhere/")
    assert (refused.status_code, refused.json()["code"]) == (429, 9429)
    assert refused["Retry-After"] == "42"
    assert int(refused["Content-Length"]) == len(refused.content)


@pytest.mark.parametrize(
    "path", ["/health/live/", "/health/ready/", "/api/schema/", "/api/docs/", "/admin/login/", "/"]
)
def test_nothing_else_counts(api, where, path):
    for _ in range(5):
        answer = api.get(path)
        assert answer.status_code == 200
        assert has_no_headers(answer)
    assert told(api.get(MOVIES)) == (3, 2, 42)


def test_a_preflight_does_not_count(api, where, settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example.com"]
    origin = {"Origin": "https://app.example.com"}
    asking = {"Access-Control-Request-Method": "GET"}
    # Without an origin no browser asks; nobody counts it, so it must not come to a view.
    for headers in 3 * [origin | asking, asking]:
        answer = api.options(MOVIES, headers=headers)
        assert (answer.status_code, answer.content) == (200, b"")
        assert has_no_headers(answer)
    for _ in range(3):
        answer = api.get("/api/v1/nowhere/", headers=origin)
    assert told(answer) == (3, 0, 42)
    for path in (MOVIES, "/api/v1/nowhere/"):
        refused = api.get(path, headers=origin)
        assert refused.status_code == 429
        # So that a page may read it.
        assert refused["Access-Control-Allow-Origin"] == origin["Origin"]
        assert "X-RateLimit-Reset" in refused["Access-Control-Expose-Headers"]


def test_no_count_is_lost_between_threads(where):
    who, seen = limits.person(77), []

    def ask():
        for _ in range(50):
            seen.append(limits.count(who).used)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == list(range(1, 401))


# --- switches -------------------------------------------------------------------------


def test_zero_switches_every_limit_off(api, as_ann, where, settings):
    settings.RATE_LIMIT_MAX = 0
    for client, path in ((api, MOVIES), (as_ann, MYLIST), (api, "/api/v1/nowhere/")):
        for _ in range(8):
            answer = client.get(path)
            assert answer.status_code != 429
            assert has_no_headers(answer)


def test_zero_for_people_leaves_them_without(api, as_ann, where, settings):
    settings.RATE_LIMIT_USER_MAX = 0
    for _ in range(8):
        assert has_no_headers(as_ann.get(MYLIST))
    assert told(api.get(MOVIES)) == (3, 2, 42)


# --- addresses ------------------------------------------------------------------------


def key(settings, remote, forwarded=None, proxies=0):
    settings.NUM_PROXIES = proxies
    meta = {"REMOTE_ADDR": remote}
    if forwarded is not None:
        meta["HTTP_X_FORWARDED_FOR"] = forwarded
    return limits.address(meta).key


def test_without_proxies_the_header_is_not_read(settings):
    assert key(settings, "192.0.2.1", "198.51.100.9") == key(settings, "192.0.2.1")
    assert key(settings, "192.0.2.1") != key(settings, "192.0.2.2")


@pytest.mark.parametrize(
    ("forwarded", "proxies", "client"),
    [
        ("198.51.100.9", 1, "198.51.100.9"),
        ("203.0.113.1, 198.51.100.9", 1, "198.51.100.9"),
        ("forged, 203.0.113.1, 198.51.100.9", 2, "203.0.113.1"),
        ("198.51.100.9", 3, "198.51.100.9"),
        ("198.51.100.9:4711", 1, "198.51.100.9"),
        ("[2001:db8::1]:4711", 1, "2001:db8::1"),
        ("2001:db8::1", 1, "2001:db8::1"),
        # What cannot be read is not believed.
        ("198.51.100.9, unknown", 1, "192.0.2.1"),
        ("", 1, "192.0.2.1"),
        (" , ", 2, "192.0.2.1"),
        ("x" * 5000, 1, "192.0.2.1"),
        ("198.51.100.9\r\nDEL all", 1, "192.0.2.1"),
        ("١٩٨.51.100.9", 1, "192.0.2.1"),
        (None, 1, "192.0.2.1"),
    ],
)
def test_the_address_is_whom_the_outermost_proxy_heard(settings, forwarded, proxies, client):
    assert key(settings, "192.0.2.1", forwarded, proxies) == key(settings, client)


def test_an_ipv6_network_is_one(settings):
    one = key(settings, "2001:db8:1:2::1")
    assert one == key(settings, "2001:db8:1:2:ffff:ffff:ffff:ffff")
    assert one != key(settings, "2001:db8:1:3::1")
    # What a server on [::] calls clients by IPv4.
    assert key(settings, "::ffff:192.0.2.1") == key(settings, "192.0.2.1")
    assert key(settings, "::ffff:192.0.2.1") != key(settings, "::ffff:192.0.2.2")


def test_a_socket_without_addresses_is_one(settings, api):
    assert key(settings, "") == key(settings, "not an address")
    assert api.get(MOVIES, REMOTE_ADDR="").status_code == 200


def test_a_key_is_short(settings):
    for remote in ("2001:db8:1:2:ffff:ffff:ffff:ffff%" + "z" * 500, "255.255.255.255"):
        (_, name), _ = limits.commands(limits.address({"REMOTE_ADDR": remote}), NOON)
        assert len(name) < 60
        assert name.isascii()
        assert "z" not in name


# --- Redis ----------------------------------------------------------------------------


def test_counters_go_by_themselves(api, as_ann, server):
    api.get(MOVIES)
    as_ann.get(MYLIST)
    keys = list(server.scan_iter("*limit:*"))
    assert len(keys) == 2
    assert all(0 < server.ttl(name) <= 60 for name in keys)


@pytest.mark.usefixtures("server")
def test_processes_count_together(tmp_path, own):
    variables = {"REDIS_URL": own, "RATE_LIMIT_MAX": "4", "WEB_CONCURRENCY": "3"}
    # Not in the last seconds of a window.
    time.sleep(max(0, time.time() % 60 - 45))
    with serving(tmp_path, **variables) as instance:
        statuses = [instance.get("/api/v1/nowhere/")[0] for _ in range(12)]
    assert statuses == [404] * 4 + [429] * 8


def test_requests_pass_while_redis_hangs(api, as_ann, settings, caplog):
    before = metrics.REGISTRY.get_sample_value("mylist_redis_failures_total")
    with listening(never) as (url, _):
        use(settings, url)
        started = time.monotonic()
        for _ in range(10):
            answer = api.get("/api/v1/nowhere/")
            assert answer.status_code == 404
            assert has_no_headers(answer)
        assert time.monotonic() - started < 1.5
    failed = metrics.REGISTRY.get_sample_value("mylist_redis_failures_total") - before
    assert failed == redislink.FAILURES
    lines = [r for r in caplog.records if r.name.startswith("redis")]
    assert len(lines) == 1


def test_requests_pass_while_redis_is_full(api, server):
    server.config_set("maxmemory", "1")
    server.config_set("maxmemory-policy", "noeviction")
    try:
        for _ in range(6):
            answer = api.get(MOVIES)
            assert answer.status_code == 200
            assert has_no_headers(answer)
    finally:
        server.config_set("maxmemory", "0")


def test_memory_is_bounded_without_redis(settings, monkeypatch):
    settings.REDIS_URL = ""
    monkeypatch.setattr(limits.here, "most", 10)
    verdicts = [limits.count(limits.person(i)) for i in range(15)]
    assert len(limits.here.counts) == 10
    assert verdicts[10:] == [None] * 5
    # Those it knows are still counted.
    assert limits.count(limits.person(0)).used == 2


def test_a_new_window_forgets_the_old(settings, clock):
    settings.REDIS_URL = ""
    for i in range(10):
        limits.count(limits.person(i))
    clock.now += 60
    limits.count(limits.person(1))
    assert limits.here.counts == {"u1": 1}


# --- the database ---------------------------------------------------------------------


def test_nobody_is_counted_while_the_database_cannot_tell_who_asks(
    as_ann, where, monkeypatch, settings, request
):
    server = request.getfixturevalue("server") if where == "redis" else None
    # The front would have found out by then.
    settings.MYLIST_FRONT = False

    def away(*_):
        raise OperationalError

    monkeypatch.setattr("accounts.tokens.live", away)
    for path, status in ((MYLIST, 503), ("/api/v1/nowhere/", 404)):
        for _ in range(5):
            answer = as_ann.get(path)
            assert answer.status_code == status
            assert has_no_headers(answer)
    if where == "redis":
        redislink.ask(("PING",))
        assert [int(server.get(name)) for name in server.scan_iter("*limit:*")] == [0]


@pytest.mark.parametrize("error", [OperationalError, BadToken, None])
def test_who_asks_is_looked_up_once(as_ann, monkeypatch, error):
    original, calls = BearerAuthentication.authenticate, []

    def authenticate(self, request):
        calls.append(1)
        if error:
            raise error
        return original(self, request)

    monkeypatch.setattr(BearerAuthentication, "authenticate", authenticate)
    for number, path in enumerate((MYLIST, "/api/v1/nowhere/", MOVIES), 1):
        as_ann.get(path)
        assert len(calls) == number


# --- a front, and views that count themselves -------------------------------------------


def test_what_was_counted_before_is_not_counted_again(as_ann, where):
    handed_on = Verdict("user", 5, 2, 60, 30)
    for _ in range(8):
        for path in (MYLIST, "/api/v1/nowhere/"):
            answer = as_ann.get(path, **{"mylist.verdict": handed_on})
            assert told(answer) == (5, 3, 30)
    assert told(as_ann.get(MYLIST)) == (5, 4, 42)


def test_nor_is_what_could_not_be_counted(as_ann, where):
    for _ in range(8):
        assert has_no_headers(as_ann.get(MYLIST, **{"mylist.verdict": None}))
    assert told(as_ann.get(MYLIST)) == (5, 4, 42)


def test_what_was_refused_before_stays_refused(as_ann, where):
    answer = as_ann.get(MYLIST, **{"mylist.verdict": Verdict("user", 5, 6, 60, 30)})
    assert (answer.status_code, answer["Retry-After"]) == (429, "30")


def test_no_header_can_say_so(as_ann, where):
    for name in ("mylist.verdict", "mylist-verdict", "mylist.who"):
        answer = as_ann.get(MYLIST, headers={name: "x"})
        assert answer.status_code == 200
    assert told(answer) == (5, 2, 42)


@pytest.mark.usefixtures("server")
def test_a_view_can_count_by_its_own_round_trip(rf):
    who, now = limits.person(9), NOON
    replies = redislink.ask(*limits.commands(who, now), ("GET", "nothing"))
    verdict = limits.verdict(who, replies, now)
    assert (verdict.used, replies[2]) == (1, None)
    request = rf.get(MYLIST)
    request.META[limits.WHO] = who
    assert limits.uncounted(request) == who
    limits.settle(request, verdict)
    assert limits.uncounted(request) is None


def test_what_a_view_forgets_is_counted_after_it(as_ann, where, monkeypatch):
    monkeypatch.setattr(TitleViewSet, "count", lambda view, who: None)
    assert [told(as_ann.get(MOVIES))[1] for _ in range(5)] == [4, 3, 2, 1, 0]
    assert as_ann.get(MOVIES).status_code == 429
