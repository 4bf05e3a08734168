"""Transactions that are run again after a deadlock."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction

from api.transactions import ATTEMPTS, atomic_with_retry, statement_with_retry


class Refused(Exception):
    """What psycopg raises: with the code of PostgreSQL."""

    def __init__(self, sqlstate):
        self.sqlstate = sqlstate


def failure(sqlstate, kind=OperationalError):
    error = kind("no")
    error.__cause__ = Refused(sqlstate)
    return error


def failing(*errors):
    """Writes a row, then raises one error after the other; when none is left, succeeds."""
    left = list(errors)

    @atomic_with_retry
    def work(model):
        ContentType.objects.create(app_label="tries", model=model)
        if left:
            raise left.pop(0)
        return f"made {model}"

    return work


def rows():
    return ContentType.objects.filter(app_label="tries").count()


@pytest.mark.django_db
def test_what_goes_well_is_done_once():
    assert failing()("a") == "made a"
    assert rows() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("deadlocks", range(1, ATTEMPTS))
def test_a_deadlock_is_tried_again_from_the_start(deadlocks):
    assert failing(*[failure("40P01")] * deadlocks)("a") == "made a"
    assert rows() == 1


@pytest.mark.django_db
def test_too_many_deadlocks_are_told():
    with pytest.raises(OperationalError):
        failing(*[failure("40P01")] * ATTEMPTS)("a")
    assert rows() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    "error",
    [
        failure("57P01"),
        failure("40P01", DatabaseError),
        OperationalError("the server went away"),
        IntegrityError("once only"),
        ValueError("not of the database"),
    ],
)
def test_any_other_error_is_told_at_once(error):
    with pytest.raises(type(error)) as caught:
        failing(error)("a")
    assert caught.value is error
    assert rows() == 0


@pytest.mark.django_db
def test_inside_a_transaction_only_its_own_part_is_tried_again():
    with transaction.atomic():
        ContentType.objects.create(app_label="tries", model="before")
        failing(failure("40P01"))("a")
    assert rows() == 2


@pytest.mark.django_db(transaction=True)
def test_two_who_lock_each_other_out_both_succeed():
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL")
    for model in ("a", "b"):
        ContentType.objects.create(app_label="tries", model=model)
    both_have_one, tries = Barrier(2, timeout=10), []

    @atomic_with_retry
    def lock(*models):
        tries.append(models)
        for model in models:
            ContentType.objects.select_for_update().get(app_label="tries", model=model)
            if len(tries) <= 2 and model == models[0]:
                both_have_one.wait()

    def run(models):
        try:
            lock(*models)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, [("a", "b"), ("b", "a")]))
    assert len(tries) == 3


# --- one statement -----------------------------------------------------------------


def stating(*errors):
    """Raises one error after the other; when none is left, tells how often it was tried."""
    left, tries = list(errors), []

    @statement_with_retry
    def work():
        tries.append(1)
        if left:
            raise left.pop(0)
        return len(tries)

    return work


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("deadlocks", range(ATTEMPTS + 1))
def test_a_statement_that_ends_a_deadlock_is_run_again(deadlocks):
    work = stating(*[failure("40P01")] * deadlocks)
    if deadlocks < ATTEMPTS:
        assert work() == deadlocks + 1
    else:
        with pytest.raises(OperationalError):
            work()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("error", [failure("57014"), failure("40P01", IntegrityError)], ids=str)
def test_a_statement_that_fails_otherwise_is_not_run_again(error):
    work = stating(error)
    with pytest.raises(type(error)):
        work()
    assert work() == 2


@pytest.mark.django_db
def test_a_statement_is_not_run_again_in_a_transaction_that_is_over():
    work = stating(failure("40P01"))
    with pytest.raises(OperationalError):
        work()
    assert work() == 2
