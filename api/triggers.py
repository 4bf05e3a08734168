"""How an app's triggers come into the database, after its migrations, and go.

What is there already is left alone: making a trigger takes a lock that holds up every write to its
table, and each deploy migrates. So on PostgreSQL an app says what should be there, and only what
differs is made, in one transaction. On SQLite, which checks the bodies of triggers whenever it
rebuilds a table, they make way for migrations and are made anew.
"""

from collections.abc import Iterable

from django.db.backends.utils import CursorWrapper

FUNCTION = "CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$"
TRIGGER = "CREATE TRIGGER {trigger} {event} ON {table} {each} EXECUTE FUNCTION {function}()"
# What a statement changed.
ROWS = {
    "INSERT": "REFERENCING NEW TABLE AS after",
    "UPDATE": "REFERENCING OLD TABLE AS before NEW TABLE AS after",
    "DELETE": "REFERENCING OLD TABLE AS before",
    "TRUNCATE": "",
}

# For functions that look for all that some rows concern. Another transaction would not see what
# others have committed since it began.
READ_COMMITTED = """
    IF current_setting('transaction_isolation') NOT LIKE 'read%' THEN
        RAISE EXCEPTION 'what this concerns cannot be found from a % transaction',
            current_setting('transaction_isolation')
            USING ERRCODE = 'feature_not_supported', HINT = 'Make it READ COMMITTED.';
    END IF;
"""


class Triggers:
    """Functions' bodies and, in the order of locks, triggers' SQL: each by its name, which begins
    with the app's.

    Plans are made once for a session, from the first rows that its triggers see. So no function
    should join these rows with a table: after a statement over many rows, every later one over a
    single row would read the whole table. Arrays and loops always lead to an index.
    """

    app: str

    def __init__(self) -> None:
        self.functions: dict[str, str] = {}
        self.triggers: dict[str, str] = {}

    def add(self, name: str, body: str, table: str, events: Iterable[str]) -> None:
        """After each statement, which `before` and `after` tell of, however many rows it writes."""
        self.functions[name] = body
        for event in events:
            each = f"{ROWS[event]} FOR EACH STATEMENT"
            self.put(f"{name}_{event.lower()}", f"AFTER {event}", table, each, name)

    def add_before(self, name: str, body: str, table: str, events: Iterable[str]) -> None:
        """Before each row."""
        self.functions[name] = body
        for event in events:
            self.put(f"{name}_{event.lower()}", f"BEFORE {event}", table, "FOR EACH ROW", name)

    def put(self, trigger: str, event: str, table: str, each: str, function: str) -> None:
        self.triggers[trigger] = TRIGGER.format(
            trigger=trigger, event=event, table=table, each=each, function=function
        )

    def install(self, cursor: CursorWrapper) -> set[str]:
        """What was not as it is now, by name. In a transaction, so that no write is missed."""
        # Two who migrate at once replace one after the other.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"{self.app}.triggers"])
        there = functions(cursor, self.app)
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


def functions(cursor: CursorWrapper, app: str) -> dict[str, str]:
    """The bodies of those that are there."""
    cursor.execute(
        "SELECT proname, prosrc FROM pg_proc WHERE prorettype = 'trigger'::regtype"
        " AND starts_with(proname, %s) AND pg_function_is_visible(oid)",
        [f"{app}_"],
    )
    return dict(cursor.fetchall())


def drop(cursor: CursorWrapper, unwanted: Iterable[str]) -> None:
    for name in unwanted:
        cursor.execute(f"DROP FUNCTION {name} CASCADE")


def drop_from_sqlite(cursor: CursorWrapper, app: str) -> None:
    cursor.execute(
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name GLOB %s", [f"{app}_*"]
    )
    for (name,) in cursor.fetchall():
        cursor.execute(f'DROP TRIGGER "{name}"')
