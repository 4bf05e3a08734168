"""Titles as they stand on lists: what `MovieCardSerializer` and `TVShowCardSerializer` say, by two
statements for any number of them and without a serializer's work for each."""

from typing import Any

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


class Cards:
    """`cards([7, 8])`: the card of each title that there is, by its id."""

    def __init__(self, model: type[Title]) -> None:
        through = model.genres.through
        title = f"{model._meta.model_name}_id"
        wanted = Param("ids")
        self.titles = Compiled(
            lambda: model.objects.filter(AnyOf("pk", wanted)).values_list(*COLUMNS)
        )
        self.genres = Compiled(
            lambda: through._default_manager.filter(AnyOf(title, wanted))
            .order_by("genre__name")
            .values_list(title, "genre_id", "genre__name")
        )

    def __call__(self, ids: list[int]) -> dict[int, Any]:
        genres: dict[int, list[dict[str, Any]]] = {}
        for title_id, genre_id, name in self.genres.rows(ids=ids):
            genres.setdefault(title_id, []).append({"id": genre_id, "name": name})
        return {
            pk: {
                "id": pk,
                "title": title,
                "release_date": date,
                "release_year": year,
                "genres": genres.get(pk, []),
                "poster_path": poster,
                "rating": rating,
                "available": available,
            }
            for pk, title, date, year, poster, rating, available in self.titles.rows(ids=ids)
        }


def shown_of(model: type[Title]) -> dict[Any, tuple[str, ...]]:
    """What a card is made of, for whoever keeps copies of it."""
    return {model: COLUMNS[1:], model.genres.through: (), Genre: ("name",)}


movie_cards, tv_show_cards = Cards(Movie), Cards(TVShow)
