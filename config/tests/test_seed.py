"""Loading the fixtures, and people to try things with."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from catalog.models import Genre, Movie, TVShow
from catalog.tests.factories import MovieFactory
from config.seeding import DEMO_PASSWORD
from mylist.models import MyList, MyListItem

pytestmark = pytest.mark.django_db

FIXTURES = Path(__file__).parents[2] / "fixtures"
MODELS = {"genres.json": Genre, "movies.json": Movie, "tv_shows.json": TVShow}


def entries(name):
    return json.loads((FIXTURES / name).read_text(encoding="utf-8"))


def seed(*options):
    out = StringIO()
    call_command("seed", *options, stdout=out)
    return out.getvalue()


def everything():
    rows = [list(model.objects.order_by("pk").values()) for model in MODELS.values()]
    filed = [
        list(model.genres.through.objects.order_by("pk").values()) for model in (Movie, TVShow)
    ]
    return rows + filed


@pytest.fixture
def _debugging(settings):
    settings.DEBUG = True


def test_every_entry_of_the_fixtures_is_loaded_as_it_stands():
    told = seed()
    for name, model in MODELS.items():
        assert model.objects.count() == len(entries(name))
        assert f"{len(entries(name))} new " in told
    for name in ("movies.json", "tv_shows.json"):
        for entry in entries(name):
            ids = {key: entry[key] for key in ("tmdb_id", "imdb_id") if key in entry}
            title = MODELS[name].objects.get(**ids)
            genres = set(title.genres.values_list("name", flat=True))
            assert genres == set(entry.pop("genres", []))
            shown = {key: getattr(title, key) for key in entry}
            for key in ("release_date", "last_air_date"):
                if key in shown:
                    shown[key] = shown[key].isoformat()
            assert shown == entry
            assert (title.rating, title.vote_count, title.available) == (None, None, True)


def test_what_is_loaded_is_browsed(api):
    seed()
    for path in ("movies", "tv-shows"):
        first = api.get(f"/api/v1/{path}/?page_size=1").json()["results"][0]
        name = path.replace("-", "_")
        assert (
            first["title"] == max(entries(f"{name}.json"), key=lambda e: e["popularity"])["title"]
        )


def test_loading_twice_changes_nothing():
    seed()
    before = everything()
    assert seed().split("\n")[:3] == ["0 new genres", "0 new movies", "0 new TV shows"]
    assert everything() == before


def test_what_staff_changed_stays_as_they_want_it():
    seed()
    Movie.objects.filter(tmdb_id=278).update(title="Die Verurteilten", available=False)
    Movie.objects.filter(tmdb_id=238).update(imdb_id=None)
    Movie.objects.get(tmdb_id=238).genres.clear()
    TVShow.objects.filter(tmdb_id=1399).update(tmdb_id=None)
    Genre.objects.filter(name="Drama").update(name="DRAMA")
    Genre.objects.filter(name="Crime").update(name="Krimi")
    before = everything()
    seed()
    assert everything() == before


def test_what_is_missing_is_added_and_filed_under_the_genres_as_staff_call_them():
    seed()
    Genre.objects.filter(name="Drama").update(name="DRAMA")
    Genre.objects.filter(name="Crime").update(name="Krimi")
    Movie.objects.filter(tmdb_id=278).delete()
    assert "1 new movies" in seed()
    genres = Movie.objects.get(tmdb_id=278).genres.values_list("name", flat=True)
    assert set(genres) == {"DRAMA", "Krimi"}


def test_a_title_that_staff_added_themselves_is_not_doubled():
    mine = MovieFactory(title="Mine", imdb_id="tt0111161")
    seed()
    assert Movie.objects.filter(tmdb_id=278).count() == 0
    assert Movie.objects.get(imdb_id="tt0111161").title == mine.title


def test_people_whose_password_is_public_are_for_debugging_only():
    with pytest.raises(CommandError, match="only with DJANGO_DEBUG=on"):
        seed("--demo")
    assert not User.objects.exists()
    assert not Movie.objects.exists()


@pytest.mark.usefixtures("_debugging")
def test_demo_people_can_sign_in_and_have_lists(api):
    told = seed("--demo")
    assert DEMO_PASSWORD in told
    assert User.objects.count() == 5
    for name, length in (("ann", 6), ("bob", 4), ("cho", 5), ("admin", 0), ("curator", 0)):
        who = {"email": f"{name}@example.com", "password": DEMO_PASSWORD}
        assert who["email"] in told
        signed_in = api.post("/api/v1/auth/token/", who)
        assert signed_in.status_code == 200
        access = f"Bearer {signed_in.json()['access']}"
        listed = api.get("/api/v1/mylist/", HTTP_AUTHORIZATION=access).json()
        assert (listed["count"], len(listed["results"])) == (length, length)
        added = api.post("/api/v1/movies/", {"title": name}, HTTP_AUTHORIZATION=access)
        assert added.status_code == (201 if name in ("admin", "curator") else 403)
    admin, curator = (User.objects.get(name=name) for name in ("Admin", "Curator"))
    assert (admin.is_superuser, curator.is_superuser, curator.is_staff) == (True, False, True)


@pytest.mark.usefixtures("_debugging")
def test_demo_people_keep_password_and_list(api):
    seed("--demo")
    ann = User.objects.get(email="ann@example.com")
    ann.set_password("a password of my own")
    ann.save()
    MyList.remove(ann)
    before = (list(User.objects.order_by("pk").values()), MyListItem.objects.count())
    seed("--demo")
    assert (list(User.objects.order_by("pk").values()), MyListItem.objects.count()) == before


@pytest.mark.usefixtures("_debugging")
def test_if_empty_leaves_a_catalog_with_anything_in_it_alone():
    MovieFactory(title="Mine")
    assert "not empty" in seed("--demo", "--if-empty")
    assert (Movie.objects.count(), Genre.objects.count(), User.objects.count()) == (1, 0, 0)


@pytest.mark.usefixtures("_debugging")
def test_if_empty_loads_an_empty_one():
    seed("--demo", "--if-empty")
    assert Movie.objects.count() == len(entries("movies.json"))
    assert User.objects.count() == 5


def test_popularity_ranks_the_loaded_titles_without_ties():
    seed()
    ranks = [*Movie.objects.values_list("popularity", flat=True)]
    ranks += TVShow.objects.values_list("popularity", flat=True)
    assert len(ranks) == len(set(ranks))
