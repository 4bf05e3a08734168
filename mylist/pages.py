"""Pages of a list: how they are asked for, read from the database, and answered.

A page is read by one statement: the items with their content, the count, and the list's tokens.
"""

import re
from functools import cache, lru_cache
from typing import Any, NamedTuple

import orjson
from django.db.models import QuerySet, Subquery

from api.compiled import LIMIT, Compiled, Param
from api.paging import Cursors, Position, cut
from api.renderers import to_json
from mylist.cards import card, type_ids
from mylist.models import COLUMNS, KindCount, MyList, MyListItem, Row
from mylist.registry import KINDS, Kind
from mylist.tokens import Tokens, checked, token_expressions

DEFAULT_SIZE = 20

# --- asking ------------------------------------------------------------------

SIZE = re.compile(r"[1-9][0-9]?|100")
CURSOR = re.compile(r"[A-Za-z0-9_.-]{1,200}")


class Asked(NamedTuple):
    """A page as somebody asks for it. `parameters` is what stands in its address beside the
    cursor, each as `name=value`, in their order."""

    kind: str | None
    size: int
    cursor: str | None
    parameters: tuple[str, ...]

    def link(self, base: str, cursor: str | None) -> str | None:
        """The address of another page; an empty cursor is the first page's."""
        if cursor is None:
            return None
        beside = (f"cursor={cursor}",) if cursor else ()
        query = "&".join(sorted(self.parameters + beside))
        return f"{base}?{query}" if query else base


@lru_cache(maxsize=1024)
def plainly_asked(query: str) -> Asked | None:
    """What the part after the `?` asks for, in the form in which our own links say it; None for
    any other, right or wrong. Only pages in this form are kept."""
    pairs = [pair.partition("=")[::2] for pair in query.split("&")] if query else []
    found = dict(pairs)
    if len(found) < len(pairs) or not all(plain(*pair) for pair in pairs):
        return None
    beside = tuple(sorted(f"{name}={value}" for name, value in pairs if name != "cursor"))
    size = int(found.get("page_size", DEFAULT_SIZE))
    return Asked(found.get("content_type"), size, found.get("cursor"), beside)


def plain(name: str, value: str) -> bool:
    if name == "content_type":
        return value in KINDS
    pattern = {"page_size": SIZE, "cursor": CURSOR}.get(name)
    return pattern is not None and pattern.fullmatch(value) is not None


# --- reading -----------------------------------------------------------------


class Page(NamedTuple):
    """A page without what depends on the request. `total` is how many items the list has. A cursor
    is None where there is no such page, and empty where it is the first."""

    total: int
    next: str | None
    previous: str | None
    results: bytes


def cursors_for(user_id: int, asked: Asked) -> Cursors:
    return Cursors(f"mylist:{user_id}:{asked.kind}")


def check(user_id: int, asked: Asked) -> None:
    """Raises Problem for a cursor that is not for this list: before anything is said of the page,
    also that the client has it already."""
    if asked.cursor is not None:
        cursors_for(user_id, asked).read(asked.cursor)


class Reading(NamedTuple):
    """A page, and the tokens that it is exactly of. They are None where there was `nothing`, no
    item to tell, and where an item's content is not there (yet): who wrote the one by SQL may be
    about to write the other."""

    page: Page
    tokens: Tokens | None
    nothing: bool


def read(user_id: int, asked: Asked) -> Reading:
    """The page as the database has it, by one statement and so of one instant. Raises Problem for a
    cursor that is not for this list."""
    cursors = cursors_for(user_id, asked)
    backwards, position = cursors.read(asked.cursor)
    rows = rows_of(user_id, asked, backwards, position)
    cut_out = cut(rows, asked.size, backwards, position)
    items = all_shown(cut_out.rows)
    page = Page(
        total(user_id, asked, rows),
        "" if cut_out.restart else cut_out.next and cursors.write(False, [cut_out.next.pk]),
        cut_out.previous and cursors.write(True, [cut_out.previous.pk]),
        to_json(items),
    )
    whole = rows and len(items) == len(cut_out.rows)
    tokens = checked(rows[0].list_token, rows[0].content_token) if whole else None
    return Reading(page, tokens, nothing=not rows)


def rows_of(user_id: int, asked: Asked, backwards: bool, position: Position | None) -> list[Row]:
    """One row more than the page has, if there is one: it tells that there are more."""
    kind = KINDS[asked.kind] if asked.kind else None
    found = statement(kind is not None, backwards, position is not None).rows(
        user=user_id,
        content_type=kind.content_type.pk if kind else 0,
        after=position[0] if position else 0,
        limit=asked.size + 1,
        **type_ids(),
    )
    return [Row(*row) for row in found]


@cache
def statement(of_kind: bool, backwards: bool, placed: bool) -> Compiled:
    def build() -> QuerySet[Any, Any]:
        items = MyListItem.objects.filter(user_id=Param("user"))
        count: QuerySet[Any, Any] = MyList.objects.filter(user_id=Param("user"))
        if of_kind:
            one = {"content_type_id": Param("content_type")}
            items = items.filter(**one)
            count = KindCount.objects.filter(user_id=Param("user"), **one)
        if placed:
            items = items.filter(**{"id__gt" if backwards else "id__lt": Param("after")})
        beside = {"of": Subquery(count.values("count"))} | token_expressions(Param("user"))
        ordered = items.annotate(card=card(), **beside).order_by("id" if backwards else "-id")
        return ordered.values_list(*COLUMNS, "card", *beside)[:LIMIT]

    return Compiled(build)


def total(user_id: int, asked: Asked, rows: list[Row]) -> int:
    """Each row tells it. A list whose first page has none is empty; behind the last item of one
    that may not be, it is asked for."""
    if rows or asked.cursor is None:
        return (rows[0].of or 0) if rows else 0
    return MyList.count_of(user_id, KINDS[asked.kind] if asked.kind else None)


# --- showing -------------------------------------------------------------------


def all_shown(rows: list[Row]) -> list[dict[str, Any]]:
    """Items as they are shown, without those of a kind that nobody registers any more."""
    kinds = {kind.content_type.pk: kind for kind in KINDS.values()}
    return [shown_as(kinds[row.content_type_id], row) for row in rows if row.card is not None]


def shown_as(kind: Kind, row: Row) -> dict[str, Any]:
    return {
        "id": row.pk,
        "content_type": kind.name,
        "content_id": row.content_id,
        "added_at": row.added_at,
        "note": row.note,
        "content": kind.cards.card(*orjson.loads(row.card or "")),
    }


def shown(row: Row) -> dict[str, Any] | None:
    return next(iter(all_shown([row])), None)


# --- one item ------------------------------------------------------------------


BY_ID = Compiled(
    lambda: (
        MyListItem.objects.filter(user_id=Param("user"), pk=Param("pk"))
        .annotate(card=card())
        .values_list(*COLUMNS, "card")
    )
)


def item(user_id: int, pk: int) -> dict[str, Any] | None:
    """An item of this person as it is shown."""
    rows = BY_ID.rows(user=user_id, pk=pk, **type_ids())
    return shown(Row(*rows[0])) if rows else None


def item_of(user: Any, kind: Kind, content_id: int) -> dict[str, Any] | None:
    row = MyListItem.objects.row(user, kind, content_id)
    return shown(row) if row else None


# --- answering -----------------------------------------------------------------


def body(page: Page, asked: Asked, base: str) -> tuple[bytes, str]:
    """The answer's body and its Link header, which is empty for a list of one page.

    `base` is the list's address as the client knows it. The links are made for each answer and
    never kept: a client that lies about its address poisons nobody else's page.
    """
    links = (asked.link(base, page.next), asked.link(base, page.previous))
    members = b'{"count":%d,"next":%s,"previous":%s,"results":%s}'
    header = ", ".join(
        f'<{link}>; rel="{rel}"' for link, rel in zip(links, ("next", "prev"), strict=True) if link
    )
    return members % (page.total, *map(to_json, links), page.results), header
