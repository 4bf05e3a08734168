"""What is run again when PostgreSQL chose it to end a deadlock."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection, transaction

P = ParamSpec("P")
T = TypeVar("T")

DEADLOCK = "40P01"
ATTEMPTS = 3


def atomic_with_retry(work: Callable[P, T]) -> Callable[P, T]:
    """Run `work` in a transaction of its own, up to three times. It must do nothing but SQL."""
    return with_retry(transaction.atomic(work), lambda: True)


def statement_with_retry(work: Callable[P, T]) -> Callable[P, T]:
    """Run `work`, which is one statement, up to three times. Not where a transaction is open: the
    deadlock has ended it, with all that it did before."""
    return with_retry(work, lambda: not connection.in_atomic_block)


def with_retry(work: Callable[P, T], may_retry: Callable[[], bool]) -> Callable[P, T]:
    @wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(ATTEMPTS - 1):
            try:
                return work(*args, **kwargs)
            except OperationalError as error:
                if not (was_deadlock(error) and may_retry()):
                    raise
        return work(*args, **kwargs)

    return run


def was_deadlock(error: OperationalError) -> bool:
    return getattr(error.__cause__, "sqlstate", None) == DEADLOCK
