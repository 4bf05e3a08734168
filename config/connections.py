"""Connections to PostgreSQL that ended while nobody used them."""

import select
from typing import Any

from django.conf import settings
from django.core.cache import close_caches
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connections, reset_queries


def drop_dead_connections(**_: Any) -> None:
    """Before a request: forget a kept connection that the server has closed, so that a restart of
    the database costs no request. A connection that rests has nothing to read but its end; asking
    the socket takes a microsecond, where a health check by SQL takes a round trip."""
    for connection in connections.all(initialized_only=True):
        if connection.vendor != "postgresql" or connection.in_atomic_block:
            continue
        if connection.connection is not None and has_ended(connection.connection):
            connection.close()


def fewer_signals() -> None:
    """Django looks after its connections three times a request, and after its caches; once is
    enough where connections are kept, queries are not logged and the cache has nothing to close.
    It saves 25 microseconds of each."""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_caches)
    if not settings.DEBUG:
        request_started.disconnect(reset_queries)


def has_ended(raw: Any) -> bool:
    if raw.closed:
        return True
    # Not select(), which refuses descriptors from 1024 on: a busy worker has as many.
    waiting = select.poll()
    waiting.register(raw.fileno(), select.POLLIN)
    return bool(waiting.poll(0))
