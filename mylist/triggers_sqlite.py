"""The triggers on SQLite, one for each row.

Tokens stay as they are: pages are cached on PostgreSQL only.
"""

ITEMS, LISTS, COUNTS = "mylist_mylistitem", "mylist_mylist", "mylist_kindcount"

CAME = f"""
    INSERT INTO {LISTS} (user_id, count) VALUES (NEW.user_id, 1)
    ON CONFLICT (user_id) DO UPDATE SET count = count + 1;
    INSERT INTO {COUNTS} (user_id, content_type_id, count)
    VALUES (NEW.user_id, NEW.content_type_id, 1)
    ON CONFLICT (user_id, content_type_id) DO UPDATE SET count = count + 1;
"""
WENT = f"""
    UPDATE {LISTS} SET count = count - 1 WHERE user_id = OLD.user_id;
    UPDATE {COUNTS} SET count = count - 1
    WHERE user_id = OLD.user_id AND content_type_id = OLD.content_type_id;
"""
COUNT = (
    f"CREATE TRIGGER mylist_items_insert AFTER INSERT ON {ITEMS} BEGIN {CAME} END",
    f"CREATE TRIGGER mylist_items_delete AFTER DELETE ON {ITEMS} BEGIN {WENT} END",
    f"CREATE TRIGGER mylist_items_update AFTER UPDATE OF user_id, content_type_id ON {ITEMS}"
    f" BEGIN {WENT} {CAME} END",
)
GONE = """
CREATE TRIGGER mylist_gone_{table} AFTER DELETE ON {table} BEGIN
    DELETE FROM {items} WHERE content_id = OLD.{pk} AND content_type_id = (
        SELECT id FROM django_content_type WHERE app_label = '{app}' AND model = '{model}');
END
"""


def gone(table: str, pk: str, app: str, model: str) -> str:
    return GONE.format(table=table, pk=pk, app=app, model=model, items=ITEMS)
