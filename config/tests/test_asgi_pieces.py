"""What the door for ASGI is made of, each piece by itself in an event loop."""

import asyncio
import contextlib
import io
import os
import shutil
import socket
import struct
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
import uvloop
from django.db import connection

from accounts import tokens
from accounts.models import SignIn
from accounts.tokens import Claims
from api import redislink
from api.tests.test_redislink import listening, never, polite, polite_until
from config import async_redis, shared_statement
from config.async_redis import AsyncRedis
from config.shared_statement import SharedStatement
from config.threads import Threads
from config.wsgi_in_threads import LONGEST_BODY, WSGIInThreads, environ_of
from conftest import make
from mylist.models import MyList
from mylist.tests.services import (  # noqa: F401 - fixtures
    keeps_tokens,
    on_redis,
    redis_of_its_own,
)

SECONDS = 15


@pytest.fixture(params=[uvloop.new_event_loop, None], ids=["uvloop", "asyncio"], autouse=True)
def loop_of(request, monkeypatch):
    """gunicorn takes uvloop where it is installed."""
    monkeypatch.setattr(run, "loop", request.param)


def run(coroutine):
    """What it comes to. Nothing that the loop itself called may have failed."""
    failed = []
    with asyncio.Runner(loop_factory=run.loop) as runner:
        runner.get_loop().set_exception_handler(lambda _, failure: failed.append(failure))
        found = runner.run(asyncio.wait_for(coroutine, SECONDS))
    assert failed == []
    return found


run.loop = None


# --- one statement for those who wait -----------------------------------------------


@pytest.fixture
def people(transactional_db):
    """The claims of five people who are signed in and have a list."""
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL, which keeps the tokens")
    found = []
    for n in range(5):
        user = make(f"{n}@example.com")
        MyList.remove(user)
        found.append(tokens.read(tokens.sign_in(user, "")["access"], tokens.Access))
    return found


@pytest.fixture
def statements(monkeypatch):
    """How many shared each statement. `statements.gate` holds the next ones up."""
    really = shared_statement.read

    class Seen(list):
        gate = None

    seen = Seen()

    async def read(connection, together):
        seen.append(len(together))
        if seen.gate is not None:
            await seen.gate.wait()
        return await really(connection, together)

    monkeypatch.setattr(shared_statement, "read", read)
    return seen


def told(claims):
    return tokens.row_of(claims), True


def test_those_who_wait_together_share_a_statement(people, statements):
    async def ask():
        shared = SharedStatement()
        found = await asyncio.gather(*map(shared.row_of, people * 20))
        await shared.connection.close()
        return found

    assert run(ask()) == [told(claims) for claims in people] * 20
    assert statements == [100]


def test_nobody_joins_one_that_has_begun(people, statements):
    """What a statement says may be older than a request that came after it began."""

    async def ask():
        shared = SharedStatement()
        await shared.row_of(people[0])
        statements.clear()
        statements.gate = asyncio.Event()
        first = shared.row_of(people[0])
        while not statements:
            await asyncio.sleep(0)
        rest = [shared.row_of(each) for each in people]
        await asyncio.sleep(0.05)
        assert statements == [1]
        statements.gate.set()
        await asyncio.gather(first, *rest)
        await shared.connection.close()

    run(ask())
    assert statements == [1, 5]


def test_a_write_that_was_acknowledged_is_seen_by_who_asks_then(people):
    async def ask():
        shared, loop = SharedStatement(), asyncio.get_running_loop()
        with ThreadPoolExecutor(1) as pool:
            for n in range(30):
                busy = [shared.row_of(each) for each in people[1:]]
                await loop.run_in_executor(pool, change, people[0], n)
                expected = await loop.run_in_executor(pool, told, people[0])
                assert await shared.row_of(people[0]) == expected
                await asyncio.gather(*busy)
            await loop.run_in_executor(pool, lambda: connection.close())
        await shared.connection.close()

    def change(claims, n):
        MyList.objects.filter(user_id=claims.user_id).update(token=f"{n:032x}")

    run(ask())


def test_whoever_is_not_signed_in_has_no_facts(people):
    SignIn.objects.filter(pk=people[0].sid).delete()
    SignIn.objects.get(pk=people[1].sid).user.change(password="another good password")
    user = SignIn.objects.get(pk=people[2].sid).user
    type(user).objects.filter(pk=user.pk).update(is_active=False)
    forged = Claims(people[4].user_id, people[3].sid, "", 0)

    async def ask():
        shared = SharedStatement()
        found = await asyncio.gather(*map(shared.row_of, [*people[:3], forged, *people[3:]]))
        await shared.connection.close()
        return found

    assert run(ask()) == [(None, True)] * 4 + [told(claims) for claims in people[3:]]


def test_one_whose_client_has_gone_is_not_waited_for(people, statements):
    async def ask():
        shared = SharedStatement()
        first, second = shared.row_of(people[0]), shared.row_of(people[1])
        first.cancel()
        found = await second
        await shared.connection.close()
        return found

    assert run(ask()) == told(people[1])
    assert statements == [2]


def test_a_database_that_was_away_is_asked_again(people, log, monkeypatch):
    monkeypatch.setattr(shared_statement, "REST_SECONDS", 0.2)
    port = connection.settings_dict["PORT"]

    async def ask():
        shared, loop = SharedStatement(), asyncio.get_running_loop()
        assert (await shared.row_of(people[0]))[1]
        pid = shared.connection.raw.info.backend_pid
        with ThreadPoolExecutor(1) as pool:
            await loop.run_in_executor(pool, end, pid)
        monkeypatch.setitem(connection.settings_dict, "PORT", "1")
        assert await shared.row_of(people[0]) == (None, False)
        # At once, without a try.
        assert shared.row_of(people[0]).result() == (None, False)
        await asyncio.sleep(0.25)
        monkeypatch.setitem(connection.settings_dict, "PORT", port)
        found = await shared.row_of(people[0])
        await shared.connection.close()
        return found

    assert run(ask()) == told(people[0])
    [line] = log.of("front")
    assert line["level"] == "warning"
    assert line["event"] == "statement failed"


def test_a_connection_that_ended_while_nobody_used_it_costs_nothing(people, log):
    async def ask():
        shared = SharedStatement()
        await shared.row_of(people[0])
        wire = shared.connection
        await asyncio.to_thread(end, wire.raw.info.backend_pid)
        while not wire.ended:
            await asyncio.sleep(0.01)
        found = await shared.row_of(people[0])
        await shared.connection.close()
        return found

    assert run(ask()) == told(people[0])
    assert log.of("front") == []


def test_one_that_is_cut_while_a_statement_runs_is_noticed_at_once(people, monkeypatch):
    monkeypatch.setattr(shared_statement, "SECONDS", 5)

    async def ask():
        shared = SharedStatement()
        await shared.row_of(people[0])
        async with blocked():
            started, wire = time.monotonic(), shared.connection
            asked = shared.row_of(people[0])
            await asyncio.sleep(0.1)
            with socket.socket(fileno=os.dup(wire.descriptor)) as cut:
                cut.shutdown(socket.SHUT_RDWR)
            assert await asked == (None, False)
            return time.monotonic() - started

    assert run(ask()) < 1


def end(pid):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    connection.close()


def test_who_cannot_connect_is_told_so(people, monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")

    async def ask():
        shared = SharedStatement()
        return await asyncio.gather(*map(shared.row_of, people)), shared.running

    assert run(ask()) == ([(None, False)] * 5, None)


def test_nobody_waits_for_a_statement_that_hangs(people, monkeypatch):
    """Nor who came while it hung; nor is the server left with it, which would keep a connection for
    each until there are no more."""
    monkeypatch.setattr(shared_statement, "SECONDS", 0.3)
    monkeypatch.setattr(shared_statement, "REST_SECONDS", 0.1)

    async def ask():
        shared = SharedStatement()
        await shared.row_of(people[0])
        async with blocked():
            started = time.monotonic()
            first = shared.row_of(people[0])
            await asyncio.sleep(0.1)
            later = shared.row_of(people[1])
            assert await asyncio.gather(first, later) == [(None, False)] * 2
            assert time.monotonic() - started < 0.5
            await asyncio.sleep(0.2)
            # The next one begins, on another connection, and hangs as well.
            assert await shared.row_of(people[2]) == (None, False)
            await asyncio.sleep(0.1)
            assert await asyncio.to_thread(how_many_wait) == 0
        await asyncio.sleep(0.2)
        found = await shared.row_of(people[3])
        await shared.connection.close()
        return found

    assert run(ask()) == told(people[3])


def how_many_wait():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        found = cursor.fetchone()[0]
    connection.close()
    return found


@contextlib.asynccontextmanager
async def blocked():
    """Nobody reads sign-ins."""
    other = await shared_statement.connect()
    await other.set_autocommit(False)
    await other.execute("LOCK accounts_signin IN ACCESS EXCLUSIVE MODE")
    yield
    await other.rollback()
    await other.close()


def test_whatever_goes_wrong_nobody_is_left_waiting(people, monkeypatch):
    async def read(connection, together):
        raise KeyError

    async def ask():
        shared = SharedStatement()
        found = await shared.row_of(people[0])
        await asyncio.sleep(0)
        return found, shared.running

    monkeypatch.setattr(shared_statement, "read", read)
    assert run(ask()) == ((None, False), None)


# --- Redis --------------------------------------------------------------------------


@pytest.fixture
def breaker(monkeypatch):
    monkeypatch.setattr(redislink, "breaker", redislink.Breaker())
    monkeypatch.setattr(redislink, "complaints", redislink.Complaints())
    return redislink.breaker


@pytest.fixture
def patient(monkeypatch):
    """A machine that is busy with other tests can be slower than what a request waits for."""
    monkeypatch.setattr(async_redis, "LONGEST", 5)


async def closed(link):
    if link.connection is not None:
        link.lose(link.connection, ConnectionResetError())
        await asyncio.sleep(0)


def test_replies_are_in_order_under_load(on_redis, breaker, patient):  # noqa: F811
    for n in range(100):
        on_redis.hset("pages", str(n), f"page {n} ".encode() * (n * 50))

    async def one(link, n):
        await asyncio.sleep(n % 7 / 1000)
        count, expire, page, none = await link.ask(
            (("INCR", f"n{n}"), ("EXPIRE", f"n{n}", 60), ("HGET", "pages", str(n)), ("GET", b"-"))
        )
        assert (expire, none) == (1, None)
        assert page == f"page {n} ".encode() * (n * 50) or (n == 0 and page == b"")
        return count

    async def ask():
        link, counts = AsyncRedis(), []
        for _ in range(5):
            counts.append(await asyncio.gather(*(one(link, n) for n in range(100))))
        await closed(link)
        return counts

    assert run(ask()) == [[round_] * 100 for round_ in range(1, 6)]
    assert breaker.failures == 0


def test_those_who_come_at_once_wait_for_one_connection(
    redis_of_its_own,  # noqa: F811
    breaker,
    patient,
):
    """Also who comes just when it has been opened: of two, one would hear the other's replies."""
    server = redis_of_its_own.client

    async def ask():
        link, waiting = AsyncRedis(), []
        before = server.info("stats")["total_connections_received"]
        while link.connection is None:
            waiting.append(link.ask((("ECHO", f"{len(waiting)}"),)))
            await asyncio.sleep(0)
        waiting += [link.ask((("ECHO", f"{len(waiting) + n}"),)) for n in range(5)]
        found = await asyncio.gather(*waiting)
        opened = server.info("stats")["total_connections_received"] - before
        await closed(link)
        return found, opened

    found, opened = run(ask())
    assert found == [[f"{n}".encode()] for n in range(len(found))]
    assert opened == 1


def test_nothing_to_ask_needs_no_redis(settings, breaker):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert run(asked_of(AsyncRedis(), ())) == []


async def asked_of(link, commands):
    try:
        return await link.ask(commands)
    finally:
        await closed(link)


def test_by_password_number_and_socket(tmp_path, settings, breaker, patient):
    if shutil.which("redis-server") is None:
        pytest.skip("needs redis-server")
    path = tmp_path / "redis.sock"
    command = ["redis-server", "--port", "0", "--unixsocket", str(path), "--save", ""]
    with subprocess.Popen(
        [*command, "--requirepass", "secret word"], cwd=tmp_path, stdout=subprocess.DEVNULL
    ) as server:
        try:
            until = time.monotonic() + 10
            while not path.exists() and time.monotonic() < until:
                time.sleep(0.02)
            settings.REDIS_URL = f"unix://:secret%20word@{path}?db=3"
            assert run(asked_of(AsyncRedis(), (("SET", "k", "v"), ("GET", "k")))) == [b"OK", b"v"]
            with redis.Redis(unix_socket_path=str(path), password="secret word", db=3) as client:
                assert client.get("k") == b"v"
            settings.REDIS_URL = f"unix://:wrong@{path}?db=3"
            assert run(asked_of(AsyncRedis(), (("GET", "k"),))) is None
        finally:
            server.terminate()


def test_a_refused_command_is_an_item(on_redis, breaker, patient, log):  # noqa: F811
    on_redis.set("word", "no number")

    async def ask():
        link = AsyncRedis()
        found = [await link.ask((("INCR", "word"), ("GET", "word"))) for _ in range(3)]
        await closed(link)
        return found

    for one, two in run(ask()):
        assert isinstance(one, redis.ResponseError)
        assert two == b"no number"
    assert breaker.failures == 0
    assert len(log.of("redis")) == 1


def test_one_whose_client_has_gone_shifts_no_replies(on_redis, breaker, patient):  # noqa: F811
    async def ask():
        link = AsyncRedis()
        await link.ask((("PING",),))
        waiting = [link.ask((("ECHO", str(n)), ("ECHO", "x"))) for n in range(50)]
        for each in waiting[::3]:
            each.cancel()
        found = await asyncio.gather(*waiting, return_exceptions=True)
        await closed(link)
        return found

    for n, found in enumerate(run(ask())):
        if n % 3:
            assert found == [str(n).encode(), b"x"]
        else:
            assert isinstance(found, asyncio.CancelledError)


def test_who_has_waited_too_long_is_told_so(settings, breaker):
    def hangs_later(connection):
        polite_until(connection, b"HGET")
        never(connection)

    async def ask(opened):
        link = AsyncRedis()
        assert await link.ask((("PING",),)) == [b"PONG"]
        started = time.monotonic()
        waiting = [link.ask((("HGET", "a", str(n)),)) for n in range(10)]
        assert await asyncio.gather(*waiting) == [None] * 10
        assert 0.09 < time.monotonic() - started < 0.4
        assert (breaker.failures, link.connection, list(link.waiting)) == (1, None, [])
        # It is opened anew.
        assert await link.ask((("PING",),)) == [b"PONG"]
        assert (breaker.failures, len(opened)) == (0, 2)
        await closed(link)

    with listening(hangs_later) as (url, opened):
        settings.REDIS_URL = url
        run(ask(opened))


def test_a_loop_that_was_held_up_blames_nobody(on_redis, breaker):  # noqa: F811
    async def ask():
        link = AsyncRedis()
        while await link.ask((("PING",),)) is None:
            await asyncio.sleep(0.1)
        breaker.failures = 0
        asked = link.ask((("ECHO", "x"),))
        await asyncio.sleep(0)
        time.sleep(0.3)
        found = await asked
        await closed(link)
        return found

    assert run(ask()) == [b"x"]
    assert breaker.failures == 0


def test_a_connection_that_ends_in_the_middle(settings, breaker):
    """What was sent and what was not is answered by nothing, and nothing of it goes out later."""
    heard = []

    def hangs_up(connection):
        while data := connection.recv(4096):
            heard.append(data)
            if b"HGET" in data:
                connection.close()
                return
            connection.sendall(b"+PONG\r\n" if b"PING" in data else b"+OK\r\n" * data.count(b"*"))

    async def ask():
        link = AsyncRedis()
        assert await link.ask((("PING",),)) == [b"PONG"]
        sent = link.ask((("HGET", "a", "sent"),))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        while link.connection is not None:
            unsent = link.ask((("HGET", "a", "unsent"),))
            await asyncio.sleep(0)
        assert [await sent, await unsent] == [None, None]
        assert await link.ask((("PING",),)) == [b"PONG"]
        await asyncio.sleep(0.05)
        await closed(link)

    with listening(hangs_up) as (url, opened):
        settings.REDIS_URL = url
        run(ask())
        assert len(opened) == 2
    assert b"PING" in heard[-1]
    assert b"HGET" not in b"".join(heard[-2:])


def reset(connection):
    """RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


async def slowly():
    """Keeps each turn of the loop so long that what others do meanwhile falls into the same."""
    while True:
        time.sleep(0.001)
        await asyncio.sleep(0)


def test_one_that_is_reset_while_it_opens(settings, breaker):
    """Where uvloop raises what is no OSError."""

    async def ask():
        turns = asyncio.ensure_future(slowly())
        for failures in range(1, 21):
            link = AsyncRedis()
            breaker.next_try = None
            assert await link.ask((("PING",),)) is None
            assert (link.connection, breaker.failures) == (None, failures)
        turns.cancel()

    with listening(reset) as (url, opened):
        settings.REDIS_URL = url
        run(ask())
        assert len(opened) == 20


def test_one_that_is_reset_while_it_is_asked(settings, breaker):
    def resets(connection):
        polite_until(connection, b"HGET")
        reset(connection)

    async def ask():
        turns = asyncio.ensure_future(slowly())
        for _ in range(20):
            link = AsyncRedis()
            assert await link.ask((("PING",),)) == [b"PONG"]
            asked = [link.ask((("HGET", "a", "b"),))]
            while link.connection is not None:
                asked.append(link.ask((("HGET", "a", "c"),)))
                await asyncio.sleep(0)
            assert set(await asyncio.gather(*asked)) == {None}
        turns.cancel()

    with listening(resets) as (url, _):
        settings.REDIS_URL = url
        run(ask())


def test_one_that_is_closed_while_it_rests_costs_no_question(on_redis, breaker, patient):  # noqa: F811
    async def ask():
        link = AsyncRedis()
        await link.ask((("CLIENT", "SETNAME", "front"),))
        for client in on_redis.client_list():
            if client["name"] == "front":
                on_redis.client_kill_filter(_id=client["id"])
        while link.connection is not None:
            await asyncio.sleep(0.01)
        found = await link.ask((("ECHO", "x"),))
        await closed(link)
        return found

    assert run(ask()) == [b"x"]
    assert breaker.failures == 0


def test_the_breaker_is_that_of_the_threads(settings, breaker, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.CACHES = {
        "default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": settings.REDIS_URL}
    }

    async def ask():
        link = AsyncRedis()
        for _ in range(3):
            assert await link.ask((("PING",),)) is None
        with pytest.raises(redislink.RedisAway):
            redislink.ask(("PING",))
        assert breaker.failures == 3
        started = time.monotonic()
        # No task, no connection: the answer is there already.
        assert link.ask((("PING",),)).result() is None
        assert time.monotonic() - started < 0.05

    run(ask())


def test_one_question_is_enough_to_find_that_it_is_back(settings, breaker, monkeypatch):
    async def ask(url):
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        link = AsyncRedis()
        for _ in range(3):
            await link.ask((("PING",),))
        settings.REDIS_URL = url
        assert await link.ask((("PING",),)) is None
        breaker.next_try = time.monotonic()
        found = await link.ask((("PING",),))
        await closed(link)
        return found

    with listening(polite) as (url, _):
        assert run(ask(url)) == [b"PONG"]
    assert (breaker.failures, breaker.next_try) == (0, None)


def test_one_that_takes_connections_and_says_nothing(settings, breaker):
    async def ask():
        link, started = AsyncRedis(), time.monotonic()
        for _ in range(3):
            assert await asyncio.gather(*(link.ask((("PING",),)) for _ in range(20))) == [None] * 20
        assert time.monotonic() - started < 2
        assert link.ask((("PING",),)).result() is None

    with listening(never) as (url, _):
        settings.REDIS_URL = url
        run(ask())
    assert breaker.failures == 3


# --- a WSGI application in threads ------------------------------------------------------


class Connection:
    """A server's side of ASGI: what was sent to the client, and what comes from it."""

    def __init__(self, *pieces, stalls=False, gone=False):
        self.pieces, self.stalls, self.gone = list(pieces), stalls, gone
        self.sent, self.received = [], 0

    async def receive(self):
        if self.pieces:
            piece = self.pieces.pop(0)
            self.received += len(piece)
            more = bool(self.pieces) or self.stalls or self.gone
            return {"type": "http.request", "body": piece, "more_body": more}
        if self.gone:
            return {"type": "http.disconnect"}
        await asyncio.sleep(3600)
        return None

    async def send(self, message):
        self.sent.append(message)

    @property
    def answer(self):
        start, *pieces = self.sent
        assert start["type"] == "http.response.start"
        assert [p.get("more_body", False) for p in pieces] == [True] * (len(pieces) - 1) + [False]
        return start["status"], dict(start["headers"]), b"".join(p.get("body", b"") for p in pieces)


def scope(path=b"/", method="GET", query=b"", headers=()):
    return {
        "type": "http",
        "method": method,
        "path": "wrong",
        "raw_path": path,
        "query_string": query,
        "http_version": "1.1",
        "scheme": "http",
        "root_path": "",
        "server": ("127.0.0.1", 8000),
        "client": ("192.0.2.1", 5000),
        "headers": list(headers),
    }


def served(app, connection, **what):
    async def serve():
        door = WSGIInThreads(app, Threads(2))
        await door(environ_of(scope(**what)), connection.receive, connection.send)

    run(serve())
    return connection.answer


def echo(environ, start_response):
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", str(len(body))), ("X-Name", "caf\xe9")])
    return [body]


@pytest.mark.parametrize("size", [1, 70_000, 3_000_000])
def test_bodies_come_whole(size):
    pieces = [b"x" * (size // 3), b"y" * (size - size // 3)]
    headers = [(b"content-length", str(size).encode())]
    status, found, body = served(echo, Connection(*pieces), method="POST", headers=headers)
    assert (status, body) == (200, b"".join(pieces))
    assert found == {b"content-length": str(size).encode(), b"x-name": "caf\xe9".encode("latin-1")}


@pytest.mark.parametrize(
    "header",
    [
        (b"content-length", str(LONGEST_BODY + 1).encode()),
        (b"content-length", b"9" * 5000),
        (b"transfer-encoding", b"chunked"),
    ],
    ids=lambda header: b" ".join(header)[:20].decode(),
)
def test_what_is_refused_is_not_kept_but_read(header):
    """The client comes to read the refusal only when it could send all."""
    connection = Connection(*[b"x" * 1000] * 5)
    assert served(echo, connection, method="POST", headers=[header])[0::2] == (200, b"")
    assert connection.received == 5000


def test_one_that_sends_no_more_is_not_waited_for_long():
    started = time.monotonic()
    headers = [(b"transfer-encoding", b"chunked")]
    connection = Connection(b"x", stalls=True)
    assert served(echo, connection, method="POST", headers=headers)[0] == 200
    assert time.monotonic() - started < 1


def test_a_client_that_goes_before_it_has_sent_all():
    headers = [(b"content-length", b"10")]
    connection = Connection(b"x", gone=True)
    assert served(echo, connection, method="POST", headers=headers)[0] == 408


def test_pieces_go_out_one_by_one():
    seen = []

    def stream(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/csv")])
        for n in range(3):
            seen.append(len(connection.sent))
            yield b"%d" % n

    connection = Connection()
    assert served(stream, connection)[2] == b"012"
    assert seen == [0, 2, 3]


class Pieces:
    """Endless, and closed."""

    def __init__(self):
        self.closed, self.taken = threading.Event(), 0

    def __call__(self, environ, start_response):
        start_response("200 OK", [])
        return self

    def __iter__(self):
        return self

    def __next__(self):
        self.taken += 1
        return b"x"

    def close(self):
        self.closed.set()


def test_a_thread_does_not_wait_for_a_client_that_has_gone():
    """It took a piece, then none, then left: servers then cancel the request."""
    endless = Pieces()

    async def serve():
        threads = Threads(1)
        connection = Connection()

        async def send(message):
            await connection.send(message)
            if len(connection.sent) > 3:
                await asyncio.sleep(3600)

        door = WSGIInThreads(endless, threads)
        request = asyncio.ensure_future(door(environ_of(scope()), connection.receive, send))
        while len(connection.sent) < 4:
            await asyncio.sleep(0.01)
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
        assert await threads.run(endless.closed.wait, 5)

    run(serve())
    assert endless.taken < 6


def test_a_request_that_is_cancelled_ends_in_its_thread():
    """Its body stays open as long as it may be read."""
    go, found = threading.Event(), []

    def slow(environ, start_response):
        go.wait(5)
        found.append(environ["wsgi.input"].read())
        start_response("200 OK", [("Content-Length", "0")])
        return []

    async def serve():
        threads, connection = Threads(1), Connection(b"body")
        environ = environ_of(scope(headers=[(b"content-length", b"4")]))
        door = WSGIInThreads(slow, threads)
        request = asyncio.ensure_future(door(environ, connection.receive, connection.send))
        await asyncio.sleep(0.05)
        request.cancel()
        # One that has not begun is not called at all.
        never = threads.run(found.append, "never")
        never.cancel()
        await asyncio.sleep(0.05)
        go.set()
        await threads.run(lambda: None)

    run(serve())
    assert found == [b"body"]


def test_threads_give_back_what_was_returned_or_raised():
    async def ask():
        threads = Threads(3)
        names = await asyncio.gather(*[threads.run(name_after, 0.02) for _ in range(9)])
        with pytest.raises(ZeroDivisionError):
            await threads.run(lambda: 1 / 0)
        return names

    assert set(run(ask())) == {"django_0", "django_1", "django_2"}


def name_after(seconds):
    time.sleep(seconds)
    return threading.current_thread().name


def test_a_thread_outlives_the_loop_that_asked_it():
    threads, go = Threads(1), threading.Event()

    async def leave():
        threads.run(go.wait, 5)

    run(leave())
    go.set()

    async def come_back():
        return await threads.run(lambda: "still there")

    assert run(come_back()) == "still there"


def broken_at_once(environ, start_response):
    raise KeyError


def broken_later(environ, start_response):
    start_response("200 OK", [("Content-Length", "5")])
    return (1 // 0 for _ in "x")


def broken_in_the_middle(environ, start_response):
    start_response("200 OK", [])
    yield b"x"
    raise KeyError


@pytest.mark.parametrize(
    ("app", "sent"), [(broken_at_once, 0), (broken_later, 0), (broken_in_the_middle, 2)]
)
def test_what_the_application_raises_reaches_the_server(app, sent):
    connection = Connection()
    with pytest.raises((KeyError, ZeroDivisionError)):
        served(app, connection)
    assert len(connection.sent) == sent


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (b"/a/", "/a/"),
        (b"/a%20b", "/a b"),
        (b"/%ff%C3%A9", "/\xff\xc3\xa9"),
        (b"/a%2Fb%00", "/a/b\x00"),
        (b"//a//", "//a//"),
        (b"http://localhost/a/?x", "/a/"),
        (b"http://localhost", "/"),
        (b"/http://x/", "/http://x/"),
        (b"*", "*"),
    ],
)
def test_paths_are_what_wsgi_makes_of_them(raw, path):
    assert environ_of(scope(path=raw))["PATH_INFO"] == path


def test_headers_in_the_words_of_wsgi():
    headers = [
        (b"host", b"localhost"),
        (b"content-type", b"a/b"),
        (b"x-name", b"caf\xe9"),
        (b"accept", b"a"),
        (b"accept", b"b"),
    ]
    environ = environ_of(scope(headers=headers, query=b"a=%FF&b=\xe9"))
    assert environ["QUERY_STRING"] == "a=%FF&b=\xe9"
    assert environ["CONTENT_TYPE"] == "a/b"
    assert environ["HTTP_X_NAME"] == "caf\xe9"
    assert environ["HTTP_ACCEPT"] == "a,b"
    assert environ["REMOTE_ADDR"] == "192.0.2.1"
    assert environ_of(scope() | {"client": None})["REMOTE_ADDR"] == ""
    assert isinstance(environ["wsgi.errors"], io.TextIOBase)
