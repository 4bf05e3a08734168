"""What must be true before the start."""

from typing import Any

from django.core.checks import CheckMessage, Error, register

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
