"""Big data for load tests."""

import os
import stat
import time
from collections import Counter
from io import StringIO
from itertools import pairwise

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from accounts.models import SignIn, User
from accounts.tokens import Access
from catalog.models import Genre, Movie, TVShow
from catalog.tests.factories import GenreFactory, MovieFactory, TVShowFactory
from config import scale
from mylist.models import MyList, MyListItem
from mylist.registry import kind_named

pytestmark = pytest.mark.django_db

KINDS = (Movie, TVShow)
only_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="is about PostgreSQL's COPY"
)


class Terminal(StringIO):
    def isatty(self):
        return True


def seed_scale(movies=30, shows=20, users=6, items=8, *options, out=None):
    out = out or StringIO()
    numbers = {"movies": movies, "shows": shows, "users": users, "items-per-user": items}
    words = [f"--{name}={number}" for name, number in numbers.items()]
    call_command("seed_scale", *words, *options, stdout=out)
    return out.getvalue()


def counts():
    models = (Movie, TVShow, Genre, User, SignIn, MyList, MyListItem)
    return {model.__name__: model.objects.count() for model in models}


def lists():
    """Person: what is on their list, newest first."""
    found = {pk: [] for pk in User.objects.order_by("pk").values_list("pk", flat=True)}
    for item in MyListItem.objects.order_by("-pk"):
        found[item.user_id].append((item.content_type_id, item.content_id))
    return found


def assert_right():
    """What the database promises of its lists, and that it has been told of each."""
    kept = dict(MyList.objects.values_list("user_id", "count"))
    for user_id, items in lists().items():
        assert len(set(items)) == len(items) == kept.get(user_id, 0)
    for item in MyListItem.objects.with_content():
        assert item.content is not None


@pytest.fixture
def _small_batches(monkeypatch):
    for name in ("TITLES_AT_ONCE", "PEOPLE_AT_ONCE", "ITEMS_AT_ONCE"):
        monkeypatch.setattr(scale, name, 7)


def test_it_makes_what_it_was_asked_for():
    told = seed_scale(30, 20, 6, 8)
    found = counts()
    assert found.pop("Genre") >= 4
    assert found == {
        "Movie": 30,
        "TVShow": 20,
        "User": 6,
        "SignIn": 6,
        "MyList": 6,
        "MyListItem": 48,
    }
    assert {len(items) for items in lists().values()} == {8}
    assert_right()
    assert "30 movies in " in told
    assert "48 list rows in " in told
    assert "of 6 people" in told


@pytest.mark.usefixtures("_small_batches")
def test_many_transactions_make_the_same_in_sum():
    seed_scale(30, 20, 6, 8, "--longest=50")
    assert counts().items() >= {"Movie": 30, "TVShow": 20, "User": 7, "MyListItem": 98}.items()
    assert sorted(len(items) for items in lists().values()) == [8] * 6 + [50]
    assert_right()


def test_every_title_is_one_that_staff_could_have_written():
    seed_scale(200, 200, 0, 0)
    for model in KINDS:
        for title in model.objects.with_genres():
            title.full_clean()
            assert 1 <= len(title.genres.all()) <= 4
            assert title.shown_genres == [[genre.pk, genre.name] for genre in title.genres.all()]
            assert title.title
            assert title.poster_path.startswith("/")
            assert title.poster_path.endswith(".jpg")
        rated = model.objects.filter(rating__isnull=False).values("rating").distinct().count()
        dated = model.objects.filter(release_date__isnull=False).count()
        assert rated > 20
        assert 150 < dated < 200
        assert model.objects.values("popularity").distinct().count() > 150


def test_genres_that_are_there_are_enough():
    GenreFactory.create_batch(4)
    seed_scale(5, 5, 0, 0)
    assert Genre.objects.count() == 4


def test_titles_are_browsed(api):
    seed_scale(5, 5, 0, 0)
    for path in ("movies", "tv-shows"):
        page = api.get(f"/api/v1/{path}/?ordering=-created_at").json()["results"]
        assert len(page) == 5
        full = api.get(f"/api/v1/{path}/{page[0]['id']}/").json()
        assert full["created_at"].endswith("Z")


def test_each_token_reads_the_list_of_its_person(api, tmp_path):
    file = tmp_path / "tokens"
    seed_scale(30, 20, 6, 8, f"--tokens={file}", "--longest=40")
    lines = [line.split(" ") for line in file.read_text().splitlines()]
    assert {int(user_id) for user_id, _ in lines} == set(lists())
    for place, (user_id, token) in enumerate(lines):
        api.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        answer = api.get("/api/v1/mylist/?page_size=100")
        assert answer.status_code == 200
        page = answer.json()
        assert page["count"] == len(page["results"]) == (8 if place else 40)
        assert [item["content_id"] for item in page["results"]] == [
            content_id for _, content_id in lists()[int(user_id)]
        ]
        assert Access(token)["exp"] - time.time() == pytest.approx(24 * 3600, abs=60)
    assert len({Access(token)["jti"] for _, token in lines}) == 7


def test_only_its_owner_reads_the_file_of_tokens(tmp_path):
    file = tmp_path / "tokens"
    seed_scale(1, 0, 1, 1, f"--tokens={file}")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o644)
    seed_scale(1, 0, 2, 1, f"--tokens={file}")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(file.read_text().splitlines()) == 2


def test_the_file_is_never_open_to_others(monkeypatch, tmp_path):
    """Not even between being made and being closed to them."""
    monkeypatch.setattr(os, "fchmod", lambda *_: None)
    before = os.umask(0)
    try:
        seed_scale(1, 0, 1, 1, f"--tokens={tmp_path / 'tokens'}")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "tokens").stat().st_mode) == 0o600


def test_what_is_no_file_keeps_its_mode(tmp_path):
    """A pipe, or worse, /dev/stdout."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    pipe.chmod(0o666)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    seed_scale(1, 0, 1, 1, f"--tokens={pipe}")
    assert len(os.read(reader, 9999).splitlines()) == 1
    os.close(reader)
    assert stat.S_IMODE(pipe.stat().st_mode) == 0o666


def test_nobody_has_a_password():
    seed_scale()
    assert not any(user.has_usable_password() for user in User.objects.all())
    assert not User.objects.exclude(email__endswith="@example.invalid").exists()
    assert not User.objects.filter(is_staff=True).exists()


def picture():
    """All that is there but ids and the clock's columns; ids as places, in their order."""
    titles = [
        [
            {k: v for k, v in row.items() if k not in ("id", "shown_genres")}
            for row in model.objects.order_by("pk").values()
        ]
        for model in KINDS
    ]
    filed = [
        list(model.objects.order_by("pk", "genres__name").values_list("genres__name", flat=True))
        for model in KINDS
    ]
    users = User.objects.order_by("pk").values_list("password", "password_stamp", "name")
    places = {
        (kind_named(name).content_type.pk, pk): (name, place)
        for name in ("movie", "tvshow")
        for place, pk in enumerate(
            kind_named(name).model.objects.order_by("pk").values_list("pk", flat=True)
        )
    }
    listed = [[places[item] for item in items] for items in lists().values()]
    return titles, filed, [(password, stamp) for password, stamp, _ in users], listed


def made_by(seed):
    """What a run makes, and as if it had not been."""
    with transaction.atomic():
        seed_scale(40, 20, 6, 8, f"--seed={seed}", "--longest=60")
        found = picture()
        transaction.set_rollback(True)
    return found


def test_the_same_seed_makes_the_same():
    first, again, other = made_by(5), made_by(5), made_by(6)
    assert first == again
    for of_first, of_other in zip(first, other, strict=True):
        assert of_first != of_other


def test_run_again_it_adds_more():
    seed_scale(30, 20, 6, 8)
    before = lists()
    seed_scale(30, 20, 6, 8)
    assert counts().items() >= {"Movie": 60, "TVShow": 40, "User": 12, "MyListItem": 96}.items()
    assert lists().items() >= before.items()
    assert_right()


def test_people_can_be_added_to_titles_that_are_there():
    seed_scale(10, 10, 0, 0)
    gone = Movie.objects.order_by("-popularity").first()
    Movie.objects.filter(pk=gone.pk).update(available=False)
    seed_scale(0, 0, 3, 19)
    listed = MyListItem.objects.of_kind(kind_named("movie")).values_list("content_id", flat=True)
    assert gone.pk not in listed
    assert_right()


def test_one_list_may_be_long(settings):
    settings.MYLIST_MAX_ITEMS = 5
    told = seed_scale(30, 20, 3, 8, "--longest=50")
    first = User.objects.earliest("pk")
    assert f"person {first.pk} has the longest list" in told
    assert len(lists()[first.pk]) == MyList.count_of(first) == 50
    assert_right()


def test_the_longest_list_may_be_the_only_one():
    seed_scale(3, 3, 0, 8, "--longest=6")
    assert [len(items) for items in lists().values()] == [6]


def test_neighbours_in_the_table_are_of_different_people():
    seed_scale(60, 40, 20, 20, "--longest=100")
    people = list(MyListItem.objects.order_by("pk").values_list("user_id", flat=True))
    alike = sum(a == b for a, b in pairwise(people))
    assert alike < len(people) / 5
    # The longest list is among them all, not in one heap.
    places = [place for place, user_id in enumerate(people) if user_id == min(people)]
    assert max(b - a for a, b in pairwise(places)) < len(people) / 4


@pytest.mark.parametrize(("movies", "items"), [(300, 10), (30, 20)])
def test_what_is_popular_is_on_many_lists(movies, items):
    """Few of many, and many of few: the two ways in which they are drawn."""
    seed_scale(movies, movies, 60, items)
    best = [
        (kind_named(name).content_type.pk, title.pk, title.popularity)
        for name in ("movie", "tvshow")
        for title in kind_named(name).model.objects.all()
    ]
    best.sort(key=lambda title: -title[2])
    times = Counter(item for found in lists().values() for item in found)
    tenth = [times[title[:2]] for title in best[: len(best) // 10]]
    rest = [times[title[:2]] for title in best[len(best) // 10 :]]
    assert sum(tenth) / len(tenth) > 1.5 * sum(rest) / len(rest)
    assert sum(1 for n in rest if n) > len(rest) / 3
    # Also the newest items are not only the known ones, nor the old ones.
    rank = {title[:2]: place for place, title in enumerate(best)}
    newest = [rank[item] for found in lists().values() for item in found[: items // 2]]
    oldest = [rank[item] for found in lists().values() for item in found[items // 2 :]]
    assert sum(newest) / len(newest) == pytest.approx(sum(oldest) / len(oldest), rel=0.3)


def test_the_service_writes_on_afterwards(tmp_path, api):
    file = tmp_path / "tokens"
    seed_scale(5, 5, 2, 4, f"--tokens={file}")
    movie, show = MovieFactory(genres=[GenreFactory()]), TVShowFactory()
    User.objects.create_user("ann@example.com", "a password of hers", name="Ann")
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {file.read_text().split()[1]}")
    for kind, title in (("movie", movie), ("tvshow", show)):
        asked = {"content_type": kind, "content_id": title.pk}
        assert api.post("/api/v1/mylist/", asked).status_code == 201
    page = api.get("/api/v1/mylist/").json()
    assert page["count"] == 6
    assert [item["content_id"] for item in page["results"][:2]] == [show.pk, movie.pk]
    api.credentials()
    signed = api.post(
        "/api/v1/auth/token/", {"email": "ann@example.com", "password": "a password of hers"}
    )
    assert signed.status_code == 200


@pytest.mark.parametrize(
    ("numbers", "options", "says"),
    [
        ((-1, 1, 1, 1), (), "--movies is -1"),
        ((1, -1, 1, 1), (), "--shows is -1"),
        ((1, 1, -1, 1), (), "--users is -1"),
        ((1, 1, 1, -1), (), "--items-per-user is -1"),
        ((1, 1, 1, 1), ("--longest=-1",), "--longest is -1"),
        ((2, 1, 1, 4), (), "4 needs as many titles, and there would be 3"),
        ((0, 0, 1, 1), (), "ask for more --movies"),
        ((2, 1, 1, 1), ("--longest=4",), "A list of 4 needs"),
        (("many", 1, 1, 1), (), "invalid int value: 'many'"),
        ((1, 1, 1, 1), ("--seed=",), "invalid int value"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(numbers, options, says, tmp_path):
    before, file = counts(), tmp_path / "tokens"
    with pytest.raises(CommandError, match=says):
        seed_scale(*numbers, *options, f"--tokens={file}")
    assert counts() == before
    assert not file.exists()


def test_a_file_that_cannot_be_written_is_refused_before_anything_is(tmp_path):
    before = counts()
    with pytest.raises(CommandError, match=r"nowhere/tokens: No such file"):
        seed_scale(5, 5, 2, 2, f"--tokens={tmp_path / 'nowhere' / 'tokens'}")
    assert counts() == before


def test_nothing_is_also_an_answer(tmp_path):
    file = tmp_path / "tokens"
    seed_scale(0, 0, 2, 0, f"--tokens={file}")
    assert len(file.read_text().splitlines()) == counts()["User"] == 2
    seed_scale(0, 0, 0, 5)
    assert counts()["User"] == 2


def test_a_bar_is_for_terminals():
    assert "\r" not in seed_scale()
    shown = seed_scale(out=Terminal())
    assert "\rmovies     [####" in shown
    assert "100%" in shown


@pytest.mark.usefixtures("_small_batches")
@pytest.mark.django_db(transaction=True)
def test_stopped_half_way_it_leaves_whole_people(monkeypatch, tmp_path):
    put, batches = scale.put, []

    def stopped_at_the_third(model, names, rows):
        put(model, names, rows)
        batches.extend([model] if model is MyListItem else [])
        if len(batches) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(scale, "put", stopped_at_the_third)
    file = tmp_path / "tokens"
    with pytest.raises(CommandError, match="Stopped") as caught:
        seed_scale(30, 20, 16, 4, "--longest=45", f"--tokens={file}")
    assert caught.value.returncode == 130
    lengths = [len(items) for items in lists().values()]
    assert 0 < lengths[0] < 45
    assert lengths[1:] == [4] * len(lengths[1:])
    assert 0 < len(lengths[1:]) < 16
    assert_right()
    assert len(file.read_text().splitlines()) == len(lengths)


@pytest.mark.usefixtures("_small_batches")
@pytest.mark.parametrize("gone", [Movie, TVShow, User])
def test_what_is_deleted_meanwhile_is_not_listed(gone):
    seed_scale(10, 10, 0, 0)
    steps = scale.make_people(scale.Lists(8, 5, longest=20), seed=1)
    next(steps), next(steps)
    gone.objects.earliest("pk").delete()
    with pytest.raises(scale.Disturbed), transaction.atomic():
        list(steps)
    assert_right()


def test_it_says_so_when_it_is_disturbed(monkeypatch):
    def disturbed(lists, seed):
        raise scale.Disturbed

    monkeypatch.setattr(scale, "make_people", disturbed)
    with pytest.raises(CommandError, match="deleted titles or people meanwhile"):
        seed_scale()


def disabled_triggers():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgenabled <> 'O'")
        return cursor.fetchone()[0]


@only_postgresql
def test_the_checks_of_keys_are_on_again():
    seed_scale()
    assert disabled_triggers() == 0


@only_postgresql
def test_the_planner_knows_how_much_there_is():
    told = seed_scale()
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'mylist_mylistitem'")
        assert cursor.fetchone()[0] >= 48
    assert "Tables analyzed in " in told


@only_postgresql
def test_without_a_superuser_the_database_checks_each_key():
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE seed_scale_test")
        for what in ("TABLES", "SEQUENCES"):
            cursor.execute(f"GRANT ALL ON ALL {what} IN SCHEMA public TO seed_scale_test")
        cursor.execute("SET ROLE seed_scale_test")
        try:
            seed_scale(30, 20, 6, 8, "--longest=50")
            with scale.keys_vouched_for():
                assert disabled_triggers() == 0
        finally:
            cursor.execute("RESET ROLE")
    assert counts()["MyListItem"] == 98
    assert_right()


@only_postgresql
def test_with_a_superuser_two_checks_are_off_while_items_go_in():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('is_superuser')")
        if cursor.fetchone() != ("on",):
            pytest.skip("the role of DATABASE_URL is no superuser")
    with transaction.atomic(), scale.keys_vouched_for():
        assert disabled_triggers() >= 2
    assert disabled_triggers() == 0
