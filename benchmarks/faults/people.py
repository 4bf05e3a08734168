"""Clients that use their lists, and write down what they were told and when.

Several share a person, as several devices do, and each asks now this instance, now that one.
"""

import itertools
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import Any
from urllib.parse import urlencode, urlsplit

import psycopg

from benchmarks.faults.asking import Answer, Connection, NotSent, Unanswered
from benchmarks.faults.histories import Event, Operation, Record, Sighting, Wrong, clock
from benchmarks.faults.lists import (
    Added,
    Adding,
    Cleared,
    Effect,
    Entry,
    Missing,
    Noted,
    Page,
    Removed,
    Shown,
)

LIST = "/api/v1/mylist/"
WHOLE = 100
SHORT = 4
KINDS = ("movie", "tvshow")
# Seconds between two things that a client does, and after it was told that a server is away.
THINK, REST = 0.02, 0.3


@dataclass
class Person:
    """What all clients of a person know: ids of items, as last told. It may be old."""

    id: int
    token: str
    known: dict[str, float] = field(default_factory=dict)


@dataclass
class Titles:
    """What people put on their lists. Staff take one out and put another in its place."""

    pool: list[str]


Reading = Callable[[Answer], list[Effect] | None]
Connect = Callable[[], "psycopg.Connection[Any]"]


class Client(threading.Thread):
    def __init__(
        self,
        name: str,
        person: Person,
        ports: dict[str, int],
        titles: Titles,
        connect: Connect,
        seed: int,
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.person, self.titles, self.connect = person, titles, connect
        self.connections = {at: Connection(port, person.token) for at, port in ports.items()}
        self.chance = random.Random(f"{seed} {name}")
        self.record, self.over, self.notes = Record(), threading.Event(), itertools.count(1)
        self.seen: dict[str, Answer] = {}
        self.at = ""

    def run(self) -> None:
        doings, weights = zip(*self.doings.items(), strict=True)
        while not self.over.is_set():
            doing = self.chance.choices(doings, weights)[0]
            self.at = self.chance.choice(list(self.connections))
            doing(self)
            time.sleep(self.chance.uniform(0, 2 * THINK))

    # --- asking ----------------------------------------------------------------

    def exchange(
        self,
        method: str,
        path: str,
        body: Any,
        reading: Reading,
        perhaps: Effect | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer | None:
        """Ask, and write down what came back: what `reading` makes of it, or `perhaps`."""
        self.record.asked["reads" if perhaps is None else "writes"] += 1
        text, start = f"{method} {path} {body or ''}".strip(), clock()
        try:
            answer = self.connections[self.at].ask(method, path, body, headers or {})
        except NotSent:
            self.unknown("not sent", text, start, None)
            return None
        except Unanswered:
            self.unknown("no answer", text, start, perhaps)
            return None
        if answer.status >= 500:
            if answer.status != 503:
                self.wrong("5xx", start, f"{text} -> {answer.status} {answer.body}")
            self.unknown("503", text, start, perhaps)
            return None
        self.told(reading(answer), answer, text, start, surely=perhaps is not None)
        return answer

    def unknown(self, kind: str, text: str, start: float, perhaps: Effect | None) -> None:
        self.record.asked[kind] += 1
        if perhaps is not None:
            self.write(perhaps, start, inf, f"{text} -> {kind}", surely=True)
        time.sleep(self.chance.uniform(REST, 2 * REST))

    def told(
        self,
        effects: list[Effect] | None,
        answer: Answer,
        text: str,
        start: float,
        *,
        surely: bool,
    ) -> None:
        end, text = clock(), f"{text} -> {answer.status}"
        if effects is None:
            self.wrong("unexpected", start, f"{text} {answer.body}")
        for effect in effects or ():
            self.write(effect, start, end, text, surely=surely)

    def write(self, effect: Effect, start: float, end: float, text: str, *, surely: bool) -> None:
        who = f"{self.name} at {self.at}"
        operation = Operation(self.person.id, effect, start, end, text, who, surely)
        self.record.operations.append(operation)

    def wrong(self, kind: str, start: float, text: str) -> None:
        event = Event(start, clock(), f"{self.name} at {self.at}: {text}")
        self.record.wrong.append(Wrong(kind, event, self.person.id))

    # --- changing the list ---------------------------------------------------------

    def note(self) -> str:
        return f"{self.name}.{next(self.notes)}"

    def title(self) -> str:
        return self.chance.choice(self.titles.pool)

    def post(self) -> None:
        title, note = self.title(), self.note()
        body = {**what(title), "note": note}
        answer = self.exchange(
            "POST", LIST, body, lambda answer: posted(title, answer), Adding(title, note)
        )
        self.look_again(title, answer)

    def put(self) -> None:
        title, note = self.title(), self.chance.choice([None, self.note()])
        body = {} if note is None else {"note": note}
        answer = self.exchange(
            "PUT",
            f"{LIST}{title}/",
            body,
            lambda answer: put(title, note, answer),
            Adding(title, note or "", note),
        )
        self.look_again(title, answer)

    def remove(self) -> None:
        title = self.title()
        answer = self.exchange(
            "DELETE",
            f"{LIST}{title}/",
            None,
            lambda answer: by_status(answer, {204: Removed(title), 404: absent(title)}),
            Removed(title),
        )
        self.look_again(title, answer)

    def remove_item(self) -> None:
        if (known := self.some_item()) is not None:
            title, pk = known
            self.exchange(
                "DELETE",
                f"{LIST}{pk}/",
                None,
                lambda answer: by_status(
                    answer, {204: Removed(title, pk), 404: Missing(title, pk)}
                ),
                Removed(title, pk),
            )

    def annotate(self) -> None:
        if (known := self.some_item()) is not None:
            (title, pk), note = known, self.note()
            reading = self.annotated(title, pk, note)
            perhaps = Noted(title, pk, note)
            self.exchange("PATCH", f"{LIST}{pk}/", {"note": note}, reading, perhaps)

    def annotated(self, title: str, pk: float, note: str) -> Reading:
        """The item is read again after it was changed: the answer can tell of what came between."""
        start = clock()

        def reading(answer: Answer) -> list[Effect] | None:
            if answer.status == 404:
                text = "PATCH -> 404, perhaps written"
                self.write(Noted(title, pk, note), start, inf, text, surely=True)
                return [Missing(title, pk)]
            if answer.status != 200:
                return None
            later = answer.body["note"] != note
            return [Noted(title, pk, note), *([shown(answer.body)] if later else [])]

        return reading

    def clear(self) -> None:
        reading: Reading = lambda answer: by_status(answer, {204: Cleared()})  # noqa: E731
        self.exchange("DELETE", LIST, None, reading, Cleared())

    # --- behind the product's back ---------------------------------------------------

    def remove_by_sql(self) -> None:
        if (known := self.some_item()) is not None:
            title, pk = known
            statement = "DELETE FROM mylist_mylistitem WHERE id = %s AND user_id = %s"
            self.by_sql(statement, (pk, self.person.id), Removed(title, pk), Missing(title, pk))

    def annotate_by_sql(self) -> None:
        if (known := self.some_item()) is not None:
            (title, pk), note = known, self.note()
            statement = "UPDATE mylist_mylistitem SET note = %s WHERE id = %s AND user_id = %s"
            values = (note, pk, self.person.id)
            self.by_sql(statement, values, Noted(title, pk, note), Missing(title, pk))

    def by_sql(
        self, statement: str, values: tuple[Any, ...], done: Effect, not_there: Effect
    ) -> None:
        self.record.asked["writes"] += 1
        self.at, text, start = "PostgreSQL", f"{statement} {values}", clock()
        try:
            with self.connect() as connection:
                count = connection.execute(statement, values).rowcount
        except psycopg.errors.DeadlockDetected:
            return
        except psycopg.Error:
            self.unknown("no answer", text, start, done)
        else:
            self.write(done if count else not_there, start, clock(), text, surely=True)

    # --- which -------------------------------------------------------------------------

    def some_item(self) -> tuple[str, float] | None:
        known = list(self.person.known.items())
        return self.chance.choice(known) if known else None

    def look_again(self, title: str, answer: Answer | None) -> None:
        """What was just written must show, wherever it is asked for."""
        if answer is not None and answer.status < 300:
            self.at = self.chance.choice(list(self.connections))
            if self.chance.random() < 0.3:
                self.membership(title)
            else:
                self.whole()

    # --- looking at it ---------------------------------------------------------------

    def membership(self, title: str | None = None) -> None:
        title = title or self.title()
        self.exchange("GET", f"{LIST}{title}/", None, lambda answer: is_there(title, answer))

    def item(self) -> None:
        if (known := self.some_item()) is not None:
            title, pk = known
            self.exchange(
                "GET",
                f"{LIST}{pk}/",
                None,
                lambda answer: (
                    [Missing(title, pk)] if answer.status == 404 else is_there(title, answer)
                ),
            )

    def contains(self) -> None:
        titles = self.chance.sample(self.titles.pool, 8)
        body = {"items": [what(title) for title in titles]}
        self.exchange("POST", f"{LIST}contains/", body, contained)

    def whole(self) -> None:
        self.page(f"{LIST}?{urlencode({'page_size': WHOLE})}", Page((), size=WHOLE))

    def of_kind(self) -> None:
        kind = self.chance.choice(KINDS)
        query = urlencode({"content_type": kind, "page_size": WHOLE})
        self.page(f"{LIST}?{query}", Page((), size=WHOLE, kind=kind))

    def walk(self) -> None:
        """Short pages, one after another; the list changes on the way."""
        path: str | None = f"{LIST}?page_size={SHORT}"
        after = inf
        while path and not self.over.is_set():
            body = self.page(path, Page((), size=SHORT, after=after))
            if not body or not body["next"]:
                return
            address = urlsplit(body["next"])
            path, after = f"{address.path}?{address.query}", body["results"][-1]["id"]

    def page(self, path: str, asked: Page) -> Any:
        """The page's body, as it came or, for a 304, as it is remembered."""
        known = self.seen.get(path) if self.chance.random() < 0.5 else None
        headers = {"If-None-Match": known.etag or ""} if known else None
        start, shown = clock(), []

        def reading(answer: Answer) -> list[Effect] | None:
            page = self.served(path, known if answer.status == 304 and known else answer)
            if page.status != 200:
                return None
            self.seen[path] = page
            shown.append(page.body)
            text = f"GET {path} -> {answer.status}"
            sound = self.look_at(page.body, asked, start, text)
            return [page_of(page.body, asked)] if sound else []

        self.exchange("GET", path, None, reading, headers=headers)
        return shown[0] if shown else None

    def served(self, path: str, answer: Answer) -> Answer:
        """What was answered; `--break` changes it."""
        return answer

    def look_at(self, body: Any, asked: Page, start: float, text: str) -> bool:
        """Whether the page could be one at all."""
        items, end = body["results"], clock()
        for item in items:
            self.sight(item, start, end, text)
        known = {name(item): item["id"] for item in items}
        self.person.known = known if asked.size == WHOLE else self.person.known | known
        ids, titles = [item["id"] for item in items], [name(item) for item in items]
        if len(set(titles)) < len(titles):
            self.wrong("doubled", start, f"{text} {titles}")
            return False
        if ids != sorted(ids, reverse=True):
            self.wrong("unexpected", start, f"{text} out of order: {ids}")
        if asked.after == inf and not body["next"] and body["count"] != len(items):
            self.wrong("count", start, f"{text} counts {body['count']} and shows {len(items)}")
        return True

    def sight(self, item: Any, start: float, end: float, text: str) -> None:
        card = (item["content"]["title"], item["content"]["available"])
        sightings = [(name(item), card)]
        sightings += [(f"genre/{g['id']}", g["name"]) for g in item["content"]["genres"]]
        self.record.sightings += [Sighting(*each, start, end, text) for each in sightings]

    doings: dict[Callable[["Client"], None], float] = {
        whole: 50,
        walk: 6,
        of_kind: 8,
        membership: 10,
        item: 4,
        contains: 8,
        post: 9,
        put: 9,
        remove: 6,
        remove_item: 4,
        annotate: 6,
        clear: 0.3,
        remove_by_sql: 1,
        annotate_by_sql: 1,
    }


# --- what answers tell ------------------------------------------------------------


def what(title: str) -> dict[str, Any]:
    kind, _, pk = title.partition("/")
    return {"content_type": kind, "content_id": int(pk)}


def name(item: Any) -> str:
    return f"{item['content_type']}/{item['content_id']}"


def entry(item: Any) -> Entry:
    return Entry(item["id"], name(item), item["note"])


def shown(item: Any) -> Shown:
    return Shown(((name(item), entry(item)),))


def absent(title: str) -> Shown:
    return Shown(((title, None),))


def page_of(body: Any, asked: Page) -> Page:
    return Page(
        tuple(entry(item) for item in body["results"]),
        body["next"] is not None,
        asked.size,
        asked.after,
        asked.kind,
    )


def by_status(answer: Answer, effects: dict[int, Effect]) -> list[Effect] | None:
    return [effects[answer.status]] if answer.status in effects else None


def posted(title: str, answer: Answer) -> list[Effect] | None:
    if answer.status == 201:
        return [Added(title, answer.body["id"], answer.body["note"])]
    if answer.status == 409 and "id" in answer.body:
        return [Shown(((title, Entry(answer.body["id"], title, None)),))]
    # Withdrawn or deleted, and not on the list.
    return by_status(answer, {404: absent(title)})


def put(title: str, note: str | None, answer: Answer) -> list[Effect] | None:
    if answer.status == 201:
        return [Added(title, answer.body["id"], answer.body["note"])]
    if answer.status == 200:
        if note is None:
            return [shown(answer.body)]
        return [Noted(title, answer.body["id"], answer.body["note"])]
    return by_status(answer, {404: absent(title)})


def is_there(title: str, answer: Answer) -> list[Effect] | None:
    return [shown(answer.body)] if answer.status == 200 else by_status(answer, {404: absent(title)})


def contained(answer: Answer) -> list[Effect] | None:
    if answer.status != 200:
        return None
    told = []
    for each in answer.body["results"]:
        title, pk = name(each), each["id"]
        told.append((title, None if pk is None else Entry(pk, title, None)))
    return [Shown(tuple(told))]
