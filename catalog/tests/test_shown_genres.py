"""What a title's row says of its genres is what they are, whoever wrote."""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import (
    IntegrityError,
    NotSupportedError,
    OperationalError,
    connection,
    transaction,
)
from django.test import Client

from api.triggers import drop, drop_from_sqlite, functions
from catalog.models import Genre, Movie, TVShow
from catalog.tests.factories import GenreFactory, MovieFactory, TVShowFactory
from catalog.tests.kinds import MOVIES
from catalog.tests.test_races import meanwhile, race
from catalog.triggers import after_migrations

on_postgresql = connection.vendor == "postgresql"
only_postgresql = pytest.mark.skipif(not on_postgresql, reason="needs PostgreSQL")
committed = pytest.mark.django_db(transaction=True)
of_both_kinds = pytest.mark.parametrize(
    ("model", "make"), [(Movie, MovieFactory), (TVShow, TVShowFactory)]
)


def sql(statement, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def shown(title):
    """The names that stand on its row."""
    [genres] = type(title).objects.filter(pk=title.pk).values_list("shown_genres", flat=True)
    return [name for _, name in genres]


def assert_right():
    for model in (Movie, TVShow):
        said = dict(model.objects.values_list("pk", "shown_genres"))
        assert said == {
            title.pk: [[genre.pk, genre.name] for genre in title.genres.all()]
            for title in model.objects.with_genres()
        }


def file_under(title, genre):
    """As SQL does it."""
    through = title.genres.through._meta.db_table
    key = f"{title._meta.model_name}_id"
    sql(f"INSERT INTO {through} ({key}, genre_id) VALUES (%s, %s)", title.pk, genre.pk)


# --- one writer ------------------------------------------------------------------


@pytest.mark.django_db
@of_both_kinds
def test_they_stand_by_name(model, make):
    title = make(genres=[GenreFactory(name=name) for name in ("War", "Drama", "Épée")])
    assert shown(title) == [genre.name for genre in Genre.objects.order_by("name")]
    assert shown(make()) == []
    assert_right()


def free_number(model):
    return model.objects.latest("pk").pk + 1000


class World:
    """A small catalog, and all the ways to write to it."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.names = (f"{self.chance.choice('ABCDEÄ日')} {n}" for n in range(10_000))
        for _ in range(5):
            self.new_genre()
        for _ in range(3):
            self.new_title()
            self.new_title()

    def genres(self, most=3):
        found = list(Genre.objects.all())
        return self.chance.sample(found, min(len(found), self.chance.randint(1, most)))

    def title(self):
        model = self.chance.choice([Movie, TVShow])
        return self.chance.choice(list(model.objects.all()) or [MovieFactory()])

    def write(self):
        """One write, by chance; what it was."""
        name = self.chance.choice([name for name in dir(World) if name.startswith(("new", "by_"))])
        getattr(self, name)()
        return name

    def new_genre(self):
        GenreFactory(name=next(self.names))

    def new_title(self):
        make = self.chance.choice([MovieFactory, TVShowFactory])
        make(genres=self.genres(), shown_genres=[[1, "wrong"]])

    def by_adding(self):
        self.title().genres.add(*self.genres())

    def by_removing(self):
        self.title().genres.remove(*self.genres())

    def by_setting(self):
        self.title().genres.set(self.genres())

    def by_clearing(self):
        self.title().genres.clear()

    def by_the_other_end(self):
        for genre in self.genres(1):
            genre.movie_set.set(Movie.objects.order_by("?")[:2])

    def by_many_rows(self):
        through, titles = Movie.genres.through, Movie.objects.all()
        rows = [through(movie=movie, genre=genre) for movie in titles for genre in self.genres()]
        through.objects.bulk_create(rows, ignore_conflicts=True)

    def by_rows_that_move(self):
        through = TVShow.genres.through.objects.order_by("?").first()
        free = Genre.objects.exclude(tvshow=through.tvshow_id if through else 0).first()
        if through and free:
            through.genre = free
            through.save()

    def by_rows_that_change_hands(self):
        row = Movie.genres.through.objects.order_by("?").first()
        free = row and Movie.objects.exclude(genres=row.genre_id).first()
        if free:
            row.movie = free
            row.save()

    def by_rows_that_go(self):
        some = Movie.genres.through.objects.order_by("?")[:3]
        Movie.genres.through.objects.filter(pk__in=[row.pk for row in some]).delete()

    def by_renaming(self):
        for genre in self.genres():
            genre.name = next(self.names)
            genre.save()

    def by_renaming_all(self):
        sql("UPDATE catalog_genre SET name = name || '!' WHERE length(name) < 40")

    def by_outside_ids(self):
        Genre.objects.update(tmdb_id=None)

    def by_deleting_genres(self):
        Genre.objects.filter(pk__in=[genre.pk for genre in self.genres(1)]).delete()

    def by_erasing_genres(self):
        Genre.objects.filter(pk__in=[genre.pk for genre in self.genres(1)]).erase()

    def by_deleting_titles(self):
        self.title().delete()

    def by_erasing_titles(self):
        self.title().erase()

    def by_what_was_read_before(self):
        title = self.title()
        title.genres.set(self.genres())
        title.title = next(self.names)
        title.save()

    def by_many_that_were_read_before(self):
        movies = list(Movie.objects.all())
        self.by_many_rows()
        Movie.objects.bulk_update(movies, ["title", "shown_genres"])

    def by_writing_over(self):
        Movie.objects.update(shown_genres=[])
        sql("UPDATE catalog_tvshow SET shown_genres = '[[1, \"wrong\"]]' WHERE id %% 2 = 1")

    def by_another_number(self):
        movie = Movie.objects.order_by("?").first()
        if movie:
            new, table = free_number(Movie), "catalog_movie_genres"
            sql(f"UPDATE {table} SET movie_id = %s WHERE movie_id = %s", new, movie.pk)
            sql("UPDATE catalog_movie SET id = %s WHERE id = %s", new, movie.pk)

    def by_another_number_of_a_genre(self):
        for genre in self.genres(1):
            new = free_number(Genre)
            sql("UPDATE catalog_genre SET id = %s WHERE id = %s", new, genre.pk)
            for kind in ("movie", "tvshow"):
                key = f"UPDATE catalog_{kind}_genres SET genre_id = %s"
                sql(f"{key} WHERE genre_id = %s", new, genre.pk)

    def by_its_successor(self):
        """One of the same number."""
        for genre in self.genres(1):
            sql("DELETE FROM catalog_genre WHERE id = %s", genre.pk)
            name = next(self.names)
            sql("INSERT INTO catalog_genre (id, name) VALUES (%s, %s)", genre.pk, name)

    def by_successors_of_titles(self):
        """Rows of the same numbers, after those that file them."""
        movies = list(Movie.objects.values_list("pk", flat=True))[:2]
        fields = [field.column for field in Movie._meta.concrete_fields]
        columns = ", ".join(column for column in fields if column != "shown_genres")
        sql(f"CREATE TEMPORARY TABLE kept AS SELECT {columns} FROM catalog_movie")
        for pk in movies:
            sql("DELETE FROM catalog_movie WHERE id = %s", pk)
            sql(f"INSERT INTO catalog_movie ({columns}) SELECT * FROM kept WHERE id = %s", pk)
        sql("DROP TABLE kept")

    def by_emptying(self):
        if on_postgresql and self.chance.random() < 0.3:
            sql("SET CONSTRAINTS ALL IMMEDIATE")
            sql(f"TRUNCATE {self.chance.choice(['catalog_movie_genres', 'catalog_tvshow_genres'])}")
            sql("SET CONSTRAINTS ALL DEFERRED")


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(8))
def test_after_whatever_was_written_they_are_right(seed):
    world, done = World(seed), []
    for _ in range(60):
        done.append(world.write())
        try:
            assert_right()
        except AssertionError as wrong:
            raise AssertionError(f"after {done[-3:]}") from wrong


@only_postgresql
@pytest.mark.django_db
def test_all_genres_may_go_at_once():
    title = MovieFactory(genres=[GenreFactory()])
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("TRUNCATE catalog_genre CASCADE")
    assert shown(title) == []


# --- dumps -----------------------------------------------------------------------


@committed
def test_a_dump_says_nothing_of_them_and_brings_them_back(tmp_path):
    MovieFactory(genres=[GenreFactory(name="War"), GenreFactory(name="Drama")])
    TVShowFactory(genres=[Genre.objects.get(name="War")])
    out = StringIO()
    call_command("dumpdata", "catalog", stdout=out)
    dump = json.loads(out.getvalue())
    assert not any("shown_genres" in entry["fields"] for entry in dump)
    Movie.objects.all().delete()
    # In whatever order, over what is there, and also where the dump is of a genre's older name.
    Genre.objects.filter(name="War").update(name="Peace")
    for order in (dump, dump[::-1]):
        file = tmp_path / "dump.json"
        file.write_text(json.dumps(order))
        call_command("loaddata", str(file), verbosity=0)
        assert_right()
        assert shown(Movie.objects.get()) == ["Drama", "War"]
        assert shown(TVShow.objects.get()) == ["War"]
        Genre.objects.filter(name="War").update(name="Peace")


@pytest.mark.django_db
def test_a_dump_that_says_something_else_is_put_right(tmp_path):
    genre = GenreFactory(name="War")
    fields = {"title": "Dune", "genres": [genre.pk], "shown_genres": [[7, "wrong"]]}
    file = tmp_path / "dump.json"
    file.write_text(json.dumps([{"model": "catalog.movie", "pk": 5, "fields": fields}]))
    for _ in range(2):
        call_command("loaddata", str(file), verbosity=0)
        assert shown(Movie.objects.get()) == ["War"]


# --- several writers -------------------------------------------------------------


@only_postgresql
@committed
def test_two_who_add_genres_to_one_title():
    movie, one, two = MovieFactory(), GenreFactory(name="A"), GenreFactory(name="B")
    race(lambda: movie.genres.add(one), lambda: movie.genres.add(two))
    assert shown(movie) == ["A", "B"]


@only_postgresql
@committed
def test_one_who_adds_and_one_who_removes():
    one, two = GenreFactory(name="A"), GenreFactory(name="B")
    movie = MovieFactory(genres=[one])
    race(lambda: movie.genres.add(two), lambda: movie.genres.remove(one))
    assert shown(movie) == ["B"]
    race(lambda: movie.genres.remove(two), lambda: movie.genres.add(one))
    assert shown(movie) == ["A"]


@only_postgresql
@committed
@of_both_kinds
def test_a_genre_that_is_renamed_while_it_is_added(model, make):
    genre, titles = GenreFactory(name="Old"), [make(), make()]
    rename = Genre.objects.filter(pk=genre.pk).update
    race(lambda: rename(name="New"), lambda: titles[0].genres.add(genre))
    assert shown(titles[0]) == ["New"]
    race(lambda: titles[1].genres.add(genre), lambda: rename(name="Newer"))
    assert shown(titles[1]) == shown(titles[0]) == ["Newer"]


@only_postgresql
@committed
def test_a_genre_that_is_renamed_while_its_title_gets_another():
    genre, other = GenreFactory(name="Old"), GenreFactory(name="Other")
    movie = MovieFactory(genres=[genre])
    rename = Genre.objects.filter(pk=genre.pk).update
    race(lambda: rename(name="New"), lambda: movie.genres.add(other))
    assert shown(movie) == ["New", "Other"]
    race(lambda: movie.genres.remove(other), lambda: rename(name="Newer"))
    assert shown(movie) == ["Newer"]


@only_postgresql
@committed
def test_who_saves_what_was_read_before_brings_nothing_back():
    genre, movie = GenreFactory(name="A"), MovieFactory()
    old = Movie.objects.get(pk=movie.pk)
    race(lambda: movie.genres.add(genre), old.save)
    assert shown(movie) == ["A"]


@only_postgresql
@committed
def test_a_title_that_is_deleted_meanwhile():
    movie, genre = MovieFactory(), GenreFactory()
    gone = Movie.objects.get(pk=movie.pk)
    with pytest.raises(IntegrityError):
        race(movie.erase, lambda: gone.genres.add(genre))
    movie = MovieFactory()
    race(lambda: movie.genres.add(genre), lambda: Movie.objects.get(pk=movie.pk).erase())
    assert not Movie.objects.exists()
    assert_right()


@only_postgresql
@committed
def test_a_genre_that_is_deleted_meanwhile():
    movie, genre = MovieFactory(), GenreFactory()
    gone = Genre.objects.filter(pk=genre.pk)
    with pytest.raises(IntegrityError):
        race(gone.erase, lambda: movie.genres.add(genre.pk))
    genre = GenreFactory()
    race(lambda: movie.genres.add(genre), Genre.objects.filter(pk=genre.pk).erase)
    assert not Genre.objects.exists()
    assert shown(movie) == []


@only_postgresql
@committed
def test_what_nobody_sees_yet_is_waited_for():
    """Its number may be known before: tables can be loaded side by side."""
    movie, genre = Movie(pk=9001, title="Dune"), Genre(pk=9002, name="War")
    there = MovieFactory(genres=[GenreFactory(name="Drama")])
    race(lambda: genre.save(force_insert=True), lambda: file_under(there, genre))
    assert shown(there) == ["Drama", "War"]
    race(lambda: movie.save(force_insert=True), lambda: file_under(movie, genre))
    assert shown(movie) == ["War"]


@only_postgresql
@committed
def test_all_are_taken_from_their_genres_while_one_is_added():
    one, two = GenreFactory(name="A"), GenreFactory(name="B")
    movie, other = MovieFactory(genres=[one]), MovieFactory()
    take = "TRUNCATE catalog_movie_genres"
    race(lambda: sql(take), lambda: movie.genres.add(two))
    assert (shown(movie), shown(other)) == (["B"], [])
    race(lambda: other.genres.add(two), lambda: sql(take))
    assert (shown(movie), shown(other)) == ([], [])


@only_postgresql
@committed
@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO catalog_movie_genres (movie_id, genre_id) SELECT m.id, g.id"
        " FROM catalog_movie m, catalog_genre g WHERE name = 'Other'",
        "DELETE FROM catalog_movie_genres",
        "UPDATE catalog_movie_genres SET genre_id = (SELECT id FROM catalog_genre LIMIT 1)",
        "TRUNCATE catalog_movie_genres",
        "UPDATE catalog_genre SET name = 'New' WHERE name = 'Other'",
        "INSERT INTO catalog_genre (name) VALUES ('New')",
    ],
)
def test_who_would_not_see_what_others_did_is_refused(level, statement):
    GenreFactory(name="Other")
    MovieFactory(genres=[GenreFactory(name="Drama")])
    with pytest.raises(NotSupportedError, match=level.lower()), transaction.atomic():
        sql(f"SET TRANSACTION ISOLATION LEVEL {level}; {statement}")
    assert_right()


@only_postgresql
@committed
def test_a_title_may_be_written_by_any_transaction():
    movie = MovieFactory(genres=[GenreFactory()])
    with transaction.atomic():
        sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        movie.save()
        MovieFactory()
        Genre.objects.update(tmdb_id=None)
    assert_right()


WRITES = [
    lambda title, genre: title.genres.add(genre),
    lambda title, genre: title.genres.remove(genre),
    lambda title, genre: title.genres.set([genre]),
    lambda title, genre: title.save(),
    lambda title, genre: genre.movie_set.set(Movie.objects.all()),
    lambda title, genre: Genre.objects.filter(pk=genre.pk).update(name=f"{random.random()}"),
]


@only_postgresql
@committed
@pytest.mark.parametrize("seed", range(2))
def test_after_many_wrote_at_once_they_are_right(seed):
    titles = [MovieFactory(), MovieFactory(), TVShowFactory()]
    genres = GenreFactory.create_batch(6)

    def write(number):
        chance = random.Random(f"{seed} {number}")
        try:
            for _ in range(50):
                # Deadlocks: who renames a genre, and who adds it to a title they have changed.
                with suppress(OperationalError):
                    chance.choice(WRITES)(chance.choice(titles), chance.choice(genres))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert_right()


# --- deadlocks -------------------------------------------------------------------


@only_postgresql
@committed
def test_the_api_tries_again_after_a_deadlock(as_curator):
    movie, genre = MovieFactory(), GenreFactory(name="Old")
    change = {"title": "Other", "genre_ids": [genre.pk]}
    with transaction.atomic():
        Genre.objects.filter(pk=genre.pk).update(name="New")
        other = meanwhile(lambda: as_curator.patch(f"{MOVIES}{movie.pk}/", change))
        next(other)
        Movie.objects.filter(pk=movie.pk).update(overview="x")
    answer = next(other)
    assert (answer.status_code, answer.json()["overview"]) == (200, "x")
    assert shown(movie) == ["New"]


@only_postgresql
@committed
def test_the_desk_is_asked_to_try_again(admin):
    desk, genre = Client(), GenreFactory(name="Old")
    movie, other = MovieFactory(genres=[genre]), MovieFactory()
    desk.force_login(admin)
    url = f"/admin/catalog/genre/{genre.pk}/change/"
    with transaction.atomic():
        Movie.objects.filter(pk=movie.pk).update(overview="x")
        renaming = meanwhile(lambda: desk.post(url, {"name": "New"}))
        next(renaming)
        other.genres.add(genre)
    answer = next(renaming)
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert shown(movie) == shown(other) == ["Old"]
    assert desk.post(url, {"name": "New"}).status_code == 302
    assert shown(movie) == shown(other) == ["New"]


@only_postgresql
@committed
def test_the_desk_deletes_a_genre_that_a_title_is_just_given(admin):
    """It waits, with nothing in its hands."""
    desk, genre = Client(), GenreFactory()
    movie = MovieFactory(genres=[genre])
    other = MovieFactory()
    desk.force_login(admin)
    url = f"/admin/catalog/genre/{genre.pk}/delete/"

    with transaction.atomic():
        other.genres.add(genre)
        deletion = meanwhile(lambda: desk.post(url, {"post": "yes"}))
        next(deletion)
        Movie.objects.filter(pk=movie.pk).update(title="Other")
    assert next(deletion).status_code == 302
    assert shown(movie) == shown(other) == []


# --- the triggers ----------------------------------------------------------------


def installed():
    by_vendor = {
        "postgresql": "SELECT tgname, oid FROM pg_trigger WHERE tgname LIKE 'catalog%'",
        "sqlite": "SELECT name, 1 FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'cat%'",
    }
    with connection.cursor() as cursor:
        cursor.execute(by_vendor[connection.vendor])
        return dict(cursor.fetchall())


def uninstall():
    with connection.cursor() as cursor:
        if on_postgresql:
            drop(cursor, functions(cursor, "catalog"))
        else:
            drop_from_sqlite(cursor, "catalog")


@committed
def test_what_was_written_without_them_is_put_right():
    genre, movie = GenreFactory(name="Old"), MovieFactory()
    show = TVShowFactory(genres=[genre])
    before = installed().keys()
    uninstall()
    assert not installed()
    movie.genres.add(genre)
    Genre.objects.update(name="New")
    assert (shown(movie), shown(show)) == ([], ["Old"])
    after_migrations(using="default")
    assert (shown(movie), shown(show)) == (["New"], ["New"])
    assert installed().keys() == before


@committed
def test_migrations_can_be_undone_and_done_again():
    genre, movie, before = GenreFactory(name="A"), MovieFactory(), installed().keys()
    try:
        call_command("migrate", "catalog", "0001", verbosity=0)
        assert not installed()
        file_under(movie, genre)
        sql("UPDATE catalog_movie SET title = 'Other'")
    finally:
        call_command("migrate", "catalog", verbosity=0)
    assert installed().keys() == before
    assert shown(movie) == ["A"]


@only_postgresql
@committed
def test_migrating_again_waits_for_nobody_who_writes():
    before, movie = installed(), MovieFactory()

    def migrate():
        try:
            sql("SET lock_timeout = '1s'")
            call_command("migrate", verbosity=0)
        finally:
            connection.close()

    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        movie.genres.add(GenreFactory())
        pool.submit(migrate).result(timeout=20)
    assert installed() == before


@only_postgresql
@pytest.mark.django_db
def test_one_row_is_found_by_index_after_many_were_written():
    """Plans are kept: what many rows are best found by must not be kept for one."""
    genres = [GenreFactory() for _ in range(3)]
    rare = GenreFactory()
    Movie.objects.bulk_create(Movie(title=f"Movie {n}") for n in range(3000))
    through = Movie.genres.through
    pks = list(Movie.objects.values_list("pk", flat=True))
    rows = [through(movie_id=pk, genre=genres[pk % 3]) for pk in pks]
    through.objects.bulk_create(rows)
    sql("ANALYZE catalog_movie, catalog_movie_genres, catalog_genre")
    movie = Movie.objects.get(pk=pks[-1])
    read = rows_read()
    movie.genres.add(rare)
    Genre.objects.filter(pk=rare.pk).update(name="Rarer")
    movie.genres.remove(rare)
    movie.save()
    assert rows_read() == read
    assert shown(movie) != []


def rows_read():
    """By scans of whole tables of ours, in this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(seq_tup_read) FROM pg_stat_xact_user_tables"
            " WHERE relname LIKE 'catalog_movie%'"
        )
        return cursor.fetchone()[0]
