"""Content as lists show it: what the registry says, as expressions of a list item."""

from typing import Any

from django.db.models import Case, OuterRef, Subquery, TextField, When
from django.db.models.functions import Cast, JSONArray

from api.compiled import Param
from mylist.registry import KINDS, Kind


def card() -> Case:
    """Of an item: the values of its content's card, as a JSON array. Takes `type_ids`."""
    whens = [When(content_type_id=Param(f"type_{n}"), then=card_of(k)) for n, k in KINDS.items()]
    return Case(*whens, output_field=TextField())


def card_of(kind: Kind) -> Subquery:
    """The same for an item of this kind."""
    content = kind.model._default_manager.filter(pk=OuterRef("content_id"))
    return Subquery(content.values_list(Cast(JSONArray(*kind.cards.values), TextField())))


def type_ids() -> dict[str, Any]:
    """What the database calls the kinds."""
    return {f"type_{name}": kind.content_type.pk for name, kind in KINDS.items()}
