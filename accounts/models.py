"""People and their sign-ins."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, ClassVar, Self

from django.contrib.admin.models import LogEntry
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, models, transaction
from django.db.models import F, Q
from django.db.models.functions import Lower, Now

from api.transactions import atomic_with_retry


def new_stamp() -> int:
    """Random, so that no two passwords of a person ever share one."""
    return secrets.randbits(62)


class EmailTaken(Exception):
    def __init__(self, email: str) -> None:
        super().__init__("the address belongs to somebody else")
        self.email = email


class Overtaken(Exception):
    """Somebody else with the same proof was faster."""


@contextmanager
def unless_taken(email: str) -> Iterator[None]:
    """The unique index is what tells that an address is taken: EmailTaken."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise EmailTaken(email) from error


class LowercaseEmailField(models.EmailField[str, str]):
    """An address in lower case, in the column and in every look-up."""

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return value.lower() if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> Any:
        return self.to_python(super().get_prep_value(value))


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Raises EmailTaken, also when another registration of the address was faster."""
        user = self.model(email=email.lower(), **fields)
        user.set_password(password)
        with unless_taken(user.email):
            user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    email = LowercaseEmailField(
        max_length=254,
        unique=True,
        error_messages={"unique": "This address belongs to somebody already."},
    )
    name = models.CharField(max_length=150)
    is_staff = models.BooleanField(default=False, help_text="May use the staff desk.")
    is_active = models.BooleanField(default=True, help_text="May sign in.")
    # Changes with the password and with nothing else. A sign-in remembers it and ends with it.
    password_stamp = models.BigIntegerField(default=new_stamp, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(email=Lower("email")), name="user_email_is_lower")
        ]

    def __str__(self) -> str:
        return self.email

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(raw_password)
        self.password_stamp = new_stamp()

    def set_unusable_password(self) -> None:
        super().set_unusable_password()
        self.password_stamp = new_stamp()

    def check_password(self, raw_password: str | None) -> bool:
        """A hash made with old parameters is renewed. That is no new password, so the stamp stays,
        and the UPDATE is guarded: it must not bring back a password that was just replaced."""
        same_hash = User.objects.filter(pk=self.pk, password=self.password)

        def renew(password: str | None) -> None:
            fresh = make_password(password)
            if same_hash.update(password=fresh):
                self.password = fresh

        return check_password(raw_password, self.password, renew)

    def change(self, *, password: str | None = None, **changes: Any) -> None:
        """Set columns and, as typed, the password. Raises EmailTaken, Overtaken when what takes the
        password as proof comes after the password changed, and DoesNotExist when the person is
        deleted by now."""
        same = User.objects.filter(pk=self.pk)
        if password is not None or changes.get("email", self.email) != self.email:
            same = same.filter(password=self.password)
        if password is not None:
            self.set_password(password)
            changes |= {"password": self.password, "password_stamp": self.password_stamp}
        with unless_taken(changes.get("email", self.email)):
            found = same.update(**changes) if changes else 1
        if not found:
            raise Overtaken if User.objects.filter(pk=self.pk).exists() else User.DoesNotExist
        for name, value in changes.items():
            setattr(self, name, value)

    @atomic_with_retry
    def erase(self) -> None:
        """Delete the person with all that is theirs. Whoever writes for them waits, or is late."""
        locked = User.objects.select_for_update().filter(pk=self.pk).first()
        if locked is not None:
            locked.leave_the_desks_log()
            locked.delete()

    def leave_the_desks_log(self) -> None:
        """The log of the staff desk names whom it is about, by address."""
        about = {"content_type": ContentType.objects.get_for_model(User), "object_id": str(self.pk)}
        LogEntry.objects.filter(**about).update(object_repr=f"user {self.pk}")


class SignInQuerySet(models.QuerySet["SignIn"]):
    def live(self) -> Self:
        """Those whose person is active and has the password they signed in with."""
        return self.filter(user__is_active=True, password_stamp=F("user__password_stamp"))

    def unexpired(self, now: datetime) -> Self:
        return self.filter(expires_at__gt=now)

    def rotate(self, pk: int, *, old: str, new: str, now: datetime, expires_at: datetime) -> bool:
        """Exchange the refresh token. One guarded UPDATE: of those who race, one gets True."""
        turn = self.filter(pk=pk, refresh_id=old)
        return turn.update(refresh_id=new, refreshed_at=now, expires_at=expires_at) == 1


class SignIn(models.Model):
    """One device of one person. Its id is the `sid` of its tokens; deleting it ends them."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_ins")
    password_stamp = models.BigIntegerField(editable=False)
    # The `jti` of the one refresh token that is good now.
    refresh_id = models.CharField(max_length=32, editable=False)
    user_agent = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    refreshed_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    objects = SignInQuerySet.as_manager()

    def __str__(self) -> str:
        return f"sign-in {self.pk}"
