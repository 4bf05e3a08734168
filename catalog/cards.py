"""Titles as they stand on lists: what `MovieCardSerializer` and `TVShowCardSerializer` say, without
a serializer's work for each."""

from typing import Any

import orjson
from django.db.models import F, Func, JSONField

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


class GenresOf(Func):
    """A title's genres by name, as a JSON array of `[id, name]`. Django knows no aggregate for it
    that both databases have."""

    output_field = JSONField()
    genres = "{genre} g JOIN {through} t ON t.genre_id = g.id WHERE t.{title}_id = %(expressions)s"
    on_postgresql = (
        "(SELECT json_agg(json_build_array(g.id, g.name) ORDER BY g.name) FROM {genres})"
    )
    on_sqlite = (
        "(SELECT json_group_array(json_array(id, name))"
        " FROM (SELECT g.id, g.name FROM {genres} ORDER BY g.name))"
    )

    def __init__(self, model: type[Title]) -> None:
        self.model = model
        super().__init__(F("pk"))

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **context: Any) -> Any:
        genres = self.genres.format(
            genre=Genre._meta.db_table,
            through=self.model.genres.through._meta.db_table,
            title=self.model._meta.model_name,
        )
        sql = self.on_postgresql if connection.vendor == "postgresql" else self.on_sqlite
        return super().as_sql(compiler, connection, template=sql.format(genres=genres), **context)


class Exactly(Func):
    """A number with all its digits, of which SQLite's JSON has 15."""

    template = "%(expressions)s"

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "iif(%(expressions)s IS NULL, NULL, printf('%%%%!.17g', %(expressions)s))"
        return self.as_sql(compiler, connection, template=template, **context)


def values(model: type[Title]) -> tuple[Any, ...]:
    """What `card` takes, in this order."""
    exact = {"rating": Exactly("rating")}
    return (*(exact.get(name, name) for name in COLUMNS), GenresOf(model))


def card(
    pk: int,
    title: str,
    release_date: str | None,
    release_year: int | None,
    poster_path: str,
    rating: float | str | None,
    available: bool,
    genres: Any,
) -> dict[str, Any]:
    """From JSON, which knows one kind of number. In SQLite's, truth is one too, and some are texts,
    as is what is nested."""
    if isinstance(genres, str):
        genres = orjson.loads(genres)
    return {
        "id": pk,
        "title": title,
        "release_date": release_date,
        "release_year": release_year,
        "genres": [{"id": i, "name": name} for i, name in genres or ()],
        "poster_path": poster_path,
        "rating": None if rating is None else float(rating),
        "available": bool(available),
    }


def shown_of(model: type[Title]) -> dict[Any, tuple[str, ...]]:
    """What a card is made of, for whoever keeps copies of it."""
    return {model: COLUMNS[1:], model.genres.through: (), Genre: ("name",)}
