"""The triggers on PostgreSQL, one for each statement, however many rows it writes."""

from collections.abc import Iterable

from django.db.backends.utils import CursorWrapper

from api.triggers import FUNCTION, READ_COMMITTED, Triggers, functions

ITEMS, LISTS, COUNTS = "mylist_mylistitem", "mylist_mylist", "mylist_kindcount"
CONTENT = "mylist_contenttoken"

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

SHOWN = f"""
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NOT EXISTS (SELECT {{fields}} FROM after EXCEPT SELECT {{fields}} FROM before) THEN
            RETURN NULL;
        END IF;
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


class ListTriggers(Triggers):
    app = "mylist"

    def of_content(self, table: str, pk: str, app: str, model: str) -> None:
        """`app` and `model` name its content type."""
        named = {"pk": pk, "app": app, "model": model}
        self.add(f"mylist_gone_{table}", GONE.format(**named), table, ["DELETE", "TRUNCATE"])

    def of_shown(self, table: str, columns: Iterable[str]) -> None:
        fields = ", ".join(f'"{column}"' for column in columns)
        body = SHOWN.format(fields=fields)
        self.add(f"mylist_shown_{table}", body, table, ["UPDATE", "TRUNCATE"])

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


def let_everything_count(cursor: CursorWrapper) -> None:
    """Each statement on what lists show changes the token: columns may come, go and be renamed."""
    for name in functions(cursor, ListTriggers.app):
        if name.startswith("mylist_shown_"):
            cursor.execute(FUNCTION.format(name=name, body=ALWAYS))


def stop_writes(cursor: CursorWrapper) -> None:
    """To items, until the transaction ends."""
    cursor.execute(f"LOCK TABLE {ITEMS} IN SHARE ROW EXCLUSIVE MODE")
