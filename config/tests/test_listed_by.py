"""Who has a title on their list: for staff."""

import pytest
from django.contrib.auth.models import Permission

from accounts.models import User
from catalog.tests.factories import MovieFactory, TVShowFactory

pytestmark = pytest.mark.django_db

both_kinds = pytest.mark.parametrize(
    ("kind", "path", "make", "family"),
    [("movie", "movies", MovieFactory, 1000), ("tvshow", "tv-shows", TVShowFactory, 2000)],
)


def put(client, kind, pk):
    added = client.post("/api/v1/mylist/", {"content_type": kind, "content_id": pk})
    assert added.status_code == 201
    return added.json()


def people(count):
    return User.objects.bulk_create(
        User(email=f"person{n}@example.com", name=f"Person {n}") for n in range(count)
    )


@both_kinds
def test_staff_see_who_listed_a_title_newest_first(
    as_curator, as_ann, as_bob, ann, bob, kind, path, make, family
):
    title, other = make(), make()
    items = [put(client, kind, title.pk) for client in (as_ann, as_bob)]
    put(as_ann, kind, other.pk)
    listed = as_curator.get(f"/api/v1/{path}/{title.pk}/listed-by/")
    assert listed.status_code == 200
    assert listed.json() == {
        "next": None,
        "previous": None,
        "results": [
            {"id": user.pk, "email": user.email, "name": user.name, "added_at": item["added_at"]}
            for user, item in ((bob, items[1]), (ann, items[0]))
        ],
    }
    assert listed["Cache-Control"] == "private, no-cache"
    # Without its slash, and when it was withdrawn meanwhile.
    type(title).objects.withdraw()
    again = as_curator.get(f"/api/v1/{path}/{title.pk}/listed-by")
    assert again.json() == listed.json()


def test_a_movie_and_a_show_of_one_id_are_told_apart(as_curator, as_ann, as_bob):
    MovieFactory(pk=155)
    TVShowFactory(pk=155)
    put(as_ann, "movie", 155)
    put(as_bob, "tvshow", 155)
    for path, name in (("movies", "Ann"), ("tv-shows", "Bob")):
        listed = as_curator.get(f"/api/v1/{path}/155/listed-by/").json()["results"]
        assert [person["name"] for person in listed] == [name]


def test_who_is_many_comes_in_pages(as_curator, signed_in):
    movie = MovieFactory()
    for person in people(5):
        put(signed_in(person), "movie", movie.pk)
    url, seen = f"/api/v1/movies/{movie.pk}/listed-by/?page_size=2", []
    while url:
        page = as_curator.get(url).json()
        seen.append([person["name"] for person in page["results"]])
        url = page["next"]
    assert seen == [["Person 4", "Person 3"], ["Person 2", "Person 1"], ["Person 0"]]
    back = as_curator.get(page["previous"]).json()
    assert [person["name"] for person in back["results"]] == seen[1]


def test_a_cursor_is_good_for_one_title_only(as_curator, as_ann, as_bob):
    one, other = MovieFactory(), MovieFactory()
    for client in (as_ann, as_bob):
        put(client, "movie", one.pk)
    url = as_curator.get(f"/api/v1/movies/{one.pk}/listed-by/?page_size=1").json()["next"]
    assert as_curator.get(url).status_code == 200
    elsewhere = as_curator.get(url.replace(f"/{one.pk}/", f"/{other.pk}/"))
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (400, 9003)


@both_kinds
def test_nobody_has_listed_it(as_curator, kind, path, make, family):
    listed = as_curator.get(f"/api/v1/{path}/{make().pk}/listed-by/")
    assert listed.json()["results"] == []


@both_kinds
@pytest.mark.parametrize("missing", [1, 2**63 - 1])
def test_a_missing_title_is_a_404(as_curator, kind, path, make, family, missing):
    answer = as_curator.get(f"/api/v1/{path}/{missing}/listed-by/")
    assert (answer.status_code, answer.json()["code"]) == (404, family + 404)


@both_kinds
def test_it_is_for_staff_who_may_see_lists(api, as_ann, ann, kind, path, make, family):
    here = f"/api/v1/{path}/{make().pk}/listed-by/"
    assert api.get(here).status_code == 401
    assert as_ann.get(here).status_code == 403
    may = Permission.objects.get(codename="view_mylistitem")
    ann.user_permissions.add(may)
    assert as_ann.get(here).status_code == 403
    User.objects.filter(pk=ann.pk).update(is_staff=True)
    assert as_ann.get(here).status_code == 200
    ann.user_permissions.remove(may)
    assert as_ann.get(here).status_code == 403
    # A stranger is not told which titles there are.
    assert as_ann.get(f"/api/v1/{path}/999/listed-by/").status_code == 403


@pytest.mark.parametrize("bad", ["page_size=0", "page_size=101", "q=ann", "cursor="])
def test_bad_parameters_are_refused(as_curator, bad):
    answer = as_curator.get(f"/api/v1/movies/{MovieFactory().pk}/listed-by/?{bad}")
    assert (answer.status_code, answer.json()["code"]) == (400, 9002)


def test_it_is_only_read(as_admin):
    here = f"/api/v1/movies/{MovieFactory().pk}/listed-by/"
    for write in (as_admin.post, as_admin.put, as_admin.patch, as_admin.delete):
        assert write(here).status_code == 405


@pytest.mark.parametrize("count", [1, 12])
def test_it_costs_the_same_for_many(as_curator, signed_in, django_assert_num_queries, count):
    movie = MovieFactory()
    for person in people(count):
        put(signed_in(person), "movie", movie.pk)
    # sign-in, own permissions, group permissions, title, items with their people
    with django_assert_num_queries(5):
        listed = as_curator.get(f"/api/v1/movies/{movie.pk}/listed-by/").json()
    assert len(listed["results"]) == count
