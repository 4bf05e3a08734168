"""Becoming a user."""

import pytest
from django.db import IntegrityError, transaction

from accounts.models import EmailTaken, User
from accounts.tests.races import needs_postgres, race
from conftest import Client

pytestmark = pytest.mark.django_db

DEE = {"email": "dee@example.com", "name": "Dee", "password": "correct horse battery"}


def register(api, **changes):
    return api.post("/api/v1/users/", DEE | changes)


def refused(answer):
    """Which fields a 400 names."""
    assert (answer.status_code, answer.json()["code"]) == (400, 3400)
    assert not User.objects.filter(name="Dee").exists()
    return sorted({error["pointer"] for error in answer.json()["errors"]})


def test_a_person_who_registers_is_told_who_they_are(api):
    answer = register(api)
    assert answer.status_code == 201
    dee = User.objects.get()
    created_at = answer.json()["created_at"]
    assert created_at.endswith("Z")
    assert answer.json() == {
        "id": dee.pk,
        "email": "dee@example.com",
        "name": "Dee",
        "is_staff": False,
        "is_active": True,
        "created_at": created_at,
    }
    assert answer["Location"] == f"/api/v1/users/{dee.pk}/"
    assert dee.check_password(DEE["password"])


def test_registering_costs_one_insert(api, django_assert_num_queries):
    with django_assert_num_queries(3):  # savepoint, insert, release
        register(api)


def test_an_address_is_kept_in_lower_case(api):
    assert register(api, email="  Dee@Example.COM ").json()["email"] == "dee@example.com"
    assert User.objects.get(email="DEE@example.com").name == "Dee"


@pytest.mark.parametrize("spelling", ["dee@example.com", "DEE@EXAMPLE.COM", "Dee@Example.com"])
def test_an_address_is_taken_in_every_spelling(api, spelling):
    register(api)
    answer = register(api, email=spelling, name="Impostor")
    assert (answer.status_code, answer.json()["code"]) == (400, 3400)
    [error] = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == ("#/email", "unique")
    assert User.objects.get().name == "Dee"


def test_the_database_itself_keeps_addresses_lower_and_unique(ann):
    with pytest.raises(EmailTaken), transaction.atomic():
        User.objects.create_user("ANN@example.com", "x", name="Another Ann")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.bulk_create([User(email="ann@example.com", name="Another Ann")])


@needs_postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_who_register_an_address_at_once_one_has_it():
    def faster():
        User.objects.create_user("dee@example.com", "x", name="Somebody faster")

    answers = race(
        lambda: register(Client()),
        lambda: register(Client(), email="DEE@example.com"),
        behind=faster,
    )
    assert sorted(answer.status_code for answer in answers) == [201, 400]
    loser = max(answers, key=lambda answer: answer.status_code)
    assert loser.json()["errors"][0]["pointer"] == "#/email"
    assert User.objects.count() == 1


@pytest.mark.parametrize("name", ["id", "is_staff", "is_active", "created_at"])
def test_what_is_only_read_is_left_out_of_account(api, ann, name):
    given = {"id": ann.pk, "is_staff": True, "is_active": False, "created_at": "2001-01-01"}
    assert register(api, **{name: given[name]}).status_code == 201
    dee = User.objects.get(name="Dee")
    assert (dee.pk != ann.pk, dee.is_staff, dee.is_active) == (True, False, True)
    assert dee.created_at.year > 2001


@pytest.mark.parametrize(
    "name", ["is_superuser", "groups", "user_permissions", "password_stamp", "last_login", "x/y~z"]
)
def test_an_unknown_field_is_refused_by_name(api, name):
    pointer = "#/" + name.replace("~", "~0").replace("/", "~1")
    assert refused(register(api, **{name: True})) == [pointer]


def test_a_password_like_the_own_name_is_refused(api):
    alike = register(api, name="Marguerite Duras", password="marguerite duras")
    assert refused(alike) == ["#/password"]
    assert not User.objects.filter(name="Marguerite Duras").exists()


def test_a_current_password_is_nothing_to_register_with(api):
    assert refused(register(api, current_password="x")) == ["#/current_password"]


@pytest.mark.parametrize("name", ["email", "name", "password"])
@pytest.mark.parametrize("value", [None, "", 5, True, [], {}, "a\0b"])
def test_a_field_of_another_form_is_refused(api, name, value):
    assert refused(register(api, **{name: value})) == [f"#/{name}"]


@pytest.mark.parametrize("name", ["email", "name", "password"])
def test_a_missing_field_is_refused(api, name):
    body = {key: value for key, value in DEE.items() if key != name}
    assert refused(api.post("/api/v1/users/", body)) == [f"#/{name}"]


@pytest.mark.parametrize(
    "email",
    [
        "dee",
        "dee@",
        "@example.com",
        "dee@example",
        "dee @example.com",
        "dee@example.com\nBcc: eve@example.com",
        "d" * 65 + "@" + "x" * 250 + ".com",
    ],
)
def test_what_is_no_address_is_refused(api, email):
    assert "#/email" in refused(register(api, email=email))


def test_an_address_that_grows_too_long_in_lower_case_is_refused(api):
    """`İ` becomes two characters, and the column holds 254."""
    labels = ".".join(["İ" * 40] * 6)
    email = f"d@{labels}.com"
    assert len(email) <= 254 < len(email.lower())
    assert refused(register(api, email=email)) == ["#/email"]


def test_a_name_is_at_most_150_characters(api):
    assert refused(register(api, name="Dee" + "e" * 148)) == ["#/name"]


@pytest.mark.parametrize(
    ("password", "rule"),
    [
        ("short 7", "password_too_short"),
        ("password1", "password_too_common"),
        ("8471920365", "password_entirely_numeric"),
        ("dee@example.com", "password_too_similar"),
    ],
)
def test_a_weak_password_is_refused_by_the_rule_it_breaks(api, password, rule):
    answer = register(api, password=password)
    assert refused(answer) == ["#/password"]
    assert [error["code"] for error in answer.json()["errors"]] == [rule]


def test_a_password_must_not_be_the_address(api):
    answer = register(api, email="marguerite@example.com", password="marguerite")
    assert refused(answer) == ["#/password"]


def test_a_password_may_have_128_characters(api):
    longest = "correct horse " * 9 + "ab"
    assert len(longest) == 128
    assert refused(register(api, password=longest + "c")) == ["#/password"]
    assert register(api, password=longest).status_code == 201
    assert User.objects.get().check_password(longest)


def test_blanks_at_the_ends_of_a_password_belong_to_it(api):
    typed = "  correct horse battery "
    register(api, password=typed)
    signs_in = {"email": DEE["email"], "password": typed}
    assert api.post("/api/v1/auth/token/", signs_in).status_code == 200
    without = signs_in | {"password": typed.strip()}
    assert api.post("/api/v1/auth/token/", without).status_code == 401


@pytest.mark.parametrize("body", [[], [DEE], "text", 5, None])
def test_a_body_that_is_no_object_is_refused(api, body):
    answer = api.post("/api/v1/users/", body)
    assert (answer.status_code, answer.json()["code"]) == (400, 3400)
