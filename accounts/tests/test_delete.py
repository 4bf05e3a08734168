"""Leaving, with all that is one's own."""

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.db import connection

from accounts import tokens
from accounts.models import SignIn, User
from accounts.tests.races import needs_postgres, race
from conftest import PASSWORD

pytestmark = pytest.mark.django_db

ME = "/api/v1/users/me/"


def rows_that_name(user_id):
    """Where any table still holds this person."""
    return [
        f"{model.__name__}.{field.name}"
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields
        if field.related_model is User and model.objects.filter(**{field.name: user_id}).exists()
    ]


def test_a_person_deletes_themselves(as_ann, ann, as_bob, api):
    answer = as_ann.delete(ME)
    assert (answer.status_code, answer.content) == (204, b"")
    assert as_ann.get(ME).status_code == 401
    assert as_ann.delete(ME).status_code == 401
    credentials = {"email": "ann@example.com", "password": PASSWORD}
    assert api.post("/api/v1/auth/token/", credentials).status_code == 401
    assert [user.name for user in User.objects.all()] == ["Bob"]
    assert as_bob.get(ME).status_code == 200


def test_all_that_is_theirs_goes_with_them(as_ann, ann, bob, signed_in):
    signed_in(ann)
    signed_in(bob)
    title = apps.get_model("catalog", "Movie").objects.create(title="Dune", release_year=2021)
    body = {"content_type": "movie", "content_id": title.pk}
    assert as_ann.post("/api/v1/mylist/", body).status_code == 201
    assert "MyListItem.user" in rows_that_name(ann.pk)
    assert as_ann.delete(ME).status_code == 204
    assert rows_that_name(ann.pk) == []
    assert rows_that_name(bob.pk) == ["SignIn.user"]


def test_the_address_is_free_again(as_ann, api):
    as_ann.delete(ME)
    body = {"email": "ann@example.com", "name": "Another Ann", "password": PASSWORD}
    assert api.post("/api/v1/users/", body).status_code == 201
    assert as_ann.get(ME).status_code == 401


def test_staff_delete_a_person(as_clerk, ann, signed_in):
    signed_in(ann)
    path = f"/api/v1/users/{ann.pk}/"
    assert as_clerk.delete(path).status_code == 204
    assert as_clerk.delete(path).status_code == 404
    assert SignIn.objects.count() == 1


def test_erasing_somebody_twice_is_no_error(ann):
    User.objects.get(pk=ann.pk).erase()
    ann.erase()
    assert not User.objects.exists()


@needs_postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("place", ["API", "desk"])
def test_a_sign_in_that_begins_meanwhile_goes_too(as_ann, ann, admin, client, place):
    client.force_login(admin)
    desk = f"/admin/accounts/user/{ann.pk}/delete/"
    leave, left = {
        "API": (lambda: as_ann.delete(ME).status_code, 204),
        "desk": (lambda: client.post(desk, {"post": "yes"}).status_code, 302),
    }[place]

    def sign_in():
        tokens.sign_in(ann, "late")
        connection.check_constraints()  # now, not at the commit: this locks the person

    assert race(leave, behind=sign_in, keep=True) == [left]
    assert User.objects.get() == admin
    assert not SignIn.objects.exists()


def test_the_log_of_the_desk_forgets_the_address(ann, admin, client):
    client.force_login(admin)
    form = {"email": ann.email, "name": "Annie", "is_active": "on"}
    client.post(f"/admin/accounts/user/{ann.pk}/change/", form)
    assert LogEntry.objects.filter(object_repr=ann.email).count() == 1
    client.post(f"/admin/accounts/user/{ann.pk}/delete/", {"post": "yes"})
    told = set(LogEntry.objects.values_list("object_repr", flat=True))
    assert told == {f"user {ann.pk}"}


@needs_postgres
@pytest.mark.django_db(transaction=True)
def test_signing_in_while_being_deleted_is_a_401(api, ann):
    [answer] = race(
        lambda: api.post("/api/v1/auth/token/", {"email": ann.email, "password": PASSWORD}),
        behind=lambda: User.objects.get(pk=ann.pk).delete(),
        keep=True,
    )
    assert (answer.status_code, answer.json()["code"]) == (401, 3003)
