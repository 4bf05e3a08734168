from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People: who they are, how they sign in, what ends a sign-in."""

    name = "accounts"
