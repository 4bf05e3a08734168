"""Kept pages together with real sign-ins, limits and the catalog."""

import pytest
from django.db import connection

from accounts import tokens
from accounts.models import SignIn
from catalog.models import Genre
from catalog.tests.factories import GenreFactory, MovieFactory, TVShowFactory
from mylist import pages
from mylist.models import MyList
from mylist.registry import MODELS
from mylist.tests.services import (  # noqa: F401 - fixtures
    asks,
    keeps_tokens,
    on_redis,
    redis_of_its_own,
)
from mylist.tokens import checked, tokens_now

pytestmark = [pytest.mark.django_db, keeps_tokens]

HERE = "/api/v1/mylist/"


@pytest.fixture
def titles(ann):
    drama = GenreFactory(name="Drama")
    titles = [MovieFactory(title="Dune", genres=[drama]), TVShowFactory(title="Dark")]
    for title in titles:
        MyList.add(ann, MODELS[type(title)], title.pk)
    return titles


@pytest.fixture
def limited(settings):
    settings.RATE_LIMIT_MAX, settings.RATE_LIMIT_USER_MAX = 100, 1000


def test_a_hit_is_one_statement_and_one_round_trip(
    on_redis,  # noqa: F811
    as_ann,
    titles,
    limited,
    asks,  # noqa: F811
    django_assert_num_queries,
):
    miss = as_ann.get(HERE)
    asks.clear()
    with django_assert_num_queries(1):  # who it is, and the tokens
        hit = as_ann.get(HERE)
    assert asks == [["INCR", "EXPIRE", "HGET"]]
    assert hit.content == miss.content
    assert hit["X-RateLimit-Remaining"] == str(int(miss["X-RateLimit-Remaining"]) - 1)


def test_so_is_a_304(on_redis, as_ann, titles, limited, asks, django_assert_num_queries):  # noqa: F811
    etag = as_ann.get(HERE)["ETag"]
    asks.clear()
    with django_assert_num_queries(1):  # who it is, and the tokens
        assert as_ann.get(HERE, headers={"If-None-Match": etag}).status_code == 304
    assert asks == [["INCR", "EXPIRE"]]


def test_a_miss_is_two_statements(on_redis, as_ann, titles, django_assert_num_queries):  # noqa: F811
    with django_assert_num_queries(2):  # who, items with their titles
        as_ann.get(HERE)


def test_a_person_who_is_one_too_many_is_not_shown_a_kept_page(
    on_redis,  # noqa: F811
    as_ann,
    titles,
    settings,
):
    settings.RATE_LIMIT_MAX, settings.RATE_LIMIT_USER_MAX = 100, 2
    statuses = [as_ann.get(HERE).status_code for _ in range(3)]
    etag = as_ann.get(HERE, headers={"If-None-Match": "*"})
    assert (statuses, etag.status_code) == ([200, 200, 429], 429)


ENDS = {
    "signed out": lambda s: s.delete(),
    "deactivated": lambda s: type(s.user).objects.update(is_active=False),
    "new password": lambda s: s.user.change(password="another good password"),
}


@pytest.mark.parametrize("known", [None, "*"])
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_whoever_is_refused_is_shown_no_kept_page(on_redis, as_ann, titles, end, known):  # noqa: F811
    as_ann.get(HERE)
    end(SignIn.objects.get())
    headers = {"If-None-Match": known} if known else {}
    assert as_ann.get(HERE, headers=headers).status_code == 401


EDITS = {
    "title": lambda c, m: c.patch(f"/api/v1/movies/{m.pk}/", {"title": "Other"}),
    "withdrawn": lambda c, m: c.patch(f"/api/v1/movies/{m.pk}/", {"available": False}),
    "genres": lambda c, m: c.patch(f"/api/v1/movies/{m.pk}/", {"genre_ids": []}),
    "genre renamed": lambda c, m: Genre.objects.update(name="Play"),
    "deleted": lambda c, m: c.delete(f"/api/v1/movies/{m.pk}/"),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_what_staff_do_shows_at_once(on_redis, as_ann, as_curator, titles, settings, edit):  # noqa: F811
    before = as_ann.get(HERE)
    edit(as_curator, titles[0])
    after = as_ann.get(HERE, headers={"If-None-Match": before["ETag"]})
    assert after.status_code == 200
    assert after.json()["results"] != before.json()["results"]
    settings.MYLIST_PAGE_CACHE = False
    assert as_ann.get(HERE).json() == after.json()


def test_what_lists_do_not_show_costs_no_page(on_redis, as_ann, as_curator, titles, monkeypatch):  # noqa: F811
    etag = as_ann.get(HERE)["ETag"]
    monkeypatch.delattr(pages, "read")
    as_curator.patch(f"/api/v1/movies/{titles[0].pk}/", {"overview": "Sand.", "popularity": 9})
    MovieFactory()
    assert as_ann.get(HERE)["ETag"] == etag


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_is_a_503_though_the_page_is_kept(
    on_redis,  # noqa: F811
    as_ann,
    titles,
    monkeypatch,
):
    as_ann.get(HERE)
    really = tokens.read

    def read(raw, kind):
        end_connection()
        return really(raw, kind)

    monkeypatch.setattr(tokens, "read", read)
    refused = as_ann.get(HERE)
    assert (refused.status_code, refused["Retry-After"]) == (503, "2")
    monkeypatch.setattr(tokens, "read", really)
    assert as_ann.get(HERE).status_code == 200


def end_connection():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    other.close()


def test_facts_and_own_statement_say_the_same(on_redis, ann, as_ann, titles):  # noqa: F811
    sign_in = SignIn.objects.get()
    live = tokens.live(tokens.Claims(ann.pk, sign_in.pk, "", 0))
    assert checked(live.facts["list_token"], live.facts["content_token"]) == (tokens_now(ann.pk))
