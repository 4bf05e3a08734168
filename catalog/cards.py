"""Titles as they stand on lists: what `MovieCardSerializer` and `TVShowCardSerializer` say, without
a serializer's work for each."""

from typing import Any

import orjson
from django.db.models import Func

COLUMNS = (
    "id",
    "title",
    "release_date",
    "release_year",
    "poster_path",
    "rating",
    "available",
    "shown_genres",
)


class Exactly(Func):
    """A number with all its digits, of which SQLite's JSON has 15."""

    template = "%(expressions)s"

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "iif(%(expressions)s IS NULL, NULL, printf('%%%%!.17g', %(expressions)s))"
        return self.as_sql(compiler, connection, template=template, **context)


EXACTLY = {"rating": Exactly("rating")}
# What `card` takes, in this order.
VALUES: tuple[Any, ...] = tuple(EXACTLY.get(name, name) for name in COLUMNS)


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
        "genres": [{"id": i, "name": name} for i, name in genres],
        "poster_path": poster_path,
        "rating": None if rating is None else float(rating),
        "available": bool(available),
    }
