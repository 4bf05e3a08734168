"""Titles as they stand on lists: what `MovieCardSerializer` and `TVShowCardSerializer` say, by one
statement for any number of them and without a serializer's work for each."""

from collections.abc import Callable
from datetime import date
from typing import Any

import orjson
from django.db.models import QuerySet, TextField
from django.db.models.expressions import RawSQL

from catalog.models import Genre, Title

COLUMNS = (
    "id",
    "title",
    "release_date",
    "release_year",
    "poster_path",
    "rating",
    "available",
)


class GenresOf(RawSQL):
    """A title's genres by name, as a JSON array of `[id, name]`. Django knows no aggregate for it
    that both databases have."""

    on_postgresql = "SELECT json_agg(json_build_array(id, name) ORDER BY name)::text FROM ({}) AS g"
    on_sqlite = "SELECT json_group_array(json_array(id, name)) FROM ({} ORDER BY g.name)"

    def __init__(self, model: type[Title]) -> None:
        through, table = model.genres.through._meta.db_table, model._meta.db_table
        self.genres = (
            f"SELECT g.id, g.name FROM {Genre._meta.db_table} g JOIN {through} t"
            f" ON t.genre_id = g.id WHERE t.{model._meta.model_name}_id = {table}.id"
        )
        super().__init__(self.on_postgresql.format(self.genres), (), TextField())

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return f"({self.on_sqlite.format(self.genres)})", ()


def rows_of(model: type[Title]) -> Callable[[], QuerySet[Any, Any]]:
    """Of all titles what `card` takes of each."""
    return lambda: model.objects.annotate(in_genres=GenresOf(model)).values_list(
        *COLUMNS, "in_genres"
    )


def card(
    pk: int,
    title: str,
    release_date: date | None,
    release_year: int | None,
    poster_path: str,
    rating: float | None,
    available: bool,
    genres: str | None,
) -> dict[str, Any]:
    return {
        "id": pk,
        "title": title,
        "release_date": release_date,
        "release_year": release_year,
        "genres": [{"id": i, "name": name} for i, name in orjson.loads(genres or "[]")],
        "poster_path": poster_path,
        "rating": rating,
        "available": available,
    }


def shown_of(model: type[Title]) -> dict[Any, tuple[str, ...]]:
    """What a card is made of, for whoever keeps copies of it."""
    return {model: COLUMNS[1:], model.genres.through: (), Genre: ("name",)}
