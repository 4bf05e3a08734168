"""The fixtures are well formed, and state nothing that no data file confirms."""

import json
import re
from datetime import date
from pathlib import Path

import pytest

from config.fixture_truth import (
    available,
    confirmations,
    contradictions,
    movielens_names,
    unconfirmed,
)

CHECKOUT = Path(__file__).resolve().parents[2]
DATA = CHECKOUT.parent / "shared" / "data"


def load(name):
    return json.loads((CHECKOUT / "fixtures" / name).read_text("utf-8"))


GENRES = load("genres.json")
TITLES = {"movie": load("movies.json"), "tvshow": load("tv_shows.json")}
ALL = [(kind, entry) for kind, entries in TITLES.items() for entry in entries]

TYPES = {
    "title": str,
    "original_title": str,
    "release_date": str,
    "release_year": int,
    "original_language": str,
    "genres": list,
    "tmdb_id": int,
    "imdb_id": str,
    "overview": str,
    "popularity": float,
}
KIND_TYPES = {
    "movie": TYPES | {"director": str, "runtime": int},
    "tvshow": TYPES
    | {"last_air_date": str, "creators": list, "seasons": int, "episodes": int, "status": str},
}
REQUIRED = {"title", "release_year", "genres", "overview", "popularity"}

each_kind = pytest.mark.parametrize("kind", TITLES)
each_title = pytest.mark.parametrize(
    ("kind", "entry"), ALL, ids=[f"{kind}-{entry['title']}" for kind, entry in ALL]
)
needs_data = pytest.mark.skipif(
    not available(DATA), reason="the data files are not beside this checkout (../shared/data)"
)


def title_of(kind, name):
    return next(entry for entry in TITLES[kind] if entry["title"] == name)


# Form


def test_there_are_enough_titles():
    assert len(TITLES["movie"]) >= 60
    assert len(TITLES["tvshow"]) >= 25


def test_genres_have_a_name_and_an_id_each_once():
    assert all(genre.keys() == {"name", "tmdb_id"} for genre in GENRES)
    assert all(type(genre["tmdb_id"]) is int and genre["name"] for genre in GENRES)
    assert len({genre["name"] for genre in GENRES}) == len(GENRES)
    assert len({genre["tmdb_id"] for genre in GENRES}) == len(GENRES)


def test_keys_and_types():
    for kind, entry in ALL:
        assert entry.keys() >= REQUIRED, entry["title"]
        assert entry.keys() <= KIND_TYPES[kind].keys(), entry["title"]
        wrong = [fact for fact in entry if type(entry[fact]) is not KIND_TYPES[kind][fact]]
        assert wrong == [], entry["title"]
        assert all(entry.values()), entry["title"]


def test_ids_are_well_formed():
    for _, entry in ALL:
        assert entry.keys() & {"tmdb_id", "imdb_id"}, entry["title"]
        assert entry.get("tmdb_id", 1) > 0, entry["title"]
        assert re.fullmatch(r"tt\d{7,8}", entry.get("imdb_id", "tt0000001")), entry["title"]


@each_kind
@pytest.mark.parametrize("fact", ["tmdb_id", "imdb_id"])
def test_ids_are_unique_within_a_kind(kind, fact):
    ids = [entry[fact] for entry in TITLES[kind] if fact in entry]
    assert len(set(ids)) == len(ids)


@each_kind
def test_name_and_year_are_unique_within_a_kind(kind):
    names = {(entry["title"], entry["release_year"]) for entry in TITLES[kind]}
    assert len(names) == len(TITLES[kind])


def test_dates():
    for _, entry in ALL:
        if "release_date" in entry:
            assert date.fromisoformat(entry["release_date"]).year == entry["release_year"], entry[
                "title"
            ]
        if "last_air_date" in entry:
            assert entry["last_air_date"] >= entry["release_date"], entry["title"]
            assert date.fromisoformat(entry["last_air_date"]), entry["title"]


def test_genres_are_known_and_named_once():
    for _, entry in ALL:
        assert set(entry["genres"]) <= {genre["name"] for genre in GENRES}, entry["title"]
        assert len(set(entry["genres"])) == len(entry["genres"]), entry["title"]


def test_names_of_people_and_languages():
    for _, entry in ALL:
        assert all(isinstance(name, str) and name.strip() for name in entry.get("creators", [])), (
            entry["title"]
        )
        assert re.fullmatch(r"[a-z]{2}", entry.get("original_language", "en")), entry["title"]
        assert entry.get("original_title") != entry["title"], entry["title"]


def test_overview_is_short_and_whole():
    for _, entry in ALL:
        assert 60 <= len(entry["overview"]) <= 220, entry["title"]
        assert entry["overview"].endswith("."), entry["title"]


def test_popularity_is_positive_and_distinct():
    ranks = [entry["popularity"] for _, entry in ALL]
    assert min(ranks) > 0
    assert len(set(ranks)) == len(ranks)


@each_kind
def test_best_known_come_first(kind):
    ranks = [entry["popularity"] for entry in TITLES[kind]]
    assert ranks == sorted(ranks, reverse=True)


# Truth


@needs_data
def test_genres_are_those_of_tmdb():
    lists = json.loads((DATA / "tmdb-genres" / "tmdb_genres.json").read_text("utf-8"))
    current = {(g["name"], g["id"]) for genres in lists.values() for g in genres}
    assert {(g["name"], g["tmdb_id"]) for g in GENRES} == current - {("Foreign", 10769)}


@needs_data
@each_title
def test_every_fact_is_confirmed(kind, entry):
    assert unconfirmed(kind, entry, DATA) == []


@needs_data
@each_title
def test_no_fact_is_contradicted(kind, entry):
    assert contradictions(kind, entry, DATA) == []


@needs_data
def test_confirmations_name_their_sources():
    found = confirmations("movie", title_of("movie", "The Godfather"), DATA)
    assert found["director"] == ["vega", "wikipedia"]
    assert found["imdb_id"] == ["movielens"]
    assert found["release_date"] == ["tmdb-recorded", "tmdb5000"]
    assert not found.keys() & {"overview", "popularity"}


# The guard itself: each fact altered must be noticed


@needs_data
@pytest.mark.parametrize(
    ("kind", "name", "fact", "wrong"),
    [
        ("movie", "The Godfather", "title", "The Grandfather"),
        ("movie", "The Godfather", "release_year", 1973),
        ("movie", "The Godfather", "release_date", "1972-03-24"),
        ("movie", "The Godfather", "original_language", "it"),
        ("movie", "The Godfather", "genres", ["Drama"]),
        ("movie", "The Godfather", "director", "Martin Scorsese"),
        ("movie", "The Godfather", "director", "Francis Ford Coppola, Mario Puzo"),
        ("movie", "The Godfather", "runtime", 177),
        ("movie", "The Godfather", "tmdb_id", 240),
        ("movie", "The Godfather", "imdb_id", "tt0071562"),
        ("movie", "Amélie", "original_title", "Amélie Poulain"),
        ("tvshow", "Game of Thrones", "creators", ["David Benioff"]),
        ("tvshow", "Game of Thrones", "seasons", 9),
        ("tvshow", "Game of Thrones", "episodes", 74),
        ("tvshow", "Game of Thrones", "status", "Returning Series"),
        ("tvshow", "Game of Thrones", "last_air_date", "2019-05-20"),
        ("tvshow", "Dark", "seasons", 4),
        ("tvshow", "Dark", "release_year", 2018),
    ],
)
def test_a_wrong_fact_is_contradicted(kind, name, fact, wrong):
    altered = title_of(kind, name) | {fact: wrong}
    assert contradictions(kind, altered, DATA)
    assert fact in unconfirmed(kind, altered, DATA)


@needs_data
@pytest.mark.parametrize(
    ("kind", "name", "fact", "invented"),
    [
        ("movie", "Parasite", "imdb_id", "tt6751668"),
        ("movie", "Parasite", "director", "Bong Joon-ho"),
        ("movie", "The Godfather", "runtime", 176),
        ("tvshow", "Dark", "original_language", "de"),
        ("tvshow", "Dark", "genres", ["Drama", "Mystery"]),
        ("tvshow", "Breaking Bad", "creators", ["Vince Gilligan"]),
        ("tvshow", "Breaking Bad", "status", "Ended"),
    ],
)
def test_a_fact_that_no_file_gives_is_unconfirmed_even_if_true(kind, name, fact, invented):
    added = title_of(kind, name) | {fact: invented}
    assert unconfirmed(kind, added, DATA) == [fact]


def test_movielens_names():
    assert movielens_names("Seven (a.k.a. Se7en) (1995)") == {"Seven", "Se7en"}
    assert movielens_names("Godfather, The (1972)") == {"The Godfather"}
    assert "The Empire Strikes Back" in movielens_names(
        "Star Wars: Episode V - The Empire Strikes Back (1980)"
    )
