"""What every page of the staff desk refuses, where Django's own would stumble."""

import re
from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest

KEY = re.compile(r"[0-9]{1,18}", re.ASCII)


class DeskAdmin(admin.ModelAdmin[Any]):
    """Keys that are no numbers are a 400, not a 500."""

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        refuse_unless_keys(
            key for keys in initial.values() if isinstance(keys, list) for key in keys
        )
        return initial

    def response_action(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        refuse_unless_keys(request.POST.getlist(ACTION_CHECKBOX_NAME))
        return super().response_action(request, *args, **kwargs)


def refuse_unless_keys(words: Iterable[str]) -> None:
    if not all(KEY.fullmatch(word) for word in words):
        raise SuspiciousOperation("a key is a number")
