"""Loading the fixtures, and making people to try things with."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Q

from accounts.models import User
from catalog.models import Genre, Movie, Title, TVShow
from config.groups import CURATORS
from mylist.models import MyList
from mylist.registry import MODELS

DATES = ("release_date", "last_air_date")
FIXTURES = Path(settings.BASE_DIR) / "fixtures"
DEMO_PASSWORD = "my-list-demo"  # noqa: S105 - public on purpose, refused unless debugging

DEMO_ROLES = {
    "admin": "superuser",
    "curator": "curator: the catalog only",
    "ann": "person with a list",
    "bob": "person with a list",
    "cho": "person with a list",
}
# Name, and what of movies and TV shows is on the list: positions in the order of popularity.
DEMO_LISTS = {
    "ann": ("Ann", [0, 3, 7, 12], [0, 2]),
    "bob": ("Bob", [1, 2, 3], [1]),
    "cho": ("Cho", [5], [0, 1, 2, 3]),
}


def read(name: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads((FIXTURES / name).read_text(encoding="utf-8"))
    return entries


@transaction.atomic
def load_fixtures() -> dict[str, int]:
    """Add what is missing and leave what is there: how many of each are new.

    What staff changed, and what they withdrew, stays as they want it.
    """
    added = {entry["name"]: add_genre(entry) for entry in read("genres.json")}
    genres = {name: genre for name, (genre, _) in added.items()}
    return {
        "genres": sum(new for _, new in added.values()),
        "movies": sum(add_title(Movie, entry, genres) for entry in read("movies.json")),
        "TV shows": sum(add_title(TVShow, entry, genres) for entry in read("tv_shows.json")),
    }


def add_genre(entry: dict[str, Any]) -> tuple[Genre, bool]:
    """A genre is known by its name or its outside id, whatever else staff made of it."""
    known = Q(name__iexact=entry["name"]) | Q(tmdb_id=entry["tmdb_id"])
    if (genre := Genre.objects.filter(known).first()) is not None:
        return genre, False
    return Genre.objects.create(**entry), True


def add_title(model: type[Title], entry: dict[str, Any], genres: dict[str, Genre]) -> bool:
    """A title is known by either of its outside ids."""
    known = Q(pk__in=[])
    for name in ("tmdb_id", "imdb_id"):
        if entry.get(name):
            known |= Q(**{name: entry[name]})
    if model._default_manager.filter(known).exists():
        return False
    filed_under = [genres[name] for name in entry.pop("genres", [])]
    dates = {name: date.fromisoformat(entry[name]) for name in DATES if name in entry}
    title = model._default_manager.create(**entry | dates)
    title.genres.set(filed_under)
    return True


def make_demo_people() -> None:
    """A superuser, a curator and three people with lists.

    They are made once; whoever is there keeps password, rights and list.
    """
    person("admin", "Admin", is_staff=True, is_superuser=True)
    curator, new = person("curator", "Curator", is_staff=True)
    if new:
        curator.groups.add(Group.objects.get(name=CURATORS))
    for handle, (name, movies, shows) in DEMO_LISTS.items():
        user, new = person(handle, name)
        if new:
            fill_list(user, Movie, movies)
            fill_list(user, TVShow, shows)


def demo_people() -> list[tuple[str, str]]:
    """Address and role of those who are there."""
    known = User.objects.filter(email__in=[address(handle) for handle in DEMO_ROLES])
    there = set(known.values_list("email", flat=True))
    people = [(address(handle), role) for handle, role in DEMO_ROLES.items()]
    return [(email, role) for email, role in people if email in there]


def address(handle: str) -> str:
    return f"{handle}@example.com"


def person(handle: str, name: str, **fields: Any) -> tuple[User, bool]:
    user = User.objects.filter(email=address(handle)).first()
    if user is not None:
        return user, False
    return User.objects.create_user(address(handle), DEMO_PASSWORD, name=name, **fields), True


def fill_list(user: User, model: type[Title], ranks: list[int]) -> None:
    titles = model._default_manager.filter(available=True).order_by("-popularity")[:20]
    for rank, title in enumerate(titles):
        if rank in ranks:
            MyList.add(user, MODELS[model], title.pk, exist_ok=True)
