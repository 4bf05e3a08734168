"""What the data files beside a checkout say about the titles in `fixtures/`.

The fixtures state nothing that no file confirms. `confirmations` names the sources behind each
fact of an entry, `unconfirmed` the facts that none gives, `contradictions` the sources that
disagree. The files are not part of the project: `available()` says whether they are there.

Rules of reading:

- A record speaks of an entry when it has its id, or the same name and year. A source in which
  several titles share that name and year is heard only by id.
- An id counts as confirmed only by a record that also agrees on name and year, or by an answer
  that holds nothing but ids and shares the other one.
- Runtimes one minute apart are rounding: neither a confirmation nor a contradiction.
- Genres are TMDB's exact set where a TMDB file has the title, the 2017 dataset first, as later
  answers reflect later edits. Elsewhere other sources' genres are translated where a counterpart
  is obvious; as some have none, such a source confirms what it has and contradicts nothing.
- A catalogue's `director` column is read for films only; nothing but TMDB says who created a show.
"""

import csv
import gzip
import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

Kind = Literal["movie", "tvshow"]
Entry = Mapping[str, Any]
Key = tuple[str, Kind, Any]

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

OURS = frozenset({"overview", "popularity"})
"""Keys of an entry that are written by this project, so no source is asked about them."""

TMDB_SOURCES = ("tmdb5000", "tmdb-recorded", "tmdb-examples")
OUTDATED_GENRES = frozenset({"Foreign"})
MOVIELENS_GENRES = {
    "Action": "Action",
    "Adventure": "Adventure",
    "Animation": "Animation",
    "Comedy": "Comedy",
    "Crime": "Crime",
    "Documentary": "Documentary",
    "Drama": "Drama",
    "Fantasy": "Fantasy",
    "Horror": "Horror",
    "Mystery": "Mystery",
    "Romance": "Romance",
    "Sci-Fi": "Science Fiction",
    "Thriller": "Thriller",
    "War": "War",
    "Western": "Western",
}
JUSTWATCH_GENRES: dict[Kind, dict[str, str]] = {
    "movie": {
        "action": "Action",
        "animation": "Animation",
        "comedy": "Comedy",
        "crime": "Crime",
        "documentation": "Documentary",
        "drama": "Drama",
        "family": "Family",
        "fantasy": "Fantasy",
        "history": "History",
        "horror": "Horror",
        "music": "Music",
        "romance": "Romance",
        "scifi": "Science Fiction",
        "thriller": "Thriller",
        "war": "War",
        "western": "Western",
    },
    "tvshow": {
        "action": "Action & Adventure",
        "animation": "Animation",
        "comedy": "Comedy",
        "crime": "Crime",
        "documentation": "Documentary",
        "drama": "Drama",
        "family": "Family",
        "fantasy": "Sci-Fi & Fantasy",
        "reality": "Reality",
        "scifi": "Sci-Fi & Fantasy",
        "war": "War & Politics",
        "western": "Western",
    },
}


@dataclass(frozen=True)
class Record:
    """One source's word on one title: facts under the fixtures' names, unknown ones absent."""

    source: str
    kind: Kind
    names: frozenset[str]
    facts: Mapping[str, Any]

    def found_under(self) -> Iterator[Key]:
        """The ids, and each name with the year."""
        for fact in ("tmdb_id", "imdb_id"):
            if fact in self.facts:
                yield fact, self.kind, self.facts[fact]
        for name in self.names:
            yield "name", self.kind, (name, self.facts.get("release_year"))

    def shares_id(self, entry: Entry) -> bool:
        return any(
            fact in entry and entry[fact] == self.facts.get(fact) for fact in ("tmdb_id", "imdb_id")
        )

    def agrees_on_name_and_year(self, entry: Entry) -> bool:
        """False only on disagreement: a record without a name, or without a year, agrees."""
        named = not self.names or fold(entry["title"]) in self.names
        year = self.facts.get("release_year", entry["release_year"])
        return named and bool(year == entry["release_year"])


def confirmations(kind: Kind, entry: Entry, folder: Path = DATA) -> dict[str, list[str]]:
    """For each fact of the entry, the sources that give it as it stands there, sorted."""
    records = [r for r in _about(kind, entry, folder) if r.agrees_on_name_and_year(entry)]
    return {
        fact: sorted({r.source for r in _witnesses(fact, records) if _says(r, fact, entry)})
        for fact in entry.keys() - OURS
    }


def unconfirmed(kind: Kind, entry: Entry, folder: Path = DATA) -> list[str]:
    """The facts of the entry that no source gives, sorted."""
    return sorted(fact for fact, found in confirmations(kind, entry, folder).items() if not found)


def contradictions(kind: Kind, entry: Entry, folder: Path = DATA) -> list[str]:
    """One line for each fact of the entry that a source gives otherwise, sorted."""
    records = _about(kind, entry, folder)
    return sorted(
        {
            f"{fact}: {entry[fact]!r} here, {_theirs(record, fact)!r} in {record.source}"
            for fact in entry.keys() - OURS
            for record in _witnesses(fact, records)
            if _says(record, fact, entry) is False
        }
    )


def available(folder: Path = DATA) -> bool:
    """Whether the data files lie beside this checkout."""
    return (folder / "SOURCES.md").is_file()


def fold(text: str) -> str:
    """A name without what sources write differently: case, accents, punctuation, `&`."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("&", " and "))
    letters = (c for c in plain if not unicodedata.combining(c))
    return "".join(c for c in letters if c.isalnum())


# Comparing


def _says(record: Record, fact: str, entry: Entry) -> bool | None:
    """Whether the record gives the fact as the entry does; None if it leaves the matter open."""
    if fact == "title":
        return fold(entry["title"]) in record.names if record.names else None
    if fact not in record.facts:
        return None
    return _same(record, fact, entry[fact])


def _same(record: Record, fact: str, ours: Any) -> bool | None:
    theirs = record.facts[fact]
    if fact == "genres":
        return _same_genres(record, set(ours), set(theirs))
    if fact == "runtime" and abs(ours - theirs) == 1:
        return None
    if fact == "director":
        return _people(ours.split(", ")) == _people(theirs)
    return _people(ours) == _people(theirs) if fact == "creators" else bool(ours == theirs)


def _same_genres(record: Record, ours: set[str], theirs: set[str]) -> bool | None:
    if record.source in TMDB_SOURCES:
        return ours == theirs
    return True if ours <= theirs else None


def _people(names: Iterable[str]) -> set[str]:
    return {fold(name) for name in names}


def _theirs(record: Record, fact: str) -> Any:
    return sorted(record.names) if fact == "title" else record.facts[fact]


def _witnesses(fact: str, records: list[Record]) -> list[Record]:
    """The records to ask about a fact: all of them, but for genres only the best there are."""
    if fact != "genres":
        return records
    given = [record for record in records if "genres" in record.facts]
    best = min((_rank(record) for record in given), default=0)
    return [record for record in given if _rank(record) == best]


def _rank(record: Record) -> int:
    if record.source == "tmdb5000":
        return 0
    return 1 if record.source in TMDB_SOURCES else 2


# Finding


def _about(kind: Kind, entry: Entry, folder: Path) -> list[Record]:
    """Every record with one of the entry's ids, or with its name and year where that is clear."""
    index = _index(folder)
    by_id = [r for f in ("tmdb_id", "imdb_id") if f in entry for r in index[f, kind, entry[f]]]
    named = index["name", kind, (fold(entry["title"]), entry["release_year"])]
    clear = [r for r in named if not r.shares_id(entry) and not _is_ambiguous(r, named)]
    return by_id + clear


def _is_ambiguous(record: Record, named: list[Record]) -> bool:
    return len({_identity(other) for other in named if other.source == record.source}) > 1


def _identity(record: Record) -> Any:
    return record.facts.get("tmdb_id") or record.facts.get("imdb_id") or id(record)


@cache
def _index(folder: Path) -> defaultdict[Key, list[Record]]:
    index: defaultdict[Key, list[Record]] = defaultdict(list)
    for record in _records(folder):
        for key in record.found_under():
            index[key].append(record)
    return index


# Reading


def _records(folder: Path) -> Iterator[Record]:
    yield from _tmdb5000(folder / "tmdb5000")
    yield from _tmdb_answers(folder, "tmdb/recorded", "tmdb-recorded")
    yield from _tmdb_answers(folder, "tmdb/spec-examples", "tmdb-examples")
    yield from _movielens(folder / "movielens" / "ml-latest-small")
    yield from _justwatch(folder / "justwatch-netflix-us-2023-03")
    for service in ("amazon_prime", "disney_plus", "hulu", "netflix"):
        yield from _catalogue(folder / "streaming-catalogues", service)
    yield from _wikipedia(folder / "wikipedia-movies")
    yield from _vega(folder / "vega")


def _record(source: str, kind: Kind, names: Iterable[str | None], **facts: Any) -> Record:
    known = {fact: value for fact, value in facts.items() if value}
    return Record(source, kind, frozenset(fold(name) for name in names if name), known)


def _tmdb5000(folder: Path) -> Iterator[Record]:
    for row in _rows(folder / "tmdb_5000_movies.csv.gz"):
        yield _record(
            "tmdb5000",
            "movie",
            [row["title"], row["original_title"]],
            tmdb_id=int(row["id"]),
            original_title=row["original_title"],
            original_language=row["original_language"],
            release_date=row["release_date"],
            release_year=_year(row["release_date"]),
            runtime=int(float(row["runtime"] or 0)),
            genres=[g["name"] for g in json.loads(row["genres"]) if _is_current(g["name"])],
        )


def _is_current(genre: str) -> bool:
    return genre not in OUTDATED_GENRES


def _tmdb_answers(folder: Path, part: str, source: str) -> Iterator[Record]:
    genres = _tmdb_genres(folder)
    for path in sorted((folder / part).rglob("*.json")):
        answer = json.loads(path.read_text("utf-8"))
        if path.stem == "external_ids":
            yield _external_ids(path, answer, source)
        for item in _items(answer):
            yield _tmdb_item(item, genres, source)


def _tmdb_genres(folder: Path) -> dict[Kind, dict[int, str]]:
    lists = json.loads((folder / "tmdb-genres" / "tmdb_genres.json").read_text("utf-8"))
    movie, show = ({genre["id"]: genre["name"] for genre in lists[k]} for k in ("movie", "tv"))
    return {"movie": movie, "tvshow": show}


def _external_ids(path: Path, answer: dict[str, Any], source: str) -> Record:
    """An answer of `/movie|tv/{id}/external_ids`, which names no title."""
    kind: Kind = "tvshow" if path.parent.name == "tv_series" else "movie"
    return _record(source, kind, [], tmdb_id=answer["id"], imdb_id=answer["imdb_id"])


def _items(answer: Any) -> Iterator[dict[str, Any]]:
    """Each movie or show anywhere in an answer, which a person or an episode is not."""
    if isinstance(answer, list):
        for part in answer:
            yield from _items(part)
    if isinstance(answer, dict):
        if "original_title" in answer or {"original_name", "first_air_date"} <= answer.keys():
            yield answer
        for part in answer.values():
            yield from _items(part)


def _tmdb_item(item: dict[str, Any], genres: dict[Kind, dict[int, str]], source: str) -> Record:
    kind: Kind = "movie" if "original_title" in item else "tvshow"
    original = item["original_title" if kind == "movie" else "original_name"]
    date = item.get("release_date" if kind == "movie" else "first_air_date")
    return _record(
        source,
        kind,
        [item.get("title") or item.get("name"), original],
        tmdb_id=item["id"],
        imdb_id=item.get("imdb_id"),
        original_title=original,
        original_language=item.get("original_language"),
        release_date=date,
        release_year=_year(date or ""),
        runtime=item.get("runtime"),
        genres=_genre_names(item, genres[kind]),
        **_show_facts(item),
    )


def _genre_names(item: dict[str, Any], names: dict[int, str]) -> list[str]:
    """The genres by their English names, as an answer may be in another language."""
    ids = item.get("genre_ids") or [genre["id"] for genre in item.get("genres", [])]
    return [names.get(genre, str(genre)) for genre in ids]


def _show_facts(item: dict[str, Any]) -> dict[str, Any]:
    """What only the details of a show tell; `status` of a movie is another matter."""
    if "number_of_seasons" not in item:
        return {}
    return {
        "creators": [person["name"] for person in item["created_by"]],
        "seasons": item["number_of_seasons"],
        "episodes": item["number_of_episodes"],
        "status": item["status"],
        "last_air_date": item["last_air_date"],
    }


def _movielens(folder: Path) -> Iterator[Record]:
    links = {row["movieId"]: row for row in _rows(folder / "links.csv.gz")}
    for row in _rows(folder / "movies.csv.gz"):
        link = links[row["movieId"]]
        yield _record(
            "movielens",
            "movie",
            movielens_names(row["title"]),
            tmdb_id=int(link["tmdbId"] or 0),
            imdb_id=f"tt{link['imdbId']}",
            release_year=_year(row["title"].strip()[-5:-1]),
            genres=_translated(row["genres"].split("|"), MOVIELENS_GENRES),
        )


def movielens_names(title: str) -> set[str]:
    """The names in `Seven (a.k.a. Se7en) (1995)`, articles in front again, and their parts.

    Parts, because `Star Wars: Episode V - The Empire Strikes Back` is known by its last one.
    """
    bare = re.sub(r"\s*\(\d{4}\)\s*$", "", title)
    given = [re.sub(r"\(.*", "", bare), *re.findall(r"\((?:a\.k\.a\. )?([^)]*)\)", bare)]
    whole = {re.sub(r"^(.+), ([A-Z][a-z]{0,2}'?)$", r"\2 \1", name.strip()) for name in given}
    return whole | {part for name in whole for part in re.split(r": | - ", name)}


def _justwatch(folder: Path) -> Iterator[Record]:
    directors = _justwatch_directors(folder)
    for row in _rows(folder / "titles.csv.gz"):
        kind: Kind = "movie" if row["type"] == "MOVIE" else "tvshow"
        yield _record(
            "justwatch",
            kind,
            [row["title"]],
            imdb_id=row["imdb_id"],
            release_year=int(row["release_year"]),
            genres=_translated(re.findall(r"\w+", row["genres"]), JUSTWATCH_GENRES[kind]),
            runtime=int(row["runtime"] or 0) if kind == "movie" else None,
            director=directors[row["id"]] if kind == "movie" else None,
            seasons=int(float(row["seasons"] or 0)),
        )


def _justwatch_directors(folder: Path) -> defaultdict[str, list[str]]:
    directors: defaultdict[str, list[str]] = defaultdict(list)
    for row in _rows(folder / "credits.csv.gz"):
        if row["role"] == "DIRECTOR":
            directors[row["id"]].append(row["name"])
    return directors


def _translated(genres: list[str], names: dict[str, str]) -> list[str]:
    return [names[genre] for genre in genres if genre in names]


def _catalogue(folder: Path, service: str) -> Iterator[Record]:
    """A service's films; its shows bear the year of their latest season, so none are read."""
    for row in _rows(folder / f"{service}_titles.csv.gz"):
        if row["type"] == "Movie":
            yield _record(
                service.partition("_")[0],
                "movie",
                [row["title"]],
                release_year=int(row["release_year"]),
                director=[name for name in row["director"].split(", ") if name],
                runtime=_minutes(row["duration"]),
            )


def _minutes(duration: str) -> int:
    found = re.fullmatch(r"(\d+) min", duration)
    return int(found[1]) if found else 0


def _wikipedia(folder: Path) -> Iterator[Record]:
    for path in sorted(folder.glob("movies-*.json.gz")):
        for film in _json(path):
            yield _record(
                "wikipedia",
                "movie",
                [film["title"]],
                release_year=film["year"],
                director=_directed_by(film.get("extract") or ""),
            )


def _directed_by(text: str) -> list[str]:
    """The one director a text names in `directed by Ann Bell and written by`; else nobody.

    Two names, or a comma that a name may follow, are too much for a pattern: nobody is returned.
    """
    found = re.search(r"(?<![\w-])directed\b[a-z, -]{0,50}?\bby (.{1,80})", text)
    words = found[1].split() if found else []
    name: list[str] = []
    while words and _is_name_part(words[0]):
        name.append(words.pop(0))
        if _ends_name(name[-1]):
            break
    return [] if len(name) < 2 or _goes_on(name[-1], words) else [" ".join(name).rstrip(".,;")]


def _is_name_part(word: str) -> bool:
    return word[0].isupper() or word in ("de", "del", "der", "di", "la", "van", "von")


def _ends_name(word: str) -> bool:
    """Whether a name stops here: at a comma or a full stop, but not at `G.`, `J.J.` or `Jr.`"""
    full_stop = word[-1] == "." and len(word) > 3 and word[-3] != "."
    return full_stop or word[-1] in ",;"


def _goes_on(last: str, rest: list[str]) -> bool:
    """Whether what follows a name may be another one."""
    following = [word for word in rest[:2] if word not in ("and", "&")]
    listed = last.endswith(",") or rest[:1] in (["and"], ["&"])
    return listed and bool(following) and following[0][0].isupper()


def _vega(folder: Path) -> Iterator[Record]:
    """The file holds errors put there on purpose: a fact it disagrees with is lost, not wrong.

    Its release dates are those of the United States, so no more than their year is read.
    """
    for film in _json(folder / "movies.json.gz"):
        yield _record(
            "vega",
            "movie",
            [str(film["Title"] or "")],
            release_year=_year((film["Release Date"] or "")[-4:]),
            director=[film["Director"]] if film["Director"] else [],
            runtime=film["Running Time min"],
        )


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def _json(path: Path) -> Any:
    with gzip.open(path, "rt", encoding="utf-8") as text:
        return json.load(text)


def _year(date: str) -> int:
    """The year a date begins with; 0 where it has none."""
    return int(date[:4]) if date[:4].isdecimal() else 0
