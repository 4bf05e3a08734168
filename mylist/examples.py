"""For the docs, by action. They work for Ann as `seed --demo` makes her."""

from typing import Any

from api.views import Example

ON_IT: dict[str, Any] = {
    "id": 1,
    "content_type": "movie",
    "content_id": 1,
    "added_at": "2026-11-20T12:00:00.123456Z",
    "note": "",
    "content": {
        "id": 1,
        "title": "The Shawshank Redemption",
        "release_date": "1994-09-23",
        "release_year": 1994,
        "genres": [{"id": 6, "name": "Crime"}, {"id": 8, "name": "Drama"}],
        "poster_path": "",
        "rating": None,
        "available": True,
    },
}
SHOW_ON_IT: dict[str, Any] = {
    "id": 6,
    "content_type": "tvshow",
    "content_id": 3,
    "added_at": "2026-11-20T12:00:05.123456Z",
    "note": "",
    "content": {
        "id": 3,
        "title": "Friends",
        "release_date": "1994-09-22",
        "release_year": 1994,
        "genres": [{"id": 5, "name": "Comedy"}, {"id": 8, "name": "Drama"}],
        "poster_path": "",
        "rating": None,
        "available": True,
    },
}
NEW: dict[str, Any] = {
    "id": 16,
    "content_type": "movie",
    "content_id": 7,
    "added_at": "2026-11-20T12:30:00.123456Z",
    "note": "with Bob",
    "content": {
        "id": 7,
        "title": "Forrest Gump",
        "release_date": None,
        "release_year": 1994,
        "genres": [
            {"id": 5, "name": "Comedy"},
            {"id": 8, "name": "Drama"},
            {"id": 18, "name": "Romance"},
        ],
        "poster_path": "",
        "rating": None,
        "available": True,
    },
}
NOTED = Example({"note": "with Bob"}, ON_IT | {"note": "with Bob"})
MOVIE_1 = {"content_type": "movie", "content_id": 1}
SHOW_2 = {"content_type": "tvshow", "content_id": 2}

MYLIST = {
    "list": Example(
        gets={"count": 2, "next": None, "previous": None, "results": [SHOW_ON_IT, ON_IT]}
    ),
    "create": Example({"content_type": "movie", "content_id": 7, "note": "with Bob"}, NEW),
    "contains": Example(
        {"items": [MOVIE_1, SHOW_2]},
        {"results": [MOVIE_1 | {"id": 1}, SHOW_2 | {"id": None}]},
    ),
    "retrieve": Example(gets=ON_IT),
    "update": NOTED,
    "partial_update": NOTED,
    "membership": Example(gets=ON_IT),
    "put_membership": NOTED,
}
UNKNOWN_KIND: dict[str, Any] = {
    "detail": "The input breaks a rule; see errors.",
    "errors": [
        {
            "pointer": "#/content_type",
            "code": "unknown_kind",
            "detail": "The kinds are: movie, tvshow.",
        }
    ],
}
