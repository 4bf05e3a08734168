"""Getting the first pair of tokens."""

import os
import re
from importlib import import_module

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher

from accounts.models import SignIn, User
from conftest import PASSWORD

pytestmark = pytest.mark.django_db


def sign_in(api, email="ann@example.com", password=PASSWORD, **headers):
    return api.post("/api/v1/auth/token/", {"email": email, "password": password}, **headers)


def is_signed_in(api, access):
    return api.get("/api/v1/users/me/", headers={"Authorization": f"Bearer {access}"})


class CountingHasher(MD5PasswordHasher):
    algorithm = "counting"
    runs = 0

    def encode(self, password, salt):
        CountingHasher.runs += 1
        return super().encode(password, salt)


def test_a_person_signs_in_with_address_and_password(api, ann):
    answer = sign_in(api, headers={"User-Agent": "A phone"})
    assert answer.status_code == 200
    assert sorted(answer.json()) == ["access", "refresh"]
    assert answer["Cache-Control"] == "no-store"
    assert is_signed_in(api, answer.json()["access"]).json()["id"] == ann.pk
    assert SignIn.objects.get(user=ann).user_agent == "A phone"


@pytest.mark.parametrize("spelling", ["ANN@EXAMPLE.COM", " Ann@example.com "])
def test_an_address_signs_in_in_every_spelling(api, ann, spelling):
    assert sign_in(api, spelling).status_code == 200


def test_signing_in_costs_two_statements(api, ann, django_assert_num_queries):
    with django_assert_num_queries(2):  # person, sign-in
        sign_in(api)


def test_each_device_has_a_sign_in_of_its_own(api, ann):
    first, second = sign_in(api).json(), sign_in(api).json()
    assert SignIn.objects.filter(user=ann).count() == 2
    for pair in (first, second):
        assert is_signed_in(api, pair["access"]).status_code == 200


def test_a_long_user_agent_is_cut(api, ann):
    assert sign_in(api, headers={"User-Agent": "x" * 5000}).status_code == 200
    assert len(SignIn.objects.get().user_agent) == 200


def test_who_may_not_sign_in_is_told_the_same_whatever_the_reason(api, ann, bob):
    User.objects.filter(pk=bob.pk).update(is_active=False)
    answers = [
        sign_in(api, "ann@example.com", "wrong horse battery"),
        sign_in(api, "nobody@example.com"),
        sign_in(api, "bob@example.com"),
    ]
    told = {re.sub(rb'"request_id":"\w+"', b"", answer.content) for answer in answers}
    assert len(told) == 1
    headers = [{**answer.headers, "X-Request-ID": ""} for answer in answers]
    assert headers[0] == headers[1] == headers[2]
    assert headers[0]["WWW-Authenticate"] == 'Bearer realm="api"'
    assert (answers[0].status_code, answers[0].json()["code"]) == (401, 3003)
    assert not SignIn.objects.exists()


def test_who_may_not_sign_in_waits_for_the_hasher_whatever_the_reason(api, settings):
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    User.objects.create_user("ann@example.com", PASSWORD, name="Ann")
    User.objects.create_user("bob@example.com", PASSWORD, name="Bob", is_active=False)
    User.objects.create_user("cy@example.com", None, name="Cy, who has no password")
    for email in ("ann@example.com", "bob@example.com", "cy@example.com", "nobody@example.com"):
        CountingHasher.runs = 0
        assert sign_in(api, email, "wrong horse battery").status_code == 401
        assert CountingHasher.runs == 1, email
    CountingHasher.runs = 0
    assert sign_in(api, "bob@example.com", PASSWORD).status_code == 401
    assert CountingHasher.runs == 1


def test_passwords_are_kept_by_argon2(api, settings):
    real = import_module(os.environ["DJANGO_SETTINGS_MODULE"])
    settings.PASSWORD_HASHERS = real.PASSWORD_HASHERS
    api.post("/api/v1/users/", {"email": "d@example.com", "name": "D", "password": PASSWORD})
    assert User.objects.get().password.startswith("argon2$argon2id$")
    assert sign_in(api, "d@example.com").status_code == 200


def test_a_hash_renewed_on_signing_in_ends_no_sign_in(api, ann, as_ann, settings):
    assert ann.password.startswith("md5$")
    settings.PASSWORD_HASHERS = settings.PASSWORD_HASHERS[::-1]
    pair = sign_in(api).json()
    assert User.objects.get().password.startswith("argon2$")
    assert is_signed_in(api, pair["access"]).status_code == 200
    assert api.post("/api/v1/auth/token/refresh/", {"refresh": pair["refresh"]}).status_code == 200
    assert as_ann.get("/api/v1/users/me/").status_code == 200


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"email": None}, "#/email"),
        ({"email": ""}, "#/email"),
        ({"email": ["ann@example.com"]}, "#/email"),
        ({"email": "ann@example.com\0"}, "#/email"),
        ({"email": "a" * 255}, "#/email"),
        ({"password": None}, "#/password"),
        ({"password": 12345678}, "#/password"),
        ({"password": "x" * 129}, "#/password"),
        ({"remember": True}, "#/remember"),
    ],
)
def test_a_bad_body_is_refused_by_field(api, ann, changes, pointer):
    body = {"email": "ann@example.com", "password": PASSWORD} | changes
    answer = api.post("/api/v1/auth/token/", body)
    assert (answer.status_code, answer.json()["code"]) == (400, 3400)
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_an_address_of_any_characters_is_just_unknown(api):
    assert sign_in(api, "ſ€ñ'; --@İ").status_code == 401


def test_signing_in_is_by_post(api):
    answer = api.get("/api/v1/auth/token/")
    assert (answer.status_code, answer.json()["code"]) == (405, 9405)
