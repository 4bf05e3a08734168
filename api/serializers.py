"""Serializers that refuse what they do not know."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import models
from rest_framework import serializers

from api import fields


# A comment, because the docs describe every serializer without a docstring by its base's.
# An unknown field is an error that names it; a read-only one is ignored, so that what was fetched
# can be put back.
class StrictSerializer(serializers.Serializer[Any]):
    unknown_message = "There is no such field."

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = [name for name in data if name not in self.fields]
            if unknown:
                raise serializers.ValidationError(
                    {name: [self.unknown_message] for name in unknown[:20]}, code="unknown"
                )
        return super().to_internal_value(data)


class StrictModelSerializer(StrictSerializer, serializers.ModelSerializer[Any]):
    serializer_field_mapping: ClassVar[dict[Any, Any]] = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.BooleanField: fields.Boolean,
        models.CharField: fields.Text,
        models.TextField: fields.Text,
        models.EmailField: fields.Email,
        models.DateField: fields.Date,
        models.FloatField: fields.Number,
        models.BigAutoField: fields.Integer,
        models.IntegerField: fields.Integer,
        models.BigIntegerField: fields.Integer,
        models.PositiveIntegerField: fields.Integer,
        models.PositiveSmallIntegerField: fields.Integer,
        models.PositiveBigIntegerField: fields.Integer,
    }
