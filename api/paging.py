"""Pages by keyset: exact under ties, inserts and deletes, and no slower for being deeper."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, NamedTuple, Protocol, TypeVar

from django.core.signing import BadSignature, Signer
from django.db import models
from django.db.models import Expression, F, Func, QuerySet, Value
from django.db.models.expressions import OrderBy
from django.db.models.lookups import GreaterThan, LessThan
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from api import problems
from api.parameters import Parameters
from api.problems import Problem

M = TypeVar("M", bound=models.Model)
Position = list[Any]


class Row(Func):
    """`(a, b)`: rows compare as a whole, which an index on (a, b) answers."""

    template = "(%(expressions)s)"
    output_field = models.BigIntegerField()


class Unforeseen(Func):
    """A value that PostgreSQL's planner does not see. It judges a comparison of rows by the first
    column alone: among many equals (no rating, no popularity) it expects to find nothing after
    them, and sorts what it finds instead of reading on in the index."""

    template = "(SELECT %(expressions)s)"


@dataclass(frozen=True)
class Keyset:
    """An order without ties: by `key`, then by id, both the same way.

    `key` is never null; `field` is of its type. Without a key the order is by id alone.
    """

    key: "F | Expression | None" = None
    field: "models.Field[Any, Any] | None" = None
    descending: bool = True

    def slice(self, queryset: QuerySet[M], after: Position | None, backwards: bool) -> QuerySet[M]:
        """The rows in this order, or the opposite, that come after a position."""
        down = self.descending != backwards
        if after is not None:
            compare = LessThan if down else GreaterThan
            queryset = queryset.filter(compare(Row(*self.columns()), Row(*self.values(after))))
        if self.key is not None:
            queryset = queryset.annotate(keyset_key=self.key)  # type: ignore[assignment]
        order = [OrderBy(column, descending=down) for column in self.columns()]
        return queryset.order_by(*order)

    def columns(self) -> list[F | Expression]:
        return [F("id")] if self.key is None else [self.key, F("id")]

    def values(self, position: Position) -> list[Expression]:
        *key, pk = position
        keys = [Value(self.field.to_python(k), self.field) for k in key if self.field]
        return [*map(Unforeseen, keys), Value(pk, models.BigIntegerField())]

    def position_of(self, row: Any) -> Position:
        if self.key is None:
            return [row.pk]
        key = row.keyset_key
        return [key.isoformat() if isinstance(key, date) else key, row.pk]


class CursorJSON:
    """UTF-8, where Django's own escapes: a cursor holds a title, and an address is only so long."""

    def dumps(self, obj: Position) -> bytes:
        return json.dumps(obj, separators=(",", ":"), ensure_ascii=False).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data)


class Cursors:
    """Signed places in one list of one `scope`: what was made for another one is no cursor here."""

    def __init__(self, scope: str) -> None:
        self.signer = Signer(salt=f"cursor:{scope}", sep=".")

    def write(self, backwards: bool, position: Position) -> str:
        return self.signer.sign_object([backwards, *position], serializer=CursorJSON)

    def read(self, cursor: str | None) -> tuple[bool, Position | None]:
        """Which way to go from where; from the start without a cursor."""
        if cursor is None:
            return False, None
        try:
            backwards, *position = self.signer.unsign_object(cursor, serializer=CursorJSON)
        except (BadSignature, ValueError) as error:
            raise Problem(problems.BAD_CURSOR) from error
        return backwards, position


class Cut(NamedTuple):
    """A page, and the rows behind which the next and before which the previous one begins. With
    `restart` all that came before is gone by now: the list begins where it begins."""

    rows: list[Any]
    next: Any
    previous: Any
    restart: bool


def cut(rows: list[Any], size: int, backwards: bool, position: Position | None) -> Cut:
    """The page out of rows, of which one more was read than it has."""
    more, rows = len(rows) > size, rows[:size]
    before, after = position is not None, more
    if backwards:
        rows.reverse()
        before, after = more, True
    return Cut(
        rows,
        next=rows[-1] if rows and after else None,
        previous=rows[0] if rows and before else None,
        restart=backwards and not rows,
    )


class Paged(Protocol):
    """What a view says of the list that it answers."""

    query: Parameters
    pages_are_personal: ClassVar[bool]

    def keyset(self) -> Keyset: ...


class KeysetPagination(BasePagination):
    """`next` and `previous` carry a signed cursor, good for one list, filter and order."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.open(request, view)
        size = view.query.get("page_size")
        backwards, position = self.cursors.read(view.query.get("cursor"))
        rows = list(self.keyset.slice(queryset, position, backwards)[: size + 1])
        page = cut(rows, size, backwards, position)
        self.next = self.link(False, page.next)
        self.previous = self.link(True, page.previous)
        if page.restart:
            self.next = remove_query_param(self.here, "cursor")
        return page.rows

    def open(self, request: Request, view: Paged) -> None:
        self.here: str = request.build_absolute_uri()
        self.keyset = view.keyset()
        owner = request.user.pk if view.pages_are_personal else None
        self.cursors = Cursors(f"{request.path}:{owner}:{view.query.question()}")

    def link(self, backwards: bool, row: models.Model | None) -> str | None:
        if row is None:
            return None
        cursor = self.cursors.write(backwards, self.keyset.position_of(row))
        return replace_query_param(self.here, "cursor", cursor)

    def get_paginated_response(self, data: Any, **more: Any) -> Response:
        body = {**more, "next": self.next, "previous": self.previous, "results": data}
        links = [(self.next, "next"), (self.previous, "prev")]
        header = ", ".join(f'<{url}>; rel="{rel}"' for url, rel in links if url)
        return Response(body, headers={"Link": header} if header else None)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        url = {"type": ["string", "null"], "format": "uri", "example": None}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": url, "previous": url, "results": schema},
        }
