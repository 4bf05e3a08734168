"""Lists and what is on them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar, NamedTuple, Self

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.contrib.contenttypes.prefetch import GenericPrefetch
from django.db import connection, models
from django.db.models import Func, Q
from django.db.models.functions import Now

from api.compiled import Compiled, Param, execute
from api.transactions import atomic_with_retry, statement_with_retry
from mylist.cards import card, card_of, type_ids
from mylist.registry import KINDS, Kind, kind_of


class Row(NamedTuple):
    """An item as plain values. Where they were asked for: the values of its content's card, as a
    JSON array, and of its list the count and both tokens."""

    pk: int
    content_type_id: int
    content_id: int
    added_at: datetime
    note: str
    card: str | None = None
    of: int | None = None
    list_token: str | None = None
    content_token: str | None = None


class AlreadyListed(Exception):
    """Carries the item that is there."""

    def __init__(self, item: Row) -> None:
        super().__init__(f"already on the list as item {item.pk}")
        self.item = item


class ListFull(Exception):
    def __init__(self, limit: int) -> None:
        super().__init__(f"the list holds {limit} items and no more")
        self.limit = limit


class NotAddable(Exception):
    """There is no such content, or it was withdrawn."""

    def __init__(self, kind: Kind, content_id: int) -> None:
        super().__init__(f"there is no {kind.name} {content_id} to add")
        self.kind, self.content_id = kind, content_id


class NewToken(Func):
    """Random, never the same again, whatever is restored: a token of a state of the database."""

    output_field = models.UUIDField()
    template = "gen_random_uuid()"

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="lower(hex(randomblob(16)))", **context)


def content_of_all_kinds() -> "GenericPrefetch[Any]":
    return GenericPrefetch("content", [kind.queryset() for kind in KINDS.values()])


class MyListItemQuerySet(models.QuerySet["MyListItem"]):
    def of(self, user: Any) -> Self:
        return self.filter(user=user)

    def of_kind(self, kind: Kind) -> Self:
        return self.filter(content_type=kind.content_type)

    def of_content(self, kind: Kind, content_id: int) -> Self:
        return self.of_kind(kind).filter(content_id=content_id)

    def with_content(self) -> Self:
        """All that showing them takes: a constant number of queries, none while rendering."""
        return self.prefetch_related(content_of_all_kinds())

    @atomic_with_retry
    def take_off(self) -> int:
        """Delete those, whosever they are; how many there were. Their lists are locked first."""
        lists = MyList.objects.filter(pk__in=self.values("user")).order_by("pk")
        list(lists.select_for_update(no_key=True))
        return self.delete()[0]

    def row(self, user: Any, kind: Kind, content_id: int) -> Row | None:
        """What this person has of this content, with its card."""
        found = BY_CONTENT.rows(
            user=user.pk, content_type=kind.content_type.pk, content_id=content_id, **type_ids()
        )
        return Row(*found[0]) if found else None

    def ids_of(self, contents: Iterable[tuple[Kind, int]]) -> dict[tuple[Kind, int], int]:
        """Item ids, for those of the contents that are here: one query."""
        by_kind: dict[Kind, set[int]] = {}
        for kind, content_id in contents:
            by_kind.setdefault(kind, set()).add(content_id)
        wanted = Q(pk__in=[])
        for kind, ids in by_kind.items():
            wanted |= Q(content_type=kind.content_type, content_id__in=ids)
        found = self.filter(wanted).values_list("content_type_id", "content_id", "pk")
        return {(kind_of(type_id), content_id): pk for type_id, content_id, pk in found}


class MyList(models.Model):
    """One row for each person's list. Whoever writes to the list locks it first, so that the
    writes of one list follow one another and cannot deadlock.

    Order of locks: the title, the person, the list, its counts, its items. The models stand in this
    order because Django deletes what is a person's in it. `mylist.triggers` keeps `count`, and on
    PostgreSQL gives the list a new `token` with every change: mylist.pagecache says what for.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="+",
    )
    count = models.PositiveIntegerField(default=0)
    token = models.UUIDField(db_default=NewToken(), editable=False)

    class Meta:
        verbose_name = "list"

    def __str__(self) -> str:
        return f"list of {self.user_id}"

    @classmethod
    def count_of(cls, user: Any, kind: Kind | None = None) -> int:
        """How many items there are, or how many of a kind."""
        counts: models.QuerySet[Any] = cls.objects.filter(user=user)
        if kind is not None:
            counts = KindCount.objects.filter(user=user, content_type=kind.content_type)
        return counts.values_list("count", flat=True).first() or 0

    @classmethod
    def locked(cls, user: Any) -> int:
        """Lock the person's list, made if need be, until the transaction ends: its count.

        So is the person: whoever erases them locks them first, and the foreign key of an item
        asks for them last. Raises DoesNotExist for somebody who is no more.
        """
        if found := execute(lock_statement(), [user.pk]).rows:
            return int(found[0][0])
        MyList.objects.bulk_create([MyList(user=user)], ignore_conflicts=True)
        if found := execute(lock_statement(), [user.pk]).rows:
            return int(found[0][0])
        raise cls.DoesNotExist

    @classmethod
    def add(
        cls,
        user: Any,
        kind: Kind,
        content_id: int,
        note: str | None = None,
        *,
        exist_ok: bool = False,
    ) -> tuple[Row, bool]:
        """Put content on the list: the item, and whether it is new.

        With `exist_ok` what is there is left, or gets the note if there is one; without,
        AlreadyListed. Raises NotAddable and ListFull.
        """
        if row := insert_at_once(user, kind, content_id, note or ""):
            return row, True
        # What is there already is most often why, and needs no lock to be told.
        settled = note is None or not exist_ok
        if settled and (row := MyListItem.objects.row(user, kind, content_id)):
            return unless_new(row, exist_ok), False
        new, there, addable = cls.add_slowly(user, kind, content_id, note, exist_ok)
        if new:
            return new, True
        if there:
            return unless_new(there, exist_ok), False
        raise ListFull(settings.MYLIST_MAX_ITEMS) if addable else NotAddable(kind, content_id)

    @classmethod
    @atomic_with_retry
    def add_slowly(
        cls, user: Any, kind: Kind, content_id: int, note: str | None, exist_ok: bool
    ) -> tuple[Row | None, Row | None, bool]:
        """Step by step, for what one statement could not do, or cannot tell: the new item, else
        what is there, and whether the content may be added. It raises nothing: a transaction that
        is rolled back takes the connection's prepared statements along."""
        addable = kind.hold(content_id)
        room = cls.has_room(cls.locked(user))
        if addable and room and (row := insert(user, kind, content_id, note or "")):
            return row, None, True
        there = MyListItem.objects.row(user, kind, content_id)
        if there and exist_ok and note is not None:
            MyListItem.objects.filter(pk=there.pk).update(note=note)
            there = there._replace(note=note)
        return None, there, addable

    @staticmethod
    def has_room(count: int) -> bool:
        limit = settings.MYLIST_MAX_ITEMS
        return not limit or count < limit

    @classmethod
    @statement_with_retry
    def remove(cls, user: Any, **which: int) -> int:
        """Take items off, by columns such as `id=`, or all of them; how many were there."""
        where = " AND ".join(f"{column} = %s" for column in ("user_id", *which))
        sql, params = f"DELETE FROM {MyListItem._meta.db_table} WHERE {where}", [user.pk]
        params += which.values()
        if connection.features.has_select_for_update:
            # The list is locked before an item is looked for, as by everybody who writes.
            sql = f"WITH list AS MATERIALIZED ({lock_statement()}) {sql} AND EXISTS (TABLE list)"
            params.insert(0, user.pk)
        return execute(sql, params).affected

    @classmethod
    @atomic_with_retry
    def annotate(cls, user: Any, pk: int, note: str) -> bool:
        """Change the note of an item; whether it is there."""
        cls.locked(user)
        return MyListItem.objects.of(user).filter(pk=pk).update(note=note) == 1


class KindCount(models.Model):
    """How many items of one kind are on a list. `mylist.triggers` keeps it: it follows the items,
    whose constraints will do for it, too."""

    pk = models.CompositePrimaryKey("user_id", "content_type_id")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        db_index=False,
        db_constraint=False,
        related_name="+",
    )
    content_type = models.ForeignKey(
        ContentType,
        on_delete=models.CASCADE,
        db_index=False,
        db_constraint=False,
        related_name="+",
    )
    count = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.count} on the list of {self.user_id}"


class ContentToken(models.Model):
    """One row: its token is new whenever something changed that lists show of their content.

    `mylist.triggers` makes the row and keeps it.
    """

    token = models.UUIDField(db_default=NewToken(), editable=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(pk=1), name="mylist_one_content_token")
        ]

    def __str__(self) -> str:
        return str(self.token)


class MyListItem(models.Model):
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False, related_name="+"
    )
    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE, db_index=False)
    content_id = models.PositiveBigIntegerField()
    content = GenericForeignKey("content_type", "content_id")
    # The database's clock: those of several workers disagree.
    added_at = models.DateTimeField(db_default=Now(), editable=False)
    note = models.CharField(max_length=500, blank=True)

    objects = MyListItemQuerySet.as_manager()

    class Meta:
        verbose_name = "list item"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "content_type", "content_id"], name="mylist_title_once"
            )
        ]
        indexes: ClassVar = [
            models.Index("user", models.F("id").desc(), name="mylist_newest_first"),
            # Those of one kind.
            models.Index(
                "user", "content_type", models.F("id").desc(), name="mylist_newest_of_kind"
            ),
            # Who listed a title; also what deleting one looks for.
            models.Index(
                "content_type", "content_id", models.F("id").desc(), name="mylist_listed_by"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind.name} {self.content_id}"

    @property
    def kind(self) -> Kind:
        return kind_of(self.content_type_id)


COLUMNS = Row._fields[:5]
BY_CONTENT = Compiled(
    lambda: (
        MyListItem.objects.filter(
            user_id=Param("user"),
            content_type_id=Param("content_type"),
            content_id=Param("content_id"),
        )
        .annotate(card=card())
        .values_list(*COLUMNS, "card")
    )
)


@cache
def lock_statement() -> str:
    """Django has no words for two locks of different strength. A person who is locked so may still
    change their name; only deleting them waits."""
    person = get_user_model()._meta
    sql = (
        f"SELECT l.count FROM {MyList._meta.db_table} l"
        f" JOIN {person.db_table} u ON u.{person.pk.column} = l.user_id WHERE l.user_id = %s"
    )
    locks = " FOR KEY SHARE OF u FOR NO KEY UPDATE OF l"
    return sql + locks if connection.features.has_select_for_update else sql


def unless_new(row: Row, exist_ok: bool) -> Row:
    if not exist_ok:
        raise AlreadyListed(row)
    return row


def insert(user: Any, kind: Kind, content_id: int, note: str) -> Row | None:
    """A new item with its card; None when the content is on the list already."""
    content_type = kind.content_type.pk
    found = execute(
        f"INSERT INTO {MyListItem._meta.db_table} (user_id, content_type_id, content_id, note)"
        " VALUES (%s, %s, %s, %s)"
        f" ON CONFLICT DO NOTHING RETURNING id, added_at, {card_sql(kind)}",
        [user.pk, content_type, content_id, note],
    ).rows
    if not found:
        return None
    pk, added_at, shown = found[0]
    # SQLite has times without a zone, in UTC.
    return Row(pk, content_type, content_id, added_at.replace(tzinfo=UTC), note, shown)


# What a count can be at all.
MOST = 2**31 - 1


@cache
def insert_statement(kind: Kind) -> str:
    """Locks the title, then the person and the list, and inserts if there is room: what the
    transaction in `MyList.add_slowly` does, in one round trip instead of five."""
    title = kind.held.statement(connection).sql
    lists = lock_statement().replace(" FOR KEY", " AND EXISTS (TABLE title) FOR KEY", 1)
    return (
        f"WITH title AS MATERIALIZED ({title}), list AS MATERIALIZED ({lists})"
        f" INSERT INTO {MyListItem._meta.db_table} (user_id, content_type_id, content_id, note)"
        " SELECT %s, %s, %s, %s FROM list WHERE list.count < %s"
        f" ON CONFLICT DO NOTHING RETURNING id, added_at, {card_sql(kind)}"
    )


@cache
def card_sql(kind: Kind) -> str:
    """The card of a row of the table of items, as SQL."""
    table = f'"{MyListItem._meta.db_table}"'
    items = Compiled(lambda: MyListItem.objects.values_list(card_of(kind)))
    sql = items.statement(connection).sql
    return sql.removeprefix("SELECT ").removesuffix(f" FROM {table}")


@statement_with_retry
def insert_at_once(user: Any, kind: Kind, content_id: int, note: str) -> Row | None:
    """A new item; None when there is none, for whatever reason."""
    if not connection.features.has_select_for_update:
        return None
    content_type = kind.content_type.pk
    values = [user.pk, content_type, content_id, note, settings.MYLIST_MAX_ITEMS or MOST]
    held = kind.held.arguments(connection, pk=content_id)
    found = execute(insert_statement(kind), [*held, user.pk, *values]).rows
    if not found:
        return None
    pk, added_at, shown = found[0]
    return Row(pk, content_type, content_id, added_at, note, shown)
