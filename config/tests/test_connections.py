"""Neither a database that was restarted nor a broken connection costs a request."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections


@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL")
@pytest.mark.django_db(transaction=True)
def test_a_connection_that_ended_while_it_rested_is_replaced(api):
    assert api.get("/api/v1/genres/").status_code == 200
    pid = connection.connection.info.backend_pid

    def end_it():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(end_it).result()
    assert api.get("/api/v1/genres/").status_code == 200
    assert connection.connection.info.backend_pid != pid


@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL")
@pytest.mark.django_db(transaction=True)
def test_one_that_a_request_has_broken_is_replaced(api):
    connection.set_autocommit(False)
    connection.errors_occurred = True
    assert api.get("/api/v1/genres/").status_code == 200
    assert connection.get_autocommit()


def test_a_connection_that_rests_is_kept(api, db):
    for _ in range(2):
        assert api.get("/api/v1/genres/").status_code == 200
