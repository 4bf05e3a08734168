from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.module_loading import autodiscover_modules


class MyListConfig(AppConfig):
    """People's lists. Knows users as AUTH_USER_MODEL and content by what was registered."""

    name = "mylist"
    verbose_name = "My List"

    def ready(self) -> None:
        from mylist import checks, triggers  # noqa: F401 - checks register themselves

        autodiscover_modules("listables")
        pre_migrate.connect(triggers.before_migrations, sender=self)
        post_migrate.connect(triggers.after_migrations, sender=self)
