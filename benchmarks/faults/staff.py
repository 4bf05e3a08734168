"""Who renames, withdraws and deletes titles while people read: one change at a time, each tried
until it is answered, through the API or by SQL behind its back."""

import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from math import inf
from typing import Any

import psycopg

from benchmarks.faults.asking import Answer, Connection, NotSent, Unanswered
from benchmarks.faults.cards import Version, Versions
from benchmarks.faults.histories import Event, Wrong, clock
from benchmarks.faults.people import Titles

PATHS = {"movie": "/api/v1/movies/", "tvshow": "/api/v1/tv-shows/"}
TABLES = {"movie": "catalog_movie", "tvshow": "catalog_tvshow"}
# Seconds between two changes, and between two tries of one.
PAUSE, AGAIN = 0.25, 0.2
FEWEST_KEPT = 8


class Staff(threading.Thread):
    """`versions` is what titles and genres showed when; `gone` when titles were deleted."""

    def __init__(
        self,
        token: str,
        ports: dict[str, int],
        connect: Callable[[], Any],
        titles: Titles,
        seed: int,
    ) -> None:
        super().__init__(name="staff", daemon=True)
        self.connections = [Connection(port, token) for port in ports.values()]
        self.connect, self.titles = connect, titles
        self.chance = random.Random(f"{seed} staff")
        self.versions: Versions = {}
        self.gone: dict[str, Event] = {}
        self.events: list[Event] = []
        self.done: Counter[str] = Counter()
        self.over, self.names = threading.Event(), itertools.count(1)
        self.wrong: list[Wrong] = []

    def run(self) -> None:
        doings = [self.rename] * 3 + [self.rename_by_sql, self.rename_genre]
        doings += [self.withdraw_or_restore] * 2 + [self.replace]
        while not self.over.is_set():
            self.chance.choice(doings)()
            time.sleep(self.chance.uniform(0, 2 * PAUSE))

    # --- before the run ------------------------------------------------------------

    def begin(self) -> None:
        """Learn what every title of the pool and every genre shows."""
        for title in self.titles.pool:
            body = self.ask("GET", path_of(title)).body
            self.versions[title] = [Version((body["title"], body["available"]))]
        for genre in self.ask("GET", "/api/v1/genres/?page_size=100").body["results"]:
            self.versions[f"genre/{genre['id']}"] = [Version(genre["name"])]

    def make(self, kind: str) -> str:
        """A new title; where its first try was lost, that one is left alone."""
        shown = f"Made {next(self.names)}"
        body = self.ask("POST", PATHS[kind], {"title": shown}).body
        title = f"{kind}/{body['id']}"
        self.versions[title] = [Version((shown, True))]
        return title

    # --- changes -------------------------------------------------------------------

    def title(self) -> str:
        return self.chance.choice(self.titles.pool)

    def now(self, of: str) -> Any:
        return self.versions[of][-1].shown

    def rename(self) -> None:
        title, shown = self.title(), f"Renamed {next(self.names)}"
        card = (shown, self.now(title)[1])
        self.change(
            "renamed", title, card, lambda: self.ask("PATCH", path_of(title), {"title": shown})
        )

    def withdraw_or_restore(self) -> None:
        """One at a time, or people would find little to add."""
        withdrawn = [title for title in self.titles.pool if not self.now(title)[1]]
        title = withdrawn[0] if withdrawn else self.title()
        shown, available = self.now(title)
        body = {"available": not available}
        what = "withdrawn" if available else "restored"
        self.change(
            what, title, (shown, not available), lambda: self.ask("PATCH", path_of(title), body)
        )

    def rename_by_sql(self) -> None:
        title, shown = self.title(), f"Set {next(self.names)}"
        kind, _, pk = title.partition("/")
        statement = f"UPDATE {TABLES[kind]} SET title = %s WHERE id = %s"  # noqa: S608
        card = (shown, self.now(title)[1])
        self.change("renamed by SQL", title, card, lambda: self.sql(statement, shown, int(pk)))

    def rename_genre(self) -> None:
        genre = self.chance.choice([of for of in self.versions if of.startswith("genre/")])
        shown, pk = f"Genre {next(self.names)}", int(genre.partition("/")[2])
        statement = "UPDATE catalog_genre SET name = %s WHERE id = %s"
        self.change("genre renamed", genre, shown, lambda: self.sql(statement, shown, pk))

    def replace(self) -> None:
        """Delete a title, and let people find another in its place."""
        place = self.chance.randrange(FEWEST_KEPT, len(self.titles.pool))
        old = self.titles.pool[place]
        self.titles.pool[place] = self.make(old.partition("/")[0])
        start = clock()
        # What is open now is known from the start, so that a run that ends here knows it too.
        self.gone[old] = Event(start, inf, f"deleted {old}")
        self.ask("DELETE", path_of(old))
        self.gone[old] = self.note("deleted", Event(start, clock(), f"deleted {old}"))

    def change(self, what: str, of: str, shown: Any, act: Callable[[], object]) -> None:
        versions, start = self.versions[of], clock()
        versions.append(Version(shown, start, inf))
        act()
        versions[-1] = Version(shown, start, clock())
        self.note(what, Event(start, clock(), f"{what}: {of} shows {shown}"))

    def note(self, what: str, event: Event) -> Event:
        self.done[what] += 1
        self.events.append(event)
        return event

    # --- until it is answered ---------------------------------------------------------

    def ask(self, method: str, path: str, body: Any = None) -> Answer:
        while True:
            start = clock()
            try:
                answer = self.chance.choice(self.connections).ask(method, path, body)
            except (NotSent, Unanswered):
                answer = Answer(503, None, None)
            if answer.status < 300 or (answer.status == 404 and method == "DELETE"):
                return answer
            if answer.status != 503:
                text = f"staff {method} {path} -> {answer.status} {answer.body}"
                kind = "5xx" if answer.status >= 500 else "unexpected"
                self.wrong.append(Wrong(kind, Event(start, clock(), text)))
            time.sleep(AGAIN)

    def sql(self, statement: str, *values: object) -> None:
        while True:
            try:
                with self.connect() as connection:
                    connection.execute(statement, values)
                return
            except psycopg.Error:
                time.sleep(AGAIN)


def path_of(title: str) -> str:
    kind, _, pk = title.partition("/")
    return f"{PATHS[kind]}{pk}/"
