"""A page that is kept is what the database says: now and then that is looked at."""

import pytest
from django.db import DatabaseError, connection, transaction

from api import metrics
from catalog.models import Movie
from catalog.tests.factories import MovieFactory, TVShowFactory
from config.tests.test_front import end_connection
from mylist import pagecache, pages, sampler
from mylist.models import MyList
from mylist.pages import plainly_asked
from mylist.registry import MODELS
from mylist.tests.services import keeps_tokens, on_redis  # noqa: F401 - a fixture
from mylist.tokens import tokens_now

# Not inside a transaction of the test: a snapshot begins with its own.
pytestmark = [pytest.mark.django_db(transaction=True), keeps_tokens]

QUERIES = ["", "page_size=1", "content_type=movie"]


@pytest.fixture
def listed(ann):
    for title in (MovieFactory(title="Dune"), TVShowFactory(title="Dark")):
        MyList.add(ann, MODELS[type(title)], title.pk, "a note")
    return ann


def counts():
    names = ("same", "moved", "mismatch")
    value = metrics.REGISTRY.get_sample_value
    return {n: value("mylist_page_samples_total", {"outcome": n}) for n in names}


@pytest.fixture
def outcome():
    """Which of the three was counted in the test, and that nothing stays open behind it."""
    before = counts()

    def found():
        raw = connection.connection
        assert raw is None or raw.info.transaction_status.name == "IDLE"
        return [name for name, n in counts().items() if n != before[name]]

    return found


def kept(user, query):
    """A page as it stands in Redis."""
    asked, tokens = plainly_asked(query), tokens_now(user.pk)
    pagecache.made(user.pk, asked, tokens)
    [value] = pagecache.redislink.ask(pagecache.look_up(user.pk, asked))
    page = pagecache.valid(value, tokens)
    assert page is not None
    return asked, tokens, page


@pytest.mark.parametrize("query", QUERIES)
def test_what_is_kept_is_the_same(on_redis, listed, query, outcome, log):  # noqa: F811
    sampler.check(listed.pk, *kept(listed, query))
    assert outcome() == ["same"]
    assert log.of("sampler") == []


def test_so_is_a_list_without_items(on_redis, listed, outcome):  # noqa: F811
    MyList.remove(listed)
    sampler.check(listed.pk, *kept(listed, ""))
    assert outcome() == ["same"]


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize(
    ("old", "new"), [(b"Dune", b"Dusk"), (b"a note", b"a vote"), (b"\n", b"1\n")]
)
def test_one_that_differs_is_an_error(on_redis, listed, query, old, new, outcome, log):  # noqa: F811
    asked, tokens, _ = kept(listed, query)
    name, field = pagecache.key(listed.pk), pagecache.field(asked)
    value = on_redis.hget(name, field)
    # The newest of the list is not Dune.
    on_redis.hset(name, field, value.replace(old if old in value else b"Dark", new, 2))
    changed = pagecache.valid(on_redis.hget(name, field), tokens)
    assert changed is not None
    sampler.check(listed.pk, asked, tokens, changed)
    assert outcome() == ["mismatch"]
    [line] = log.of("sampler")
    assert (line["level"], line["user_id"]) == ("error", listed.pk)
    assert "Dune" not in str(line)


@pytest.mark.parametrize("what", ["list", "content"])
def test_one_of_before_has_moved(on_redis, listed, what, outcome, log):  # noqa: F811
    sample = kept(listed, "")
    if what == "list":
        MyList.remove(listed)
    else:
        Movie.objects.update(title="Other")
    sampler.check(listed.pk, *sample)
    assert outcome() == ["moved"]
    assert log.of("sampler") == []


def test_tokens_and_rows_are_of_one_instant(on_redis, listed, outcome, monkeypatch):  # noqa: F811
    """A write between the two reads is not seen by either."""
    sample, really = kept(listed, ""), pages.read

    def read(*arguments):
        other = connection.copy()
        with other.cursor() as cursor:
            cursor.execute("DELETE FROM mylist_mylistitem")
        other.close()
        return really(*arguments)

    monkeypatch.setattr(pages, "read", read)
    sampler.check(listed.pk, *sample)
    assert outcome() == ["same"]


@pytest.mark.parametrize("error", [DatabaseError, KeyError])
def test_it_never_raises(on_redis, listed, outcome, monkeypatch, log, error):  # noqa: F811
    sample = kept(listed, "")

    def fails(*arguments):
        raise error

    monkeypatch.setattr(pages, "read", fails)
    sampler.check(listed.pk, *sample)
    assert outcome() == []
    assert len(log.of("sampler")) == (error is KeyError)


def test_a_connection_that_ended_is_replaced(on_redis, listed, outcome):  # noqa: F811
    sample = kept(listed, "")
    end_connection()
    sampler.check(listed.pk, *sample)
    sampler.check(listed.pk, *sample)
    assert outcome() == ["same"]


def test_it_leaves_a_transaction_alone(on_redis, listed, outcome):  # noqa: F811
    sample = kept(listed, "")
    with transaction.atomic():
        sampler.check(listed.pk, *sample)
        assert MyList.count_of(listed.pk) == 2
    assert outcome() == []


def test_one_in_so_many_is_due(settings, monkeypatch):
    settings.MYLIST_SAMPLE_ONE_IN = 0
    assert not any(sampler.due() for _ in range(1000))
    settings.MYLIST_SAMPLE_ONE_IN = 1
    assert all(sampler.due() for _ in range(1000))
    settings.MYLIST_SAMPLE_ONE_IN = 10
    sampler.random.seed(1)
    assert 800 < sum(sampler.due() for _ in range(10_000)) < 1200
