"""The doors, each served by gunicorn, answer alike, and go on when what is behind them fails."""

import http.client
import random
import re
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest
import redis
from django.conf import settings as configured
from django.db import connection, transaction

from accounts import tokens
from accounts.models import User
from catalog.models import Genre, Movie, TVShow
from catalog.tests.factories import MovieFactory
from config.tests.serving import parsed, serving
from config.tests.test_front import HERE, People, etag_now, with_etag, write
from conftest import PASSWORD, make
from mylist.models import MyList
from mylist.registry import MODELS

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "postgresql" or not configured.REDIS_URL,
        reason="needs PostgreSQL and Redis",
    ),
]

ASGI = ("-k", "asgi", "config.asgi")
DOORS = {
    "wsgi": {},
    "asgi": {"app": ASGI},
    "without a front": {"MYLIST_FRONT": "off"},
}
THREADS = 3


def database_url(name):
    """The tests' own database; `name` is how PostgreSQL knows who asks."""
    s = connection.settings_dict
    return (
        f"postgres://{s['USER']}:{s['PASSWORD']}@{s['HOST']}:{s['PORT']}/{s['NAME']}"
        f"?application_name={name.replace(' ', '_')}"
    )


def redis_url(number):
    return f"{configured.REDIS_URL.rpartition('/')[0]}/{number}?socket_timeout=5"


def variables(name, number):
    return {
        "DJANGO_SECRET_KEY": configured.SECRET_KEY,
        "DATABASE_URL": database_url(name),
        "REDIS_URL": redis_url(number),
        "GUNICORN_THREADS": str(THREADS),
        "FORWARDED_ALLOW_IPS": "127.0.0.1",
        "MYLIST_SAMPLE_ONE_IN": "1",
    } | {key: value for key, value in DOORS[name].items() if key.isupper()}


@pytest.fixture(scope="module")
def doors(tmp_path_factory, django_db_setup, django_db_blocker):
    """All three, with a database of Redis for each."""
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(
                serving(
                    tmp_path_factory.mktemp("door"),
                    migrate=False,
                    app=more.get("app", ("config.wsgi",)),
                    **variables(name, 9 + n),
                    RATE_LIMIT_MAX="100000",
                    RATE_LIMIT_USER_MAX="100000",
                )
            )
            for n, (name, more) in enumerate(DOORS.items())
        }


@pytest.fixture(autouse=True)
def _empty():
    for n in range(len(DOORS)):
        with redis.Redis.from_url(redis_url(9 + n)) as client:
            client.flushdb()


@pytest.fixture
def _django_db_helper(django_db_setup, django_db_blocker):
    """In place of pytest-django's: data that the servers see. It is deleted again, but not by
    emptying all tables, as the servers know the ids of content types."""
    with django_db_blocker.unblock():
        yield
        for model in (User, Movie, TVShow, Genre):
            model.objects.all().delete()


@pytest.fixture
def people(ann, bob):
    return People(ann, bob)


# --- asking over a connection that is kept ---------------------------------------------


class Kept:
    def __init__(self, server):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)

    def send(self, method, path, headers=(), body=None):
        self.connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            self.connection.putheader(name, value)
        self.connection.endheaders(body)
        response = self.connection.getresponse()
        headers = [(name.lower(), value) for name, value in response.getheaders()]
        return response.status, headers, response.read()

    def close(self):
        self.connection.close()


def get(server, token, path=HERE, **headers):
    with closing(Kept(server)) as kept:
        bearer = [("Host", "localhost"), ("Authorization", f"Bearer {token}")]
        more = [(name.replace("_", "-"), value) for name, value in headers.items()]
        return kept.send("GET", path, bearer + more)


OTHERWISE = {"server", "date", "connection", "keep-alive", "transfer-encoding"}


def alike(answer):
    """Without what servers add, ids that we made, and the seconds left."""
    status, headers, body = answer
    found = sorted(headers)
    own = dict(found).get("x-request-id", "-")
    seconds = ("x-ratelimit-reset", "retry-after")
    return (
        status,
        [
            (name, "60" if name in seconds else re.sub(r";t=\d+$", "", value).replace(own, "an id"))
            for name, value in found
            if name not in OTHERWISE
        ],
        body.replace(own.encode(), b"an id"),
    )


def over_http(environ):
    """What a client sends to have a server make this environ; None for what none can send."""
    query = environ["QUERY_STRING"]
    path = environ["PATH_INFO"].replace("\xff", "%FF") + (f"?{query}" if query else "")
    named = {
        "Content-Type" if n == "CONTENT_TYPE" else n[5:].replace("_", "-").title(): value
        for n, value in environ.items()
        if (n.startswith("HTTP_") and n != "HTTP_TRANSFER_ENCODING") or n == "CONTENT_TYPE"
    }
    if environ.get("wsgi.url_scheme") == "https":
        named["X-Forwarded-Proto"] = "https"
    if "Host" not in named or environ["REQUEST_METHOD"] == "get":
        # The address of the server stands for it, and each has its own port; and gunicorn refuses.
        return None
    words = [path, *named.values()]
    if not all(re.fullmatch(r"[!-~]([ -~]*[!-~])?|", word) for word in words) or " " in path:
        return None
    return environ["REQUEST_METHOD"], path, list(named.items())


def test_all_doors_answer_alike(doors, people):
    dice, statuses = random.Random("doors"), []
    before = {name: len(door.log_lines()) for name, door in doors.items()}
    with ExitStack() as stack:
        kept = {n: stack.enter_context(closing(Kept(door))) for n, door in doors.items()}
        for n in range(130):
            if n % 10 == 0:
                write(people, dice)
            request = over_http(with_etag(people.request(dice), etag_now(people)))
            if request is None:
                continue
            answers = {name: alike(client.send(*request)) for name, client in kept.items()}
            assert answers["wsgi"] == answers["without a front"], request
            assert answers["asgi"] == answers["without a front"], request
            statuses.append(answers["asgi"][0])
    assert {200, 304, 400, 401} <= set(statuses)
    assert len(statuses) > 80
    assert_quiet(doors, before)


def assert_quiet(doors, before):
    """Nothing went wrong that no client saw; nor did any page differ that was looked at again.
    `before` are the lines of other tests, which may break things."""
    for name, door in doors.items():
        lines = door.log_lines()[before[name] :]
        loud = [line for line in lines if line["level"] in ("warning", "error")]
        assert loud == [], name


def test_hits_are_counted_as_such(doors, people):
    for name in ("wsgi", "asgi"):
        before = reads(doors[name])
        answers = [get(doors[name], people.right)[0] for _ in range(5)]
        etag = dict(get(doors[name], people.right)[1])["etag"]
        answers.append(get(doors[name], people.right, If_None_Match=etag)[0])
        assert answers == [200] * 5 + [304]
        after = reads(doors[name])
        changed = {outcome: after[outcome] - before[outcome] for outcome in after}
        assert changed == {"miss": 1, "hit": 5, "not_modified": 1, "refused": 0, "off": 0}, name


def reads(door):
    _, _, page = door.get("/metrics")
    pattern = rb'mylist_page_reads_total\{outcome="(\w+)"\} (\S+)'
    return {outcome.decode(): float(n) for outcome, n in re.findall(pattern, page)}


def test_of_a_crowd_that_misses_a_page_two_read_it_at_most(doors, people):
    """The others wait in the event loop, and take no thread from anybody."""
    for n in range(5):
        MyList.objects.filter(user=people.ann).update(token=f"{n + 1:032x}")
        before = reads(doors["asgi"])
        with ThreadPoolExecutor(50) as crowd:
            found = list(crowd.map(lambda _: get(doors["asgi"], people.right), range(50)))
        assert {answer[0] for answer in found} == {200}
        assert len({answer[2] for answer in found}) == 1
        after = reads(doors["asgi"])
        assert after["miss"] - before["miss"] in (1, 2)
        assert after["hit"] - before["hit"] >= 48


@pytest.mark.parametrize("name", DOORS)
def test_requests_may_come_all_at_once(doors, people, name):
    """On one connection, before the first is answered: hits, misses and what is Django's."""
    paths = [HERE, f"{HERE}?page_size=3", "/api/v1/genres/", HERE, "/nowhere", HERE] * 5
    lines = [
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: number-{n}\r\n"
        f"Authorization: Bearer {people.right}\r\n"
        for n, path in enumerate(paths)
    ]
    lines[-1] += "Connection: close\r\n"
    with socket.create_connection(("127.0.0.1", doors[name].port), timeout=30) as client:
        client.sendall("".join(f"{each}\r\n" for each in lines).encode())
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    found = re.findall(rb"HTTP/1.1 (\d+).*?x-request-id: (\S+)\r\n", answer, re.I | re.S)
    statuses = [404 if path == "/nowhere" else 200 for path in paths]
    assert [(int(s), i.decode()) for s, i in found] == [
        (status, f"number-{n}") for n, status in enumerate(statuses)
    ]


@pytest.mark.parametrize("name", DOORS)
def test_clients_that_leave_in_the_middle(doors, people, name):
    head = f"GET {HERE} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {people.right}\r\n"
    post = f"POST {HERE} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf"
    for sent in [head[:20], head, f"{head}\r\n", post, f"{head}\r\n" * 20, ""] * 5:
        with socket.create_connection(("127.0.0.1", doors[name].port), timeout=30) as client:
            client.sendall(sent.encode())
    assert [get(doors[name], people.right)[0] for _ in range(10)] == [200] * 10


@pytest.mark.parametrize("name", DOORS)
def test_a_sign_out_counts_at_all_doors_at_once(doors, people, ann, name):
    for _ in range(5):
        raw = tokens.sign_in(ann, "")["access"]
        assert [get(door, raw)[0] for door in doors.values() for _ in range(2)] == [200] * 6
        refused = doors[name].send(
            "POST",
            "/api/v1/auth/token/revoke/",
            f"Authorization: Bearer {raw}",
            "Content-Length: 0",
        )
        assert refused[0] == 204
        for headers in ({}, {"If_None_Match": "*"}):
            assert [get(door, raw, **headers)[0] for door in doors.values()] == [401] * 3


def test_a_sign_out_counts_for_a_body_that_is_still_to_come(doors, people, ann):
    """Whoever has somebody's token may not keep a request open with it until later: here no thread
    waits for bodies, so it could be for long."""
    raw, body = tokens.sign_in(ann, "")["access"], b'{"note": "kept open"}'
    kind = MODELS[type(people.title)].name
    # Its first statement may take longer than we wait.
    assert get(doors["asgi"], raw)[0] == 200
    with socket.create_connection(("127.0.0.1", doors["asgi"].port), timeout=30) as client:
        client.sendall(
            f"PUT {HERE}{kind}/{people.title.pk}/ HTTP/1.1\r\nHost: localhost\r\n"
            f"Authorization: Bearer {raw}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
        )
        time.sleep(0.3)
        ann.sign_ins.filter(pk=tokens.read(raw, tokens.Access).sid).delete()
        client.sendall(body)
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert parsed(answer)[0] == 401


def test_a_write_at_one_door_shows_at_all(doors, people, ann):
    kind = MODELS[type(people.title)]
    for n, door in enumerate([*doors.values()] * 3):
        path = f"{HERE}{kind.name}/{people.title.pk}/"
        method, status = ("DELETE", 204) if n % 2 == 0 else ("PUT", 201)
        bearer = f"Authorization: Bearer {people.right}"
        answer = door.send(method, path, bearer, "Content-Length: 0")
        assert answer[0] == status, answer
        counts = {get(other, people.right)[2][:11] for other in doors.values()}
        assert counts == {b'{"count":29' if method == "DELETE" else b'{"count":30'}


def test_a_token_that_has_ended_uses_up_nobodys_limit(doors, people, ann):
    """Of a sign-in that was ended, by a TV that was sold perhaps."""
    raw = tokens.sign_in(ann, "")["access"]
    ann.sign_ins.filter(pk=tokens.read(raw, tokens.Access).sid).delete()
    for name in ("wsgi", "asgi"):
        before = remaining(get(doors[name], people.right))
        for _ in range(10):
            assert get(doors[name], raw)[0] == 401
        assert remaining(get(doors[name], people.right)) == before - 1, name


def remaining(answer):
    return int(dict(answer[1])["x-ratelimit-remaining"])


# --- what is behind them goes away ---------------------------------------------------------


def end_everybody():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.mark.parametrize("name", DOORS)
def test_a_worker_goes_on_after_both_were_restarted(doors, people, name):
    door = doors[name]
    with closing(Kept(door)) as client, ThreadPoolExecutor(4) as crowd:
        bearer = [("Host", "localhost"), ("Authorization", f"Bearer {people.right}")]
        for _ in range(3):
            assert client.send("GET", HERE, bearer)[0] == 200
            list(crowd.map(lambda _: get(door, people.right), range(8)))
            end_everybody()
            with redis.Redis.from_url(redis_url(9 + list(DOORS).index(name))) as server:
                server.client_kill_filter(_type="normal", skipme=True)
            assert [client.send("GET", HERE, bearer)[0] for _ in range(4)] == [200] * 4
            answers = crowd.map(lambda _: get(door, people.right)[0], range(8))
            assert set(answers) == {200}
    time.sleep(1.1)
    before = reads(door)["hit"]
    assert get(door, people.right)[0] == get(door, people.right)[0] == 200
    assert reads(door)["hit"] > before


@pytest.mark.parametrize("name", ["wsgi", "asgi"])
def test_connections_are_as_many_as_threads(doors, people, name):
    """And one for the statement that an event loop shares."""
    with ThreadPoolExecutor(40) as crowd:
        paths = [HERE, "/api/v1/genres/"] * 100
        assert {a[0] for a in crowd.map(lambda p: get(doors[name], people.right, p), paths)} == {
            200
        }
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = %s", [name])
        assert cursor.fetchone()[0] <= THREADS + (name == "asgi")


# --- everything but hits, at the door for ASGI ------------------------------------------------


@pytest.fixture(scope="module")
def plain_doors(tmp_path_factory, django_db_setup, django_db_blocker):
    """With debugging on, as nobody has collected the static files."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                serving(
                    tmp_path_factory.mktemp("plain"),
                    migrate=False,
                    app=app,
                    DATABASE_URL=database_url("plain"),
                    DJANGO_DEBUG="on",
                    GUNICORN_THREADS="2",
                )
            )
            for app in (("config.wsgi",), ASGI)
        ]


BODY = b'{"email": "new@example.com"'
OTHERS = {
    "start": ("GET", "/"),
    "admin": ("GET", "/admin/login/"),
    "admin, signed out": ("GET", "/admin/"),
    "static": ("GET", "/static/admin/css/base.css"),
    "static, none": ("GET", "/static/none.css"),
    "docs": ("GET", "/api/docs/"),
    "schema": ("GET", "/api/schema/"),
    "live": ("GET", "/health/live/"),
    "HEAD": ("HEAD", "/api/v1/genres/"),
    "HEAD, static": ("HEAD", "/static/admin/css/base.css"),
    "OPTIONS": ("OPTIONS", "/api/v1/genres/"),
    "nowhere": ("GET", "/api/v1/nowhere/"),
    "not UTF-8": ("GET", "/api/v1/%FF/"),
    "NUL": ("GET", "/api/v1/movies/%00/"),
    "a slash": ("GET", "/api/v1/movies%2F"),
    "the whole address": ("GET", "http://localhost/api/v1/genres/?page_size=2"),
    "method": ("DELETE", "/api/v1/genres/"),
    "another method": ("BREW", "/api/v1/genres/"),
    "body": ("POST", "/api/v1/users/", b"{}"),
    "half a body": ("POST", "/api/v1/users/", BODY),
    "too long": ("POST", "/api/v1/users/", b" " * 70_000),
    "form": ("POST", "/admin/login/", b"username=x&password=y"),
    "websocket, by half": ("GET", "/api/v1/genres/", b"", "Upgrade: something"),
    "host": ("GET", "/api/v1/genres/", b"", "Host: evil.example.com"),
    "headers twice": ("GET", "/api/v1/genres/", b"", "Accept: a/b", "Accept: c/d"),
    "bytes in headers": ("GET", "/api/v1/genres/", b"", "X-Request-ID: caf\xe9"),
    "spoofed": ("GET", "/api/v1/genres/", b"", "X_Request_ID: spoofed", "Authorization_: x"),
}


@pytest.mark.parametrize("what", OTHERS.values(), ids=OTHERS)
def test_everything_else_is_the_same(plain_doors, what, request):
    method, path, body, *headers = (*what, b"")[:3] + what[3:]
    if not any(header.startswith("Host:") for header in headers):
        headers.append("Host: localhost")
    lines = [f"{method} {path} HTTP/1.1", "Connection: close", *headers]
    if body:
        lines += [f"Content-Length: {len(body)}", "Content-Type: application/json"]
    sent = "\r\n".join([*lines, "", ""]).encode("latin-1") + body
    found = [without_secrets(door.exchange(sent)) for door in plain_doors]
    assert found[1] == found[0]
    assert found[1][0] < 500


def without_secrets(answer):
    status, headers, body = answer
    # A page's token against forged forms is another one each time.
    body = re.sub(rb'(csrfmiddlewaretoken" value=")\w+', rb"\1", body)
    kept = {n: v for n, v in headers.items() if n not in ("set-cookie", "content-length", "etag")}
    if headers.get("transfer-encoding") == "chunked":
        body = b"".join(re.split(rb"(?:\r\n|^)[0-9a-f]+\r\n", body)).removesuffix(b"\r\n")
    return alike((status, list(kept.items()), body))


def test_a_body_in_chunks_needs_a_length(plain_doors):
    body = b"5\r\nhello\r\n" * 1000 + b"0\r\n\r\n"
    for door in plain_doors:
        answer = door.send("POST", "/api/v1/users/", "Transfer-Encoding: chunked", body=body)
        assert answer[0] == 411


@pytest.mark.parametrize("megabytes", [1, 19, 21, 60])
@pytest.mark.parametrize("path", ["/api/v1/users/", "/admin/login/"])
def test_the_refusal_of_a_long_body_is_read(plain_doors, path, megabytes):
    size = megabytes * 2**20
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n".encode()
    for door in plain_doors:
        with socket.create_connection(("127.0.0.1", door.port), timeout=30) as client:
            client.sendall(head)
            try:
                for _ in range(megabytes):
                    client.sendall(b"x" * 2**20)
            except OSError:
                # It is not read for ever.
                assert megabytes > 20
            client.settimeout(10)
            answer = client.recv(65536)
        status = 413 if path.startswith("/api/") or megabytes > 2 else 403
        assert parsed(answer)[0] == status, door.process.args


def test_a_length_that_nobody_can_count(plain_doors):
    for length in ("9" * 4000, "-1", "1_0", "+1", "\xb2"):
        for door in plain_doors:
            answer = door.send("POST", "/api/v1/users/", f"Content-Length: {length}")
            assert answer[0] in (400, 413)


def test_a_form_signs_in(plain_doors, db, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    admin = make("admin@example.com", is_staff=True)
    for door in plain_doors:
        with closing(Kept(door)) as client:
            host = ("Host", "localhost")
            _, headers, body = client.send("GET", "/admin/login/", [host])
            cookie = dict(headers)["set-cookie"].partition(";")[0]
            word = re.search(rb'csrfmiddlewaretoken" value="(\w+)', body)[1].decode()
            form = f"csrfmiddlewaretoken={word}&username={admin.email}&password={PASSWORD}"
            sent = form.replace(" ", "+").encode()
            form_headers = [
                host,
                ("Cookie", cookie),
                ("Content-Type", "application/x-www-form-urlencoded"),
                ("Content-Length", str(len(sent))),
            ]
            status, headers, _ = client.send("POST", "/admin/login/", form_headers, sent)
            assert status == 302
            session = "; ".join(
                value.partition(";")[0] for name, value in headers if name == "set-cookie"
            )
            assert "sessionid=" in session
            page = client.send("GET", "/admin/", [host, ("Cookie", session)])
            assert page[0] == 200


def test_a_live_socket_is_refused_and_no_error(plain_doors):
    lines = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
    lines += ["Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "Host: localhost"]
    _, asgi = plain_doors
    sent = "\r\n".join(["GET /ws/mylist/ HTTP/1.1", *lines, "", ""]).encode()
    assert asgi.exchange(sent)[0] == 403
    assert [line for line in asgi.log_lines() if line["level"] == "error"] == []


# --- many, and the end --------------------------------------------------------------------------


@pytest.fixture
def held(people, ann):
    """A write of this person waits until `held.set()`."""
    go, ready = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM mylist_mylist WHERE user_id = %s FOR UPDATE", [ann.pk])
            ready.set()
            go.wait(20)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    ready.wait(10)
    yield go
    go.set()
    holder.join()


def add(door, raw, movie):
    bearer = f"Authorization: Bearer {raw}"
    return door.send("PUT", f"{HERE}movie/{movie}/", bearer, "Content-Length: 0")


def test_hits_go_on_while_all_threads_wait(doors, people, bob, held):
    movie = MovieFactory().pk
    raw = tokens.sign_in(bob, "")["access"]
    before = reads(doors["asgi"])["hit"]
    while reads(doors["asgi"])["hit"] == before:
        # Nobody waits until a page is kept.
        assert get(doors["asgi"], raw)[0] == 200
    with ThreadPoolExecutor(THREADS) as crowd:
        writes = [crowd.submit(add, doors["asgi"], people.right, movie) for _ in range(THREADS)]
        time.sleep(0.3)
        started = time.monotonic()
        assert [get(doors["asgi"], raw)[0] for _ in range(20)] == [200] * 20
        assert time.monotonic() - started < 5
        assert not any(write.done() for write in writes)
        held.set()
        assert sorted(write.result()[0] for write in writes) == [200, 200, 201], writes[0].result()


def test_five_hundred_wait_their_turn(doors, people):
    """Each for a page that is not kept, on a connection of its own."""
    with redis.Redis.from_url(redis_url(10)) as client:
        client.flushdb()
    request = (
        "GET {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Authorization: Bearer {people.right}\r\n\r\n"
    )
    with ExitStack() as stack:
        address = ("127.0.0.1", doors["asgi"].port)
        clients = [
            stack.enter_context(closing(socket.create_connection(address, timeout=60)))
            for _ in range(500)
        ]
        for n, client in enumerate(clients):
            client.sendall(request.format(f"{HERE}?page_size={n % 100 + 1}").encode())
        statuses = [client.recv(12) for client in clients]
    assert statuses == [b"HTTP/1.1 200"] * 500


def test_on_a_stop_requests_under_way_are_answered(tmp_path, people, held):
    movie = MovieFactory().pk
    more = variables("asgi", 12)
    with (
        serving(tmp_path, migrate=False, app=ASGI, **more) as server,
        ThreadPoolExecutor(2) as crowd,
    ):
        assert get(server, people.right)[0] == 200
        writes = [crowd.submit(add, server, people.right, movie) for _ in range(2)]
        time.sleep(0.5)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert server.process.poll() is None
        held.set()
        assert sorted(write.result()[0] for write in writes) == [200, 201]
        assert server.process.wait(10) == 0
    assert [line for line in server.log_lines() if line["level"] == "error"] == []


def test_a_person_who_is_made_later_has_no_page_of_another(doors, people):
    """Nor has one who has no list yet a kept page."""
    user = make("new@example.com")
    raw = tokens.sign_in(user, "")["access"]
    for door in doors.values():
        assert get(door, raw)[2].startswith(b'{"count":0')
    MyList.add(user, MODELS[type(people.title)], people.title.pk)
    for door in doors.values():
        assert get(door, raw)[2].startswith(b'{"count":1')
