"""What settings come to, worked out once: to ask Django's settings takes a microsecond, and each
request would do it thirty times."""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from django.core.signals import setting_changed

T = TypeVar("T")


def settled(work_out: Callable[[], T]) -> Callable[[], T]:
    """Decorate a function of settings alone. Tests that change one have it worked out anew."""
    kept = cache(work_out)

    def forget(**_: Any) -> None:
        kept.cache_clear()

    setting_changed.connect(forget, weak=False)
    return kept
