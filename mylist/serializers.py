"""List items as the API shows and takes them."""

from collections.abc import Iterable
from functools import cache
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from api.fields import Id, Text
from api.parameters import PageParameters
from api.serializers import StrictModelSerializer, StrictSerializer
from mylist.models import MyListItem
from mylist.registry import KINDS, Kind, UnknownKind, kind_named


class KindField(Text):
    """A kind of content by its name; the value is the `Kind`."""

    default_error_messages: ClassVar = {"unknown_kind": "The kinds are: {kinds}."}

    def to_internal_value(self, data: Any) -> Any:
        try:
            return kind_named(super().to_internal_value(data))
        except UnknownKind:
            self.fail("unknown_kind", kinds=", ".join(KINDS))


class NoteSerializer(StrictModelSerializer):
    """An item; its note is what can be changed."""

    class Meta:
        model = MyListItem
        fields = ("id", "content_type", "content_id", "added_at", "note", "content")
        read_only_fields = ("id", "content_id", "added_at")

    content_type = KindField(read_only=True, source="kind")
    content = serializers.JSONField(read_only=True)


@cache
def item_serializer(kind: Kind) -> type[NoteSerializer]:
    """The item of one kind: a class of its own, so that the docs can tell them apart."""
    members = {
        "content_type": serializers.ChoiceField([kind.name], source="kind.name", read_only=True),
        "content": kind.serializer(read_only=True),
        "__doc__": f"A {kind.name} on the list.",
    }
    return type(f"{kind.model.__name__}ItemSerializer", (NoteSerializer,), members)


def item_serializers() -> dict[str, Any]:
    return {name: item_serializer(kind) for name, kind in KINDS.items()}


def represent(items: Iterable[MyListItem]) -> list[Any]:
    """Items with their content, as `with_content()` loaded them.

    One whose content was deleted between the two queries is no longer on the list.
    """
    by_kind = {name: serializer() for name, serializer in item_serializers().items()}
    return [
        by_kind[item.kind.name].to_representation(item)
        for item in items
        if item.content is not None
    ]


class WhatSerializer(StrictSerializer):
    content_type = KindField(help_text="`movie` or `tvshow`.")
    content_id = Id()


@extend_schema_serializer(
    examples=[
        OpenApiExample("A movie", {"content_type": "movie", "content_id": 7, "note": "with Bob"})
    ]
)
class AddSerializer(WhatSerializer):
    note = Text(max_length=500, allow_blank=True, required=False)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Two titles",
            {
                "items": [
                    {"content_type": "movie", "content_id": 7},
                    {"content_type": "tvshow", "content_id": 2},
                ]
            },
        )
    ]
)
class ContainsSerializer(StrictSerializer):
    items = serializers.ListField(child=WhatSerializer(), max_length=200)


class FoundSerializer(StrictSerializer):
    content_type = Text()
    content_id = Id()
    id = Id(allow_null=True, help_text="The item's, or null when it is not on the list.")


class ContainsAnswerSerializer(StrictSerializer):
    results = FoundSerializer(many=True, help_text="In the order asked.")


class ListParameters(PageParameters):
    content_type = KindField(required=False, help_text="Only one kind: `movie` or `tvshow`.")
