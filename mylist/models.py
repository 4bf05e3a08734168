"""Lists and what is on them."""

from collections.abc import Iterable
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.contrib.contenttypes.prefetch import GenericPrefetch
from django.db import models
from django.db.models import Q, prefetch_related_objects
from django.db.models.functions import Now

from api.transactions import atomic_with_retry
from mylist.registry import KINDS, Kind, kind_of


class AlreadyListed(Exception):
    """Carries the item that is there."""

    def __init__(self, item: "MyListItem") -> None:
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

    Order of locks: the title, the person, the list, its items. This model stands before that of
    the items because Django deletes what is a person's in that order. `mylist.triggers` keeps
    `count`.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="+",
    )
    count = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "list"

    def __str__(self) -> str:
        return f"list of {self.user_id}"

    @classmethod
    def count_of(cls, user: Any) -> int:
        return cls.objects.filter(user=user).values_list("count", flat=True).first() or 0

    @classmethod
    def locked(cls, user: Any) -> Self:
        """The person's list, made if need be, locked until the transaction ends.

        So is the person: whoever erases them locks them first, and the foreign key of an item
        asks for them last. Raises DoesNotExist for somebody who is no more.
        """
        rows = cls.objects.select_related("user").filter(user=user)
        rows = rows.select_for_update(of=("user", "self"), no_key=True)
        if (found := rows.first()) is not None:
            return found
        cls.objects.bulk_create([cls(user=user)], ignore_conflicts=True)
        return rows.get()

    @classmethod
    @atomic_with_retry
    def add(
        cls,
        user: Any,
        kind: Kind,
        content_id: int,
        note: str | None = None,
        *,
        exist_ok: bool = False,
    ) -> tuple["MyListItem", bool]:
        """Put content on the list: the item with its content, and whether it is new.

        With `exist_ok` what is there is left, or gets the note if there is one; without,
        AlreadyListed. Raises NotAddable and ListFull.
        """
        addable = kind.hold(content_id)
        mylist = cls.locked(user)
        item = MyListItem.objects.of(user).of_content(kind, content_id).first()
        new = item is None
        if item is None:
            item = mylist.insert(kind, content_id, note or "", addable=addable)
        elif not exist_ok:
            raise AlreadyListed(item)
        elif note is not None:
            item.note = note
            item.save(update_fields=["note"])
        # Read while it is locked: who added it is never told that it is gone.
        prefetch_related_objects([item], content_of_all_kinds())
        return item, new

    def insert(self, kind: Kind, content_id: int, note: str, *, addable: bool) -> "MyListItem":
        if not addable:
            raise NotAddable(kind, content_id)
        limit = settings.MYLIST_MAX_ITEMS
        if limit and self.count >= limit:
            raise ListFull(limit)
        return MyListItem.objects.create(
            user_id=self.pk, content_type=kind.content_type, content_id=content_id, note=note
        )

    @classmethod
    @atomic_with_retry
    def remove(cls, user: Any, **which: Any) -> int:
        """Take items off, e.g. `pk=` or all of them; how many were there."""
        cls.locked(user)
        return MyListItem.objects.of(user).filter(**which).delete()[0]

    @classmethod
    @atomic_with_retry
    def annotate(cls, user: Any, pk: int, note: str) -> bool:
        """Change the note of an item; whether it is there."""
        cls.locked(user)
        return MyListItem.objects.of(user).filter(pk=pk).update(note=note) == 1


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
