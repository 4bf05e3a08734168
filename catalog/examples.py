"""For the docs, by action. The titles are what `seed` loads first; so are their ids."""

from typing import Any

from api.views import Example

WHEN = "2026-11-20T12:00:00.123456Z"
ACTION_ADVENTURE = {"id": 2, "name": "Action & Adventure"}
ADVENTURE = {"id": 3, "name": "Adventure"}
COMEDY = {"id": 5, "name": "Comedy"}
CRIME = {"id": 6, "name": "Crime"}
DRAMA = {"id": 8, "name": "Drama"}
FANTASY = {"id": 19, "name": "Sci-Fi & Fantasy"}

LIGHT_MOVIE: dict[str, Any] = {
    "id": 1,
    "title": "The Shawshank Redemption",
    "release_date": "1994-09-23",
    "release_year": 1994,
    "genres": [CRIME, DRAMA],
    "poster_path": "",
    "rating": None,
    "popularity": 149.0,
}
LIGHT_SHOW: dict[str, Any] = {
    "id": 1,
    "title": "Game of Thrones",
    "release_date": "2011-04-17",
    "release_year": 2011,
    "genres": [ACTION_ADVENTURE, DRAMA, FANTASY],
    "poster_path": "",
    "rating": None,
    "popularity": 148.5,
}
# What a title has that nothing is known of: light, and what it has in full beside that.
BLANK: dict[str, Any] = {
    "release_date": None,
    "poster_path": "",
    "rating": None,
    "popularity": 0.0,
}
FULL_BLANK: dict[str, Any] = {
    "original_title": "",
    "overview": "",
    "vote_count": None,
    "backdrop_path": "",
    "tmdb_id": None,
    "imdb_id": None,
    "available": True,
    "created_at": WHEN,
    "updated_at": WHEN,
}
MOVIE = (
    LIGHT_MOVIE
    | FULL_BLANK
    | {
        "original_language": "en",
        "overview": "Two men serving long sentences build a friendship behind prison walls, and "
        "one of them never quite lets go of hope.",
        "tmdb_id": 278,
        "imdb_id": "tt0111161",
        "director": "Frank Darabont",
        "runtime": 142,
    }
)
SHOW = (
    LIGHT_SHOW
    | FULL_BLANK
    | {
        "original_language": "en",
        "overview": "Great houses fight and plot for one throne while, beyond a wall of ice in "
        "the north, an older enemy stirs.",
        "tmdb_id": 1399,
        "imdb_id": "tt0944947",
        "creators": ["David Benioff", "D.B. Weiss"],
        "seasons": 8,
        "episodes": 73,
        "status": "Ended",
        "last_air_date": "2019-05-19",
    }
)
# Of the titles that are written, what the body and the answer share.
GOLD_RUSH: dict[str, Any] = {
    "title": "The Gold Rush",
    "release_year": 1925,
    "original_language": "en",
    "director": "Charlie Chaplin",
}
FLEABAG: dict[str, Any] = {
    "title": "Fleabag",
    "release_year": 2016,
    "original_language": "en",
    "creators": ["Phoebe Waller-Bridge"],
    "seasons": 2,
}
NEW_MOVIE = (
    {"id": 150, "genres": [ADVENTURE, COMEDY], "runtime": None} | GOLD_RUSH | BLANK | FULL_BLANK
)
NEW_SHOW = (
    {"id": 52, "genres": [COMEDY, DRAMA], "episodes": None, "status": "", "last_air_date": None}
    | FLEABAG
    | BLANK
    | FULL_BLANK
)


def page(*rows: Any) -> Example:
    return Example(gets={"next": None, "previous": None, "results": list(rows)})


MOVIES = {
    "list": page(LIGHT_MOVIE),
    "create": Example(GOLD_RUSH | {"genre_ids": [3, 5]}, NEW_MOVIE),
    "retrieve": Example(gets=MOVIE),
    "update": Example(
        {
            "title": "The Shawshank Redemption",
            "release_date": "1994-09-23",
            "genre_ids": [6, 8],
            "director": "Frank Darabont",
            "runtime": 142,
        },
        MOVIE,
    ),
    "partial_update": Example({"popularity": 150.0}, MOVIE | {"popularity": 150.0}),
    "batch": Example({"ids": [1, 999]}, {"results": [LIGHT_MOVIE], "missing": [999]}),
}
SHOWS = {
    "list": page(LIGHT_SHOW),
    "create": Example(FLEABAG | {"genre_ids": [5, 8]}, NEW_SHOW),
    "retrieve": Example(gets=SHOW),
    "update": Example(
        {
            "title": "Game of Thrones",
            "release_date": "2011-04-17",
            "genre_ids": [2, 8, 19],
            "creators": ["David Benioff", "D.B. Weiss"],
            "seasons": 8,
        },
        SHOW,
    ),
    "partial_update": Example({"popularity": 150.0}, SHOW | {"popularity": 150.0}),
    "batch": Example({"ids": [1, 999]}, {"results": [LIGHT_SHOW], "missing": [999]}),
}
GENRES = {"list": page({"id": 1, "name": "Action"}, ACTION_ADVENTURE)}
BAD_TITLE: dict[str, Any] = {
    "detail": "The input breaks a rule; see errors.",
    "errors": [
        {
            "pointer": "#/release_year",
            "code": "year_of_date",
            "detail": "The release date is in 1994.",
        }
    ],
}
