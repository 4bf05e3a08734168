"""What the database does by itself, whoever writes: the admin, a cascade, COPY or psql.

- `mylist_mylist.count` follows the items.
- Content that is deleted leaves every list.
- On PostgreSQL a list that changes gets a new token, and so does `mylist_contenttoken` when
  something changes that lists show of their content: `mylist.pagecache` says what for.

Installed after migrations, because the registry names the content.
"""

from typing import Any

from django.db import connections
from django.db.backends.utils import CursorWrapper
from django.db.models import Model

from mylist import triggers_postgresql as postgresql
from mylist import triggers_sqlite as sqlite
from mylist.registry import KINDS


def after_migrations(*, using: str, **_: Any) -> None:
    """Install the triggers of every table that is there."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    ours = {postgresql.ITEMS, postgresql.LISTS, postgresql.CONTENT} <= tables
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            install_on_postgresql(cursor, tables) if ours else postgresql.drop(cursor)
        else:
            sqlite.drop(cursor)
            if ours:
                install_on_sqlite(cursor, tables)
        if ours:
            cursor.execute(
                f"INSERT INTO {postgresql.CONTENT} (id) VALUES (1) ON CONFLICT (id) DO NOTHING"
            )


def before_migrations(*, using: str, **_: Any) -> None:
    if connections[using].vendor == "sqlite":
        with connections[using].cursor() as cursor:
            sqlite.drop(cursor)


def install_on_postgresql(cursor: CursorWrapper, tables: set[str]) -> None:
    triggers = postgresql.Triggers()
    triggers.of_items()
    for kind in contents(tables):
        triggers.of_content(**kind)
    for (table, pk), columns in shown(tables).items():
        triggers.of_shown(table, pk, sorted(columns))
    triggers.install(cursor)


def install_on_sqlite(cursor: CursorWrapper, tables: set[str]) -> None:
    for trigger in (*sqlite.COUNT, *(sqlite.gone(**kind) for kind in contents(tables))):
        cursor.execute(trigger)


def contents(tables: set[str]) -> list[dict[str, str]]:
    """What can stand on lists, of what is there."""
    return [
        {
            "table": kind.model._meta.db_table,
            "pk": pk_of(kind.model),
            "app": kind.model._meta.app_label,
            "model": str(kind.model._meta.model_name),
        }
        for kind in KINDS.values()
        if kind.model._meta.db_table in tables
    ]


def shown(tables: set[str]) -> dict[tuple[str, str], set[str]]:
    """What lists show, of what is there: the columns by table and its key."""
    found: dict[tuple[str, str], set[str]] = {}
    for kind in KINDS.values():
        for model, fields in kind.shows.items():
            if (table := model._meta.db_table) in tables:
                columns = {str(model._meta.get_field(name).column) for name in fields}  # type: ignore[union-attr]
                found.setdefault((table, pk_of(model)), set()).update(columns)
    return found


def pk_of(model: type[Model]) -> str:
    return str(model._meta.pk.column)
