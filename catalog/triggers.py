"""What the database does by itself, whoever writes: the admin, a cascade, COPY or psql.

It keeps `shown_genres` of each title: its genres as lists show them, `[id, name]` by name. Whatever
is written there, what its genres are stands there.
"""

from typing import Any, NamedTuple, Self

from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper

from api.triggers import READ_COMMITTED, Triggers, drop, drop_from_sqlite, functions
from catalog.models import Genre, Movie, Title, TVShow

APP = "catalog"
GENRE = Genre._meta.db_table


class Tables(NamedTuple):
    """Of one kind of titles. `key` names the title in `through`."""

    title: str
    through: str
    key: str

    @classmethod
    def of(cls, model: type[Title]) -> Self:
        through = model.genres.through._meta
        return cls(model._meta.db_table, through.db_table, f"{model._meta.model_name}_id")


KINDS = [Tables.of(model) for model in (Movie, TVShow)]


def before_migrations(*, using: str, **_: Any) -> None:
    """PostgreSQL's stay: one that fails because its column is gone refuses a write, one that is
    missing makes lists stale."""
    if connections[using].vendor == "sqlite":
        with connections[using].cursor() as cursor:
            drop_from_sqlite(cursor, APP)


def after_migrations(*, using: str, **_: Any) -> None:
    """Install the triggers, all or none, and look at every title if any was missing."""
    connection = connections[using]
    with transaction.atomic(using=using), connection.cursor() as cursor:
        there = all_is_there(cursor)
        if connection.vendor == "sqlite":
            if there:
                install_on_sqlite(cursor)
        elif there:
            install_on_postgresql(cursor)
        else:
            drop(cursor, functions(cursor, APP))


def all_is_there(cursor: CursorWrapper) -> bool:
    introspection = cursor.db.introspection
    tables = set(introspection.table_names(cursor))
    return tables.issuperset([GENRE, *(table for kind in KINDS for table in kind[:2])]) and all(
        any(c.name == "shown_genres" for c in introspection.get_table_description(cursor, title))
        for title, *_ in KINDS
    )


# --- PostgreSQL ----------------------------------------------------------------
#
# Whoever changes genres locks their titles, and only then, by a new statement, looks at what there
# is: the last who holds a title sees what all others committed. Genres are locked before titles,
# and each in the order of their ids.


def install_on_postgresql(cursor: CursorWrapper) -> None:
    triggers = GenreTriggers()
    for kind in KINDS:
        triggers.of_titles(kind)
    triggers.of_genres()
    if triggers.install(cursor):
        tables = ", ".join([GENRE, *(kind.through for kind in KINDS)])
        cursor.execute(f"LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE")
        for kind in KINDS:
            wrong = f"shown_genres IS DISTINCT FROM {genres_of(kind, f'{kind.title}.id')}"
            cursor.execute(f"UPDATE {kind.title} SET shown_genres = NULL WHERE {wrong}")


class GenreTriggers(Triggers):
    app = APP

    def of_titles(self, kind: Tables) -> None:
        self.add_before(f"catalog_kept_{kind.title}", kept(kind), kind.title, ["INSERT", "UPDATE"])
        both = "(TABLE before UNION TABLE after) AS each"
        bodies = {
            "INSERT": filed(kind, "after", hold(kind)),
            "UPDATE": filed(kind, both, hold(kind)),
            "DELETE": filed(kind, "before", hold_titles(kind)),
            "TRUNCATE": all_taken(kind),
        }
        for event, body in bodies.items():
            self.add(f"catalog_filed_{kind.through}_{event.lower()}", body, kind.through, [event])

    def of_genres(self) -> None:
        """One that goes takes its rows along before, or another comes in its place."""
        once, again = "SELECT id, name FROM before", "SELECT id, name FROM after"
        rows = {
            "INSERT": again,
            "UPDATE": f"({once} EXCEPT {again}) UNION ({again} EXCEPT {once})",
        }
        for event, changed in rows.items():
            self.add(f"catalog_named_{event.lower()}", named(changed), GENRE, [event])


def genres_of(kind: Tables, pk: str) -> str:
    return f"""(
        SELECT coalesce(jsonb_agg(jsonb_build_array(g.id, g.name) ORDER BY g.name), '[]')
        FROM {GENRE} g JOIN {kind.through} t ON t.genre_id = g.id WHERE t.{kind.key} = {pk}
    )"""


def kept(kind: Tables) -> str:
    """Whoever writes NULL has us look."""
    return f"""
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.id = OLD.id AND NEW.shown_genres = OLD.shown_genres THEN RETURN NEW; END IF;
    END IF;
    NEW.shown_genres := {genres_of(kind, "NEW.id")};
    RETURN NEW;
END
"""


def filed(kind: Tables, rows: str, hold: str) -> str:
    return f"""
DECLARE
    titles bigint[] := ARRAY(SELECT DISTINCT {kind.key} FROM {rows});
    genres bigint[] := ARRAY(SELECT DISTINCT genre_id FROM {rows});
    found int;
BEGIN{READ_COMMITTED}{hold}{renew(kind)}
    RETURN NULL;
END
"""


def hold(kind: Tables) -> str:
    """Whoever renames a genre has done so when we look, or waits and then finds the title: our
    foreign key's lock would let them pass. What is not there comes after us, too."""
    absent = "GET DIAGNOSTICS found = ROW_COUNT;\n    IF found < cardinality({}) THEN"
    return f"""
    PERFORM 1 FROM {GENRE} WHERE id = ANY (genres) ORDER BY id FOR SHARE;
    {absent.format("genres")} LOCK TABLE {GENRE} IN SHARE ROW EXCLUSIVE MODE; END IF;
    {hold_titles(kind)}
    {absent.format("titles")} LOCK TABLE {kind.title} IN SHARE ROW EXCLUSIVE MODE; END IF;"""


def hold_titles(kind: Tables) -> str:
    return f"PERFORM 1 FROM {kind.title} WHERE id = ANY (titles) ORDER BY id FOR NO KEY UPDATE;"


def renew(kind: Tables) -> str:
    return f"UPDATE {kind.title} SET shown_genres = NULL WHERE id = ANY (titles);"


def all_taken(kind: Tables) -> str:
    return f"""
BEGIN{READ_COMMITTED}
    UPDATE {kind.title} SET shown_genres = NULL WHERE shown_genres <> '[]';
    RETURN NULL;
END
"""


def named(changed: str) -> str:
    found = "".join(
        f"""
    titles := ARRAY(SELECT {kind.key} FROM {kind.through} WHERE genre_id = ANY (genres));
    {hold_titles(kind)}
    {renew(kind)}"""
        for kind in KINDS
    )
    return f"""
DECLARE
    genres bigint[] := ARRAY(SELECT id FROM ({changed}) AS changed);
    titles bigint[];
BEGIN
    IF cardinality(genres) = 0 THEN RETURN NULL; END IF;{READ_COMMITTED}{found}
    RETURN NULL;
END
"""


# --- SQLite ----------------------------------------------------------------------


def install_on_sqlite(cursor: CursorWrapper) -> None:
    drop_from_sqlite(cursor, APP)
    for kind in KINDS:
        for trigger in (*on_titles(kind), *on_through(kind), *on_genres(kind)):
            cursor.execute(trigger)
        cursor.execute(looked_up(kind, "true"))


def looked_up(kind: Tables, which: str) -> str:
    return f"""
    UPDATE {kind.title} SET shown_genres = (
        SELECT json_group_array(json_array(id, name)) FROM (
            SELECT g.id, g.name FROM {GENRE} g JOIN {kind.through} t ON t.genre_id = g.id
            WHERE t.{kind.key} = {kind.title}.id ORDER BY g.name
        )
    ) WHERE {which};"""


def row_trigger(name: str, event: str, table: str, work: str) -> str:
    return f"CREATE TRIGGER catalog_{name} AFTER {event} ON {table} BEGIN {work} END"


def on_titles(kind: Tables) -> list[str]:
    work = looked_up(kind, "id = NEW.id")
    changed = "NEW.id <> OLD.id OR NEW.shown_genres <> OLD.shown_genres"
    return [
        row_trigger(f"kept_{kind.title}_insert", "INSERT", kind.title, work),
        row_trigger(
            f"kept_{kind.title}_update",
            "UPDATE OF id, shown_genres",
            f"{kind.title} WHEN {changed}",
            work,
        ),
    ]


def on_through(kind: Tables) -> list[str]:
    rows = {"INSERT": ["NEW"], "UPDATE": ["OLD", "NEW"], "DELETE": ["OLD"]}
    return [
        row_trigger(
            f"filed_{kind.through}_{event.lower()}",
            event,
            kind.through,
            "".join(looked_up(kind, f"id = {row}.{kind.key}") for row in each),
        )
        for event, each in rows.items()
    ]


def on_genres(kind: Tables) -> list[str]:
    rows = {"INSERT": ["NEW"], "UPDATE OF id, name": ["OLD", "NEW"]}
    filed = f"id IN (SELECT {kind.key} FROM {kind.through} WHERE genre_id = {{}}.id)"
    return [
        row_trigger(
            f"named_{event[:6].lower()}_{kind.title}",
            event,
            GENRE,
            "".join(looked_up(kind, filed.format(row)) for row in each),
        )
        for event, each in rows.items()
    ]
