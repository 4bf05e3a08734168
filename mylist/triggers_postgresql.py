"""The triggers on PostgreSQL, one for each statement, however many rows it writes.

What is there already is left alone: making a trigger takes a lock that holds up every write to its
table, and each deploy migrates.

Plans are made once for a session, from the first rows that its triggers see. So no function joins
these rows with a table: after a statement over many rows, every later one over a single row would
read the whole table. Arrays and loops always lead to an index.
"""

from collections.abc import Iterable

from django.db.backends.utils import CursorWrapper

ITEMS, LISTS, COUNTS = "mylist_mylistitem", "mylist_mylist", "mylist_kindcount"
CONTENT = "mylist_contenttoken"

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

KIND = "(SELECT id FROM django_content_type WHERE app_label = '{app}' AND model = '{model}')"

# Whoever deletes the content now either waits and finds the item, or we wait and come after.
HOLD = """
    PERFORM 1 FROM {table} WHERE {pk} = ANY (ARRAY(
        SELECT content_id FROM {rows} WHERE content_type_id = {kind}
    )) ORDER BY {pk} FOR KEY SHARE;
"""
NEWLY_NAMED = """(
            SELECT content_type_id, content_id FROM after
            EXCEPT SELECT content_type_id, content_id FROM before
        ) AS named"""

# Another would not see the items that others have added since it began.
READ_COMMITTED = """
    IF current_setting('transaction_isolation') NOT LIKE 'read%' THEN
        RAISE EXCEPTION 'lists cannot be found from a % transaction',
            current_setting('transaction_isolation')
            USING ERRCODE = 'feature_not_supported', HINT = 'Make it READ COMMITTED.';
    END IF;
"""

# The lists in everybody's order, and the counts of each after it.
INSERTED = f"""
BEGIN{{hold}}
    INSERT INTO {LISTS} AS l (user_id, count)
    SELECT user_id, count(*) FROM after GROUP BY user_id ORDER BY user_id
    ON CONFLICT (user_id) DO UPDATE
    SET count = l.count + excluded.count, token = gen_random_uuid();
    INSERT INTO {COUNTS} AS c (user_id, content_type_id, count)
    SELECT user_id, content_type_id, count(*) FROM after GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (user_id, content_type_id) DO UPDATE SET count = c.count + excluded.count;
    RETURN NULL;
END
"""

# It only updates: an upsert could bring a list back while its person is being deleted.
DELETED = f"""
DECLARE gone record;
BEGIN
    FOR gone IN
        SELECT user_id, content_type_id AS kind, count(*) AS n FROM before
        GROUP BY 1, 2 ORDER BY 1, 2
    LOOP
        UPDATE {LISTS} SET count = count - gone.n, token = gen_random_uuid()
        WHERE user_id = gone.user_id;
        UPDATE {COUNTS} SET count = count - gone.n
        WHERE user_id = gone.user_id AND content_type_id = gone.kind;
    END LOOP;
    RETURN NULL;
END
"""

# Items that change hands or kind are nobody's plan, but SQL can do it.
UPDATED = f"""
DECLARE changed record;
BEGIN{{hold}}
    FOR changed IN
        SELECT user_id, content_type_id AS kind, sum(each.n) AS n FROM (
            SELECT user_id, content_type_id, 1 AS n FROM after
            UNION ALL SELECT user_id, content_type_id, -1 FROM before
        ) AS each GROUP BY 1, 2 ORDER BY 1, 2
    LOOP
        INSERT INTO {LISTS} AS l (user_id, count) VALUES (changed.user_id, greatest(changed.n, 0))
        ON CONFLICT (user_id) DO UPDATE SET count = l.count + changed.n, token = gen_random_uuid();
        CONTINUE WHEN changed.n = 0;
        INSERT INTO {COUNTS} AS c (user_id, content_type_id, count)
        VALUES (changed.user_id, changed.kind, greatest(changed.n, 0))
        ON CONFLICT (user_id, content_type_id) DO UPDATE SET count = c.count + changed.n;
    END LOOP;
    RETURN NULL;
END
"""

TRUNCATED = f"""
BEGIN{READ_COMMITTED}
    UPDATE {LISTS} SET count = 0, token = gen_random_uuid() WHERE count > 0;
    DELETE FROM {COUNTS};
    RETURN NULL;
END
"""

# The lists are locked first and in order, as by everybody who writes.
GONE = f"""
DECLARE kind int := {KIND};
BEGIN{READ_COMMITTED}
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM {ITEMS} WHERE content_type_id = kind;
        RETURN NULL;
    END IF;
    PERFORM 1 FROM {LISTS} WHERE user_id = ANY (ARRAY(
        SELECT user_id FROM {ITEMS}
        WHERE content_type_id = kind AND content_id = ANY (ARRAY(SELECT {{pk}} FROM before))
    )) ORDER BY user_id FOR NO KEY UPDATE;
    DELETE FROM {ITEMS}
    WHERE content_type_id = kind AND content_id = ANY (ARRAY(SELECT {{pk}} FROM before));
    RETURN NULL;
END
"""

RENEW = f"UPDATE {CONTENT} SET token = gen_random_uuid()"

# Content that comes after an item that names it: lists show it from now on.
LATE = f"""
DECLARE kind int := {KIND};
BEGIN
    IF EXISTS (
        SELECT FROM {ITEMS}
        WHERE content_type_id = kind AND content_id = ANY (ARRAY(SELECT {{pk}} FROM after))
    ) THEN
        {RENEW};
    END IF;
    RETURN NULL;
END
"""

SHOWN = f"""
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NOT EXISTS ({{change}}) THEN RETURN NULL; END IF;
    ELSIF TG_OP = 'INSERT' THEN
        IF NOT EXISTS (SELECT FROM after) THEN RETURN NULL; END IF;
    ELSIF TG_OP = 'DELETE' THEN
        IF NOT EXISTS (SELECT FROM before) THEN RETURN NULL; END IF;
    END IF;
    {RENEW};
    RETURN NULL;
END
"""
ALWAYS = f"""
BEGIN
    {RENEW};
    RETURN NULL;
END
"""


class Triggers:
    """Functions' bodies and, in the order of locks, triggers' SQL: each by its name."""

    def __init__(self) -> None:
        self.functions: dict[str, str] = {}
        self.triggers: dict[str, str] = {}

    def add(self, name: str, body: str, table: str, events: Iterable[str]) -> None:
        self.functions[name] = body
        for event in events:
            trigger = f"{name}_{event.lower()}"
            self.triggers[trigger] = TRIGGER.format(
                trigger=trigger, event=event, table=table, rows=ROWS[event], function=name
            )

    def of_content(self, table: str, pk: str, app: str, model: str) -> None:
        """`app` and `model` name its content type."""
        named = {"pk": pk, "app": app, "model": model}
        self.add(f"mylist_gone_{table}", GONE.format(**named), table, ["DELETE", "TRUNCATE"])
        self.add(f"mylist_late_{table}", LATE.format(**named), table, ["INSERT"])

    def of_shown(self, table: str, pk: str, columns: Iterable[str]) -> None:
        """With columns, their changes; without, every row that comes, goes or changes."""
        fields = ", ".join(f'"{column}"' for column in (pk, *columns))
        change = f"SELECT {fields} FROM after EXCEPT SELECT {fields} FROM before"
        body = SHOWN.format(change=change if columns else "SELECT FROM after")
        events = ["UPDATE", "TRUNCATE"] if columns else list(ROWS)
        self.add(f"mylist_shown_{table}", body, table, events)

    def of_items(self, contents: Iterable[dict[str, str]]) -> None:
        """`contents` are what `of_content` takes."""

        def hold(rows: str) -> str:
            return "".join(
                HOLD.format(rows=rows, table=each["table"], pk=each["pk"], kind=KIND.format(**each))
                for each in contents
            )

        bodies = {
            "INSERT": INSERTED.format(hold=hold("after")),
            "UPDATE": UPDATED.format(hold=hold(NEWLY_NAMED)),
            "DELETE": DELETED,
            "TRUNCATE": TRUNCATED,
        }
        for event, body in bodies.items():
            self.add(f"mylist_items_{event.lower()}", body, ITEMS, [event])

    def install(self, cursor: CursorWrapper) -> set[str]:
        """What was not as it is now, by name. In a transaction, so that no write is missed."""
        # Two who migrate at once replace one after the other.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('mylist.triggers'))")
        there = functions(cursor)
        # Those of an older release would count a second time.
        drop(cursor, there.keys() - self.functions.keys())
        new = {name: body for name, body in self.functions.items() if there.get(name) != body}
        for name, body in new.items():
            cursor.execute(FUNCTION.format(name=name, body=body))
        missing = {name: sql for name, sql in self.triggers.items() if name not in names(cursor)}
        for sql in missing.values():
            cursor.execute(sql)
        return new.keys() | missing.keys()


def names(cursor: CursorWrapper) -> set[str]:
    """Of the triggers that are there."""
    cursor.execute(
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND pg_table_is_visible(tgrelid)"
    )
    return {name for (name,) in cursor.fetchall()}


def functions(cursor: CursorWrapper) -> dict[str, str]:
    """The bodies of those that are there."""
    cursor.execute(
        "SELECT proname, prosrc FROM pg_proc WHERE prorettype = 'trigger'::regtype"
        " AND proname LIKE 'mylist\\_%' AND pg_function_is_visible(oid)"
    )
    return dict(cursor.fetchall())


def drop(cursor: CursorWrapper, unwanted: Iterable[str]) -> None:
    for name in unwanted:
        cursor.execute(f"DROP FUNCTION {name} CASCADE")


def let_everything_count(cursor: CursorWrapper) -> None:
    """Each statement on what lists show changes the token: columns may come, go and be renamed."""
    for name in functions(cursor):
        if name.startswith(("mylist_shown_", "mylist_late_")):
            cursor.execute(FUNCTION.format(name=name, body=ALWAYS))


def stop_writes(cursor: CursorWrapper) -> None:
    """To items, until the transaction ends."""
    cursor.execute(f"LOCK TABLE {ITEMS} IN SHARE ROW EXCLUSIVE MODE")
