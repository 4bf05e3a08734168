"""Exchanging a refresh token: once each."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import SignIn, User
from accounts.tests import forging
from accounts.tests.races import needs_postgres, race
from conftest import Client

pytestmark = pytest.mark.django_db


def refresh(api, token):
    return api.post("/api/v1/auth/token/refresh/", {"refresh": token})


def opens(access):
    return Client().get("/api/v1/users/me/", headers={"Authorization": f"Bearer {access}"})


def is_refused(answer):
    return (answer.status_code, answer.json()["code"]) == (401, 3002)


def test_a_refresh_token_brings_a_new_pair(api, as_ann):
    answer = refresh(api, as_ann.tokens["refresh"])
    assert answer.status_code == 200
    assert sorted(answer.json()) == ["access", "refresh"]
    assert answer.json()["refresh"] != as_ann.tokens["refresh"]
    assert opens(answer.json()["access"]).status_code == 200
    assert refresh(api, answer.json()["refresh"]).status_code == 200


def test_it_stays_the_same_sign_in_and_lives_longer(api, as_ann):
    before = timezone.now() + timedelta(days=1)
    SignIn.objects.update(expires_at=before, refreshed_at=before - timedelta(days=9))
    fresh = refresh(api, as_ann.tokens["refresh"]).json()
    row = SignIn.objects.get()
    assert forging.sid(fresh["refresh"]) == forging.sid(as_ann.tokens["refresh"]) == row.pk
    assert row.expires_at > before + timedelta(days=28)
    assert timezone.now() - row.refreshed_at < timedelta(minutes=1)


def test_refreshing_is_decided_by_one_guarded_update(api, as_ann, django_assert_num_queries):
    with django_assert_num_queries(2) as queries:  # the exchange, the sign-in with its person
        refresh(api, as_ann.tokens["refresh"])
    update = queries[0]["sql"]
    assert update.startswith("UPDATE")
    where = update.partition(" WHERE ")[2]
    assert '"refresh_id" =' in where
    assert "SELECT" not in update


def test_a_refresh_token_works_once(api, as_ann):
    fresh = refresh(api, as_ann.tokens["refresh"]).json()
    assert is_refused(refresh(api, as_ann.tokens["refresh"]))
    assert opens(fresh["access"]).status_code == 200  # who lost a race does not end the winner
    assert refresh(api, fresh["refresh"]).status_code == 200


def test_a_used_one_that_comes_back_late_ends_the_sign_in(api, as_ann, as_bob):
    fresh = refresh(api, as_ann.tokens["refresh"]).json()
    SignIn.objects.update(refreshed_at=timezone.now() - timedelta(minutes=2))
    assert is_refused(refresh(api, as_ann.tokens["refresh"]))
    assert is_refused(opens(fresh["access"]))
    assert is_refused(refresh(api, fresh["refresh"]))
    assert as_bob.get("/api/v1/users/me/").status_code == 200


def test_a_late_forgery_ends_no_sign_in(api, as_ann):
    SignIn.objects.update(refreshed_at=timezone.now() - timedelta(minutes=2))
    claims = forging.claims_of(SignIn.objects.get(), "refresh", jti="0" * 32)
    assert is_refused(refresh(api, forging.token(claims, key="x" * 32)))
    assert as_ann.get("/api/v1/users/me/").status_code == 200


@needs_postgres
@pytest.mark.django_db(transaction=True)
def test_of_four_that_race_for_one_refresh_token_one_wins(ann, signed_in):
    token = signed_in(ann).tokens["refresh"]
    answers = race(
        *[lambda: refresh(Client(), token)] * 4,
        behind=lambda: SignIn.objects.select_for_update().get(),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]
    winner = min(answers, key=lambda answer: answer.status_code).json()
    assert opens(winner["access"]).status_code == 200
    assert refresh(Client(), winner["refresh"]).status_code == 200


def test_an_access_token_refreshes_nothing(api, as_ann):
    assert is_refused(refresh(api, as_ann.tokens["access"]))


def test_an_expired_or_forged_one_refreshes_nothing(api, as_ann):
    row = SignIn.objects.get()
    expired = forging.token(forging.claims_of(row, "refresh", exp=1))
    unsigned = forging.token(forging.claims_of(row, "refresh"), key="", algorithm="none")
    foreign = forging.token(forging.claims_of(row, "refresh"), key="x" * 32)
    for token in (expired, unsigned, foreign, "garbage", "a.b.c", "é.é.é"):
        assert is_refused(refresh(api, token)), token
    assert refresh(api, as_ann.tokens["refresh"]).status_code == 200


def test_a_deactivated_person_refreshes_nothing(api, as_ann, ann):
    User.objects.filter(pk=ann.pk).update(is_active=False)
    assert is_refused(refresh(api, as_ann.tokens["refresh"]))


def test_a_deleted_person_refreshes_nothing(api, as_ann, ann):
    ann.delete()
    assert is_refused(refresh(api, as_ann.tokens["refresh"]))


@pytest.mark.parametrize("body", [{}, {"refresh": None}, {"refresh": ""}, {"refresh": 5}, []])
def test_a_bad_body_is_refused(api, body):
    answer = api.post("/api/v1/auth/token/refresh/", body)
    assert (answer.status_code, answer.json()["code"]) == (400, 3400)
