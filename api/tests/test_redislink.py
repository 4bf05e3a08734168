"""Redis in one round trip, and what happens when it is slow, closed or away."""

import os
import socket
import threading
import time
from contextlib import contextmanager, suppress

import pytest
import redis
from django.conf import settings as configured
from redis.exceptions import ResponseError

from api import metrics, redislink
from api.redislink import Breaker, Complaints, RedisAway, ask

REDIS = configured.REDIS_URL
# A machine that is busy with other tests can be slower than what a request waits for.
PATIENT = f"{REDIS}?socket_timeout=5&socket_connect_timeout=5"

needs_redis = pytest.mark.skipif(not REDIS, reason="needs Redis")


@pytest.fixture(autouse=True)
def _fresh(settings, monkeypatch):
    """A breaker that no other test has opened, and no connection of another test."""
    if REDIS:
        use(settings, PATIENT)
    monkeypatch.setattr(redislink, "breaker", Breaker())
    monkeypatch.setattr(redislink, "complaints", Complaints())
    monkeypatch.setattr(redislink, "kept", redislink.Kept())


@pytest.fixture
def server():
    """Redis itself, by another way."""
    client = redis.Redis.from_url(REDIS)
    client.flushdb()
    yield client
    client.flushdb()
    client.close()


def use(settings, url):
    settings.REDIS_URL = url
    settings.CACHES = configured.CACHES | {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": url,
            "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 0.1, "SOCKET_TIMEOUT": 0.1},
        }
    }


@contextmanager
def listening(serve):
    """A server of our own on a free port; `serve` gets each connection, in a thread."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        done, opened = threading.Event(), []

        def accept():
            while not done.is_set():
                try:
                    connection = listener.accept()[0]
                except TimeoutError:
                    continue
                opened.append(connection)
                threading.Thread(target=run, args=[connection], daemon=True).start()

        def run(connection):
            # A test may end before its client was answered.
            with suppress(OSError):
                serve(connection)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0", opened
        finally:
            done.set()
            thread.join()
            for connection in opened:
                connection.close()


def never(connection):
    """Hangs."""


def polite(connection):
    polite_until(connection, b"nothing of this")


def polite_until(connection, word):
    """As much of Redis as a handshake needs, and PING."""
    while (data := connection.recv(4096)) and word not in data:
        connection.sendall(b"+PONG\r\n" if b"PING" in data else b"+OK\r\n" * data.count(b"*"))


def failures():
    return metrics.REGISTRY.get_sample_value("mylist_redis_failures_total")


def is_open():
    return metrics.REGISTRY.get_sample_value("mylist_redis_breaker_open")


# --- asking --------------------------------------------------------------------


@needs_redis
def test_replies_come_in_order(server):
    server.hset("page", "first", b"x" * 7000)
    replies = ask(("INCR", "n"), ("EXPIRE", "n", 60), ("HGET", "page", "first"), ("GET", b"none"))
    assert replies == [1, 1, b"x" * 7000, None]
    assert server.ttl("n") == 60


def test_all_is_sent_before_anything_is_read(settings):
    heard = []

    def hears(connection):
        while data := connection.recv(4096):
            heard.append(data)
            connection.sendall(b"+OK\r\n" * data.count(b"*"))

    with listening(hears) as (url, _):
        use(settings, url)
        ask(("PING",))
        heard.clear()
        assert ask(("INCR", "n"), ("HGET", "page", "first")) == [b"OK", b"OK"]
    assert [(b"INCR" in data, b"HGET" in data) for data in heard] == [(True, True)]


@needs_redis
def test_long_replies_and_bytes_of_any_kind(server):
    value = bytes(range(256)) * 4000
    assert ask(("SET", "k", value), ("GET", "k")) == [b"OK", value]


@needs_redis
def test_a_refused_command_is_an_item(server, caplog):
    server.set("word", "no number")
    known = failures()
    one, two, three = ask(("INCR", "word"), ("SET", "k", 1), ("LPUSH", "word", "secret"))
    assert isinstance(one, ResponseError)
    assert two == b"OK"
    assert isinstance(three, ResponseError)
    assert ask(("GET", "k")) == [b"1"]
    ask(("INCR", "word"))
    assert failures() == known + 2
    # One line a minute, with Redis's own words for it.
    assert [record.msg["refusals"] for record in caplog.records] == [["ERR", "WRONGTYPE"]]


@needs_redis
def test_complaints_come_again_after_a_minute(caplog, monkeypatch):
    complaints = Complaints()
    for now in (100.0, 159.0, 161.0):
        monkeypatch.setattr(redislink.time, "monotonic", lambda now=now: now)
        complaints.about([1, ResponseError("OOM command not allowed")])
    assert [record.msg["refusals"] for record in caplog.records] == [["OOM"], ["OOM"]]


@needs_redis
def test_a_full_redis_refuses_and_is_not_away(server):
    server.config_set("maxmemory", "1")
    server.config_set("maxmemory-policy", "noeviction")
    try:
        for _ in range(5):
            refused, read = ask(("INCR", "n"), ("GET", "n"))
            assert str(refused).startswith("OOM")
            assert read is None
        assert redislink.breaker.next_try is None
    finally:
        server.config_set("maxmemory", "0")
    assert ask(("INCR", "n")) == [1]


def test_a_command_that_cannot_be_sent_is_a_defect_of_ours(settings):
    use(settings, "redis://127.0.0.1:1/0")
    with pytest.raises(TypeError):
        ask(("GET", None))
    assert redislink.breaker.failures == 0


# --- asking, and hearing later ----------------------------------------------------


@needs_redis
def test_replies_may_wait(server):
    server.set("k", "v")
    question = redislink.send(("INCR", "n"), ("GET", "k"))
    assert question.replies() == question.replies() == [1, b"v"]


@needs_redis
def test_who_asks_meanwhile_gets_their_own(server):
    server.mset({"mine": "me", "theirs": "them"})
    mine = redislink.send(("GET", "mine"))
    assert ask(("GET", "theirs")) == [b"them"]
    assert mine.replies() == [b"me"]


@needs_redis
def test_what_nobody_waits_for_is_done(server):
    mine = ask(("CLIENT", "ID"))
    for n in range(5):
        redislink.tell(("SET", "k", n), ("INCR", "n"))
    assert ask(("GET", "k"), ("GET", "n")) == [b"4", b"5"]
    assert ask(("CLIENT", "ID")) == mine


@needs_redis
def test_its_refusals_are_told_too(server, caplog):
    server.set("word", "no number")
    known = failures()
    redislink.tell(("INCR", "word"))
    ask(("PING",))
    assert failures() == known + 1
    assert [record.msg["refusals"] for record in caplog.records] == [["ERR"]]


@needs_redis
@pytest.mark.parametrize("told", [False, True], ids=["at rest", "with replies to come"])
def test_a_connection_that_ends_while_a_question_is_under_way(server, told):
    ask(("PING",))
    if told:
        redislink.tell(("SET", "told", 1))
    mine = redislink.send(("SET", "k", "v"), ("GET", "k"))
    server.client_kill_filter(_type="normal", skipme=True)
    assert mine.replies() == [b"OK", b"v"]
    assert ask(("PING",)) == [b"PONG"]
    assert redislink.breaker.failures == 0


def test_nobody_waits_for_a_redis_that_hangs_to_tell_it_something(settings):
    def dozes_off(connection):
        polite_until(connection, b"told")

    with listening(dozes_off) as (url, _):
        use(settings, url)
        assert ask(("PING",)) == [b"PONG"]
        started = time.monotonic()
        redislink.tell(("SET", "told", 1))
        assert time.monotonic() - started < 0.05
        # The next one finds it out, within the same time as ever.
        with pytest.raises(RedisAway):
            ask(("PING",))
        assert 0.09 < time.monotonic() - started < 0.3
        assert redislink.breaker.failures == 1
        redislink.breaker.succeeded()
        assert ask(("PING",)) == [b"PONG"]


@needs_redis
def test_a_question_whose_connection_was_given_up(server, settings):
    use(settings, REDIS + "?socket_timeout=0.2")
    ask(("PING",))
    server.client_pause(500)
    lost = redislink.send(("GET", "k"))
    with pytest.raises(RedisAway):
        ask(("PING",))
    with pytest.raises(RedisAway):
        lost.replies()
    time.sleep(0.5)
    assert ask(("PING",)) == [b"PONG"]


@needs_redis
def test_time_that_passes_before_they_are_heard_is_not_redis_own(server, settings):
    use(settings, REDIS + "?socket_timeout=0.1")
    question = redislink.send(("SET", "k", b"x" * 10**7), ("GET", "k"))
    time.sleep(0.3)
    assert question.replies()[0] == b"OK"


# --- connections -----------------------------------------------------------------


@needs_redis
def test_a_thread_keeps_one_connection(server):
    ids = [ask(("CLIENT", "ID"))[0] for _ in range(3)]
    assert len(set(ids)) == 1
    others = []
    threads = [
        threading.Thread(target=lambda: others.append(ask(("CLIENT", "ID"))[0])) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({*ids, *others}) == 4


@needs_redis
def test_the_address_holds_its_options(settings, server):
    use(settings, REDIS.removesuffix("/0") + "/3?client_name=lists&socket_timeout=4.5")
    info = ask(("CLIENT", "INFO"))[0].decode()
    assert " db=3 " in info
    assert " name=lists " in info
    assert redislink.kept.link.socket.gettimeout() == 4.5


@needs_redis
def test_a_connection_that_redis_closed_costs_no_failure(server, caplog):
    known = failures()
    first = ask(("CLIENT", "ID"))[0]
    for _ in range(redislink.FAILURES + 1):
        server.client_kill_filter(_id=str(ask(("CLIENT", "ID"))[0]))
        assert ask(("PING",)) == [b"PONG"]
    assert ask(("CLIENT", "ID"))[0] != first
    assert redislink.breaker.failures == 0
    assert failures() == known
    assert not caplog.records


def test_it_is_tried_again_once(settings):
    """The second connection is closed as well."""

    def close_on_ping(connection):
        while data := connection.recv(4096):
            if b"PING" in data:
                connection.close()
                return
            connection.sendall(b"+OK\r\n" * data.count(b"*"))

    serve = iter([polite, close_on_ping, polite])
    with listening(lambda connection: next(serve)(connection)) as (url, opened):
        use(settings, url)
        assert ask(("PING",)) == [b"PONG"]
        opened[0].shutdown(socket.SHUT_RDWR)
        with pytest.raises(RedisAway):
            ask(("PING",))
        assert len(opened) == 2
        assert redislink.breaker.failures == 1
        assert ask(("PING",)) == [b"PONG"]
        assert redislink.breaker.failures == 0


@needs_redis
def test_a_late_reply_is_never_taken_for_the_next_answer(settings, server):
    use(settings, REDIS + "?socket_timeout=0.2")
    server.set("mine", "me")
    ask(("GET", "mine"))
    server.client_pause(500)
    with pytest.raises(RedisAway):
        ask(("SET", "theirs", "them"), ("GET", "theirs"))
    time.sleep(0.5)
    assert ask(("GET", "mine")) == [b"me"]


@needs_redis
def test_nor_is_one_that_an_interrupt_left(server, monkeypatch):
    server.mset({"mine": "me", "theirs": "them"})
    ask(("PING",))
    read, calls = redislink.Link.reply, []

    def interrupted(link, now):
        calls.append(1)
        if len(calls) == 2:
            raise SystemExit
        return read(link, now)

    with monkeypatch.context() as patch:
        patch.setattr(redislink.Link, "reply", interrupted)
        with pytest.raises(SystemExit):
            ask(("GET", "theirs"), ("GET", "theirs"))
    assert ask(("GET", "mine")) == [b"me"]


@needs_redis
def test_a_child_opens_its_own(server):
    mine = ask(("CLIENT", "ID"))[0]
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        try:
            os.write(writing, b"%d" % ask(("CLIENT", "ID"))[0])
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    theirs = int(os.read(reading, 100))
    os.close(reading)
    os.close(writing)
    assert theirs != mine
    assert ask(("CLIENT", "ID"))[0] == mine


# --- away ----------------------------------------------------------------------


def test_a_redis_that_hangs_costs_three_time_outs_and_then_nothing(settings, caplog):
    with listening(never) as (url, opened):
        use(settings, url)
        known, started = failures(), time.monotonic()
        for _ in range(redislink.FAILURES):
            with pytest.raises(RedisAway):
                ask(("PING",))
        hung = time.monotonic() - started
        for _ in range(1000):
            with pytest.raises(RedisAway):
                ask(("PING",))
        assert time.monotonic() - started - hung < 0.5
        assert hung < 1
        assert len(opened) == redislink.FAILURES
        assert failures() == known + redislink.FAILURES
        assert is_open() == 1
        # One line, without the address.
        assert [record.msg["event"] for record in caplog.records] == ["redis is away"]
        assert url[8:20] not in caplog.text


def test_a_time_out_is_not_tried_again(settings):
    """An open connection, on which nothing comes any more."""

    def dozes_off(connection):
        polite_until(connection, b"GET")

    with listening(dozes_off) as (url, opened):
        use(settings, url)
        assert ask(("PING",)) == [b"PONG"]
        started = time.monotonic()
        with pytest.raises(RedisAway):
            ask(("GET", "k"))
        assert time.monotonic() - started > 0.09
        assert len(opened) == 1


def test_one_that_answers_drop_by_drop_is_away_too(settings):
    def drops(connection):
        while data := connection.recv(4096):
            if b"PING" not in data:
                connection.sendall(b"+OK\r\n" * data.count(b"*"))
                continue
            for _ in range(100):
                connection.sendall(b"+")
                time.sleep(0.04)

    with listening(drops) as (url, _):
        use(settings, url)
        started = time.monotonic()
        with pytest.raises(RedisAway):
            ask(("PING",))
        assert time.monotonic() - started < 0.6


def test_what_is_not_redis_is_away(settings):
    with listening(lambda connection: connection.sendall(b"HTTP/1.1 400\r\n\r\n")) as (url, _):
        use(settings, url)
        with pytest.raises(RedisAway):
            ask(("PING",))


def test_a_closed_port_is_away(settings):
    use(settings, "redis://127.0.0.1:1/0")
    with pytest.raises(RedisAway):
        ask(("PING",))


def test_it_comes_back(settings, caplog, monkeypatch):
    now = 1000.0
    monkeypatch.setattr(redislink.time, "monotonic", lambda: now)
    serve = [never] * redislink.FAILURES
    with listening(lambda connection: (serve.pop() if serve else polite)(connection)) as (url, _):
        use(settings, url)
        for _ in range(redislink.FAILURES + 2):
            with pytest.raises(RedisAway):
                ask(("PING",))
        assert is_open() == 1
        now += redislink.REST_SECONDS
        assert ask(("PING",)) == [b"PONG"]
        assert is_open() == 0
    events = [record.msg["event"] for record in caplog.records]
    assert events == ["redis is away", "redis is back"]


# --- the breaker, by a clock of its own -------------------------------------------


def broken(now=0.0):
    breaker = Breaker()
    for _ in range(redislink.FAILURES):
        assert breaker.allows(now)
        breaker.failed(now, RedisAway())
    return breaker


def test_three_in_a_row_open_it():
    breaker = Breaker()
    for _ in range(10):
        breaker.failed(0, RedisAway())
        breaker.failed(0, RedisAway())
        breaker.succeeded()
    assert breaker.allows(0)
    assert not broken().allows(1.9)


def test_then_one_caller_tries_each_two_seconds():
    breaker = broken()
    assert [breaker.allows(now) for now in (1.9, 2.0, 2.1, 3.9)] == [False, True, False, False]
    # Whoever tried at 2.0 never reported back.
    assert breaker.allows(4.0)
    breaker.failed(4.1, RedisAway())
    assert not breaker.allows(6.0)
    assert breaker.allows(6.1)


def test_a_success_closes_it_for_all():
    breaker = broken()
    assert breaker.allows(2)
    breaker.succeeded()
    assert breaker.allows(2)
    breaker.failed(2, RedisAway())
    assert breaker.allows(2)


def test_of_many_threads_one_tries():
    breaker, tried = broken(), []
    gate = threading.Barrier(8)

    def caller():
        gate.wait()
        if breaker.allows(2.5):
            tried.append(1)

    threads = [threading.Thread(target=caller) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tried) == 1
