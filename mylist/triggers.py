"""What the database does by itself, whoever writes: the admin, a cascade, COPY or psql.

- `mylist_mylist.count` and `mylist_kindcount` follow the items.
- Content that is deleted leaves every list.
- On PostgreSQL a list that changes gets a new token, and so does `mylist_contenttoken` when
  something changes that lists show of their content: `mylist.pagecache` says what for.

Installed after migrations, because the registry names the content.
"""

from typing import Any

from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Model

from api.triggers import drop, drop_from_sqlite, functions
from mylist import triggers_postgresql as postgresql
from mylist import triggers_sqlite as sqlite
from mylist.registry import KINDS
from mylist.triggers_postgresql import CONTENT, COUNTS, ITEMS, LISTS, ListTriggers

APP = ListTriggers.app

# It waits for nobody who renews the token.
ONE_TOKEN = f"INSERT INTO {CONTENT} (id) SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM {CONTENT})"
NO_TOKEN = f"DELETE FROM {CONTENT}"
# All items anew. Most lists are right as they are, and are not touched.
RECOUNT = (
    f"DELETE FROM {COUNTS}",
    f"INSERT INTO {COUNTS} (user_id, content_type_id, count)"
    f" SELECT user_id, content_type_id, count(*) FROM {ITEMS} GROUP BY 1, 2",
    f"INSERT INTO {LISTS} (user_id, count) SELECT DISTINCT user_id, 0 FROM {COUNTS} WHERE true"
    " ON CONFLICT DO NOTHING",
    f"UPDATE {LISTS} SET count = counted.n FROM ("
    f" SELECT l.user_id, coalesce(sum(c.count), 0) AS n FROM {LISTS} l"
    f" LEFT JOIN {COUNTS} c ON c.user_id = l.user_id GROUP BY 1"
    f") AS counted WHERE counted.user_id = {LISTS}.user_id AND counted.n <> {LISTS}.count",
)


def before_migrations(*, using: str, plan: Any = (), **_: Any) -> None:
    with connections[using].cursor() as cursor:
        if connections[using].vendor == "sqlite":
            drop_from_sqlite(cursor, APP)
        elif plan:
            postgresql.let_everything_count(cursor)


def after_migrations(*, using: str, **_: Any) -> None:
    """Install the triggers of every table that is there, all or none."""
    connection = connections[using]
    on_postgresql = connection.vendor == "postgresql"
    with transaction.atomic(using=using), connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        if tables >= {ITEMS, LISTS, COUNTS, CONTENT}:
            install = install_on_postgresql if on_postgresql else install_on_sqlite
            install(cursor, tables)
        elif on_postgresql:
            remove_from_postgresql(cursor, tables)


def install_on_postgresql(cursor: CursorWrapper, tables: set[str]) -> None:
    triggers, looks = ListTriggers(), shown(tables)
    complete = [table for table, columns in looks.items() if columns <= columns_of(cursor, table)]
    for kind in contents(tables):
        triggers.of_content(**kind)
    for table in complete:
        triggers.of_shown(table, sorted(looks[table]))
    triggers.of_items(contents(tables))
    changed = triggers.install(cursor)
    if any(name.startswith("mylist_items_") for name in changed):
        postgresql.stop_writes(cursor)
        recount(cursor)
    if changed:
        # Whatever was written without them: no page that was kept is valid any more.
        cursor.execute(postgresql.RENEW)
    # A column is not there when migrations were undone for an older release, which shows something
    # else: no page is kept until that has installed its own triggers.
    cursor.execute(ONE_TOKEN if len(complete) == len(looks) else NO_TOKEN)


def remove_from_postgresql(cursor: CursorWrapper, tables: set[str]) -> None:
    """Content must not look for lists that are not there. Without a token no page is kept."""
    drop(cursor, functions(cursor, APP))
    if CONTENT in tables:
        cursor.execute(NO_TOKEN)


def install_on_sqlite(cursor: CursorWrapper, tables: set[str]) -> None:
    drop_from_sqlite(cursor, APP)
    for trigger in (*sqlite.COUNT, *(sqlite.gone(**kind) for kind in contents(tables))):
        cursor.execute(trigger)
    recount(cursor)
    cursor.execute(ONE_TOKEN)


def recount(cursor: CursorWrapper) -> None:
    for statement in RECOUNT:
        cursor.execute(statement)


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


def shown(tables: set[str]) -> dict[str, set[str]]:
    """What lists show, of what is there: the columns by table, with its key."""
    found: dict[str, set[str]] = {}
    for kind in KINDS.values():
        meta = kind.model._meta
        if meta.db_table in tables:
            columns = {str(meta.get_field(name).column) for name in kind.shows}  # type: ignore[union-attr]
            found.setdefault(meta.db_table, {pk_of(kind.model)}).update(columns)
    return found


def columns_of(cursor: CursorWrapper, table: str) -> set[str]:
    described = cursor.db.introspection.get_table_description(cursor, table)
    return {column.name for column in described}


def pk_of(model: type[Model]) -> str:
    return str(model._meta.pk.column)
