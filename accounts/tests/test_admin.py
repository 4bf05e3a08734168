"""People and sign-ins in the staff desk."""

import re

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client as Browser

from accounts.models import SignIn, User
from accounts.tests.races import needs_postgres, race
from conftest import PASSWORD, make

pytestmark = pytest.mark.django_db

PEOPLE = "/admin/accounts/user/"
SIGN_INS = "/admin/accounts/signin/"
NEW = "a brand new secret"


@pytest.fixture
def desk():
    """`desk(admin)`: a browser in which this person is signed in to the staff desk."""

    def browser_of(person):
        browser = Browser()
        browser.force_login(person)
        return browser

    return browser_of


def fields_of(page):
    """What the form holds, as it would be sent."""
    form = page.context["adminform"].form
    given = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    return {name: value for name, value in given.items() if value not in (None, False, "")}


def row_of(user):
    return User.objects.filter(pk=user.pk).values().get()


def text_of(page):
    assert page.status_code == 200
    return page.content.decode()


def test_staff_sign_in_to_the_desk_by_address_and_password(admin, ann):
    for person, arrives in ((admin, True), (ann, False)):
        browser = Browser()
        fields = {"username": person.email, "password": PASSWORD}
        page = browser.post("/admin/login/?next=/admin/", fields, follow=True)
        assert ("Staff desk" in text_of(page) and "Log out" in text_of(page)) == arrives


def test_lists_cost_the_same_however_long(desk, admin, signed_in, django_assert_num_queries):
    browser = desk(admin)
    for count in (1, 8):
        for n in range(count):
            signed_in(make(f"p{count}-{n}@example.com", name="P"))
        with django_assert_num_queries(5):  # session, person, groups to filter by, count, page
            assert "@example.com" in text_of(browser.get(PEOPLE))
        with django_assert_num_queries(4):  # session, person, count, page
            assert "@example.com" in text_of(browser.get(SIGN_INS))


def test_people_are_found_and_filtered(desk, admin, ann, bob):
    browser = desk(admin)
    found = text_of(browser.get(f"{PEOPLE}?q=ANN@"))
    assert ("ann@example.com" in found, "bob@example.com" in found) == (True, False)
    filtered = text_of(browser.get(f"{PEOPLE}?is_staff__exact=1"))
    assert ("admin@example.com" in filtered, "bob@example.com" in filtered) == (True, False)


def test_sign_ins_are_found_by_address(desk, admin, ann, bob, signed_in):
    signed_in(ann)
    signed_in(bob)
    found = text_of(desk(admin).get(f"{SIGN_INS}?q=ANN@"))
    assert ("ann@example.com" in found, "bob@example.com" in found) == (True, False)


def test_a_person_is_added(desk, clerk):
    browser = desk(clerk)
    fields = {"email": "Dee@Example.com", "name": "Dee", "usable_password": "true"}
    fields |= {"password1": NEW, "password2": NEW}
    assert 'name="is_superuser"' not in text_of(browser.get(f"{PEOPLE}add/"))
    powers = {"is_staff": "on", "is_superuser": "on"}
    assert browser.post(f"{PEOPLE}add/", fields | powers).status_code == 302
    dee = User.objects.get(email="dee@example.com")
    assert (dee.name, dee.is_staff, dee.is_superuser) == ("Dee", False, False)
    assert dee.check_password(NEW)
    again = browser.post(f"{PEOPLE}add/", fields | {"email": "DEE@example.com"})
    assert "belongs to somebody already" in text_of(again)


def test_a_change_page_costs_the_same_however_many_sign_ins(
    desk, admin, ann, signed_in, django_assert_num_queries
):
    browser = desk(admin)
    browser.get(f"{PEOPLE}{ann.pk}/change/")  # the content type of people is known from now on
    for count in (1, 8):
        for _ in range(count):
            signed_in(ann)
        # session, who asks, person, their groups and permissions, all groups and permissions
        with django_assert_num_queries(7):
            page = browser.get(f"{PEOPLE}{ann.pk}/change/")
            assert ann.password not in text_of(page)


def test_what_the_change_page_shows_can_be_sent_back_and_changes_nothing(desk, admin, ann):
    browser = desk(admin)
    before = row_of(ann)
    page = browser.get(f"{PEOPLE}{ann.pk}/change/")
    assert browser.post(page.wsgi_request.path, fields_of(page)).status_code == 302
    assert row_of(ann) == before


def test_a_person_deactivated_at_the_desk_is_refused(desk, clerk, ann, as_ann):
    browser = desk(clerk)
    page = browser.get(f"{PEOPLE}{ann.pk}/change/")
    fields = fields_of(page)
    del fields["is_active"]
    assert browser.post(page.wsgi_request.path, fields).status_code == 302
    assert as_ann.get("/api/v1/users/me/").status_code == 401


@pytest.mark.parametrize(
    "fields",
    [
        {"password1": NEW, "password2": NEW, "usable_password": "true"},
        {"usable_password": "false", "unset-password": "Disable"},
    ],
)
def test_a_password_set_or_taken_away_at_the_desk_ends_sign_ins(desk, clerk, ann, as_ann, fields):
    browser = desk(clerk)
    path = f"{PEOPLE}{ann.pk}/password/"
    assert "password" in text_of(browser.get(path))
    assert browser.post(path, fields).status_code == 302
    assert as_ann.get("/api/v1/users/me/").status_code == 401


def test_nobody_but_a_superuser_gives_powers(desk, clerk, ann, admin):
    browser = desk(clerk)
    group = Group.objects.create(name="Keys")
    powers = {
        "is_staff": "on",
        "is_superuser": "on",
        "groups": [group.pk],
        "user_permissions": [Permission.objects.latest("pk").pk],
    }
    for person in (clerk, ann):
        before = row_of(person), set(person.user_permissions.all())
        page = browser.get(f"{PEOPLE}{person.pk}/change/")
        assert not re.search(r'name="(is_superuser|groups|user_permissions)"', text_of(page))
        answer = browser.post(page.wsgi_request.path, fields_of(page) | powers)
        assert answer.status_code == 302
        assert (row_of(person), set(person.user_permissions.all())) == before
        assert not person.groups.exists()
    desk(admin).post(page.wsgi_request.path, fields_of(page) | powers)
    ann.refresh_from_db()
    assert (ann.is_staff, ann.is_superuser, ann.groups.get()) == (True, True, group)


def test_nobody_but_a_superuser_touches_other_staff(desk, clerk, curator, admin):
    browser = desk(clerk)
    fields = {"email": "eve@example.com", "name": "Eve", "is_active": "on"}
    passwords = {"password1": NEW, "password2": NEW, "usable_password": "true"}
    for person in (curator, admin):
        before = row_of(person)
        at = f"{PEOPLE}{person.pk}"
        assert browser.get(f"{at}/change/").status_code == 200  # to look at
        assert browser.post(f"{at}/change/", fields).status_code == 403
        assert browser.get(f"{at}/password/").status_code == 403
        assert browser.post(f"{at}/password/", passwords).status_code == 403
        assert browser.post(f"{at}/delete/", {"post": "yes"}).status_code == 403
        together = {"action": "delete_selected", "_selected_action": person.pk, "post": "yes"}
        browser.post(PEOPLE, together)
        assert row_of(person) == before


def test_a_person_is_deleted_with_all_that_is_theirs(
    desk, admin, ann, bob, signed_in, django_assert_max_num_queries
):
    browser = desk(admin)
    for person in (ann, bob):
        for _ in range(8):
            signed_in(person)
    path = f"{PEOPLE}{ann.pk}/delete/"
    with django_assert_max_num_queries(12):
        assert "Are you sure" in text_of(browser.get(path))
    assert browser.post(path, {"post": "yes"}).status_code == 302
    together = {"action": "delete_selected", "_selected_action": bob.pk, "post": "yes"}
    assert browser.post(PEOPLE, together).status_code == 302
    assert User.objects.get() == admin
    assert not SignIn.objects.exists()


def test_a_sign_in_is_looked_at_and_ended_not_changed(desk, admin, as_ann):
    browser = desk(admin)
    sign_in = SignIn.objects.get()
    at = f"{SIGN_INS}{sign_in.pk}"
    page = text_of(browser.get(f"{at}/change/"))
    assert "ann@example.com" in page
    assert sign_in.refresh_id not in page
    assert 'name="_save"' not in page
    assert browser.post(f"{at}/change/", {"user_agent": "x"}).status_code == 403
    assert browser.get(f"{SIGN_INS}add/").status_code == 403
    assert "Are you sure" in text_of(browser.get(f"{at}/delete/"))
    assert browser.post(f"{at}/delete/", {"post": "yes"}).status_code == 302
    assert as_ann.get("/api/v1/users/me/").status_code == 401


def test_nobody_but_a_superuser_ends_sign_ins_of_other_staff(desk, clerk, as_admin, as_ann):
    browser = desk(clerk)
    hers, admins = SignIn.objects.get(user__name="Ann"), SignIn.objects.get(user__name="Ada")
    together = {"action": "delete_selected", "_selected_action": admins.pk, "post": "yes"}
    browser.post(SIGN_INS, together)
    assert browser.post(f"{SIGN_INS}{admins.pk}/delete/", {"post": "yes"}).status_code == 403
    assert as_admin.get("/api/v1/users/me/").status_code == 200
    assert browser.post(f"{SIGN_INS}{hers.pk}/delete/", {"post": "yes"}).status_code == 302
    assert as_ann.get("/api/v1/users/me/").status_code == 401


def test_the_desk_is_closed_to_who_is_not_staff(desk, ann, curator):
    assert desk(ann).get(PEOPLE).status_code == 302
    assert desk(curator).get(PEOPLE).status_code == 403
    assert desk(curator).get(SIGN_INS).status_code == 403


def test_a_superuser_is_made_with_a_lower_case_address():
    ada = User.objects.create_superuser("ADA@example.com", PASSWORD, name="Ada")
    assert (ada.email, ada.is_staff, ada.is_superuser) == ("ada@example.com", True, True)


@needs_postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("page", ["change", "password"])
def test_a_form_undoes_nothing_that_was_written_meanwhile(desk, admin, ann, page):
    url = f"/admin/accounts/user/{ann.pk}/{page}/"
    browser = desk(admin)
    change = {"email": ann.email, "name": "Annie", "is_active": "on"}
    secret = {
        "usable_password": "true",
        "password1": "a new secret 1",
        "password2": "a new secret 1",
    }

    def deactivate():
        person = User.objects.get(pk=ann.pk)
        person.change(password="chosen meanwhile", is_active=False)

    form = change if page == "change" else secret
    [status] = race(lambda: browser.post(url, form).status_code, behind=deactivate, keep=True)
    assert status == 302
    after = User.objects.get(pk=ann.pk)
    assert after.check_password("chosen meanwhile" if page == "change" else "a new secret 1")
    assert after.is_active is (page == "change")


@needs_postgres
@pytest.mark.django_db(transaction=True)
def test_a_form_brings_nobody_back(desk, admin, ann):
    browser, url = desk(admin), f"/admin/accounts/user/{ann.pk}/change/"
    form = {"email": ann.email, "name": "Annie", "is_active": "on"}
    race(
        lambda: browser.post(url, form),
        behind=lambda: User.objects.get(pk=ann.pk).delete(),
        keep=True,
    )
    assert not User.objects.filter(pk=ann.pk).exists()
