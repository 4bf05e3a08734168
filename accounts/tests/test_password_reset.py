"""A new password by a link in a mail."""

import logging
import re
import threading
from datetime import timedelta

import pytest
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client as Browser

from accounts.models import User
from accounts.tests.races import needs_postgres, race
from conftest import PASSWORD, Client

pytestmark = pytest.mark.django_db

RESET = "/api/v1/auth/password/reset/"
CONFIRM = "/api/v1/auth/password/reset/confirm/"
NEW = "a brand new secret"


@pytest.fixture
def ask(api, mailoutbox):
    """Ask for a link; the mails that went out by it."""

    def ask_for(email, **headers):
        mailoutbox.clear()
        answer = api.post(RESET, {"email": email}, headers=headers)
        for thread in threading.enumerate():
            if thread.name == "mail":
                thread.join()
        assert answer.status_code == 202
        return mailoutbox

    return ask_for


def link_in(mail):
    return re.search(r"https?://\S+", mail.body)[0]


def proof_in(mail):
    uid, token = re.search(r"uid (\S+), token (\S+)", mail.body).groups()
    return {"uid": uid, "token": token}


def confirm(api, proof, password=NEW):
    return api.post(CONFIRM, proof | {"password": password})


def signs_in(password):
    credentials = {"email": "ann@example.com", "password": password}
    return Client().post("/api/v1/auth/token/", credentials).status_code == 200


def is_bad_link(answer):
    return (answer.status_code, answer.json()["code"]) == (400, 3004)


def submit(browser, link, password=NEW):
    """Follow the link and send the form, as a browser does."""
    page = browser.get(link, follow=True)
    csrf = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())
    fields = {"new_password1": password, "new_password2": password}
    return browser.post(
        page.wsgi_request.path, fields | {"csrfmiddlewaretoken": csrf[1]}, follow=True
    )


def test_a_link_goes_to_the_address_of_the_person(ask, ann):
    [mail] = ask("ANN@example.com")
    assert mail.to == ["ann@example.com"]
    assert "60 minutes" in mail.body
    assert link_in(mail).startswith("http://testserver/reset/")


def test_the_answer_is_the_same_whoever_asks(api, ask, ann, bob):
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert len(ask("ann@example.com")) == 1
    assert ask("bob@example.com") == []
    assert ask("nobody@example.com") == []
    assert ask("no address, \u202e just words") == []
    addresses = ("ann@example.com", "bob@example.com", "nobody@example.com", "words")
    answers = [api.post(RESET, {"email": address}) for address in addresses]
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1


def test_asking_costs_one_statement(ask, ann, django_assert_num_queries):
    with django_assert_num_queries(1):  # person
        ask("ann@example.com")
    with django_assert_num_queries(1):
        ask("nobody@example.com")


def test_asking_changes_nothing(ask, as_ann, ann):
    ask("ann@example.com")
    assert signs_in(PASSWORD)
    assert as_ann.get("/api/v1/users/me/").status_code == 200


def test_a_mail_server_that_is_away_is_told_to_the_operator_only(ask, ann, monkeypatch, caplog):
    def refuse(*args):
        raise ConnectionRefusedError("smtp.internal:25 ann@example.com")

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)
    with caplog.at_level(logging.ERROR):
        assert ask("ann@example.com", **{"X-Request-ID": "abc"}) == []
    assert "mail not sent" in caplog.text
    assert "'request_id': 'abc'" in caplog.text
    assert "ann@example.com" not in caplog.text


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "testserver@evil"])
def test_a_foreign_host_gets_no_link_sent(api, ann, mailoutbox, host):
    answer = api.post(RESET, {"email": ann.email}, headers={"Host": host})
    assert (answer.status_code, answer.json()["code"]) == (400, 9004)
    assert mailoutbox == []


def test_a_forwarded_host_does_not_get_into_the_link(ask, ann):
    [mail] = ask("ann@example.com", **{"X-Forwarded-Host": "evil.example"})
    assert "evil" not in mail.body


@pytest.mark.parametrize("email", [None, "", 5, [], "a\0b", "x" * 255])
def test_what_is_no_text_is_refused(api, email):
    answer = api.post(RESET, {"email": email})
    assert [error["pointer"] for error in answer.json()["errors"]] == ["#/email"]


def test_an_app_sets_the_password_by_what_the_mail_says(api, ask, ann, as_ann):
    [mail] = ask("ann@example.com")
    answer = confirm(api, proof_in(mail))
    assert (answer.status_code, answer.content) == (204, b"")
    assert signs_in(NEW)
    assert not signs_in(PASSWORD)
    assert as_ann.get("/api/v1/users/me/").status_code == 401


def test_a_link_works_once(api, ask, ann):
    [mail] = ask("ann@example.com")
    confirm(api, proof_in(mail))
    assert is_bad_link(confirm(api, proof_in(mail), "yet another secret"))
    assert signs_in(NEW)


@pytest.mark.parametrize(
    ("password", "rule"),
    [("short", "password_too_short"), ("ann@example.com", "password_too_similar")],
)
def test_a_weak_password_does_not_use_the_link_up(api, ask, ann, password, rule):
    [mail] = ask("ann@example.com")
    answer = confirm(api, proof_in(mail), password)
    assert (answer.status_code, answer.json()["code"]) == (400, 3400)
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [("#/password", rule)]
    assert confirm(api, proof_in(mail)).status_code == 204


@pytest.mark.parametrize(("minutes", "status"), [(59, 204), (61, 400)])
def test_a_link_is_good_for_an_hour(api, ask, ann, monkeypatch, minutes, status):
    [mail] = ask("ann@example.com")
    now = PasswordResetTokenGenerator()._now()
    later = now + timedelta(minutes=minutes)
    monkeypatch.setattr(PasswordResetTokenGenerator, "_now", lambda self: later)
    assert confirm(api, proof_in(mail)).status_code == status


def test_a_link_ends_with_the_password_address_and_person_it_was_made_for(api, ask, ann, bob):
    [mail] = ask("ann@example.com")
    proof = proof_in(mail)
    [his] = ask("bob@example.com")
    assert is_bad_link(confirm(api, proof | {"uid": proof_in(his)["uid"]}))
    User.objects.filter(pk=ann.pk).update(is_active=False)
    assert is_bad_link(confirm(api, proof))
    User.objects.filter(pk=ann.pk).update(is_active=True, email="anna@example.com")
    assert is_bad_link(confirm(api, proof))
    ann.delete()
    assert is_bad_link(confirm(api, proof))


GARBAGE = [
    "x",
    "OTk5OTk5",
    "AA==",
    "é",
    "%00",
    "-",
    "MTA" * 20,
    "0-0",
    "a-b-c",
    "🎬",
    "zzzzzzzzzzzz-1",
]


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_is_a_bad_link(api, ask, ann, garbage):
    [mail] = ask("ann@example.com")
    proof = proof_in(mail)
    assert is_bad_link(confirm(api, proof | {"uid": garbage}))
    assert is_bad_link(confirm(api, proof | {"token": garbage}))
    page = Browser().get(f"/reset/{garbage}/{proof['token']}/")
    assert "no longer good" in page.content.decode()
    page = Browser().get(f"/reset/{proof['uid']}/{garbage}/")
    assert "no longer good" in page.content.decode()
    assert signs_in(PASSWORD)


@pytest.mark.parametrize("name", ["uid", "token", "password"])
@pytest.mark.parametrize("value", [None, "", 5, [], "a\0b", "x" * 2000])
def test_a_confirmation_of_another_form_is_refused(api, name, value):
    answer = confirm(api, {"uid": "MQ", "token": "x", name: value}, NEW)
    if name == "password":
        answer = confirm(api, {"uid": "MQ", "token": "x"}, value)
    assert (answer.status_code, answer.json()["code"]) == (400, 3400)
    assert {error["pointer"] for error in answer.json()["errors"]} == {f"#/{name}"}


@needs_postgres
@pytest.mark.django_db(transaction=True)
def test_of_three_that_race_with_one_link_one_wins(ask, ann):
    [mail] = ask("ann@example.com")
    proof = proof_in(mail)
    passwords = ["the first new secret", "the second new secret", "the third new secret"]
    answers = race(
        lambda: confirm(Client(), proof, passwords[0]).status_code,
        lambda: confirm(Client(), proof, passwords[1]).status_code,
        lambda: "is set" in submit(Browser(), link_in(mail), passwords[2]).content.decode(),
        behind=lambda: User.objects.select_for_update().get(),
    )
    assert answers in ([204, 400, False], [400, 204, False], [400, 400, True])
    assert [signs_in(password) for password in passwords] == [a in (204, True) for a in answers]


def test_the_link_opens_a_page_that_sets_the_password(ask, ann, as_ann):
    [mail] = ask("ann@example.com")
    page = submit(Browser(enforce_csrf_checks=True), link_in(mail))
    assert "Your password is set" in page.content.decode()
    assert signs_in(NEW)
    assert as_ann.get("/api/v1/users/me/").status_code == 401
    page = Browser().get(link_in(mail), follow=True)
    assert "no longer good" in page.content.decode()


def test_the_page_keeps_the_link_to_itself(ask, ann):
    [mail] = ask("ann@example.com")
    page = Browser().get(link_in(mail), follow=True)
    token = proof_in(mail)["token"]
    assert token not in page.wsgi_request.path
    assert token not in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    assert page["Referrer-Policy"] == "same-origin"


def test_the_page_needs_its_csrf_token(ask, ann):
    [mail] = ask("ann@example.com")
    browser = Browser(enforce_csrf_checks=True)
    page = browser.get(link_in(mail), follow=True)
    fields = {"new_password1": NEW, "new_password2": NEW}
    assert browser.post(page.wsgi_request.path, fields).status_code == 403
    assert signs_in(PASSWORD)


def test_the_page_needs_the_session_that_opened_the_link(ask, ann):
    [mail] = ask("ann@example.com")
    path = Browser().get(link_in(mail), follow=True).wsgi_request.path
    fields = {"new_password1": NEW, "new_password2": NEW}
    assert "no longer good" in Browser().post(path, fields).content.decode()
    assert signs_in(PASSWORD)


def test_the_page_tells_what_is_wrong_with_a_password(ask, ann):
    [mail] = ask("ann@example.com")
    browser = Browser()
    assert "too short" in submit(browser, link_in(mail), "short").content.decode()
    assert "at most 128 characters" in submit(browser, link_in(mail), "x" * 129).content.decode()
    assert "Your password is set" in submit(browser, link_in(mail), " " + NEW).content.decode()
    assert signs_in(" " + NEW)


def test_a_person_deactivated_while_the_page_is_open_keeps_the_old_password(ask, ann):
    [mail] = ask("ann@example.com")
    browser = Browser()
    path = browser.get(link_in(mail), follow=True).wsgi_request.path
    User.objects.filter(pk=ann.pk).update(is_active=False)
    page = browser.post(path, {"new_password1": NEW, "new_password2": NEW})
    assert "no longer good" in page.content.decode()
    ann.refresh_from_db()
    assert ann.check_password(PASSWORD)
