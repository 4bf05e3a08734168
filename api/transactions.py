"""Transactions that are run again when PostgreSQL chose them to end a deadlock."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import OperationalError, transaction

P = ParamSpec("P")
T = TypeVar("T")

DEADLOCK = "40P01"
ATTEMPTS = 3


def atomic_with_retry(work: Callable[P, T]) -> Callable[P, T]:
    """Run `work` in a transaction of its own, up to three times. It must do nothing but SQL."""

    @wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(ATTEMPTS - 1):
            try:
                with transaction.atomic():
                    return work(*args, **kwargs)
            except OperationalError as error:
                if getattr(error.__cause__, "sqlstate", None) != DEADLOCK:
                    raise
        with transaction.atomic():
            return work(*args, **kwargs)

    return run
