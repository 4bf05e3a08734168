from django.apps import AppConfig


class ApiConfig(AppConfig):
    """What every answer shares. Knows no other app."""

    name = "api"

    def ready(self) -> None:
        from django.http import HttpRequest

        from api.bodies import read_content_type
        from api.paths import register_converters

        register_converters()
        HttpRequest._set_content_type_params = read_content_type  # type: ignore[attr-defined]
