"""People as the API shows and takes them."""

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as DjangoValidationError
from rest_framework import serializers
from rest_framework.fields import get_error_detail

from accounts.models import SignIn, User
from accounts.passwords import LONGEST
from api.fields import Email, Text
from api.serializers import StrictModelSerializer, StrictSerializer


def check_password_rules(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except DjangoValidationError as error:
        raise serializers.ValidationError({"password": get_error_detail(error)}) from error


def password_field(**kwargs: Any) -> Text:
    """As typed: blanks at its ends belong to it."""
    return Text(write_only=True, max_length=LONGEST, trim_whitespace=False, **kwargs)


class Address(Email):
    """In lower case before its length is looked at: `İ` grows. That it is free, the unique index
    tells, at the moment that counts."""

    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(data).lower()


class UserSerializer(StrictModelSerializer):
    """A person. A new `password` or `email` needs the `current_password` of who asks."""

    email = Address(max_length=254)
    password = password_field(required=False)
    current_password = password_field(required=False)

    class Meta:
        model = User
        fields: tuple[str, ...] = (
            "id",
            "email",
            "name",
            "is_staff",
            "is_active",
            "created_at",
            "password",
            "current_password",
        )
        read_only_fields: tuple[str, ...] = ("is_staff", "is_active", "created_at")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        proof = attrs.pop("current_password", None)
        if self.asks_for_proof(attrs) and not self.proven(proof):
            wrong = "A new password or address needs the right current_password."
            raise serializers.ValidationError({"current_password": [wrong]}, code="proof")
        if "password" in attrs:
            check_password_rules(attrs["password"], self.person_with(attrs))
        return attrs

    def asks_for_proof(self, attrs: dict[str, Any]) -> bool:
        if self.instance is None:
            return False
        new_email = attrs.get("email", self.instance.email) != self.instance.email
        return new_email or "password" in attrs

    def proven(self, proof: str | None) -> bool:
        caller = self.context["request"].user
        # The same object that is changed, as the check may renew its hash.
        if self.instance is not None and self.instance.pk == caller.pk:
            caller = self.instance
        return proof is not None and caller.check_password(proof)

    def person_with(self, attrs: dict[str, Any]) -> User:
        """Whom the password must not resemble."""
        known = {name: getattr(self.instance, name, "") for name in ("email", "name")}
        return User(**{name: attrs.get(name, known[name]) for name in known})

    def update(self, instance: User, validated_data: dict[str, Any]) -> User:
        instance.change(**validated_data)
        return instance


class RegistrationSerializer(UserSerializer):
    """What a person registers with."""

    password = password_field()

    class Meta(UserSerializer.Meta):
        fields = tuple(name for name in UserSerializer.Meta.fields if name != "current_password")

    def create(self, validated_data: dict[str, Any]) -> User:
        return User.objects.create_user(**validated_data)


class StaffUserSerializer(UserSerializer):
    """What staff may change of others: who may sign in, too."""

    class Meta(UserSerializer.Meta):
        read_only_fields = ("is_staff", "created_at")


class SignInSerializer(StrictModelSerializer):
    current = serializers.SerializerMethodField(help_text="Whether it is the one that asks.")

    class Meta:
        model = SignIn
        fields = ("id", "user_agent", "created_at", "refreshed_at", "expires_at", "current")
        read_only_fields = fields

    def get_current(self, sign_in: SignIn) -> bool:
        return bool(sign_in.pk == self.context["request"].auth.pk)


class CredentialsSerializer(StrictSerializer):
    email = Text(max_length=254)
    password = password_field()


class RefreshSerializer(StrictSerializer):
    refresh = Text(max_length=4096, help_text="The newest one of this sign-in.")


class RevokeSerializer(StrictSerializer):
    refresh = Text(
        max_length=4096, required=False, help_text="Of the sign-in to end; without, this one ends."
    )


class VerifySerializer(StrictSerializer):
    token = Text(max_length=4096, help_text="An access or a refresh token.")


class TokenPairSerializer(StrictSerializer):
    access = Text(help_text="For `Authorization: Bearer`, good for 15 minutes.")
    refresh = Text(help_text="For one new pair, within 30 days.")


class ResetSerializer(StrictSerializer):
    email = Text(max_length=254)


class ResetConfirmSerializer(StrictSerializer):
    uid = Text(max_length=64, help_text="From the mail.")
    token = Text(max_length=128, help_text="From the mail.")
    password = password_field()


class DetailSerializer(StrictSerializer):
    detail = Text()
