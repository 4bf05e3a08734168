"""Reading and changing oneself."""

import pytest

from accounts.models import User
from accounts.tests.races import needs_postgres, race
from conftest import PASSWORD

pytestmark = pytest.mark.django_db

ME = "/api/v1/users/me/"
NEW = "a brand new secret"


def row_of(user):
    return User.objects.filter(pk=user.pk).values().get()


def errors_of(answer):
    assert (answer.status_code, answer.json()["code"]) == (400, 3400)
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


def signs_in(api, email, password):
    answer = api.post("/api/v1/auth/token/", {"email": email, "password": password})
    return answer.status_code == 200


def test_a_person_reads_themselves_as_me_and_by_id(as_ann, ann):
    answer = as_ann.get(ME)
    assert answer.json() == as_ann.get(f"/api/v1/users/{ann.pk}/").json()
    assert list(answer.json()) == ["id", "email", "name", "is_staff", "is_active", "created_at"]
    assert answer["Cache-Control"] == "private, no-cache"
    assert as_ann.get(ME, headers={"If-None-Match": answer["ETag"]}).status_code == 304


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_a_stranger_and_a_missing_person_are_alike(as_ann, bob, method):
    before = row_of(bob)
    body = None if method in ("get", "delete") else {"name": "Eve"}
    for pk in (bob.pk, 2**62):
        answer = getattr(as_ann, method)(f"/api/v1/users/{pk}/", body)
        assert (answer.status_code, answer.json()["code"]) == (404, 3404)
    assert row_of(bob) == before


@pytest.mark.parametrize("pk", ["0", "-1", "007", "1.0", str(2**63), "Me", "mee", "%00", "٣"])
def test_what_is_no_id_is_no_path(as_ann, pk):
    answer = as_ann.get(f"/api/v1/users/{pk}/")
    assert (answer.status_code, answer.json()["code"]) == (404, 9404)


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_an_account_needs_a_token(api, method):
    assert getattr(api, method)(ME).status_code == 401


def test_a_name_is_changed_without_a_password(as_ann, ann, django_assert_num_queries):
    with django_assert_num_queries(5):  # sign-in, who asks, savepoint, update, release
        answer = as_ann.patch(ME, {"name": "Anna"})
    assert (answer.status_code, answer.json()["name"]) == (200, "Anna")
    assert row_of(ann)["name"] == "Anna"
    assert as_ann.get(ME).status_code == 200


def test_what_was_fetched_can_be_put_back_and_changes_nothing(as_ann, ann):
    before = row_of(ann)
    fetched = as_ann.get(ME).json()
    answer = as_ann.put(ME, fetched)
    assert (answer.status_code, answer.json()) == (200, fetched)
    assert row_of(ann) == before
    assert as_ann.get(ME).status_code == 200


def test_an_empty_patch_changes_nothing(as_ann, ann):
    before = row_of(ann)
    assert as_ann.patch(ME, {}).status_code == 200
    assert row_of(ann) == before


def test_put_needs_name_and_address(as_ann):
    assert errors_of(as_ann.put(ME, {})) == [("#/email", "required"), ("#/name", "required")]


def test_nobody_gives_themselves_powers(as_ann, ann):
    before = row_of(ann)
    fixed = {"id": 1, "is_staff": True, "is_active": False, "created_at": "2001-01-01T00:00:00Z"}
    assert as_ann.patch(ME, fixed).status_code == 200
    for name in ("is_superuser", "groups", "user_permissions", "password_stamp", "sign_ins"):
        assert errors_of(as_ann.patch(ME, {name: [1]})) == [(f"#/{name}", "unknown")]
    assert row_of(ann) == before


@pytest.mark.parametrize("change", [{"password": NEW}, {"email": "anna@example.com"}])
def test_password_and_address_need_the_current_password(as_ann, ann, change):
    before = row_of(ann)
    for proof in ({}, {"current_password": "wrong horse battery"}):
        answer = as_ann.patch(ME, change | proof)
        assert errors_of(answer) == [("#/current_password", "proof")]
    assert errors_of(as_ann.put(ME, {"email": ann.email, "name": "Ann"} | change)) == [
        ("#/current_password", "proof")
    ]
    assert row_of(ann) == before
    assert as_ann.patch(ME, change | {"current_password": PASSWORD}).status_code == 200
    assert row_of(ann) != before


def test_a_new_password_signs_in_and_the_old_one_does_not(as_ann, ann, api):
    answer = as_ann.patch(ME, {"password": NEW, "current_password": PASSWORD})
    assert answer.status_code == 200
    assert not {"password", "current_password"} & set(answer.json())
    assert signs_in(api, ann.email, NEW)
    assert not signs_in(api, ann.email, PASSWORD)


def test_a_new_address_signs_in_and_ends_no_sign_in(as_ann, api):
    body = {"email": "Anna@Example.com", "current_password": PASSWORD}
    assert as_ann.patch(ME, body).json()["email"] == "anna@example.com"
    assert as_ann.get(ME).status_code == 200
    assert signs_in(api, "anna@example.com", PASSWORD)
    assert not signs_in(api, "ann@example.com", PASSWORD)


def test_another_spelling_of_ones_address_is_no_new_one(as_ann, ann):
    before = row_of(ann)
    assert as_ann.patch(ME, {"email": "ANN@example.com"}).status_code == 200
    assert row_of(ann) == before


def test_an_address_that_is_taken_is_refused(as_ann, ann, bob):
    body = {"email": "BOB@example.com", "current_password": PASSWORD}
    assert errors_of(as_ann.patch(ME, body)) == [("#/email", "unique")]
    assert row_of(ann)["email"] == "ann@example.com"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"password": "short"}, "#/password"),
        ({"password": "ann@example.com"}, "#/password"),
        ({"password": "x" * 129}, "#/password"),
        ({"password": None}, "#/password"),
        ({"email": "nobody"}, "#/email"),
        ({"name": ""}, "#/name"),
        ({"name": ["Ann"]}, "#/name"),
        ({"current_password": 5}, "#/current_password"),
    ],
)
def test_a_bad_value_is_refused_by_field(as_ann, ann, change, pointer):
    before = row_of(ann)
    answer = as_ann.patch(ME, {"current_password": PASSWORD} | change)
    assert {field for field, _ in errors_of(answer)} == {pointer}
    assert row_of(ann) == before


def test_a_new_password_must_not_resemble_a_new_address(as_ann):
    body = {"email": "marguerite@example.com", "password": "marguerite", "name": "Ann"}
    answer = as_ann.put(ME, body | {"current_password": PASSWORD})
    assert ("#/password", "password_too_similar") in errors_of(answer)


@needs_postgres
@pytest.mark.django_db(transaction=True)
def test_a_change_that_comes_too_late_finds_nobody(as_ann, ann):
    [answer] = race(
        lambda: as_ann.patch(ME, {"name": "Anna"}),
        behind=lambda: User.objects.get(pk=ann.pk).delete(),
        keep=True,
    )
    assert (answer.status_code, answer.json()["code"]) == (404, 3404)
    assert not User.objects.exists()


@needs_postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_new_passwords_with_one_proof_the_later_is_refused(ann, signed_in):
    clients = [signed_in(ann), signed_in(ann)]
    answers = race(
        *(
            lambda client=client, new=new: client.patch(
                ME, {"password": new, "current_password": PASSWORD}
            )
            for client, new in zip(clients, ["a first new secret", "another new one"], strict=True)
        ),
        behind=lambda: User.objects.select_for_update().get(pk=ann.pk),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]


@needs_postgres
@pytest.mark.django_db(transaction=True)
def test_a_proof_that_is_outdated_moves_no_address(as_ann, ann):
    [answer] = race(
        lambda: as_ann.patch(ME, {"email": "new@example.com", "current_password": PASSWORD}),
        behind=lambda: User.objects.get(pk=ann.pk).change(password="chosen meanwhile"),
        keep=True,
    )
    assert answer.status_code == 409
    assert User.objects.get().email == ann.email


def test_a_hash_that_is_renewed_by_the_proof_does_not_stand_in_the_way(as_ann, ann, settings):
    """Made with the hasher of old; the proof brings it up to date in the same request."""
    settings.PASSWORD_HASHERS = list(reversed(settings.PASSWORD_HASHERS))
    before = row_of(ann)["password"]
    body = {"password": "a brand new secret", "current_password": PASSWORD}
    assert as_ann.patch(ME, body).status_code == 200
    assert row_of(ann)["password"].partition("$")[0] != before.partition("$")[0]
    assert User.objects.get(pk=ann.pk).check_password("a brand new secret")
