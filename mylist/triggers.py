"""What the database does by itself, whoever writes: the admin, a cascade, COPY or psql.

- `mylist_mylist.count` follows the items.
- Content that is deleted leaves every list.

Installed after migrations, because the registry names the content. SQLite checks the bodies of
triggers whenever it rebuilds a table, so there they make way for migrations.
"""

from typing import Any

from django.db import connections
from django.db.backends.utils import CursorWrapper

from mylist.registry import KINDS, Kind

ITEMS, LISTS = "mylist_mylistitem", "mylist_mylist"

COUNT_FUNCTIONS = (
    f"""
CREATE OR REPLACE FUNCTION mylist_count_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO {LISTS} AS l (user_id, count)
    SELECT user_id, count(*) FROM added GROUP BY user_id ORDER BY user_id
    ON CONFLICT (user_id) DO UPDATE SET count = l.count + excluded.count;
    RETURN NULL;
END $$
""",
    f"""
CREATE OR REPLACE FUNCTION mylist_count_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE {LISTS} AS l SET count = l.count - r.n
    FROM (SELECT user_id, count(*) AS n FROM removed GROUP BY user_id) AS r
    WHERE l.user_id = r.user_id;
    RETURN NULL;
END $$
""",
)
COUNT_TRIGGERS = {
    "mylist_count_added": f"""
CREATE TRIGGER mylist_count_added AFTER INSERT ON {ITEMS}
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION mylist_count_added()
""",
    "mylist_count_removed": f"""
CREATE TRIGGER mylist_count_removed AFTER DELETE ON {ITEMS}
REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION mylist_count_removed()
""",
}

# The lists are locked first and in order, as every other writer does.
CONTENT_FUNCTION = """
CREATE OR REPLACE FUNCTION {trigger}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE kind int := (
    SELECT id FROM django_content_type WHERE app_label = '{app}' AND model = '{model}');
BEGIN
    PERFORM 1 FROM {lists} WHERE user_id IN (
        SELECT i.user_id FROM {items} i JOIN gone ON i.content_id = gone.{pk}
        WHERE i.content_type_id = kind
    ) ORDER BY user_id FOR NO KEY UPDATE;
    DELETE FROM {items} i USING gone WHERE i.content_type_id = kind AND i.content_id = gone.{pk};
    RETURN NULL;
END $$
"""
CONTENT_TRIGGER = """
CREATE TRIGGER {trigger} AFTER DELETE ON {table}
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION {trigger}()
"""

COUNT_SQLITE = (
    f"""
CREATE TRIGGER mylist_count_added AFTER INSERT ON {ITEMS} BEGIN
    INSERT INTO {LISTS} (user_id, count) VALUES (NEW.user_id, 1)
    ON CONFLICT (user_id) DO UPDATE SET count = count + 1;
END
""",
    f"""
CREATE TRIGGER mylist_count_removed AFTER DELETE ON {ITEMS} BEGIN
    UPDATE {LISTS} SET count = count - 1 WHERE user_id = OLD.user_id;
END
""",
)

CONTENT_SQLITE = """
CREATE TRIGGER {trigger} AFTER DELETE ON {table} BEGIN
    DELETE FROM {items} WHERE content_id = OLD.{pk} AND content_type_id = (
        SELECT id FROM django_content_type WHERE app_label = '{app}' AND model = '{model}');
END
"""


def after_migrations(*, using: str, **_: Any) -> None:
    """Install the triggers of every table that is there."""
    connection = connections[using]
    tables = connection.introspection.table_names()
    here = ITEMS in tables and LISTS in tables
    kinds = [names(kind) for kind in KINDS.values() if kind.model._meta.db_table in tables]
    with connection.cursor() as cursor:
        drop_on_sqlite(cursor)
        if here:
            (install_on_postgresql if postgresql(cursor) else install_on_sqlite)(cursor, kinds)
        elif postgresql(cursor):
            drop_on_postgresql(cursor)


def before_migrations(*, using: str, **_: Any) -> None:
    with connections[using].cursor() as cursor:
        drop_on_sqlite(cursor)


def postgresql(cursor: CursorWrapper) -> bool:
    return bool(cursor.db.vendor == "postgresql")


def install_on_postgresql(cursor: CursorWrapper, kinds: list[dict[str, str]]) -> None:
    """Functions are replaced. Triggers are made only where they are missing: making one takes a
    lock that holds up every write to its table, and each deploy migrates."""
    for function in (*COUNT_FUNCTIONS, *(CONTENT_FUNCTION.format(**kind) for kind in kinds)):
        cursor.execute(function)
    triggers = COUNT_TRIGGERS | {k["trigger"]: CONTENT_TRIGGER.format(**k) for k in kinds}
    cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
    there = {name for (name,) in cursor.fetchall()}
    for name in triggers.keys() - there:
        cursor.execute(triggers[name])


def drop_on_postgresql(cursor: CursorWrapper) -> None:
    """The lists are gone: content must not look for them when it is deleted."""
    cursor.execute(
        "SELECT proname FROM pg_proc WHERE prorettype = 'trigger'::regtype"
        " AND proname LIKE 'mylist\\_%'"
    )
    for (name,) in cursor.fetchall():
        cursor.execute(f"DROP FUNCTION {name} CASCADE")


def install_on_sqlite(cursor: CursorWrapper, kinds: list[dict[str, str]]) -> None:
    for trigger in (*COUNT_SQLITE, *(CONTENT_SQLITE.format(**kind) for kind in kinds)):
        cursor.execute(trigger)


def drop_on_sqlite(cursor: CursorWrapper) -> None:
    if postgresql(cursor):
        return
    cursor.execute("SELECT name FROM sqlite_master WHERE type='trigger' AND name GLOB 'mylist_*'")
    for (name,) in cursor.fetchall():
        cursor.execute(f'DROP TRIGGER "{name}"')


def names(kind: Kind) -> dict[str, str]:
    meta = kind.model._meta
    return {
        "trigger": f"mylist_{meta.db_table}_gone",
        "table": meta.db_table,
        "pk": str(meta.pk.column),
        "app": meta.app_label,
        "model": str(meta.model_name),
        "items": ITEMS,
        "lists": LISTS,
    }
