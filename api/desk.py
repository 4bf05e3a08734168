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
    """Keys that are no numbers are a 400, not a 500. What a form is about to save is locked when it
    is read: a form writes whole rows, and must not undo what others wrote. What has no form is not
    locked here: deleting it takes its locks in an order of its own."""

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        found = super().get_object(request, object_id, from_field)
        saving = request.method == "POST" and self.has_change_permission(request, found)
        if found is None or not saving:
            return found
        rows = self.get_queryset(request).select_for_update(of=("self",), no_key=True)
        return rows.filter(pk=found.pk).first()

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
