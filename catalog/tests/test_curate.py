"""Staff add, change and delete titles; nobody else does."""

import pytest
from django.contrib.auth.models import Permission

from catalog.models import Movie
from catalog.tests.factories import GenreFactory, MovieFactory, TVShowFactory
from catalog.tests.kinds import MOVIES, SHOWS, for_both_kinds, refused, titles_of

pytestmark = pytest.mark.django_db

MOVIE = {
    "title": "Dune",
    "original_title": "Dune: Part One",
    "overview": "A boy, a desert, a worm.",
    "original_language": "en",
    "release_date": "2021-09-15",
    "release_year": 2021,
    "poster_path": "/poster.jpg",
    "backdrop_path": "/backdrop.jpg",
    "rating": 7.8,
    "vote_count": 9000,
    "popularity": 12.5,
    "tmdb_id": 438631,
    "imdb_id": "tt1160419",
    "available": True,
    "director": "Denis Villeneuve",
    "runtime": 155,
}
SHOW = {name: MOVIE[name] for name in MOVIE if name not in ("director", "runtime")} | {
    "title": "Dark",
    "creators": ["Baran bo Odar", "Jantje Friese"],
    "seasons": 3,
    "episodes": 26,
    "status": "Ended",
    "last_air_date": "2020-06-27",
}


def writes(client, path, pk):
    return [
        client.post(path, {"title": "Mine"}),
        client.put(f"{path}{pk}/", {"title": "Mine"}),
        client.patch(f"{path}{pk}/", {"title": "Mine"}),
        client.delete(f"{path}{pk}/"),
    ]


@for_both_kinds
def test_only_staff_with_the_permission_write(api, as_ann, ann, signed_in, path, make):
    title = make(title="Dune")
    assert [answer.status_code for answer in writes(api, path, title.pk)] == [401] * 4
    assert [answer.status_code for answer in writes(as_ann, path, title.pk)] == [403] * 4
    ann.user_permissions.set(Permission.objects.filter(content_type__app_label="catalog"))
    assert [answer.status_code for answer in writes(as_ann, path, title.pk)] == [403] * 4
    ann.user_permissions.clear()
    ann.is_staff = True
    ann.save()
    as_staff = signed_in(ann)
    assert [answer.status_code for answer in writes(as_staff, path, title.pk)] == [403] * 4
    assert titles_of(api.get(path)) == ["Dune"]


def test_each_action_needs_its_own_permission(as_ann, ann):
    ann.is_staff = True
    ann.save()
    movie = MovieFactory()
    for name, expected in (
        ("add_movie", [201, 403, 403, 403]),
        ("change_movie", [403, 200, 200, 403]),
        ("change_tvshow", [403, 403, 403, 403]),
        ("delete_movie", [403, 403, 403, 204]),
    ):
        ann.user_permissions.set(Permission.objects.filter(codename=name))
        found = [answer.status_code for answer in writes(as_ann, MOVIES, movie.pk)]
        assert found == expected, name


@pytest.mark.parametrize(("path", "body"), [(MOVIES, MOVIE), (SHOWS, SHOW)])
def test_a_curator_adds_a_title(api, as_curator, path, body):
    drama, action = GenreFactory(name="Drama"), GenreFactory(name="Action")
    added = as_curator.post(path, body | {"genre_ids": [drama.pk, action.pk]})
    assert added.status_code == 201, added.json()
    shown = added.json()
    assert {name: shown[name] for name in body} == body
    assert [genre["name"] for genre in shown["genres"]] == ["Action", "Drama"]
    assert "genre_ids" not in shown
    assert added["Location"] == f"{path}{shown['id']}/"
    assert api.get(added["Location"]).json() == shown


@for_both_kinds
def test_a_title_is_all_it_takes(api, as_curator, path, make):
    added = as_curator.post(path.rstrip("/"), {"title": "  Dune "}).json()
    assert (added["title"], added["genres"], added["popularity"]) == ("Dune", [], 0)
    assert (added["release_year"], added["imdb_id"], added["available"]) == (None, None, True)
    assert api.get(f"{path}{added['id']}/").json() == added


@for_both_kinds
def test_a_change_leaves_what_it_does_not_name(api, as_curator, path, make):
    genre = GenreFactory()
    title = make(title="Dune", overview="Sand.", genres=[genre], tmdb_id=7)
    here = f"{path}{title.pk}/"
    before = api.get(here).json()
    changed = as_curator.patch(here, {"overview": "Spice."})
    assert changed.status_code == 200
    assert changed.json() == api.get(here).json()
    assert changed.json()["updated_at"] > before["updated_at"]
    for name in before:
        assert (changed.json()[name] == before[name]) is (name not in ("overview", "updated_at"))


@for_both_kinds
def test_genres_are_replaced_by_their_ids(api, as_curator, path, make):
    old, war, action = (GenreFactory(name=name) for name in ("Old", "War", "Action"))
    here = f"{path}{make(genres=[old]).pk}/"
    changed = as_curator.patch(here, {"genre_ids": [war.pk, action.pk, war.pk]}).json()
    assert [genre["name"] for genre in changed["genres"]] == ["Action", "War"]
    assert changed == api.get(here).json()
    assert as_curator.patch(here, {"genre_ids": []}).json()["genres"] == []
    assert api.get(here).json()["genres"] == []


@pytest.mark.parametrize(("path", "body"), [(MOVIES, MOVIE), (SHOWS, SHOW)])
def test_what_was_fetched_can_be_put_back(api, as_curator, path, body):
    genre = GenreFactory()
    for fields in (body | {"genre_ids": [genre.pk]}, {"title": "Bare"}):
        here = as_curator.post(path, fields)["Location"]
        fetched = api.get(here).json()
        put = as_curator.put(here, fetched)
        assert put.status_code == 200, put.json()
        assert put.json() == api.get(here).json()
        assert put.json() | {"updated_at": fetched["updated_at"]} == fetched


@for_both_kinds
def test_what_is_only_read_is_ignored(api, as_curator, path, make):
    title = make(title="Dune", genres=[GenreFactory(name="Drama")])
    here = f"{path}{title.pk}/"
    before = api.get(here).json()
    lies = {"id": 10**6, "created_at": "2000-01-01T00:00:00Z", "updated_at": 7, "genres": "none"}
    after = as_curator.patch(here, lies).json()
    assert after | {"updated_at": before["updated_at"]} == before


@for_both_kinds
def test_setting_the_date_moves_the_year(as_curator, path, make):
    here = f"{path}{make(release_year=1999).pk}/"
    moved = as_curator.patch(here, {"release_date": "2001-02-03"}).json()
    assert (moved["release_date"], moved["release_year"]) == ("2001-02-03", 2001)
    freed = as_curator.patch(here, {"release_date": None}).json()
    assert (freed["release_date"], freed["release_year"]) == (None, 2001)
    assert as_curator.patch(here, {"release_year": None}).json()["release_year"] is None


@for_both_kinds
def test_an_imdb_id_may_be_empty_any_number_of_times(as_curator, path, make):
    for body in ({"imdb_id": ""}, {"imdb_id": ""}, {"imdb_id": None}, {"imdb_id": None}, {}):
        added = as_curator.post(path, {"title": "Dune"} | body)
        assert (added.status_code, added.json()["imdb_id"]) == (201, None)
    here = f"{path}{make(imdb_id='tt1160419').pk}/"
    assert as_curator.patch(here, {"imdb_id": ""}).json()["imdb_id"] is None


@for_both_kinds
def test_a_withdrawn_title_is_still_curated(api, as_curator, path, make):
    here = f"{path}{make(title='Dune').pk}/"
    assert as_curator.patch(here, {"available": False}).json()["available"] is False
    assert titles_of(api.get(path)) == []
    assert as_curator.patch(here, {"available": True}).json()["available"] is True
    assert titles_of(api.get(path)) == ["Dune"]


@for_both_kinds
def test_a_deleted_title_is_gone_at_once_and_twice(api, as_curator, path, make):
    here = f"{path}{make(genres=[GenreFactory()]).pk}/"
    gone = as_curator.delete(here)
    assert (gone.status_code, gone.content) == (204, b"")
    assert api.get(here).status_code == as_curator.delete(here).status_code == 404
    assert as_curator.put(here, {"title": "x"}).status_code == 404
    assert as_curator.patch(here, {"title": "x"}).status_code == 404


def test_a_deleted_title_leaves_every_list(as_ann, as_bob, as_curator):
    # A movie and a show of one id: the kind is part of every key.
    movie = MovieFactory(pk=155)
    TVShowFactory(pk=155)
    for client in (as_ann, as_bob):
        for kind in ("movie", "tvshow"):
            client.post("/api/v1/mylist/", {"content_type": kind, "content_id": 155})
    assert as_curator.delete(f"{MOVIES}{movie.pk}/").status_code == 204
    for client in (as_ann, as_bob):
        left = client.get("/api/v1/mylist/").json()
        assert left["count"] == 1
        assert [item["content_type"] for item in left["results"]] == ["tvshow"]


def test_what_staff_edit_shows_so_on_every_list(as_ann, as_curator):
    movie = MovieFactory(title="Dune")
    as_ann.post("/api/v1/mylist/", {"content_type": "movie", "content_id": movie.pk})
    as_curator.patch(f"{MOVIES}{movie.pk}/", {"title": "Dune Part Two", "available": False})
    (item,) = as_ann.get("/api/v1/mylist/").json()["results"]
    assert (item["content"]["title"], item["content"]["available"]) == ("Dune Part Two", False)


def test_what_writing_costs(as_curator, django_assert_num_queries):
    genres = [GenreFactory().pk for _ in range(5)]
    # sign-in, own permissions, group permissions; begin, ids taken (2), genres; title,
    # genres there, genres set; genres shown; end
    with django_assert_num_queries(12):
        body = {"title": "Dune", "genre_ids": genres, "tmdb_id": 5, "imdb_id": "tt1160419"}
        here = as_curator.post(MOVIES, body)["Location"]
    # sign-in, own permissions, group permissions; begin, title with its genres (2); title; end
    with django_assert_num_queries(8):
        as_curator.patch(here, {"title": "Dune!"})
    assert Movie.objects.get().genres.count() == 5


@for_both_kinds
def test_a_refusal_leaves_the_title_as_it_was(api, as_curator, path, make):
    here = f"{path}{make(title='Dune').pk}/"
    before = api.get(here).json()
    body = {"title": "Changed", "genre_ids": [404]}
    assert refused(as_curator.patch(here, body), 400, 1400 if path == MOVIES else 2400) == {
        "genre_ids"
    }
    assert api.get(here).json() == before
