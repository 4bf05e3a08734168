"""Titles as they stand on lists: what `MovieCardSerializer` and `TVShowCardSerializer` say, by one
statement for any number of them and without a serializer's work for each."""

from typing import Any

import orjson
from django.db.models import TextField
from django.db.models.expressions import RawSQL

from api.compiled import AnyOf, Compiled, Param
from catalog.models import Genre, Movie, Title, TVShow

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


class Cards:
    """`cards([7, 8])`: the card of each title that there is, by its id."""

    def __init__(self, model: type[Title]) -> None:
        wanted = AnyOf("pk", Param("ids"))
        self.titles = Compiled(
            lambda: (
                model.objects.filter(wanted)
                .annotate(in_genres=GenresOf(model))
                .values_list(*COLUMNS, "in_genres")
            )
        )

    def __call__(self, ids: list[int]) -> dict[int, Any]:
        return {
            pk: {
                "id": pk,
                "title": title,
                "release_date": date,
                "release_year": year,
                "genres": [{"id": i, "name": name} for i, name in orjson.loads(genres or "[]")],
                "poster_path": poster,
                "rating": rating,
                "available": available,
            }
            for pk, title, date, year, poster, rating, available, genres in self.titles.rows(
                ids=ids
            )
        }


def shown_of(model: type[Title]) -> dict[Any, tuple[str, ...]]:
    """What a card is made of, for whoever keeps copies of it."""
    return {model: COLUMNS[1:], model.genres.through: (), Genre: ("name",)}


movie_cards, tv_show_cards = Cards(Movie), Cards(TVShow)
