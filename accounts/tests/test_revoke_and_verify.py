"""Ending this sign-in, and asking whether a token is still good."""

import pytest

from accounts.models import SignIn, User
from accounts.tests import forging

pytestmark = pytest.mark.django_db

REVOKE = "/api/v1/auth/token/revoke/"
ME = "/api/v1/users/me/"


def verify(api, token):
    return api.post("/api/v1/auth/token/verify/", {"token": token}).status_code


def refresh(api, token):
    return api.post("/api/v1/auth/token/refresh/", {"refresh": token})


def test_the_header_alone_ends_its_sign_in(as_ann, ann, signed_in, api):
    other_device = signed_in(ann)
    answer = as_ann.post(REVOKE)
    assert (answer.status_code, answer.content) == (204, b"")
    assert as_ann.get(ME).status_code == 401
    assert refresh(api, as_ann.tokens["refresh"]).status_code == 401
    assert other_device.get(ME).status_code == 200


def test_a_refresh_token_in_the_body_ends_its_sign_in(as_ann, api):
    assert api.post(REVOKE, {"refresh": as_ann.tokens["refresh"]}).status_code == 204
    assert as_ann.get(ME).status_code == 401


def test_the_refresh_token_goes_before_the_header(as_ann, ann, signed_in):
    other_device = signed_in(ann)
    body = {"refresh": other_device.tokens["refresh"]}
    assert as_ann.post(REVOKE, body).status_code == 204
    assert other_device.get(ME).status_code == 401
    assert as_ann.get(ME).status_code == 200


def test_with_neither_one_is_asked_to_sign_in(api):
    for answer in (api.post(REVOKE), api.post(REVOKE, {})):
        assert (answer.status_code, answer.json()["code"]) == (401, 3001)
        assert answer["WWW-Authenticate"].startswith("Bearer")


def test_revoking_twice_is_refused(as_ann, api):
    body = {"refresh": as_ann.tokens["refresh"]}
    assert api.post(REVOKE, body).status_code == 204
    assert api.post(REVOKE, body).status_code == 401
    assert as_ann.post(REVOKE).status_code == 401


def test_what_is_no_refresh_token_ends_nothing(as_ann, api):
    row = SignIn.objects.get()
    foreign = forging.token(forging.claims_of(row, "refresh"), key="x" * 32)
    for token in (as_ann.tokens["access"], foreign, "garbage"):
        assert api.post(REVOKE, {"refresh": token}).status_code == 401
    assert api.post(REVOKE, {"refresh": 5}).status_code == 400
    assert api.post(REVOKE, {"token": "x"}).status_code == 400
    assert as_ann.get(ME).status_code == 200


def test_both_tokens_of_a_sign_in_are_good(as_ann, api):
    assert verify(api, as_ann.tokens["access"]) == 200
    assert verify(api, as_ann.tokens["refresh"]) == 200
    assert refresh(api, as_ann.tokens["refresh"]).status_code == 200  # asking uses nothing up


def test_a_used_refresh_token_is_not_good(as_ann, api):
    fresh = refresh(api, as_ann.tokens["refresh"]).json()
    assert verify(api, as_ann.tokens["refresh"]) == 401
    assert verify(api, fresh["refresh"]) == 200


def test_no_token_of_a_revoked_sign_in_is_good(as_ann, api):
    as_ann.post(REVOKE)
    assert verify(api, as_ann.tokens["access"]) == 401
    assert verify(api, as_ann.tokens["refresh"]) == 401


def test_no_token_of_a_deactivated_person_is_good(as_ann, ann, api):
    User.objects.filter(pk=ann.pk).update(is_active=False)
    assert verify(api, as_ann.tokens["access"]) == 401
    assert verify(api, as_ann.tokens["refresh"]) == 401


def test_garbage_is_not_good(as_ann, api):
    row = SignIn.objects.get()
    foreign = forging.token(forging.claims_of(row), key="x" * 32)
    expired = forging.token(forging.claims_of(row, exp=1))
    for token in (foreign, expired, "garbage", "a.b.c", "W" * 4000 + ".e30.x"):
        assert verify(api, token) == 401, token
    for body in ({}, {"token": None}, {"token": "x" * 4097}, {"token": "x", "kind": "access"}):
        assert api.post("/api/v1/auth/token/verify/", body).status_code == 400, body
