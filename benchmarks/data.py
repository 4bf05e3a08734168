"""What the servers are asked for: databases of several sizes, and people with tokens."""

import os
import secrets
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

ROOT = Path(__file__).parent.parent
# Movies that are on nobody's list, for those who add and remove: one for each connection.
SPARE_TITLES = 256


@dataclass(frozen=True)
class Sizes:
    titles: int = 100_000
    people: int = 20_000
    items: int = 50
    # One person more for each of these.
    lengths: tuple[int, ...] = (10, 100, 1_000, 10_000, 100_000)

    @property
    def rows(self) -> int:
        return self.people * self.items + sum(self.lengths)

    def of_rows(self, rows: int) -> "Sizes":
        """The same titles, and a table of about as many list rows, no list with most of them."""
        lengths = tuple(length for length in self.lengths if length <= rows // 4)
        people = (rows - sum(lengths)) // self.items
        return Sizes(self.titles, people, self.items, lengths)


@dataclass
class People:
    """Their access tokens; `of_length` are those of the people whose lists are that long."""

    by_id: dict[int, str]
    of_length: dict[int, str] = field(default_factory=dict)
    # The id of the first; the others follow it.
    spare_title: int = 0
    etags: list[str] = field(default_factory=list)

    @property
    def tokens(self) -> list[str]:
        return list(self.by_id.values())


def new_secret() -> str:
    return secrets.token_urlsafe(48)


def created(database_url: str, name: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")


def filled(database_url: str, sizes: Sizes, secret: str) -> People:
    """Make the tables and what is in them."""
    manage(database_url, secret, "migrate", "--verbosity", "0")
    shows = sizes.titles // 5
    titles = {"movies": sizes.titles - shows, "shows": shows}
    crowd = seeded(database_url, secret, **titles, users=sizes.people, items_per_user=sizes.items)
    of_length = {}
    for length in sizes.lengths:
        [of_length[length]] = seeded(database_url, secret, longest=length, seed=length).values()
    # Last, so that they are on no list.
    seeded(database_url, secret, movies=SPARE_TITLES, seed=SPARE_TITLES)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        newest = connection.execute("SELECT max(id) FROM catalog_movie").fetchone()[0]
    return People(crowd, of_length, newest - SPARE_TITLES + 1)


def seeded(database_url: str, secret: str, **options: int) -> dict[int, str]:
    """`manage.py seed_scale`: the people made, with their tokens."""
    required = {"movies": 0, "shows": 0, "users": 0, "items_per_user": 0}
    words = [f"--{name.replace('_', '-')}={n}" for name, n in (required | options).items()]
    with tempfile.NamedTemporaryFile("r") as file:
        manage(database_url, secret, "seed_scale", *words, f"--tokens={file.name}")
        pairs = (line.split() for line in file)
        return {int(user): token for user, token in pairs}


def manage(database_url: str, secret: str, *command: str) -> None:
    """One of the product's commands, by the product's Python."""
    variables = {"DATABASE_URL": database_url, "DJANGO_SECRET_KEY": secret, "REDIS_URL": ""}
    python = [str(ROOT / ".venv/bin/python"), "manage.py"]
    ended = subprocess.run(
        [*python, *command], cwd=ROOT, env=os.environ | variables, capture_output=True, check=False
    )
    if ended.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{ended.stderr.decode()[-4000:]}")


def left_over(database_url: str, people: People) -> list[tuple[int, int]]:
    """Who has which of the spare movies: what wrk added and had no time to remove."""
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT i.user_id, i.content_id FROM mylist_mylistitem i"
            " JOIN django_content_type c ON c.id = i.content_type_id"
            " WHERE c.model = 'movie' AND i.content_id >= %s",
            [people.spare_title],
        )
        return rows.fetchall()
