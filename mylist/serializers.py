"""List items as the API shows and takes them."""

from functools import cache
from typing import Any, ClassVar

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.plumbing import ResolvedComponent
from rest_framework import serializers

from api.fields import Id, Integer, Text
from api.parameters import PageParameters
from api.serializers import StrictSerializer
from mylist.registry import KINDS, Kind, UnknownKind, kind_named


class KindField(Text):
    """A kind of content by its name; the value is the `Kind`."""

    default_error_messages: ClassVar = {"unknown_kind": "The kinds are: {kinds}."}

    def to_internal_value(self, data: Any) -> Any:
        try:
            return kind_named(super().to_internal_value(data))
        except UnknownKind:
            self.fail("unknown_kind", kinds=", ".join(KINDS))


class KindFieldSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """For the docs: the names of what is registered, as one component."""

    target_class = KindField

    def map_serializer_field(self, auto_schema: Any, direction: object) -> dict[str, str]:
        names = {"type": "string", "enum": list(KINDS)}
        component = ResolvedComponent(  # type: ignore[no-untyped-call]
            "ContentType", ResolvedComponent.SCHEMA, schema=names, object=KindField
        )
        auto_schema.registry.register_on_missing(component)
        return component.ref


class NoteSerializer(StrictSerializer):
    """What can be changed of an item: its note."""

    id = Integer(read_only=True)
    content_type = KindField(read_only=True, source="kind")
    content_id = Integer(read_only=True)
    added_at = serializers.DateTimeField(read_only=True)
    note = Text(max_length=500, allow_blank=True, required=False)
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


class WhatSerializer(StrictSerializer):
    content_type = KindField()
    content_id = Id()


class AddSerializer(WhatSerializer):
    note = Text(max_length=500, allow_blank=True, required=False, help_text="For oneself.")
    # An item as it was read may be added again; what the list makes of it is left out of account.
    id = Id(read_only=True)
    added_at = serializers.DateTimeField(read_only=True)
    content = serializers.JSONField(read_only=True)


class ContainsSerializer(StrictSerializer):
    items = serializers.ListField(child=WhatSerializer(), max_length=200)


class FoundSerializer(StrictSerializer):
    content_type = KindField()
    content_id = Id()
    id = Id(allow_null=True, help_text="The item's, or null when it is not on the list.")


class ContainsAnswerSerializer(StrictSerializer):
    results = FoundSerializer(many=True, help_text="In the order asked.")


class ListParameters(PageParameters):
    content_type = KindField(required=False, help_text="Only this kind.")
