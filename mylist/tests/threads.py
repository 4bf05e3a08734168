"""Requests that race."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier

import pytest
from django.db import connection, connections


@pytest.fixture
def on_postgresql(transactional_db):
    """For tests of what holds under concurrency."""
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL")


def at_once(*jobs):
    """Run the jobs together, each in a thread with a connection of its own; what they returned."""
    start = Barrier(len(jobs), timeout=20)

    def run(job):
        try:
            with connection.cursor() as cursor:
                # Who waits for ever fails, instead of the test waiting along.
                cursor.execute("SET statement_timeout = '20s'")
            start.wait()
            return job()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


@contextmanager
def no_deadlock():
    """Also none that was got over by trying again, which costs a second each."""
    before = deadlocks()
    yield
    assert deadlocks() == before


def deadlocks():
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return cursor.fetchone()[0]
