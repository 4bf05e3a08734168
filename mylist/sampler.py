"""Now and then a hit is rendered again from the database and compared: the proof says that the two
are the same, and this looks whether the code agrees."""

import random

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection, transaction

from api import metrics
from api.compiled import execute
from mylist import pages
from mylist.pages import Asked, Page
from mylist.tokens import Tokens, tokens_now

log = structlog.get_logger("sampler")


def due() -> bool:
    """True for one hit in so many, by chance."""
    one_in = getattr(settings, "MYLIST_SAMPLE_ONE_IN", 0)
    return one_in > 0 and random.random() * one_in < 1  # noqa: S311 - not a secret


def check(user_id: int, asked: Asked, tokens: Tokens, page: Page) -> None:
    """Compare a page that was answered with what the database makes at the same tokens. Never
    raises. It takes a connection that has no transaction open."""
    if connection.in_atomic_block:
        return
    try:
        again = rendered_again(user_id, asked, tokens)
    except DatabaseError:
        # The next who needs one opens another.
        connection.close()
        return
    except Exception:
        # The page has been answered, or is about to be.
        log.exception("a kept page cannot be compared", user_id=user_id, asked=asked)
        return
    outcome = "moved" if again is None else "same" if again == page else "mismatch"
    metrics.SAMPLES.labels(outcome).inc()
    if outcome == "mismatch":
        log.error("a kept page differs from the database", user_id=user_id, asked=asked)


def rendered_again(user_id: int, asked: Asked, tokens: Tokens) -> Page | None:
    """In one snapshot; None when the list has moved on."""
    with transaction.atomic():
        execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY", [])
        if tokens_now(user_id) != tokens:
            return None
        return pages.read(user_id, asked).page
