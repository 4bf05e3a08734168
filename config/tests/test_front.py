"""The front answers as Django alone does, byte for byte, and what it does not know it passes on."""

import io
import random
import re

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection

from accounts import tokens
from accounts.models import SignIn
from accounts.tests.forging import claims_of, token
from api import limits, metrics
from catalog.tests.factories import GenreFactory, MovieFactory, TVShowFactory
from config import front
from conftest import make
from mylist import pagecache, pages
from mylist.models import MyList
from mylist.registry import MODELS
from mylist.tests.services import keeps_tokens, on_redis  # noqa: F401 - a fixture
from mylist.tokens import tokens_now

pytestmark = [pytest.mark.django_db, keeps_tokens]

HERE = "/api/v1/mylist/"
HOSTS = ["localhost", "LocalHost:8000", "127.0.0.1:80", "[::1]:8000"]
ODD_HOSTS = ["evil.example.com", "localhost:x", "localhost.", "", None, "local\xe9host"]


@pytest.fixture(autouse=True)
def _settled(settings):
    """What the front keeps of settings for good; tests change them. And the connection, in whose
    transaction the test is, stays open after a request."""
    settings.NUM_PROXIES = 0
    forget()
    # Django's test client connects the first one anew.
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield
    request_finished.connect(close_old_connections)
    forget()


def forget():
    for each in (front.base_of, front.always):
        each.cache_clear()


# --- asking -----------------------------------------------------------------------


def environ(path=HERE, query="", method="GET", body=b"", **more):
    made = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SCRIPT_NAME": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.1",
        "HTTP_HOST": "localhost",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
    } | more
    return {name: value for name, value in made.items() if value is not None}


def answer_of(app, environ):
    """Status, headers and body."""
    said = []
    given = environ | {"wsgi.input": io.BytesIO(environ["wsgi.input"].getvalue())}
    pieces = app(given, lambda status, headers, exc_info=None: said.extend((status, headers)))
    body = b"".join(pieces)
    if hasattr(pieces, "close"):
        pieces.close()
    return said[0], sorted(said[1]), body


def plain(answer, request_id):
    """Without what differs from one request to the next: ids that we made, and the seconds left."""
    status, headers, body = answer
    own = dict(headers)["X-Request-ID"]
    if own != request_id:
        assert re.fullmatch(r"[0-9a-f]{32}", own)
        headers = [pair for pair in headers if pair != ("X-Request-ID", own)]
        body = body.replace(own.encode(), b"an id")
    seconds = ("X-RateLimit-Reset", "Retry-After")
    headers = [
        (name, "60" if name in seconds else re.sub(r";t=\d+$", ";t=60", value))
        for name, value in headers
    ]
    return status, headers, body


def unreachable(environ, start_response):
    raise AssertionError("the front passed it on")


COUNTED = ("mylist_requests_total", "mylist_page_reads_total", "mylist_request_seconds_count")


def counted():
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for metric in metrics.REGISTRY.collect()
        for sample in metric.samples
        if sample.name in COUNTED
    }


# --- people and their requests --------------------------------------------------------


@pytest.fixture
def people(ann, bob, on_redis):  # noqa: F811
    """Ann has 30 titles of both kinds; `people` knows her cursors and all sorts of tokens."""
    return People(ann, bob)


class People:
    def __init__(self, ann, bob):
        self.ann, self.bob = ann, bob
        drama = GenreFactory(name="Drama")
        for n in range(30):
            title = (MovieFactory if n % 3 else TVShowFactory)(title=f'T"{n}é', genres=[drama])
            MyList.add(ann, MODELS[type(title)], title.pk, f"note {n}")
        MyList.add(bob, MODELS[type(title)], title.pk)
        self.title = title
        self.right = tokens.sign_in(ann, "")["access"]
        self.cursors = self.found_cursors(ann)
        self.foreign = [pages.cursors_for(bob.pk, asked()).write(False, [10**6])]
        self.tokens = self.all_sorts(ann)

    def found_cursors(self, ann):
        """`(query, cursor)`: both ways, of the whole list and of a kind."""
        found = []
        for query in ("", "page_size=5", "content_type=movie", "content_type=movie&page_size=5"):
            page = pages.read(ann.pk, asked(query)).page
            for _ in range(3):
                if page.next:
                    found.append((query, page.next))
                    following = asked(f"{query}&cursor={page.next}".lstrip("&"))
                    page = pages.read(ann.pk, following).page
                if page.previous:
                    found.append((query, page.previous))
        return found

    def all_sorts(self, ann):
        right, refresh = tokens.sign_in(ann, "").values()
        row = SignIn.objects.filter(user=ann).first()
        ended = [self.of_somebody(n) for n in ("away", "gone", "out")]
        return [
            None,
            "",
            "Bearer",
            "Bearer ",
            "Bearer rubbish",
            "Basic YTpi",
            right,
            f"bearer {right}",
            f"Bearer  {right}",
            f"Bearer {right} ",
            f"Bearer {right}x",
            f"Bearer {right},Bearer {right}",
            f"Bearer {refresh}",
            f"Bearer {token(claims_of(row, exp=1_600_000_000))}",
            f"Bearer {token(claims_of(row, user_id=ann.pk + 1))}",
            f"Bearer {token(claims_of(row, sid=10**9))}",
            f"Bearer {token(claims_of(row), key='k' * 40)}",
            "Bearer \xe9",
            *(f"Bearer {raw}" for raw in ended),
        ]

    def of_somebody(self, end):
        user = make(f"{end}@example.com")
        raw = tokens.sign_in(user, "")["access"]
        if end == "gone":
            user.delete()
        elif end == "away":
            type(user).objects.filter(pk=user.pk).update(is_active=False)
        else:
            SignIn.objects.filter(user=user).delete()
        return raw

    def queries(self, dice):
        query, cursor = dice.choice(self.cursors)
        return [
            "",
            "page_size=5",
            "page_size=100",
            "content_type=tvshow",
            "page_size=3&content_type=movie",
            "content_type=movie&page_size=3",
            f"{query}&cursor={cursor}".lstrip("&"),
            f"cursor={cursor}&{query}".rstrip("&"),
        ]

    def odd_queries(self, dice):
        _, cursor = dice.choice(self.cursors)
        forged = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")
        return [
            f"cursor={cursor}&content_type=tvshow",
            f"cursor={forged}",
            f"cursor={dice.choice(self.foreign)}",
            f"cursor={cursor}&cursor={cursor}",
            f"cursor=%{ord(cursor[0]):02x}{cursor[1:]}",
            "cursor=",
            "cursor=x",
            "cursor=%FF",
            "content_type=",
            "content_type=film",
            "content_type=Movie",
            "page_size=020",
            "page_size=0",
            "page_size=101",
            "page_size=%35",
            "page_size=+5",
            "page_size= 5",
            "page_size=5 ",
            "page_size=\u0663".encode().decode("latin-1"),
            "page_size=5&page_size=5",
            "page%5Fsize=5",
            "page_size",
            "page_size=5&",
            "&",
            "=",
            "=5",
            "unknown=1",
            "format=json",
            "\xff=1",
            "%FF=%FE",
            "page_size=5;content_type=movie",
            "page_size=5\n",
            "a" * 3000,
        ]

    def request(self, dice):
        """Mostly as plain as can be, with an oddity or two."""
        more = {
            "HTTP_AUTHORIZATION": f"Bearer {self.right}",
            "HTTP_HOST": dice.choice(HOSTS),
            "path": dice.choice(front.PATHS),
            "query": dice.choice(self.queries(dice)),
        }
        for odds, name, choices in self.oddities(dice):
            if dice.random() < odds:
                more[name] = dice.choice(choices)
        return environ(**more)

    def about_a_title(self, dice):
        there = f"{HERE}{MODELS[type(self.title)].name}/{self.title.pk}"
        missing = [
            there + "000000",
            f"{HERE}nothing/1",
            f"{HERE}movie/0",
            f"{HERE}movie/" + "9" * 19,
        ]
        method, path = dice.choice(
            [
                *(("GET", there), ("PUT", there), ("POST", there), ("PATCH", there)),
                *((method, path) for path in missing for method in ("GET", "PUT", "DELETE")),
            ]
        )
        more = {"method": method, "path": path + dice.choice(["", "/"])}
        for odds, name, choices in self.oddities(dice):
            if name not in ("path", "method") and dice.random() < odds / 2:
                more[name] = dice.choice(choices)
        body = dice.choice([b"", b"", b"{}", b'{"note":"x"}', b"no json", b"[]", b'{"note":5}'])
        if body and "CONTENT_LENGTH" not in more:
            more |= {
                "body": body,
                "CONTENT_LENGTH": str(len(body)),
                "CONTENT_TYPE": "application/json",
            }
        return environ(**{"HTTP_AUTHORIZATION": f"Bearer {self.right}"} | more)

    def oddities(self, dice):
        """How likely each is, and which there are."""
        paths = [f"{HERE}/", f"{HERE}1/", "/api/v1/myList/", f"{HERE}\xff", "/"]
        return [
            (0.3, "query", self.odd_queries(dice)),
            (0.3, "HTTP_AUTHORIZATION", self.tokens),
            (0.1, "HTTP_HOST", ODD_HOSTS),
            (0.2, "wsgi.url_scheme", ["https"]),
            (0.4, "HTTP_IF_NONE_MATCH", self.known()),
            (0.1, "method", ["HEAD", "OPTIONS", "PATCH", "TRACE", "get", "PUT"]),
            (0.05, "path", paths),
            *((0.04, name, choices) for name, choices in ODD.items()),
        ]

    def known(self):
        etag = '"the right one"'  # put in when it is known
        return [
            *(etag, etag, f"W/{etag}", f'"x", {etag}', f'{etag}, "x"', "*", '"wrong"', 'W/"wrong"'),
            *("", ",", "garbage", '"', etag.strip('"'), '"\xe9"', "*, *", f"{etag}x", ' "x" '),
        ]


ODD = {
    "HTTP_ORIGIN": ["https://app.example.com", "https://evil.example.com", "null", ""],
    "CONTENT_LENGTH": ["", "0", "00", "5", "-1", "x", "70000"],
    "CONTENT_TYPE": ["application/json", "text/plain", "x/y; charset=nonsense", "\xe9"],
    "HTTP_TRANSFER_ENCODING": ["chunked", ""],
    "HTTP_X_REQUEST_ID": ["abc-123", "a" * 128, "a" * 129, "not sane", "", "\xe9", 'a"b'],
    "HTTP_ACCEPT": ["text/html", "*/*", "nonsense", ""],
    "HTTP_ACCESS_CONTROL_REQUEST_METHOD": ["GET"],
    "HTTP_X_FORWARDED_FOR": ["192.0.2.9"],
    "HTTP_X_FORWARDED_PROTO": ["https"],
    "HTTP_X_FORWARDED_HOST": ["evil.example.com"],
    "HTTP_COOKIE": ["sessionid=x"],
    "HTTP_RANGE": ["bytes=0-10"],
    "HTTP_IF_MODIFIED_SINCE": ["Thu, 01 Jan 2026 00:00:00 GMT"],
    "HTTP_ACCEPT_ENCODING": ["gzip"],
    "REMOTE_ADDR": ["", "2001:db8::1"],
    "SCRIPT_NAME": ["/somewhere"],
}


def asked(query=""):
    return pages.plainly_asked(query)


# --- the two together ----------------------------------------------------------------


class Worlds:
    """Django alone, and behind the front: the same state before each of them is asked."""

    def __init__(self, redis, log):
        self.redis, self.log = redis, log
        self.django = WSGIHandler()
        self.behind = front.Front(self.django)

    def seen(self, app, environ, warm):
        """The answer, and all that anybody can see of it: access lines, metrics, counters."""
        self.prepare(environ, warm)
        before = counted()
        self.log.seek(0)
        self.log.truncate()
        answer = plain(answer_of(app, environ), environ.get("HTTP_X_REQUEST_ID"))
        after = counted()
        changed = {name: n - before.get(name, 0) for name, n in after.items()}
        return {
            "answer": answer,
            "lines": [unlike(line) for line in self.log.of("access")],
            "metrics": {name: n for name, n in changed.items() if n},
            "counters": self.counters(),
        }

    def prepare(self, environ, warm):
        if self.redis is None:
            return
        self.redis.flushdb()
        if warm:
            bare = {n: v for n, v in environ.items() if n != "HTTP_IF_NONE_MATCH"}
            answer_of(self.django, bare)
            for name in self.redis.keys("limit:*"):
                self.redis.delete(name)

    def counters(self):
        if self.redis is None:
            return {}
        return {re.sub(rb":\d+$", b"", k): self.redis.get(k) for k in self.redis.keys("limit:*")}

    def agree(self, environ, warm):
        alone = self.seen(self.django, environ, warm)
        behind = self.seen(self.behind, environ, warm)
        assert behind == alone, environ
        return alone


def unlike(line):
    return {n: v for n, v in line.items() if n not in ("ms", "timestamp", "request_id")} | {
        "keys": list(line)
    }


def with_etag(environ, etag):
    known = environ.get("HTTP_IF_NONE_MATCH")
    if known:
        known = known.replace('"the right one"', etag).replace("the right one", etag.strip('"'))
        environ["HTTP_IF_NONE_MATCH"] = known
    return environ


def etag_now(people):
    return pagecache.etag(tokens_now(people.ann.pk))


def secure(settings):
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 1000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True


def limited(settings):
    settings.RATE_LIMIT_MAX, settings.RATE_LIMIT_USER_MAX = 100, 1000


def only_addresses(settings):
    settings.RATE_LIMIT_MAX, settings.RATE_LIMIT_USER_MAX = 1, 0


def shut(settings):
    limited(settings)
    settings.RATE_LIMIT_USER_MAX = -1


def browsers(settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example.com"]


WAYS = {
    "as it is": lambda settings: None,
    "https": secure,
    "limits": limited,
    "people without a limit": only_addresses,
    "too many": shut,
    "browsers": browsers,
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_nobody_can_tell_who_answered(way, people, on_redis, log, settings):  # noqa: F811
    way(settings)
    dice = random.Random(f"front {way.__name__}")
    worlds, statuses = Worlds(on_redis, log), set()
    for n in range(150):
        if n % 10 == 0:
            write(people, dice)
        request = with_etag(people.request(dice), etag_now(people))
        found = worlds.agree(request, warm=dice.random() < 0.7)
        statuses.add(found["answer"][0][:3])
        if way in (limited, shut):
            assert sum(map(int, found["counters"].values())) in (0, 1)
    assert statuses >= {"429", "401"} if way is shut else statuses >= {"200", "304", "400", "401"}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_nor_of_what_is_done_with_one_title(way, people, on_redis, log, settings):  # noqa: F811
    """All that can be done twice with the same answer: the two do it one after the other."""
    way(settings)
    dice, statuses = random.Random(f"title {way.__name__}"), set()
    worlds = Worlds(on_redis, log)
    for _ in range(150):
        request = people.about_a_title(dice)
        found = worlds.agree(request, warm=False)
        statuses.add(found["answer"][0][:3])
        if way in (limited, shut):
            assert sum(map(int, found["counters"].values())) in (0, 1)
    assert statuses >= {"429", "401"} if way is shut else statuses >= {"200", "404"}


def test_nor_by_one_oddity_in_what_is_kept(people, on_redis, log, settings):  # noqa: F811
    limited(settings)
    browsers(settings)
    dice, worlds = random.Random("one"), Worlds(on_redis, log)
    for _, name, choices in people.oddities(dice):
        for choice in choices:
            asked = {"HTTP_AUTHORIZATION": f"Bearer {people.right}"} | {name: choice}
            worlds.agree(with_etag(environ(**asked), etag_now(people)), warm=True)


def write(people, dice):
    """What the next page must show."""
    kind = MODELS[type(people.title)]
    if dice.random() < 0.5:
        MyList.remove(people.ann, content_type_id=kind.content_type.pk, content_id=people.title.pk)
    else:
        MyList.add(people.ann, kind, people.title.pk, exist_ok=True)


def test_without_redis_too(people, log, settings, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    cache = settings.CACHES["default"]
    settings.CACHES = {"default": cache | {"LOCATION": settings.REDIS_URL}}
    monkeypatch.setattr(front.redislink, "kept", front.redislink.Kept())
    limited(settings)
    dice, worlds = random.Random(7), Worlds(None, log)
    for _ in range(100):
        worlds.agree(with_etag(people.request(dice), etag_now(people)), warm=False)


# --- who answered ----------------------------------------------------------------------


def of_ann(people, query="", **more):
    return environ(query=query, HTTP_AUTHORIZATION=f"Bearer {people.right}", **more)


@pytest.mark.parametrize("query", ["", "page_size=5", "content_type=movie&page_size=5", "cursor"])
def test_what_is_kept_never_comes_to_django(people, query):
    query = f"cursor={people.cursors[0][1]}" if query == "cursor" else query
    alone = answer_of(WSGIHandler(), of_ann(people, query))
    behind = answer_of(front.Front(unreachable), of_ann(people, query))
    assert plain(behind, None) == plain(alone, None)
    assert behind[0] == "200 OK"
    etag = dict(behind[1])["ETag"]
    known = answer_of(front.Front(unreachable), of_ann(people, query, HTTP_IF_NONE_MATCH=etag))
    assert (known[0], known[2]) == ("304 Not Modified", b"")


def test_a_304_reads_no_page(people, on_redis, monkeypatch):  # noqa: F811
    etag = etag_now(people)
    sent = asks_of(monkeypatch)
    answer_of(front.Front(unreachable), of_ann(people, HTTP_IF_NONE_MATCH=etag))
    assert sent == []


def test_a_hit_is_one_statement_and_one_round_trip(
    people, settings, monkeypatch, django_assert_num_queries
):
    limited(settings)
    answer_of(WSGIHandler(), of_ann(people))
    sent = asks_of(monkeypatch)
    with django_assert_num_queries(1):  # who it is, and the tokens
        answer_of(front.Front(unreachable), of_ann(people))
    assert sent == [["INCR", "EXPIRE", "HGET"]]


def asks_of(monkeypatch):
    """The commands that Redis was sent, by round trip."""
    sent, really = [], front.redislink.send

    def send(*commands):
        sent.append([command[0] for command in commands])
        return really(*commands)

    monkeypatch.setattr(front.redislink, "send", send)
    return sent


def test_what_was_written_shows_at_once(people):
    answer_of(WSGIHandler(), of_ann(people))
    before = answer_of(front.Front(unreachable), of_ann(people))
    MyList.remove(people.ann)
    after = answer_of(front.Front(WSGIHandler()), of_ann(people))
    assert before[2].startswith(b'{"count":30')
    assert after[2].startswith(b'{"count":0')


@pytest.mark.parametrize("end", ["sign-out", "password", "deactivated"])
def test_whoever_is_out_is_out_at_once(people, end):
    answer_of(WSGIHandler(), of_ann(people))
    if end == "sign-out":
        SignIn.objects.all().delete()
    elif end == "password":
        people.ann.change(password="another good password")
    else:
        type(people.ann).objects.update(is_active=False)
    for known in (None, "*"):
        request = of_ann(people, HTTP_IF_NONE_MATCH=known)
        assert answer_of(front.Front(WSGIHandler()), request)[0] == "401 Unauthorized"


def test_what_goes_on_to_django_is_untouched(people, settings):
    limited(settings)
    dice, seen = random.Random(3), []
    app = front.Front(lambda given, start: seen.append(given) or start("200 OK", []) or [b""])
    for _ in range(200):
        request = with_etag(people.request(dice), etag_now(people))
        before = dict(request)
        app(request, lambda *said: None)
        if seen:
            given = seen.pop()
            verdict = given.pop(limits.VERDICT, None)
            missed, known = given.pop(pagecache.MISSED, False), given.pop(front.KNOWN, None)
            assert not missed or known
            assert known is None or known[0].user_id == people.ann.pk
            assert verdict is None or verdict.used >= 1
            assert given == before
            assert given["wsgi.input"].tell() == 0


def test_on_a_miss_nothing_is_asked_twice(people, settings, monkeypatch, django_assert_num_queries):
    limited(settings)
    sent = asks_of(monkeypatch)
    with django_assert_num_queries(2):  # who, items with their titles
        answer = answer_of(front.Front(WSGIHandler()), of_ann(people))
    assert dict(answer[1])["X-RateLimit-Remaining"] == "999"
    assert sent == [["INCR", "EXPIRE", "HGET"], ["SET"], ["EVAL"]]


def test_whoever_makes_a_page_does_not_wait_for_themselves(people, settings, monkeypatch):
    """The door for ASGI has said so before; to say it again is to find that somebody has."""
    limited(settings)
    claims, request = tokens.read(people.right, tokens.Access), of_ann(people)
    row, sent = tokens.row_of(claims), asks_of(monkeypatch)
    front.Pass(row, True, None, missed=True, making=True).mark(request, claims)
    assert answer_of(WSGIHandler(), request)[0] == "200 OK"
    assert sent == [["EVAL"]]


def test_what_is_known_of_one_is_not_believed_of_another(people):
    """Should a front ever mix them up."""
    claims, bob = tokens.read(people.right, tokens.Access), tokens.sign_in(people.bob, "")
    known = {front.KNOWN: (claims, tokens.row_of(claims))}
    request = environ(HTTP_AUTHORIZATION=f"Bearer {bob['access']}") | known
    assert answer_of(WSGIHandler(), request)[2].startswith(b'{"count":1,')


def test_a_redis_that_goes_away_in_between_forgets_no_count(people, settings, monkeypatch):
    """Who has an old copy is counted by one round trip, and the page is read by another."""
    limited(settings)
    really = front.redislink.send

    def send(*commands):
        if commands[0][0] == "HGET":
            raise front.RedisAway
        return really(*commands)

    monkeypatch.setattr(front.redislink, "send", send)
    answer = answer_of(front.Front(WSGIHandler()), of_ann(people, HTTP_IF_NONE_MATCH='"old"'))
    assert (answer[0], dict(answer[1])["X-RateLimit-Remaining"]) == ("200 OK", "999")


def test_nothing_is_taken_back_that_was_never_counted(people, on_redis, settings, monkeypatch):  # noqa: F811
    limited(settings)
    SignIn.objects.all().delete()
    really, asked = front.redislink.send, []

    def send(*commands):
        asked.append(commands)
        if len(asked) == 1:
            raise front.RedisAway
        return really(*commands)

    monkeypatch.setattr(front.redislink, "send", send)
    assert answer_of(front.Front(WSGIHandler()), of_ann(people))[0] == "401 Unauthorized"
    # For Django took its own back, and counted the address.
    left = sorted(int(on_redis.get(name)) for name in on_redis.scan_iter("*limit:*"))
    assert left == [0, 1]


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_the_server_closed_costs_no_request(people):
    answer_of(WSGIHandler(), of_ann(people))
    end_connection()
    assert answer_of(front.Front(WSGIHandler()), of_ann(people))[0] == "200 OK"
    assert answer_of(front.Front(unreachable), of_ann(people))[0] == "200 OK"


def end_connection():
    other = connection.copy()
    with other.cursor() as cursor:
        pid = connection.connection.info.backend_pid
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    other.close()


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_left_open(people):
    answer_of(WSGIHandler(), of_ann(people))
    answer_of(front.Front(unreachable), of_ann(people))
    assert connection.connection.info.transaction_status.name == "IDLE"


def test_it_stands_where_pages_are_kept(settings, on_redis):  # noqa: F811
    assert front.is_wanted()
    settings.MYLIST_FRONT = False
    assert not front.is_wanted()
    settings.MYLIST_FRONT, settings.MYLIST_PAGE_CACHE = True, False
    assert not front.is_wanted()


def test_now_and_then_a_hit_is_compared(people, settings, monkeypatch):
    compared = []
    monkeypatch.setattr(front.sampler, "check", lambda *what: compared.append(what))
    answer_of(WSGIHandler(), of_ann(people))
    answer_of(front.Front(unreachable), of_ann(people))
    assert compared == []
    settings.MYLIST_SAMPLE_ONE_IN = 1
    answer_of(front.Front(unreachable), of_ann(people))
    answer_of(front.Front(unreachable), of_ann(people, HTTP_IF_NONE_MATCH="*"))
    assert [user_id for user_id, *_ in compared] == [people.ann.pk]
