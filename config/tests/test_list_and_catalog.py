"""The list together with the real catalog and real accounts."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.tests.races import on_its_own_connection, wait_for
from catalog.models import Movie
from catalog.tests.factories import GenreFactory, MovieFactory, TVShowFactory
from mylist.models import KindCount, MyList, MyListItem
from mylist.registry import MODELS
from mylist.tests.threads import at_once, no_deadlock, on_postgresql  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db

HERE = "/api/v1/mylist/"
LIGHT = ["id", "title", "release_date", "release_year", "genres", "poster_path", "rating"]


def put(user, *titles):
    return [MyList.add(user, MODELS[type(title)], title.pk)[0] for title in titles]


def both_kinds(count):
    genres = [GenreFactory() for _ in range(3)]
    kinds = (MovieFactory, TVShowFactory)
    return [kind(genres=genres[n % 3 :]) for n in range(count // 2) for kind in kinds]


def test_a_movie_on_the_list_is_shown_light_and_whether_it_is_available(as_ann):
    drama, war = GenreFactory(name="Drama"), GenreFactory(name="War")
    movie = MovieFactory(title="Paths of Glory", release_year=1957, genres=[war, drama])
    added = as_ann.post(HERE, {"content_type": "movie", "content_id": movie.pk})
    content = added.json()["content"]
    assert list(content) == [*LIGHT, "available"]
    assert (content["title"], content["release_year"]) == ("Paths of Glory", 1957)
    assert [genre["name"] for genre in content["genres"]] == ["Drama", "War"]
    assert content["available"] is True
    assert as_ann.get(HERE).json()["results"] == [added.json()]


def test_a_show_and_a_movie_of_one_id_are_two_titles(as_ann):
    movie, show = MovieFactory(id=155, title="Film"), TVShowFactory(id=155, title="Show")
    for kind in ("movie", "tvshow"):
        assert as_ann.put(f"{HERE}{kind}/155/").status_code == 201
    shown = [(i["content_type"], i["content"]["title"]) for i in as_ann.get(HERE).json()["results"]]
    assert shown == [("tvshow", "Show"), ("movie", "Film")]
    movie.erase()
    assert as_ann.get(f"{HERE}movie/155/").status_code == 404
    assert as_ann.get(f"{HERE}tvshow/155/").json()["content_id"] == show.pk


# --- what staff do shows at once ---------------------------------------------------


def test_an_edited_title_shows_so_on_every_list(as_ann, as_curator, ann):
    movie = MovieFactory(title="Before")
    put(ann, movie)
    before = as_ann.get(HERE)["ETag"]
    as_curator.patch(f"/api/v1/movies/{movie.pk}/", {"title": "After"})
    after = as_ann.get(HERE, headers={"If-None-Match": before})
    assert after.json()["results"][0]["content"]["title"] == "After"


def test_a_withdrawn_title_stays_but_is_not_added(as_ann, as_bob, as_curator, ann):
    movie = MovieFactory()
    put(ann, movie)
    as_curator.patch(f"/api/v1/movies/{movie.pk}/", {"available": False})
    [item] = as_ann.get(HERE).json()["results"]
    assert item["content"]["available"] is False
    assert as_ann.put(f"{HERE}movie/{movie.pk}/", {"note": "kept"}).status_code == 200
    refused = as_bob.post(HERE, {"content_type": "movie", "content_id": movie.pk})
    assert (refused.status_code, refused.json()["code"]) == (404, 4003)


def test_a_deleted_title_leaves_every_list(as_ann, as_bob, as_curator, ann, bob):
    gone, show = MovieFactory(), TVShowFactory()
    for person in (ann, bob):
        put(person, gone, show)
    assert as_curator.delete(f"/api/v1/movies/{gone.pk}/").status_code == 204
    for client in (as_ann, as_bob):
        page = client.get(HERE).json()
        assert [item["content_type"] for item in page["results"]] == ["tvshow"]
        assert page["count"] == 1


def test_titles_deleted_in_the_admin_leave_every_list(client, admin, ann):
    movies = [MovieFactory() for _ in range(3)]
    put(ann, *movies)
    client.force_login(admin)
    chosen = [movie.pk for movie in movies[:2]]
    client.post(
        "/admin/catalog/movie/",
        {"action": "delete_selected", "_selected_action": chosen, "post": "yes"},
    )
    assert MyList.count_of(ann) == MyListItem.objects.of(ann).count() == 1


def test_staff_take_items_off_in_the_admin(client, admin, ann, bob):
    titles = both_kinds(4)
    mine, theirs = put(ann, *titles), put(bob, *titles)
    client.force_login(admin)
    here = "/admin/mylist/mylistitem/"
    chosen = [mine[0].pk, mine[1].pk, theirs[0].pk]
    client.post(here, {"action": "delete_selected", "_selected_action": chosen, "post": "yes"})
    client.post(f"{here}{theirs[1].pk}/delete/", {"post": "yes"})
    for person in (ann, bob):
        assert MyList.count_of(person) == MyListItem.objects.of(person).count() == 2


# --- people ------------------------------------------------------------------------


def test_a_person_who_leaves_takes_the_list_along(as_ann, ann, bob):
    titles = both_kinds(4)
    put(ann, *titles)
    put(bob, *titles)
    assert as_ann.delete("/api/v1/users/me/").status_code == 204
    assert set(MyListItem.objects.values_list("user", flat=True)) == {bob.pk}
    assert set(MyList.objects.values_list("user", "count")) == {(bob.pk, 4)}
    assert as_ann.get(HERE).status_code == 401


def test_a_person_who_is_deleted_in_the_admin_takes_the_list_along(client, admin, ann):
    put(ann, *both_kinds(4))
    client.force_login(admin)
    page = f"/admin/accounts/user/{ann.pk}/delete/"
    assert client.get(page).status_code == 200
    assert client.post(page, {"post": "yes"}).status_code == 302
    for model in (MyList, KindCount, MyListItem):
        assert not model.objects.filter(user=ann.pk).exists()


def test_a_cursor_is_for_the_person_it_was_given_to(as_ann, as_bob, ann, bob):
    titles = both_kinds(4)
    for person in (ann, bob):
        put(person, *titles)
    link = as_ann.get(f"{HERE}?page_size=1").json()["next"]
    assert as_ann.get(link).status_code == 200
    assert as_bob.get(link).json()["code"] == 9003


def test_what_is_personal_is_kept_by_no_shared_cache(as_ann):
    assert as_ann.get(HERE)["Cache-Control"] == "private, no-cache"


# --- cost --------------------------------------------------------------------------


@pytest.mark.parametrize("length", [2, 100])
def test_a_page_costs_the_same_however_long(as_ann, ann, length, django_assert_num_queries):
    put(ann, *both_kinds(length))
    with django_assert_num_queries(2):  # sign-in, items with the count and their titles
        page = as_ann.get(f"{HERE}?page_size=100").json()
    assert len(page["results"]) == length


def test_an_item_costs_two_queries(as_ann, ann, django_assert_num_queries):
    [item] = put(ann, *both_kinds(2)[:1])
    for url in (f"{HERE}{item.pk}/", f"{HERE}movie/{item.content_id}/"):
        with django_assert_num_queries(2):  # sign-in, item with its title
            as_ann.get(url)


def test_asking_for_many_costs_two_queries(as_ann, ann, django_assert_num_queries):
    titles = both_kinds(40)
    put(ann, *titles)
    asked = [{"content_type": MODELS[type(t)].name, "content_id": t.pk} for t in titles]
    with django_assert_num_queries(2):  # sign-in, items
        found = as_ann.post(f"{HERE}contains/", {"items": asked}).json()["results"]
    assert all(entry["id"] for entry in found)


def test_lists_in_the_admin_cost_the_same_however_long(client, admin, ann):
    client.force_login(admin)
    costs = []
    for _ in range(2):
        put(ann, *both_kinds(10))
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/admin/mylist/mylistitem/").status_code == 200
        costs.append(len(queries))
    assert costs[0] == costs[1]


# --- at once -----------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("on_postgresql")
def test_a_person_who_is_erased_while_they_write_leaves_nothing_behind(signed_in):
    for round_ in range(4):
        person = get_user_model().objects.create_user(f"{round_}@example.com", "x", name="X")
        titles = both_kinds(8)
        put(person, *titles[:4])
        clients = [signed_in(person) for _ in range(9)]

        def write(client, titles=titles):
            paths = [f"{HERE}{MODELS[type(t)].name}/{t.pk}/" for t in titles]
            put_there = [client.put(path, {"note": "x"}).status_code for path in paths]
            return put_there + [client.delete(path).status_code for path in paths]

        jobs = [lambda c=c: write(c) for c in clients[:8]]
        with no_deadlock():
            *written, erased = at_once(*jobs, lambda c=clients[8]: c.delete("/api/v1/users/me/"))
        assert erased.status_code == 204
        statuses = {status for each in written for status in each}
        assert statuses <= {200, 201, 204, 401, 404, 409}
        assert not MyListItem.objects.filter(user=person.pk).exists()
        assert not MyList.objects.filter(user=person.pk).exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("on_postgresql")
def test_staff_delete_titles_that_share_many_lists_while_people_write(as_curator, signed_in):
    titles = [MovieFactory() for _ in range(6)]
    people = [
        get_user_model().objects.create_user(f"{n}@example.com", "x", name="X") for n in range(6)
    ]
    for person in people:
        put(person, *titles[:4])
    clients = [signed_in(person) for person in people]

    def write(client):
        paths = [f"{HERE}movie/{title.pk}/" for title in titles]
        removed = [client.delete(path).status_code for path in paths[::2]]
        return removed + [client.put(path, {"note": "x"}).status_code for path in paths]

    def delete(title):
        return [as_curator.delete(f"/api/v1/movies/{title.pk}/").status_code]

    deletions = [lambda t=t: delete(t) for t in titles[:4]]
    with no_deadlock():
        statuses = at_once(*[lambda c=c: write(c) for c in clients], *deletions)
    assert statuses[6:] == [[204]] * 4
    assert {status for each in statuses[:6] for status in each} <= {200, 201, 204, 404}
    assert set(MyListItem.objects.values_list("content_id", flat=True)) <= set(
        Movie.objects.values_list("pk", flat=True)
    )
    for mylist in MyList.objects.all():
        assert mylist.count == MyListItem.objects.of(mylist.user_id).count()


@pytest.mark.usefixtures("on_postgresql")
def test_the_desk_takes_an_item_off_in_the_order_of_everybody_else(admin, ann, client):
    """The list first, then the item: whoever else is at this list holds it already."""
    client.force_login(admin)
    movie = MovieFactory()
    item, _ = MyList.add(ann, MODELS[Movie], movie.pk)
    page = f"/admin/mylist/mylistitem/{item.pk}/delete/"
    with no_deadlock(), ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            MyList.locked(ann)
            desk = pool.submit(on_its_own_connection, lambda: client.post(page, {"post": "yes"}))
            wait_for(1)
            MyListItem.objects.filter(pk=item.pk).delete()
        assert desk.result().status_code == 302
    assert MyList.count_of(ann) == MyListItem.objects.count() == 0


def test_titles_are_deleted_from_a_list_that_is_narrowed_by_genre(admin, client):
    client.force_login(admin)
    genres = [GenreFactory(name="Drama"), GenreFactory(name="Dark drama")]
    gone, kept = MovieFactory(title="Gone", genres=genres), MovieFactory(title="Kept")
    where = f"/admin/catalog/movie/?genres__id__exact={genres[0].pk}&q=gone"
    chosen = {"action": "delete_selected", "_selected_action": [gone.pk], "post": "yes"}
    assert client.post(where, chosen).status_code == 302
    assert list(Movie.objects.all()) == [kept]
