"""What the database does by itself, whoever writes: the admin, a cascade, COPY or psql.

- `mylist_mylist.count` follows the items.
- Content that is deleted leaves every list.

Installed after migrations, because the registry names the content. SQLite checks the bodies of
triggers whenever it rebuilds a table, so there they make way for migrations.
"""

from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from mylist.registry import KINDS, Kind

ITEMS, LISTS = "mylist_mylistitem", "mylist_mylist"

COUNT_POSTGRESQL = f"""
CREATE OR REPLACE FUNCTION mylist_count_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO {LISTS} AS l (user_id, count)
    SELECT user_id, count(*) FROM added GROUP BY user_id ORDER BY user_id
    ON CONFLICT (user_id) DO UPDATE SET count = l.count + excluded.count;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION mylist_count_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE {LISTS} AS l SET count = l.count - r.n
    FROM (SELECT user_id, count(*) AS n FROM removed GROUP BY user_id) AS r
    WHERE l.user_id = r.user_id;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER mylist_count_added AFTER INSERT ON {ITEMS}
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION mylist_count_added();
CREATE OR REPLACE TRIGGER mylist_count_removed AFTER DELETE ON {ITEMS}
REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION mylist_count_removed();
"""

# The lists are locked first and in order, as every other writer does.
CONTENT_POSTGRESQL = """
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
END $$;
CREATE OR REPLACE TRIGGER {trigger} AFTER DELETE ON {table}
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION {trigger}();
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

SQL = {
    "postgresql": ((COUNT_POSTGRESQL,), CONTENT_POSTGRESQL),
    "sqlite": (COUNT_SQLITE, CONTENT_SQLITE),
}


def after_migrations(*, using: str, **_: Any) -> None:
    """Install the triggers of every table that is there."""
    connection = connections[using]
    tables = connection.introspection.table_names()
    if ITEMS not in tables or LISTS not in tables:
        return
    drop_on_sqlite(connection)
    counts, content = SQL[connection.vendor]
    listed = [kind for kind in KINDS.values() if kind.model._meta.db_table in tables]
    with connection.cursor() as cursor:
        for statement in (*counts, *(content.format(**names(kind)) for kind in listed)):
            cursor.execute(statement)


def before_migrations(*, using: str, **_: Any) -> None:
    drop_on_sqlite(connections[using])


def drop_on_sqlite(connection: BaseDatabaseWrapper) -> None:
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM sqlite_master WHERE type='trigger' AND name GLOB 'mylist_*'"
        )
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
