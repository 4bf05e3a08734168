from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class ProjectConfig(AppConfig):
    """The composition root: what joins apps lives here, and nothing imports it."""

    name = "config"

    def ready(self) -> None:
        from accounts import tokens
        from config.connections import no_signals
        from config.groups import make_groups
        from mylist.tokens import token_facts

        for name, expression in token_facts().items():
            tokens.also_read(name, expression)

        no_signals()

        # Sent for apps with models only, and mylist is the last whose permissions are needed.
        post_migrate.connect(make_groups, sender=apps.get_app_config("mylist"))
