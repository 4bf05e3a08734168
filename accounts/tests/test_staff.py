"""What staff see and change of others."""

import pytest

from accounts.models import User
from conftest import PASSWORD, make

pytestmark = pytest.mark.django_db

USERS = "/api/v1/users/"


def at(user):
    return f"{USERS}{user.pk}/"


def row_of(user):
    return User.objects.filter(pk=user.pk).values().get()


def is_forbidden(answer):
    return (answer.status_code, answer.json()["code"]) == (403, 9403)


def test_staff_list_people_page_by_page_newest_first(as_clerk, clerk):
    people = [make(f"p{n}@example.com", name=f"P{n}") for n in range(4)]
    expected = [person.pk for person in reversed([clerk, *people])]
    seen, url = [], f"{USERS}?page_size=2"
    while url:
        page = as_clerk.get(url).json()
        seen += [person["id"] for person in page["results"]]
        assert len(page["results"]) <= 2
        url = page["next"]
    assert seen == expected
    assert page["previous"] is not None


def test_a_page_of_people_costs_the_same_however_long(as_clerk, django_assert_num_queries):
    for n in range(7):
        make(f"p{n}@example.com", name=f"P{n}")
    for size in (1, 8):
        with django_assert_num_queries(4):  # sign-in, own and group permissions, page
            assert len(as_clerk.get(f"{USERS}?page_size={size}").json()["results"]) == size


def test_the_list_of_people_is_for_staff_with_the_permission(api, as_ann, as_curator, as_admin):
    assert api.get(USERS).status_code == 401
    assert is_forbidden(as_ann.get(USERS))
    assert is_forbidden(as_curator.get(USERS))
    assert as_admin.get(USERS).status_code == 200


@pytest.mark.parametrize("query", ["page_size=0", "page_size=101", "cursor=x", "q=ann", "email=a"])
def test_a_bad_parameter_of_the_list_is_refused(as_admin, query):
    assert as_admin.get(f"{USERS}?{query}").status_code == 400


def test_staff_without_the_permission_are_forbidden(as_curator, ann):
    before = row_of(ann)
    assert is_forbidden(as_curator.get(at(ann)))
    assert is_forbidden(as_curator.patch(at(ann), {"name": "Eve"}))
    assert is_forbidden(as_curator.put(at(ann), {"name": "Eve", "email": "eve@example.com"}))
    assert is_forbidden(as_curator.delete(at(ann)))
    assert row_of(ann) == before


def test_each_action_needs_its_own_permission(as_clerk, clerk, ann):
    clerk.user_permissions.set(clerk.user_permissions.filter(codename="view_user"))
    assert as_clerk.get(at(ann)).status_code == 200
    assert is_forbidden(as_clerk.patch(at(ann), {"name": "Eve"}))
    assert is_forbidden(as_clerk.delete(at(ann)))


def test_a_permission_without_is_staff_opens_nothing(as_clerk, clerk, ann):
    User.objects.filter(pk=clerk.pk).update(is_staff=False)
    assert is_forbidden(as_clerk.get(USERS))
    assert as_clerk.get(at(ann)).status_code == 404


def test_staff_with_the_permission_read_and_change_a_person(as_clerk, ann):
    assert as_clerk.get(at(ann)).json()["email"] == "ann@example.com"
    answer = as_clerk.patch(at(ann), {"name": "Anna"})
    assert (answer.status_code, answer.json()["name"]) == (200, "Anna")
    assert as_clerk.get(f"{USERS}{2**62}/").status_code == 404


def test_what_staff_fetched_can_be_put_back_and_changes_nothing(as_clerk, ann):
    User.objects.filter(pk=ann.pk).update(is_active=False)
    before = row_of(ann)
    fetched = as_clerk.get(at(ann)).json()
    assert as_clerk.put(at(ann), fetched).json() == fetched
    assert row_of(ann) == before


def test_staff_switch_a_person_off_and_on(as_clerk, as_ann, ann):
    assert as_clerk.patch(at(ann), {"is_active": False}).json()["is_active"] is False
    assert as_ann.get("/api/v1/users/me/").status_code == 401
    assert as_clerk.patch(at(ann), {"is_active": True}).json()["is_active"] is True
    assert as_ann.get("/api/v1/users/me/").status_code == 200


@pytest.mark.parametrize("value", [None, "false", 0, []])
def test_a_switch_is_true_or_false(as_clerk, ann, value):
    answer = as_clerk.patch(at(ann), {"is_active": value})
    assert [error["pointer"] for error in answer.json()["errors"]] == ["#/is_active"]
    assert row_of(ann)["is_active"] is True


def test_staff_do_not_switch_themselves_off(as_clerk, clerk):
    assert as_clerk.patch(at(clerk), {"is_active": False}).status_code == 200
    assert row_of(clerk)["is_active"] is True


def test_staff_give_their_own_password_to_change_anothers(as_clerk, ann):
    User.objects.filter(pk=ann.pk).update(password="")
    new = {"password": "a brand new secret", "email": "anna@example.com"}
    for proof in ({}, {"current_password": "wrong horse battery"}):
        answer = as_clerk.patch(at(ann), new | proof)
        assert [error["pointer"] for error in answer.json()["errors"]] == ["#/current_password"]
    assert as_clerk.patch(at(ann), new | {"current_password": PASSWORD}).status_code == 200
    ann.refresh_from_db()
    assert (ann.email, ann.check_password("a brand new secret")) == ("anna@example.com", True)


def test_a_password_that_staff_set_ends_the_sign_ins_of_that_person_only(as_clerk, as_ann, ann):
    as_clerk.patch(at(ann), {"password": "a brand new secret", "current_password": PASSWORD})
    assert as_ann.get("/api/v1/users/me/").status_code == 401
    assert as_clerk.get("/api/v1/users/me/").status_code == 200


@pytest.mark.parametrize("client", ["as_clerk", "as_admin"])
def test_nobody_is_made_staff_by_the_api(request, ann, client):
    as_staff = request.getfixturevalue(client)
    assert as_staff.patch(at(ann), {"is_staff": True}).status_code == 200
    assert as_staff.patch(at(ann), {"is_superuser": True}).status_code == 400
    assert not row_of(ann)["is_staff"]


@pytest.mark.parametrize("person", ["curator", "admin"])
def test_only_superusers_change_other_staff(request, as_clerk, person):
    other = request.getfixturevalue(person)
    before = row_of(other)
    assert as_clerk.get(at(other)).status_code == 200
    assert is_forbidden(as_clerk.patch(at(other), {"name": "Eve"}))
    assert is_forbidden(as_clerk.put(at(other), {"name": "Eve", "email": "eve@example.com"}))
    assert is_forbidden(as_clerk.delete(at(other)))
    assert row_of(other) == before


def test_superusers_do_change_other_staff(as_admin, curator, clerk):
    assert as_admin.patch(at(curator), {"is_active": False}).json()["is_active"] is False
    assert as_admin.delete(at(clerk)).status_code == 204
    assert not User.objects.filter(pk=clerk.pk).exists()
