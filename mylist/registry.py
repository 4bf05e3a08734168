"""The kinds of content that can stand on a list.

An app offers its models in its `listables.py`, which is imported at the start:

    register("movie", MovieCardSerializer, Movie.objects.with_genres, addable=Q(available=True))
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import Model, Q, QuerySet

if TYPE_CHECKING:
    from rest_framework.serializers import BaseSerializer


class UnknownKind(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(f"there is no kind of content named {name!r}")
        self.name = name


@dataclass(frozen=True, repr=False)
class Kind:
    """One kind: its name in the API, how it is shown, and which of it may be added.

    `queryset` gives the content with all that `serializer` shows, so that rendering queries
    nothing. `addable` tells what may be put on a list; what is on one already stays.
    """

    name: str
    model: type[Model]
    serializer: "type[BaseSerializer[Any]]"
    queryset: Callable[[], QuerySet[Any]]
    addable: Q

    def __repr__(self) -> str:
        """Cursors are signed with it, so it must be the same in every process."""
        return self.name

    @property
    def content_type(self) -> ContentType:
        return ContentType.objects.get_for_model(self.model)

    def hold(self, content_id: int) -> bool:
        """Whether this content may be added. If so, it cannot be deleted until the transaction
        ends: FOR KEY SHARE, which Django lacks, holds up deletes and nothing else."""
        found = self.model._default_manager.filter(self.addable, pk=content_id).values("pk")
        sql, params = found.query.sql_with_params()
        if connection.vendor == "postgresql":
            sql += " FOR KEY SHARE"
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return cursor.fetchone() is not None


KINDS: dict[str, Kind] = {}
MODELS: dict[type[Model] | None, Kind] = {}


def register(
    name: str,
    serializer: "type[BaseSerializer[Any]]",
    queryset: Callable[[], QuerySet[Any]],
    *,
    addable: Q | None = None,
) -> None:
    """Offer a kind of content. A name that no path can carry, or a name or a model offered twice,
    stops the start."""
    if not re.fullmatch("[a-z]{1,40}", name):
        raise ValueError(f"{name!r} must be lower-case letters: it stands in paths")
    model = queryset().model
    if name in KINDS or model in MODELS:
        raise ValueError(f"{name!r} or {model} is registered already")
    KINDS[name] = MODELS[model] = Kind(name, model, serializer, queryset, addable or Q())


def kind_named(name: str) -> Kind:
    """Raises UnknownKind."""
    try:
        return KINDS[name]
    except KeyError:
        raise UnknownKind(name) from None


def kind_of(content_type_id: int) -> Kind:
    """The kind of what a content type names, without a query once the type was seen."""
    return MODELS[ContentType.objects.get_for_id(content_type_id).model_class()]
