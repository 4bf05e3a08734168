"""Two curators at once."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from catalog.models import Movie
from catalog.tests.factories import GenreFactory, MovieFactory
from catalog.tests.kinds import MOVIES

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL"),
]


def meanwhile(request):
    """What `request` answers when it comes while this transaction is open, and has to wait.

    A generator: start it, write, and take the answer after the transaction ended.
    """

    def work():
        try:
            return request()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(work)
        wait_for_a_lock()
        yield
        yield answer.result(timeout=10)


def wait_for_a_lock():
    deadline = time.monotonic() + 10
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            # Within a transaction the view shows what it showed at first.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(f"{waiting} AND datname = current_database()")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    raise AssertionError("the other request did not have to wait")


def race(write, request):
    with transaction.atomic():
        write()
        other = meanwhile(request)
        next(other)
    return next(other)


@pytest.mark.parametrize("outside", [{"tmdb_id": 155}, {"imdb_id": "tt0468569"}])
def test_of_two_who_take_an_outside_id_the_later_gets_a_409(as_curator, outside):
    body = {"title": "The Dark Knight"} | outside
    late = race(lambda: MovieFactory(**outside), lambda: as_curator.post(MOVIES, body))
    assert (late.status_code, late.json()["code"]) == (409, 9409)
    assert Movie.objects.count() == 1


def test_a_change_keeps_what_another_changed_meanwhile(as_curator):
    movie = MovieFactory()
    here = f"{MOVIES}{movie.pk}/"
    changed = race(Movie.objects.withdraw, lambda: as_curator.patch(here, {"overview": "Sand."}))
    assert changed.status_code == 200
    movie.refresh_from_db()
    assert (movie.available, movie.overview) == (False, "Sand.")


def test_a_change_does_not_bring_back_what_was_deleted_meanwhile(as_curator):
    movie = MovieFactory()
    here = f"{MOVIES}{movie.pk}/"
    late = race(movie.erase, lambda: as_curator.patch(here, {"overview": "Sand."}))
    assert (late.status_code, late.json()["code"]) == (404, 1404)
    assert not Movie.objects.exists()


def test_a_genre_that_is_deleted_meanwhile_leaves_no_half_written_title(as_curator):
    genre = GenreFactory()
    body = {"title": "Dune", "genre_ids": [genre.pk]}
    late = race(genre.delete, lambda: as_curator.post(MOVIES, body))
    assert (late.status_code, late.json()["code"]) == (409, 9409)
    assert not Movie.objects.exists()


def test_a_deletion_waits_for_who_changes_the_genres(as_curator):
    movie, genre = MovieFactory(genres=[GenreFactory()]), GenreFactory()

    def change():
        locked = Movie.objects.select_for_update(no_key=True).get(pk=movie.pk)
        other = meanwhile(lambda: as_curator.delete(f"{MOVIES}{movie.pk}/"))
        next(other)
        locked.genres.set([genre])
        return other

    with transaction.atomic():
        deletion = change()
    assert next(deletion).status_code == 204
    assert not Movie.objects.exists()
