"""Pages from Redis: as fast as that, and never other than the database would have it."""

import random
import threading
import time
from urllib.parse import parse_qs, urlsplit

import pytest
import redis
from django.db import connection
from django.test.utils import CaptureQueriesContext

from api import metrics, redislink
from mylist import pagecache, pages
from mylist.models import ContentToken, MyList, MyListItem
from mylist.tests.conftest import signed_in_as
from mylist.tests.lists import both_kinds, films, put, sql, unsaved
from mylist.tests.services import keeps_tokens
from mylist.tests.standin.models import Film, Series
from mylist.tests.test_tokens import CHANGES, NOTHING, World
from mylist.tests.threads import at_once

pytestmark = [pytest.mark.django_db, keeps_tokens]

HERE = "/api/v1/mylist/"


class Reads(list):
    """The pages that were read from the database."""

    def __init__(self, monkeypatch):
        really = pages.read

        def read(user_id, asked):
            self.append((user_id, asked))
            return really(user_id, asked)

        monkeypatch.setattr(pages, "read", read)

    def during(self, ask):
        before = len(self)
        answer = ask()
        return len(self) - before, answer


@pytest.fixture
def reads(monkeypatch):
    return Reads(monkeypatch)


def kept(client, user):
    """What is kept of somebody, by field."""
    return client.hgetall(pagecache.key(user.pk))


def tokens_now(user):
    return pagecache.Tokens(
        str(MyList.objects.get(user=user).token), str(ContentToken.objects.get().token)
    )


def from_database(client, url, settings):
    """The answer without the cache."""
    settings.MYLIST_PAGE_CACHE = False
    try:
        return client.get(url)
    finally:
        settings.MYLIST_PAGE_CACHE = True


def outcomes():
    return {
        outcome: metrics.REGISTRY.get_sample_value("mylist_page_reads_total", {"outcome": outcome})
        for outcome in metrics.PAGE_OUTCOMES
    }


def cursor_in(url):
    return parse_qs(urlsplit(url).query)["cursor"][0]


# --- hits ------------------------------------------------------------------------


def test_a_page_is_read_once(on_redis, as_ann, ann, reads, asks):
    put(ann, *both_kinds(4))
    first, answer = reads.during(lambda: as_ann.get(HERE))
    asks.clear()
    again, same = reads.during(lambda: as_ann.get(HERE))
    assert (first, again, asks) == (1, 0, [["HGET"]])
    assert answer.content == same.content
    assert dict(answer.headers) | {"X-Request-ID": ""} == dict(same.headers) | {"X-Request-ID": ""}


def test_a_hit_asks_the_database_for_the_tokens_alone(
    on_redis, as_ann, ann, django_assert_num_queries
):
    put(ann, *both_kinds(4))
    as_ann.get(HERE)
    with django_assert_num_queries(1) as asked:
        as_ann.get(HERE)
    assert "mylist_contenttoken" in asked.captured_queries[0]["sql"]


def test_a_page_carries_both_tokens(on_redis, as_ann, ann):
    put(ann, *films(1))
    as_ann.get(HERE)
    [value] = kept(on_redis, ann).values()
    now = tokens_now(ann)
    assert value.startswith(f"{now.list}{now.content}\n".encode())


def test_what_the_cache_said_is_counted(on_redis, as_ann, ann, settings):
    put(ann, *films(1))

    def counted(ask):
        before = outcomes()
        ask()
        return {name for name, count in outcomes().items() if count != before[name]}

    assert counted(lambda: as_ann.get(HERE)) == {"miss"}
    assert counted(lambda: as_ann.get(HERE)) == {"hit"}
    assert counted(lambda: as_ann.get(HERE, HTTP_IF_NONE_MATCH="*")) == {"not_modified"}
    assert counted(lambda: from_database(as_ann, HERE, settings)) == {"off"}


def test_every_page_is_kept_by_itself(on_redis, as_ann, ann, reads):
    put(ann, *both_kinds(6))
    link, urls = HERE + "?page_size=2", [HERE, HERE + "?content_type=film"]
    while link:
        urls.append(link)
        link = as_ann.get(link).json()["next"]
    answers = [as_ann.get(url).content for url in urls]
    assert len(set(answers)) == len(urls) == len(kept(on_redis, ann))
    again, same = reads.during(lambda: [as_ann.get(url).content for url in urls])
    assert (again, same) == (0, answers)


def test_people_do_not_share_pages(on_redis, as_ann, as_bob, ann, bob):
    mine, theirs = films(2)
    put(ann, mine)
    put(bob, theirs)
    for _ in range(2):
        for client, film in ((as_ann, mine), (as_bob, theirs)):
            [item] = client.get(HERE).json()["results"]
            assert item["content_id"] == film.pk


# --- never stale -----------------------------------------------------------------

SHOWN = {
    "a title": lambda w: Film.objects.filter(pk=w.films[0].pk).update(title="Other"),
    "a title by SQL": lambda w: sql("UPDATE standin_film SET title = title || '!'"),
    "a title of no list": lambda w: Film.objects.filter(pk=w.new.pk).update(title="Other"),
}


@pytest.mark.parametrize("size", ["", "?page_size=2", "?content_type=film"])
@pytest.mark.parametrize(
    "change", (CHANGES | NOTHING | SHOWN).values(), ids=CHANGES | NOTHING | SHOWN
)
def test_no_page_outlives_what_it_shows(on_redis, ann, bob, as_ann, settings, change, size):
    world = World(ann, bob, as_ann)
    as_ann.get(HERE + size)
    change(world)
    for _ in range(2):
        shown = as_ann.get(HERE + size)
        assert shown.content == from_database(as_ann, HERE + size, settings).content


def test_a_page_that_is_stored_late_is_not_served(on_redis, as_ann, ann, reads):
    """Its maker was slow: between its rows and its store came a write and a read."""
    one, two = films(2)
    put(ann, one)
    as_ann.get(HERE)
    late = kept(on_redis, ann)
    put(ann, two)
    as_ann.get(HERE)
    on_redis.hset(pagecache.key(ann.pk), mapping=late)
    read, answer = reads.during(lambda: as_ann.get(HERE))
    assert (read, answer.json()["count"]) == (1, 2)


def test_a_redis_with_old_data_serves_none_of_it(on_redis, as_ann, ann):
    contents = films(5)
    name, older = pagecache.key(ann.pk), []
    for count, film in enumerate(contents, 1):
        put(ann, film)
        assert as_ann.get(HERE).json()["count"] == count
        older.append(on_redis.dump(name))
        for dump in older[:-1]:
            on_redis.restore(name, 0, dump, replace=True)
            assert as_ann.get(HERE).json()["count"] == count


def test_a_page_that_changes_before_it_is_read_is_kept_as_it_is_then(
    on_redis, as_ann, ann, monkeypatch
):
    """Its statement reads the tokens anew: those that let the request in are old by then."""
    one, two = films(2)
    put(ann, one)
    really = pages.read

    def late(user_id, asked):
        monkeypatch.setattr(pages, "read", really)
        put(ann, two)
        return really(user_id, asked)

    monkeypatch.setattr(pages, "read", late)
    answer = as_ann.get(HERE)
    assert answer.json()["count"] == len(answer.json()["results"]) == 2
    [value] = kept(on_redis, ann).values()
    assert pagecache.valid(value, tokens_now(ann))
    assert as_ann.get(HERE, HTTP_IF_NONE_MATCH=answer["ETag"]).status_code == 304


def test_what_changes_only_after_it_was_read_is_not_served(on_redis, as_ann, ann, monkeypatch):
    """Between its statement and its store."""
    one, two = films(2)
    put(ann, one)
    really = pagecache.keep

    def slowly(*args):
        monkeypatch.setattr(pagecache, "keep", really)
        put(ann, two)
        really(*args)

    monkeypatch.setattr(pagecache, "keep", slowly)
    assert as_ann.get(HERE).json()["count"] == 1
    assert len(kept(on_redis, ann)) == 1
    assert as_ann.get(HERE).json()["count"] == 2


def test_content_that_comes_after_its_item(on_redis, as_ann, ann, settings):
    """As when a backup is loaded, table by table, while people read. It needs no other token, as
    nobody has a page without it that counts as one of theirs."""
    put(ann, *films(1))
    unsaved(ann, Film(pk=77)).save()
    tokens, before = tokens_now(ann), as_ann.get(HERE)
    assert len(before.json()["results"]) == 1
    assert before["ETag"] != pagecache.etag(tokens)
    assert kept(on_redis, ann) == {}
    sql("INSERT INTO standin_film (id, title, withdrawn) VALUES (77, 'Late', false)")
    assert tokens_now(ann) == tokens
    for _ in range(2):
        now = as_ann.get(HERE, HTTP_IF_NONE_MATCH=before["ETag"])
        assert now.content == from_database(as_ann, HERE, settings).content
        assert (len(now.json()["results"]), now["ETag"]) == (2, pagecache.etag(tokens))
    assert kept(on_redis, ann)


# --- whatever is in Redis --------------------------------------------------------


def garbage(mark):
    good = mark + b"\n1\n-\n-\n[]"
    return {
        "nothing": b"",
        "text": b"hello",
        "half a token": mark[:40],
        "tokens alone": mark,
        "one line": mark + b"\n",
        "too few lines": mark + b"\n1\n-\n-",
        "no count": mark + b"\nx\n-\n-\n[]",
        "no text": mark + b"\n1\n\xff\n-\n[]",
        "other tokens": b"0" * 72 + good[72:],
        "pickle": b"\x80\x04\x95" + good,
    }


@pytest.mark.parametrize("name", garbage(b""))
def test_what_is_no_page_is_not_served(on_redis, as_ann, ann, reads, name):
    put(ann, *films(2))
    answer = as_ann.get(HERE).content
    [field] = kept(on_redis, ann)
    value = garbage(tokens_now(ann).mark)[name]
    on_redis.hset(pagecache.key(ann.pk), field, value)
    on_redis.delete(*on_redis.keys("*:*:*:*"))
    assert reads.during(lambda: as_ann.get(HERE).content) == (1, answer)
    assert reads.during(lambda: as_ann.get(HERE).content) == (0, answer)


WRONG_TYPES = {
    "string": lambda r, name: r.set(name, "x"),
    "list": lambda r, name: r.rpush(name, "x"),
    "set": lambda r, name: r.sadd(name, "x"),
}


@pytest.mark.parametrize("wrong", WRONG_TYPES.values(), ids=WRONG_TYPES)
def test_a_key_of_another_type_is_got_over(on_redis, as_ann, ann, reads, wrong):
    put(ann, *films(2))
    wrong(on_redis, pagecache.key(ann.pk))
    for _ in range(2):
        assert as_ann.get(HERE).json()["count"] == 2
    assert reads.during(lambda: as_ann.get(HERE))[0] == 0


LOSSES = {
    "flushed": lambda r, ann: r.flushdb(),
    "expired": lambda r, ann: r.pexpire(pagecache.key(ann.pk), 1) and time.sleep(0.01),
    "evicted": lambda r, ann: r.delete(pagecache.key(ann.pk)),
    "connections killed": lambda r, ann: r.client_kill_filter(_type="normal", skipme=True),
}


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_what_is_lost_costs_a_read(on_redis, as_ann, ann, loss):
    put(ann, *films(2))
    answer = as_ann.get(HERE).content
    loss(on_redis, ann)
    assert as_ann.get(HERE).content == as_ann.get(HERE).content == answer


def test_all_expires(on_redis, as_ann, ann):
    put(ann, *films(2))
    as_ann.get(HERE)
    left = {name: on_redis.pttl(name) for name in on_redis.keys("*")}
    assert 599_000 < left[pagecache.key(ann.pk).encode()] <= 1000 * pagecache.KEPT_SECONDS
    assert min(left.values()) > 0


# --- a Redis that is full, hangs or is away --------------------------------------


def right_and_soon(as_ann, ann, seconds):
    """Reads after writes, with whatever Redis there is."""
    for film in films(6):
        item, before = put(ann, film)[0], time.monotonic()
        for _ in range(2):
            assert as_ann.get(HERE).json()["results"][0]["id"] == item.pk
        assert time.monotonic() - before < 2 * seconds


def test_a_full_redis(redis_of_its_own, as_ann, ann, reads):
    full = redis_of_its_own.client
    put(ann, *films(2))
    as_ann.get(HERE)
    full.config_set("maxmemory-policy", "noeviction")
    full.config_set("maxmemory", 1)
    right_and_soon(as_ann, ann, 0.2)
    full.config_set("maxmemory", 0)
    as_ann.get(HERE)
    assert reads.during(lambda: as_ann.get(HERE))[0] == 0


def test_a_redis_that_hangs(redis_of_its_own, as_ann, ann, reads):
    put(ann, *films(2))
    as_ann.get(HERE)
    with redis_of_its_own.hanging():
        right_and_soon(as_ann, ann, 0.5)
        # The breaker is open by now.
        before = time.monotonic()
        assert as_ann.get(HERE).status_code == 200
        assert time.monotonic() - before < 0.1


def test_a_redis_that_is_away_and_comes_back(redis_of_its_own, as_ann, ann, reads, monkeypatch):
    put(ann, *films(2))
    as_ann.get(HERE)
    redis_of_its_own.kill()
    right_and_soon(as_ann, ann, 0.2)
    redis_of_its_own.start()
    monkeypatch.setattr(redislink, "breaker", redislink.Breaker())
    as_ann.get(HERE)
    assert reads.during(lambda: as_ann.get(HERE))[0] == 0


# --- what may be kept ------------------------------------------------------------


def test_a_person_has_no_more_than_32_pages(on_redis, as_ann, ann):
    put(ann, *films(3))
    most = 0
    for size in range(1, 100):
        assert as_ann.get(f"{HERE}?page_size={size}").status_code == 200
        most = max(most, len(kept(on_redis, ann)))
    assert most == pagecache.PAGES_A_PERSON


OTHER_WORDS = [
    "page_size=020",
    "page_size=%32%30",
    "page_size=0",
    "page_size=101",
    "page_size=20&page_size=20",
    "page_size",
    "page_size=",
    "page_size=٢",
    "content_type=",
    "content_type=movie",
    "content_type=film|20|",
    "content_type=Film",
    "cursor=",
    "cursor=x",
    "cursor=x.y",
    "cursor=" + "A" * 150 + "." + "b" * 43,
    "cursor=" + "A" * 4000,
    "cursor=-",
    "cursor=%0a",
    "cursor=a|b",
    "&",
    "=",
    "&&page_size=20",
    "offset=1",
    "format=json",
    "PAGE_SIZE=20",
]


@pytest.mark.parametrize("query", OTHER_WORDS, ids=lambda query: query[:30])
def test_only_what_was_asked_in_our_own_words_is_kept(on_redis, as_ann, ann, settings, query):
    put(ann, *films(2))
    url = f"{HERE}?{query}"
    for _ in range(2):
        asked = as_ann.get(url)
        assert asked.status_code == from_database(as_ann, url, settings).status_code
    assert kept(on_redis, ann) == {}
    assert on_redis.keys("*") == []


def test_what_is_asked_in_other_words_is_answered_alike(on_redis, as_ann, ann, settings):
    put(ann, *films(3))
    for query in ("page_size=002", "page_size=%32", "content_type=%66ilm&page_size=2"):
        url = f"{HERE}?{query}"
        assert as_ann.get(url).content == from_database(as_ann, url, settings).content


def test_a_cursor_is_for_its_person(on_redis, as_ann, as_bob, ann, bob):
    contents = films(3)
    put(ann, *contents)
    put(bob, *contents)
    link = as_ann.get(f"{HERE}?page_size=1").json()["next"]
    as_ann.get(link)
    for _ in range(2):
        refused = as_bob.get(link)
        assert (refused.status_code, refused.json()["code"]) == (400, 9003)
    assert kept(on_redis, bob) == {}


def test_a_cursor_is_for_its_filter(on_redis, as_ann, ann):
    put(ann, *both_kinds(6))
    cursor = cursor_in(as_ann.get(f"{HERE}?content_type=film&page_size=1").json()["next"])
    for _ in range(2):
        for query in (f"cursor={cursor}", f"content_type=series&cursor={cursor}"):
            assert as_ann.get(f"{HERE}?{query}").status_code == 400


@pytest.mark.parametrize("known", ["*", "its own"])
def test_a_bad_cursor_is_refused_whatever_the_client_has(on_redis, as_ann, ann, known):
    put(ann, *films(2))
    known = as_ann.get(HERE)["ETag"] if known == "its own" else known
    refused = as_ann.get(f"{HERE}?cursor=x.y", HTTP_IF_NONE_MATCH=known)
    assert (refused.status_code, refused.json()["code"]) == (400, 9003)


# --- what is made for each answer ------------------------------------------------


def test_links_are_of_the_address_that_was_asked(on_redis, as_ann, ann, settings, reads):
    settings.ALLOWED_HOSTS = ["*"]
    put(ann, *films(2))
    url = f"{HERE}?page_size=1"
    as_ann.get(url, HTTP_HOST="evil.example.com", HTTP_X_FORWARDED_PROTO="javascript")
    for host, secure, begin in (
        ("one.example.com", False, "http://one.example.com"),
        ("two.example.com:8443", True, "https://two.example.com:8443"),
        ("testserver", False, "http://testserver"),
    ):
        read, answer = reads.during(lambda: as_ann.get(url, HTTP_HOST=host, secure=secure))  # noqa: B023
        assert read == 0
        assert answer.json()["next"].startswith(f"{begin}{HERE}?cursor=")
        assert answer["Link"] == f'<{answer.json()["next"]}>; rel="next"'
    assert b"http" not in b"".join(kept(on_redis, ann).values())


# --- ETag ------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["{}", "W/{}", '"other", {}', '"a",W/{} , "b"', "*"], ids=str)
def test_304_needs_neither_redis_nor_rows(on_redis, as_ann, ann, reads, asks, shape):
    put(ann, *films(2))
    etag = as_ann.get(HERE)["ETag"]
    asks.clear()
    with CaptureQueriesContext(connection) as asked:
        read, answer = reads.during(lambda: as_ann.get(HERE, HTTP_IF_NONE_MATCH=shape.format(etag)))
    assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", etag)
    assert answer["Cache-Control"] == "no-cache"
    assert (read, len(asked)) == (0, 1)
    assert asks == []


def test_the_etag_is_of_the_list_and_what_it_shows(on_redis, as_ann, as_bob, ann, bob):
    one, two = films(2)
    put(ann, one)
    put(bob, one)
    seen = [as_ann.get(HERE)["ETag"], as_bob.get(HERE)["ETag"]]
    put(ann, two)
    seen.append(as_ann.get(HERE)["ETag"])
    Film.objects.update(title="Other")
    seen += [as_ann.get(HERE)["ETag"], as_bob.get(HERE)["ETag"]]
    assert len(set(seen)) == 5
    assert as_ann.get(HERE, HTTP_IF_NONE_MATCH=seen[2]).status_code == 200
    assert as_ann.get(f"{HERE}?page_size=2")["ETag"] == as_ann.get(HERE)["ETag"] == seen[3]


def test_the_etag_tells_no_token(on_redis, as_ann, ann):
    put(ann, *films(1))
    etag, now = as_ann.get(HERE)["ETag"], tokens_now(ann)
    assert now.list[:8] not in etag
    assert now.content[:8] not in etag


def test_head_is_as_get(on_redis, as_ann, ann):
    put(ann, *films(2))
    get, head = as_ann.get(HERE), as_ann.head(HERE)
    assert head.content == b""
    for name in ("ETag", "Content-Length", "Content-Type", "Cache-Control", "Vary"):
        assert head[name] == get[name]


# --- releases --------------------------------------------------------------------


@pytest.fixture
def another_release(monkeypatch):
    """What makes of this process one of another release."""

    def change(**settings):
        for name, value in settings.items():
            monkeypatch.setattr(pagecache, name, value)
        pagecache.shape.cache_clear()

    pagecache.shape.cache_clear()
    yield change
    pagecache.shape.cache_clear()


def test_another_format_finds_no_old_pages(on_redis, as_ann, ann, reads, another_release):
    put(ann, *films(2))
    etag = as_ann.get(HERE)["ETag"]
    another_release(FORMAT=pagecache.FORMAT + 1)
    read, answer = reads.during(lambda: as_ann.get(HERE, HTTP_IF_NONE_MATCH=etag))
    assert (read, answer.status_code) == (1, 200)


def test_another_key_finds_no_old_pages(on_redis, as_ann, ann, reads, settings, another_release):
    """The cursors in them would be refused."""
    put(ann, *films(2))
    as_ann.get(HERE)
    settings.SECRET_KEY = "another-" + "1" * 40
    another_release()
    assert reads.during(lambda: as_ann.get(HERE))[0] == 1


def test_the_shape_is_that_of_every_field(another_release, monkeypatch):
    from mylist.tests.standin.listables import FilmSerializer

    before = pagecache.shape()
    monkeypatch.setattr(FilmSerializer.Meta, "fields", ("id", "title", "withdrawn"))
    another_release()
    assert pagecache.shape() != before


# --- without tokens --------------------------------------------------------------

MISSING = {
    "content token": lambda ann: sql("TRUNCATE mylist_contenttoken"),
    "list": lambda ann: MyList.objects.filter(user=ann).delete(),
}


@pytest.mark.parametrize("lose", MISSING.values(), ids=MISSING)
def test_without_a_token_nothing_is_kept(on_redis, as_ann, ann, reads, lose):
    put(ann, *films(2))
    as_ann.get(HERE)
    on_redis.flushdb()
    lose(ann)
    for _ in range(2):
        read, answer = reads.during(lambda: as_ann.get(HERE))
        assert (read, len(answer.json()["results"])) == (1, 2)
        assert "ETag" in answer
    assert on_redis.keys("*") == []


def test_whoever_never_had_a_list_has_an_empty_one(on_redis, as_ann):
    for _ in range(2):
        assert as_ann.get(HERE).json()["results"] == []
    assert on_redis.keys("*") == []


# --- off -------------------------------------------------------------------------


def test_off_leaves_redis_alone(on_redis, as_ann, ann, settings, reads, asks):
    put(ann, *films(2))
    as_ann.get(HERE)
    settings.MYLIST_PAGE_CACHE = False
    asks.clear()
    assert reads.during(lambda: [as_ann.get(HERE) for _ in range(3)])[0] == 3
    assert as_ann.get(HERE, HTTP_IF_NONE_MATCH="*").status_code == 304
    assert asks == []


# --- crowds ----------------------------------------------------------------------


def test_of_fifty_who_miss_one_page_two_read_it_at_most(on_postgresql, on_redis, ann, reads):
    put(ann, *both_kinds(40))
    clients = [signed_in_as(ann) for _ in range(50)]
    clients[0].get("/api/v1/nothing/")
    on_redis.flushdb()
    reads.clear()
    answers = at_once(*(lambda client=client: client.get(HERE).content for client in clients))
    assert len(set(answers)) == 1
    assert 1 <= len(reads) <= 2


def test_nobody_waits_for_one_who_died(on_redis, as_ann, ann, reads):
    put(ann, *films(2))
    asked = pages.plainly_asked("")
    name = f"{pagecache.key(ann.pk)}:{pagecache.field(asked)}:{pagecache.etag(tokens_now(ann))}"
    on_redis.set(name, 1)
    before = time.monotonic()
    read, answer = reads.during(lambda: as_ann.get(HERE))
    assert (read, answer.json()["count"]) == (1, 2)
    assert time.monotonic() - before < 0.5


def test_readers_and_writers_at_once(on_postgresql, on_redis, ann):
    """Each reader sees every write that was acknowledged before it asked, and none goes back."""
    contents, done, acknowledged = films(60), threading.Event(), [0]

    def write():
        for film in contents:
            put(ann, film)
            acknowledged[0] += 1
        done.set()

    def read():
        client, last = signed_in_as(ann), 0
        while not done.is_set():
            least = acknowledged[0]
            page = client.get(f"{HERE}?page_size=5").json()
            assert page["count"] >= max(least, last)
            assert len(page["results"]) == min(5, page["count"])
            last = page["count"]
        return last

    _, *seen = at_once(write, read, read, read)
    assert max(seen) > 0


# --- all of it together ----------------------------------------------------------


class Walk:
    """Random writes and reads of two people; each read is asked for with and without the cache."""

    def __init__(self, seed, clients, users, settings):
        self.random = random.Random(seed)
        self.clients, self.users, self.settings = clients, users, settings
        self.contents = both_kinds(30)
        self.links = {user.pk: [HERE] for user in users}

    def run(self, steps):
        for _ in range(steps):
            which = self.random.randrange(len(self.users))
            act = self.random.choices([self.read, self.write, self.edit], [8, 3, 1])[0]
            act(self.users[which], self.clients[which])

    def read(self, user, client):
        url, known = self.url(user), {}
        if self.random.random() < 0.2:
            known = {"HTTP_IF_NONE_MATCH": '"other"'}
        cached = [client.get(url, **known) for _ in range(self.random.choice([1, 2]))]
        self.settings.MYLIST_PAGE_CACHE = False
        plain = client.get(url, **known)
        self.settings.MYLIST_PAGE_CACHE = True
        for answer in cached:
            assert same(answer) == same(plain), url
        if plain.status_code == 200:
            page = plain.json()
            self.links[user.pk] += [page[name] for name in ("next", "previous") if page[name]]

    def url(self, user):
        if self.random.random() < 0.5:
            # Old links, too: places that are gone by now.
            return self.random.choice(self.links[user.pk][-12:])
        anybody = self.random.choice(self.users)
        cursor = self.random.choice(self.links[anybody.pk]).partition("cursor=")[2]
        parts = [
            f"page_size={self.random.choice([1, 2, 3, 7, 20, 100, '007', 0, 101])}",
            f"content_type={self.random.choice(['film', 'series', 'film', 'other'])}",
            f"cursor={cursor.partition('&')[0]}",
        ]
        return f"{HERE}?{'&'.join(self.random.sample(parts, self.random.choice([0, 1, 1, 2, 3])))}"

    def write(self, user, client):
        content = self.random.choice(self.contents)
        url = f"{HERE}{'film' if isinstance(content, Film) else 'series'}/{content.pk}/"
        match self.random.randrange(8):
            case 0 | 1:
                client.delete(url)
            case 2:
                client.put(url, {"note": self.random.choice(["", "x", "Ünï\ncode 😀"])})
            case 3:
                MyListItem.objects.of(user).filter(content_id__lt=content.pk).delete()
            case 4:
                some = self.random.sample(self.contents, 10)
                MyListItem.objects.bulk_create(
                    [unsaved(user, each) for each in some], ignore_conflicts=True
                )
            case _:
                client.put(url)

    def edit(self, user, client):
        content = self.random.choice(self.contents)
        if self.random.random() < 0.2:
            type(content).objects.filter(pk=content.pk).delete()
            self.contents.remove(content)
            self.contents.append(type(content).objects.create(title="New"))
        else:
            word = self.random.choice(["A", "B", "é"])
            type(content).objects.filter(pk=content.pk).update(title=word)


OF_ITS_OWN = {"ETag", "X-Request-ID"}


def same(answer):
    headers = {name: value for name, value in answer.items() if name not in OF_ITS_OWN}
    body = answer.content if answer.status_code == 200 else answer.json() | {"request_id": ""}
    return answer.status_code, headers, body


@pytest.mark.parametrize("seed", range(6))
def test_on_and_off_answer_alike(on_redis, as_ann, as_bob, ann, bob, settings, seed):
    Series.objects.create(title="Before")
    Walk(seed, (as_ann, as_bob), (ann, bob), settings).run(150)
    assert isinstance(on_redis, redis.Redis)
