"""The devices a person is signed in on."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import SignIn

pytestmark = pytest.mark.django_db

MINE = "/api/v1/users/me/sign-ins/"
ME = "/api/v1/users/me/"


def of(user):
    return f"/api/v1/users/{user.pk}/sign-ins/"


def ids(answer):
    assert answer.status_code == 200
    return [sign_in["id"] for sign_in in answer.json()["results"]]


def test_a_person_sees_their_sign_ins_newest_first(as_ann, ann, signed_in, as_bob):
    signed_in(ann)
    newer, older = as_ann.get(MINE).json()["results"]
    assert (newer["current"], older["current"]) == (False, True)
    assert newer["id"] > older["id"]
    assert list(newer) == [
        "id",
        "user_agent",
        "created_at",
        "refreshed_at",
        "expires_at",
        "current",
    ]
    assert newer["user_agent"] == "a test"
    assert all(newer[time].endswith("Z") for time in ("created_at", "refreshed_at", "expires_at"))
    assert ids(as_ann.get(of(ann))) == ids(as_ann.get(MINE))


def test_sign_ins_come_in_pages_at_one_price(as_ann, ann, signed_in, django_assert_num_queries):
    for _ in range(4):
        signed_in(ann)
    with django_assert_num_queries(3):  # sign-in, who asks, page
        first = as_ann.get(f"{MINE}?page_size=2")
    with django_assert_num_queries(3):
        second = as_ann.get(first.json()["next"])
    everything = ids(as_ann.get(MINE))
    assert len(everything) == 5
    assert ids(first) + ids(second) == everything[:4]


def test_a_cursor_of_one_person_is_no_cursor_of_another(as_ann, ann, as_bob, signed_in):
    signed_in(ann)
    following = as_ann.get(f"{MINE}?page_size=1").json()["next"]
    answer = as_bob.get(following)
    assert (answer.status_code, answer.json()["code"]) == (400, 9003)


def test_what_has_ended_is_not_shown(as_ann, ann, signed_in):
    mine = ids(as_ann.get(MINE))
    signed_in(ann)
    SignIn.objects.exclude(pk__in=mine).update(expires_at=timezone.now())
    signed_in(ann)
    SignIn.objects.filter(expires_at__gt=timezone.now()).exclude(pk__in=mine).update(
        password_stamp=0
    )
    assert ids(as_ann.get(MINE)) == mine


def test_a_person_ends_one_sign_in(as_ann, ann, signed_in, api):
    lost_phone = signed_in(ann)
    newest = ids(as_ann.get(MINE))[0]
    assert as_ann.delete(f"{MINE}{newest}/").status_code == 204
    assert lost_phone.get(ME).status_code == 401
    token = {"refresh": lost_phone.tokens["refresh"]}
    assert api.post("/api/v1/auth/token/refresh/", token).status_code == 401
    assert as_ann.get(ME).status_code == 200
    assert as_ann.delete(f"{MINE}{newest}/").status_code == 404


def test_a_person_ends_all_sign_ins_this_one_too(as_ann, ann, signed_in, as_bob):
    other_device = signed_in(ann)
    assert as_ann.delete(MINE).status_code == 204
    assert as_ann.get(ME).status_code == 401
    assert other_device.get(ME).status_code == 401
    assert as_bob.get(ME).status_code == 200


def test_another_persons_sign_ins_are_not_there(as_ann, as_bob, bob):
    [his] = ids(as_bob.get(MINE))
    for answer in (
        as_ann.get(of(bob)),
        as_ann.delete(of(bob)),
        as_ann.delete(f"{of(bob)}{his}/"),
        as_ann.delete(f"{MINE}{his}/"),
        as_ann.delete(f"{MINE}{2**62}/"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, 3404)
    assert as_bob.get(ME).status_code == 200


def test_without_a_token_there_are_none(api):
    for answer in (api.get(MINE), api.delete(MINE), api.delete(f"{MINE}1/")):
        assert answer.status_code == 401


def test_staff_with_the_permission_see_and_end_them(as_clerk, as_curator, as_ann, ann):
    assert as_curator.get(of(ann)).status_code == 403
    assert as_curator.delete(of(ann)).status_code == 403
    [hers] = ids(as_clerk.get(of(ann)))
    assert as_clerk.get(of(ann)).json()["results"][0]["current"] is False
    assert as_clerk.delete(f"{of(ann)}{hers}/").status_code == 204
    assert as_ann.get(ME).status_code == 401


def test_only_superusers_end_those_of_other_staff(as_clerk, as_admin, as_curator, curator):
    [theirs] = ids(as_clerk.get(of(curator)))
    assert as_clerk.delete(of(curator)).status_code == 403
    assert as_clerk.delete(f"{of(curator)}{theirs}/").status_code == 403
    assert as_curator.get(ME).status_code == 200
    assert as_admin.delete(of(curator)).status_code == 204
    assert as_curator.get(ME).status_code == 401


def test_pruning_deletes_what_has_expired_and_nothing_else(as_ann, ann, signed_in, capsys):
    expired = signed_in(ann)
    newest = SignIn.objects.filter(pk=ids(as_ann.get(MINE))[0])
    newest.update(expires_at=timezone.now() - timedelta(seconds=1))
    call_command("prune_sign_ins")
    assert capsys.readouterr().out == "1 expired sign-ins deleted\n"
    assert SignIn.objects.count() == 1
    assert expired.get(ME).status_code == 401
    assert as_ann.get(ME).status_code == 200
    call_command("prune_sign_ins")
    assert capsys.readouterr().out == "0 expired sign-ins deleted\n"
