"""Requests that meet at one row, each on a connection of its own."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction

needs_postgres = pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL")


def race(*calls, behind, keep=False):
    """What the calls return that all came as far as waiting for what `behind()` has locked.

    Whatever a call looked at before it waits, it saw as it was before anyone won. What `behind`
    did is undone, unless it is to be kept, in the moment that lets them go.
    """
    with ThreadPoolExecutor(len(calls)) as pool:
        with transaction.atomic():
            behind()
            started = [pool.submit(on_its_own_connection, call) for call in calls]
            wait_for(len(calls))
            transaction.set_rollback(not keep)
        return [call.result() for call in started]


def on_its_own_connection(call):
    try:
        return call()
    finally:
        connections.close_all()


def wait_for(waiters, seconds=10):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if count_waiting() == waiters:
            return
        time.sleep(0.01)
    raise AssertionError(f"{count_waiting()} of {waiters} came to wait for the lock")


def count_waiting():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone()[0]
