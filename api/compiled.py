"""Querysets whose SQL is made once and then run again and again with other arguments.

The ORM takes 150 to 300 microseconds to turn a queryset into SQL, ten times as long as running it
takes. Where that counts, a queryset is written as ever, with `Param("name")` where an argument will
stand; its SQL is kept, and on PostgreSQL it is a prepared statement of the connection.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Expression, Func, QuerySet

from api.prepared import Done, run_prepared

# Stands for the length of a slice, which Django writes into the SQL as a number.
LIMIT = 2_000_000_011


class Param(Expression):
    """Where an argument will stand in a compiled queryset."""

    def __init__(self, name: str, output_field: "models.Field[Any, Any] | None" = None) -> None:
        super().__init__(output_field=output_field or models.BigIntegerField())
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]


class AnyOf(Func):
    """`AnyOf("pk", Param("ids"))`: whether a column is one of many ids, given as one argument."""

    output_field = models.BooleanField()
    arg_joiner = " = ANY ("
    template = "%(expressions)s::bigint[])"

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        # The outer brackets are Func's own in the template of a subquery.
        return self.as_sql(
            compiler,
            connection,
            template="%(expressions)s))",
            arg_joiner=" IN (SELECT value FROM json_each(",
            **context,
        )


class Statement(NamedTuple):
    """SQL for one database. `params` are constants and `Param`s, in order."""

    sql: str
    params: tuple[Any, ...]
    convert: Callable[[Iterable[Any]], Iterable[Any]] | None


class Compiled:
    """A queryset of `values_list()`, made by `build` when it is first needed.

    What is sliced with `[:LIMIT]` takes an argument `limit`. `suffix` is put behind the SQL, for
    locks that Django has no words for.
    """

    def __init__(self, build: Callable[[], QuerySet[Any, Any]], suffix: str = "") -> None:
        self.build, self.suffix = build, suffix
        self.statements: dict[str, Statement] = {}

    def rows(self, **arguments: Any) -> list[tuple[Any, ...]]:
        """The rows, each a tuple. Arguments are whole numbers, texts or lists of numbers."""
        connection = connections[DEFAULT_DB_ALIAS]
        statement = self.statements.get(connection.vendor) or self.statement(connection)
        found = run(connection, statement.sql, filled(statement, arguments, connection)).rows
        return found if statement.convert is None else list(statement.convert(found))

    def statement(self, connection: BaseDatabaseWrapper) -> Statement:
        # By vendor, not by alias: tests exchange one for the other.
        if connection.vendor not in self.statements:
            self.statements[connection.vendor] = self.compile(connection)
        return self.statements[connection.vendor]

    def compile(self, connection: BaseDatabaseWrapper) -> Statement:
        compiler = self.build().query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        if sql.endswith(f" LIMIT {LIMIT}"):
            sql = sql.removesuffix(str(LIMIT)) + "%s"
            params = (*params, Param("limit"))
        columns = [column for column, _, _ in compiler.select]
        converters = compiler.get_converters(columns)
        convert = (
            (lambda rows: map(tuple, compiler.apply_converters(rows, converters)))
            if converters
            else None
        )
        suffix = self.suffix if connection.features.has_select_for_update else ""
        return Statement(sql + suffix, tuple(params), convert)

    def arguments(self, connection: BaseDatabaseWrapper, **arguments: Any) -> list[Any]:
        """What to run the statement with."""
        return filled(self.statement(connection), arguments, connection)


def filled(statement: Statement, arguments: dict[str, Any], connection: Any) -> list[Any]:
    return [
        argument(arguments[param.name], connection) if type(param) is Param else param
        for param in statement.params
    ]


def argument(value: Any, connection: BaseDatabaseWrapper) -> Any:
    """Lists of ids are sent as one text, as an array of PostgreSQL's or as JSON."""
    if isinstance(value, list):
        inside = ",".join(map(str, value))
        return f"{{{inside}}}" if connection.vendor == "postgresql" else f"[{inside}]"
    return value


def execute(sql: str, params: Sequence[Any]) -> Done:
    """Run SQL, on PostgreSQL as a prepared statement."""
    return run(connections[DEFAULT_DB_ALIAS], sql, params)


def run(connection: BaseDatabaseWrapper, sql: str, params: Sequence[Any]) -> Done:
    """Whoever logs or counts queries gets them through Django's cursor."""
    seen = connection.queries_logged or connection.execute_wrappers
    if connection.vendor == "postgresql" and not seen:
        return run_prepared(connection, sql, params)
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return Done(cursor.fetchall() if cursor.description else [], cursor.rowcount)
