"""What must be true before the start, and what is good to know."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, register
from django.db import connection

from mylist import pagecache
from mylist.registry import KINDS


@register()
def something_to_list(**_: Any) -> list[CheckMessage]:
    if KINDS:
        return []
    return [
        Error(
            "No kind of content is registered for My List.",
            hint="Call mylist.registry.register() in a listables.py of an installed app.",
            id="mylist.E001",
        )
    ]


@register()
def pages_are_kept(**_: Any) -> list[CheckMessage]:
    """Who develops, or switched it off, knows."""
    if settings.DEBUG or not pagecache.wanted() or pagecache.configured():
        return []
    on_postgresql = connection.vendor == "postgresql"
    missing, cure = (
        ("there is no Redis", "REDIS_URL")
        if on_postgresql
        else (
            "the database is not PostgreSQL, which keeps the tokens they need",
            "DATABASE_URL and REDIS_URL",
        )
    )
    return [
        Info(
            f"Pages of lists are not cached: {missing}.",
            hint=f"Set {cure}, or MYLIST_PAGE_CACHE=off to have it so.",
            id="mylist.I001",
        )
    ]
