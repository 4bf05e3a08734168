"""Content that is deleted leaves every list, whoever deletes it and however."""

import pytest
from django.contrib.auth import get_user_model

from mylist.models import MyList, MyListItem
from mylist.tests.lists import both_kinds, films, put, rows_of, sql
from mylist.tests.standin.models import Film, Series, Studio


@pytest.fixture
def people(db):
    return [get_user_model().objects.create_user(name) for name in ("ann", "bob", "cleo")]


def in_python(film):
    film.delete()


def by_queryset(film):
    Film.objects.filter(pk=film.pk).delete()


def by_sql(film):
    sql("DELETE FROM standin_film WHERE id = %s", film.pk)


def by_cascade(film):
    studio = Studio.objects.create(name="Gone soon")
    Film.objects.filter(pk=film.pk).update(studio=studio)
    studio.delete()


@pytest.mark.parametrize("delete", [in_python, by_queryset, by_sql, by_cascade])
def test_it_leaves_every_list_and_the_counts_stay_right(people, delete):
    gone, kept = films(2)
    namesake = Series.objects.create(id=gone.pk, title="A series of the same id")
    for person in people[:2]:
        put(person, gone, kept, namesake)
    delete(gone)
    for person in people[:2]:
        left = MyListItem.objects.of(person).values_list("content_type__model", "content_id")
        assert set(left) == {("film", kept.pk), ("series", namesake.pk)}
        assert MyList.count_of(person) == 2
    assert MyList.count_of(people[2]) == 0


@pytest.mark.parametrize("delete", ["DELETE FROM standin_film", "queryset"])
def test_many_at_once(people, delete):
    contents = both_kinds(40)
    for person, length in zip(people, (40, 20, 0), strict=True):
        put(person, *contents[:length])
    Film.objects.all().delete() if delete == "queryset" else sql(delete)
    for person, length in zip(people, (20, 10, 0), strict=True):
        assert (rows_of(person), MyList.count_of(person)) == (length, length)


def test_its_place_can_be_taken_again(as_ann, film):
    as_ann.put(f"/api/v1/mylist/film/{film.pk}/")
    pk = film.pk
    film.delete()
    assert as_ann.get("/api/v1/mylist/").json()["count"] == 0
    assert as_ann.put(f"/api/v1/mylist/film/{pk}/").json()["code"] == 4003
    Film.objects.create(id=pk, title="Another")
    assert as_ann.put(f"/api/v1/mylist/film/{pk}/").status_code == 201


def test_deleting_what_nobody_has_touches_no_list(people, film):
    put(people[0], *films(1))
    film.delete()
    assert MyList.count_of(people[0]) == 1
    assert MyList.objects.count() == 1
