"""A signature is checked once; everything else of a token at each request."""

import time

import pytest
from django.db import connection
from django.db.models import Value
from django.test.utils import CaptureQueriesContext

from accounts import tokens
from accounts.models import SignIn
from accounts.tests.forging import claims_of, token

pytestmark = pytest.mark.django_db

HERE = "/api/v1/mylist/"


@pytest.fixture(autouse=True)
def _forget():
    tokens.verified.cache_clear()
    yield
    tokens.verified.cache_clear()


def asked(api, raw):
    return api.get(HERE, headers={"Authorization": f"Bearer {raw}"}).status_code


def kept():
    return tokens.verified.cache_info().currsize


@pytest.fixture
def sign_in(as_ann):
    return SignIn.objects.get()


def test_a_token_is_verified_once(as_ann):
    for _ in range(3):
        assert as_ann.get(HERE).status_code == 200
    assert tokens.verified.cache_info().misses == 1


def test_a_token_that_was_right_expires_all_the_same(api, sign_in, monkeypatch):
    raw, now = token(claims_of(sign_in, exp=int(time.time()) + 600)), time.time
    assert asked(api, raw) == 200
    monkeypatch.setattr(tokens.time, "time", lambda: now() + 599)
    assert asked(api, raw) == 200
    monkeypatch.setattr(tokens.time, "time", lambda: now() + 601)
    assert asked(api, raw) == 401
    assert kept() == 1


def test_it_expires_with_the_second_it_says(sign_in, monkeypatch):
    end = int(time.time()) + 600
    raw = token(claims_of(sign_in, exp=end))
    for now, good in ((end - 0.001, True), (end, False), (end + 0.001, False)):
        monkeypatch.setattr(tokens.time, "time", lambda now=now: now)
        if good:
            assert tokens.read(raw, tokens.Access).expires == end
        else:
            with pytest.raises(tokens.BadToken):
                tokens.read(raw, tokens.Access)


FORGED = {
    "another key": lambda s: token(claims_of(s), key="x" * 40),
    "another algorithm": lambda s: token(claims_of(s), algorithm="HS512"),
    "expired": lambda s: token(claims_of(s, exp=int(time.time()) - 1)),
    "a refresh token": lambda s: token(claims_of(s, "refresh")),
    "of nobody": lambda s: token(claims_of(s, user_id=None)),
    "of too great a number": lambda s: token(claims_of(s, user_id=2**70)),
    "no token": lambda s: "x.y.z",
    "nothing": lambda s: "",
    "too long": lambda s: token(claims_of(s)) + "!" * 5000,
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_what_was_never_right_is_not_kept(api, sign_in, forge):
    for _ in range(2):
        assert asked(api, forge(sign_in)) == 401
    assert kept() == 0


def test_an_access_token_that_was_verified_is_no_refresh_token(api, as_ann, sign_in):
    raw = as_ann.tokens["access"]
    assert asked(api, raw) == 200
    refused = api.post("/api/v1/auth/token/refresh/", {"refresh": raw})
    assert refused.status_code == 401


ENDS = {
    "signed out": lambda s: s.delete(),
    "deactivated": lambda s: type(s.user).objects.update(is_active=False),
    "new password": lambda s: s.user.change(password="another good password"),
    "deleted": lambda s: s.user.erase(),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_a_verified_token_ends_with_its_sign_in(as_ann, sign_in, end):
    assert as_ann.get(HERE).status_code == 200
    end(sign_in)
    assert as_ann.get(HERE).status_code == 401


def test_a_verified_token_is_of_its_person(as_ann, as_bob, ann, bob):
    for _ in range(2):
        assert as_ann.get("/api/v1/users/me/").json()["id"] == ann.pk
        assert as_bob.get("/api/v1/users/me/").json()["id"] == bob.pk


# --- facts ------------------------------------------------------------------------


@pytest.fixture
def also(monkeypatch):
    """Statements that read a fact more, whatever else is read."""
    monkeypatch.setitem(tokens.ALSO_READ, "number", Value(7))
    for compiled in (tokens.ONE, tokens.SEVERAL):
        monkeypatch.setattr(compiled, "statements", {})


def test_facts_are_read_by_the_same_statement(sign_in, ann, also):
    claims = tokens.Claims(ann.pk, sign_in.pk, "", 0)
    with CaptureQueriesContext(connection) as asked:
        live = tokens.live(claims)
    assert len(asked) == 1
    assert live.facts["number"] == 7
    assert set(live.facts) == set(tokens.ALSO_READ)


def test_what_it_reads_is_what_the_orm_reads(sign_in, ann):
    live = tokens.live(tokens.Claims(ann.pk, sign_in.pk, "", 0))
    plain = SignIn.objects.select_related("user").get()
    assert (live.pk, live.user_id, live.refresh_id) == (plain.pk, ann.pk, plain.refresh_id)
    assert type(live.user) is type(plain.user)
    assert live.user._state.adding is False
    for field in ann._meta.concrete_fields:
        assert getattr(live.user, field.attname) == getattr(plain.user, field.attname)
    live.user.name = "Changed"
    live.user.save()
    ann.refresh_from_db()
    assert ann.name == "Changed"


def test_several_at_once(sign_in, ann, bob, signed_in, also):
    signed_in(bob)
    other, ended = SignIn.objects.get(user=bob), SignIn(pk=10**6)
    rows = tokens.SEVERAL.rows(sids=[sign_in.pk, other.pk, ended.pk])
    facts = list(tokens.ALSO_READ).index("number") + tokens.FIRST_FACT
    assert {(row[0], row[1], row[facts]) for row in rows} == {
        (sign_in.pk, ann.pk, 7),
        (other.pk, bob.pk, 7),
    }
    type(bob).objects.filter(pk=bob.pk).update(is_active=False)
    assert [row[0] for row in tokens.SEVERAL.rows(sids=[sign_in.pk, other.pk])] == [sign_in.pk]
