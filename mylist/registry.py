"""The kinds of content that can stand on a list.

An app offers its models in its `listables.py`, which is imported at the start:

    register(
        "movie",
        MovieCardSerializer,
        Movie.objects.with_genres,
        cards=movie_cards,
        shows=("title", "available", "shown_genres"),
        addable=Q(available=True),
    )
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, Q, QuerySet

from api.compiled import Compiled, Param

if TYPE_CHECKING:
    from rest_framework.serializers import BaseSerializer


class UnknownKind(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(f"there is no kind of content named {name!r}")
        self.name = name


class Cards(NamedTuple):
    """How content is shown without a serializer's work for each: `values` are fields and
    expressions of the model, which the database sends as a JSON array; `card` takes them in that
    order and makes what goes into JSON."""

    values: tuple[Any, ...]
    card: Callable[..., Any]


@dataclass(frozen=True, repr=False, eq=False)
class Kind:
    """One kind: its name in the API, how it is shown, and which of it may be added.

    `serializer` says for the docs what is shown of it, and `queryset` gives it with all of that.
    `cards` gives the same as plain values, for speed. `shows` names the fields that a card is made
    of: they stand on the content's own row. `addable` tells what may be put on a list; what is on
    one already stays.
    """

    name: str
    model: type[Model]
    serializer: "type[BaseSerializer[Any]]"
    queryset: Callable[[], QuerySet[Any]]
    cards: Cards
    shows: tuple[str, ...]
    addable: Q

    def __repr__(self) -> str:
        """Cursors are signed with it, so it must be the same in every process."""
        return self.name

    @property
    def content_type(self) -> ContentType:
        return ContentType.objects.get_for_model(self.model)

    @cached_property
    def held(self) -> Compiled:
        """FOR KEY SHARE, which Django lacks, holds up deletes and nothing else."""
        addable = self.model._default_manager.filter(self.addable, pk=Param("pk"))
        return Compiled(lambda: addable.values_list("pk"), suffix=" FOR KEY SHARE")

    def hold(self, content_id: int) -> bool:
        """Whether this content may be added. If so, it cannot be deleted until the transaction
        ends."""
        return bool(self.held.rows(pk=content_id))


KINDS: dict[str, Kind] = {}
MODELS: dict[type[Model] | None, Kind] = {}


def register(
    name: str,
    serializer: "type[BaseSerializer[Any]]",
    queryset: Callable[[], QuerySet[Any]],
    *,
    cards: Cards,
    shows: tuple[str, ...],
    addable: Q | None = None,
) -> None:
    """Offer a kind of content. A name that no path can carry, or a name or a model offered twice,
    stops the start."""
    if not re.fullmatch("[a-z]{1,40}", name):
        raise ValueError(f"{name!r} must be lower-case letters: it stands in paths")
    model = queryset().model
    if name in KINDS or model in MODELS:
        raise ValueError(f"{name!r} or {model} is registered already")
    kind = Kind(name, model, serializer, queryset, cards, shows, addable or Q())
    KINDS[name] = MODELS[model] = kind


def kind_named(name: str) -> Kind:
    """Raises UnknownKind."""
    try:
        return KINDS[name]
    except KeyError:
        raise UnknownKind(name) from None


def kind_of(content_type_id: int) -> Kind:
    """Raises KeyError for what nobody registers any more."""
    return MODELS[ContentType.objects.get_for_id(content_type_id).model_class()]
