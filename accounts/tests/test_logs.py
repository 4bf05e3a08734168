"""What the system log must never hold."""

import logging
import threading

import pytest

from accounts.models import SignIn, User
from conftest import PASSWORD

pytestmark = pytest.mark.django_db

SECRETS = {
    "typed": "  a very secret battery ",
    "wrong": "a wrong secret battery",
    "weak": "weakone",
}


@pytest.fixture
def log(caplog):
    """Everything that is logged, at every level."""
    caplog.set_level(logging.DEBUG)
    return lambda: caplog.text


def tokens_of(answer):
    return [part for token in answer.json().values() for part in (token, token.split(".")[2])]


def test_registering_and_signing_in_leave_no_password_and_no_token(api, log):
    dee = {"email": "dee@example.com", "name": "Dee"}
    api.post("/api/v1/users/", dee | {"password": SECRETS["weak"]})
    api.post("/api/v1/users/", dee | {"password": SECRETS["typed"]})
    api.post("/api/v1/users/", dee | {"password": SECRETS["typed"]})
    cut_off = f'{{"password": "{SECRETS["typed"]}'
    api.post("/api/v1/users/", cut_off, content_type="application/json")
    wrong = {"email": "dee@example.com", "password": SECRETS["wrong"]}
    api.post("/api/v1/auth/token/", wrong)
    pair = api.post("/api/v1/auth/token/", wrong | {"password": SECRETS["typed"]})
    assert pair.status_code == 200
    header = {"Authorization": f"Bearer {pair.json()['access']}"}
    api.get("/api/v1/users/me/", headers=header)
    new = {"password": SECRETS["weak"], "current_password": SECRETS["typed"]}
    api.patch("/api/v1/users/me/", new, headers=header)
    leaks = [*SECRETS.values(), SECRETS["typed"].strip(), *tokens_of(pair)]
    assert not [leak for leak in leaks if leak in log()]
    assert log().count("'event': 'request'") == 8


def test_refreshing_and_revoking_leave_no_token(api, log, as_ann):
    used = as_ann.tokens["refresh"]
    pair = api.post("/api/v1/auth/token/refresh/", {"refresh": used})
    api.post("/api/v1/auth/token/refresh/", {"refresh": used})
    api.post("/api/v1/auth/token/verify/", {"token": used})
    api.post("/api/v1/auth/token/revoke/", {"refresh": pair.json()["refresh"]})
    api.get("/api/v1/users/me/", headers={"Authorization": f"Bearer {used}"})
    as_ann.get("/api/v1/users/me/")
    leaks = [used, used.split(".")[2], as_ann.tokens["access"], *tokens_of(pair)]
    assert not [leak for leak in leaks if leak in log()]


def test_an_exception_that_nobody_expected_leaves_no_password(api, log, ann, monkeypatch):
    api.raise_request_exception = False

    def break_down(self):
        raise RuntimeError("broken")

    monkeypatch.setattr(SignIn, "save", break_down)
    answer = api.post("/api/v1/auth/token/", {"email": ann.email, "password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (500, 9500)
    assert "broken" in log()
    assert PASSWORD not in log()


def test_a_password_reset_leaves_no_link(api, client, log, ann, mailoutbox):
    api.post("/api/v1/auth/password/reset/", {"email": ann.email})
    for thread in threading.enumerate():
        if thread.name == "mail":
            thread.join()
    words = mailoutbox[0].body.split()
    token = words[words.index("token") + 1]
    link = next(word for word in words if word.startswith("http"))
    assert token in link
    client.get(link, follow=True)
    client.get(link.replace(token, token + "x"))
    client.get(link + "x")
    uid = words[words.index("uid") + 1].strip(",")
    confirmation = {"uid": uid, "token": token, "password": SECRETS["typed"]}
    assert api.post("/api/v1/auth/password/reset/confirm/", confirmation).status_code == 204
    api.post("/api/v1/auth/password/reset/confirm/", confirmation)
    assert User.objects.get().check_password(SECRETS["typed"])
    assert not [leak for leak in (token, SECRETS["typed"]) if leak in log()]
