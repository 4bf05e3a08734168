"""What the database refuses, whoever writes."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from catalog.models import Genre, Movie, TVShow
from catalog.tests.factories import GenreFactory, MovieFactory, TVShowFactory

pytestmark = [pytest.mark.django_db]
both = pytest.mark.parametrize("make", [MovieFactory, TVShowFactory])


@both
@pytest.mark.parametrize(
    "wrong",
    [
        {"release_date": date(2000, 1, 1), "release_year": 1999},
        {"release_date": date(2000, 1, 1), "release_year": None},
        {"rating": -0.1},
        {"rating": 10.1},
        {"imdb_id": ""},
        {"release_year": -1},
        {"vote_count": -1},
        {"tmdb_id": -1},
    ],
)
def test_a_title_that_contradicts_itself(make, wrong):
    title = make()
    with pytest.raises(IntegrityError), transaction.atomic():
        type(title).objects.filter(pk=title.pk).update(**wrong)


@both
@pytest.mark.parametrize("outside", [{"tmdb_id": 155}, {"imdb_id": "tt0468569"}])
def test_an_outside_id_that_is_taken(make, outside):
    make(**outside)
    with pytest.raises(IntegrityError), transaction.atomic():
        make(**outside)
    make(), make()  # without any there may be many


def test_movies_and_shows_may_share_an_outside_id():
    MovieFactory(tmdb_id=155)
    TVShowFactory(tmdb_id=155)


def test_a_genre_of_the_same_name_in_another_case():
    GenreFactory(name="Drama")
    with pytest.raises(IntegrityError), transaction.atomic():
        GenreFactory(name="DRAMA")
    with pytest.raises(ValidationError, match="There is a genre of this name already"):
        Genre(name="drama").full_clean()


@both
def test_the_year_follows_the_date(make):
    title = make(release_year=1999, release_date=date(2001, 2, 3), imdb_id="")
    title.refresh_from_db()
    assert (title.release_year, title.imdb_id) == (2001, None)


@pytest.mark.parametrize("wrong", [5, 0, "Somebody", {"a": 1}, [""], [None], [["a"]], True])
def test_creators_are_names(wrong):
    with pytest.raises(ValidationError) as refusal:
        TVShow(title="Dark", creators=wrong).full_clean()
    assert refusal.value.message_dict.keys() == {"creators"}


@pytest.mark.parametrize("year", [1869, 2201])
def test_a_release_that_cannot_be(year):
    with pytest.raises(ValidationError) as refusal:
        Movie(title="Dune", release_date=date(year, 1, 1)).full_clean()
    assert refusal.value.message_dict.keys() >= {"release_date"}
    with pytest.raises(ValidationError) as refusal:
        Movie(title="Dune", release_year=year).full_clean()
    assert refusal.value.message_dict.keys() == {"release_year"}


@both
def test_withdrawing_is_told_by_updated_at(make):
    title = make()
    before = title.updated_at
    assert type(title).objects.withdraw() == 1
    title.refresh_from_db()
    assert title.available is False
    assert title.updated_at > before
    assert type(title).objects.make_available() == 1
    title.refresh_from_db()
    assert title.available is True
