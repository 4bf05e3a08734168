from django.apps import AppConfig


class ApiConfig(AppConfig):
    """What every answer shares. Knows no other app."""

    name = "api"
