from django.apps import AppConfig


class ApiConfig(AppConfig):
    """What every answer shares. Knows no other app."""

    name = "api"

    def ready(self) -> None:
        from api.paths import register_converters

        register_converters()
