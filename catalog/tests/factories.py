"""Titles to test with."""

import factory
from factory.django import DjangoModelFactory

from catalog.models import Genre, Movie, TVShow


class GenreFactory(DjangoModelFactory):
    class Meta:
        model = Genre

    name = factory.Sequence(lambda n: f"Genre {n}")


class MovieFactory(DjangoModelFactory):
    class Meta:
        model = Movie
        skip_postgeneration_save = True

    title = factory.Sequence(lambda n: f"Movie {n}")
    release_year = 1999

    @factory.post_generation
    def genres(self, create, extracted, **kwargs):
        if extracted:
            self.genres.set(extracted)


class TVShowFactory(MovieFactory):
    class Meta:
        model = TVShow

    title = factory.Sequence(lambda n: f"Show {n}")
