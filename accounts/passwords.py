"""Rules and links for passwords."""

import contextvars
import threading

import structlog
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from accounts.models import User

log = structlog.get_logger("mail")

LONGEST = 128


class LongestPasswordValidator:
    """At most 128 characters as typed: hashing must not be made to work on novels."""

    def validate(self, password: str, user: object = None) -> None:
        if len(password) > LONGEST:
            raise ValidationError(self.get_help_text(), code="password_too_long")

    def get_help_text(self) -> str:
        return f"Your password must contain at most {LONGEST} characters."


def send_reset_link(email: str, request: HttpRequest) -> None:
    """Mail a one-time link, if the address is somebody's. Takes as long if it is nobody's:
    the mail server is spoken to after the answer."""
    user = User.objects.filter(email=email, is_active=True).first()
    if user is not None:
        message = reset_mail(user, request)
        # With the context, so that what it logs has the request's id.
        run = contextvars.copy_context().run
        threading.Thread(target=run, args=(deliver, message), name="mail").start()


def reset_mail(user: User, request: HttpRequest) -> EmailMessage:
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    token = default_token_generator.make_token(user)
    link = request.build_absolute_uri(reverse("password_reset_confirm", args=[uid, token]))
    minutes = settings.PASSWORD_RESET_TIMEOUT // 60
    context = {"user": user, "link": link, "uid": uid, "token": token, "minutes": minutes}
    body = render_to_string("accounts/password_reset.txt", context)
    return EmailMessage("A new password for My List", body, to=[user.email])


def deliver(message: EmailMessage) -> None:
    try:
        message.send()
    except OSError as error:
        # The person asks again; the operator reads here that mail is broken.
        log.error("mail not sent", error=type(error).__name__)


class BadResetLink(Exception):
    """Malformed, expired or used."""


def user_of_link(uid: str, token: str) -> User:
    """The person a reset link was made for. Raises BadResetLink."""
    try:
        user = User.objects.filter(pk=int(urlsafe_base64_decode(uid)), is_active=True).first()
    except ValueError as error:
        raise BadResetLink from error
    if user is None or not default_token_generator.check_token(user, token):
        raise BadResetLink
    return user


def replace_password(user: User, password: str) -> bool:
    """One guarded UPDATE: of those who race with links to one old password, one gets True."""
    old = User.objects.filter(pk=user.pk, password=user.password, is_active=True)
    user.set_password(password)
    return old.update(password=user.password, password_stamp=user.password_stamp) == 1
