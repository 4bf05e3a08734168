"""Prepared statements on the connection that Django keeps to PostgreSQL.

Outside of transactions they go straight to libpq: 25 microseconds each, where psycopg's cursor
takes 45 and Django's 120. In a transaction psycopg has to be asked, because it is what begins one.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import Cursor, DataError, OperationalError
from psycopg.adapt import AdaptersMap, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.types.datetime import TimestamptzLoader
from psycopg.types.numeric import Int8

INT8, UNKNOWN = 20, 0
# The statement is not there (any more), or the columns that it gives have changed their type.
TO_PREPARE_ANEW = (b"26000", b"0A000")


class Done(NamedTuple):
    """What a statement came to: its rows, if it has any, and how many it read or wrote."""

    rows: list[tuple[Any, ...]]
    affected: int


def run_prepared(connection: Any, sql: str, params: Sequence[Any]) -> Done:
    """`sql` with `%s` for each of the params, which are whole numbers or texts. Raises Django's
    database errors."""
    if connection.connection is None:
        connection.ensure_connection()
    with connection.wrap_database_errors:
        statements = statements_of(connection)
        if connection.in_atomic_block or not connection.connection.autocommit:
            return statements.by_cursor(sql, params)
        return statements.directly(sql, params)


def statements_of(connection: BaseDatabaseWrapper) -> "Statements":
    """Those of the connection as it is now; another one knows none of them."""
    kept: Statements | None = getattr(connection, "prepared_statements", None)
    if kept is None or kept.raw is not connection.connection:
        kept = connection.prepared_statements = Statements(connection.connection)  # type: ignore[attr-defined]
    return kept


class Reading:
    """How values are read: as Django has it, but times by psycopg's own loader, in C. Django's sets
    the zone, which is UTC here anyway, in 4 microseconds each."""

    def __init__(self, raw: Any) -> None:
        self.connection, self.adapters = raw, AdaptersMap(raw.adapters)
        self.adapters.register_loader("timestamptz", TimestamptzLoader)


class Results:
    """Reads what libpq has got on a connection of psycopg's."""

    def __init__(self, raw: Any) -> None:
        self.raw, self.pgconn = raw, raw.pgconn
        self.transformer = Transformer(Reading(raw))

    def done(self, result: Any) -> Done:
        self.check(result)
        if not result.nfields:
            return Done([], result.command_tuples or 0)
        self.transformer.set_pgresult(result)
        return Done(self.transformer.load_rows(0, result.ntuples, tuple), result.ntuples)

    def check(self, result: Any) -> None:
        """Raises psycopg's error of a statement that failed."""
        if result.status in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            return
        error = error_from_result(result)
        if self.pgconn.status == ConnStatus.BAD and not isinstance(error, OperationalError):
            raise OperationalError("the connection is closed") from error
        raise error


class Statements(Results):
    def __init__(self, raw: Any) -> None:
        super().__init__(raw)
        self.cursor = Cursor(raw)
        self.names: dict[str, bytes] = {}
        self.count = 0

    def by_cursor(self, sql: str, params: Sequence[Any]) -> Done:
        # Of one type whatever their size: a statement is prepared for each set of types.
        numbers = [Int8(param) if type(param) is int else param for param in params]
        self.cursor.execute(sql, numbers, prepare=True)
        has_rows = self.cursor.pgresult is not None and self.cursor.pgresult.nfields > 0
        return Done(self.cursor.fetchall() if has_rows else [], self.cursor.rowcount)

    def directly(self, sql: str, params: Sequence[Any]) -> Done:
        values = [as_text(param) for param in params]
        name = self.names.get(sql) or self.prepare(sql, params)
        result = self.pgconn.exec_prepared(name, values)
        if result.status == ExecStatus.FATAL_ERROR and result.error_field(67) in TO_PREPARE_ANEW:
            # It did nothing, so it may be run again. psycopg forgets all statements of a connection
            # after a rollback, ours with its own.
            result = self.pgconn.exec_prepared(self.prepare(sql, params), values)
        return self.done(result)

    def prepare(self, sql: str, params: Sequence[Any]) -> bytes:
        self.count += 1
        name = b"mylist_%d" % self.count
        types = [INT8 if type(param) is int else UNKNOWN for param in params]
        self.check(self.pgconn.prepare(name, numbered(sql).encode(), types))
        self.names[sql] = name
        return name


def numbered(sql: str) -> str:
    """`%s` as `$1`, `$2` and so on; `%%` is a percent sign, as for every cursor."""
    first, *rest = sql.split("%s")
    parts = (f"${number}{part}" for number, part in enumerate(rest, 1))
    return (first + "".join(parts)).replace("%%", "%")


def as_text(param: Any) -> bytes | None:
    if type(param) is int:
        return b"%d" % param
    if param is None:
        return None
    text = str(param).encode()
    if b"\0" in text:
        raise DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
    return text
