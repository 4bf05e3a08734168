"""Connections to PostgreSQL that ended while nobody used them."""

import select
from typing import Any

from django.db import connections


def drop_dead_connections(**_: Any) -> None:
    """Before a request: forget a kept connection that the server has closed, so that a restart of
    the database costs no request. A connection that rests has nothing to read but its end; asking
    the socket takes a microsecond, where a health check by SQL takes a round trip."""
    for connection in connections.all(initialized_only=True):
        if connection.vendor != "postgresql" or connection.in_atomic_block:
            continue
        if connection.connection is not None and has_ended(connection.connection):
            connection.close()


def has_ended(raw: Any) -> bool:
    return bool(raw.closed or select.select([raw.fileno()], [], [], 0)[0])
