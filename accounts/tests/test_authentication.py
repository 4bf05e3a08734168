"""Which tokens are taken."""

import base64

import pytest

from accounts import tokens
from accounts.models import SignIn, User
from accounts.tests import forging
from conftest import PASSWORD

pytestmark = pytest.mark.django_db

ME = "/api/v1/users/me/"
MOVIES = "/api/v1/movies/"


def with_header(api, header, path=ME):
    return api.get(path, headers={"Authorization": header})


def is_refused(answer):
    return (
        answer.status_code == 401
        and answer.json()["code"] == 3002
        and answer["Content-Type"] == "application/problem+json"
        and answer["WWW-Authenticate"].startswith("Bearer")
    )


def base64url(text):
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


@pytest.fixture
def session(ann):
    """Ann's sign-in."""
    tokens.sign_in(ann, "a test")
    return SignIn.objects.get()


def test_without_a_token_one_is_asked_to_sign_in(api):
    answer = api.get(ME)
    assert (answer.status_code, answer.json()["code"]) == (401, 3001)
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'


def test_a_good_token_costs_one_statement(as_ann, django_assert_num_queries):
    with django_assert_num_queries(2):  # sign-in with its person; who asks for all of it
        assert as_ann.get(ME).status_code == 200


def test_a_forged_token_costs_no_statement(api, session, django_assert_num_queries):
    raw = forging.token(forging.claims_of(session), key="x" * 32)
    with django_assert_num_queries(0):
        assert is_refused(with_header(api, f"Bearer {raw}"))


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_known_in_every_spelling(api, session, scheme):
    raw = forging.token(forging.claims_of(session))
    assert with_header(api, f"{scheme} {raw}").status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 1},
        {"token_type": "refresh"},
        {"token_type": None},
        {"sid": None},
        {"sid": "me"},
        {"sid": -1},
        {"sid": 2**63 - 1},
        {"sid": 2**80},
        {"user_id": 0},
        {"user_id": []},
    ],
)
def test_claims_that_are_wrong_are_refused_though_signed(api, session, changes):
    raw = forging.token(forging.claims_of(session, **changes))
    assert is_refused(with_header(api, f"Bearer {raw}"))


@pytest.mark.parametrize("name", ["exp", "jti", "token_type", "user_id", "sid"])
def test_a_claim_that_is_missing_is_refused(api, session, name):
    claims = forging.claims_of(session)
    del claims[name]
    assert is_refused(with_header(api, f"Bearer {forging.token(claims)}"))


def test_a_sign_in_is_good_for_its_own_person_only(api, session, bob):
    raw = forging.token(forging.claims_of(session, user_id=bob.pk))
    assert is_refused(with_header(api, f"Bearer {raw}"))


def test_another_algorithm_is_refused_though_the_key_is_right(api, session):
    raw = forging.token(forging.claims_of(session), algorithm="HS384")
    assert is_refused(with_header(api, f"Bearer {raw}"))


def test_an_unsigned_token_is_refused(api, session):
    raw = forging.token(forging.claims_of(session), key="", algorithm="none")
    assert is_refused(with_header(api, f"Bearer {raw}"))
    head, body, _ = forging.token(forging.claims_of(session)).split(".")
    assert is_refused(with_header(api, f"Bearer {head}.{body}."))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer ..",
        "Bearer a.b.c",
        "Bearer a b",
        "Bearer \xff\xfe",
        "Bearer " + "." * 5000,
        "Bearer " + base64url("[]") + ".e30.x",
        "Bearer " + base64url('{"alg":["HS256"]}') + ".e30.x",
        "Bearer " + base64url("[" * 4000) + ".e30.x",
        "Bearer " + base64url('{"alg":"HS256","b64":false,"crit":["b64"]}') + ".e30.x",
        "Token abc",
        "Basic YW5uQGV4YW1wbGUuY29tOmNvcnJlY3QgaG9yc2UgYmF0dGVyeQ==",
    ],
)
def test_garbage_is_refused_also_where_no_token_is_needed(api, ann, header):
    assert is_refused(with_header(api, header))
    assert is_refused(with_header(api, header, MOVIES))


def test_a_scheme_that_is_not_ours_is_refused_though_its_token_is_good(api, session):
    raw = forging.token(forging.claims_of(session))
    assert is_refused(with_header(api, f"Token {raw}"))
    assert is_refused(with_header(api, raw))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", MOVIES),
        ("post", "/api/v1/users/"),
        ("post", "/api/v1/auth/token/"),
        ("post", "/api/v1/auth/token/refresh/"),
        ("post", "/api/v1/auth/password/reset/"),
    ],
)
def test_a_token_that_is_there_must_be_good_everywhere(api, session, method, path):
    raw = forging.token(forging.claims_of(session, exp=1))
    answer = getattr(api, method)(path, headers={"Authorization": f"Bearer {raw}"})
    assert is_refused(answer)


def test_a_refresh_token_opens_nothing(api, as_ann):
    assert is_refused(with_header(api, f"Bearer {as_ann.tokens['refresh']}"))


def test_a_deactivated_person_is_refused_from_the_next_request_on(as_ann, ann):
    assert as_ann.get(ME).status_code == 200
    User.objects.filter(pk=ann.pk).update(is_active=False)
    assert is_refused(as_ann.get(ME))
    assert is_refused(as_ann.get(MOVIES))


def test_a_deleted_person_is_refused_from_the_next_request_on(as_ann, ann):
    ann.delete()
    assert is_refused(as_ann.get(ME))


def test_a_new_password_ends_every_sign_in_at_once(as_ann, ann, signed_in, api):
    other_device = signed_in(ann)
    body = {"password": "a brand new secret", "current_password": PASSWORD}
    assert as_ann.patch(ME, body).status_code == 200
    assert is_refused(as_ann.get(ME))
    assert is_refused(other_device.get(ME))
    answer = api.post("/api/v1/auth/token/refresh/", {"refresh": as_ann.tokens["refresh"]})
    assert is_refused(answer)


def test_the_same_password_anew_ends_every_sign_in_too(as_ann, ann):
    ann.set_password(PASSWORD)
    ann.save()
    assert is_refused(as_ann.get(ME))


def test_a_password_that_is_taken_away_ends_every_sign_in_too(as_ann, ann):
    ann.set_unusable_password()
    ann.save()
    assert is_refused(as_ann.get(ME))
