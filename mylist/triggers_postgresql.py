"""The triggers on PostgreSQL, one for each statement, however many rows it writes.

Each function is replaced after every migration; a trigger is only made where it is missing, because
making one takes a lock that holds up every write to its table, and each deploy migrates.
"""

from collections.abc import Container, Iterable

from django.db.backends.utils import CursorWrapper

ITEMS, LISTS, CONTENT = "mylist_mylistitem", "mylist_mylist", "mylist_contenttoken"

FUNCTION = "CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$"
TRIGGER = """
CREATE TRIGGER {trigger} AFTER {event} ON {table} {rows}
FOR EACH STATEMENT EXECUTE FUNCTION {function}()
"""
ROWS = {
    "INSERT": "REFERENCING NEW TABLE AS after",
    "UPDATE": "REFERENCING OLD TABLE AS before NEW TABLE AS after",
    "DELETE": "REFERENCING OLD TABLE AS before",
    "TRUNCATE": "",
}

# A DELETE only updates: an upsert could bring a list back while its person is being deleted.
ITEM_FUNCTIONS = {
    "INSERT": f"""
BEGIN
    INSERT INTO {LISTS} AS l (user_id, count)
    SELECT user_id, count(*) FROM after GROUP BY user_id ORDER BY user_id
    ON CONFLICT (user_id) DO UPDATE
    SET count = l.count + excluded.count, token = gen_random_uuid();
    RETURN NULL;
END
""",
    "DELETE": f"""
BEGIN
    UPDATE {LISTS} AS l SET count = l.count - r.n, token = gen_random_uuid()
    FROM (SELECT user_id, count(*) AS n FROM before GROUP BY user_id) AS r
    WHERE l.user_id = r.user_id;
    RETURN NULL;
END
""",
    # Items that change hands are nobody's plan, but SQL can do it.
    "UPDATE": f"""
BEGIN
    PERFORM 1 FROM {LISTS} WHERE user_id IN
        (SELECT user_id FROM before UNION SELECT user_id FROM after)
    ORDER BY user_id FOR NO KEY UPDATE;
    INSERT INTO {LISTS} (user_id, count) SELECT DISTINCT user_id, 0 FROM after
    ON CONFLICT DO NOTHING;
    UPDATE {LISTS} AS l SET count = l.count + d.n, token = gen_random_uuid() FROM (
        SELECT user_id, sum(n) AS n FROM (
            SELECT user_id, 1 AS n FROM after UNION ALL SELECT user_id, -1 FROM before
        ) AS each GROUP BY user_id
    ) AS d WHERE l.user_id = d.user_id;
    RETURN NULL;
END
""",
    "TRUNCATE": f"""
BEGIN
    UPDATE {LISTS} SET count = 0, token = gen_random_uuid() WHERE count > 0;
    RETURN NULL;
END
""",
}

# The lists are locked first and in order, as every other writer does.
GONE = """
DECLARE kind int := (
    SELECT id FROM django_content_type WHERE app_label = '{app}' AND model = '{model}');
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM {items} WHERE content_type_id = kind;
    ELSE
        PERFORM 1 FROM {lists} WHERE user_id IN (
            SELECT i.user_id FROM {items} i JOIN before ON i.content_id = before.{pk}
            WHERE i.content_type_id = kind
        ) ORDER BY user_id FOR NO KEY UPDATE;
        DELETE FROM {items} i USING before
        WHERE i.content_type_id = kind AND i.content_id = before.{pk};
    END IF;
    RETURN NULL;
END
"""

SHOWN = """
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NOT EXISTS ({change}) THEN RETURN NULL; END IF;
    ELSIF TG_OP = 'INSERT' THEN
        IF NOT EXISTS (SELECT FROM after) THEN RETURN NULL; END IF;
    ELSIF TG_OP = 'DELETE' THEN
        IF NOT EXISTS (SELECT FROM before) THEN RETURN NULL; END IF;
    END IF;
    UPDATE {token} SET token = gen_random_uuid();
    RETURN NULL;
END
"""


class Triggers:
    """SQL of functions and, by name, of triggers."""

    def __init__(self) -> None:
        self.functions: dict[str, str] = {}
        self.triggers: dict[str, str] = {}

    def add(self, name: str, body: str, table: str, events: Iterable[str]) -> None:
        self.functions[name] = FUNCTION.format(name=name, body=body)
        for event in events:
            trigger = f"{name}_{event.lower()}"
            self.triggers[trigger] = TRIGGER.format(
                trigger=trigger, event=event, table=table, rows=ROWS[event], function=name
            )

    def of_items(self) -> None:
        for event, body in ITEM_FUNCTIONS.items():
            self.add(f"mylist_items_{event.lower()}", body, ITEMS, [event])

    def of_content(self, table: str, pk: str, app: str, model: str) -> None:
        body = GONE.format(items=ITEMS, lists=LISTS, pk=pk, app=app, model=model)
        self.add(f"mylist_gone_{table}", body, table, ["DELETE", "TRUNCATE"])

    def of_shown(self, table: str, pk: str, columns: Iterable[str]) -> None:
        """With columns, their changes; without, every row that comes, goes or changes."""
        fields = ", ".join(f'"{column}"' for column in (pk, *columns))
        change = f"SELECT {fields} FROM after EXCEPT SELECT {fields} FROM before"
        body = SHOWN.format(change=change if columns else "SELECT FROM after", token=CONTENT)
        events = ["UPDATE", "TRUNCATE"] if columns else list(ROWS)
        self.add(f"mylist_shown_{table}", body, table, events)

    def install(self, cursor: CursorWrapper) -> None:
        # Those of an older release would count a second time.
        drop(cursor, keep=self.functions)
        for function in self.functions.values():
            cursor.execute(function)
        cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
        there = {name for (name,) in cursor.fetchall()}
        for name in self.triggers.keys() - there:
            cursor.execute(self.triggers[name])


def drop(cursor: CursorWrapper, keep: Container[str] = ()) -> None:
    """Without the lists all of them: content must not look for lists when it changes."""
    cursor.execute(
        "SELECT proname FROM pg_proc WHERE prorettype = 'trigger'::regtype"
        " AND proname LIKE 'mylist\\_%'"
    )
    for (name,) in cursor.fetchall():
        if name not in keep:
            cursor.execute(f"DROP FUNCTION {name} CASCADE")
