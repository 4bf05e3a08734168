from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Movies, TV shows and the genres they are filed under."""

    name = "catalog"
